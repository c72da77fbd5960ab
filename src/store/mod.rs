//! The database: the only module that names duckdb.
//!
//! ```text
//! records of a block ─▶ Batch (columns) ─▶ Writer: one transaction of rows, rejects,
//!                                          rollups and positions ─▶ commit
//! Store::open ─ migrates, holds the lock ─▶ Store::writer (one a worker), Store::connect
//! ```
//!
//! - [`database`]: opening, the lock, settings.
//! - [`handle`]: the open database itself.
//! - [`migrations`]: the schema and its versions.
//! - [`batch`]: the columns that workers fill.
//! - [`bulk`]: appending columns to tables.
//! - [`writer`]: transactions, sized for the storage.
//! - [`sources`]: what is known about where records came from.
//! - `times`: the times of records, and which are implausible.
//! - [`output`]: ad-hoc SQL, its results streamed as rows of text.
//! - [`statements`]: where one SQL statement ends and the next begins.
//! - [`guard`]: what SQL that strangers send may do.
//! - [`levels`]: makes `level >= 'WARN'` mean what it says.
//! - [`raw`]: connections, statements and results of DuckDB's C interface. With [`bulk`],
//!   [`handle`] and a line of [`database`] the only unsafe code.

pub mod batch;
mod bulk;
pub mod database;
mod guard;
mod handle;
mod levels;
mod migrations;
pub mod output;
mod raw;
pub mod sources;
pub mod statements;
mod times;
pub mod writer;

pub use batch::Batch;
pub use database::{Access, Closing, Connection, Store};
pub use output::{Parameter, RowSink, Session};
pub use times::Times;
pub use writer::Writer;

use crate::error::Error;

/// What duckdb says of an error, without the crate's own wrapping.
pub(crate) fn sql_error(error: duckdb::Error) -> Error {
    match error {
        duckdb::Error::DuckDBFailure(_, Some(message)) => said(message),
        other => said(other.to_string()),
    }
}

/// What DuckDB said, as an error: that it can go on, or that it cannot.
fn said(message: String) -> Error {
    fatal(&message).map_or(Error::Sql(message), Error::Invalidated)
}

/// What happened, if DuckDB says that it cannot go on: the first time `FATAL Error: …`, later
/// `… database has been invalidated because of a previous fatal error. … Original error: "…"`.
fn fatal(message: &str) -> Option<String> {
    const ORIGINAL: &str = "Original error: ";
    if !message.contains("FATAL Error") && !message.contains("database has been invalidated") {
        return None;
    }
    let original = match message.split_once(ORIGINAL) {
        Some((_, original)) => original.trim().trim_matches('"'),
        None => message.trim_start_matches("FATAL Error: "),
    };
    Some(original.lines().next().unwrap_or_default().to_owned())
}

impl From<duckdb::Error> for Error {
    fn from(error: duckdb::Error) -> Error {
        sql_error(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_was_given_up_is_told_from_a_query_that_failed() {
        let first = "FATAL Error: Failed to create checkpoint because of error: disk full";
        let later = "FATAL Error: Failed: database has been invalidated because of a previous \
                     fatal error. The database must be restarted prior to being used again.\n\
                     Original error: \"Failed to create checkpoint because of error: disk full\"";
        let expected = "Failed to create checkpoint because of error: disk full";
        for message in [first, later] {
            let error = said(message.to_owned());
            assert!(matches!(&error, Error::Invalidated(reason) if reason == expected), "{error}");
        }
        assert!(matches!(said("Parser Error: x".to_owned()), Error::Sql(_)));
    }
}
