//! Sends what is due, one message after the other, and tries again what did not get through.
//! A thread of its own: a mail server that is slow or gone delays nothing else.

use std::time::Duration;

use super::email::{Letter, Mailer, SAMPLE_LINES};
use crate::clock;
use crate::error::Result;
use crate::queries::alerts::{Delivery, Outcome, due, note_delivery, samples};
use crate::queries::range::MINUTE;
use crate::record::Micros;
use crate::stop::Stop;
use crate::store::Store;

/// Between two looks at what is due.
const INTERVAL: Duration = Duration::from_secs(1);

/// After the first attempt in vain; doubled after each, up to an hour.
const RETRY_FIRST: Micros = MINUTE / 2;
const RETRY_MAX: Micros = 60 * MINUTE;

/// What did not get through in this time is news no longer.
const GIVE_UP_AFTER: Micros = 24 * 60 * MINUTE;

pub struct Outbox {
    pub store: Store,
    pub mailer: Mailer,
    /// Where the page is.
    pub page: String,
}

impl Outbox {
    /// Sends until `stop`.
    pub fn run(&self, stop: &Stop) {
        while !stop.wait(INTERVAL) {
            if let Err(error) = self.send_due(stop) {
                stop.heed(&error);
                tracing::warn!("mail: {error}");
            }
        }
    }

    fn send_due(&self, stop: &Stop) -> Result<()> {
        let session = self.store.session()?;
        for delivery in due(&session, clock::now())? {
            if stop.is_stopped() {
                break;
            }
            let Delivery { alert, attempts, created, minute, .. } = delivery;
            let samples = samples(&session, &delivery.subject, minute, SAMPLE_LINES)?;
            let letter = Letter { delivery: &delivery, samples: &samples, page: &self.page };
            let outcome = match self.mailer.send(&letter) {
                Ok(()) => {
                    tracing::info!("mail about alert {alert} is sent");
                    Outcome::Sent { at: clock::now() }
                }
                Err(error) => {
                    let next = next_attempt(attempts, created, clock::now());
                    let then = if next.is_some() { "it will be tried again" } else { "given up" };
                    tracing::warn!("mail about alert {alert}: {error}; {then}");
                    Outcome::Failed { error, next }
                }
            };
            note_delivery(&session, alert, attempts + 1, &outcome)?;
        }
        Ok(())
    }
}

/// When a message is tried again that was in vain `attempts` times before; `None` to give up.
fn next_attempt(attempts: u32, created: Micros, now: Micros) -> Option<Micros> {
    let wait = RETRY_FIRST.saturating_mul(1 << attempts.min(16)).min(RETRY_MAX);
    (now + wait <= created + GIVE_UP_AFTER).then_some(now + wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        assert_eq!(next_attempt(0, 0, 0), Some(MINUTE / 2));
        assert_eq!(next_attempt(2, 0, 0), Some(2 * MINUTE));
        assert_eq!(next_attempt(40, 0, 0), Some(60 * MINUTE));
        assert_eq!(next_attempt(30, 0, GIVE_UP_AFTER), None);
    }
}
