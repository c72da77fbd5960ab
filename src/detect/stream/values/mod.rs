//! The same for the detector `values`, whose past is numbers instead of counts.
//!
//! The 95th percentile of each minute is kept, and what sql/detect/values.sql computes of it on the way
//! to a score: means, and residuals from what is usual (migrations/0010_values.sql). A new minute needs
//! the last rows of its series, some earlier ones of its quarter hour, and the extremes of 8000
//! residuals. Only where one lies further out than most are its limits computed.
//!
//! Residuals depend on where the past of a run begins (sql/series_values.sql): they are kept for the
//! past of a day, which all of its minutes have in common, and around midnight for two.
//!
//! - `kept`: which minutes and pasts are kept. `records`: the values of minutes, and minutes that got other
//!   records since. `residuals`: what follows from values.

use kept::{Kept, past_of};
use residuals::{Computed, Missing, missing, repair};

use super::{LATE, LOOK_AGAIN, Span, TRANSACTION, built_in, macros, minute, run};
use crate::detect::{Bar, Detector, Found, SUBJECTS, Settings};
use crate::error::Result;
use crate::queries::Parameters;
use crate::record::Micros;
use crate::store::Session;

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../../../sql/stream/values_", $name, ".sql"))
    };
}

mod kept;
mod records;
mod residuals;

/// Most minutes whose records are read to judge some of them.
const OPEN_MINUTES: i64 = 90;

/// Records that are read in one go: about a second.
const RECORDS_AT_ONCE: i64 = 400_000;

/// Records of which a run over the past itself can be made, when nothing is kept yet.
const RECORDS_OF_HISTORY: i64 = 100_000;

/// The same for once, when nothing is going to be kept of it: some seconds.
const RECORDS_AT_FIRST: i64 = 5_000_000;

/// The past of the next day is begun so many minutes before it.
const AHEAD: i64 = 120;

/// Residuals of so many minutes are computed for all series at once; of more, for some at a time.
const RECENT: i64 = 240;

/// What became of the minutes.
pub(super) enum Outcome {
    Found(Found),
    /// The past itself is to be read.
    AskPast,
    NotYet,
}

/// What this process knows of what is kept.
#[derive(Default)]
pub(super) struct Values {
    /// Whether anybody asked for it.
    wanted: bool,
    /// When it was last compared with what has arrived.
    compared: Option<Micros>,
    /// Whether there are minutes with other records that have not been read.
    unread: bool,
    /// The minute that is to be compared next.
    next: i64,
    /// Whether there was nothing more to do at the last look.
    complete: bool,
}

impl Values {
    /// Judges minutes, as [`Detector::run`] does.
    pub(super) fn judge(
        &mut self,
        session: &Session,
        settings: &Settings,
        bar: Bar,
        (from, to): (Micros, Micros),
        now: Micros,
    ) -> Result<Outcome> {
        self.wanted = true;
        macros(session)?;
        let span = Span { from: minute(from), to: minute(to).min(minute(now)) };
        if span.from >= span.to {
            return Ok(Outcome::AskPast);
        }
        let since = past_of(span.from);
        let Some(kept) = self.up_to_date(session, since, span, now)? else {
            // What is not kept any more never will be.
            let is_over = Kept::read(session)?.is_some_and(|kept| since < kept.first);
            let most = if is_over { RECORDS_AT_FIRST } else { RECORDS_OF_HISTORY };
            let records = records::count(session, Span { from: since, to: span.to })?;
            return Ok(if records <= most { Outcome::AskPast } else { Outcome::NotYet });
        };
        let detector = built_in("values");
        let parameters =
            settings.parameters(Some(from), Some(to), now).with("threshold", bar.asked());
        let base = span.from.min(kept.until);
        records::read_open(session, Span { from: kept.until, to: span.to.max(kept.until) })?;
        run(session, sql!("names"), &Parameters::new())?;
        let part =
            Parameters::new().with("base", base).with("since", since).with("until", kept.until);
        run(session, sql!("part_all"), &part)?;
        Computed { since, first: base, until: kept.until, to: span.to }.make(session)?;
        let asked = span
            .parameters()
            .with("since", since)
            .with("base", base)
            .with("most", 20 + span.to - base);
        run(session, sql!("suspects"), &asked)?;
        run(session, sql!("limits"), &asked)?;
        session.create("found", detector.last_statement(), &parameters.as_slice())?;
        detector.check(session, &parameters, bar, SUBJECTS).map(Outcome::Found)
    }

    /// What is kept, if it is all that is needed for some minutes.
    fn up_to_date(
        &mut self,
        session: &Session,
        since: i64,
        span: Span,
        now: Micros,
    ) -> Result<Option<Kept>> {
        let Some(kept) = Kept::read(session)? else { return Ok(None) };
        if !kept.pasts.contains(&since) || span.to - kept.until > OPEN_MINUTES {
            return Ok(None);
        }
        self.compare_new(session, &kept, now)?;
        if self.unread {
            return Ok(None);
        }
        repair(session, since, &kept)?;
        // Nothing is said of series that have to be computed again first.
        let is_there = missing(session, since, &kept)? != Missing::OfAll;
        Ok(is_there.then_some(kept))
    }

    /// Goes on with what is kept, with minutes before `until`, for about a second; whether there is more
    /// to do.
    pub(super) fn keep(&mut self, session: &Session, until: i64) -> Result<bool> {
        self.complete = false;
        let more = self.wanted && self.go_on(session, until)?;
        self.complete = !more;
        Ok(more)
    }

    /// Whether all that can be kept is.
    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    fn go_on(&mut self, session: &Session, until: i64) -> Result<bool> {
        macros(session)?;
        // An hour more: clocks are set back.
        let wanted = [past_of(until - LATE - 60), past_of(until + AHEAD)];
        let fits = |kept: &Kept| kept.first <= wanted[0] && kept.until >= wanted[0];
        let Some(kept) = Kept::read(session)?.filter(fits) else {
            kept::restart(session, wanted[0])?;
            return Ok(true);
        };
        kept.change_pasts(session, wanted)?;
        self.compare_in_turn(session, &kept)?;
        let closable = until - LATE;
        if self.unread {
            return Ok(true);
        }
        if kept.until < closable {
            let span = records::piece(session, Span { from: kept.until, to: closable })?;
            if records::refresh(session, span)? {
                kept::set_until(session, span.to)?;
            }
            if span.to < closable {
                return Ok(true);
            }
        }
        let Some(kept) = Kept::read(session)? else { return Ok(true) };
        for past in wanted {
            if repair(session, past, &kept)? && missing(session, past, &kept)? != Missing::Nothing {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Looks whether records arrived for minutes whose values are kept.
    fn compare_new(&mut self, session: &Session, kept: &Kept, now: Micros) -> Result<()> {
        let last = self.compared.replace(now);
        let all = Span { from: kept.first, to: kept.until };
        let span = match last.filter(|last| (0..LOOK_AGAIN).contains(&(now - last))) {
            // Written while nobody looked.
            None => Some(all),
            Some(last) => records::arrived(session, last - TRANSACTION, all)?,
        };
        if let Some(span) = span {
            self.unread |= !records::refresh(session, span)?;
        }
        Ok(())
    }

    /// Compares some minutes, each time the next; all of them if some are known not to have been read.
    fn compare_in_turn(&mut self, session: &Session, kept: &Kept) -> Result<()> {
        if self.unread {
            let all = Span { from: kept.first, to: kept.until };
            self.unread = !records::refresh(session, all)?;
            return Ok(());
        }
        if self.next < kept.first || self.next >= kept.until {
            self.next = kept.first;
        }
        let to = (self.next + 1_440).min(kept.until);
        self.unread = !records::refresh(session, Span { from: self.next, to })?;
        self.next = to;
        Ok(())
    }
}

/// Whether a run over all of these minutes takes some seconds, not minutes.
pub(super) fn is_quickly_read(session: &Session, span: Span) -> Result<bool> {
    let all = Span { from: past_of(span.from), to: span.to };
    Ok(records::count(session, all)? <= RECORDS_AT_FIRST)
}

/// Whether the minutes a detector is asked for may be judged from what is kept of values.
pub(super) fn is_for(detector: &Detector) -> bool {
    detector.name == "values" && detector.is_built_in()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statements_that_are_shared_are_there() {
        for table in ["steps", "means", "residuals"] {
            assert!(built_in("values").statement(table).contains("from "), "{table}");
        }
        assert!(built_in("values").last_statement().contains("from limits"));
    }

    #[test]
    fn the_minutes_of_a_day_have_one_past() {
        let day = 20_000 * 1_440;
        assert_eq!(past_of(day), past_of(day + 1_439));
        assert_eq!(past_of(day + 700), day - 8 * 1_440);
    }
}
