//! Loading: all cores parse and append what the [feed](super::feed) hands out.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::io::Read;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::cut::{Block, Content};
use super::feed::Feed;
use super::inputs::{Input, Place};
use super::prepare::Following;
use super::tail::Found;
use super::turns::Turn;
use crate::error::{Error, Result};
use crate::parse::formats::Formats;
use crate::parse::lines::{REASON_TOO_LONG, beginning, clean};
use crate::parse::{Sink, Tally, Zone, read_block};
use crate::record::Micros;
use crate::stop::Stop;
use crate::store::{Batch, Store, Times, Writer};

pub struct Options {
    pub inputs: Vec<Input>,
    pub formats: Formats,
    /// The zone of timestamps that name none.
    pub zone: Zone,
    /// Forget what was taken in of these inputs before, and read them from their beginning.
    pub again: bool,
    /// The files are being written to.
    pub following: Option<Following>,
    /// Pipes that are read from here instead of from their places.
    pub streams: Vec<(Place, Box<dyn Read + Send>)>,
    /// The files of the inputs, where others read files too.
    pub turn: Option<Turn>,
    /// Ends the load early: what was read by then is committed.
    pub stop: Stop,
    /// Threads that parse and append.
    pub workers: usize,
    pub now: Micros,
}

/// How far a load has come; read it from another thread.
#[derive(Default)]
pub struct Progress {
    /// Bytes on disk of all inputs; pipes are not counted.
    pub bytes_total: AtomicU64,
    pub bytes_read: Arc<AtomicU64>,
    pub lines: AtomicU64,
    pub records: AtomicU64,
}

/// What became of the inputs.
#[derive(Default)]
pub struct Summary {
    pub tally: Tally,
    /// How many rejects for each reason.
    pub rejects: BTreeMap<Cow<'static, str>, u64>,
    /// How many sources were read mainly as each format, and the lowest of their scores.
    pub formats: BTreeMap<String, (u64, f64)>,
    pub times: Times,
    /// Decoded bytes taken in.
    pub bytes: u64,
    /// What was found of each input that is worth a word.
    pub outcomes: Vec<(String, Outcome)>,
    /// Sources read, the grown ones included.
    pub sources: u64,
    /// Plain files that are to be followed on.
    pub found: Vec<Found>,
    /// The sources among them that were known before.
    pub recognised: HashSet<i32>,
    /// Files that may be copies in the making, or that somebody else reads: they are to be
    /// looked at later.
    pub later: Vec<PathBuf>,
}

/// What is worth a word about an input.
#[derive(Debug)]
pub enum Outcome {
    Empty,
    /// In already, all of it.
    Unchanged,
    /// Taken in before; only what is new was read.
    Grown,
    /// Known by its path or inode, but with other content: read from its beginning.
    Replaced,
    /// In a directory, but no log.
    Skipped(Error),
    Failed(Error),
}

impl Summary {
    pub fn failures(&self) -> usize {
        self.outcomes.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Failed(_))).count()
    }

    /// Adds what another part of the load, with other inputs or none, came to.
    pub fn merge(&mut self, other: Summary) {
        self.tally += other.tally;
        self.bytes += other.bytes;
        for (reason, count) in other.rejects {
            *self.rejects.entry(reason).or_default() += count;
        }
        self.times.merge(other.times);
        for (name, (sources, score)) in other.formats {
            let (count, lowest) = self.formats.entry(name).or_insert((0, score));
            *count += sources;
            *lowest = lowest.min(score);
        }
        self.outcomes.extend(other.outcomes);
        self.sources += other.sources;
    }
}

/// Reads the inputs into the store.
///
/// # Errors
/// What the store says (a full disk): then everything committed stays, and a second run
/// goes on from there. Inputs that cannot be read do not stop the others; they are in
/// the summary.
pub fn ingest(store: &Store, options: Options, progress: &Progress) -> Result<Summary> {
    let workers = options.workers.max(1);
    let (now, ended) = (options.now, options.stop.clone());
    let feed = Mutex::new(Feed::new(store, options, progress)?);
    let failed = AtomicBool::new(false);
    let goes_on = || !failed.load(Ordering::Relaxed) && !ended.is_stopped();
    let results: Vec<Result<Summary>> = std::thread::scope(|scope| {
        let (feed, failed, goes_on) = (&feed, &failed, &goes_on);
        let threads: Vec<_> = (0..workers)
            .map(|number| {
                scope.spawn(move || {
                    let result = store
                        .writer(number, workers)
                        .and_then(|writer| work(writer, feed, goes_on, progress, now));
                    if result.is_err() {
                        failed.store(true, Ordering::Relaxed);
                    }
                    result
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let feed = feed.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut summary = feed.finish_summary(results.iter().all(Result::is_ok))?;
    for result in results {
        summary.merge(result?);
    }
    Ok(summary)
}

/// One worker: takes blocks, parses them, appends them, commits when a transaction is full.
fn work(
    mut writer: Writer,
    feed: &Mutex<Feed>,
    goes_on: &dyn Fn() -> bool,
    progress: &Progress,
    now: Micros,
) -> Result<Summary> {
    let mut batch = Batch::new();
    let mut summary = Summary::default();
    while goes_on() {
        // Another worker panicked in the midst of it: what it left cannot be trusted.
        let next = feed.lock().map_err(|_| Error::Internal("a worker panicked"))?.next()?;
        let Some(block) = next else {
            break;
        };
        let tally = read_into(&mut batch, &block);
        append(&mut writer, &batch, &block, now)?;
        summary.add(&batch, tally, now);
        progress.lines.fetch_add(tally.lines, Ordering::Relaxed);
        progress.records.fetch_add(tally.records, Ordering::Relaxed);
    }
    writer.commit()?;
    Ok(summary)
}

fn read_into(batch: &mut Batch, block: &Block) -> Tally {
    batch.reset(block.source, block.start, block.end);
    match &block.content {
        Content::Records(bytes) => read_block(&block.dialect, bytes, batch),
        Content::TooLong { first, .. } => {
            let (line, _) = clean(first);
            let length = (block.end - block.start) as usize;
            batch.reject(REASON_TOO_LONG, beginning(&line), 0, length);
            Tally { lines: 1, rejects: 1, ..Tally::default() }
        }
    }
}

fn append(writer: &mut Writer, batch: &Batch, block: &Block, now: Micros) -> Result<()> {
    let (Content::Records(bytes) | Content::TooLong { last: bytes, .. }) = &block.content;
    let mut row = 0;
    loop {
        row = writer.append(batch, row, bytes, now)?;
        if writer.is_full() {
            writer.commit()?;
        }
        if row == batch.rows() {
            return Ok(());
        }
    }
}

impl Summary {
    fn add(&mut self, batch: &Batch, tally: Tally, now: Micros) {
        self.tally += tally;
        self.bytes += batch.end - batch.start;
        for reject in &batch.rejects {
            *self.rejects.entry(Cow::Borrowed(reject.reason)).or_default() += 1;
        }
        self.times.add(&batch.ts, now);
    }
}
