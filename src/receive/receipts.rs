//! Knowing again what a client sends twice, because it did not hear that it is in.
//!
//! A key stands for a request or a document. It is *reserved* while what it stands for is on
//! its way, and *stored* from the commit on: the database holds it in the same transaction, so
//! it survives a kill exactly if the records do. Keys are forgotten after [`WINDOW`], or when
//! there are more than [`KEYS_MAX`].

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use crate::record::Micros;
use crate::store::writer::Receipt;

/// How long a key is known, in microseconds: shippers retry for minutes.
pub const WINDOW: Micros = 60 * 60 * 1_000_000;

/// How many keys are known at most; each takes about 100 bytes.
pub const KEYS_MAX: usize = 1_000_000;

/// The key of what these parts name.
pub fn key_of(parts: &[&[u8]]) -> u128 {
    let mut hash = Xxh3::new();
    for part in parts {
        // With lengths, so that no two lists of parts look the same.
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.digest128()
}

/// A hash of what is stored under a key.
pub fn content_of(bytes: &[u8]) -> u64 {
    xxh3_64(bytes)
}

/// What is known of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing: it is the caller's now.
    New,
    /// Stored, with the same content.
    Stored,
    /// Stored, with other content.
    Conflict,
    /// Somebody else is about to store it: whoever asks may come again in a moment.
    Pending,
}

#[derive(Default)]
pub struct Receipts {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    keys: HashMap<u128, Entry, foldhash::fast::RandomState>,
    /// Stored keys in the order in which they came.
    order: VecDeque<(u128, Micros)>,
}

#[derive(Clone, Copy)]
enum Entry {
    Pending,
    Stored(u64),
}

/// Keys that are the caller's until what they stand for is stored. Dropped, they are free again.
pub struct Reserved {
    receipts: Arc<Receipts>,
    keys: Vec<Receipt>,
}

impl Receipts {
    /// Those that the database holds, in the order in which they came.
    pub fn with(stored: impl IntoIterator<Item = Receipt>) -> Receipts {
        let mut known = Known::default();
        for receipt in stored {
            known.store(receipt);
        }
        Receipts { known: Mutex::new(known) }
    }

    /// Reserves keys for somebody.
    pub fn reserve(self: &Arc<Receipts>) -> Reserved {
        Reserved { receipts: self.clone(), keys: Vec::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // Every change is one insertion or removal: whole even if its thread panicked.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reserved {
    /// Asks for a key, and has it if it is new.
    pub fn ask(&mut self, key: u128, content: u64, now: Micros) -> Verdict {
        let verdict = self.receipts.lock().ask(key, content, now);
        if verdict == Verdict::New {
            self.keys.push(Receipt { key, content, received: now });
        }
        verdict
    }

    /// What is to be committed with the records.
    pub fn keys(&self) -> &[Receipt] {
        &self.keys
    }

    /// What the keys stand for is committed.
    pub fn keep(mut self) {
        let mut known = self.receipts.lock();
        for receipt in self.keys.drain(..) {
            known.store(receipt);
        }
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if self.keys.is_empty() {
            return;
        }
        let mut known = self.receipts.lock();
        for receipt in &self.keys {
            known.keys.remove(&receipt.key);
        }
    }
}

impl Known {
    fn ask(&mut self, key: u128, content: u64, now: Micros) -> Verdict {
        self.forget(now);
        match self.keys.get(&key) {
            None => {
                self.keys.insert(key, Entry::Pending);
                Verdict::New
            }
            Some(Entry::Pending) => Verdict::Pending,
            Some(Entry::Stored(stored)) if *stored == content => Verdict::Stored,
            Some(Entry::Stored(_)) => Verdict::Conflict,
        }
    }

    fn store(&mut self, receipt: Receipt) {
        self.keys.insert(receipt.key, Entry::Stored(receipt.content));
        self.order.push_back((receipt.key, receipt.received));
    }

    /// Drops what is too old, or too much. A clock that jumps forward forgets early.
    fn forget(&mut self, now: Micros) {
        while let Some(&(key, received)) = self.order.front() {
            if received >= now - WINDOW && self.order.len() <= KEYS_MAX {
                return;
            }
            self.order.pop_front();
            self.keys.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_somebodys_until_it_is_stored_or_given_back() {
        let receipts = Arc::new(Receipts::default());
        let mut first = receipts.reserve();
        let mut second = receipts.reserve();
        assert_eq!(first.ask(1, 10, 0), Verdict::New);
        assert_eq!(second.ask(1, 10, 0), Verdict::Pending);
        drop(first);
        assert_eq!(second.ask(1, 10, 0), Verdict::New);
        second.keep();
        let mut third = receipts.reserve();
        assert_eq!(third.ask(1, 10, 0), Verdict::Stored);
        assert_eq!(third.ask(1, 11, 0), Verdict::Conflict);
        drop(third);
        assert_eq!(receipts.reserve().ask(1, 10, WINDOW + 1), Verdict::New);
    }

    #[test]
    fn parts_are_kept_apart() {
        assert_ne!(key_of(&[b"ab", b"c"]), key_of(&[b"a", b"bc"]));
    }
}
