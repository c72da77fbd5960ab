//! Hours that are closed and got other records since: they are noticed, and computed again.

use serde::Deserialize;

use super::closing::Closing;
use super::flagged::BASELINE;
use super::kept::Kept;
use super::reading::prepare_closed;
use super::{
    ALL, CELLS_AT_ONCE, CELLS_CHECKED, LOOK_AGAIN, Rolling, Span, TRANSACTION, run, script, series,
};
use crate::error::Result;
use crate::queries::range::MINUTE;
use crate::queries::{Moment, Parameters};
use crate::record::Micros;
use crate::store::Session;

impl Rolling {
    /// Looks whether something arrived for hours that are closed.
    pub(super) fn compare_new(
        &mut self,
        session: &Session,
        kept: &Kept,
        now: Micros,
    ) -> Result<()> {
        let last = self.compared.replace(now);
        let hints: Hints = match last.filter(|last| (0..LOOK_AGAIN).contains(&(now - last))) {
            // Written while nobody looked.
            None => {
                forget_flags(session)?;
                let all = Span { from: kept.first * 60, to: kept.until * 60 }.parameters();
                session.row(sql!("changed_hours"), &all.as_slice())?
            }
            Some(last) => {
                let parameters = Parameters::new()
                    .with("arrived", last - TRANSACTION)
                    .with("open", kept.until * 60);
                session.row(sql!("hints"), &parameters.as_slice())?
            }
        };
        if let (Some(from), Some(to)) = (hints.from_minute, hints.to_minute) {
            let first = from.div_euclid(60).max(kept.first);
            let until = (to + 60).div_euclid(60).min(kept.until);
            compare(session, first, until)?;
        }
        repair_if_few(session)
    }

    /// Compares some hours, each time the next: nothing stays unnoticed for longer than that takes.
    pub(super) fn compare_in_turn(&mut self, session: &Session, kept: &Kept) -> Result<()> {
        let hours = (CELLS_CHECKED / (60 * series(session)?.max(1))).clamp(1, 24);
        if self.next_hour < kept.first || self.next_hour >= kept.until {
            self.next_hour = kept.first;
        }
        let until = (self.next_hour + hours).min(kept.until);
        compare(session, self.next_hour, until)?;
        self.next_hour = until;
        Ok(())
    }
}

/// Finds out which series have other records in closed hours than were known.
fn compare(session: &Session, first: i64, until: i64) -> Result<()> {
    if first >= until {
        return Ok(());
    }
    let span = Span { from: first * 60, to: until * 60 };
    let read = || -> Result<Changed> {
        run(session, sql!("changed"), &span.parameters())?;
        session.row(sql!("changed_extent"), &[])
    };
    let mut changed = read()?;
    if changed.unknown {
        script(session, sql!("names"), &span.parameters())?;
        changed = read()?;
    }
    let (Some(first), Some(until)) = (changed.hour, changed.until) else { return Ok(()) };
    let span = Span { from: first * 60, to: until * 60 }.parameters();
    // Other downtimes change the windows of all.
    let arrivals = || -> Result<i64> {
        let row: Arrivals = session.row(sql!("changed_arrivals"), &span.as_slice())?;
        Ok(row.minutes)
    };
    let since = Moment(first * 60 * MINUTE).iso();
    tracing::info!("{} series got other records for hours from {since} on", changed.series);
    if changed.fewer || changed.alone || arrivals()? > 0 {
        let hour = Parameters::new().with("hour", first);
        return session.transaction(|| script(session, sql!("reopen"), &hour));
    }
    run(session, sql!("stale_add"), &span)?;
    forget_flags(session)
}

fn repair_if_few(session: &Session) -> Result<()> {
    let stale: Stale = session.row(sql!("stale"), &[])?;
    let Some(hour) = stale.hour else { return Ok(()) };
    let until = Kept::read(session)?.map_or(hour, |kept| kept.until);
    if stale.series * (until - hour) * 60 <= CELLS_AT_ONCE {
        repair(session)?;
    }
    Ok(())
}

/// Computes some of the series again that no longer fit; whether there were any.
pub(super) fn repair(session: &Session) -> Result<bool> {
    let stale: Stale = session.row(sql!("stale"), &[])?;
    let (Some(hour), Some(kept)) = (stale.hour, Kept::read(session)?) else { return Ok(false) };
    let hour = hour.max(kept.first);
    // The hour that is being closed has some of its parts.
    let until = kept.until + i64::from(kept.parts > 0);
    let most = (CELLS_AT_ONCE / ((until - hour).max(1) * 60)).max(1);
    script(session, sql!("names"), &Span { from: hour * 60, to: until * 60 }.parameters())?;
    let borders = [kept.excesses_from, kept.dispersions_from];
    session.transaction(|| {
        run(session, sql!("stale_part"), &Parameters::new().with("most", most))?;
        run(session, sql!("stale_services"), &Parameters::new())?;
        let mut first = hour;
        while first < until {
            let border = borders.into_iter().filter(|it| *it > first).min().unwrap_or(until);
            let closing = Closing {
                first,
                until: (first + 24).min(border).min(until),
                parts: ALL,
                excesses: first >= kept.excesses_from,
                dispersions: first >= kept.dispersions_from,
            };
            prepare_closed(session, &closing, closing.span().to)?;
            closing.close_part(session)?;
            script(session, sql!("close_shares"), &closing.span().parameters())?;
            first = closing.until;
        }
        run(session, sql!("stale_done"), &Parameters::new())?;
        // Nothing was said of them meanwhile.
        forget_flags(session)
    })?;
    Ok(true)
}

/// Has it looked at again which minutes were unusual lately: others may be by what has arrived. Of very
/// many series it stays as it was said.
pub(super) fn forget_flags(session: &Session) -> Result<()> {
    // About a second: they are looked at in many pieces.
    if series(session)? * BASELINE > CELLS_AT_ONCE / 2 {
        return Ok(());
    }
    run(session, sql!("flagged_forget"), &Parameters::new())
}

#[derive(Deserialize)]
pub(super) struct Changed {
    pub(super) series: i64,
    pub(super) hour: Option<i64>,
    pub(super) until: Option<i64>,
    pub(super) fewer: bool,
    pub(super) alone: bool,
    pub(super) unknown: bool,
}

#[derive(Deserialize)]
pub(super) struct Arrivals {
    pub(super) minutes: i64,
}

#[derive(Deserialize)]
pub(super) struct Stale {
    pub(super) series: i64,
    pub(super) hour: Option<i64>,
}

#[derive(Deserialize)]
struct Hints {
    from_minute: Option<i64>,
    to_minute: Option<i64>,
}
