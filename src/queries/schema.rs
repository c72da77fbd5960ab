//! What can be asked about: tables, views and macros, functions, and examples that work.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::Result;
use crate::store::Session;

const TABLES: &str = include_str!("../../sql/schema_tables.sql");
const FUNCTIONS: &str = include_str!("../../sql/schema_functions.sql");

/// Example queries: the first line of each file is its title.
pub const EXAMPLES: [&str; 10] = [
    include_str!("../../sql/examples/01_errors_by_service.sql"),
    include_str!("../../sql/examples/02_per_minute.sql"),
    include_str!("../../sql/examples/03_newest_errors.sql"),
    include_str!("../../sql/examples/04_error_share.sql"),
    include_str!("../../sql/examples/05_frequent_messages.sql"),
    include_str!("../../sql/examples/06_by_status.sql"),
    include_str!("../../sql/examples/07_quiet.sql"),
    include_str!("../../sql/examples/08_unusual_minutes.sql"),
    include_str!("../../sql/examples/09_rejects.sql"),
    include_str!("../../sql/examples/10_intake.sql"),
];

/// What each table and view is for. Others are shown without a word.
const ABOUT: [(&str, &str); 21] = [
    ("logs", "every record"),
    ("rejects", "lines that no format could read"),
    ("sources", "where records came from"),
    ("anomalies", "unusual minutes that detectors found"),
    ("alerts", "anomalies as people were told of them"),
    ("detectors", "how far the monitor has judged"),
    ("marks", "what people said of anomalies: expected, or real"),
    ("deliveries", "messages sent about alerts"),
    ("errors", "records at ERROR and FATAL"),
    ("minutes", "records per minute, service and level (from counts, fast)"),
    ("services", "records and share of errors per service (from counts, fast)"),
    ("ingested", "records, rejects, bytes and time range per source"),
    ("ledger", "per source: received, parsed, stored, rejected, duplicates, dropped, lag"),
    ("intakes", "records and rejects per source"),
    ("far_times", "records more than an hour ahead of the clock at their arrival, or before 1990"),
    ("rollups", "partial counts per minute; the view minutes sums them"),
    ("intake", "partial counts per source; the view intakes sums them"),
    ("positions", "how far each source has been taken in"),
    ("receipts", "keys of requests and documents that were stored lately, to know them again"),
    ("lags", "sources that were behind when last measured"),
    ("schema_version", "migrations that this database has seen"),
];

/// Macros: a call that works, and what it gives.
const MACROS: [(&str, &str, &str); 5] = [
    ("per_minute", "per_minute('WARN')", "records per minute and service from a level on"),
    ("search", "search('timeout')", "records whose message contains a text, in any case"),
    ("around", "around('2026-01-05 10:00', 5)", "records five minutes around a moment"),
    ("field", "field(fields, 'status')", "one field as text"),
    (
        "plausible",
        "plausible(ts)",
        "whether a time is neither before 1990 nor an hour ahead of now",
    ),
];

/// What can be asked about.
#[derive(Debug, Serialize, ToSchema)]
pub struct Schema {
    /// Those people ask for most first.
    pub tables: Vec<Table>,
    pub examples: Vec<Example>,
    pub functions: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Table {
    pub name: String,
    /// `table`, `view` or `macro`.
    pub kind: String,
    /// An estimate; null where it is not known.
    pub rows: Option<i64>,
    pub about: String,
    pub columns: Vec<Column>,
    /// How a macro is called.
    pub call: Option<String>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Column {
    pub name: String,
    pub r#type: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Example {
    pub title: String,
    pub sql: String,
}

#[derive(Deserialize)]
struct Row {
    name: String,
    kind: String,
    rows: Option<i64>,
    columns: Vec<Column>,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

pub fn schema(session: &Session) -> Result<Schema> {
    let rows: Vec<Row> = session.rows(TABLES, &[])?;
    let mut tables: Vec<Table> = rows
        .into_iter()
        .map(|row| Table {
            about: about(&row.name).to_owned(),
            name: row.name,
            kind: row.kind,
            rows: row.rows,
            columns: row.columns,
            call: None,
        })
        .collect();
    tables.sort_by_key(|table| {
        ABOUT.iter().position(|(name, _)| *name == table.name).unwrap_or(ABOUT.len())
    });
    tables.extend(MACROS.iter().map(|(name, call, about)| Table {
        name: (*name).to_owned(),
        kind: "macro".to_owned(),
        rows: None,
        about: (*about).to_owned(),
        columns: Vec::new(),
        call: Some((*call).to_owned()),
    }));
    let functions: Vec<Name> = session.rows(FUNCTIONS, &[])?;
    Ok(Schema {
        tables,
        examples: EXAMPLES.iter().map(|text| example(text)).collect(),
        functions: functions.into_iter().map(|row| row.name).collect(),
    })
}

fn about(name: &str) -> &'static str {
    ABOUT.iter().find(|(known, _)| *known == name).map_or("", |(_, about)| about)
}

fn example(text: &str) -> Example {
    let (title, sql) = text.split_once('\n').unwrap_or((text, ""));
    let title = title.trim_start_matches("-- ").to_owned();
    Example { title, sql: sql.trim().to_owned() }
}
