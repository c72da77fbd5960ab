//! Where records came from, and what of it could not be read.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{Moment, Parameters};
use crate::error::Result;
use crate::record::Micros;
use crate::store::Session;

const SOURCES: &str = include_str!("../../sql/source_list.sql");
const REASONS: &str = include_str!("../../sql/reject_reasons.sql");
const LINES: &str = include_str!("../../sql/reject_lines.sql");

/// Over which time a source's rate is measured, in microseconds.
const RATE_WINDOW: Micros = 60_000_000;

/// A source as the database knows it.
#[derive(Debug, Deserialize)]
pub struct Source {
    pub id: i64,
    pub name: String,
    pub kind: String,
    pub format: Option<String>,
    pub score: Option<f64>,
    pub formats: Option<Box<RawValue>>,
    pub records: i64,
    pub rejects: i64,
    pub received: i64,
    pub parsed: i64,
    pub stored: i64,
    pub rejected: i64,
    pub duplicates: i64,
    pub dropped: i64,
    pub missing: i64,
    pub bytes: i64,
    pub file_bytes: Option<i64>,
    recent: i64,
    pub first_seen: Moment,
    pub last_seen: Option<Moment>,
    pub first_ts: Option<Moment>,
    pub last_ts: Option<Moment>,
    pub ahead: i64,
    pub before_1990: i64,
    pub doubt: Option<String>,
}

impl Source {
    /// Over the last minute.
    pub fn records_per_second(&self) -> f64 {
        self.recent.max(0) as f64 / (RATE_WINDOW / 1_000_000) as f64
    }
}

/// The 1,000 sources that brought something last.
pub fn sources(session: &Session, now: Micros) -> Result<Vec<Source>> {
    let parameters = Parameters::new().with("since", now - RATE_WINDOW);
    session.rows(SOURCES, &parameters.as_slice())
}

/// Lines of a source that no format could read.
#[derive(Debug, Serialize, ToSchema)]
pub struct Rejects {
    pub reasons: Vec<RejectReason>,
    /// Those that lie last in the source first.
    pub rejects: Vec<Reject>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RejectReason {
    pub reason: String,
    pub count: i64,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Reject {
    /// Where the line lies in its source, in bytes.
    pub start_byte: i64,
    pub end_byte: i64,
    pub reason: String,
    /// Its first 4 KiB.
    pub line: String,
    pub ingested: Moment,
}

pub fn rejects(session: &Session, source: i64, limit: usize) -> Result<Rejects> {
    let parameters = Parameters::new().with("source", source).with("limit", limit);
    Ok(Rejects {
        reasons: session.rows(REASONS, &parameters.as_slice())?,
        rejects: session.rows(LINES, &parameters.as_slice())?,
    })
}
