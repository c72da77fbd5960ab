//! `pintail sql`: any SQL over the logs.

use std::io::{self, IsTerminal, Read};
use std::path::PathBuf;

use super::answer::{GUIDE, View, run_one};
use super::connection::Connection;
use super::out::Target;
use super::prompt;
use super::rows::RowFormat;
use crate::config::{DatabaseArgs, TERMINAL_ROWS_MAX};
use crate::error::{Error, Result};
use crate::store::{Access, statements};

/// Run SQL over the logs (read-only; DuckDB's dialect)
///
/// Without a query: an interactive prompt on a terminal, else the query is read from
/// standard input.
#[derive(Debug, clap::Args)]
#[command(after_long_help = GUIDE)]
pub struct Args {
    /// The query; - reads it from standard input
    // A query may begin with a comment.
    #[arg(allow_hyphen_values = true)]
    query: Option<String>,

    #[command(flatten)]
    database: DatabaseArgs,

    /// Read the query from a file
    #[arg(long, short, value_name = "FILE", conflicts_with = "query")]
    file: Option<PathBuf>,

    /// Format of the result [default: table on a terminal, csv elsewhere]
    #[arg(long, value_enum)]
    format: Option<RowFormat>,

    /// Write the result to a file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Show at most N rows, 0 for all [default: 200 for a table on a terminal, else all]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,

    /// In CSV, put an apostrophe before what a spreadsheet would take for a formula
    #[arg(long)]
    csv_safe: bool,
}

pub fn run(args: Args) -> Result<()> {
    let query = query(&args)?;
    let connection = Connection::open(&args.database.path, Access::Read)?;
    let target = Target::new(args.output);
    let format = args.format.unwrap_or(default_format(&target));
    let limit = limit(args.limit, format, &target);
    let view = View { format, limit, csv_safe: args.csv_safe };
    match query {
        Some(query) => run_all(&connection, &query, view, &target),
        None => prompt::run(&connection, view),
    }
}

/// The query's text; `None` for a prompt.
fn query(args: &Args) -> Result<Option<String>> {
    if let Some(path) = &args.file {
        let text =
            std::fs::read_to_string(path).map_err(|error| Error::file("read", path, error))?;
        return Ok(Some(text));
    }
    match args.query.as_deref() {
        Some("-") => read_stdin().map(Some),
        Some(option) if option.starts_with('-') && !option.starts_with("-- ") => {
            Err(Error::usage(format!("unknown option {option}; see pintail sql --help")))
        }
        Some(query) => Ok(Some(query.to_owned())),
        None if io::stdin().is_terminal() => Ok(None),
        None => read_stdin().map(Some),
    }
}

fn read_stdin() -> Result<String> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    Ok(text)
}

fn default_format(target: &Target) -> RowFormat {
    let named = match target {
        Target::Stdout => None,
        Target::File(path) => path.extension().and_then(|extension| extension.to_str()),
    };
    match named {
        Some("parquet") => RowFormat::Parquet,
        Some("json") => RowFormat::Json,
        Some("jsonl" | "ndjson") => RowFormat::Jsonl,
        Some("md") => RowFormat::Markdown,
        _ if target.is_terminal() => RowFormat::Table,
        _ => RowFormat::Csv,
    }
}

fn limit(given: Option<usize>, format: RowFormat, target: &Target) -> Option<usize> {
    match given {
        Some(0) => None,
        Some(rows) => Some(rows),
        None if format == RowFormat::Table && target.is_terminal() => Some(TERMINAL_ROWS_MAX),
        None => None,
    }
}

/// Runs every statement of the text, one after the other, into the target.
fn run_all(connection: &Connection, text: &str, view: View, target: &Target) -> Result<()> {
    let statements = statements::split(text);
    let Some((last, before)) = statements.split_last() else {
        return Err(Error::usage("there is no query"));
    };
    if view.format == RowFormat::Parquet {
        if target.is_terminal() {
            return Err(Error::usage("Parquet is not for a terminal; give --output FILE"));
        }
        for statement in before {
            run_one(
                connection,
                statement,
                View { format: RowFormat::Csv, ..view },
                &mut io::sink(),
            )?;
        }
        return target.write_file(|path| connection.copy_to_parquet(last, &[], path));
    }
    target.write(|out| {
        for statement in &statements {
            run_one(connection, statement, view, out)?;
        }
        Ok(())
    })
}
