//! What is known while records come in: rates, lag and errors of the files that are
//! followed, and a signal when something was committed. Shared with those who show it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::turns::Turns;
use crate::store::writer::Arrival;

/// Over which time the rate is measured.
const RATE_WINDOW: Duration = Duration::from_secs(10);

/// The state of taking in.
pub struct Live {
    /// Since the start.
    pub records: AtomicU64,
    pub rejects: AtomicU64,
    pub bytes: AtomicU64,
    /// Items that clients sent, whatever became of them; of these stored before, and dropped.
    pub received: AtomicU64,
    pub duplicates: AtomicU64,
    pub dropped: AtomicU64,
    /// Which files are being read, by the follower and by loads.
    pub turns: Arc<Turns>,
    state: Mutex<State>,
    committed: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    /// How many records were committed when.
    arrivals: VecDeque<(Instant, u64)>,
    files: BTreeMap<String, Followed>,
    error: Option<String>,
    receive_error: Option<String>,
}

/// A file that is followed, by its absolute path.
#[derive(Clone, Debug, Default)]
pub struct Followed {
    /// Bytes on disk when last looked at.
    pub size: u64,
    /// Of those, how many have been read.
    pub read: u64,
    /// Since when there have been bytes that are not read.
    pub waiting_since: Option<Instant>,
    pub error: Option<String>,
}

impl Followed {
    pub fn lag_bytes(&self) -> u64 {
        self.size.saturating_sub(self.read)
    }

    pub fn lag(&self) -> Duration {
        self.waiting_since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}

impl State {
    /// Forgets as well, so that nothing grows while nobody asks for the rate.
    fn arrive(&mut self, records: u64) {
        self.forget_arrivals();
        self.arrivals.push_back((Instant::now(), records));
    }

    fn forget_arrivals(&mut self) {
        while self.arrivals.front().is_some_and(|(at, _)| at.elapsed() > RATE_WINDOW) {
            self.arrivals.pop_front();
        }
    }
}

impl Live {
    pub fn new() -> Live {
        Live {
            records: AtomicU64::new(0),
            rejects: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            received: AtomicU64::new(0),
            duplicates: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            turns: Arc::default(),
            state: Mutex::default(),
            committed: watch::Sender::new(0),
        }
    }

    /// Changes its number whenever something was committed.
    pub fn committed(&self) -> watch::Receiver<u64> {
        self.committed.subscribe()
    }

    /// Notes what was committed.
    pub fn add(&self, records: u64, rejects: u64, bytes: u64) {
        self.records.fetch_add(records, Ordering::Relaxed);
        self.rejects.fetch_add(rejects, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.lock().arrive(records);
        self.committed.send_modify(|number| *number += 1);
    }

    /// Notes what arrived, before it is stored.
    pub fn note_received(&self, arrival: &Arrival) {
        self.received.fetch_add(arrival.received, Ordering::Relaxed);
        self.duplicates.fetch_add(arrival.duplicates, Ordering::Relaxed);
        self.dropped.fetch_add(arrival.dropped, Ordering::Relaxed);
    }

    /// Why what clients send cannot be stored at the moment.
    pub fn receive_error(&self) -> Option<String> {
        self.lock().receive_error.clone()
    }

    pub fn set_receive_error(&self, error: Option<String>) {
        self.lock().receive_error = error;
    }

    /// Forgets how fast records came: those were history.
    pub fn reset_rate(&self) {
        self.lock().arrivals.clear();
    }

    /// Records a second over the last seconds.
    pub fn records_per_second(&self) -> f64 {
        let mut state = self.lock();
        state.forget_arrivals();
        let records: u64 = state.arrivals.iter().map(|(_, records)| records).sum();
        records as f64 / RATE_WINDOW.as_secs_f64()
    }

    /// The files that are followed.
    pub fn files(&self) -> BTreeMap<String, Followed> {
        self.lock().files.clone()
    }

    pub fn set_files(&self, files: BTreeMap<String, Followed>) {
        self.lock().files = files;
    }

    /// Why nothing can be taken in at the moment.
    pub fn error(&self) -> Option<String> {
        self.lock().error.clone()
    }

    pub fn set_error(&self, error: Option<String>) {
        self.lock().error = error;
    }

    /// Numbers and texts: whole whatever happened to a thread that held the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Live {
    fn default() -> Live {
        Live::new()
    }
}
