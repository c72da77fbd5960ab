//! Judges new minutes from what is kept of the past, with the results of a run over all of it.
//!
//! The detectors `counts`, `silence`, `ratio` and `shift` look back 8 days. What they need of hours
//! that are over is kept in the tables `rolling_…` (migrations/0008_rolling.sql and after): a new
//! minute is then judged from the last hours, and from the past of the few series where something
//! looks unusual. Everything after the sums are the statements of sql/detect/ themselves, by their
//! names; what provides for them is in sql/stream/. All sums are whole numbers, so the results are the
//! same to the last bit (tests/streaming.rs).
//!
//! What is kept follows from the rollups alone. Records that arrive for hours that are closed are
//! noticed ([`Rolling::judge`]) and their series computed again before they are judged; until then
//! nothing is said of them.
//!
//! What is read for a tick is read once for all detectors.
//!
//! - `tick`: new minutes; what each detector does with them. `flagged`: those that leave the baselines
//!   of later ones. `reading`: what they and closed hours need of the records.
//! - `closing`: hours that are over. `kept`: which are kept, and by which formulas.
//! - `changes`: hours that are closed and got other records since.
//! - `values`: what is kept for the detector of that name.

use serde::Deserialize;

use changes::{forget_flags, repair};
use closing::{Closing, start};
use flagged::Flagged;
use kept::{Kept, begin, restart};
use reading::{prepare, read_recent};
use tick::Tick;
use values::{Outcome, Values};

use super::builtin::{BUILT_IN, FromKept};
use super::script::Any;
use super::{Bar, Detector, Found, MACROS, SUBJECTS, Settings};
use crate::error::Result;
use crate::queries::Parameters;
use crate::queries::range::MINUTE;
use crate::record::Micros;
use crate::store::Session;
use crate::store::statements::split;

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../../sql/stream/", $name, ".sql"))
    };
}

mod changes;
mod closing;
mod flagged;
mod kept;
mod reading;
mod tick;
mod values;

/// An hour is closed so long after its end: records come late. In minutes.
const LATE: i64 = 10;

/// What detectors look back, in hours.
const HOURS_PAST: i64 = 8 * 24;

/// How far back hours are kept: what the minutes of a day need that nobody has judged yet.
const HOURS_KEPT: i64 = HOURS_PAST + 24;

/// The dispersions of an hour follow from the 49th to the 2nd hour before it.
const EXCESS_HOURS: i64 = 49;

/// What was unusual so many hours ago is not in the baselines of now.
const BASELINE_HOURS: i64 = 3;

/// The series are in so many parts (`close_part.sql`).
const PARTS: i64 = 16;

const ALL: (i64, i64) = (0, PARTS - 1);

/// Minutes of windows before an hour that is closed (`since.sql`).
const WINDOW: i64 = 127;

/// Minutes of series that are computed in one go: about a second.
const CELLS_AT_ONCE: i64 = 300_000;

/// Minutes of series whose records are compared with what was computed from them, in a tick.
const CELLS_CHECKED: i64 = 1_200_000;

/// Minutes of series that may be read for a run over the past itself, when nothing is kept yet.
const CELLS_OF_HISTORY: i64 = 600_000;

/// Most minutes that are judged in one go from what is kept.
const MINUTES_AT_ONCE: i64 = 15;

/// What came in since the last look is known by when it arrived, if that was not longer ago: later
/// it is joined (`queries::compact`). Transactions take a while.
const LOOK_AGAIN: Micros = 4 * MINUTE;

const TRANSACTION: Micros = 2 * MINUTE;

/// What became of minutes that were to be judged.
pub enum Judged {
    /// From what is kept.
    FromKept(Found),
    /// By a run over the past itself, because that is short.
    FromPast(Found),
    /// The past has not been looked through far enough: [`Rolling::keep`] goes on with that.
    NotYet,
}

/// What is kept between ticks, and what this process knows of it.
#[derive(Default)]
pub struct Rolling {
    /// When it was last compared with what has arrived.
    compared: Option<Micros>,
    /// The hour that is to be compared next.
    next_hour: i64,
    /// Whether there was nothing more to do at the last look.
    complete: bool,
    /// What the detector before has left in its session for the next.
    prepared: Option<Prepared>,
    values: Values,
}

/// Minutes for which [`reading::prepare`] has read what is needed.
struct Prepared {
    span: Span,
    now: Micros,
    kept: Kept,
}

impl Rolling {
    /// Judges `from <= minute < to` at the time `now`, as [`Detector::run`] does. Detectors that are
    /// asked for the same minutes at the same time, in one session, share what is read for them.
    ///
    /// # Errors
    /// DuckDB's message.
    pub fn judge(
        &mut self,
        session: &Session,
        detector: &Detector,
        settings: &Settings,
        bar: Bar,
        (from, to): (Micros, Micros),
        now: Micros,
    ) -> Result<Judged> {
        let parameters = settings.parameters(Some(from), Some(to), now);
        let is_usual = !settings.every && settings.service.is_none();
        if is_usual && values::is_for(detector) {
            match self.values.judge(session, settings, bar, (from, to), now)? {
                Outcome::Found(found) => return Ok(Judged::FromKept(found)),
                Outcome::NotYet => return Ok(Judged::NotYet),
                Outcome::AskPast => {}
            }
        }
        let steps = match detector.kept() {
            Some(steps) if is_usual => steps,
            _ => {
                // It makes tables of the same names.
                self.prepared = None;
                return Ok(Judged::FromPast(detector.run(session, &parameters, bar)?));
            }
        };
        let span = Span { from: minute(from), to: minute(to).min(minute(now)) };
        let threshold = parameters.clone().with("threshold", bar.asked());
        let tick = Tick { session, detector, parameters: &threshold, span, steps };
        if tick.is_idle(minute(to)) {
            macros(session)?;
            tick.find_nothing()?;
        } else {
            match self.prepare_all(&tick, now)? {
                Some(prepared) => {
                    tick.judge(prepared.kept.until * 60)?;
                    self.prepared = Some(prepared);
                }
                None if few(session, span)? => {
                    return Ok(Judged::FromPast(detector.run(session, &parameters, bar)?));
                }
                None => return Ok(Judged::NotYet),
            }
        }
        let subjects = if steps == FromKept::Ratio { SUBJECTS } else { sql!("subjects_now") };
        Ok(Judged::FromKept(detector.check(session, &threshold, bar, subjects)?))
    }

    /// Reads what a tick needs, and looks at the minutes before it that nobody has looked at; if what is
    /// kept covers them.
    fn prepare_all(&mut self, tick: &Tick, now: Micros) -> Result<Option<Prepared>> {
        let Tick { session, span, steps, .. } = *tick;
        let missing = || -> Result<Vec<Span>> {
            match tick.flags() {
                true => Ok(Flagged::read(session, &tick.detector.name)?.missing_before(span)),
                false => Ok(Vec::new()),
            }
        };
        // What has arrived may be noticed on the way; then more is missing.
        for _ in 0..3 {
            for before in missing()? {
                self.prepared = None;
                let Some(prepared) = self.prepare(session, before, now, steps)? else {
                    return Ok(None);
                };
                Tick { span: before, ..*tick }.flag(prepared.kept.until * 60)?;
            }
            let prepared = match self.prepared.take() {
                Some(it) if it.span == span && it.now == now => {
                    it.kept.covers(session, span, steps)?.then_some(it)
                }
                _ => self.prepare(session, span, now, steps)?,
            };
            if prepared.is_none() || missing()?.is_empty() {
                return Ok(prepared);
            }
        }
        Ok(None)
    }

    /// Has it looked at again which minutes were unusual lately, when records came too late for theirs to
    /// be judged again: later minutes are judged without what was unusual.
    ///
    /// # Errors
    /// DuckDB's message.
    pub fn look_back(&mut self, session: &Session) -> Result<()> {
        forget_flags(session)
    }

    /// Reads what all detectors need for these minutes, if what is kept covers them for one of them.
    fn prepare(
        &mut self,
        session: &Session,
        span: Span,
        now: Micros,
        steps: FromKept,
    ) -> Result<Option<Prepared>> {
        macros(session)?;
        let covering = || -> Result<Option<Kept>> {
            let Some(kept) = Kept::read(session)? else { return Ok(None) };
            Ok(kept.covers(session, span, steps)?.then_some(kept))
        };
        let Some(kept) = covering()? else { return Ok(None) };
        self.compare_new(session, &kept, now)?;
        // Something of it may have been found to be wrong.
        let Some(kept) = covering()? else { return Ok(None) };
        prepare(session, span.from, span.to, kept.until * 60)?;
        Ok(Some(Prepared { span, now, kept }))
    }

    /// Goes on with what is kept, with minutes before `until`: closes hours, computes again what no
    /// longer fits, forgets what is old. Takes about a second at most; whether there is more to do.
    ///
    /// # Errors
    /// DuckDB's message.
    pub fn keep(&mut self, session: &Session, until: Micros) -> Result<bool> {
        self.prepared = None;
        self.complete = false;
        let more = self.go_on(session, until)?;
        self.complete = !more;
        Ok(more || self.values.keep(session, minute(until))?)
    }

    /// Whether all that can be kept for a detector is.
    pub fn is_complete(&self, detector: &Detector) -> bool {
        if values::is_for(detector) { self.values.is_complete() } else { self.complete }
    }

    /// Whether a run over the past itself takes some seconds, not minutes, however many series there are.
    ///
    /// # Errors
    /// DuckDB's message.
    pub fn is_quickly_read(
        session: &Session,
        detector: &Detector,
        (from, to): (Micros, Micros),
    ) -> Result<bool> {
        let span = Span { from: minute(from), to: minute(to) };
        Ok(!values::is_for(detector) || values::is_quickly_read(session, span)?)
    }

    fn go_on(&mut self, session: &Session, until: Micros) -> Result<bool> {
        macros(session)?;
        let until = minute(until);
        begin(session)?;
        let Some(kept) = Kept::read(session)? else { return start(session, until) };
        let closable = (until - LATE).div_euclid(60);
        let oldest = closable - HOURS_PAST;
        if oldest < kept.first && some(session, oldest * 60, kept.first * 60)? {
            // History that was ingested later than what came after it.
            restart(session)?;
            return Ok(true);
        }
        if kept.first < closable - HOURS_KEPT - 6 {
            read_recent(session, Span { from: until - 60, to: until }, ALL)?;
            let hour = Parameters::new().with("hour", closable - HOURS_KEPT);
            script(session, sql!("forget"), &hour)?;
        }
        self.compare_in_turn(session, &kept)?;
        if repair(session)? {
            return Ok(true);
        }
        Closing::next(session, until)?.map_or(Ok(false), |closing| closing.run(session))
    }
}

/// From when to when, as minute numbers.
#[derive(Clone, Copy, Deserialize, PartialEq)]
struct Span {
    from: i64,
    to: i64,
}

impl Span {
    fn first_hour(self) -> i64 {
        self.from.div_euclid(60)
    }

    fn last_hour(self) -> i64 {
        (self.to - 1).div_euclid(60)
    }

    fn parameters(self) -> Parameters {
        Parameters::new().with("from", self.from).with("to", self.to)
    }
}

/// Whether the past itself can be read instead.
fn few(session: &Session, span: Span) -> Result<bool> {
    let oldest = span.from - HOURS_PAST * 60;
    let counts = Span { from: oldest, to: span.to }.parameters().with("most", 3 * CELLS_OF_HISTORY);
    let rows: Rows = session.row(sql!("cells"), &counts.as_slice())?;
    Ok(rows.cells <= CELLS_OF_HISTORY)
}

fn extent(session: &Session, from: Option<i64>, to: i64) -> Result<Extent> {
    let parameters = Parameters::new().maybe("from", from).with("to", to);
    session.row(sql!("extent"), &parameters.as_slice())
}

fn series(session: &Session) -> Result<i64> {
    let rows: Series =
        session.row("select count(distinct id) as series from rolling_series", &[])?;
    Ok(rows.series)
}

fn some(session: &Session, from: i64, to: i64) -> Result<bool> {
    let some: Any = session.row(sql!("before"), &Span { from, to }.parameters().as_slice())?;
    Ok(some.some)
}

fn minute(at: Micros) -> i64 {
    at.div_euclid(MINUTE)
}

fn built_in(name: &str) -> Detector {
    let found = BUILT_IN.iter().find(|it| it.name == name);
    found.expect("a test opens them by their names").into()
}

fn macros(session: &Session) -> Result<()> {
    script(session, MACROS, &Parameters::new())
}

fn run(session: &Session, statement: &str, parameters: &Parameters) -> Result<()> {
    session.execute(statement, &parameters.as_slice())
}

fn script(session: &Session, statements: &str, parameters: &Parameters) -> Result<()> {
    split(statements).into_iter().try_for_each(|statement| run(session, statement, parameters))
}

#[derive(Deserialize)]
struct Extent {
    first: Option<i64>,
    last: Option<i64>,
}

#[derive(Deserialize)]
struct Rows {
    cells: i64,
}

#[derive(Deserialize)]
struct Series {
    series: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statements_that_are_shared_are_there() {
        for table in [
            "chosen",
            "grid",
            "sums",
            "judged",
            "candidates",
            "lookups",
            "expected",
            "hourly",
            "flags",
        ] {
            assert!(built_in("counts").statement(table).contains("from "), "{table}");
        }
        for table in [
            "possible",
            "dispersions",
            "dispersed",
            "suspects",
            "past_suspects",
            "unusual",
            "patience",
            "downtimes",
        ] {
            assert!(built_in("counts").statement(table).contains("from "), "{table}");
        }
        for table in
            ["patience", "downs", "gaps", "hourly_gaps", "horizon", "histories", "silences"]
        {
            assert!(built_in("silence").statement(table).contains("from "), "{table}");
        }
        // Downtime is the same for both.
        assert_eq!(
            built_in("counts").statement("patience").split_once("create").map(|it| it.1),
            built_in("silence").statement("patience").split_once("create").map(|it| it.1),
        );
    }
}
