//! Knowing again what a client sends twice, because it did not hear that it is in.
//!
//! Equal content alone is no sign of that: programs say the same thing twice, within the same
//! millisecond too. There are two other signs.
//!
//! **A key of the client's own**: an idempotency key of a request, the identity of a document. It
//! is *reserved* while what it stands for is on its way, and *stored* from the commit on. Keys
//! are forgotten after [`WINDOW`], or when there are more than [`KEYS_MAX`].
//!
//! **The same request, which was not answered.** Every attempt to send a request has two ends:
//! its records are committed or not, and its answer is written to the client or the client has
//! gone. An attempt that is committed and not answered is remembered, and the next equal request
//! of the client is taken for it, once. While its records are being committed and the client has
//! gone already, an equal request is told to come again.
//!
//! The database holds keys and attempts in the transaction of their records, so they survive a
//! kill exactly if the records do. That an answer was written is noted in a later transaction: an
//! attempt whose note a kill took away counts as not answered.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use crate::record::Micros;
use crate::store::writer::{Receipt, ReceiptState};

/// How long a key is known, in microseconds: shippers retry for minutes.
pub const WINDOW: Micros = 60 * 60 * 1_000_000;

/// How many keys are known at most; each takes about 100 bytes. As many attempts are.
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
    /// Attempts that were answered, to be noted with the next commit.
    answered: Mutex<Vec<Receipt>>,
}

#[derive(Default)]
struct Known {
    keys: HashMap<u128, Entry, foldhash::fast::RandomState>,
    /// Stored keys in the order in which they came.
    order: VecDeque<(u128, Micros)>,
    /// Attempts whose client has gone.
    lost: HashMap<u128, Lost, foldhash::fast::RandomState>,
    /// Those of them that are stored, in the order in which they were.
    lost_order: VecDeque<(u128, Micros)>,
}

#[derive(Clone, Copy)]
enum Entry {
    Pending,
    Stored(u64),
}

/// Attempts to send one request that were not answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Lost {
    /// They are being stored.
    pending: usize,
    stored: usize,
}

/// Keys that are the caller's until what they stand for is stored. Dropped, they are free again.
pub struct Reserved {
    receipts: Arc<Receipts>,
    keys: Vec<Receipt>,
    attempt: Option<Storing>,
}

/// An attempt to send a request, as seen from both of its ends.
struct Attempt {
    receipts: Arc<Receipts>,
    receipt: Receipt,
    ends: Mutex<Ends>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Ends {
    /// `None` while it is being stored.
    is_stored: Option<bool>,
    has_gone: bool,
}

/// The end of an attempt at which it is stored. Dropped, it is not.
struct Storing(Arc<Attempt>);

/// The end of an attempt at which it is answered. Dropped, the client has not heard.
pub struct Answering(Option<Arc<Attempt>>);

impl Receipts {
    /// Those that the database holds, in the order in which they came.
    pub fn with(stored: impl IntoIterator<Item = Receipt>) -> Receipts {
        let mut known = Known::default();
        for receipt in stored {
            match receipt.state {
                ReceiptState::Known => known.store(receipt),
                ReceiptState::Unanswered => known.lose(receipt),
                ReceiptState::Answered => {}
            }
        }
        Receipts { known: Mutex::new(known), ..Receipts::default() }
    }

    /// Reserves keys for somebody.
    pub fn reserve(self: &Arc<Receipts>) -> Reserved {
        Reserved { receipts: self.clone(), keys: Vec::new(), attempt: None }
    }

    /// What is to be noted as answered, from now on the caller's to note.
    pub fn take_answered(&self) -> Vec<Receipt> {
        std::mem::take(&mut *self.lock_answered())
    }

    /// Whether there is anything to be noted.
    pub fn has_answered(&self) -> bool {
        !self.lock_answered().is_empty()
    }

    /// It could not be noted.
    pub fn put_back_answered(&self, answered: Vec<Receipt>) {
        self.lock_answered().extend(answered);
    }

    fn lock_answered(&self) -> MutexGuard<'_, Vec<Receipt>> {
        self.answered.lock().unwrap_or_else(PoisonError::into_inner)
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
            self.keys.push(Receipt { key, content, received: now, state: ReceiptState::Known });
        }
        verdict
    }

    /// Begins an attempt to send a request, which is [`Verdict::New`], [`Verdict::Stored`] or
    /// [`Verdict::Pending`]. Whoever answers it says so by what is returned with it.
    pub fn attempt(&mut self, key: u128, content: u64, now: Micros) -> (Verdict, Answering) {
        let verdict = self.receipts.lock().attempt(key, now);
        if verdict == Verdict::Pending {
            return (verdict, Answering(None));
        }
        let receipt = Receipt { key, content, received: now, state: ReceiptState::Unanswered };
        let is_stored = (verdict == Verdict::Stored).then_some(true);
        let ends = Mutex::new(Ends { is_stored, has_gone: false });
        let attempt = Arc::new(Attempt { receipts: self.receipts.clone(), receipt, ends });
        if verdict == Verdict::New {
            self.keys.push(receipt);
            self.attempt = Some(Storing(attempt.clone()));
        }
        (verdict, Answering(Some(attempt)))
    }

    /// What is to be committed with the records.
    pub fn keys(&self) -> &[Receipt] {
        &self.keys
    }

    /// What the keys stand for is committed.
    pub fn keep(mut self) {
        let mut known = self.receipts.lock();
        for receipt in self.keys.drain(..) {
            if receipt.state == ReceiptState::Known {
                known.store(receipt);
            }
        }
        drop(known);
        if let Some(Storing(attempt)) = &self.attempt {
            attempt.note_stored(true);
        }
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if self.keys.is_empty() {
            return;
        }
        let mut known = self.receipts.lock();
        for receipt in self.keys.iter().filter(|receipt| receipt.state == ReceiptState::Known) {
            known.keys.remove(&receipt.key);
        }
    }
}

impl Attempt {
    fn lock_ends(&self) -> MutexGuard<'_, Ends> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_stored(&self, is_stored: bool) {
        let mut ends = self.lock_ends();
        if ends.is_stored.is_some() {
            return;
        }
        ends.is_stored = Some(is_stored);
        if !ends.has_gone {
            return;
        }
        let mut known = self.receipts.lock();
        known.end_pending(self.receipt.key);
        if is_stored {
            known.lose(self.receipt);
        }
    }

    fn note_gone(&self) {
        let mut ends = self.lock_ends();
        ends.has_gone = true;
        let mut known = self.receipts.lock();
        match ends.is_stored {
            Some(true) => known.lose(self.receipt),
            Some(false) => {}
            None => known.lost.entry(self.receipt.key).or_default().pending += 1,
        }
    }
}

impl Drop for Storing {
    fn drop(&mut self) {
        // Without effect where it is stored.
        self.0.note_stored(false);
    }
}

impl Answering {
    /// The answer is written. Says whether that is the first to be noted.
    pub fn note_answered(mut self) -> bool {
        let Some(attempt) = self.0.take() else { return false };
        if attempt.lock_ends().is_stored != Some(true) {
            return false;
        }
        let mut answered = attempt.receipts.lock_answered();
        answered.push(Receipt { state: ReceiptState::Answered, ..attempt.receipt });
        answered.len() == 1
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        if let Some(attempt) = self.0.take() {
            attempt.note_gone();
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

    fn attempt(&mut self, key: u128, now: Micros) -> Verdict {
        self.forget(now);
        match self.lost.get(&key).copied() {
            None => Verdict::New,
            Some(Lost { stored: 0, .. }) => Verdict::Pending,
            Some(_) => {
                self.end_stored(key);
                Verdict::Stored
            }
        }
    }

    fn store(&mut self, receipt: Receipt) {
        self.keys.insert(receipt.key, Entry::Stored(receipt.content));
        self.order.push_back((receipt.key, receipt.received));
    }

    /// Remembers an attempt that is stored and not answered.
    fn lose(&mut self, receipt: Receipt) {
        self.lost.entry(receipt.key).or_default().stored += 1;
        self.lost_order.push_back((receipt.key, receipt.received));
    }

    fn end_stored(&mut self, key: u128) {
        self.end(key, |lost| lost.stored = lost.stored.saturating_sub(1));
    }

    fn end_pending(&mut self, key: u128) {
        self.end(key, |lost| lost.pending = lost.pending.saturating_sub(1));
    }

    fn end(&mut self, key: u128, change: impl FnOnce(&mut Lost)) {
        if let Some(lost) = self.lost.get_mut(&key) {
            change(lost);
            if *lost == Lost::default() {
                self.lost.remove(&key);
            }
        }
    }

    /// Drops what is too old, or too much. A clock that jumps forward forgets early.
    fn forget(&mut self, now: Micros) {
        while let Some(&(key, received)) = self.order.front() {
            if received >= now - WINDOW && self.order.len() <= KEYS_MAX {
                break;
            }
            self.order.pop_front();
            self.keys.remove(&key);
        }
        while let Some(&(key, received)) = self.lost_order.front() {
            if received >= now - WINDOW && self.lost_order.len() <= KEYS_MAX {
                break;
            }
            self.lost_order.pop_front();
            self.end_stored(key);
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
    fn an_equal_request_is_another_one_unless_the_first_was_not_answered() {
        let receipts = Arc::new(Receipts::default());
        let attempt = || {
            let mut reserved = receipts.reserve();
            let (verdict, answering) = reserved.attempt(1, 10, 0);
            (verdict, reserved, answering)
        };
        // Answered, and at the same time: two.
        let (first, first_reserved, first_answering) = attempt();
        let (second, second_reserved, second_answering) = attempt();
        assert_eq!((first, second), (Verdict::New, Verdict::New));
        first_reserved.keep();
        assert!(first_answering.note_answered());
        second_reserved.keep();
        assert!(!second_answering.note_answered());
        assert_eq!(receipts.take_answered().len(), 2);

        // The client has gone before it is stored: to come again, then known once.
        let (verdict, reserved, answering) = attempt();
        assert_eq!(verdict, Verdict::New);
        drop(answering);
        assert_eq!(attempt().0, Verdict::Pending);
        reserved.keep();
        let (verdict, reserved, answering) = attempt();
        assert_eq!((verdict, reserved.keys().len()), (Verdict::Stored, 0));
        // And again, as long as it is not answered.
        drop((reserved, answering));
        let (verdict, _, answering) = attempt();
        assert_eq!(verdict, Verdict::Stored);
        assert!(answering.note_answered());
        assert_eq!(attempt().0, Verdict::New);
    }

    #[test]
    fn what_was_not_stored_is_not_known() {
        let receipts = Arc::new(Receipts::default());
        for goes_first in [true, false] {
            let mut reserved = receipts.reserve();
            let (_, answering) = reserved.attempt(1, 10, 0);
            if goes_first {
                drop(answering);
                drop(reserved);
            } else {
                drop(reserved);
                drop(answering);
            }
            assert_eq!(receipts.reserve().attempt(1, 10, 0).0, Verdict::New);
        }
        assert!(receipts.lock().lost.is_empty());
    }

    #[test]
    fn a_restart_knows_what_was_not_answered() {
        let receipt = |state| Receipt { key: 1, content: 10, received: 0, state };
        let stored = [receipt(ReceiptState::Unanswered), receipt(ReceiptState::Unanswered)];
        let receipts = Arc::new(Receipts::with(stored));
        let attempt = |now| {
            let (verdict, answering) = receipts.reserve().attempt(1, 10, now);
            answering.note_answered();
            verdict
        };
        assert_eq!(attempt(0), Verdict::Stored);
        // An hour later nobody sends it again.
        assert_eq!(attempt(WINDOW + 1), Verdict::New);
    }

    #[test]
    fn parts_are_kept_apart() {
        assert_ne!(key_of(&[b"ab", b"c"]), key_of(&[b"a", b"bc"]));
    }
}
