//! Pintail turns log lines into a DuckDB database that people query with SQL.
//!
//! ```text
//! file | directory | pipe                              HTTP | syslog | standard input
//!    └─ ingest: decode, cut into blocks                     └─ receive: decode, a Parcel
//!       of whole records ─▶ parse ─▶ Batch (columns)           │   many Parcels at a time
//!                                      │                       ▼
//!    store: one transaction of rows, rejects, rollups and positions or receipts
//!                     │
//!                  DuckDB ─▶ sql, export
//!                     ├────▶ queries ─▶ http ─▶ the page in web/
//!                     └────▶ detect: windowed SQL over the rollups ─▶ anomalies
//!                               ▲                                        │
//!                            monitor, once a minute ◀────────────────────┘─▶ alert ─▶ e-mail
//! ```
//!
//! The modules, in the order in which they may use each other:
//!
//! | module | what it is |
//! |---|---|
//! | [`error`] | the one error of the library |
//! | [`config`] | every limit and default |
//! | [`clock`], [`stop`], [`memory`], [`tls`], [`door`] | what time it is; telling threads to end; a bound for the process; certificates; where connections come in |
//! | [`escape`] | text from logs, where it leaves Pintail: shown and not obeyed |
//! | [`record`] | a parsed log entry; the level scale |
//! | [`parse`] | bytes to records, pure: one file a format, detection, timestamps, multi-line rules |
//! | [`generate`] | seeded synthetic logs with planted incidents and their truth |
//! | [`store`] | the only module that names duckdb: open, migrate, batch, write, query |
//! | [`queries`] | the questions Pintail itself asks: parameters in, typed rows out; the search language |
//! | [`render`] | rows as CSV |
//! | [`ingest`] | files and pipes to batches, on all cores; following files |
//! | [`receive`] | what comes in over the network: decoders, and the desk where it is committed |
//! | [`detect`] | runs sql/detect/*.sql, stores what they find |
//! | [`alert`] | the life of an alert, e-mail |
//! | [`backtest`] | how often a detector would have told people |
//! | [`monitor`] | the tick: detect, store, alert |
//! | [`http`] | the API and the page, and what keeps strangers out |
//! | [`cmd`] | the command line: one subcommand a file |
//!
//! A line's way: [`ingest::inputs`] finds its file (and [`ingest::follow`] looks again and again),
//! `ingest::prepare` knows the file again and fits a [`parse::Dialect`] to it, `ingest::cut` cuts a
//! block around the line, [`parse::read_block`] makes it a [`record::Record`] in a
//! [`store::Batch`], and [`store::Writer`] commits it together with the position that says it is
//! in. Once known, a followed file is read on by `ingest::tail`. What a client sends goes from
//! [`http::push`] or [`receive::listen`] through a decoder to the [`receive::Desk`], whose clerk
//! commits it before the client hears that it is in. From there [`queries::records`] reads it for the page, and `http::tail` shows it as it comes.

// What tests may do, the product may not.
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::let_underscore_must_use))]
#![warn(clippy::undocumented_unsafe_blocks)]

pub mod alert;
pub mod backtest;
pub mod clock;
pub mod cmd;
pub mod config;
pub mod detect;
pub mod door;
pub mod error;
pub mod escape;
pub mod generate;
pub mod http;
pub mod ingest;
pub mod memory;
pub mod monitor;
pub mod parse;
pub mod queries;
pub mod receive;
pub mod record;
pub mod render;
pub mod stop;
pub mod store;
pub mod tls;
