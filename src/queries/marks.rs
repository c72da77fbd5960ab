//! What people said of anomalies: that they are to be expected, or real.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Moment, Parameters};
use crate::error::Result;
use crate::record::Micros;
use crate::store::Session;

const LIST: &str = include_str!("../../sql/mark_list.sql");
const ADD: &str = include_str!("../../sql/mark_add.sql");
const NEXT_ID: &str = "select coalesce(max(id), 0) + 1 as id from marks";
const DELETE: &str = "delete from marks where id = $id::integer";

/// Marks, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Marks {
    pub marks: Vec<Mark>,
}

/// What somebody said of an anomaly.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Mark {
    pub id: i64,
    pub detector: String,
    pub series: String,
    /// `high` or `low`.
    pub direction: String,
    pub start: Moment,
    /// Exclusive.
    pub end: Moment,
    /// The most unusual of it: up to one and a half times of it is expected.
    pub observed: f64,
    /// `expected`: the same slot of the day alarms no more; if it lasted 22 hours or more, only what
    /// lies between its start and its end. `real`: it is to be found.
    pub verdict: String,
    pub note: Option<String>,
    pub made: Moment,
}

/// A mark to be made.
#[derive(Clone, Debug)]
pub struct NewMark {
    pub detector: String,
    pub series: String,
    pub direction: String,
    pub start: Micros,
    /// Exclusive.
    pub end: Micros,
    pub observed: f64,
    pub verdict: String,
    pub note: Option<String>,
}

pub fn list(session: &Session) -> Result<Marks> {
    Ok(Marks { marks: session.rows(LIST, &[])? })
}

#[derive(Deserialize)]
struct Id {
    id: i64,
}

/// Adds a mark; what was said before of the same anomaly is replaced.
pub fn add(session: &Session, mark: &NewMark, now: Micros) -> Result<Mark> {
    session.transaction(|| {
        let Id { id } = session.row(NEXT_ID, &[])?;
        let parameters = Parameters::new()
            .with("id", id)
            .with("detector", &mark.detector)
            .with("series", &mark.series)
            .with("direction", &mark.direction)
            .with("start", mark.start)
            .with("end", mark.end)
            .with("observed", mark.observed)
            .with("verdict", &mark.verdict)
            .maybe("note", mark.note.as_ref())
            .with("now", now);
        for statement in crate::store::statements::split(ADD) {
            session.execute(statement, &parameters.as_slice())?;
        }
        Ok(Mark {
            id,
            detector: mark.detector.clone(),
            series: mark.series.clone(),
            direction: mark.direction.clone(),
            start: Moment(mark.start),
            end: Moment(mark.end),
            observed: mark.observed,
            verdict: mark.verdict.clone(),
            note: mark.note.clone(),
            made: Moment(now),
        })
    })
}

/// Whether there was one.
pub fn delete(session: &Session, id: i64) -> Result<bool> {
    let known = list(session)?.marks.iter().any(|mark| mark.id == id);
    session.execute(DELETE, &Parameters::new().with("id", id).as_slice())?;
    Ok(known)
}
