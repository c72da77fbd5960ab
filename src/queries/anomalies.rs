//! Anomalous entries: minutes that a detector found, those that belong together joined.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::range::Span;
use super::subject::Subject;
use super::{Moment, Parameters};
use crate::error::Result;
use crate::store::Session;

const QUERY: &str = include_str!("../../sql/anomalies.sql");

/// Of what a detector has just found, and of what the monitor has.
const FOUND: &str = include_str!("../../sql/found_all.sql");
const STORED: &str = include_str!("../../sql/found_stored.sql");

/// Minutes without anything unusual that end an anomaly.
pub const GAP_MINUTES: u32 = 30;

/// Unusual minutes, those that belong together joined, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Anomalies {
    /// The score from which on a minute counts, in the detector's unit; null for what the monitor has
    /// found.
    pub threshold: Option<f64>,
    /// At most 1,000.
    pub anomalies: Vec<Anomaly>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Anomaly {
    pub start: Moment,
    /// Exclusive.
    pub end: Moment,
    pub series: String,
    /// What the series is about: null is all, an empty service or level is records without one.
    pub service: Option<String>,
    /// Exactly this level.
    pub level: Option<String>,
    /// This level and above.
    pub min_level: Option<String>,
    pub field: Option<String>,
    /// Of the minute with the highest score, as what follows.
    pub observed: f64,
    pub expected: f64,
    /// The band that would have been normal.
    pub low: f64,
    pub high: f64,
    /// In the detector's unit: standard deviations, mostly.
    pub score: f64,
    /// `high` or `low`.
    pub direction: String,
    pub detector: String,
    pub duration_minutes: i64,
    /// One sentence.
    pub reason: String,
    /// Somebody said of the same slot of the day that it is to be expected: nobody is told.
    pub is_expected: bool,
    /// What somebody said of it.
    pub mark: Option<AnomalyMark>,
    /// What people were told of it.
    pub alert: Option<AlertState>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AnomalyMark {
    pub id: i64,
    /// `expected` or `real`.
    pub verdict: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AlertState {
    pub id: i64,
    /// `open` or `closed`.
    pub state: String,
    /// `pending`, `sent` or `failed`; null if nobody was to be told.
    pub mail: Option<String>,
}

#[derive(Deserialize)]
struct Row {
    start: Moment,
    until: Moment,
    series: String,
    #[serde(flatten)]
    subject: Subject,
    observed: f64,
    expected: f64,
    low: f64,
    high: f64,
    score: f64,
    direction: String,
    detector: String,
    duration_minutes: i64,
    reason: String,
    is_expected: bool,
    mark: Option<i64>,
    verdict: Option<String>,
    alert: Option<i64>,
    alert_state: Option<String>,
    mail: Option<String>,
}

/// What the detector left in the session.
pub fn found(session: &Session, detector: &str) -> Result<Vec<Anomaly>> {
    session.execute(FOUND, &Parameters::new().with("detector", detector).as_slice())?;
    joined(session)
}

/// What the monitor has found in a span.
pub fn stored(session: &Session, span: Span) -> Result<Vec<Anomaly>> {
    session.execute(STORED, &span.parameters().as_slice())?;
    joined(session)
}

fn joined(session: &Session) -> Result<Vec<Anomaly>> {
    let parameters = Parameters::new().with("gap", GAP_MINUTES);
    let rows: Vec<Row> = session.rows(QUERY, &parameters.as_slice())?;
    Ok(rows.into_iter().map(anomaly).collect())
}

fn anomaly(row: Row) -> Anomaly {
    let alert = row.alert.zip(row.alert_state);
    Anomaly {
        start: row.start,
        end: row.until,
        series: row.series,
        service: row.subject.service,
        level: row.subject.level,
        min_level: row.subject.min_level,
        field: row.subject.field,
        observed: row.observed,
        expected: row.expected,
        low: row.low,
        high: row.high,
        score: row.score,
        direction: row.direction,
        detector: row.detector,
        duration_minutes: row.duration_minutes,
        reason: row.reason,
        is_expected: row.is_expected,
        mark: row.mark.zip(row.verdict).map(|(id, verdict)| AnomalyMark { id, verdict }),
        alert: alert.map(|(id, state)| AlertState { id, state, mail: row.mail }),
    }
}
