//! Records of one source around one: in windows of time that grow until there are enough, so that what
//! is read is what is shown, however long the history of the source is.

use serde::Deserialize;

use super::Parameters;
use super::range::MINUTE;
use super::records::Record;
use crate::error::Result;
use crate::record::Micros;
use crate::store::Session;

const PLACE: &str = include_str!("../../sql/around_place.sql");
const EXTENT: &str = include_str!("../../sql/around_extent.sql");
const EARLIER: &str = include_str!("../../sql/around_earlier.sql");
const LATER: &str = include_str!("../../sql/around_later.sql");

/// How far is looked at first; then so many times as far, and so on.
const FIRST_WINDOW: Micros = MINUTE;
const GROWTH: Micros = 10;

#[derive(Deserialize)]
struct Place {
    ts: Micros,
    source: i64,
}

#[derive(Deserialize)]
struct Extent {
    first: Option<Micros>,
    last: Option<Micros>,
}

/// Up to `before` records before one and `after` after it, in order of their time; none if there is no
/// such record.
pub fn around(session: &Session, id: i64, before: usize, after: usize) -> Result<Vec<Record>> {
    let place: Vec<Place> = session.rows(PLACE, &Parameters::new().with("id", id).as_slice())?;
    let Some(Place { ts, source }) = place.into_iter().next() else {
        return Ok(Vec::new());
    };
    // A record may lie beyond what is counted so far.
    let all: Extent = session.row(EXTENT, &[])?;
    let first = all.first.map_or(ts, |first| first.min(ts));
    let last = all.last.map_or(ts, |last| last.max(ts)) + MINUTE;
    let known = Parameters::new().with("id", id).with("ts", ts).with("source", source);
    let mut records = grown(ts - first, before + 1, |width| {
        let parameters =
            known.clone().with("from", ts.saturating_sub(width)).with("limit", before + 1);
        session.rows(EARLIER, &parameters.as_slice())
    })?;
    records.reverse();
    records.extend(grown(last - ts, after, |width| {
        let parameters = known.clone().with("to", ts.saturating_add(width)).with("limit", after);
        session.rows(LATER, &parameters.as_slice())
    })?);
    Ok(records)
}

/// What `read` finds in a window that grows until it has `wanted` records or holds all there is.
fn grown(
    all: Micros,
    wanted: usize,
    mut read: impl FnMut(Micros) -> Result<Vec<Record>>,
) -> Result<Vec<Record>> {
    let mut width = FIRST_WINDOW;
    loop {
        let found = if wanted == 0 { Vec::new() } else { read(width)? };
        if found.len() >= wanted || width > all {
            return Ok(found);
        }
        width = width.saturating_mul(GROWTH);
    }
}
