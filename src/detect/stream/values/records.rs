//! The values of minutes, which follow from their records, and minutes that got other records since.

use serde::Deserialize;

use super::RECORDS_AT_ONCE;
use crate::detect::stream::{Span, run, script};
use crate::error::Result;
use crate::record::Micros;
use crate::store::Session;

/// Reads minutes again that have other records than their values were computed from; whether these were
/// all. It reads about a second's worth, and an hour at least.
pub(super) fn refresh(session: &Session, span: Span) -> Result<bool> {
    if span.from >= span.to {
        return Ok(true);
    }
    run(session, sql!("changed"), &span.parameters())?;
    let hours: Vec<ChangedHour> = session.rows(sql!("changed_hours"), &[])?;
    let mut read = 0;
    for hour in hours {
        if read > 0 && read + hour.records > RECORDS_AT_ONCE {
            return Ok(false);
        }
        read += hour.records.max(1);
        let span = Span { from: hour.from_minute, to: hour.to_minute }.parameters();
        run(session, sql!("asked_changed"), &span)?;
        run(session, sql!("read"), &span)?;
        session.transaction(|| {
            run(session, sql!("names"), &span)?;
            script(session, sql!("replace"), &span)
        })?;
    }
    Ok(true)
}

/// Reads minutes whose values are not kept yet, as `values_read`.
pub(super) fn read_open(session: &Session, span: Span) -> Result<()> {
    let open = span.parameters().with("open", span.from);
    run(session, sql!("asked_open"), &open)?;
    run(session, sql!("read"), &open)
}

/// Between which of these minutes records have arrived since.
pub(super) fn arrived(session: &Session, since: Micros, span: Span) -> Result<Option<Span>> {
    let parameters = span.parameters().with("arrived", since);
    let found: Arrived = session.row(sql!("arrived"), &parameters.as_slice())?;
    Ok(found.from_minute.zip(found.to_minute).map(|(from, to)| Span { from, to: to + 1 }))
}

pub(super) fn count(session: &Session, span: Span) -> Result<i64> {
    let counted: Counted = session.row(sql!("records"), &span.parameters().as_slice())?;
    Ok(counted.records)
}

/// The first of these minutes whose records can be read in one go.
pub(super) fn piece(session: &Session, span: Span) -> Result<Span> {
    let mut piece = span;
    loop {
        let minutes = piece.to - piece.from;
        if minutes <= 10 || count(session, piece)? <= RECORDS_AT_ONCE {
            return Ok(piece);
        }
        piece.to = piece.from + minutes / 2;
    }
}

#[derive(Deserialize)]
struct ChangedHour {
    from_minute: i64,
    to_minute: i64,
    records: i64,
}

#[derive(Deserialize)]
struct Arrived {
    from_minute: Option<i64>,
    to_minute: Option<i64>,
}

#[derive(Deserialize)]
struct Counted {
    records: i64,
}
