//! A CSV or Parquet file in the session, and its columns by any of the names they may have.

use std::path::Path;

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::store::Session;

const CSV: &str = include_str!("../../sql/file/csv.sql");
const PARQUET: &str = include_str!("../../sql/file/parquet.sql");
const COLUMNS: &str = include_str!("../../sql/file/columns.sql");

pub struct Columns(Vec<Column>);

#[derive(Deserialize)]
struct Column {
    name: String,
}

impl Columns {
    /// Reads the file into the temporary table `file`.
    pub fn read(session: &Session, path: &Path) -> Result<Columns> {
        let is_parquet = path.extension().is_some_and(|it| it.eq_ignore_ascii_case("parquet"));
        let reader = if is_parquet { PARQUET } else { CSV };
        session.create("file", reader, &[("path", Some(&path.display().to_string()))])?;
        Ok(Columns(session.rows(COLUMNS, &[])?))
    }

    /// The first of these names that there is, as SQL has it.
    pub fn find(&self, names: &[&str]) -> Option<String> {
        let named = |name: &&str| self.0.iter().find(|it| it.name.eq_ignore_ascii_case(name));
        let column = names.iter().find_map(named)?;
        Some(format!("\"{}\"", column.name.replace('"', "\"\"")))
    }

    /// # Errors
    /// That there is none, and which there are.
    pub fn needed(&self, names: &[&str]) -> Result<String> {
        self.find(names).ok_or_else(|| self.missing(names[0]))
    }

    pub fn missing(&self, what: &str) -> Error {
        let names: Vec<&str> = self.0.iter().map(|column| column.name.as_str()).collect();
        Error::usage(format!("there is no column {what}; there are {}", names.join(", ")))
    }
}
