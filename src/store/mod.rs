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
pub mod writer;

pub use batch::Batch;
pub use database::{Access, Connection, Store};
pub use output::{Parameter, RowSink, Session};
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
