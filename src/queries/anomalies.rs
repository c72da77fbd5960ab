//! Anomalous entries: minutes that a detector found, those that belong together joined.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Moment, Parameters};
use crate::error::Result;
use crate::store::Session;

const QUERY: &str = include_str!("../../sql/anomalies.sql");

/// Minutes without anything unusual that end an anomaly.
pub const GAP_MINUTES: u32 = 5;

/// Unusual minutes, those that belong together joined, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Anomalies {
    /// In standard deviations.
    pub threshold: f64,
    /// At most 1,000.
    pub anomalies: Vec<Anomaly>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Anomaly {
    pub start: Moment,
    /// Exclusive.
    pub end: Moment,
    /// Null for records without a service.
    pub service: Option<String>,
    /// Records of this level and above were counted.
    pub level: String,
    /// Of the minute with the highest score, as what follows.
    pub observed: f64,
    pub expected: f64,
    /// The band that would have been normal.
    pub low: f64,
    pub high: f64,
    /// In standard deviations.
    pub score: f64,
    /// `high` or `low`.
    pub direction: String,
    pub detector: String,
    pub duration_minutes: i64,
    /// One sentence.
    pub reason: String,
    /// What people were told of it.
    pub alert: Option<AlertState>,
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
    service: Option<String>,
    level: String,
    observed: f64,
    expected: f64,
    low: f64,
    high: f64,
    score: f64,
    direction: String,
    detector: String,
    duration_minutes: i64,
    reason: String,
    alert: Option<i64>,
    alert_state: Option<String>,
    mail: Option<String>,
}

/// What the detector left in the session.
pub fn anomalies(session: &Session, detector: &str, level: &str) -> Result<Vec<Anomaly>> {
    let parameters =
        Parameters::new().with("detector", detector).with("gap", GAP_MINUTES).with("level", level);
    let rows: Vec<Row> = session.rows(QUERY, &parameters.as_slice())?;
    Ok(rows.into_iter().map(anomaly).collect())
}

fn anomaly(row: Row) -> Anomaly {
    let alert = row.alert.zip(row.alert_state);
    Anomaly {
        start: row.start,
        end: row.until,
        service: row.service,
        level: row.level,
        observed: row.observed,
        expected: row.expected,
        low: row.low,
        high: row.high,
        score: row.score,
        direction: row.direction,
        detector: row.detector,
        duration_minutes: row.duration_minutes,
        reason: row.reason,
        alert: alert.map(|(id, state)| AlertState { id, state, mail: row.mail }),
    }
}
