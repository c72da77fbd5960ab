pub mod cmd;
pub mod config;
pub mod error;
pub mod generate;
pub mod ingest;
pub mod parse;
pub mod record;
pub mod store;
