//! The tick: once a minute the detectors judge what is complete, what they find is stored,
//! and alerts open, go on or close. Now and then it joins partial counts.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::alert::life::{GAP, Step, steps};
use crate::clock;
use crate::detect::{Detector, Settings, UnusualMinute};
use crate::error::Result;
use crate::queries::alerts;
use crate::queries::compact::compact;
use crate::queries::range::MINUTE;
use crate::record::Micros;
use crate::stop::Stop;
use crate::store::{Session, Store};

/// After the minute: what was written in its last moment has to arrive first.
const SETTLE: Micros = 2_000_000;

/// How far back each tick judges again: records that come late change what was found.
const LOOK_BACK: Micros = 60 * MINUTE;

/// How far back the first tick judges: a database that was filled without a monitor.
const FIRST_LOOK_BACK: Micros = 7 * 24 * 60 * MINUTE;

/// Nobody is told of what is longer ago.
const NEWS_FOR: Micros = 60 * MINUTE;

/// How often partial counts are joined.
const COMPACT_EVERY: Micros = 10 * MINUTE;

pub struct Monitor {
    pub store: Store,
    pub settings: Settings,
    /// Whether somebody is to be told.
    pub mails: bool,
    state: Mutex<State>,
}

/// How the monitor is.
#[derive(Clone, Debug, Default)]
pub struct State {
    pub last_run: Option<Micros>,
    pub took: Duration,
    pub error: Option<String>,
}

impl Monitor {
    pub fn new(store: Store, settings: Settings, mails: bool) -> Monitor {
        Monitor { store, settings, mails, state: Mutex::default() }
    }

    pub fn state(&self) -> State {
        self.lock().clone()
    }

    /// Ticks until `stop`, the first time at once.
    pub fn run(&self, stop: &Stop) {
        let mut look_back = FIRST_LOOK_BACK;
        let mut compacted = 0;
        loop {
            let now = clock::now();
            let started = Instant::now();
            let done = self.store.session().and_then(|session| self.tick(&session, now, look_back));
            let done = done.and_then(|()| {
                if now - compacted >= COMPACT_EVERY {
                    compacted = now;
                    let until = complete_until(now);
                    let session = self.store.session()?;
                    compact(&session, until - look_back, until, now)?;
                }
                Ok(())
            });
            let error = done.err().map(|error| {
                stop.heed(&error);
                error.to_string()
            });
            match &error {
                Some(error) => tracing::warn!("monitor: {error}"),
                None => look_back = LOOK_BACK,
            }
            *self.lock() = State { last_run: Some(now), took: started.elapsed(), error };
            if stop.wait(until_next(clock::now())) {
                return;
            }
        }
    }

    /// Judges the minutes before `now` that are complete, back to `look_back` ago.
    pub fn tick(&self, session: &Session, now: Micros, look_back: Micros) -> Result<()> {
        let complete_until = complete_until(now);
        let from = complete_until - look_back;
        // What pages people is the z-score alone until the others keep their state between ticks.
        for detector in Detector::built_in().take(1) {
            let parameters =
                self.settings.parameters(Some(from), Some(complete_until), complete_until);
            let found = detector.run(session, &parameters)?;
            session.transaction(|| {
                found.store(session, &crate::queries::Moment(now).sql())?;
                let minutes = found.minutes(session)?;
                self.follow_up(session, &detector.name, &minutes, complete_until, from, now)
            })?;
        }
        Ok(())
    }

    fn follow_up(
        &self,
        session: &Session,
        detector: &str,
        found: &[UnusualMinute],
        complete_until: Micros,
        from: Micros,
        now: Micros,
    ) -> Result<()> {
        let known = alerts::since(session, from - GAP)?;
        let mut id = alerts::next_id(session)?;
        for step in steps(&known, detector, found, complete_until) {
            match step {
                Step::Update(alert) => alerts::update(session, &alert, now)?,
                Step::Open(mut alert) => {
                    alert.id = id;
                    id += 1;
                    alerts::open(session, &alert, now)?;
                    if alert.last_minute >= now - NEWS_FOR {
                        tracing::info!("{}: {}", alert.series, alert.reason);
                        if self.mails {
                            alerts::add_delivery(session, alert.id, now)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first minute that may still get records.
fn complete_until(now: Micros) -> Micros {
    (now - SETTLE).div_euclid(MINUTE) * MINUTE
}

/// Until the next minute is complete.
fn until_next(now: Micros) -> Duration {
    let next = complete_until(now) + MINUTE + SETTLE;
    Duration::from_micros((next - now).max(0).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_current_minute_is_never_judged() {
        assert_eq!(complete_until(10 * MINUTE + SETTLE), 10 * MINUTE);
        assert_eq!(complete_until(10 * MINUTE + SETTLE - 1), 9 * MINUTE);
        assert_eq!(until_next(10 * MINUTE + SETTLE), Duration::from_secs(60));
        assert_eq!(until_next(10 * MINUTE), Duration::from_secs(2));
    }
}
