//! Telling threads that wait that they are to end, and why.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Error;

/// A switch that is thrown once, and wakes all who wait with it.
#[derive(Clone, Default)]
pub struct Stop {
    inner: Arc<Inner>,
}

/// Why it was thrown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// For good.
    End,
    /// To go on with another configuration.
    Reload,
    /// To open the database again, which has failed; what DuckDB said.
    Database(String),
}

#[derive(Default)]
struct Inner {
    reason: Mutex<Option<Reason>>,
    changed: Condvar,
}

impl Stop {
    pub fn new() -> Stop {
        Stop::default()
    }

    /// For good, unless a restart has been called for before.
    pub fn stop(&self) {
        self.restart(Reason::End);
    }

    /// The first reason counts.
    pub fn restart(&self, reason: Reason) {
        self.lock().get_or_insert(reason);
        self.inner.changed.notify_all();
    }

    /// Calls for a restart if after this error nothing else helps. For every thread that works
    /// with the database.
    pub fn heed(&self, error: &Error) {
        if let Error::Invalidated(message) = error {
            self.restart(Reason::Database(message.clone()));
        }
    }

    pub fn is_stopped(&self) -> bool {
        self.lock().is_some()
    }

    /// Why it was thrown, if it was.
    pub fn reason(&self) -> Option<Reason> {
        self.lock().clone()
    }

    /// Waits that long, or until it is time to end: then it returns `true` at once.
    pub fn wait(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        let mut reason = self.lock();
        while reason.is_none() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.inner.changed.wait_timeout(reason, left);
            reason = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, Option<Reason>> {
        self.inner.reason.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_is_woken() {
        let stop = Stop::new();
        assert!(!stop.wait(Duration::from_millis(1)));
        let waiting = stop.clone();
        let thread = std::thread::spawn(move || waiting.wait(Duration::from_secs(60)));
        stop.stop();
        assert!(thread.join().unwrap());
        assert!(stop.is_stopped() && stop.wait(Duration::from_secs(60)));
    }

    #[test]
    fn the_first_reason_counts() {
        let stop = Stop::new();
        stop.heed(&Error::Sql("no such table".to_owned()));
        assert_eq!(stop.reason(), None);
        stop.heed(&Error::Invalidated("disk full".to_owned()));
        stop.stop();
        assert_eq!(stop.reason(), Some(Reason::Database("disk full".to_owned())));
    }
}
