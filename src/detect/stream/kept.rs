//! Which hours are kept, and by which formulas.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Deserialize;

use super::{
    BASELINE_HOURS, EXCESS_HOURS, HOURS_PAST, MINUTES_AT_ONCE, PARTS, Span, built_in, extent,
    script, some,
};
use crate::detect::MACROS;
use crate::detect::builtin::FromKept;
use crate::error::Result;
use crate::queries::Parameters;
use crate::store::Session;

/// Which hours are closed: those from `first` until `until`, exclusive.
pub(super) struct Kept {
    pub(super) first: i64,
    pub(super) until: i64,
    /// How many parts of the hour `until` are closed.
    pub(super) parts: i64,
    /// From which hour on the excesses are there.
    pub(super) excesses_from: i64,
    /// From which hour on the dispersions of two hours later are there.
    pub(super) dispersions_from: i64,
}

impl Kept {
    pub(super) fn read(session: &Session) -> Result<Option<Kept>> {
        let hours: Vec<ClosedHour> = session.rows(sql!("closed"), &[])?;
        let Some(first) = hours.first().map(|hour| hour.hour) else { return Ok(None) };
        let mut kept =
            Kept { first, until: first, parts: 0, excesses_from: first, dispersions_from: first };
        for hour in hours {
            if hour.hour != kept.until || hour.parts < PARTS {
                kept.parts = if hour.hour == kept.until { hour.parts } else { 0 };
                break;
            }
            kept.until += 1;
            if !hour.excesses {
                kept.excesses_from = kept.until;
            }
            if !hour.dispersions {
                kept.dispersions_from = kept.until;
            }
        }
        Ok(Some(kept))
    }

    /// Whether the verdicts of these minutes follow from what is kept, for a detector of such steps.
    pub(super) fn covers(&self, session: &Session, span: Span, steps: FromKept) -> Result<bool> {
        if span.from >= span.to || span.to - span.from > MINUTES_AT_ONCE || !is_current(session)? {
            return Ok(false);
        }
        // Nothing follows from hours in which nothing arrived.
        let open = Span { from: self.until * 60, to: span.to };
        let last = extent(session, Some(open.from), open.to)?.last;
        let last_hour = last.map_or(self.until, |last| last.div_euclid(60));
        if self.until < (span.last_hour() - 1).min(last_hour) {
            return Ok(false);
        }
        let first_hour = span.first_hour();
        let far = self.first <= first_hour - steps.hours_needed();
        let whole = far || !some(session, (first_hour - HOURS_PAST) * 60, self.first * 60)?;
        let reaches = |from: i64, back: i64| {
            from <= first_hour - back || (whole && !far && from <= self.first)
        };
        let measures = steps == FromKept::Counts;
        Ok(whole
            && (!measures || reaches(self.excesses_from, EXCESS_HOURS))
            && (!measures
                || reaches(self.dispersions_from.max(self.until - 8 - BASELINE_HOURS), 2)))
    }
}

#[derive(Deserialize)]
pub(super) struct ClosedHour {
    pub(super) hour: i64,
    pub(super) parts: i64,
    pub(super) excesses: bool,
    pub(super) dispersions: bool,
}

/// Deletes everything if it was computed with other formulas.
pub(super) fn begin(session: &Session) -> Result<()> {
    if is_current(session)? { Ok(()) } else { restart(session) }
}

pub(super) fn restart(session: &Session) -> Result<()> {
    let fingerprint = Parameters::new().with("fingerprint", fingerprint());
    session.transaction(|| script(session, sql!("begin"), &fingerprint))
}

pub(super) fn is_current(session: &Session) -> Result<bool> {
    let versions: Vec<Version> = session.rows(sql!("version"), &[])?;
    Ok(versions.first().is_some_and(|version| version.fingerprint == fingerprint()))
}

/// Changes with the formulas that the state depends on.
pub(super) fn fingerprint() -> String {
    let mut hasher = DefaultHasher::new();
    MACROS.hash(&mut hasher);
    // Nothing that is kept for `shift` follows from its own formulas.
    for name in ["counts", "silence", "ratio"] {
        built_in(name).sql().hash(&mut hasher);
    }
    for script in [
        sql!("close_arrivals"),
        sql!("close_counts"),
        sql!("close_hours"),
        sql!("close_births"),
        sql!("close_window"),
        sql!("close_asked"),
        sql!("close_excesses"),
        sql!("close_past"),
        sql!("close_dispersions"),
        sql!("close_shares"),
        sql!("sums_past"),
    ] {
        script.hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

#[derive(Deserialize)]
pub(super) struct Version {
    pub(super) fingerprint: String,
}
