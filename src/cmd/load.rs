//! Loading: into the database, opened here, or through the server that has it.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use super::args::ReadingArgs;
use super::connection::{Client, parsed};
use super::show;
use crate::config::Limits;
use crate::error::{Error, Result};
use crate::http::{LoadFile, LoadLine, LoadProgress, LoadRequest, LoadSummary};
use crate::ingest::inputs::{Input, Place};
use crate::ingest::{Options, Outcome, Progress, Summary, ingest};
use crate::parse::Zone;
use crate::stop::Stop;
use crate::store::{Access, Store};

/// Who loads.
pub enum Loader {
    Here(Store),
    Server(Client),
}

/// What is to be loaded, and how.
pub struct Wanted<'a> {
    pub inputs: Vec<Input>,
    pub reading: &'a ReadingArgs,
    pub again: bool,
    pub workers: usize,
}

impl Loader {
    /// The server that has the database, or the database.
    pub fn open(database: &Path) -> Result<Loader> {
        match Client::find(database)? {
            Some(client) => Ok(Loader::Server(client)),
            None => Ok(Loader::Here(Store::open(database, Access::Write, &Limits::load())?)),
        }
    }

    pub fn load(&self, wanted: Wanted<'_>, progress: &Progress) -> Result<Summary> {
        match self {
            Loader::Here(store) => {
                let options = Options {
                    inputs: wanted.inputs,
                    formats: wanted.reading.formats()?,
                    zone: wanted.reading.timezone,
                    again: wanted.again,
                    following: None,
                    streams: Vec::new(),
                    turn: None,
                    stop: Stop::new(),
                    workers: wanted.workers,
                    now: show::now(),
                };
                ingest(store, options, progress)
            }
            Loader::Server(client) => through(client, wanted, progress),
        }
    }
}

/// One request for the files, and one for each pipe, whose bytes this process brings.
fn through(client: &Client, wanted: Wanted<'_>, progress: &Progress) -> Result<Summary> {
    let mut request = LoadRequest {
        name: client.name().to_owned(),
        files: Vec::new(),
        pipe: None,
        format: wanted.reading.forced().map(str::to_owned),
        formats: wanted.reading.own_formats()?,
        timezone: zone_name(wanted.reading.timezone),
        date_order: wanted.reading.date_order,
        undated: wanted.reading.undated,
        again: wanted.again,
        workers: wanted.workers,
    };
    let mut names = Names::default();
    let mut pipes = Vec::new();
    for input in wanted.inputs {
        match input.place {
            Place::File(path) => {
                let path = names.absolute(&path)?;
                request.files.push(LoadFile { path, named: input.named });
            }
            pipe => pipes.push(pipe),
        }
    }
    let mut summary = Summary::default();
    if !request.files.is_empty() {
        summary.merge(ask(client, &request, None, &names, progress)?);
        request.files = Vec::new();
    }
    for pipe in pipes {
        let (name, opened): (OsString, io::Result<Box<dyn Read + Send>>) = match &pipe {
            Place::Stdin => ("-".into(), Ok(Box::new(io::stdin()))),
            Place::File(path) | Place::Pipe(path) => {
                (path.into(), File::open(path).map(|file| Box::new(file) as Box<_>))
            }
        };
        match opened {
            Ok(bytes) => {
                request.pipe = Some(name);
                summary.merge(ask(client, &request, Some(bytes), &names, progress)?);
            }
            Err(error) => {
                let error = Error::file("read", Path::new(&name), error);
                summary.outcomes.push((pipe.name(), Outcome::Failed(error)));
            }
        }
    }
    Ok(summary)
}

/// Asks for a load, and shows how far it comes.
fn ask(
    client: &Client,
    request: &LoadRequest,
    pipe: Option<Box<dyn Read + Send>>,
    names: &Names,
    progress: &Progress,
) -> Result<Summary> {
    let before = Before::of(progress);
    let answer = client.post("local/ingest", request)?;
    let failure = pipe.map(|pipe| send(client, pipe));
    let mut lines = BufReader::new(answer.into_body().into_reader());
    let mut line = String::new();
    loop {
        line.clear();
        match lines.read_line(&mut line) {
            Ok(1..) if line.ends_with('\n') => {}
            Ok(_) | Err(_) => return Err(broken_off()),
        }
        match parsed(&line)? {
            LoadLine::Progress(now) => before.show(&now, progress),
            LoadLine::Error(message) => return Err(Error::Server(message)),
            LoadLine::Summary(told) => return Ok(read(told, names, failure)),
        }
    }
}

fn read(told: LoadSummary, names: &Names, failure: Option<Failure>) -> Summary {
    // Why the pipe broke off is known here.
    let failure = failure.and_then(|failure| {
        let failure = failure.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some(failure.to_string())
    });
    told.into_summary(|name, text| match &failure {
        Some(failure) if name != text => format!("read {name}: {failure}"),
        _ => names.as_given(name, text),
    })
}

/// Why a pipe could not be read.
type Failure = Arc<Mutex<Option<io::Error>>>;

/// Sends a pipe in a thread of its own, which nobody waits for: it may wait for its next byte
/// for ever when the load has failed.
fn send(client: &Client, pipe: Box<dyn Read + Send>) -> Failure {
    let failure = Failure::default();
    let noting = Noting { pipe, failure: failure.clone() };
    let path = format!("local/pipe?name={}", client.name());
    let client = client.clone();
    // What comes of it the load's own answer tells.
    std::thread::spawn(move || drop(client.send(&path, noting)));
    failure
}

/// A pipe that notes why it cannot be read.
struct Noting {
    pipe: Box<dyn Read + Send>,
    failure: Failure,
}

impl Read for Noting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.pipe.read(buffer).map_err(|error| {
            let told = io::Error::new(error.kind(), error.to_string());
            *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            told
        })
    }
}

/// What the user called the files whose absolute paths the server is told.
#[derive(Default)]
struct Names {
    given: HashMap<String, String>,
}

impl Names {
    fn absolute(&mut self, path: &Path) -> Result<OsString> {
        let absolute =
            std::path::absolute(path).map_err(|error| Error::file("find", path, error))?;
        self.given.insert(absolute.display().to_string(), path.display().to_string());
        Ok(absolute.into_os_string())
    }

    /// A text about a file, with the name that the user gave it.
    fn as_given(&self, name: &str, text: &str) -> String {
        match self.given.get(name) {
            Some(given) => text.replacen(name, given, 1),
            None => text.to_owned(),
        }
    }
}

/// How far the requests before this one have come.
struct Before {
    lines: u64,
    records: u64,
}

impl Before {
    fn of(progress: &Progress) -> Before {
        Before {
            lines: progress.lines.load(Ordering::Relaxed),
            records: progress.records.load(Ordering::Relaxed),
        }
    }

    fn show(&self, now: &LoadProgress, progress: &Progress) {
        progress.bytes_total.fetch_max(now.bytes_total, Ordering::Relaxed);
        progress.bytes_read.fetch_max(now.bytes_read, Ordering::Relaxed);
        progress.lines.store(self.lines + now.lines, Ordering::Relaxed);
        progress.records.store(self.records + now.records, Ordering::Relaxed);
    }
}

/// The zone as the server knows it: what is local here need not be local there.
fn zone_name(zone: Zone) -> String {
    let here = std::env::var("TZ").ok().filter(|name| Zone::from_name(name).is_some());
    match (zone, here) {
        (Zone::Local, Some(name)) => name,
        _ => zone.name(),
    }
}

fn broken_off() -> Error {
    let message = "the server that has the database ended before all was loaded: what it has \
                   committed stays, and another run goes on from there";
    Error::Server(message.to_owned())
}
