//! Copies that logrotate's copytruncate makes: while a file is copied, its lines lie in two files.
//!
//! A new file that is, as far as it goes, the same as one in its place is not read while it is
//! young. When the other is truncated, or gone, the copy is what the other was. When it is left
//! alone beside the other, somebody made it for a reason, and it is a file like any.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::decode::Encoding;
use super::looked::{LookedAt, modified, read_start};
use super::turns::Inode;
use crate::config::HEAD_BYTES_MAX;
use crate::record::Micros;

/// How long after the last write a copy of a file that is in its place is taken for one that
/// logrotate is making, in microseconds.
const COPY_SETTLES: Micros = 10_000_000;

/// Files that are, or were, copies, and the sources that they are copies of. Cheap to clone.
#[derive(Clone, Default)]
pub struct Copies {
    known: Arc<Mutex<HashMap<Inode, Noted>>>,
}

struct Noted {
    name: String,
    /// The source that it is a copy of.
    original: i32,
}

impl Copies {
    pub fn note(&self, copy: &LookedAt<'_>, original: i32) {
        self.lock().insert(copy.inode(), Noted { name: copy.name.clone(), original });
    }

    /// The source that a file is a copy of.
    pub fn original_of(&self, copy: Inode) -> Option<i32> {
        self.lock().get(&copy).map(|copy| copy.original)
    }

    /// What the other copies are called.
    pub fn names_but(&self, copy: Inode) -> Vec<String> {
        let known = self.lock();
        let others = known.iter().filter(|(inode, _)| **inode != copy);
        others.map(|(_, other)| other.name.clone()).collect()
    }

    pub fn forget(&self, copy: Inode) {
        self.lock().remove(&copy);
    }

    /// A map: whole whatever happened to a thread that held the lock.
    fn lock(&self) -> MutexGuard<'_, HashMap<Inode, Noted>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a file was written to so lately that somebody may be copying still.
pub fn is_young(looked: &LookedAt<'_>, now: Micros) -> bool {
    (-COPY_SETTLES..COPY_SETTLES).contains(&(now - modified(&looked.meta)))
}

/// Whether a file is what another begins with. Of what is packed only the beginning is looked at.
pub fn is_copy_of(looked: &LookedAt<'_>, original: &str) -> bool {
    let compared = || -> std::io::Result<bool> {
        let original = File::open(original)?;
        let encoding = Encoding::of_file(&original)?;
        if read_start(&original, encoding, looked.head.len())? != looked.head {
            return Ok(false);
        }
        if !looked.encoding.is_plain() || !encoding.is_plain() {
            return Ok(true);
        }
        let end = looked.meta.len();
        let start = end.saturating_sub(HEAD_BYTES_MAX as u64);
        let mut both = [vec![0; (end - start) as usize], vec![0; (end - start) as usize]];
        looked.file.read_exact_at(&mut both[0], start)?;
        original.read_exact_at(&mut both[1], start)?;
        Ok(both[0] == both[1])
    };
    // One that cannot be read, or is shorter, is no original.
    compared().unwrap_or(false)
}
