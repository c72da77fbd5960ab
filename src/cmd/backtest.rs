//! `pintail backtest`: how often detectors would have raised alerts.

use std::path::{Path, PathBuf};

use super::args::{micros, threshold, time};
use super::connection::Connection;
use super::out::Target;
use super::rows::{RowFormat, RowWriter};
use crate::backtest::{Backtest, Request, Trial, Truth};
use crate::config::DatabaseArgs;
use crate::detect::Detector;
use crate::detect::bar::FALSE_ALARMS_DEFAULT;
use crate::error::{Error, Result};
use crate::store::Access;
use crate::store::output::{ColumnInfo, RowSink};

/// Stands for what people said on the page.
const MARKS: &str = "marks";

/// Tell how often detectors would have raised alerts
///
/// Runs them over history and makes alerts of what they find as the monitor would: a row for each
/// detector, side by side. With what really happened it tells how much of that was found, how
/// soon, and how many alerts were false.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    database: DatabaseArgs,

    /// Detectors: names, .sql files, each with a score from which on it fires if you like (counts:4.5)
    #[arg(value_name = "DETECTOR[:SCORE]", required = true)]
    detectors: Vec<String>,

    /// Judge minutes from this time on [default: thirty days before the end, or the oldest record]
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<String>,

    /// Judge minutes before this time [default: after the newest record, now at most]
    #[arg(long, value_name = "TIME", value_parser = time)]
    to: Option<String>,

    /// Look at one service only
    #[arg(long, value_name = "NAME")]
    service: Option<String>,

    /// What really happened: a CSV or Parquet file with columns series (or a service; empty or * is any),
    /// start, end (exclusive), and perhaps verdict (real, or expected: nobody is to be told); a .json
    /// file that `pintail generate --truth` wrote; or `marks` for what was said on the page
    #[arg(long, value_name = "FILE|marks")]
    truth: Option<PathBuf>,

    /// False alarms a day and thousand series that may be found by chance
    #[arg(long, value_name = "N", value_parser = threshold, default_value_t = FALSE_ALARMS_DEFAULT)]
    false_alarms_per_day: f64,

    /// Show the alerts themselves instead, of each detector the 100 most unusual
    #[arg(long)]
    list: bool,

    /// Format [default: table on a terminal, csv elsewhere]
    #[arg(long, value_enum)]
    format: Option<RowFormat>,

    /// Write to a file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub fn run(args: Args) -> Result<()> {
    let target = Target::new(args.output);
    let default = if target.is_terminal() { RowFormat::Table } else { RowFormat::Csv };
    let format = args.format.unwrap_or(default);
    if format == RowFormat::Parquet {
        return Err(Error::usage("backtest writes table, csv, json, jsonl or markdown"));
    }
    let trials = args.detectors.iter().map(|choice| {
        let detector = Detector::open(choice)?;
        Ok(Trial::new(&detector, detector.bar(None, args.false_alarms_per_day)))
    });
    let marks = args.truth.as_deref() == Some(Path::new(MARKS));
    let truth = args.truth.as_deref().filter(|_| !marks);
    let request = Request {
        trials: trials.collect::<Result<_>>()?,
        service: args.service,
        from: args.from.as_deref().map(micros).transpose()?,
        to: args.to.as_deref().map(micros).transpose()?,
        truth: truth.map(Truth::read).transpose()?,
        marks,
    };
    if !args.database.path.exists() {
        return Err(Error::NoDatabase { path: args.database.path });
    }
    let connection = Connection::open(&args.database.path, Access::Read)?;
    let tested = connection.backtest(&request)?;
    let (columns, rows) = if args.list { alerts(&tested) } else { summaries(&tested) };
    target.write(|out| {
        let mut writer = RowWriter::new(out, format, None);
        let json = matches!(format, RowFormat::Json | RowFormat::Jsonl);
        let columns: Vec<ColumnInfo> = columns
            .iter()
            .map(|(name, kind)| ColumnInfo {
                name: (*name).to_owned(),
                type_name: (*kind).to_owned(),
            })
            .collect();
        writer.columns(&columns)?;
        for row in rows {
            if json {
                // Rows of JSON are one object each.
                let object = object(&columns, row).to_string();
                writer.row(&[Some(object.as_str())])?;
            } else {
                writer.row(&row.iter().map(Option::as_deref).collect::<Vec<_>>())?;
            }
        }
        writer.finish()
    })
}

fn object(columns: &[ColumnInfo], row: Vec<Option<String>>) -> serde_json::Value {
    let pairs = columns.iter().zip(row).map(|(column, cell)| {
        let value = cell.map_or(serde_json::Value::Null, |text| match column.type_name.as_str() {
            TEXT => text.into(),
            // Numbers and truth values are JSON as they are.
            _ => serde_json::from_str(&text).unwrap_or_else(|_| text.into()),
        });
        (column.name.clone(), value)
    });
    serde_json::Value::Object(pairs.collect())
}

const TEXT: &str = "VARCHAR";
const NUMBER: &str = "DOUBLE";

type Columns = Vec<(&'static str, &'static str)>;
type Rows = Vec<Vec<Option<String>>>;

fn summaries(tested: &[Backtest]) -> (Columns, Rows) {
    let mut columns = vec![
        ("detector", TEXT),
        ("threshold", NUMBER),
        ("days", NUMBER),
        ("series", NUMBER),
        ("unusual_minutes", NUMBER),
        ("alerts", NUMBER),
        ("incidents", NUMBER),
        ("incidents_per_day", NUMBER),
    ];
    if tested.iter().any(|test| test.truth.is_some()) {
        columns.extend([
            ("anomalies", NUMBER),
            ("found", NUMBER),
            ("recall", NUMBER),
            ("false_alerts", NUMBER),
            ("precision", NUMBER),
            ("false_alerts_per_day", NUMBER),
            ("median_delay_minutes", NUMBER),
        ]);
    }
    let row = |test: &Backtest| {
        let mut row = vec![
            Some(test.detector.clone()),
            Some(rounded(test.threshold)),
            Some(rounded(test.days)),
            Some(test.series.to_string()),
            Some(test.unusual_minutes.to_string()),
            Some(test.alerts.to_string()),
            Some(test.incidents.to_string()),
            Some(rounded(test.incidents_per_day)),
        ];
        if let Some(truth) = &test.truth {
            row.extend([
                Some(truth.anomalies.to_string()),
                Some(truth.found.to_string()),
                truth.recall.map(rounded),
                Some(truth.false_alerts.to_string()),
                truth.precision.map(rounded),
                Some(rounded(truth.false_alerts_per_day)),
                truth.median_delay_minutes.map(rounded),
            ]);
        }
        row
    };
    (columns, tested.iter().map(row).collect())
}

fn alerts(tested: &[Backtest]) -> (Columns, Rows) {
    let columns = vec![
        ("detector", TEXT),
        ("series", TEXT),
        ("start", TEXT),
        ("end", TEXT),
        ("direction", TEXT),
        ("observed", NUMBER),
        ("expected", NUMBER),
        ("score", NUMBER),
        ("is_false", "BOOLEAN"),
        ("reason", TEXT),
    ];
    let rows = tested.iter().flat_map(|test| {
        test.listed.iter().map(|alert| {
            vec![
                Some(test.detector.clone()),
                Some(alert.series.clone()),
                Some(alert.start.clone()),
                Some(alert.end.clone()),
                Some(alert.direction.clone()),
                Some(rounded(alert.observed)),
                Some(rounded(alert.expected)),
                Some(rounded(alert.score)),
                alert.is_false.map(|it| it.to_string()),
                Some(alert.reason.clone()),
            ]
        })
    });
    (columns, rows.collect())
}

/// To a thousandth.
fn rounded(number: f64) -> String {
    ((number * 1_000.0).round() / 1_000.0).to_string()
}
