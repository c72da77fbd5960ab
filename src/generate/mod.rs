//! The log generator: synthetic, seeded, reproducible.
//!
//! A [`Plan`] says what log is wanted. It becomes a [`Generator`], which places
//! the incidents and compiles the message templates for the format. The log is
//! then cut into slices of time (a minute, less at high rates, so that a few slices
//! fit into the cache), and each slice is a function of the plan and its index alone:
//!
//! ```text
//! Plan ──> Generator ──> slice 0, 1, 2 … ──> run():  all cores, in order ──> Output
//!   incident ┘ │                        └──> play(): as the clock goes  ──> (file, rotation)
//!     services, template, format ─ what a line looks like
//!     rhythm, noise ────────────── how many there are, and when
//! ```
//!
//! For each slice and service a random stream of its own decides how many records
//! there are (a Poisson number around the rhythm of the day), when, and what they
//! say. So the same plan gives the same bytes with any number of threads, and an
//! incident in one service leaves the records of the others as they were.
//!
//! | file | its subject |
//! |---|---|
//! | `plan.rs` | what can be asked for, and what is refused |
//! | `generator.rs` | slices, threads and their order |
//! | `realtime.rs` | the same, paced by the clock |
//! | `slice.rs` | the records of one slice |
//! | `bank.rs` | a service's compiled lines and the draw among them |
//! | `services.rs`, `template.rs` | the messages, and the language they are written in |
//! | `format.rs` | text, CSV, JSON, nginx |
//! | `incident.rs` | what can go wrong, and what it does to the records |
//! | `planting.rs`, `truth.rs` | where incidents go, and the file that tells where they are |
//! | `rhythm.rs`, `noise.rs` | the load over the week; random numbers |
//! | `output.rs` | stdout or a file, with rotation |
//! | `units.rs` | durations, sizes and times as people write them |

mod bank;
mod format;
mod generator;
mod incident;
mod noise;
mod output;
mod plan;
mod planting;
mod realtime;
mod rhythm;
mod services;
mod slice;
mod template;
#[cfg(test)]
mod tests;
mod truth;
mod units;

pub use format::Format;
pub use generator::{Batch, Generator};
pub use incident::{Incident, Kind, Request};
pub use output::{Output, Rotation, Totals};
pub use plan::Plan;
pub use truth::{Truth, TruthIncident};
pub use units::{parse_duration_ms, parse_size, parse_time};
