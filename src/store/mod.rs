//! The database: the only module that names duckdb (with [`queries`](crate::queries),
//! which runs SQL files on its connections).
//!
//! ```text
//! records of a block ─▶ Batch (columns) ─▶ Writer: one transaction of rows, rejects,
//!                                          rollups and positions ─▶ commit
//! Store::open ─ migrates, holds the lock ─▶ Store::writer (one a worker), Store::connect
//! ```
//!
//! - [`database`]: opening, the lock, settings.
//! - [`migrations`]: the schema and its versions.
//! - [`batch`]: the columns that workers fill.
//! - [`bulk`]: appending columns to tables. The unsafe code is there.
//! - [`writer`]: transactions, sized for the storage.
//! - [`sources`]: what is known about where records came from.
//! - [`output`]: results of ad-hoc SQL as rows of text, streamed.

pub mod batch;
mod bulk;
pub mod database;
mod migrations;
// pub mod output;
pub mod sources;
pub mod writer;

pub use batch::Batch;
pub use database::{Access, Connection, Store};
pub use writer::Writer;

use crate::error::Error;

/// What duckdb says of an error, without the crate's own wrapping.
pub(crate) fn sql_error(error: duckdb::Error) -> Error {
    match error {
        duckdb::Error::DuckDBFailure(_, Some(message)) => Error::Sql(message),
        other => Error::Sql(other.to_string()),
    }
}

impl From<duckdb::Error> for Error {
    fn from(error: duckdb::Error) -> Error {
        sql_error(error)
    }
}
