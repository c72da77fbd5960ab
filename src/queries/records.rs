//! Records, the newest first, a page at a time; those around one; those that just came in.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::range::Span;
use super::search::Filter;
use super::{Moment, Parameters};
use crate::error::Result;
use crate::record::Micros;
use crate::store::Session;

const PAGE: &str = include_str!("../../sql/records.sql");
const NEWEST: &str = include_str!("../../sql/newest.sql");
const NEWEST_COUNT: &str = include_str!("../../sql/newest_count.sql");
const LAST_ROW: &str = include_str!("../../sql/last_row.sql");
const WINDOW: &str = include_str!("../../sql/window.sql");

/// Records that a search looks at first; then four times as many, and so on: what is new
/// is found at once, however long the history is.
const FIRST_WINDOW_RECORDS: i64 = 1_000_000;

/// After this time a search shows what it has and says how far it looked.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// One record.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Record {
    /// Names it for `around`; stays the same until records are deleted.
    pub id: i64,
    /// Event time, UTC.
    pub ts: Moment,
    pub level: Option<String>,
    pub service: Option<String>,
    pub host: Option<String>,
    pub message: String,
    /// Everything else the line carries: a JSON object.
    #[schema(value_type = Option<Object>)]
    pub fields: Option<Box<RawValue>>,
    pub source: i64,
    pub source_name: Option<String>,
    pub ingested: Moment,
}

/// Records, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page {
    pub records: Vec<Record>,
    /// `before` for older ones; null if there are no more.
    pub next: Option<String>,
    /// `after` for newer ones.
    pub newest: Option<String>,
    /// A search that takes long shows what it has: so far back it looked (milliseconds since
    /// 1970); go on with `next`. Null if it looked at all it had to.
    pub scanned_to: Option<i64>,
    pub elapsed_ms: f64,
}

/// A place in the order of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub ts: Micros,
    pub id: i64,
}

impl Cursor {
    pub fn text(self) -> String {
        format!("{}_{}", self.ts, self.id)
    }

    pub fn parse(text: &str) -> Option<Cursor> {
        let (ts, id) = text.split_once('_')?;
        Some(Cursor { ts: ts.parse().ok()?, id: id.parse().ok()? })
    }

    fn of(record: &Record) -> Cursor {
        Cursor { ts: record.ts.0, id: record.id }
    }
}

/// Where a page begins.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place {
    pub before: Option<Cursor>,
    pub after: Option<Cursor>,
}

/// A page of records.
pub fn page(
    session: &Session,
    span: Span,
    filter: &Filter,
    place: Place,
    limit: usize,
) -> Result<Page> {
    let started = Instant::now();
    let mut records: Vec<Record> = Vec::new();
    let to = place.before.map_or(span.to, |before| span.to.min(before.ts + 1));
    let mut left = Span { from: span.from, to: to.max(span.from) };
    let mut wanted = FIRST_WINDOW_RECORDS;
    while left.length() > 0 && records.len() < limit {
        let window = Span { from: window_start(session, left, wanted)?, to: left.to };
        let parameters = window
            .parameters()
            .maybe("before_ts", place.before.map(|cursor| cursor.ts))
            .maybe("before_id", place.before.map(|cursor| cursor.id))
            .maybe("after_ts", place.after.map(|cursor| cursor.ts))
            .maybe("after_id", place.after.map(|cursor| cursor.id))
            .with("limit", limit - records.len())
            .and(&filter.parameters);
        records.extend(session.rows::<Record>(&filter.applied(PAGE), &parameters.as_slice())?);
        left.to = window.from;
        wanted = wanted.saturating_mul(4);
        if started.elapsed() > PATIENCE {
            break;
        }
    }
    Ok(finished(records, left, place, limit, started))
}

fn finished(
    records: Vec<Record>,
    left: Span,
    place: Place,
    limit: usize,
    started: Instant,
) -> Page {
    let is_full = records.len() >= limit;
    let looked_at_all = left.length() == 0;
    let next = match (records.last().map(Cursor::of), looked_at_all) {
        (Some(last), _) if is_full => Some(last.text()),
        (_, true) => None,
        // Everything before this time has still to be looked at.
        (_, false) => Some(Cursor { ts: left.to - 1, id: i64::MAX }.text()),
    };
    let newest = records.first().map(Cursor::of).or(place.after).map(Cursor::text);
    let scanned_to = (!is_full && !looked_at_all).then_some(left.to / 1_000);
    let elapsed_ms = started.elapsed().as_secs_f64() * 1_000.0;
    Page { records, next, newest, scanned_to, elapsed_ms }
}

#[derive(Deserialize)]
struct Start {
    start: Option<Micros>,
}

/// Where the newest `records` records of a span begin.
fn window_start(session: &Session, span: Span, records: i64) -> Result<Micros> {
    let parameters = span.parameters().with("records", records);
    let row: Start = session.row(WINDOW, &parameters.as_slice())?;
    Ok(row.start.map_or(span.from, |start| start.clamp(span.from, span.to - 1)))
}

#[derive(Deserialize)]
struct LastRow {
    id: i64,
}

/// The row that came in last.
pub fn last_row(session: &Session) -> Result<i64> {
    let row: LastRow = session.row(LAST_ROW, &[])?;
    Ok(row.id)
}

#[derive(Deserialize)]
struct Count {
    n: i64,
}

/// The newest records after a row, in order of arrival, and how many more there were.
pub fn newest(
    session: &Session,
    filter: &Filter,
    after: i64,
    limit: usize,
) -> Result<(Vec<Record>, i64)> {
    let parameters =
        Parameters::new().with("after", after).with("limit", limit).and(&filter.parameters);
    let records: Vec<Record> = session.rows(&filter.applied(NEWEST), &parameters.as_slice())?;
    if records.len() < limit {
        return Ok((records, 0));
    }
    let count: Count = session.row(&filter.applied(NEWEST_COUNT), &parameters.as_slice())?;
    let more = count.n - records.len() as i64;
    Ok((records, more))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_read_back() {
        let cursor = Cursor { ts: -5, id: 7 };
        assert_eq!(Cursor::parse(&cursor.text()), Some(cursor));
        for text in ["", "1", "1_", "a_b", "1_2_3"] {
            assert_eq!(Cursor::parse(text), None);
        }
    }
}
