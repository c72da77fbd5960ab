//! What follows from values: means of the last rows, and residuals from what is usual.

use serde::Deserialize;

use super::kept::Kept;
use super::{RECENT, records};
use crate::detect::stream::{CELLS_AT_ONCE, Span, built_in, run, script};
use crate::error::Result;
use crate::queries::Parameters;
use crate::store::Session;

/// Rows of the series in `values_part` that are computed, and of no others.
pub(super) struct Computed {
    /// In which past.
    pub(super) since: i64,
    /// The first minute of any of them.
    pub(super) first: i64,
    /// Values before that are kept, the others are in `values_read`.
    pub(super) until: i64,
    /// Exclusive.
    pub(super) to: i64,
}

impl Computed {
    /// Makes `values_fresh`.
    pub(super) fn make(&self, session: &Session) -> Result<()> {
        let Computed { since, first, until, to } = self;
        let parameters = Parameters::new()
            .with("since", since)
            .with("first", first)
            .with("until", until)
            .with("to", to);
        run(session, sql!("begun"), &parameters)?;
        run(session, sql!("recent"), &parameters)?;
        let values = built_in("values");
        let all = Parameters::new().maybe("to", None::<i64>);
        run(session, values.statement("steps"), &all)?;
        run(session, values.statement("means"), &all)?;
        run(session, sql!("slots"), &parameters)?;
        run(session, values.statement("residuals"), &all)?;
        run(session, sql!("fresh"), &parameters)
    }
}

/// Computes what is not there of a past: of recent minutes all, of earlier ones for some series. Whether
/// there was anything to do.
pub(super) fn repair(session: &Session, since: i64, kept: &Kept) -> Result<bool> {
    let recent = kept.until - RECENT;
    let asked =
        Parameters::new().with("recent", recent).with("since", since).with("until", kept.until);
    let stale: Stale = session.row(sql!("stale"), &asked.as_slice())?;
    if stale.recent > 0 {
        run(session, sql!("part_recent"), &asked)?;
        compute(session, since, kept)?;
    }
    if stale.series > stale.recent {
        let most = (CELLS_AT_ONCE / (kept.until - since).max(1)).max(1);
        run(session, sql!("part_some"), &asked.with("most", most))?;
        compute(session, since, kept)?;
    }
    Ok(stale.series > 0)
}

/// What of a past still has to be computed.
pub(super) fn missing(session: &Session, since: i64, kept: &Kept) -> Result<Missing> {
    let asked = Parameters::new().with("recent", 0).with("since", since).with("until", kept.until);
    let stale: Stale = session.row(sql!("stale"), &asked.as_slice())?;
    Ok(match stale {
        Stale { series: 0, .. } => Missing::Nothing,
        Stale { never: 0, .. } => Missing::OfSome,
        Stale { .. } => Missing::OfAll,
    })
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Missing {
    Nothing,
    /// Of series that got other records since.
    OfSome,
    /// The past is new.
    OfAll,
}

fn compute(session: &Session, since: i64, kept: &Kept) -> Result<()> {
    let first: First = session.row(sql!("first"), &[])?;
    let Some(first) = first.minute else { return Ok(()) };
    records::read_open(session, Span { from: kept.until, to: kept.until })?;
    Computed { since, first, until: kept.until, to: kept.until }.make(session)?;
    let parameters =
        Parameters::new().with("since", since).with("first", first).with("until", kept.until);
    session.transaction(|| script(session, sql!("repaired"), &parameters))
}

#[derive(Deserialize)]
struct Stale {
    series: i64,
    recent: i64,
    never: i64,
}

#[derive(Deserialize)]
struct First {
    minute: Option<i64>,
}
