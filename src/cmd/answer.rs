//! What `pintail sql` and its prompt share: running a statement, and the guide to the tables.

use std::io::{self, IsTerminal};
use std::time::Instant;

use super::connection::Connection;
use super::rows::{RowFormat, RowWriter};
use super::show;
use crate::error::Result;

/// Tables, views and macros, for --help and .help.
pub const GUIDE: &str = "\
Tables
  logs         ts, level, service, host, message, fields, source, ingested
  rejects      lines that no format could read: source, start_byte, reason, line
  sources      where records came from: id, name, format, score
  anomalies    what detectors found
Views
  errors       records at ERROR and FATAL
  minutes      records per minute, service and level (from counts, fast)
  services     records and share of errors per service (from counts, fast)
  ingested     records, rejects, bytes and time range per source
  far_times    records more than an hour ahead of the clock at their arrival, or before 1990
Macros
  per_minute('WARN')            records per minute and service from a level on
  search('timeout')             records whose message contains a text, in any case
  around('2026-01-05 10:00', 5) records five minutes around a moment
  field(fields, 'status')       one field as text
  plausible(ts)                 whether a time is neither before 1990 nor an hour ahead of now
Times are UTC; level >= 'WARN' works; fields is JSON: fields->>'$.user.id'.
Compare ts itself (ts >= timestamp '2026-01-05'), not a function of it: that is fast.

Examples
  pintail sql \"select level, count(*) from logs group by 1 order by 1\"
  pintail sql \"from search('declined') order by ts desc limit 20\"
  pintail sql -f report.sql --format csv --output report.csv
";

/// How results are shown.
#[derive(Clone, Copy, Debug)]
pub struct View {
    pub format: RowFormat,
    pub limit: Option<usize>,
    pub csv_safe: bool,
}

/// Runs one statement and says, on a terminal, how many rows there were and how long it took.
pub fn run_one(
    connection: &Connection,
    statement: &str,
    view: View,
    out: &mut dyn io::Write,
) -> Result<()> {
    let started = Instant::now();
    let mut rows = RowWriter::new(out, view.format, view.limit).csv_safe(view.csv_safe);
    connection.run(statement, &[], view.format.rendering(), &mut rows)?;
    rows.finish()?;
    let (count, cut) = (rows.rows(), rows.was_cut());
    if cut {
        eprintln!("first {count} rows; there are more: --limit N, or 0 for all");
    } else if view.format == RowFormat::Table && io::stderr().is_terminal() {
        let took = started.elapsed().as_secs_f64();
        eprintln!("{} in {took:.3} s", show::plural(count as u64, "row"));
    }
    Ok(())
}
