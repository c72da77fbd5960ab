//! Judges new minutes from what is kept of the past, with the results of a run over all of it.
//!
//! The detectors `counts` and `silence` look back 8 days. What they need of hours that are over is
//! kept in the tables `rolling_…` (migrations/0008_rolling.sql): a new minute is then judged from the
//! last two hours, and from the few past minutes that are asked for where something looks unusual.
//! Everything after the sums are the statements of sql/detect/ themselves, by their names; what
//! provides for them is in sql/stream/. All sums are whole numbers, so the results are the same to
//! the last bit (tests/streaming.rs).
//!
//! What is kept follows from the rollups alone. Records that arrive for hours that are closed are
//! noticed ([`Rolling::judge`]) and their series computed again before they are judged; until then
//! nothing is said of them.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Deserialize;

use super::builtin::BUILT_IN;
use super::{Bar, Detector, Found, MACROS, Settings};
use crate::error::Result;
use crate::queries::Parameters;
use crate::queries::range::MINUTE;
use crate::record::Micros;
use crate::store::Session;
use crate::store::statements::split;

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../sql/stream/", $name, ".sql"))
    };
}

/// An hour is closed so long after its end: records come late. In minutes.
const LATE: i64 = 10;

/// How far back hours are kept: what detectors look back, in hours.
const HOURS_KEPT: i64 = 8 * 24;

/// What a minute needs of them: births look back 5 days, and a day before those.
const HOURS_NEEDED: i64 = 145;

/// The dispersions of an hour follow from the 49th to the 2nd hour before it.
const EXCESS_HOURS: i64 = 49;

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
}

impl Rolling {
    /// Judges `from <= minute < to` at the time `now`, as [`Detector::run`] does.
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
        let from_past = || Ok(Judged::FromPast(detector.run(session, &parameters, bar)?));
        let kept_for = ["counts", "silence"].contains(&detector.name.as_str());
        if !kept_for || !detector.is_built_in() || settings.every || settings.service.is_some() {
            return from_past();
        }
        macros(session)?;
        let span = Span { from: minute(from), to: minute(to).min(minute(now)) };
        let kept = Kept::read(session)?;
        let kept = match kept {
            Some(kept) if kept.covers(session, span)? => {
                self.compare_new(session, &kept, now)?;
                // Something of it may have been found to be wrong.
                Kept::read(session)?
            }
            kept => kept,
        };
        match kept {
            Some(kept) if kept.covers(session, span)? => {
                let parameters = parameters.with("threshold", bar.asked());
                let tick = Tick { session, detector, parameters: &parameters, span };
                tick.judge(kept.until * 60)?;
                Ok(Judged::FromKept(detector.check(session, &parameters, bar)?))
            }
            _ if few(session, span)? => from_past(),
            _ => Ok(Judged::NotYet),
        }
    }

    /// Goes on with what is kept, with minutes before `until`: closes hours, computes again what no
    /// longer fits, forgets what is old. Takes about a second at most; whether there is more to do.
    ///
    /// # Errors
    /// DuckDB's message.
    pub fn keep(&mut self, session: &Session, until: Micros) -> Result<bool> {
        let more = self.go_on(session, until)?;
        self.complete = !more;
        Ok(more)
    }

    /// Whether all that can be kept is.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    fn go_on(&mut self, session: &Session, until: Micros) -> Result<bool> {
        macros(session)?;
        let until = minute(until);
        begin(session)?;
        let Some(kept) = Kept::read(session)? else { return start(session, until) };
        let oldest = (until - LATE).div_euclid(60) - HOURS_KEPT;
        if oldest < kept.first && some(session, oldest * 60, kept.first * 60)? {
            // History that was ingested later than what came after it.
            restart(session)?;
            return Ok(true);
        }
        if kept.first < oldest - 6 {
            create_recent(session, Span { from: until - 60, to: until }, ALL)?;
            script(session, sql!("forget"), &Parameters::new().with("hour", oldest))?;
        }
        self.compare_in_turn(session, &kept)?;
        if repair(session)? {
            return Ok(true);
        }
        Closing::next(session, until)?.map_or(Ok(false), |closing| closing.run(session))
    }

    /// Looks whether something arrived for hours that are closed.
    fn compare_new(&mut self, session: &Session, kept: &Kept, now: Micros) -> Result<()> {
        let last = self.compared.replace(now);
        let (from, to) = match last.filter(|last| (0..LOOK_AGAIN).contains(&(now - last))) {
            // Written while nobody looked.
            None => (Some(kept.first * 60), Some(kept.until * 60)),
            Some(last) => {
                let parameters = Parameters::new()
                    .with("arrived", last - TRANSACTION)
                    .with("open", kept.until * 60);
                let hints: Hints = session.row(sql!("hints"), &parameters.as_slice())?;
                (hints.from_minute, hints.to_minute.map(|minute| minute + 1))
            }
        };
        if let (Some(from), Some(to)) = (from, to) {
            let first = from.div_euclid(60).max(kept.first);
            let until = (to + 59).div_euclid(60).min(kept.until);
            compare(session, first, until)?;
        }
        repair_if_few(session)
    }

    /// Compares some hours, each time the next: nothing stays unnoticed for longer than that takes.
    fn compare_in_turn(&mut self, session: &Session, kept: &Kept) -> Result<()> {
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

/// From when to when, as minute numbers.
#[derive(Clone, Copy)]
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

/// Which hours are closed: those from `first` until `until`, exclusive.
struct Kept {
    first: i64,
    until: i64,
    /// How many parts of the hour `until` are closed.
    parts: i64,
    /// From which hour on the excesses are there.
    excesses_from: i64,
    /// From which hour on the dispersions of two hours later are there.
    dispersions_from: i64,
}

impl Kept {
    fn read(session: &Session) -> Result<Option<Kept>> {
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

    /// Whether the verdicts of these minutes follow from what is kept.
    fn covers(&self, session: &Session, span: Span) -> Result<bool> {
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
        let far = self.first <= first_hour - HOURS_NEEDED;
        let whole = far || !some(session, (first_hour - HOURS_KEPT) * 60, self.first * 60)?;
        let reaches = |from: i64, back: i64| {
            from <= first_hour - back || (whole && !far && from <= self.first)
        };
        Ok(whole
            && reaches(self.excesses_from, EXCESS_HOURS)
            && reaches(self.dispersions_from.max(self.until - 8), 2))
    }
}

/// Minutes that are judged from what is kept.
struct Tick<'a> {
    session: &'a Session,
    detector: &'a Detector,
    parameters: &'a Parameters,
    span: Span,
}

impl Tick<'_> {
    /// Leaves the verdicts in `found`; hours from the minute `open` on are not closed.
    fn judge(&self, open: i64) -> Result<()> {
        let session = self.session;
        prepare(session, self.span.from, self.span.to, open)?;
        run(session, sql!("names_now"), &Parameters::new())?;
        if self.detector.name == "counts" {
            self.judge_counts(open)?;
        } else {
            self.judge_silence()?;
        }
        let last = self.detector.last_statement();
        session.create("found", last, &self.parameters.as_slice())
    }

    fn judge_counts(&self, open: i64) -> Result<()> {
        let (session, span) = (self.session, self.span.parameters());
        run(session, sql!("sums_now"), &span)?;
        run(session, sql!("stale_withhold"), &span)?;
        run(session, sql!("births_now"), &Parameters::new().with("open", open))?;
        self.step("judged")?;
        self.step("candidates")?;
        run(session, sql!("dispersions_now"), &span)?;
        run(session, sql!("screen"), self.parameters)?;
        self.step("lookups")?;
        run(session, sql!("past_of_lookups"), &span)?;
        sums_of_past(session)?;
        self.step("expected")?;
        self.step("dispersed")?;
        self.step("suspects")?;
        self.step("past_suspects")?;
        run(session, sql!("past_of_suspects"), &span)?;
        sums_of_past(session)?;
        run(session, sql!("sums_of_suspects"), &span)
    }

    fn judge_silence(&self) -> Result<()> {
        let (session, span) = (self.session, self.span.parameters());
        // A silence goes on for 2 hours at most.
        let since = (self.span.from - 121).div_euclid(60) * 60;
        let span = span.with("since", since);
        run(session, sql!("quiet"), &span)?;
        run(session, sql!("stale_withhold_quiet"), &span)?;
        run(session, sql!("quiet_counts"), &span)?;
        for step in ["horizon", "downs", "gaps", "hourly_gaps"] {
            self.step(step)?;
        }
        script(session, sql!("quiet_hours"), &span)?;
        self.step("histories")?;
        self.step("silences")
    }

    fn step(&self, table: &str) -> Result<()> {
        run(self.session, self.detector.statement(table), self.parameters)
    }
}

/// Hours of some series that are closed at once.
struct Closing {
    first: i64,
    until: i64,
    /// The first and the last of them.
    parts: (i64, i64),
    excesses: bool,
    /// The hours whose dispersions follow.
    dispersions: bool,
}

impl Closing {
    /// What is to be closed next, if anything.
    fn next(session: &Session, until: i64) -> Result<Option<Closing>> {
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
        let excesses_from = judged_next - EXCESS_HOURS - 2;
        let dispersions_from = judged_next - 4;
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

    fn run(&self, session: &Session) -> Result<bool> {
        let (from, to) = (self.first * 60, self.until * 60);
        let open = if self.parts.0 == 0 { from } else { to };
        prepare_closed(session, Span { from, to }, self.parts, open)?;
        let parts = Parameters::new()
            .with("first_part", self.parts.0)
            .with("last_part", self.parts.1)
            .with("excesses", self.excesses)
            .with("dispersions", self.dispersions);
        session.transaction(|| {
            if self.parts.0 == 0 {
                script(session, sql!("close_arrivals"), &Span { from, to }.parameters())?;
            }
            run(session, sql!("close_part"), &parts)?;
            self.close_part(session)?;
            run(session, sql!("close"), &parts.and(&Span { from, to }.parameters()))
        })?;
        Ok(true)
    }

    /// Computes the hours of the series in `part`, after [`prepare`].
    fn close_part(&self, session: &Session) -> Result<()> {
        let span = Span { from: self.first * 60, to: self.until * 60 }.parameters();
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
            run(session, sql!("close_past"), &hour)?;
            run(session, built_in("counts").statement("dispersions"), &hour)?;
            script(session, sql!("close_dispersions"), &hour)?;
        }
        Ok(())
    }

    fn close_excesses(&self, session: &Session, span: &Parameters) -> Result<()> {
        let counts = built_in("counts");
        let since = windows_since(session, self.first * 60)?.unwrap_or(self.first * 60);
        run(session, sql!("close_births"), span)?;
        let to = self.until * 60;
        let window = Parameters::new().with("since", since).with("to", to);
        run(session, sql!("close_window"), &window)?;
        // All of it: what fires is not asked for.
        let all = Settings::default().parameters(None, None, to * MINUTE);
        let steps = |tables: &[&str]| -> Result<()> {
            tables.iter().try_for_each(|table| run(session, counts.statement(table), &all))
        };
        steps(&["sums", "judged", "candidates", "lookups"])?;
        run(session, sql!("past_of_lookups"), &all)?;
        sums_of_past(session)?;
        steps(&["expected", "hourly"])?;
        script(session, sql!("close_excesses"), span)
    }
}

/// Makes `recent` and what follows from the arrivals, for windows that begin with those of `from`, when
/// hours from the minute `open` on are not kept.
fn prepare(session: &Session, from: i64, to: i64, open: i64) -> Result<()> {
    let since = open.min(from - WINDOW);
    create_recent(session, Span { from: since, to }, ALL)?;
    count_clocks(session, open, to)?;
    // Downtime makes windows longer.
    match windows_since(session, from)? {
        Some(earlier) if earlier < since => create_recent(session, Span { from: earlier, to }, ALL),
        _ => Ok(()),
    }
}

/// The same for hours that are to be closed, and parts of the series. `open` is before them if their
/// arrivals are not kept yet, and after them if they are.
fn prepare_closed(session: &Session, span: Span, parts: (i64, i64), open: i64) -> Result<()> {
    // Before the next arrival it is not known whether nothing arrived because Pintail was down.
    let mut next = None;
    let mut minutes = 60;
    while next.is_none() && minutes < HOURS_KEPT * 60 {
        next = extent(session, Some(span.to), span.to + minutes)?.first;
        minutes *= 4;
    }
    let until = next.map_or(span.to, |next| next + 1);
    create_recent(session, Span { from: open, to: until }, ALL)?;
    count_clocks(session, open, until)?;
    let since = windows_since(session, span.from)?.unwrap_or(span.from);
    create_recent(session, Span { from: since, to: span.to }, parts)
}

/// Counts the minutes that are not downtime, once `recent` has the arrivals from `open` on.
fn count_clocks(session: &Session, open: i64, to: i64) -> Result<()> {
    let parameters = Parameters::new().with("open", open).with("to", to);
    run(session, sql!("arrivals"), &parameters)?;
    run(session, built_in("silence").statement("patience"), &parameters)?;
    script(session, sql!("patience_kept"), &parameters)?;
    run(session, built_in("counts").statement("downtimes"), &parameters)?;
    run(session, sql!("clocks"), &parameters)
}

fn windows_since(session: &Session, from: i64) -> Result<Option<i64>> {
    let parameters = Parameters::new().with("from", from);
    let since: Since = session.row(sql!("since"), &parameters.as_slice())?;
    Ok(since.minute)
}

fn create_recent(session: &Session, span: Span, parts: (i64, i64)) -> Result<()> {
    let (first_part, last_part) = parts;
    let parameters = span.parameters().with("first_part", first_part).with("last_part", last_part);
    run(session, sql!("recent"), &parameters)?;
    let unknown: Unknown =
        session.row("select exists (from recent where id is null) as series", &[])?;
    if unknown.series {
        run(session, sql!("names"), &parameters)?;
        run(session, sql!("recent"), &parameters)?;
    }
    Ok(())
}

/// Replaces `sums` by those of the minutes in `past`.
fn sums_of_past(session: &Session) -> Result<()> {
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

/// Finds out which series have other records in closed hours than were known.
fn compare(session: &Session, first: i64, until: i64) -> Result<()> {
    if first >= until {
        return Ok(());
    }
    let span = Span { from: first * 60, to: until * 60 };
    run(session, sql!("names"), &span.parameters())?;
    run(session, sql!("changed"), &span.parameters())?;
    let changed: Changed = session.row(sql!("changed_extent"), &[])?;
    let (Some(first), Some(until)) = (changed.hour, changed.until) else { return Ok(()) };
    let span = Span { from: first * 60, to: until * 60 }.parameters();
    // Other downtimes change the windows of all.
    let arrivals = || -> Result<i64> {
        let row: Arrivals = session.row(sql!("changed_arrivals"), &span.as_slice())?;
        Ok(row.minutes)
    };
    tracing::info!("{} series have other records since hour {first}", changed.series);
    if changed.fewer || changed.alone || arrivals()? > 0 {
        let hour = Parameters::new().with("hour", first);
        return session.transaction(|| script(session, sql!("reopen"), &hour));
    }
    run(session, sql!("stale_add"), &span)
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
fn repair(session: &Session) -> Result<bool> {
    let stale: Stale = session.row(sql!("stale"), &[])?;
    let (Some(hour), Some(kept)) = (stale.hour, Kept::read(session)?) else { return Ok(false) };
    let hour = hour.max(kept.first);
    // The hour that is being closed has some of its parts.
    let until = kept.until + i64::from(kept.parts > 0);
    let most = (CELLS_AT_ONCE / ((until - hour).max(1) * 60)).max(1);
    run(session, sql!("names"), &Span { from: hour * 60, to: until * 60 }.parameters())?;
    let borders = [kept.excesses_from, kept.dispersions_from];
    session.transaction(|| {
        run(session, sql!("stale_part"), &Parameters::new().with("most", most))?;
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
            let span = Span { from: closing.first * 60, to: closing.until * 60 };
            prepare_closed(session, span, ALL, span.to)?;
            closing.close_part(session)?;
            first = closing.until;
        }
        run(session, sql!("stale_done"), &Parameters::new())
    })?;
    Ok(true)
}

/// Begins with the first hour that has records and is not too old.
fn start(session: &Session, until: i64) -> Result<bool> {
    let oldest = (until - LATE).div_euclid(60) - HOURS_KEPT;
    let extent = extent(session, Some(oldest * 60), until)?;
    let (Some(first), Some(last)) = (extent.first, extent.last) else { return Ok(false) };
    let hour = first.div_euclid(60);
    if hour >= (until - LATE).div_euclid(60).min(last.div_euclid(60)) {
        return Ok(false);
    }
    run(session, sql!("names"), &Span { from: first, to: until }.parameters())?;
    let closing = Closing {
        first: hour,
        until: hour + 1,
        parts: ALL,
        excesses: hour >= until.div_euclid(60) - EXCESS_HOURS - 2,
        dispersions: hour >= until.div_euclid(60) - 4,
    };
    closing.run(session)
}

/// Deletes everything if it was computed with other formulas.
fn begin(session: &Session) -> Result<()> {
    if is_current(session)? { Ok(()) } else { restart(session) }
}

fn restart(session: &Session) -> Result<()> {
    let fingerprint = Parameters::new().with("fingerprint", fingerprint());
    session.transaction(|| script(session, sql!("begin"), &fingerprint))
}

fn is_current(session: &Session) -> Result<bool> {
    let versions: Vec<Version> = session.rows(sql!("version"), &[])?;
    Ok(versions.first().is_some_and(|version| version.fingerprint == fingerprint()))
}

/// Changes with the formulas that the state depends on.
fn fingerprint() -> String {
    let mut hasher = DefaultHasher::new();
    MACROS.hash(&mut hasher);
    for name in ["counts", "silence"] {
        built_in(name).sql().hash(&mut hasher);
    }
    for script in [
        sql!("close_arrivals"),
        sql!("close_counts"),
        sql!("close_hours"),
        sql!("close_births"),
        sql!("close_window"),
        sql!("close_excesses"),
        sql!("close_past"),
        sql!("close_dispersions"),
        sql!("sums_past"),
    ] {
        script.hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

/// Whether the past itself can be read instead.
fn few(session: &Session, span: Span) -> Result<bool> {
    let oldest = span.from - HOURS_KEPT * 60;
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
struct ClosedHour {
    hour: i64,
    parts: i64,
    excesses: bool,
    dispersions: bool,
}

#[derive(Deserialize)]
struct Extent {
    first: Option<i64>,
    last: Option<i64>,
}

#[derive(Deserialize)]
struct Since {
    minute: Option<i64>,
}

#[derive(Deserialize)]
struct Unknown {
    series: bool,
}

#[derive(Deserialize)]
struct PastRange {
    from_minute: i64,
    to_minute: i64,
}

#[derive(Deserialize)]
struct Hints {
    from_minute: Option<i64>,
    to_minute: Option<i64>,
}

#[derive(Deserialize)]
struct Changed {
    series: i64,
    hour: Option<i64>,
    until: Option<i64>,
    fewer: bool,
    alone: bool,
}

#[derive(Deserialize)]
struct Arrivals {
    minutes: i64,
}

#[derive(Deserialize)]
struct Stale {
    series: i64,
    hour: Option<i64>,
}

#[derive(Deserialize)]
struct Version {
    fingerprint: String,
}

#[derive(Deserialize)]
struct Rows {
    cells: i64,
}

#[derive(Deserialize)]
struct Series {
    series: i64,
}

#[derive(Deserialize)]
struct Any {
    some: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statements_that_are_shared_are_there() {
        for table in
            ["sums", "judged", "candidates", "lookups", "expected", "hourly", "dispersions"]
        {
            assert!(built_in("counts").statement(table).contains("select"), "{table}");
        }
        for table in ["dispersed", "suspects", "past_suspects", "patience", "downtimes"] {
            assert!(built_in("counts").statement(table).contains("select"), "{table}");
        }
        for table in
            ["patience", "downs", "gaps", "hourly_gaps", "horizon", "histories", "silences"]
        {
            assert!(built_in("silence").statement(table).contains("select"), "{table}");
        }
        // Downtime is the same for both.
        assert_eq!(
            built_in("counts").statement("patience").split_once("create").map(|it| it.1),
            built_in("silence").statement("patience").split_once("create").map(|it| it.1),
        );
    }
}
