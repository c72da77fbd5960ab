//! Following files: looks at them several times a second and takes in what is new.
//!
//! Every look is a small [load](super::bulk): the database knows how far each file has been
//! taken in, so a stop at any moment loses and repeats nothing.

use std::collections::{BTreeMap, HashMap};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::bulk::{Options, Outcome, Progress, Summary, ingest};
use super::inputs::{Input, Place, expand};
use super::known::absolute;
use super::live::{Followed, Live};
use crate::config::load_workers;
use crate::error::{Error, Result};
use crate::parse::Zone;
use crate::parse::formats::Formats;
use crate::record::Micros;
use crate::stop::Stop;
use crate::store::Store;

/// Between two looks at the files: what is written is to be seen within a second.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);

/// Between two looks for new files.
const EXPAND_INTERVAL: Duration = Duration::from_secs(1);

/// How long after the last write a line without a line break counts as whole.
const SETTLED_AFTER: Duration = Duration::from_secs(1);

/// After an error of the database or of a file: it may be mended.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// From how many new bytes on all cores are worth it.
const BACKLOG_BYTES: u64 = 8 << 20;

pub struct FollowOptions {
    pub paths: Vec<PathBuf>,
    /// The database's own file, which is never read.
    pub database: PathBuf,
    pub formats: Formats,
    pub zone: Zone,
}

/// Follows files until it is stopped.
pub struct Follower {
    store: Store,
    options: FollowOptions,
    live: Arc<Live>,
    inputs: Vec<Input>,
    expanded: Option<Instant>,
    seen: HashMap<PathBuf, Seen>,
    /// Problems that were reported: each is said once.
    reported: HashMap<String, String>,
}

/// A file as it was when it was last taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    identity: (u64, u64),
    size: u64,
    /// Nanoseconds since 1970.
    modified: i128,
    /// Whether it had been left alone for a while: then all of it is in.
    settled: bool,
    /// When to look at it again although nothing changed.
    retry: Option<Instant>,
    error: Option<String>,
    waiting_since: Option<Instant>,
}

impl Follower {
    pub fn new(store: Store, options: FollowOptions, live: Arc<Live>) -> Follower {
        Follower {
            store,
            options,
            live,
            inputs: Vec::new(),
            expanded: None,
            seen: HashMap::new(),
            reported: HashMap::new(),
        }
    }

    /// Follows until `stop`; what is being taken in is finished first.
    pub fn run(mut self, stop: &Stop) {
        loop {
            let wait = match self.look(now()) {
                Ok(()) => LOOK_INTERVAL,
                Err(error) => {
                    self.live.set_error(Some(error.to_string()));
                    self.report("", &error.to_string());
                    RETRY_AFTER
                }
            };
            if stop.wait(wait) {
                return;
            }
        }
    }

    /// Takes in what there is before anybody watches: no part of the rate.
    ///
    /// # Errors
    /// As for [`Follower::look`].
    pub fn catch_up(&mut self) -> Result<()> {
        self.look(now())?;
        self.live.reset_rate();
        Ok(())
    }

    /// Takes in what is new.
    ///
    /// # Errors
    /// What the database says; nothing is lost, the next look starts where this one did.
    pub fn look(&mut self, now: Micros) -> Result<()> {
        self.expand();
        let mut changed = Vec::new();
        let mut stamps = Vec::new();
        let mut new_bytes = 0;
        for input in &self.inputs {
            let Place::File(path) = &input.place else { continue };
            // It is gone, or is being replaced: the next expansion tells.
            let Ok(meta) = std::fs::metadata(path) else { continue };
            let stamp = Seen::of(&meta, now);
            let before = self.seen.get(path);
            if before.is_some_and(|before| !before.is_due(&stamp)) {
                continue;
            }
            new_bytes += stamp.size.saturating_sub(before.map_or(0, |before| before.size));
            changed.push(input.clone());
            stamps.push((path.clone(), stamp));
        }
        if !changed.is_empty() {
            self.show_waiting(&stamps);
            self.take_in(changed, stamps, new_bytes, now)?;
        }
        self.live.set_error(None);
        self.show();
        Ok(())
    }

    fn take_in(
        &mut self,
        inputs: Vec<Input>,
        stamps: Vec<(PathBuf, Seen)>,
        new_bytes: u64,
        now: Micros,
    ) -> Result<()> {
        let options = Options {
            inputs,
            formats: self.options.formats.clone(),
            zone: self.options.zone,
            again: false,
            unfinished_since: Some(now - SETTLED_AFTER.as_micros() as Micros),
            workers: if new_bytes > BACKLOG_BYTES { load_workers() } else { 1 },
            now,
        };
        let summary = ingest(&self.store, options, &Progress::default())?;
        if summary.tally.records + summary.tally.rejects > 0 {
            self.live.add(summary.tally.records, summary.tally.rejects, summary.bytes);
        }
        let mut errors = errors_of(summary);
        for (path, mut stamp) in stamps {
            stamp.error = errors.remove(&path.display().to_string());
            stamp.retry = stamp.error.as_ref().map(|_| Instant::now() + RETRY_AFTER);
            match &stamp.error {
                Some(error) => self.report(&path.display().to_string(), error),
                None => drop(self.reported.remove(&path.display().to_string())),
            }
            self.seen.insert(path, stamp);
        }
        Ok(())
    }

    /// Finds new files.
    fn expand(&mut self) {
        if self.expanded.is_some_and(|at| at.elapsed() < EXPAND_INTERVAL) {
            return;
        }
        let (inputs, errors) = expand(&self.options.paths, &self.options.database);
        self.expanded = Some(Instant::now());
        self.seen.retain(|path, _| {
            inputs.iter().any(|input| matches!(&input.place, Place::File(file) if file == path))
        });
        self.inputs = inputs;
        for error in errors {
            let place = match &error {
                Error::File { path, .. } => path.display().to_string(),
                other => other.to_string(),
            };
            self.report(&place, &format!("{error}; waiting for it"));
        }
    }

    fn report(&mut self, place: &str, problem: &str) {
        let before = self.reported.insert(place.to_owned(), problem.to_owned());
        if before.as_deref() != Some(problem) {
            tracing::warn!("{problem}");
        }
    }

    /// Shows that these files have more than has been read.
    fn show_waiting(&mut self, stamps: &[(PathBuf, Seen)]) {
        for (path, stamp) in stamps {
            if let Some(before) = self.seen.get_mut(path) {
                before.waiting_since.get_or_insert_with(Instant::now);
                if before.identity != stamp.identity {
                    before.size = 0;
                }
            }
        }
    }

    fn show(&self) {
        let files: BTreeMap<String, Followed> = self
            .seen
            .iter()
            .map(|(path, seen)| {
                let size = std::fs::metadata(path).map_or(seen.size, |meta| meta.len());
                let read = if seen.error.is_some() { 0 } else { seen.size };
                let waiting_since = match seen.waiting_since {
                    None if size > read => Some(Instant::now()),
                    since => since,
                };
                let error = seen.error.clone();
                (absolute(path), Followed { size, read, waiting_since, error })
            })
            .collect();
        self.live.set_files(files);
    }
}

impl Seen {
    fn of(meta: &Metadata, now: Micros) -> Seen {
        let modified = i128::from(meta.mtime()) * 1_000_000_000 + i128::from(meta.mtime_nsec());
        let age = i128::from(now) * 1_000 - modified;
        Seen {
            identity: (meta.dev(), meta.ino()),
            size: meta.len(),
            modified,
            settled: age > SETTLED_AFTER.as_nanos() as i128,
            retry: None,
            error: None,
            waiting_since: None,
        }
    }

    /// Whether the file, now like `other`, has to be looked at.
    fn is_due(&self, other: &Seen) -> bool {
        let same = (self.identity, self.size, self.modified)
            == (other.identity, other.size, other.modified);
        !same
            || (other.settled && !self.settled)
            || self.retry.is_some_and(|at| at <= Instant::now())
    }
}

/// What failed, by the name of the input.
fn errors_of(summary: Summary) -> HashMap<String, String> {
    summary
        .outcomes
        .into_iter()
        .filter_map(|(name, outcome)| match outcome {
            Outcome::Failed(error) | Outcome::Skipped(error) => Some((name, error.to_string())),
            _ => None,
        })
        .collect()
}

fn now() -> Micros {
    crate::clock::now()
}

/// Whether a path can be followed at all.
///
/// # Errors
/// For standard input and pipes, which have no position to come back to.
pub fn check(path: &Path) -> Result<()> {
    use std::os::unix::fs::FileTypeExt;
    let is_pipe = path == Path::new("-")
        || std::fs::metadata(path).is_ok_and(|meta| meta.file_type().is_fifo());
    if is_pipe {
        return Err(Error::usage(format!(
            "serve follows files; for a pipe: pintail ingest {}",
            path.display()
        )));
    }
    Ok(())
}
