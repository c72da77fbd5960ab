//! A CSV or Parquet file in the session, and its columns by any of the names they may have.

use std::path::Path;

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::store::Session;

const CSV: &str = include_str!("../../sql/file/csv.sql");
const PARQUET: &str = include_str!("../../sql/file/parquet.sql");
const COLUMNS: &str = include_str!("../../sql/file/columns.sql");

/// What makes a pattern of a name, for DuckDB.
const GLOB: [char; 3] = ['*', '?', '['];

/// What has another meaning at its beginning: the user's own directory.
const HOME: char = '~';

pub struct Columns(Vec<Column>);

/// The name of what is one file: DuckDB would read all of a directory, and of a pattern.
fn one_file(path: &Path) -> Result<&str> {
    let name = path.to_str().ok_or_else(|| Error::usage("its name is not UTF-8"))?;
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_dir() => Err(Error::usage("it is a directory; give one file")),
        // There is no way to say it: in patterns a backslash is not itself.
        Ok(_) if name.contains(GLOB) && name.contains('\\') => {
            Err(Error::usage("its name has a backslash and one of * ? [ in it; rename it"))
        }
        Ok(_) => Ok(name),
        Err(_) if name.contains(GLOB) => {
            Err(Error::usage("there is no file of this name; give one file, not a pattern"))
        }
        Err(error) => Err(Error::usage(error.to_string())),
    }
}

/// A name as a pattern that only it fits.
fn literally(name: &str) -> String {
    let mut pattern = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter == HOME || GLOB.contains(&letter) {
            true => pattern.extend(['[', letter, ']']),
            false => pattern.push(letter),
        }
    }
    pattern
}

#[derive(Deserialize)]
struct Column {
    name: String,
}

/// What DuckDB says of a file, without the place in a query that is not the user's, and without
/// settings that nobody can give.
fn plain(error: Error) -> Error {
    const BESIDE_THE_POINT: [&str; 3] =
        ["\n\nLINE ", "\nPossible fixes", "\nThe search space used was"];
    match error {
        Error::Sql(message) => {
            let ends = BESIDE_THE_POINT.iter().filter_map(|text| message.find(text));
            let end = ends.min().unwrap_or(message.len());
            Error::usage(message[..end].trim_end())
        }
        other => other,
    }
}

impl Columns {
    /// Reads the file into the temporary table `file`.
    ///
    /// # Errors
    /// That it is not one file, or what DuckDB says of what is in it.
    pub fn read(session: &Session, path: &Path) -> Result<Columns> {
        let name = one_file(path)?;
        let is_parquet = path.extension().is_some_and(|it| it.eq_ignore_ascii_case("parquet"));
        let reader = if is_parquet { PARQUET } else { CSV };
        session.create("file", reader, &[("path", Some(&literally(name)))]).map_err(plain)?;
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
