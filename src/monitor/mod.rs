//! The tick: once a minute the detectors judge what is complete, what they find is stored,
//! and alerts open, go on or close. Now and then it joins partial counts.
//!
//! A detector that fails is reported, and the others go on. How far each has judged is stored, so a
//! restart goes on where the last run ended.
//!
//! - [`late`]: records that come late.
//! - [`patience`]: queries that take too long.

mod late;
mod patience;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::alert::life::{CONFIRM, MERGE, Step, steps};
use crate::clock;
use crate::detect::choice::Choices;
use crate::detect::stream::{Judged, Rolling};
use crate::detect::{Bar, Detector, Found, Settings, UnusualMinute};
use crate::error::Result;
use crate::queries::compact::compact;
use crate::queries::range::MINUTE;
use crate::queries::{Moment, Parameters, alerts};
use crate::record::Micros;
use crate::stop::Stop;
use crate::store::{Session, Store};
use late::Late;
use patience::{until_stopped, with_patience};

const JUDGED: &str = include_str!("../../sql/judged_until.sql");
const NOTE_JUDGED: &str = include_str!("../../sql/judged_note.sql");

/// How far back the first tick judges: a database that was filled without a monitor.
const FIRST_LOOK_BACK: Micros = 7 * 24 * 60 * MINUTE;

/// The series of sql/detect/silence.sql for nothing at all.
const NO_DATA: &str = "(no data)";

/// Nobody is told of what is longer ago.
const NEWS_FOR: Micros = 60 * MINUTE;

/// So much of the past is judged at once from what is kept of it.
const AT_ONCE: Micros = 15 * MINUTE;

/// What nobody has judged for longer than this is judged in one go, if it is not more than so many
/// minutes of series: half a minute.
const LONG: Micros = 24 * 60 * MINUTE;
const CELLS_AT_FIRST: i64 = 12_000_000;

/// What is kept may be brought up to date so long after a tick.
const KEEP_WITHIN: Duration = Duration::from_secs(30);

/// How often partial counts are joined, and how far back.
const COMPACT_EVERY: Micros = 10 * MINUTE;
const COMPACT_LOOK_BACK: Micros = 60 * MINUTE;

/// How the monitor is to look.
#[derive(Clone, Debug)]
pub struct Watch {
    pub choices: Choices,
    /// The score from which on any of them fires, instead of what is said for each.
    pub threshold: Option<f64>,
    /// False alarms a day and thousand series, for those that have no threshold.
    pub false_alarms: f64,
    /// After a minute its records may still be on their way: it is judged so much later.
    pub settle: Micros,
    /// Whether somebody is to be told.
    pub mails: bool,
}

pub struct Monitor {
    pub store: Store,
    pub watch: Watch,
    /// Before that, nothing could arrive here.
    started: Micros,
    state: Mutex<State>,
}

/// How the monitor is.
#[derive(Clone, Debug, Default)]
pub struct State {
    pub last_run: Option<Micros>,
    pub took: Duration,
    /// Of the monitor itself; detectors have their own.
    pub error: Option<String>,
    pub detectors: Vec<Ran>,
    /// Records that came too late to be judged, since the start.
    pub too_late: u64,
}

/// A detector's last run.
#[derive(Clone, Debug)]
pub struct Ran {
    pub name: String,
    /// Exclusive.
    pub judged_until: Option<Micros>,
    pub took: Duration,
    pub error: Option<String>,
}

#[derive(Deserialize)]
struct JudgedUntil {
    name: String,
    judged_until: Micros,
}

impl Monitor {
    pub fn new(store: Store, watch: Watch) -> Monitor {
        Monitor { store, watch, started: clock::now(), state: Mutex::default() }
    }

    pub fn state(&self) -> State {
        self.lock().clone()
    }

    /// Ticks until `stop`, the first time at once.
    pub fn run(&self, stop: &Stop) {
        let mut late = Late::default();
        let mut rolling = Rolling::default();
        let mut compacted: Option<Micros> = None;
        loop {
            let now = clock::now();
            let started = Instant::now();
            let session = self.store.session();
            let ticked = session.and_then(|session| {
                until_stopped(&session, stop, || {
                    let ran = self.tick(&session, now, &mut late, &mut rolling, stop)?;
                    let mut tidy = || -> Result<()> {
                        if compacted.is_none_or(|at| now - at >= COMPACT_EVERY) {
                            let look_back =
                                compacted.map_or(FIRST_LOOK_BACK, |_| COMPACT_LOOK_BACK);
                            compacted = Some(now);
                            let until = now.div_euclid(MINUTE) * MINUTE;
                            compact(&session, until - look_back, until, now)?;
                        }
                        self.keep(&session, &mut rolling, now, stop)
                    };
                    // What was judged is, whatever becomes of the rest.
                    Ok((ran, tidy()))
                })
            });
            if stop.is_stopped() {
                return;
            }
            let failed = match &ticked {
                Err(error) | Ok((_, Err(error))) => Some(error),
                Ok((_, Ok(()))) => None,
            };
            let failed = failed.map(|error| {
                stop.heed(error);
                error.to_string()
            });
            let mut state = self.lock();
            // What stays the same is said once.
            if failed != state.error {
                failed.iter().for_each(|error| tracing::warn!("monitor: {error}"));
            }
            if let Ok(((detectors, too_late), _)) = ticked {
                let known = |ran: &Ran| state.detectors.iter().any(|it| it.error == ran.error);
                for error in
                    detectors.iter().filter(|ran| !known(ran)).filter_map(|ran| ran.error.as_ref())
                {
                    tracing::warn!("{error}");
                }
                state.detectors = detectors;
                state.too_late += too_late;
            }
            state.error = failed;
            state.last_run = Some(now);
            state.took = started.elapsed();
            drop(state);
            if stop.wait(self.until_next(clock::now())) {
                return;
            }
        }
    }

    /// Judges the minutes that are complete and that no detector has judged yet, and those that
    /// records came late to. Also returns how many records came too late.
    fn tick(
        &self,
        session: &Session,
        now: Micros,
        late: &mut Late,
        rolling: &mut Rolling,
        stop: &Stop,
    ) -> Result<(Vec<Ran>, u64)> {
        let until = self.complete_until(now);
        let changed = late.look(session, until)?;
        if changed.too_late > 0 {
            rolling.look_back(session)?;
        }
        let judged: Vec<JudgedUntil> = session.rows(JUDGED, &[])?;
        let judged: HashMap<String, Micros> =
            judged.into_iter().map(|it| (it.name, it.judged_until)).collect();
        let mut all = Vec::new();
        for chosen in self.watch.choices.look() {
            if stop.is_stopped() {
                break;
            }
            let started = Instant::now();
            let known = judged.get(&chosen.name).copied();
            let first = until - FIRST_LOOK_BACK;
            let from = known.map_or(first, |it| it.max(first)).min(changed.from.unwrap_or(until));
            let mut ran =
                Ran { name: chosen.name, judged_until: known, took: Duration::ZERO, error: None };
            let done = chosen.detector.and_then(|detector| {
                // Nothing new: the clock was set back.
                if from >= until {
                    return Ok(from);
                }
                self.judge(session, rolling, &detector, (from, until), now)
            });
            match done {
                Ok(judged_until) => ran.judged_until = Some(judged_until),
                Err(error) => {
                    stop.heed(&error);
                    let told = error.to_string();
                    let named = told.starts_with("detector ");
                    ran.error =
                        Some(if named { told } else { format!("detector {}: {told}", ran.name) });
                }
            }
            ran.took = started.elapsed();
            all.push(ran);
        }
        Ok((all, changed.too_late))
    }

    /// From which score on a detector's minutes count.
    pub fn bar(&self, detector: &Detector) -> Bar {
        detector.bar(self.watch.threshold, self.watch.false_alarms)
    }

    /// One detector over the minutes from <= minute < until, and what follows; until when they are
    /// judged.
    fn judge(
        &self,
        session: &Session,
        rolling: &mut Rolling,
        detector: &Detector,
        (from, until): (Micros, Micros),
        now: Micros,
    ) -> Result<Micros> {
        let (settings, bar) = (&Settings::default(), self.bar(detector));
        if !detector.is_built_in() || self.is_long_history(session, detector, from, until)? {
            let parameters = settings.parameters(Some(from), Some(until), until);
            let ask = || detector.run_asking(session, &parameters, bar);
            let found = match detector.is_built_in() {
                true => ask(),
                false => with_patience(session, ask),
            }?;
            self.note(session, detector, &found, (from, until), now)?;
            return Ok(until);
        }
        let mut at = from;
        let mut piece = until - from;
        while at < until {
            let to = (at + piece).min(until);
            match rolling.judge(session, detector, settings, bar, (at, to), now)? {
                Judged::FromKept(found) | Judged::FromPast(found) => {
                    self.note(session, detector, &found, (at, to), now)?;
                    at = to;
                }
                // A long time is judged from what is kept piece by piece.
                Judged::NotYet if piece > AT_ONCE => piece = AT_ONCE,
                // What is kept is complete, and does not reach back so far.
                Judged::NotYet if rolling.is_complete(detector) && until - at > AT_ONCE => {
                    let skipped = Moment(until - AT_ONCE);
                    tracing::warn!(
                        "{}: minutes before {} are not judged",
                        detector.name,
                        skipped.iso()
                    );
                    at = skipped.0;
                }
                Judged::NotYet => break,
            }
        }
        Ok(at)
    }

    /// Whether it is a long time that is judged at once in reasonable time: the first look at a
    /// database that was filled before.
    fn is_long_history(
        &self,
        session: &Session,
        detector: &Detector,
        from: Micros,
        until: Micros,
    ) -> Result<bool> {
        if until - from <= LONG {
            return Ok(false);
        }
        let past = Settings::default().parameters(Some(from - LONG), Some(until), until);
        Ok(detector.cells(session, &past)? <= CELLS_AT_FIRST
            && Rolling::is_quickly_read(session, detector, (from, until))?)
    }

    /// Stores what was found in the minutes from <= minute < until, and tells people.
    fn note(
        &self,
        session: &Session,
        detector: &Detector,
        found: &Found,
        (from, until): (Micros, Micros),
        now: Micros,
    ) -> Result<()> {
        session.transaction(|| {
            found.forget_others(session, from, until)?;
            found.store(session, &Moment(now).sql(), true)?;
            let mut minutes = found.stored(session, from - CONFIRM, until)?;
            minutes.retain(|minute| !self.was_away(minute));
            self.follow_up(session, detector, &minutes, until, from, now)?;
            let note = Parameters::new().with("name", &detector.name).with("judged_until", until);
            session.execute(NOTE_JUDGED, &note.as_slice())
        })
    }

    /// Brings up to date what detectors keep of the past, a while.
    fn keep(
        &self,
        session: &Session,
        rolling: &mut Rolling,
        now: Micros,
        stop: &Stop,
    ) -> Result<()> {
        let started = Instant::now();
        let until = self.complete_until(now);
        while rolling.keep(session, until)? {
            if stop.is_stopped() || started.elapsed() > KEEP_WITHIN {
                break;
            }
        }
        Ok(())
    }

    fn follow_up(
        &self,
        session: &Session,
        detector: &Detector,
        found: &[UnusualMinute],
        complete_until: Micros,
        from: Micros,
        now: Micros,
    ) -> Result<()> {
        let known = alerts::since(session, from - CONFIRM - MERGE)?;
        let id = alerts::next_id(session)?;
        let Detector { name, opening, .. } = detector;
        for step in steps(&known, name, *opening, found, complete_until, id) {
            match step {
                Step::Update(alert) => alerts::update(session, &alert, now)?,
                Step::Open(alert) => {
                    alerts::open(session, &alert, now)?;
                    // Of several with one cause people are told once.
                    if alert.last_minute >= now - NEWS_FOR && alert.incident == alert.id {
                        tracing::info!("{}: {}", alert.series, alert.reason);
                        if self.watch.mails {
                            alerts::add_delivery(session, alert.id, now)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether nothing arrived because nobody was here to take it in: there has been no record since
    /// the start.
    fn was_away(&self, minute: &UnusualMinute) -> bool {
        let last = minute.minute - minute.observed as Micros * MINUTE;
        minute.series == NO_DATA && last + MINUTE < self.started
    }

    /// The first minute that may still get records.
    fn complete_until(&self, now: Micros) -> Micros {
        (now - self.watch.settle).div_euclid(MINUTE) * MINUTE
    }

    /// Until the next minute is complete.
    fn until_next(&self, now: Micros) -> Duration {
        let next = self.complete_until(now) + MINUTE + self.watch.settle;
        Duration::from_micros((next - now).max(0).unsigned_abs())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
