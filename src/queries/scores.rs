//! Every series' score over time, with the band of what would have been normal.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Parameters;
use super::range::{MINUTE, Span};
use super::settings::Settings;
use crate::error::Result;
use crate::record::Micros;
use crate::store::Session;

const QUERY: &str = include_str!("../../sql/scores.sql");
const SCALE: &str = include_str!("../../sql/scores_scale.sql");

/// More lines than this are not told apart.
const SERIES_MAX: usize = 8;

/// Scores of a detector over time.
#[derive(Debug, Serialize, ToSchema)]
pub struct Scores {
    pub detector: String,
    /// From which score on a series that is unusual alone counts.
    pub threshold: f64,
    /// Milliseconds since 1970.
    pub from: i64,
    pub to: i64,
    pub step_ms: i64,
    /// What is counted by the z-score: records of this level and above.
    pub level: String,
    pub window_minutes: u32,
    pub guard_minutes: u32,
    /// Those with the largest scores first.
    pub series: Vec<Series>,
    /// How many series were left out.
    pub more_series: i64,
}

/// One line; values are null where there is not enough past to judge by.
#[derive(Debug, Serialize, ToSchema)]
pub struct Series {
    /// A service; empty for records without one.
    pub series: String,
    /// Milliseconds since 1970, one a step: of each, the minute with the largest score.
    pub times: Vec<i64>,
    pub observed: Vec<Option<f64>>,
    pub expected: Vec<Option<f64>>,
    /// What the threshold is multiplied with to get the band around what is expected; null for
    /// detectors whose band is not of that kind.
    pub scale: Vec<Option<f64>>,
    /// The band at the detector's own threshold.
    pub low: Vec<Option<f64>>,
    pub high: Vec<Option<f64>>,
    /// In the detector's unit.
    pub score: Vec<Option<f64>>,
}

#[derive(Deserialize)]
struct Row {
    series: String,
    more: i64,
    step: i64,
    minute: Micros,
    observed: f64,
    expected: f64,
    scale: Option<f64>,
    low: f64,
    high: f64,
    score: f64,
}

/// The minutes that the detector left in the session, in at most about `points` steps.
pub fn scores(
    session: &Session,
    span: Span,
    settings: &Settings,
    points: usize,
    (detector, threshold): (String, f64),
) -> Result<Scores> {
    session.execute(SCALE, &[])?;
    let step = span.bucket(points).max(MINUTE);
    let span = span.rounded(step);
    let parameters =
        Parameters::new().with("from", span.from).with("step", step).with("series_max", SERIES_MAX);
    let rows: Vec<Row> = session.rows(QUERY, &parameters.as_slice())?;
    Ok(Scores {
        detector,
        threshold,
        from: span.from / 1_000,
        to: span.to / 1_000,
        step_ms: step / 1_000,
        level: settings.level.clone(),
        window_minutes: settings.window_minutes,
        guard_minutes: settings.guard_minutes,
        more_series: rows.first().map_or(0, |row| row.more),
        series: lines(rows, span, step),
    })
}

/// Rows, which are in order of their series, as lines in which every step has a place.
fn lines(rows: Vec<Row>, span: Span, step: Micros) -> Vec<Series> {
    let mut lines: Vec<Series> = Vec::new();
    let steps = (span.length() / step).max(0) as usize;
    for row in rows {
        if lines.last().is_none_or(|line| line.series != row.series) {
            lines.push(Series {
                series: row.series,
                times: super::range::times(span, step),
                observed: vec![None; steps],
                expected: vec![None; steps],
                scale: vec![None; steps],
                low: vec![None; steps],
                high: vec![None; steps],
                score: vec![None; steps],
            });
        }
        let (Some(line), Ok(at)) = (lines.last_mut(), usize::try_from(row.step)) else {
            continue;
        };
        if at < steps {
            line.times[at] = row.minute / 1_000;
            line.observed[at] = Some(row.observed);
            line.expected[at] = Some(row.expected);
            line.scale[at] = row.scale;
            line.low[at] = Some(row.low);
            line.high[at] = Some(row.high);
            line.score[at] = Some(row.score);
        }
    }
    lines
}
