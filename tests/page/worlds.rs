//! What the tests of the page look at, and what they compare it with.

use std::io::Write;

use serde_json::Value;

use super::browser::{Page, World};
use crate::common::server::Server;
use crate::common::{Pintail, lines};

/// All of [`incident`] as the address has it.
pub const WHOLE: &str = "from=2026-01-05T00:00:00Z&to=2026-01-05T06:00:00Z";

/// Six hours, long past: nothing in it changes while one looks. Between 4:00 and 4:10 payment
/// fails.
pub fn incident() -> World {
    generated("text", "error_spike:payment:4h:10m")
}

/// The same as JSON, whose records have fields.
pub fn incident_with_fields() -> World {
    generated("json", "error_spike:payment:4h:10m")
}

fn generated(format: &str, incident: &str) -> World {
    let pintail = Pintail::new();
    let options = ["--duration", "6h", "--rate", "10", "--incident", incident];
    let output = ["--format", format, "--output", "app.log"];
    pintail.ok(["generate"].into_iter().chain(options).chain(output));
    served(pintail, &["app.log"])
}

/// Loads files and serves them.
pub fn served(pintail: Pintail, files: &[&str]) -> World {
    pintail.ok(["ingest"].iter().chain(files));
    let server = Server::start(&pintail, &[]);
    World::new(pintail, server)
}

/// A file that the server follows, with one line in it.
pub fn followed() -> World {
    let pintail = Pintail::new();
    pintail.write("live.log", lines([0]));
    let server = Server::start(&pintail, &["live.log"]);
    server.until_records(1);
    World::new(pintail, server)
}

/// A database without a record.
pub fn empty() -> World {
    let pintail = Pintail::new();
    let server = Server::start(&pintail, &[]);
    World::new(pintail, server)
}

/// The values of a query's first row, by the server.
pub fn number(world: &World, sql: &str) -> u64 {
    world.server().value(sql).as_u64().unwrap()
}

/// As the page writes a number.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&[u8]> = digits.as_bytes().rchunks(3).rev().collect();
    String::from_utf8(groups.join(&b',')).unwrap()
}

/// A text in an address.
pub fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Columns of a downloaded file as texts, as DuckDB's own `reader` sees it.
pub fn rows_of(reader: &str, columns: &str, bytes: &[u8]) -> Vec<Vec<String>> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let path = file.path().to_str().unwrap();
    let options = if reader == "read_csv" { ", header = true, all_varchar = true" } else { "" };
    let rows = format!("(select {columns} from {reader}('{path}'{options}))");
    let sql = format!("select coalesce(columns(*)::varchar, '') from {rows}");
    let connection = duckdb::Connection::open_in_memory().unwrap();
    let mut statement = connection.prepare(&sql).unwrap();
    let mut rows = statement.query([]).unwrap();
    let mut found = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let columns = row.as_ref().column_count();
        found.push((0..columns).map(|at| row.get(at).unwrap()).collect());
    }
    found
}

/// Values as the texts that a file has.
pub fn texts(values: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    values.iter().map(text).collect()
}

/// The texts of a column of a table.
pub fn column(page: &Page, table: &str, field: &str) -> Vec<String> {
    page.texts(&format!("[data-test={table}] .tabulator-cell[tabulator-field={field}]"))
}
