//! What has to be read of the records: those of the last hours, and of the past minutes that are asked for.

use serde::Deserialize;

use super::closing::Closing;
use super::{ALL, HOURS_PAST, Span, WINDOW, built_in, extent, run, script};
use crate::error::Result;
use crate::queries::Parameters;
use crate::store::Session;

/// Makes `recent`, `names` and what follows from the arrivals, for windows that begin with those of
/// `from`, when hours from the minute `open` on are not kept.
pub(super) fn prepare(session: &Session, from: i64, to: i64, open: i64) -> Result<()> {
    let since = open.min(from - WINDOW);
    read_recent(session, Span { from: since, to }, ALL)?;
    count_clocks(session, open, to)?;
    // Downtime makes windows longer.
    if let Some(earlier) = windows_since(session, from)?.filter(|earlier| *earlier < since) {
        read_recent(session, Span { from: earlier, to }, ALL)?;
    }
    run(session, sql!("names_now"), &Parameters::new())
}

/// The same for hours that are to be closed, with one row for each series and minute in `recent`. `open`
/// is before them if their arrivals are not kept yet, and after them if they are.
pub(super) fn prepare_closed(session: &Session, closing: &Closing, open: i64) -> Result<()> {
    let span = closing.span();
    // Before the next arrival it is not known whether nothing arrived because Pintail was down.
    let mut next = None;
    let mut minutes = 60;
    while next.is_none() && minutes < HOURS_PAST * 60 {
        next = extent(session, Some(span.to), span.to + minutes)?.first;
        minutes *= 4;
    }
    let until = next.map_or(span.to, |next| next + 1);
    read_recent(session, Span { from: open, to: until }, ALL)?;
    count_clocks(session, open, until)?;
    // Only excesses look at what was before.
    let windows = if closing.excesses { windows_since(session, span.from)? } else { None };
    let since = windows.unwrap_or(span.from);
    read_recent(session, Span { from: since, to: span.to }, closing.parts)?;
    join_recent(session)
}

/// Counts the minutes that are not downtime, once `recent` has the arrivals from `open` on.
pub(super) fn count_clocks(session: &Session, open: i64, to: i64) -> Result<()> {
    let parameters = Parameters::new().with("open", open).with("to", to);
    run(session, sql!("arrivals"), &parameters)?;
    run(session, built_in("silence").statement("patience"), &parameters)?;
    script(session, sql!("patience_kept"), &parameters)?;
    run(session, built_in("counts").statement("downtimes"), &parameters)?;
    run(session, sql!("clocks"), &parameters)
}

pub(super) fn windows_since(session: &Session, from: i64) -> Result<Option<i64>> {
    let parameters = Parameters::new().with("from", from);
    let since: Since = session.row(sql!("since"), &parameters.as_slice())?;
    Ok(since.minute)
}

/// Makes `recent`, in one or several rows for a series and minute.
pub(super) fn read_recent(session: &Session, span: Span, parts: (i64, i64)) -> Result<()> {
    let (first_part, last_part) = parts;
    let parameters = span.parameters().with("first_part", first_part).with("last_part", last_part);
    let read = || -> Result<Flaws> {
        run(session, sql!("recent"), &parameters)?;
        session.row(sql!("recent_flaws"), &[])
    };
    let mut flaws = read()?;
    if flaws.unknown {
        script(session, sql!("names"), &parameters)?;
        flaws = read()?;
    }
    // Minutes that have no records in the end must not be there at all.
    if flaws.taken_back { join_recent(session) } else { Ok(()) }
}

/// Joins rows of `recent` of the same series and minute: four times as expensive as to read them.
fn join_recent(session: &Session) -> Result<()> {
    run(session, sql!("recent_joined"), &Parameters::new())
}

/// Replaces `sums` by those of the minutes in `past`.
pub(super) fn sums_of_past(session: &Session) -> Result<()> {
    let empty = "create or replace temporary table past_counts \
                 (id integer, block integer, clock integer, n bigint)";
    session.execute(empty, &[])?;
    let ranges: Vec<PastRange> = session.rows(sql!("past_ranges"), &[])?;
    // No record twice.
    let mut spans: Vec<Span> = Vec::new();
    for PastRange { from_minute: from, to_minute: to } in ranges {
        match spans.last_mut() {
            Some(last) if from <= last.to => last.to = last.to.max(to),
            _ => spans.push(Span { from, to }),
        }
    }
    for span in spans {
        run(session, sql!("past_counts"), &span.parameters())?;
    }
    run(session, sql!("sums_past"), &Parameters::new())
}

#[derive(Deserialize)]
pub(super) struct Since {
    pub(super) minute: Option<i64>,
}

#[derive(Deserialize)]
struct Flaws {
    unknown: bool,
    taken_back: bool,
}

#[derive(Deserialize)]
pub(super) struct PastRange {
    pub(super) from_minute: i64,
    pub(super) to_minute: i64,
}
