//! `pintail why`: what an anomaly is made of.

use std::path::PathBuf;

use super::args::{level, micros, time};
use super::connection::Connection;
use super::out::Target;
use super::rows::{RowFormat, RowWriter};
use crate::config::DatabaseArgs;
use crate::error::{Error, Result};
use crate::queries::range::MINUTE;
use crate::queries::why::{BASELINE_MINUTES_DEFAULT, QUERY, Question, TOP_DEFAULT};
use crate::store::Access;

/// Explain unusual minutes: what there is more of in them than before
///
/// Counts services, hosts, levels, message texts and field values in these minutes and in the two
/// hours before them, and shows what is over-represented, with a sample of each: the best
/// explanation first.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    database: DatabaseArgs,

    /// The first minute, as `pintail detect` shows it (UTC unless it says otherwise)
    #[arg(value_name = "FROM", value_parser = time)]
    from: String,

    /// The end, exclusive [default: a minute later]
    #[arg(value_name = "TO", value_parser = time)]
    to: Option<String>,

    /// Look at one service only; an empty one is records without any
    #[arg(long, value_name = "NAME")]
    service: Option<String>,

    /// Look at records of this level and above
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    level: Option<String>,

    /// There are too few records: show what there is less of
    #[arg(long)]
    low: bool,

    /// Minutes of past to compare with; they end five minutes before FROM
    #[arg(long, value_name = "MINUTES", default_value_t = BASELINE_MINUTES_DEFAULT)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100_000))]
    baseline: u32,

    /// Explanations at most
    #[arg(long, value_name = "N", default_value_t = TOP_DEFAULT)]
    top: usize,

    /// Format [default: table on a terminal, csv elsewhere]
    #[arg(long, value_enum)]
    format: Option<RowFormat>,

    /// Write to a file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub fn run(args: Args) -> Result<()> {
    let from = micros(&args.from)?;
    let to = args.to.as_deref().map_or(Ok(from + MINUTE), micros)?;
    if to <= from {
        return Err(Error::usage("the end comes before the beginning"));
    }
    let question = Question {
        from,
        to,
        service: args.service,
        level: None,
        min_level: args.level,
        is_low: args.low,
        began: None,
        baseline_minutes: args.baseline,
        top: args.top,
    };
    let target = Target::new(args.output);
    let default = if target.is_terminal() { RowFormat::Table } else { RowFormat::Csv };
    let format = args.format.unwrap_or(default);
    if format == RowFormat::Parquet {
        return Err(Error::usage("why writes table, csv, json, jsonl or markdown"));
    }
    let connection = Connection::open(&args.database.path, Access::Read)?;
    let parameters = question.parameters();
    target.write(|out| {
        let mut rows = RowWriter::new(out, format, None);
        connection.run(QUERY, &parameters.as_slice(), format.rendering(), &mut rows)?;
        rows.finish()
    })
}
