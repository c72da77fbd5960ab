//! Columns of records, without the database that they are for.

#[path = "../../src/store/batch.rs"]
pub mod batch;

pub use batch::Batch;
