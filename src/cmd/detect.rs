//! `pintail detect`: runs a detector over history, stores and shows what it finds.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use super::args::{level, micros, threshold, time};
use super::connection::{Connection, DetectRun};
use super::out::Target;
use super::rows::{RowFormat, RowWriter};
use super::show;
use crate::clock;
use crate::config::{DatabaseArgs, cores};
use crate::detect::bar::FALSE_ALARMS_DEFAULT;
use crate::detect::{Detector, Settings, scoring};
use crate::error::{Error, Result};
use crate::store::{Access, Store};

/// Find unusual minutes in the history
///
/// Counts records per minute and service, and compares every minute with the ones before
/// it. What is found is printed and stored in the table anomalies, once, however often it
/// is found again.
///
/// With --in it scores the rows of a file instead, without a database: a CSV or Parquet file with
/// columns series, ts and value (any number) or count (records). One row comes out for each that
/// goes in, in the same order: series, ts, value, score (0 to 1, higher is more unusual), flag (1
/// from a score of 0.5 on, where the detector fires), reason.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    database: DatabaseArgs,

    /// A built-in detector, or the path of a .sql file of your own, with a score from which on it fires
    /// (counts:4.5) if you like; with --in several may be given [default: zscore; with --in all that read what is in the file]
    #[arg(long, value_name = "NAME|FILE[:SCORE]")]
    detector: Vec<String>,

    /// Score the rows of a file: .csv, .csv.gz or .parquet
    #[arg(long = "in", value_name = "FILE", conflicts_with_all = ["from", "to", "service", "level", "window", "guard", "dry_run", "why", "false_alarms_per_day"])]
    input: Option<PathBuf>,

    /// Count records of this level and above
    #[arg(long, value_name = "LEVEL", default_value = "ERROR", value_parser = level)]
    level: String,

    /// Look at one service only
    #[arg(long, value_name = "NAME")]
    service: Option<String>,

    /// Minutes of past that a minute is compared with
    #[arg(long, value_name = "MINUTES", default_value_t = 120)]
    #[arg(value_parser = clap::value_parser!(u32).range(30..=100_000))]
    window: u32,

    /// Minutes between that past and the minute that is judged
    #[arg(long, value_name = "MINUTES", default_value_t = 5)]
    #[arg(value_parser = clap::value_parser!(u32).range(0..=10_000))]
    guard: u32,

    /// The score from which on a minute is unusual [default: zscore 3 standard deviations, values 0.5,
    /// your own 3 or what their header says as Threshold; of others the budget of false alarms decides]
    #[arg(long, value_name = "SCORE", value_parser = threshold)]
    threshold: Option<f64>,

    /// False alarms a day and thousand series that may be found by chance
    #[arg(long, value_name = "N", value_parser = threshold, default_value_t = FALSE_ALARMS_DEFAULT)]
    false_alarms_per_day: f64,

    /// Judge minutes from this time on (UTC unless it says otherwise)
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<String>,

    /// Judge minutes before this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    to: Option<String>,

    /// Format [default: table on a terminal, csv elsewhere]
    #[arg(long, value_enum)]
    format: Option<RowFormat>,

    /// Write to a file
    #[arg(long, short, visible_alias = "out", value_name = "FILE")]
    output: Option<PathBuf>,

    /// Tell what each anomaly is made of, in a column of its own: the three best explanations, as
    /// `pintail why` has them, of the 100 most unusual anomalies
    #[arg(long)]
    why: bool,

    /// Print what is found without storing it
    #[arg(long)]
    dry_run: bool,

    /// In CSV, put an apostrophe before what a spreadsheet would take for a formula
    #[arg(long)]
    csv_safe: bool,
}

pub fn run(args: Args) -> Result<()> {
    if let Some(input) = &args.input {
        return score_file(input, &args);
    }
    let detector = match args.detector.as_slice() {
        [] => Detector::open("zscore")?,
        [choice] => Detector::open(choice)?,
        _ => return Err(Error::usage("one detector at a time; several are for --in")),
    };
    let target = Target::new(args.output);
    let default = if target.is_terminal() { RowFormat::Table } else { RowFormat::Csv };
    let format = args.format.unwrap_or(default);
    if format == RowFormat::Parquet {
        return Err(Error::usage("detect writes table, csv, json, jsonl or markdown"));
    }
    let access = if args.dry_run { Access::Read } else { Access::Write };
    if !args.database.path.exists() {
        return Err(Error::NoDatabase { path: args.database.path });
    }
    // Times are written alike: as texts they are in order too.
    if args.from.as_ref().zip(args.to.as_ref()).is_some_and(|(from, to)| to <= from) {
        return Err(Error::usage("the end comes before the beginning"));
    }
    let settings = Settings {
        level: args.level,
        service: args.service,
        window_minutes: args.window,
        guard_minutes: args.guard,
        every: false,
    };
    let connection = Connection::open(&args.database.path, access)?;
    let detect = DetectRun {
        settings: &settings,
        bar: detector.bar(args.threshold, args.false_alarms_per_day),
        from: args.from.as_deref().map(micros).transpose()?,
        to: args.to.as_deref().map(micros).transpose()?,
        now: clock::now(),
        store: !args.dry_run,
        why: args.why,
    };
    let mut shown = 0;
    target.write(|out| {
        let mut rows = RowWriter::new(out, format, None).csv_safe(args.csv_safe);
        connection.detect(&detector, &detect, format.rendering(), &mut rows)?;
        shown = rows.rows();
        rows.finish()
    })?;
    if std::io::stderr().is_terminal() {
        eprintln!("{} by {}", show::plural(shown as u64, "unusual minute"), detector.name);
    }
    Ok(())
}

fn score_file(input: &Path, args: &Args) -> Result<()> {
    let by_name = args.output.as_ref().is_some_and(|path| {
        path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"))
    });
    let target = Target::new(args.output.clone());
    let default = match () {
        () if by_name => RowFormat::Parquet,
        () if target.is_terminal() => RowFormat::Table,
        () => RowFormat::Csv,
    };
    let spill = tempfile::Builder::new().prefix("pintail-").tempdir()?;
    let session = Store::scratch(spill.path(), cores())?.session()?;
    let reads = scoring::read(&session, input)?;
    let detectors: Vec<Detector> = match args.detector.is_empty() {
        true => Detector::built_in().filter(|detector| detector.reads() == Some(reads)).collect(),
        false => args.detector.iter().map(|it| Detector::open(it)).collect::<Result<_>>()?,
    };
    scoring::score(&session, &detectors, args.threshold)?;
    match args.format.unwrap_or(default) {
        RowFormat::Parquet => {
            target.write_file(|path| session.copy_to_parquet(scoring::SCORED, &[], path))
        }
        format => target.write(|out| {
            let mut rows = RowWriter::new(out, format, None).csv_safe(args.csv_safe);
            session.run(scoring::SCORED, &[], format.rendering(), &mut rows)?;
            rows.finish()
        }),
    }
}
