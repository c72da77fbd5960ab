//! Hours that are over: what has to be kept of them.

use super::kept::Kept;
use super::reading::{prepare_closed, sums_of_past, windows_since};
use super::{
    ALL, BASELINE_HOURS, CELLS_AT_ONCE, EXCESS_HOURS, HOURS_PAST, LATE, PARTS, Settings, Span,
    WINDOW, built_in, extent, run, script, series,
};
use crate::error::Result;
use crate::queries::Parameters;
use crate::queries::range::MINUTE;
use crate::store::Session;

/// Hours of some series that are closed at once.
pub(super) struct Closing {
    pub(super) first: i64,
    pub(super) until: i64,
    /// The first and the last of them.
    pub(super) parts: (i64, i64),
    pub(super) excesses: bool,
    /// The hours whose dispersions follow.
    pub(super) dispersions: bool,
}

impl Closing {
    /// What is to be closed next, if anything.
    pub(super) fn next(session: &Session, until: i64) -> Result<Option<Closing>> {
        let Some(kept) = Kept::read(session)? else { return Ok(None) };
        let Some(last) = extent(session, Some(kept.until * 60), until)?.last else {
            return Ok(None);
        };
        // Whether what comes after the last arrival is downtime is not known before the next.
        let closable = (until - LATE).div_euclid(60).min(last.div_euclid(60));
        if kept.until >= closable {
            return Ok(None);
        }
        let hour = kept.until;
        let judged_next = until.div_euclid(60);
        let excesses_from = judged_next - EXCESS_HOURS - 2 - BASELINE_HOURS;
        let dispersions_from = judged_next - 4 - BASELINE_HOURS;
        let series = series(session)?.max(1);
        // Without excesses it is a tenth of the work.
        let cells = if hour >= excesses_from { CELLS_AT_ONCE } else { 8 * CELLS_AT_ONCE };
        let parts_at_once = cells * PARTS / (series * (60 + WINDOW));
        if parts_at_once < PARTS || kept.parts > 0 {
            let last = (kept.parts + parts_at_once.max(1)).min(PARTS) - 1;
            return Ok(Some(Closing {
                first: hour,
                until: hour + 1,
                parts: (kept.parts, last),
                excesses: hour >= excesses_from,
                dispersions: hour >= dispersions_from,
            }));
        }
        let hours = ((cells / series - WINDOW) / 60).clamp(1, 24);
        // All of them alike.
        let border = [excesses_from, dispersions_from].into_iter().find(|it| *it > hour);
        Ok(Some(Closing {
            first: hour,
            until: (hour + hours).min(closable).min(border.unwrap_or(closable)),
            parts: ALL,
            excesses: hour >= excesses_from,
            dispersions: hour >= dispersions_from,
        }))
    }

    pub(super) fn run(&self, session: &Session) -> Result<bool> {
        let span = self.span();
        let open = if self.parts.0 == 0 { span.from } else { span.to };
        prepare_closed(session, self, open)?;
        let parts = Parameters::new()
            .with("first_part", self.parts.0)
            .with("last_part", self.parts.1)
            .with("excesses", self.excesses)
            .with("dispersions", self.dispersions);
        session.transaction(|| {
            if self.parts.0 == 0 {
                script(session, sql!("close_arrivals"), &span.parameters())?;
            }
            run(session, sql!("close_part"), &parts)?;
            self.close_part(session)?;
            if self.parts.1 == PARTS - 1 {
                run(session, sql!("all_services"), &Parameters::new())?;
                script(session, sql!("close_shares"), &span.parameters())?;
            }
            run(session, sql!("close"), &parts.and(&span.parameters()))
        })?;
        Ok(true)
    }

    pub(super) fn span(&self) -> Span {
        Span { from: self.first * 60, to: self.until * 60 }
    }

    /// Computes the hours of the series in `part`, after [`prepare_closed`].
    pub(super) fn close_part(&self, session: &Session) -> Result<()> {
        let span = self.span().parameters();
        run(session, sql!("close_counts"), &span)?;
        for table in ["downs", "gaps", "hourly_gaps"] {
            run(session, built_in("silence").statement(table), &span)?;
        }
        script(session, sql!("close_hours"), &span)?;
        if self.excesses {
            self.close_excesses(session, &span)?;
        }
        let hours = if self.dispersions { self.first + 2..self.until + 2 } else { 0..0 };
        for hour in hours {
            let hour = Parameters::new().with("hour", hour);
            script(session, sql!("close_past"), &hour)?;
            run(session, built_in("counts").statement("past_hours"), &hour)?;
            run(session, built_in("counts").statement("dispersions"), &hour)?;
            script(session, sql!("close_dispersions"), &hour)?;
        }
        Ok(())
    }

    pub(super) fn close_excesses(&self, session: &Session, span: &Parameters) -> Result<()> {
        let counts = built_in("counts");
        let since = windows_since(session, self.first * 60)?.unwrap_or(self.first * 60);
        run(session, sql!("close_births"), span)?;
        let to = self.until * 60;
        let window = Parameters::new().with("since", since).with("to", to);
        run(session, sql!("close_window"), &window)?;
        // All of it: what fires is not asked for.
        let all = Settings::default().parameters(None, None, to * MINUTE).with("threshold", 0);
        let steps = |tables: &[&str]| -> Result<()> {
            tables.iter().try_for_each(|table| run(session, counts.statement(table), &all))
        };
        steps(&["chosen", "grid", "sums", "judged", "candidates"])?;
        script(session, sql!("close_asked"), &all)?;
        steps(&["lookups"])?;
        run(session, sql!("past_of_lookups"), &all)?;
        sums_of_past(session)?;
        steps(&["expected", "hourly"])?;
        script(session, sql!("close_excesses"), span)
    }
}

/// Begins with the first hour that has records and is not too old.
pub(super) fn start(session: &Session, until: i64) -> Result<bool> {
    let oldest = (until - LATE).div_euclid(60) - HOURS_PAST;
    let extent = extent(session, Some(oldest * 60), until)?;
    let (Some(first), Some(last)) = (extent.first, extent.last) else { return Ok(false) };
    let hour = first.div_euclid(60);
    if hour >= (until - LATE).div_euclid(60).min(last.div_euclid(60)) {
        return Ok(false);
    }
    script(session, sql!("names"), &Span { from: first, to: until }.parameters())?;
    let closing = Closing {
        first: hour,
        until: hour + 1,
        parts: ALL,
        excesses: hour >= until.div_euclid(60) - EXCESS_HOURS - 2 - BASELINE_HOURS,
        dispersions: hour >= until.div_euclid(60) - 4 - BASELINE_HOURS,
    };
    closing.run(session)
}
