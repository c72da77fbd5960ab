//! `pintail ingest` while a server has the database: the server loads, the command line shows.
//!
//! The answer to the request is a line of JSON now and then that says how far the load has come,
//! and at its end one with what became of it. Whoever stops reading the answer stops the load at
//! its next commit. The bytes of a pipe come in a second request, at the same time.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body as HttpBody, Bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use futures_util::stream;
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::Interval;

use super::answer::{ApiError, ApiResult, Body, Params};
use super::app::App;
use crate::clock;
use crate::config::load_workers;
use crate::error::{Error, Result};
use crate::ingest::inputs::{Input, Place};
use crate::ingest::turns::inode_of;
use crate::ingest::{Options, Outcome, Progress, Summary, ingest};
use crate::parse::formats::{Formats, custom};
use crate::parse::time::{DateOrder, Undated};
use crate::parse::{Tally, Zone};
use crate::stop::Stop;
use crate::store::Times;

/// Bytes of a request: a hundred thousand paths.
pub const REQUEST_BYTES_MAX: usize = 64 << 20;

/// Loads of files at a time: one takes all cores, and each worker holds a transaction.
const FILE_LOADS_MAX: usize = 1;

/// Pipes at a time, each with one worker.
const PIPES_MAX: usize = 8;

/// Pieces of a pipe that wait to be read, of some kilobytes each.
const PIECES_MAX: usize = 16;

/// How often the command line hears how far it has come.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// What is to be loaded: files, or one pipe.
#[derive(Debug, Serialize, Deserialize)]
pub struct LoadRequest {
    /// Names the load for the request that brings the bytes of its pipe.
    pub name: String,
    pub files: Vec<LoadFile>,
    /// `-`, or the path of a named pipe.
    pub pipe: Option<OsString>,
    /// What `--format` says, and the text of the user's own formats.
    pub format: Option<String>,
    pub formats: Option<String>,
    pub timezone: String,
    #[serde(default)]
    pub date_order: Option<DateOrder>,
    #[serde(default)]
    pub undated: Undated,
    pub again: bool,
    pub workers: usize,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct LoadFile {
    /// Absolute.
    pub path: OsString,
    /// Named on the command line rather than found in a directory.
    pub named: bool,
}

/// A line of the answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadLine {
    Progress(LoadProgress),
    /// The last line.
    Summary(LoadSummary),
    /// The last line of a load that was not finished.
    Error(String),
}

/// See [`Progress`].
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct LoadProgress {
    pub bytes_total: u64,
    pub bytes_read: u64,
    pub lines: u64,
    pub records: u64,
}

/// See [`Summary`].
#[derive(Debug, Serialize, Deserialize)]
pub struct LoadSummary {
    tally: Tally,
    rejects: BTreeMap<String, u64>,
    formats: BTreeMap<String, (u64, f64)>,
    times: Times,
    bytes: u64,
    outcomes: Vec<(String, LoadOutcome)>,
    sources: u64,
}

/// See [`Outcome`]; errors are told as they would be shown.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum LoadOutcome {
    Empty,
    Unchanged,
    Grown,
    Replaced,
    Skipped(String),
    Failed(String),
}

/// The loads that run, within limits.
pub struct Loads {
    files: Arc<Semaphore>,
    pipes: Arc<Semaphore>,
    /// Where the bytes of a pipe are to go, until they come.
    waiting: Mutex<HashMap<String, mpsc::Sender<Piece>>>,
}

/// A piece of a pipe.
enum Piece {
    Bytes(Bytes),
    /// What the client read ends here.
    End,
}

impl Loads {
    pub fn new() -> Loads {
        Loads {
            files: Arc::new(Semaphore::new(FILE_LOADS_MAX)),
            pipes: Arc::new(Semaphore::new(PIPES_MAX)),
            waiting: Mutex::default(),
        }
    }

    /// A turn to load: files wait for each other; a pipe may never end, so nobody waits for it.
    async fn turn(&self, is_pipe: bool) -> ApiResult<OwnedSemaphorePermit> {
        match is_pipe {
            true => self.pipes.clone().try_acquire_owned().map_err(|_| {
                ApiError::busy().hint(format!("{PIPES_MAX} pipes are being loaded already"))
            }),
            false => self.files.clone().acquire_owned().await.map_err(|_| ApiError::busy()),
        }
    }

    /// A map of senders: whole whatever happened to a thread that held the lock.
    fn waiting(&self) -> MutexGuard<'_, HashMap<String, mpsc::Sender<Piece>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Loads, and says how far it has come.
pub async fn load(State(app): State<App>, Body(request): Body<LoadRequest>) -> ApiResult<Response> {
    let formats = formats_of(&request).map_err(ApiError::bad_request)?;
    let zone = Zone::from_name(&request.timezone)
        .ok_or_else(|| ApiError::bad_request(format!("there is no zone {}", request.timezone)))?;
    let turn = app.loads.turn(request.pipe.is_some()).await?;
    let (inputs, streams) = inputs_of(&app, &request);
    let stop = Stop::new();
    let options = Options {
        inputs,
        formats,
        zone,
        again: request.again,
        following: None,
        streams,
        turn: None,
        stop: stop.clone(),
        workers: if request.pipe.is_some() { 1 } else { request.workers.min(load_workers()) },
        now: clock::now(),
    };
    let progress = Arc::new(Progress::default());
    let gone = Gone { app: app.clone(), name: request.name, stop };
    let load = tokio::task::spawn_blocking({
        let progress = progress.clone();
        move || {
            let _turn = turn;
            run(&app, options, &progress)
        }
    });
    let shown = Shown { load, progress, ticks: tokio::time::interval(PROGRESS_INTERVAL), gone };
    Ok(Response::new(HttpBody::from_stream(stream::unfold(Some(shown), next_line))))
}

/// The bytes of a load's pipe.
pub async fn pipe(
    State(app): State<App>,
    Params(named): Params<Named>,
    request: Request,
) -> ApiResult<()> {
    let sender = app.loads.waiting().remove(&named.name);
    let sender = sender.ok_or_else(|| ApiError::not_found("no such load waits for a pipe"))?;
    let mut stopping = app.stopping.subscribe();
    let mut body = request.into_body();
    let ended = || ApiError::bad_request("the load has ended");
    loop {
        let frame = tokio::select! {
            frame = body.frame() => frame,
            _ = stopping.wait_for(|stopping| *stopping) => return Err(ended()),
            () = sender.closed() => return Err(ended()),
        };
        let piece = match frame {
            None => Piece::End,
            Some(Ok(frame)) => match frame.into_data() {
                Ok(bytes) => Piece::Bytes(bytes),
                // Trailers say nothing.
                Err(_) => continue,
            },
            Some(Err(error)) => return Err(ApiError::bad_request(error.to_string())),
        };
        let is_end = matches!(piece, Piece::End);
        sender.send(piece).await.map_err(|_| ended())?;
        if is_end {
            return Ok(());
        }
    }
}

#[derive(Deserialize)]
pub struct Named {
    name: String,
}

fn formats_of(request: &LoadRequest) -> Result<Formats, String> {
    let own = request.formats.as_deref().map(custom::from_file).transpose()?;
    let formats = Formats::new(own.unwrap_or_default(), request.format.as_deref())?;
    Ok(formats.with_date_order(request.date_order).with_undated(request.undated))
}

type Streams = Vec<(Place, Box<dyn Read + Send>)>;

fn inputs_of(app: &App, request: &LoadRequest) -> (Vec<Input>, Streams) {
    let files = request.files.iter().map(|file| Input {
        place: Place::File(PathBuf::from(&file.path)),
        named: file.named,
        known_only: false,
    });
    let mut inputs: Vec<Input> = files.collect();
    let mut streams: Streams = Vec::new();
    if let Some(pipe) = &request.pipe {
        let place = match pipe.to_str() {
            Some("-") => Place::Stdin,
            _ => Place::Pipe(PathBuf::from(pipe)),
        };
        let (sender, pieces) = mpsc::channel(PIECES_MAX);
        app.loads.waiting().insert(request.name.clone(), sender);
        inputs.push(Input { place: place.clone(), named: true, known_only: false });
        streams.push((place, Box::new(Pipe { pieces, rest: Bytes::new(), ended: false })));
    }
    (inputs, streams)
}

fn run(app: &App, mut options: Options, progress: &Progress) -> Result<Summary> {
    let stop = options.stop.clone();
    let files = options.inputs.iter().filter_map(|input| match &input.place {
        Place::File(path) => inode_of(path),
        Place::Stdin | Place::Pipe(_) => None,
    });
    // Who stops it before it has begun has nothing to hear of it.
    let Some(turn) = app.options.live.turns.take_all(files, &stop) else {
        return Err(stopped());
    };
    options.turn = Some(turn);
    let loaded = ingest(&app.options.store, options, progress);
    let tally = loaded.as_ref().map(|summary| summary.tally).unwrap_or_default();
    let bytes = loaded.as_ref().map_or(0, |summary| summary.bytes);
    app.options.live.add(tally.records, tally.rejects, bytes);
    if stop.is_stopped() { Err(stopped()) } else { loaded }
}

fn stopped() -> Error {
    let message = "the server was stopped before all was loaded: what it has committed stays, \
                   and another run goes on from there";
    Error::Server(message.to_owned())
}

/// What is told of a load, as long as somebody listens.
struct Shown {
    load: JoinHandle<Result<Summary>>,
    progress: Arc<Progress>,
    ticks: Interval,
    gone: Gone,
}

/// Stops the load when nobody listens any more.
struct Gone {
    app: App,
    name: String,
    stop: Stop,
}

impl Drop for Gone {
    fn drop(&mut self) {
        self.stop.stop();
        // A pipe that nobody brings any more.
        self.app.loads.waiting().remove(&self.name);
    }
}

async fn next_line(shown: Option<Shown>) -> Option<(io::Result<Bytes>, Option<Shown>)> {
    let mut shown = shown?;
    let mut stopping = shown.gone.app.stopping.subscribe();
    let loaded = loop {
        tokio::select! {
            // What came of it is said before the server ends.
            biased;
            loaded = &mut shown.load => break loaded,
            _ = stopping.wait_for(|stopping| *stopping), if !shown.gone.stop.is_stopped() => {
                shown.gone.stop.stop();
            }
            _ = shown.ticks.tick() => {
                let line = LoadLine::Progress(LoadProgress::of(&shown.progress));
                return Some((line.bytes(), Some(shown)));
            }
        }
    };
    let line = match loaded {
        Ok(Ok(summary)) => LoadLine::Summary(LoadSummary::of(summary)),
        Ok(Err(error)) => LoadLine::Error(error.to_string()),
        Err(panic) => {
            tracing::error!("a load panicked: {panic}");
            LoadLine::Error(Error::Internal("a load panicked").to_string())
        }
    };
    Some((line.bytes(), None))
}

impl LoadLine {
    fn bytes(&self) -> io::Result<Bytes> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        Ok(line.into())
    }
}

impl LoadProgress {
    fn of(progress: &Progress) -> LoadProgress {
        LoadProgress {
            bytes_total: progress.bytes_total.load(Ordering::Relaxed),
            bytes_read: progress.bytes_read.load(Ordering::Relaxed),
            lines: progress.lines.load(Ordering::Relaxed),
            records: progress.records.load(Ordering::Relaxed),
        }
    }
}

impl LoadSummary {
    fn of(summary: Summary) -> LoadSummary {
        let outcomes = summary.outcomes.into_iter().map(|(name, outcome)| {
            let outcome = match outcome {
                Outcome::Empty => LoadOutcome::Empty,
                Outcome::Unchanged => LoadOutcome::Unchanged,
                Outcome::Grown => LoadOutcome::Grown,
                Outcome::Replaced => LoadOutcome::Replaced,
                Outcome::Skipped(error) => LoadOutcome::Skipped(error.to_string()),
                Outcome::Failed(error) => LoadOutcome::Failed(error.to_string()),
            };
            (name, outcome)
        });
        let rejects = summary.rejects.into_iter();
        LoadSummary {
            tally: summary.tally,
            rejects: rejects.map(|(reason, count)| (reason.into_owned(), count)).collect(),
            formats: summary.formats,
            times: summary.times,
            bytes: summary.bytes,
            outcomes: outcomes.collect(),
            sources: summary.sources,
        }
    }

    /// The summary, with what `shown` makes of the names of inputs, and of errors about them.
    pub fn into_summary(self, shown: impl Fn(&str, &str) -> String) -> Summary {
        let outcomes = self.outcomes.into_iter().map(|(name, outcome)| {
            let told = |error: &str| Error::Server(shown(&name, error));
            let outcome = match outcome {
                LoadOutcome::Empty => Outcome::Empty,
                LoadOutcome::Unchanged => Outcome::Unchanged,
                LoadOutcome::Grown => Outcome::Grown,
                LoadOutcome::Replaced => Outcome::Replaced,
                LoadOutcome::Skipped(error) => Outcome::Skipped(told(&error)),
                LoadOutcome::Failed(error) => Outcome::Failed(told(&error)),
            };
            (shown(&name, &name), outcome)
        });
        let rejects = self.rejects.into_iter();
        Summary {
            tally: self.tally,
            rejects: rejects.map(|(reason, count)| (reason.into(), count)).collect(),
            formats: self.formats,
            times: self.times,
            bytes: self.bytes,
            outcomes: outcomes.collect(),
            sources: self.sources,
            ..Summary::default()
        }
    }
}

/// A client's pipe.
struct Pipe {
    pieces: mpsc::Receiver<Piece>,
    rest: Bytes,
    ended: bool,
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() && !self.ended {
            match self.pieces.blocking_recv() {
                Some(Piece::Bytes(bytes)) => self.rest = bytes,
                Some(Piece::End) => self.ended = true,
                // What came is no whole: to take it for one would be a lie.
                None => return Err(io::Error::other("it broke off before its end")),
            }
        }
        let count = self.rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.rest.split_to(count));
        Ok(count)
    }
}
