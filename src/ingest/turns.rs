//! Who reads which file: a file that is followed may be named in a load as well, and its new
//! lines are to come in once.
//!
//! Whoever takes in a file has its turn from before it looks at the positions in the database
//! until it has committed. A file is its device and inode, under whatever path.

use std::collections::HashSet;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::stop::Stop;

/// How long a load that holds turns waits for another: two that wait for each other would wait
/// for ever.
const WAIT_FOR_ANOTHER: Duration = Duration::from_secs(10);

/// How often who waits looks whether it is to stop.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// Device and inode.
pub type Inode = (u64, u64);

/// The files that are being read in this process.
#[derive(Default)]
pub struct Turns {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    taken: HashSet<Inode>,
    loads: u64,
}

/// Files that nobody else reads as long as this is there.
pub struct Turn {
    turns: Arc<Turns>,
    inodes: HashSet<Inode>,
    is_load: bool,
}

/// What became of the wish for one more file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addition {
    /// It was there already.
    Held,
    /// Now it is; what was known of it before may be old.
    Added,
    /// Another reads it for long.
    Busy,
}

impl Turns {
    /// Waits until nobody reads any of these files; `None` if it was to stop before. For loads.
    pub fn take_all(
        self: &Arc<Turns>,
        inodes: impl IntoIterator<Item = Inode>,
        stop: &Stop,
    ) -> Option<Turn> {
        let inodes: HashSet<Inode> = inodes.into_iter().collect();
        let mut state = self.lock();
        while !state.taken.is_disjoint(&inodes) {
            if stop.is_stopped() {
                return None;
            }
            let waited = self.changed.wait_timeout(state, LOOK_INTERVAL);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.taken.extend(&inodes);
        Some(Turn { turns: self.clone(), inodes, is_load: true })
    }

    /// Takes those of these files that nobody reads. For who comes again in a moment.
    pub fn take_free(self: &Arc<Turns>, inodes: impl IntoIterator<Item = Inode>) -> Turn {
        let mut state = self.lock();
        let inodes = inodes.into_iter().filter(|inode| state.taken.insert(*inode)).collect();
        Turn { turns: self.clone(), inodes, is_load: false }
    }

    /// How many loads have ended. Positions that were read from the database before this number
    /// changed may be old.
    pub fn loads(&self) -> u64 {
        self.lock().loads
    }

    /// A set and a number: whole whatever happened to a thread that held the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    pub fn has(&self, inode: Inode) -> bool {
        self.inodes.contains(&inode)
    }

    /// One more file: a path may name another one by now, or an archive's lines be those of
    /// another file.
    pub fn add(&mut self, inode: Inode) -> Addition {
        if self.has(inode) {
            return Addition::Held;
        }
        let until = Instant::now() + WAIT_FOR_ANOTHER;
        let mut state = self.turns.lock();
        while !state.taken.insert(inode) {
            let left = until.saturating_duration_since(Instant::now());
            // Who comes again in a moment need not wait.
            if left.is_zero() || !self.is_load {
                return Addition::Busy;
            }
            let waited = self.turns.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(state);
        self.inodes.insert(inode);
        Addition::Added
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.turns.lock();
        for inode in &self.inodes {
            state.taken.remove(inode);
        }
        state.loads += u64::from(self.is_load);
        drop(state);
        self.turns.changed.notify_all();
    }
}

/// The file that a path names now.
pub fn inode_of(path: &Path) -> Option<Inode> {
    let meta = std::fs::metadata(path).ok()?;
    Some((meta.dev(), meta.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_one_readers_at_a_time() {
        let turns = Arc::new(Turns::default());
        let stop = Stop::new();
        let mut load = turns.take_all([(1, 1), (1, 2)], &stop).unwrap();
        let mut follower = turns.take_free([(1, 2), (1, 3)]);
        assert!(!follower.has((1, 2)) && follower.has((1, 3)));
        assert_eq!(follower.add((1, 1)), Addition::Busy);
        assert_eq!((load.add((1, 1)), load.add((1, 4))), (Addition::Held, Addition::Added));
        drop(follower);
        assert_eq!((load.add((1, 3)), turns.loads()), (Addition::Added, 0));
        let waits = {
            let turns = turns.clone();
            std::thread::spawn(move || turns.take_all([(1, 3)], &Stop::new()).is_some())
        };
        drop(load);
        assert!(waits.join().unwrap());
        assert_eq!(turns.loads(), 2);
    }

    #[test]
    fn who_is_to_stop_does_not_wait() {
        let turns = Arc::new(Turns::default());
        let stop = Stop::new();
        let _load = turns.take_all([(1, 1)], &stop).unwrap();
        stop.stop();
        assert!(turns.take_all([(1, 1)], &stop).is_none());
    }
}
