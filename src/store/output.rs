//! Ad-hoc SQL: any statement, its result streamed as rows of text.
//!
//! DuckDB itself turns values into text or JSON, so that every type looks as its users
//! know it: the statement is wrapped in one that casts its columns. What cannot be
//! wrapped (EXPLAIN, PRAGMA, SET) has small results and is read value by value.

use std::borrow::Cow;
use std::io;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use serde::de::DeserializeOwned;

use super::guard;
use super::handle::Handle;
use super::levels::with_severity;
pub use super::raw::{Interrupter, Parameter};
use super::raw::{Prepared, RawConnection, RawResult};
use crate::error::{Error, Result};

/// A column of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnInfo {
    pub name: String,
    /// As DuckDB names it: `BIGINT`, `VARCHAR[]`.
    pub type_name: String,
}

impl ColumnInfo {
    /// Whether its values line up at the right.
    pub fn is_number(&self) -> bool {
        const NUMBERS: [&str; 12] = [
            "TINYINT",
            "SMALLINT",
            "INTEGER",
            "BIGINT",
            "HUGEINT",
            "UTINYINT",
            "USMALLINT",
            "UINTEGER",
            "UBIGINT",
            "UHUGEINT",
            "FLOAT",
            "DOUBLE",
        ];
        NUMBERS.contains(&self.type_name.as_str()) || self.type_name.starts_with("DECIMAL")
    }
}

/// What rows consist of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rendering {
    /// Every value as text.
    Text,
    /// One value a row: a JSON object.
    Json,
    /// The same two for files and other programs: timestamps, which are UTC in a database of Pintail, in
    /// ISO 8601 with their zone.
    ZonedText,
    ZonedJson,
    /// One value a row: a JSON array. Integers beyond what JavaScript holds exactly are
    /// strings in it.
    Array,
}

/// Whether more rows are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    More,
    Enough,
}

/// Takes the rows of a result.
pub trait RowSink {
    /// Called once, before the rows; not at all if the statement returns none.
    fn columns(&mut self, columns: &[ColumnInfo]) -> Result<()>;

    fn row(&mut self, values: &[Option<&str>]) -> Result<Flow>;
}

/// Takes the rows of a result as Arrow.
pub trait BatchSink {
    /// Called once, before the rows.
    fn schema(&mut self, schema: &SchemaRef) -> Result<()>;

    fn batch(&mut self, batch: &RecordBatch) -> Result<Flow>;
}

/// A connection for ad-hoc SQL: settings and temporary tables last as long as it does.
pub struct Session {
    connection: RawConnection,
    /// Runs what strangers send: only what asks, in a transaction that cannot write.
    guarded: bool,
}

impl Session {
    pub(super) fn new(handle: Arc<Handle>) -> Result<Session> {
        Ok(Session { connection: RawConnection::new(handle)?, guarded: false })
    }

    pub(super) fn guarded(handle: Arc<Handle>) -> Result<Session> {
        let connection = RawConnection::new(handle)?;
        connection.execute(c"begin transaction read only")?;
        Ok(Session { connection, guarded: true })
    }

    /// Stops a running query from another thread.
    pub fn interrupter(&self) -> Interrupter {
        self.connection.interrupter()
    }

    /// Runs one statement and hands its rows to `sink`.
    ///
    /// # Errors
    /// [`Error::Sql`] with DuckDB's message, and what the sink says.
    pub fn run(
        &self,
        statement: &str,
        parameters: &[Parameter<'_>],
        rendering: Rendering,
        sink: &mut dyn RowSink,
    ) -> Result<()> {
        let statement = &*with_severity(statement.trim());
        // The statement by itself first: its errors point into what the user wrote.
        let prepared = self.prepare(statement)?;
        match self.columns_of(statement, parameters) {
            Some(columns) => {
                drop(prepared);
                let wrapped = self.connection.prepare(&wrapped(statement, &columns, rendering))?;
                wrapped.bind(parameters)?;
                let result = wrapped.stream()?;
                sink.columns(&columns)?;
                stream_rows(result, rendering, sink)
            }
            None => {
                prepared.bind(parameters)?;
                whole_rows(prepared.execute()?, rendering, sink)
            }
        }
    }

    fn prepare(&self, statement: &str) -> Result<Prepared<'_>> {
        let prepared = self.connection.prepare(statement)?;
        if self.guarded {
            if !prepared.only_asks() {
                return Err(Error::Sql(guard::ONLY_QUERIES.to_owned()));
            }
            guard::check(&self.connection, statement)?;
        }
        Ok(prepared)
    }

    /// Refuses a statement that does more than ask, for those that are run in a session of
    /// Pintail's own.
    pub fn check_only_asks(&self, statement: &str) -> Result<()> {
        guard::check(&self.connection, statement)
    }

    /// The rows of one of Pintail's own queries, typed: columns are fields by their names.
    ///
    /// # Errors
    /// DuckDB's message, or that a row does not have the type's fields.
    pub fn rows<T: DeserializeOwned>(
        &self,
        query: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<T>> {
        let wrapped = format!("select to_json(typed_row)::varchar from (\n{query}\n) typed_row");
        let prepared = self.connection.prepare(&wrapped)?;
        prepared.bind(parameters)?;
        let mut rows = Vec::new();
        let mut result = prepared.stream()?;
        while let Some(chunk) = result.next_texts()? {
            let columns = chunk.columns();
            for row in (0..chunk.rows()).filter_map(|row| columns.first()?.get(row)) {
                rows.push(serde_json::from_str(&finite(row)).map_err(|error| Error::Store {
                    action: "read a row",
                    message: format!("{error}: {row}"),
                })?);
            }
        }
        Ok(rows)
    }

    /// The only row of one of Pintail's own queries.
    pub fn row<T: DeserializeOwned>(&self, query: &str, parameters: &[Parameter<'_>]) -> Result<T> {
        let rows: Vec<T> = self.rows(query, parameters)?;
        let count = rows.len();
        let [row] = <[T; 1]>::try_from(rows).map_err(|_| Error::Store {
            action: "read the only row",
            message: format!("there are {count}"),
        })?;
        Ok(row)
    }

    /// Runs one statement and hands its rows to `sink` as Arrow.
    pub fn run_arrow(&self, statement: &str, sink: &mut dyn BatchSink) -> Result<()> {
        let statement = &*with_severity(statement.trim());
        let mut result = self.prepare(statement)?.stream()?;
        let schema = result.arrow_schema()?;
        sink.schema(&schema)?;
        while let Some(batch) = result.next_arrow(&schema)? {
            if sink.batch(&batch)? == Flow::Enough {
                break;
            }
        }
        Ok(())
    }

    /// Runs one statement that returns nothing of interest.
    pub fn execute(&self, statement: &str, parameters: &[Parameter<'_>]) -> Result<()> {
        let prepared = self.connection.prepare(statement)?;
        prepared.bind(parameters)?;
        prepared.execute()?;
        Ok(())
    }

    /// Runs `work` in a transaction: what it did counts if it succeeds, and only then.
    pub fn transaction<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.connection.execute(c"begin transaction")?;
        match work() {
            Ok(done) => {
                self.connection.execute(c"commit")?;
                Ok(done)
            }
            Err(error) => {
                // The error says more than that of a rollback after it.
                drop(self.connection.execute(c"rollback"));
                Err(error)
            }
        }
    }

    /// Keeps the rows of a query as a temporary table, in place of an older one.
    pub fn create(&self, table: &str, query: &str, parameters: &[Parameter<'_>]) -> Result<()> {
        let query = &*with_severity(query.trim());
        self.connection.prepare(query)?;
        let create = format!("create or replace temporary table {table} as (\n{query}\n)");
        self.execute(&create, parameters)
    }

    /// Adds the rows of a query to a table.
    pub fn append(&self, table: &str, query: &str, parameters: &[Parameter<'_>]) -> Result<()> {
        self.execute(&format!("insert into {table}\n{query}"), parameters)
    }

    /// Drops a temporary table, if there is one of that name.
    pub fn drop_table(&self, table: &str) -> Result<()> {
        self.execute(&format!("drop table if exists temp.{table}"), &[])
    }

    /// Writes the rows of one statement to a file.
    pub fn copy_to_parquet(
        &self,
        statement: &str,
        parameters: &[Parameter<'_>],
        path: &Path,
    ) -> Result<()> {
        let statement = &*with_severity(statement.trim());
        self.prepare(statement)?;
        if self.columns_of(statement, parameters).is_none() {
            return Err(Error::usage("only a query can be written as Parquet"));
        }
        let path = path.display().to_string().replace('\'', "''");
        let copy = format!("copy (\n{statement}\n) to '{path}' (format parquet, compression zstd)");
        let copy = self.connection.prepare(&copy)?;
        copy.bind(parameters)?;
        copy.execute()?;
        Ok(())
    }

    /// The columns of a statement that can stand in brackets; `None` for others.
    fn columns_of(&self, statement: &str, parameters: &[Parameter<'_>]) -> Option<Vec<ColumnInfo>> {
        let describe = format!("describe select * from (\n{statement}\n)");
        let describe = self.connection.prepare(&describe).ok()?;
        describe.bind(parameters).ok()?;
        let mut result = describe.execute().ok()?;
        let columns = (0..result.row_count())
            .map(|row| ColumnInfo {
                name: result.value(0, row).unwrap_or_default(),
                type_name: result.value(1, row).unwrap_or_default(),
            })
            .collect();
        Some(columns)
    }
}

/// The largest integer up to which all are exact in JavaScript.
const EXACT_INTEGER_MAX: i64 = (1 << 53) - 1;

/// Columns as one JSON array, by their places: names may occur twice.
fn wrapped_as_array(statement: &str, columns: &[ColumnInfo]) -> String {
    let names: Vec<String> = (0..columns.len()).map(|at| format!("c{at}")).collect();
    let values: Vec<String> = names
        .iter()
        .zip(columns)
        .map(|(name, column)| match column.type_name.as_str() {
            "BIGINT" | "UBIGINT" | "HUGEINT" | "UHUGEINT" => format!(
                "if({name} not between -{EXACT_INTEGER_MAX} and {EXACT_INTEGER_MAX}, \
                 to_json({name}::varchar), to_json({name}))"
            ),
            _ => format!("to_json({name})"),
        })
        .collect();
    let (names, values) = (names.join(", "), values.join(", "));
    format!("select json_array({values})::varchar from (\n{statement}\n) r({names})")
}

/// A column as ISO 8601 with its zone, if it is a timestamp that says none itself.
fn zoned(name: &str, column: &ColumnInfo) -> Option<String> {
    let is_utc = column.type_name.starts_with("TIMESTAMP") && !column.type_name.contains("ZONE");
    // Infinity is no time of any zone.
    let iso = || {
        format!(
            "if(isfinite({name}::timestamp), replace({name}::varchar, ' ', 'T') || 'Z', {name}::varchar)"
        )
    };
    (is_utc && !column.type_name.ends_with(']')).then(iso)
}

fn wrapped_as_zoned_text(statement: &str, columns: &[ColumnInfo]) -> String {
    let names: Vec<String> = (0..columns.len()).map(|at| format!("c{at}")).collect();
    let text = |(name, column): (&String, &ColumnInfo)| {
        zoned(name, column).unwrap_or_else(|| format!("{name}::varchar"))
    };
    let values: Vec<String> = names.iter().zip(columns).map(text).collect();
    let (names, values) = (names.join(", "), values.join(", "));
    format!("select {values} from (\n{statement}\n) r({names})")
}

fn wrapped_as_zoned_json(statement: &str, columns: &[ColumnInfo]) -> String {
    let replaced: Vec<String> = columns
        .iter()
        .filter_map(|column| {
            let name = format!("\"{}\"", column.name.replace('"', "\"\""));
            Some(format!("{} as {name}", zoned(&name, column)?))
        })
        .collect();
    if replaced.is_empty() {
        return wrapped(statement, columns, Rendering::Json);
    }
    let replaced = replaced.join(", ");
    let zoned = format!("select * replace ({replaced}) from (\n{statement}\n)");
    wrapped(&zoned, columns, Rendering::Json)
}

/// The statement in one that renders its columns.
fn wrapped(statement: &str, columns: &[ColumnInfo], rendering: Rendering) -> String {
    match rendering {
        Rendering::Text => format!("select columns(*)::varchar from (\n{statement}\n)"),
        Rendering::Array => wrapped_as_array(statement, columns),
        Rendering::ZonedText => wrapped_as_zoned_text(statement, columns),
        Rendering::ZonedJson => wrapped_as_zoned_json(statement, columns),
        Rendering::Json => {
            // A name that no column has: a column would be taken instead of the row.
            let mut row = "r".to_owned();
            while columns.iter().any(|column| column.name.eq_ignore_ascii_case(&row)) {
                row.push('_');
            }
            format!("select to_json({row})::varchar from (\n{statement}\n) {row}")
        }
    }
}

fn stream_rows(mut result: RawResult, rendering: Rendering, sink: &mut dyn RowSink) -> Result<()> {
    while let Some(chunk) = result.next_texts()? {
        let columns = chunk.columns();
        let mut values = Vec::with_capacity(columns.len());
        for row in 0..chunk.rows() {
            values.clear();
            values.extend(columns.iter().map(|column| column.get(row)));
            let flow = match (rendering, values.first()) {
                (Rendering::Json | Rendering::ZonedJson | Rendering::Array, Some(Some(json))) => {
                    sink.row(&[Some(&finite(json))])?
                }
                _ => sink.row(&values)?,
            };
            if flow == Flow::Enough {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// JSON knows neither NaN nor infinity, which DuckDB writes all the same: they become null.
fn finite(json: &str) -> Cow<'_, str> {
    const NOT_NUMBERS: [&str; 6] = ["-nan", "nan", "-infinity", "infinity", "-inf", "inf"];
    if !json.contains(['N', 'n', 'I', 'i']) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(c) = rest.chars().next() {
        let length = if c == '"' { json_string_length(rest) } else { c.len_utf8() };
        let found = NOT_NUMBERS
            .iter()
            .find(|word| rest.get(..word.len()).is_some_and(|at| at.eq_ignore_ascii_case(word)));
        let (written, length) = match found {
            Some(word) => ("null", word.len()),
            None => (&rest[..length], length),
        };
        out.push_str(written);
        rest = &rest[length..];
    }
    Cow::Owned(out)
}

/// The length of the JSON string at the beginning, with its quotes.
fn json_string_length(json: &str) -> usize {
    let bytes = json.as_bytes();
    let mut at = 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

fn whole_rows(mut result: RawResult, rendering: Rendering, sink: &mut dyn RowSink) -> Result<()> {
    if !result.has_rows() {
        return Ok(());
    }
    let columns: Vec<ColumnInfo> = result
        .column_names()
        .into_iter()
        .map(|name| ColumnInfo { name, type_name: "VARCHAR".to_owned() })
        .collect();
    sink.columns(&columns)?;
    for row in 0..result.row_count() {
        let values: Vec<Option<String>> =
            (0..columns.len() as u64).map(|column| result.value(column, row)).collect();
        let flow = match rendering {
            Rendering::Text | Rendering::ZonedText => {
                let values: Vec<Option<&str>> = values.iter().map(Option::as_deref).collect();
                sink.row(&values)?
            }
            Rendering::Json | Rendering::ZonedJson => {
                sink.row(&[Some(&json_object(&columns, &values))])?
            }
            Rendering::Array => {
                sink.row(&[Some(&serde_json::to_string(&values).map_err(io::Error::from)?)])?
            }
        };
        if flow == Flow::Enough {
            break;
        }
    }
    Ok(())
}

fn json_object(columns: &[ColumnInfo], values: &[Option<String>]) -> String {
    let mut object = crate::record::Fields::default();
    for (column, value) in columns.iter().zip(values) {
        match value {
            Some(value) => object.str(&column.name, value),
            None => object.raw(&column.name, "null"),
        }
    }
    format!("{{{}}}", object.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_becomes_null() {
        for (json, expected) in [
            (r#"{"a":NaN,"b":[-Infinity,1]}"#, r#"{"a":null,"b":[null,1]}"#),
            (r#"{"a":"NaN \" inf","null":null}"#, r#"{"a":"NaN \" inf","null":null}"#),
            (r#"{"é":inf}"#, r#"{"é":null}"#),
        ] {
            assert_eq!(finite(json), expected);
        }
    }
}
