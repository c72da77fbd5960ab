//! All files that are followed and known: read on together, committed together.

use std::collections::{HashMap, HashSet};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::follow::BACKLOG_BYTES;
use super::live::Live;
use super::tail::{Advance, Found, Step, Tail};
use super::turns::Inode;
use crate::config::{BLOCK_BYTES, TRANSACTION_ROWS_MAX};
use crate::error::Result;
use crate::memory::open_many_files;
use crate::parse::time::{Stray, Undated};
use crate::parse::{Dialect, TimeRules, read_block_by};
use crate::record::Micros;
use crate::store::sources::{self, Lag};
use crate::store::{Batch, Store, Writer};

/// Between two commits, unless there is more than one holds.
const COMMIT_INTERVAL: Duration = Duration::from_millis(50);

/// The same for each file in it: their positions are rows too.
const COMMIT_INTERVAL_PER_FILE: Duration = Duration::from_millis(1);

/// How long a file that has no followed name any more is read on: whoever writes to it has to
/// notice first.
const NAMELESS_FOR: Duration = Duration::from_secs(60);

/// Positions added from which on they are joined.
const POSITIONS_MAX: usize = 20_000;

/// Between two notes of how far behind the files are.
const LAG_INTERVAL: Duration = Duration::from_secs(10);

pub struct Tails {
    store: Store,
    live: Arc<Live>,
    tails: HashMap<Inode, Tail>,
    /// How many files may be open.
    open_max: usize,
    writer: Option<Writer>,
    /// Positions added since they were joined.
    positions: usize,
    /// Not to commit before: many files at a time are cheaper.
    rest_until: Instant,
    /// There was more than one pass takes.
    has_more: bool,
    /// How many loads had ended when tails last knew where they are.
    loads: u64,
    lags: Vec<Lag>,
    lags_noted: Instant,
}

/// What became of the tails that had something new.
#[derive(Default)]
pub struct Read {
    /// Whether anything was taken in.
    pub committed: bool,
    /// Files to be looked at anew, some because of an error.
    pub given_up: Vec<(Inode, PathBuf, Option<io::Error>)>,
    /// Files that a load has read meanwhile.
    pub outdated: Vec<PathBuf>,
}

impl Tails {
    pub fn new(store: Store, live: Arc<Live>) -> Tails {
        Tails {
            store,
            live,
            tails: HashMap::new(),
            open_max: open_files_max(),
            writer: None,
            positions: 0,
            rest_until: Instant::now(),
            has_more: false,
            loads: 0,
            lags: Vec::new(),
            lags_noted: Instant::now(),
        }
    }

    pub fn get(&self, inode: Inode) -> Option<&Tail> {
        self.tails.get(&inode)
    }

    pub fn get_mut(&mut self, inode: Inode) -> Option<&mut Tail> {
        self.tails.get_mut(&inode)
    }

    pub fn drop(&mut self, inode: Inode) {
        self.tails.remove(&inode);
    }

    /// Drops all, and what is not committed.
    pub fn forget(&mut self) {
        self.writer = None;
        self.tails.clear();
    }

    /// Whether there is something to be done, now or soon.
    pub fn are_due(&self) -> bool {
        self.tails.values().any(Tail::is_due)
    }

    /// Whether there was more than was taken in.
    pub fn has_more(&self) -> bool {
        self.has_more
    }

    /// How long to wait before the next look.
    pub fn rest(&self) -> Duration {
        match self.has_more {
            true => Duration::ZERO,
            false => self.rest_until.saturating_duration_since(Instant::now()),
        }
    }

    /// Files that have none of the followed names any more are read on for a while.
    pub fn notice_nameless(&mut self, named: &HashSet<Inode>) {
        self.tails.retain(|inode, tail| {
            if named.contains(inode) {
                return true;
            }
            // What cannot even be asked for its size is not read on.
            let Ok(size) = tail.size_now() else { return false };
            tail.notice(size, false);
            tail.idle() < NAMELESS_FOR || size > tail.position()
        });
    }

    /// Reads on all tails that have something new, and commits.
    ///
    /// # Errors
    /// What the database says: then nothing in memory is to be believed.
    pub fn read_on(&mut self, now: Micros) -> Result<Read> {
        let mut read = Read::default();
        let mut batch = Batch::new();
        let mut done: Vec<(Inode, Advance)> = Vec::new();
        let mut rows = 0;
        self.has_more = false;
        let due: Vec<Inode> =
            self.tails.iter().filter(|(_, tail)| tail.is_due()).map(|(inode, _)| *inode).collect();
        // Held until all is committed; what a load reads comes when that is done.
        let turn = self.live.turns.take_free(due.iter().copied());
        read.outdated = self.drop_outdated()?;
        for inode in due.into_iter().filter(|inode| turn.has(*inode)) {
            let Some(tail) = self.tails.get_mut(&inode) else { continue };
            let step = match tail.behind().0 > BACKLOG_BYTES {
                true => Ok(Step::LookAnew),
                false => tail.next(),
            };
            match step {
                Ok(Step::Wait) => {}
                Ok(Step::Take(bytes)) => {
                    let start = tail.position();
                    batch.reset(tail.source, start, start + bytes.len() as u64);
                    let rules = arriving(tail.dialect(), now);
                    read_block_by(tail.dialect(), &rules, &bytes, &mut batch);
                    self.has_more |= tail.behind().0 > BLOCK_BYTES as u64;
                    self.append(&batch, &bytes, now)?;
                    rows += batch.rows() + batch.rejects.len();
                    done.push((inode, Advance::of(&batch, &bytes)));
                }
                Ok(Step::LookAnew) => self.give_up(inode, None, &mut read),
                Err(error) => self.give_up(inode, Some(error), &mut read),
            }
            if rows >= TRANSACTION_ROWS_MAX / 2 {
                read.committed |= self.commit(std::mem::take(&mut done))?;
                rows = 0;
            }
        }
        read.committed |= self.commit(done)?;
        if self.positions > POSITIONS_MAX {
            self.tidy()?;
        }
        Ok(read)
    }

    fn give_up(&mut self, inode: Inode, error: Option<io::Error>, read: &mut Read) {
        let tail = self.tails.remove(&inode);
        read.given_up.extend(tail.map(|tail| (inode, tail.path, error)));
    }

    fn append(&mut self, batch: &Batch, bytes: &[u8], now: Micros) -> Result<()> {
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => self.store.writer(0, 1)?,
        };
        let mut row = 0;
        loop {
            row = writer.append(batch, row, bytes, now)?;
            if row == batch.rows() {
                self.writer = Some(writer);
                return Ok(());
            }
            writer.commit()?;
        }
    }

    /// Commits what was appended; only then the tails are further. Says whether there was
    /// something.
    fn commit(&mut self, done: Vec<(Inode, Advance)>) -> Result<bool> {
        let Some(writer) = &mut self.writer else { return Ok(false) };
        if done.is_empty() {
            return Ok(false);
        }
        writer.commit()?;
        let files = done.len();
        let (mut records, mut rejects, mut bytes) = (0, 0, 0);
        for (inode, advance) in done {
            records += advance.records;
            rejects += advance.rejects;
            if let Some(tail) = self.tails.get_mut(&inode) {
                bytes += advance.end - tail.position();
                tail.advance(&advance);
            }
        }
        self.positions += files;
        self.rest_until =
            Instant::now() + COMMIT_INTERVAL + COMMIT_INTERVAL_PER_FILE * files as u32;
        self.live.add(records, rejects, bytes);
        Ok(true)
    }

    /// Drops the tails of files that a load has read, or forgotten; returns their paths.
    fn drop_outdated(&mut self) -> Result<Vec<PathBuf>> {
        let loads = self.live.turns.loads();
        if loads == self.loads {
            return Ok(Vec::new());
        }
        let ids: HashSet<i32> = self.tails.values().map(|tail| tail.source).collect();
        let ranges = sources::ranges_of(&self.store.connect()?, &ids)?;
        let outdated = |tail: &&Tail| {
            let ranges = ranges.get(&tail.source).map(|ranges| sources::merged(ranges));
            !matches!(ranges.as_deref(), Some([range]) if range.end == tail.position())
        };
        let touched = self.tails.values().filter(outdated).map(|tail| tail.source).collect();
        self.loads = loads;
        Ok(self.drop_sources(&touched))
    }

    /// Drops the tails of sources that were found by a name, or by their content: they may no
    /// longer know how far they are. Returns their paths.
    pub fn drop_sources(&mut self, sources: &HashSet<i32>) -> Vec<PathBuf> {
        let mut dropped = Vec::new();
        self.tails.retain(|_, tail| {
            let stays = !sources.contains(&tail.source);
            if !stays {
                dropped.push(tail.path.clone());
            }
            stays
        });
        dropped
    }

    /// Makes tails of files that were loaded.
    ///
    /// # Errors
    /// What the database says.
    pub fn follow_on(&mut self, found: Vec<Found>) -> Result<()> {
        let ids: HashSet<i32> = found.iter().map(|found| found.source).collect();
        let ranges = sources::ranges_of(&self.store.connect()?, &ids)?;
        for found in found {
            let Ok(meta) = found.file.metadata() else { continue };
            let ranges = ranges.get(&found.source).map(|ranges| sources::merged(ranges));
            // With a gap, or nothing, it is still to be loaded. With too many open files those
            // beyond are loaded whenever they change.
            if let Some([range]) = ranges.as_deref()
                && self.tails.len() < self.open_max
            {
                let mut tail = Tail::new(found, range, meta.len());
                tail.notice(meta.len(), false);
                self.tails.insert((meta.dev(), meta.ino()), tail);
            }
        }
        Ok(())
    }

    /// Joins the positions that commits left behind.
    ///
    /// # Errors
    /// What the database says.
    pub fn tidy(&mut self) -> Result<()> {
        self.positions = 0;
        sources::join_positions(&self.store.connect()?)
    }

    /// Notes in the database how far behind the files are, if that changed.
    ///
    /// # Errors
    /// What the database says.
    pub fn note_lags(&mut self, now: Micros) -> Result<()> {
        if self.lags_noted.elapsed() < LAG_INTERVAL {
            return Ok(());
        }
        self.lags_noted = Instant::now();
        let mut lags: Vec<Lag> = self
            .tails
            .values()
            .filter_map(|tail| {
                let (bytes, since) = tail.behind();
                let seconds = since?.elapsed().as_secs_f64();
                // What is waited for on purpose is no lag.
                (seconds > 1.0).then_some(Lag { source: tail.source, bytes, seconds })
            })
            .collect();
        lags.sort_unstable_by_key(|lag| lag.source);
        if lags.is_empty() && self.lags.is_empty() {
            return Ok(());
        }
        sources::note_lags(&self.store.connect()?, &lags, now)?;
        self.lags = lags;
        Ok(())
    }
}

/// As many as the system lets us have open, less some for clients and the database.
fn open_files_max() -> usize {
    const OTHERS: u64 = 512;
    // Those that are not open are loaded when they change: slower, but nothing is lost.
    let limit = open_many_files().unwrap_or(2 * OTHERS);
    limit.saturating_sub(OTHERS).max(OTHERS) as usize
}
/// The rules of lines that are read as they are written: one without a time has that of now.
fn arriving(dialect: &Dialect, now: Micros) -> TimeRules {
    let rules = *dialect.rules();
    match (rules.undated, rules.stray) {
        (Some(_), _) => rules.arriving(now),
        (None, Stray::At(..)) => TimeRules { stray: Stray::At(now, Undated::Arrival), ..rules },
        (None, _) => rules,
    }
}
