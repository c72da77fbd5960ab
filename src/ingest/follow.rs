//! Following files: takes in what is new, several times a second.
//!
//! A file that is known is read on through its [tail](super::tail): many files share one
//! transaction. Everything else (a new file, one that was rotated, truncated or written anew, one
//! whose last record goes on, a backlog) is a small [load](super::bulk). Either way the database
//! knows in the same transaction how far each file has been taken in, so a stop at any moment
//! loses and repeats nothing.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::bulk::{Options, Outcome, Progress, Summary, ingest};
use super::copies::Copies;
use super::inputs::{Input, Place, expand, siblings};
use super::known::absolute;
use super::live::{Followed, Live};
use super::prepare::Following;
use super::tail::LINE_SETTLES;
use super::tails::Tails;
use super::turns::Inode;
use super::watch::{Changes, Watch};
use crate::config::load_workers;
use crate::error::{Error, Result};
use crate::parse::Zone;
use crate::parse::formats::Formats;
use crate::record::Micros;
use crate::stop::Stop;
use crate::store::Store;

/// Between two looks at the files: what is written is to be seen within a second.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);

/// The same while something waits for its last record to be whole.
const LOOK_SOON: Duration = Duration::from_millis(50);

/// What the system tells of is gathered for this long.
const GATHER: Duration = Duration::from_millis(20);

/// Between two looks for new files, and at files that the system says nothing of.
const EXPAND_INTERVAL: Duration = Duration::from_secs(1);

/// Files from which on only those are looked at in between that the system tells of.
const POLLED_FILES_MAX: usize = 500;

/// After an error of the database or of a file: it may be mended.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// From how many new bytes of a file on all cores are worth it.
pub const BACKLOG_BYTES: u64 = 8 << 20;

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
    watch: Watch,
    seen: HashMap<PathBuf, Seen>,
    tails: Tails,
    copies: Copies,
    /// Problems that were reported: each is said once.
    reported: HashMap<String, String>,
}

/// A file as it was when it was last looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    inode: Inode,
    size: u64,
    /// Nanoseconds since 1970.
    modified: i128,
    /// Whether it had been left alone for a while: then all of it is in.
    settled: bool,
    /// When to look at it again although nothing changed.
    retry: Option<Instant>,
    error: Option<String>,
    /// Without links and dots.
    name: String,
    /// A file that is not followed unless it turns out to be one that was.
    known_only: bool,
}

impl Follower {
    pub fn new(store: Store, options: FollowOptions, live: Arc<Live>) -> Follower {
        Follower {
            inputs: Vec::new(),
            expanded: None,
            watch: Watch::new(),
            seen: HashMap::new(),
            tails: Tails::new(store.clone(), live.clone()),
            copies: Copies::default(),
            reported: HashMap::new(),
            store,
            options,
            live,
        }
    }

    /// Follows until `stop`; what is being taken in is finished first.
    pub fn run(mut self, stop: &Stop) {
        let mut changes = Changes { anything: true, ..Changes::default() };
        while !stop.is_stopped() {
            let rest = match self.pass(&changes, crate::clock::now()) {
                Ok(()) => self.tails.rest(),
                Err(error) => {
                    self.live.set_error(Some(error.to_string()));
                    self.report("", &error.to_string());
                    self.forget();
                    RETRY_AFTER
                }
            };
            if stop.wait(rest) {
                break;
            }
            changes = match () {
                () if self.tails.has_more() => self.watch.wait(Duration::ZERO, Duration::ZERO),
                () if self.tails.are_due() => self.watch.wait(LOOK_SOON, GATHER),
                () => self.watch.wait(LOOK_INTERVAL, GATHER),
            };
            changes.anything |= self.is_expansion_due();
        }
        if let Err(error) = self.tails.tidy() {
            tracing::warn!("{error}");
        }
    }

    /// Takes in what there is before anybody watches: no part of the rate.
    ///
    /// # Errors
    /// As for [`Follower::look`].
    pub fn catch_up(&mut self) -> Result<()> {
        self.look(crate::clock::now())?;
        self.live.reset_rate();
        Ok(())
    }

    /// Takes in what is new in any file.
    ///
    /// # Errors
    /// What the database says; nothing is lost, the next look starts where this one did.
    pub fn look(&mut self, now: Micros) -> Result<()> {
        self.pass(&Changes { anything: true, names: true, ..Changes::default() }, now)
    }

    fn pass(&mut self, changes: &Changes, now: Micros) -> Result<()> {
        if self.is_expansion_due() || changes.names {
            self.expand();
        }
        let mut unknown = self.look_at_names(changes, now);
        let read = self.tails.read_on(now)?;
        self.look_soon(&read.outdated);
        unknown.extend(read.given_up.into_iter().filter_map(|(inode, path, error)| {
            if let Some(error) = error {
                let place = path.display().to_string();
                self.report(&place, &format!("read {place}: {error}"));
            }
            self.to_look_at_anew(inode, path, now)
        }));
        let has_changed = changes.anything || read.committed || !unknown.is_empty();
        self.load(unknown, now)?;
        self.live.set_error(None);
        if has_changed {
            self.show();
        }
        self.tails.note_lags(now)
    }

    /// A file without a tail, if it still has its name. If not, it is found by another, or it is
    /// gone with what was left of it.
    fn to_look_at_anew(&self, inode: Inode, path: PathBuf, now: Micros) -> Option<(Input, Seen)> {
        let seen = Seen::of(&std::fs::metadata(&path).ok()?, now);
        let known = self.inputs.iter().find(|input| input.is(&path)).cloned();
        (seen.inode == inode).then(|| (known.unwrap_or_else(|| Input::known(path)), seen))
    }

    /// Files that lost their tails are looked at although nothing of them changed.
    fn look_soon(&mut self, paths: &[PathBuf]) {
        for path in paths {
            if let Some(seen) = self.seen.get_mut(path) {
                seen.retry = Some(Instant::now());
            }
        }
    }

    /// Looks at the files' sizes and names; returns those that no tail stands for.
    fn look_at_names(&mut self, changes: &Changes, now: Micros) -> Vec<(Input, Seen)> {
        let polls = changes.anything || self.inputs.len() <= POLLED_FILES_MAX;
        let mut unknown = Vec::new();
        let mut named = HashSet::new();
        for input in &self.inputs {
            let Place::File(path) = &input.place else { continue };
            let before = self.seen.get(path);
            let is_due = before.is_none_or(|seen| seen.is_retry_due());
            if !polls && !is_due && !changes.paths.contains(path) {
                named.extend(before.map(|seen| seen.inode));
                continue;
            }
            // It is gone, or is being replaced: the next expansion tells.
            let Ok(meta) = std::fs::metadata(path) else { continue };
            let seen = Seen::of(&meta, now);
            if !named.insert(seen.inode) {
                // It is followed by another name: what a link points to lies beside it.
                continue;
            }
            match self.tails.get_mut(seen.inode) {
                Some(tail) if tail.path == *path => {
                    let rewritten = before.is_some_and(|before| {
                        before.size == seen.size && before.modified != seen.modified
                    });
                    tail.notice(seen.size, rewritten);
                    if before.is_none_or(|before| before.is_due(&seen)) {
                        let name = tail.name.clone();
                        self.seen.insert(path.clone(), Seen { name, ..seen });
                    }
                }
                Some(_) => {
                    // It has another name now, which is to be noted.
                    self.tails.drop(seen.inode);
                    unknown.push((input.clone(), seen));
                }
                None if before.is_none_or(|before| before.is_due(&seen)) => {
                    unknown.push((input.clone(), seen));
                }
                None => {}
            }
        }
        self.tails.notice_nameless(&named);
        unknown
    }

    /// Loads files that no tail stands for.
    fn load(&mut self, mut unknown: Vec<(Input, Seen)>, now: Micros) -> Result<()> {
        let turn = self.live.turns.take_free(unknown.iter().map(|(_, seen)| seen.inode));
        unknown.retain(|(input, seen)| {
            let is_free = turn.has(seen.inode);
            if !is_free && let Some(path) = input.path() {
                // A load reads it.
                let retry = Some(Instant::now() + LOOK_INTERVAL);
                self.seen.insert(path.to_owned(), Seen { retry, ..seen.clone() });
            }
            is_free
        });
        if unknown.is_empty() {
            return Ok(());
        }
        let inputs: Vec<Input> = unknown.iter().map(|(input, _)| input.clone()).collect();
        let new_bytes: u64 = inputs
            .iter()
            .filter_map(|input| std::fs::metadata(input.path()?).ok())
            .map(|meta| meta.len())
            .sum();
        let options = Options {
            inputs,
            formats: self.options.formats.clone(),
            zone: self.options.zone,
            again: false,
            following: Some(Following {
                unfinished_since: now - LINE_SETTLES.as_micros() as Micros,
                copies: self.copies.clone(),
            }),
            streams: Vec::new(),
            turn: Some(turn),
            stop: Stop::new(),
            workers: if new_bytes > BACKLOG_BYTES { load_workers() } else { 1 },
            now,
        };
        let mut summary = ingest(&self.store, options, &Progress::default())?;
        if summary.tally.records + summary.tally.rejects > 0 {
            self.live.add(summary.tally.records, summary.tally.rejects, summary.bytes);
        }
        let touched = std::mem::take(&mut summary.recognised);
        let found = std::mem::take(&mut summary.found);
        self.note_outcomes(unknown, summary);
        let stale = self.tails.drop_sources(&touched);
        self.look_soon(&stale);
        self.tails.follow_on(found)
    }

    fn note_outcomes(&mut self, unknown: Vec<(Input, Seen)>, summary: Summary) {
        let later: HashSet<PathBuf> = summary.later.iter().cloned().collect();
        let mut errors = errors_of(summary);
        for (input, mut seen) in unknown {
            let Place::File(path) = input.place else { continue };
            let name = path.display().to_string();
            seen.name = absolute(&path);
            seen.known_only = input.known_only;
            seen.error = errors.remove(&name);
            seen.retry = match &seen.error {
                Some(_) => Some(Instant::now() + RETRY_AFTER),
                None if later.contains(&path) => Some(Instant::now() + EXPAND_INTERVAL),
                None => None,
            };
            match &seen.error {
                Some(error) => self.report(&name, error),
                None => drop(self.reported.remove(&name)),
            }
            self.seen.insert(path, seen);
        }
    }

    fn is_expansion_due(&self) -> bool {
        self.expanded.is_none_or(|at| at.elapsed() >= EXPAND_INTERVAL)
    }

    /// Finds new files.
    fn expand(&mut self) {
        let (mut inputs, errors) = expand(&self.options.paths, &self.options.database);
        self.expanded = Some(Instant::now());
        let named: HashSet<PathBuf> =
            inputs.iter().filter_map(|input| input.path().map(Path::to_owned)).collect();
        for path in self.options.paths.iter().filter(|path| !path.is_dir()) {
            let beside = siblings(path).into_iter();
            inputs
                .extend(beside.filter(|input| input.path().is_some_and(|it| !named.contains(it))));
        }
        let paths: HashSet<&Path> = inputs.iter().filter_map(Input::path).collect();
        self.seen.retain(|path, _| paths.contains(path.as_path()));
        let directories = paths.iter().map(|path| match path.parent() {
            Some(parent) if parent != Path::new("") => parent.to_owned(),
            _ => PathBuf::from("."),
        });
        self.watch.directories(directories.collect());
        self.inputs = inputs;
        for error in errors {
            let place = match &error {
                Error::File { path, .. } => path.display().to_string(),
                other => other.to_string(),
            };
            self.report(&place, &format!("{error}; waiting for it"));
        }
    }

    /// After an error nothing in memory is believed: the database knows how far everything is.
    fn forget(&mut self) {
        self.tails.forget();
        for seen in self.seen.values_mut() {
            seen.retry = Some(Instant::now());
        }
    }

    fn report(&mut self, place: &str, problem: &str) {
        let before = self.reported.insert(place.to_owned(), problem.to_owned());
        if before.as_deref() != Some(problem) {
            tracing::warn!("{problem}");
        }
    }

    fn show(&self) {
        let mut files = BTreeMap::new();
        for (path, seen) in &self.seen {
            let tail = self.tails.get(seen.inode).filter(|tail| tail.path == *path);
            let Some(tail) = tail else {
                if !seen.known_only {
                    let read = if seen.error.is_some() { 0 } else { seen.size };
                    let (size, error) = (seen.size, seen.error.clone());
                    let waiting_since = None;
                    let followed = Followed { size, read, waiting_since, error };
                    files.insert(seen.name.clone(), followed);
                }
                continue;
            };
            let (behind, waiting_since) = tail.behind();
            let (size, read) = (tail.position() + behind, tail.position());
            files.insert(tail.name.clone(), Followed { size, read, waiting_since, error: None });
        }
        self.live.set_files(files);
    }
}

impl Seen {
    fn of(meta: &Metadata, now: Micros) -> Seen {
        let modified = i128::from(meta.mtime()) * 1_000_000_000 + i128::from(meta.mtime_nsec());
        let age = i128::from(now) * 1_000 - modified;
        Seen {
            inode: (meta.dev(), meta.ino()),
            size: meta.len(),
            modified,
            settled: age > LINE_SETTLES.as_nanos() as i128,
            retry: None,
            error: None,
            name: String::new(),
            known_only: false,
        }
    }

    fn is_retry_due(&self) -> bool {
        self.retry.is_some_and(|at| at <= Instant::now())
    }

    /// Whether the file, now like `other`, has to be looked at.
    fn is_due(&self, other: &Seen) -> bool {
        let same =
            (self.inode, self.size, self.modified) == (other.inode, other.size, other.modified);
        !same || (other.settled && !self.settled) || self.is_retry_due()
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

/// Whether a path can be followed at all.
///
/// # Errors
/// For named pipes, which have no position to come back to.
pub fn check(path: &Path) -> Result<()> {
    use std::os::unix::fs::FileTypeExt;
    if std::fs::metadata(path).is_ok_and(|meta| meta.file_type().is_fifo()) {
        return Err(Error::usage(format!(
            "serve follows files; for a pipe: pintail serve - < {}",
            path.display()
        )));
    }
    Ok(())
}
