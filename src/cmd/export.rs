//! `pintail export`: records as CSV or Parquet, all of them.

use std::path::{Path, PathBuf};

use super::args::{level, time};
use super::connection::Connection;
use super::out::Target;
use super::rows::{RowFormat, RowWriter};
use crate::config::DatabaseArgs;
use crate::error::{Error, Result};
use crate::store::Access;
use crate::store::output::Rendering;

const QUERY: &str = include_str!("../../sql/export.sql");

/// Stream logs to CSV or Parquet, with no cap
///
/// Everything, or what the filters leave. Times in CSV are ISO 8601 with their zone (UTC). A file
/// appears under its name when it is complete. For anything else: pintail sql QUERY --output FILE.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    database: DatabaseArgs,

    /// Write to a file; .parquet at its end means Parquet [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Format [default: by the name of the file, else csv]
    #[arg(long, value_enum)]
    format: Option<ExportFormat>,

    /// Records at or after this time (UTC unless it says otherwise)
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<String>,

    /// Records before this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    to: Option<String>,

    /// Records of this level or above
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    level: Option<String>,

    /// Records of this service
    #[arg(long, value_name = "NAME")]
    service: Option<String>,

    /// Records whose message contains this text, in any case
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,

    /// In CSV, put an apostrophe before what a spreadsheet would take for a formula
    #[arg(long)]
    csv_safe: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum ExportFormat {
    Csv,
    Parquet,
}

pub fn run(args: Args) -> Result<()> {
    if let (None, Some(kind)) = (args.format, other_kind(args.output.as_deref())) {
        return Err(Error::usage(format!(
            "export writes CSV or Parquet; for {kind}: pintail sql \"from logs\" --output FILE.{kind}"
        )));
    }
    let by_name = args.output.as_ref().is_some_and(|path| {
        path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"))
    });
    let default = if by_name { ExportFormat::Parquet } else { ExportFormat::Csv };
    let format = args.format.unwrap_or(default);
    let target = Target::new(args.output);
    if format == ExportFormat::Parquet && target.is_terminal() {
        return Err(Error::usage("Parquet is not for a terminal; give --output FILE"));
    }
    let parameters = [
        ("from", args.from.as_deref()),
        ("to", args.to.as_deref()),
        ("level", args.level.as_deref()),
        ("service", args.service.as_deref()),
        ("words", args.search.as_deref()),
    ];
    let connection = Connection::open(&args.database.path, Access::Read)?;
    match format {
        ExportFormat::Parquet => {
            target.write_file(|path| connection.copy_to_parquet(QUERY, &parameters, path))
        }
        ExportFormat::Csv => target.write(|out| {
            let mut rows = RowWriter::new(out, RowFormat::Csv, None).csv_safe(args.csv_safe);
            connection.run(QUERY, &parameters, Rendering::ZonedText, &mut rows)?;
            rows.finish()
        }),
    }
}

/// What the name of the file asks for, if that is not for `export` to write.
fn other_kind(path: Option<&Path>) -> Option<&str> {
    let extension = path?.extension()?.to_str()?;
    ["json", "jsonl", "ndjson", "md"].contains(&extension).then_some(extension)
}
