//! `pintail detect`: runs a detector over history, stores and shows what it finds.

use std::io::IsTerminal;
use std::path::PathBuf;

use super::args::{level, threshold, time};
use super::connection::{Connection, DetectRun};
use super::out::Target;
use super::rows::{RowFormat, RowWriter};
use super::show;
use crate::config::DatabaseArgs;
use crate::detect::{Detector, Settings};
use crate::error::{Error, Result};
use crate::store::Access;

/// Find unusual minutes in the history
///
/// Counts records per minute and service, and compares every minute with the ones before
/// it. What is found is printed and stored in the table anomalies, once, however often it
/// is found again.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    database: DatabaseArgs,

    /// A built-in detector, or the path of a .sql file of your own
    #[arg(long, value_name = "NAME|FILE", default_value = "zscore")]
    detector: String,

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

    /// Standard deviations from what is expected that count as unusual
    #[arg(long, value_name = "Z", default_value_t = 3.0, value_parser = threshold)]
    threshold: f64,

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
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Print what is found without storing it
    #[arg(long)]
    dry_run: bool,
}

pub fn run(args: Args) -> Result<()> {
    let detector = Detector::open(&args.detector)?;
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
    let now = show::time(show::now());
    let settings = Settings {
        level: args.level,
        service: args.service,
        window_minutes: args.window,
        guard_minutes: args.guard,
        threshold: args.threshold,
    };
    let connection = Connection::open(&args.database.path, access)?;
    let detect = DetectRun {
        settings: &settings,
        from: args.from,
        to: args.to,
        now: &now,
        store: !args.dry_run,
    };
    let mut shown = 0;
    target.write(|out| {
        let mut rows = RowWriter::new(out, format, None);
        connection.detect(&detector, &detect, format.rendering(), &mut rows)?;
        shown = rows.rows();
        rows.finish()
    })?;
    if std::io::stderr().is_terminal() {
        eprintln!("{} by {}", show::plural(shown as u64, "unusual minute"), detector.name);
    }
    Ok(())
}
