//! Hands out the blocks of all inputs, one after the other, under one lock.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::bulk::{Options, Outcome, Progress, Summary};
use super::cut::{Block, Cutter};
use super::decode::Stream;
use super::inputs::{Input, Place};
use super::prepare::{Look, Prepared, Preparer, Rules, Standing, Stretch};
use crate::error::{Error, Result};
use crate::store::{Store, sources};

/// Files that are looked at before the first of them is read: their sources are added in
/// one transaction, and identical files of one run are not.
const LOOK_AHEAD_FILES: usize = 256;

/// Hands out the blocks of all inputs, one after the other.
pub struct Feed {
    preparer: Preparer,
    inputs: VecDeque<Input>,
    streams: Vec<(Place, Box<dyn Read + Send>)>,
    ready: VecDeque<(PathBuf, Prepared)>,
    reading: Option<Reading>,
    bytes_read: Arc<AtomicU64>,
    /// Sources read to their ends, with their sizes on disk.
    finished: Vec<(i32, u64)>,
    summary: Summary,
}

/// The source that is being read.
struct Reading {
    path: PathBuf,
    source: i32,
    file_bytes: u64,
    cutter: Cutter,
    gaps: VecDeque<Stretch>,
    failed: bool,
}

impl Feed {
    pub fn new(store: &Store, options: Options, progress: &Progress) -> Result<Feed> {
        let total: u64 = options
            .inputs
            .iter()
            .filter_map(|input| match &input.place {
                Place::File(path) => std::fs::metadata(path).ok(),
                Place::Stdin | Place::Pipe(_) => None,
            })
            .map(|meta| meta.len())
            .sum();
        progress.bytes_total.store(total, Ordering::Relaxed);
        let Options { inputs, streams, turn, formats, zone, again, following, now, .. } = options;
        let rules = Rules { formats, zone, again, following, now };
        Ok(Feed {
            preparer: Preparer::new(store, rules, turn)?,
            inputs: inputs.into(),
            streams,
            ready: VecDeque::new(),
            reading: None,
            bytes_read: progress.bytes_read.clone(),
            finished: Vec::new(),
            summary: Summary::default(),
        })
    }

    /// The next block of any input; `None` when all are read.
    ///
    /// # Errors
    /// What the store says. Inputs that cannot be read are noted in the summary.
    pub fn next(&mut self) -> Result<Option<Block>> {
        loop {
            if let Some(reading) = &mut self.reading {
                match reading.cutter.next() {
                    Ok(Some(block)) => return Ok(Some(block)),
                    Ok(None) => self.next_stretch(),
                    Err(error) => {
                        reading.failed = true;
                        reading.gaps.clear();
                        let name = reading.path.display().to_string();
                        let error = Error::file("read", &reading.path, error);
                        self.summary.outcomes.push((name, Outcome::Failed(error)));
                    }
                }
            } else if let Some((path, prepared)) = self.ready.pop_front() {
                self.open(path, prepared);
            } else if self.inputs.is_empty() {
                return Ok(None);
            } else {
                self.look_ahead()?;
            }
        }
    }

    /// Goes on with the next gap of the source, or is done with it.
    fn next_stretch(&mut self) {
        let Some(mut reading) = self.reading.take() else {
            return;
        };
        let Some((start, end)) = reading.gaps.pop_front() else {
            if !reading.failed {
                self.finished.push((reading.source, reading.file_bytes));
            }
            return;
        };
        let dialect = reading.cutter.dialect();
        let mut stream = reading.cutter.into_stream();
        match stream.skip_to(start) {
            Ok(false) => self.fail(&reading.path, shrunk()),
            Ok(true) => {
                reading.cutter = Cutter::new(reading.source, dialect, stream, end);
                self.reading = Some(reading);
            }
            Err(error) => self.fail(&reading.path, error),
        }
    }

    fn fail(&mut self, path: &Path, error: std::io::Error) {
        let error = Error::file("read", path, error);
        self.summary.outcomes.push((path.display().to_string(), Outcome::Failed(error)));
    }

    fn open(&mut self, path: PathBuf, mut prepared: Prepared) {
        let file = prepared.file.take().map_or_else(|| File::open(&path), Ok);
        let stream = file.and_then(|file| {
            let mut stream = Stream::of_file(file, prepared.encoding, self.bytes_read.clone())?;
            match stream.skip_to(prepared.gaps[0].0)? {
                true => Ok(stream),
                false => Err(shrunk()),
            }
        });
        match stream {
            Ok(stream) => self.start(path, prepared, stream),
            Err(error) => self.fail(&path, error),
        }
    }

    fn start(&mut self, path: PathBuf, prepared: Prepared, stream: Stream) {
        let Prepared { source, dialect, gaps, file_bytes, standing, .. } = prepared;
        let outcome = match standing {
            Standing::New => None,
            Standing::Grown => Some(Outcome::Grown),
            Standing::Replaced => Some(Outcome::Replaced),
        };
        if let Some(outcome) = outcome {
            self.summary.outcomes.push((path.display().to_string(), outcome));
        }
        if let Some(score) = dialect.main() {
            let (count, lowest) =
                self.summary.formats.entry(score.format.clone()).or_insert((0, score.share));
            *count += 1;
            *lowest = lowest.min(score.share);
        }
        self.summary.sources += 1;
        let mut gaps = VecDeque::from(gaps);
        let end = gaps.pop_front().and_then(|(_, end)| end);
        // What is in already counts as read.
        let skipped = stream.at();
        self.bytes_read.fetch_add(skipped, Ordering::Relaxed);
        let cutter = Cutter::new(source.id, dialect, stream, end);
        self.reading =
            Some(Reading { path, source: source.id, file_bytes, cutter, gaps, failed: false });
    }

    /// Looks at the next inputs, and adds their sources to the database.
    fn look_ahead(&mut self) -> Result<()> {
        let mut found = Vec::new();
        for _ in 0..LOOK_AHEAD_FILES {
            match self.inputs.front().map(|input| &input.place) {
                Some(Place::File(_)) => {}
                // A pipe may keep us waiting: what was found before it is read first.
                Some(_) if !found.is_empty() => break,
                Some(_) => {
                    let input = self.inputs.pop_front();
                    return input.map_or(Ok(()), |input| self.open_pipe(&input.place));
                }
                None => break,
            }
            let Some(Input { place: Place::File(path), named, known_only }) =
                self.inputs.pop_front()
            else {
                break;
            };
            match self.preparer.look_at_file(&path, known_only) {
                Ok(Look::Ready(prepared)) => found.push((path, *prepared)),
                Ok(Look::Later) => self.summary.later.push(path),
                Ok(Look::Foreign) => {}
                Ok(Look::Empty) => self.note(&path, Outcome::Empty),
                Ok(Look::Unchanged) => self.note(&path, Outcome::Unchanged),
                Err(error @ Error::NotALog { .. }) if !named => {
                    self.note(&path, Outcome::Skipped(error));
                }
                Err(
                    error @ (Error::File { .. } | Error::NotALog { .. } | Error::Format { .. }),
                ) => self.note(&path, Outcome::Failed(error)),
                Err(error) => return Err(error),
            }
        }
        let sources: Vec<&Prepared> = found.iter().map(|(_, prepared)| prepared).collect();
        self.preparer.register(&sources)?;
        self.summary.found.append(&mut self.preparer.found);
        self.summary.recognised.extend(self.preparer.recognised.drain());
        self.ready.extend(found);
        Ok(())
    }

    fn note(&mut self, path: &Path, outcome: Outcome) {
        let size = std::fs::metadata(path).map_or(0, |meta| meta.len());
        self.bytes_read.fetch_add(size, Ordering::Relaxed);
        self.summary.outcomes.push((path.display().to_string(), outcome));
    }

    fn open_pipe(&mut self, place: &Place) -> Result<()> {
        let name = place.name();
        let instead = self.streams.iter().position(|(other, _)| other == place);
        let instead = instead.map(|at| self.streams.swap_remove(at).1);
        let opened: std::io::Result<Box<dyn Read + Send>> = match (instead, place) {
            (Some(stream), _) => Ok(stream),
            (None, Place::Stdin) => Ok(Box::new(std::io::stdin())),
            (None, Place::Pipe(path) | Place::File(path)) => {
                File::open(path).map(|file| Box::new(file) as Box<dyn Read + Send>)
            }
        };
        let stream = match opened.and_then(Stream::of_pipe) {
            Ok(stream) => stream,
            Err(error) => {
                self.fail(Path::new(&name), error);
                return Ok(());
            }
        };
        match self.preparer.look_at_pipe(&name, stream) {
            Ok((prepared, stream)) => {
                self.preparer.register(&[&prepared])?;
                self.start(PathBuf::from(name), prepared, stream);
                Ok(())
            }
            Err(error @ (Error::File { .. } | Error::NotALog { .. } | Error::Format { .. })) => {
                self.summary.outcomes.push((name, Outcome::Failed(error)));
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Notes in the database which sources were read to their ends, if all of it was
    /// committed.
    pub fn finish_summary(self, committed: bool) -> Result<Summary> {
        if committed && !self.finished.is_empty() {
            sources::finish(self.preparer.connection(), &self.finished)?;
        }
        Ok(self.summary)
    }
}

fn shrunk() -> std::io::Error {
    std::io::Error::other("it became shorter while it was read")
}
