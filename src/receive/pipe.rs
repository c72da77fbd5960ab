//! Standard input as it comes: read by a thread of its own, passed through if that is wanted,
//! and kept until somebody takes it, up to a limit. Beyond that nothing is read, and whoever
//! writes into the pipe has to wait.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::error::Result;

/// Bytes that wait to be taken: what comes while a transaction commits.
const WAITING_BYTES_MAX: usize = 8 << 20;

/// Bytes read at a time: what a pipe holds.
const READ_BYTES: usize = 64 << 10;

/// How often the reader looks whether somebody wants to know that the pipe is empty.
const POLL: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

/// How long a pause waits for a read that is under way, at least.
const PAUSE_WAIT: Duration = Duration::from_millis(200);

/// The reading end; cheap to clone.
#[derive(Clone)]
pub struct Pipe {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    /// When something came last.
    came: Option<Instant>,
    ended: bool,
    /// Nothing more is to be read for now.
    paused: bool,
    /// The reader is at it: what it has read does not lie here yet.
    reads: bool,
    /// How often the pipe was found empty.
    found_empty: u64,
}

/// What lies there.
pub struct Taken {
    pub bytes: Vec<u8>,
    /// For how long nothing has come.
    pub quiet: Duration,
    /// Nothing will come any more.
    pub ended: bool,
}

impl Pipe {
    /// Begins to read `input`, and to pass it through to `tee`.
    ///
    /// # Errors
    /// There can be no more threads.
    pub fn open(input: File, tee: Option<Box<dyn Write + Send>>) -> Result<Pipe> {
        let pipe = Pipe { shared: Arc::default() };
        let shared = pipe.shared.clone();
        // Nobody waits for its end: it may wait for its next byte for ever.
        Builder::new().name("stdin".to_owned()).spawn(move || {
            if let Err(error) = shared.read(input, tee) {
                tracing::error!("read standard input: {error}");
            }
            let mut state = shared.lock();
            (state.ended, state.reads) = (true, false);
            drop(state);
            shared.changed.notify_all();
        })?;
        Ok(pipe)
    }

    /// Waits until something lies there, it has ended, or `until`; takes what lies there.
    pub fn take(&self, until: Instant) -> Taken {
        let mut state = self.shared.lock();
        while state.waiting.is_empty() && !state.ended {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.shared.wait(state, left);
        }
        let bytes = std::mem::take(&mut state.waiting);
        let quiet = state.came.map_or(Duration::ZERO, |came| came.elapsed());
        let ended = state.ended;
        drop(state);
        self.shared.changed.notify_all();
        Taken { bytes, quiet, ended }
    }

    /// Waits until all that lies in the pipe now has been read and something of it waits to be
    /// taken, or nothing does; whether nothing does. `until` it is given up.
    pub fn is_empty_by(&self, until: Instant) -> bool {
        let mut state = self.shared.lock();
        let before = state.found_empty;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if !state.waiting.is_empty() || left.is_zero() {
                return false;
            }
            if state.ended || state.found_empty > before {
                return true;
            }
            state = self.shared.wait(state, left);
        }
    }

    /// Reads nothing more for now; returns what was read until then. What is being passed
    /// through just now is waited for until a moment.
    pub fn pause(&self, until: Instant) -> Vec<u8> {
        let mut state = self.shared.lock();
        state.paused = true;
        let until = until.max(Instant::now() + PAUSE_WAIT);
        while state.reads && Instant::now() < until {
            state = self.shared.wait(state, PAUSE_WAIT);
        }
        std::mem::take(&mut state.waiting)
    }

    /// Reads again after a pause.
    pub fn go_on(&self) {
        self.shared.lock().paused = false;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn read(&self, mut input: File, mut tee: Option<Box<dyn Write + Send>>) -> io::Result<()> {
        let mut buffer = vec![0; READ_BYTES];
        loop {
            self.wait_for_room();
            if !is_readable(&input)? {
                let mut state = self.lock();
                state.reads = false;
                state.found_empty += 1;
                drop(state);
                self.changed.notify_all();
                continue;
            }
            let length = match input.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            // First of all: whoever reads there waits for nobody.
            if let Some(out) = &mut tee
                && let Err(error) = out.write_all(&buffer[..length]).and_then(|()| out.flush())
            {
                tracing::warn!("pass standard input through: {error}; it is taken in all the same");
                tee = None;
            }
            let mut state = self.lock();
            state.waiting.extend_from_slice(&buffer[..length]);
            state.came = Some(Instant::now());
            state.reads = false;
            drop(state);
            self.changed.notify_all();
        }
    }

    fn wait_for_room(&self) {
        let mut state = self.lock();
        while state.paused || state.waiting.len() >= WAITING_BYTES_MAX {
            let waited = self.changed.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
        state.reads = true;
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, time: Duration) -> MutexGuard<'a, State> {
        self.changed.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner).0
    }

    /// Bytes and flags: whole whatever happened to a thread that held the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits a moment for something to read: bytes, an end, or an error.
fn is_readable(input: &File) -> io::Result<bool> {
    let mut asked = [PollFd::from_borrowed_fd(input.as_fd(), PollFlags::IN)];
    match poll(&mut asked, Some(&POLL)) {
        Ok(ready) => Ok(ready > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
