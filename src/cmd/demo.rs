//! `pintail demo`: everything in one process, with a live synthetic log whose incidents show up
//! within two minutes.

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use chrono::{TimeDelta, Utc};

use super::config::{Configuration, Ready, ServerSettings, Settings, Within};
use super::premises::Premises;
use super::server::{Server, log_to_stderr, say};
use super::signals;
use crate::error::{Error, Result};
use crate::generate::{Format, Generator, Kind, Output, Plan, Request, Rotation};
use crate::ingest::FollowOptions;
use crate::parse::Zone;
use crate::parse::formats::Formats;
use crate::stop::{Reason, Stop};

/// How much history there is from the first moment on.
const HISTORY_HOURS: u64 = 6;

/// From the first live record to the first live incident. It lasts longer than a minute, so the
/// first minute that is complete shows it.
const FIRST_INCIDENT_MS: u64 = 3_000;
const INCIDENT_MS: u64 = 4 * 60_000;
/// So many times the usual errors: in a quiet night, too, half a minute of it is beyond doubt.
const INCIDENT_FACTOR: f64 = 25.0;
/// From one live incident to the next.
const INCIDENT_EVERY_MS: u64 = 12 * 60_000;
/// A day of them.
const INCIDENTS: u64 = 120;

/// What raises alerts.
const DETECTORS: [&str; 3] = ["counts", "silence", "zscore:8"];

/// Seconds after which a minute is judged.
const SETTLE_SECONDS: u64 = 2;

/// Older lines are in the database.
const ROTATION: Rotation = Rotation { bytes_max: 64 << 20, keep: 2 };

/// See it live: synthetic logs, followed, watched, on the dashboard
///
/// Six hours of history are there at once; incidents are planted from the first minute on.
/// Everything lies in a temporary directory that is removed at the end, unless --dir names one.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Keep log files and database here, and go on with them next time
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,

    #[command(flatten)]
    server: ServerSettings,

    /// Records a second, on average over the day, of all services together
    #[arg(long, value_name = "N", default_value_t = 40.0)]
    rate: f64,
}

pub fn run(args: Args) -> Result<()> {
    let temporary = match args.dir {
        Some(_) => None,
        None => Some(tempfile::Builder::new().prefix("pintail-demo-").tempdir()?),
    };
    let dir = match (&args.dir, &temporary) {
        (Some(dir), _) => dir.clone(),
        (None, Some(temporary)) => temporary.path().to_owned(),
        (None, None) => return Err(Error::Internal("the demo has no directory")),
    };
    let logs = dir.join("logs");
    std::fs::create_dir_all(&logs).map_err(|error| Error::file("make", &logs, error))?;
    log_to_stderr();
    // Its records are never late.
    let judge_after_seconds = args.server.judge_after_seconds.or(Some(Within(SETTLE_SECONDS)));
    // A z-score is quick, and nobody is woken.
    let named = || DETECTORS.map(str::to_owned).to_vec();
    let detectors = Some(args.server.detectors.unwrap_or_else(named));
    let server = ServerSettings { judge_after_seconds, detectors, ..args.server };
    let settings = Settings { server, ..Settings::default() };
    let ready = Ready::of(Configuration::from(settings))?;
    let premises = Premises::new()?;
    let server = Server::open(&ready, dir.join("demo.duckdb"), &premises)?;
    say(&format!("writing {HISTORY_HOURS} hours of history…"));
    let stop = Stop::new();
    let (stopping, drain) = (stop.clone(), ready.configuration.drain());
    signals::listen(false, move |_| {
        signals::end_within(drain);
        stopping.stop();
    })?;
    let players = play_all(&logs, args.rate, &stop)?;
    let mut follower = server.follower(FollowOptions {
        paths: vec![logs],
        database: dir.join("demo.duckdb"),
        formats: Formats::default(),
        zone: Zone::UTC,
    });
    // The charts are to be full when the page opens.
    follower.catch_up()?;
    say(&format!("Pintail {} on {}", env!("CARGO_PKG_VERSION"), server.address()?));
    say("  a synthetic log is being written; an incident begins now and shows within two minutes");
    say("  Ctrl-C ends it");
    let served = server.run(Some(follower), None, true, stop.clone());
    stop.stop();
    join(players)?;
    served?;
    if let Some(Reason::Database(message)) = stop.reason() {
        return Err(Error::Invalidated(message));
    }
    eprintln!("stopped");
    Ok(())
}

type Player = thread::JoinHandle<Result<()>>;

fn join(players: Vec<Player>) -> Result<()> {
    for player in players {
        match player.join() {
            Ok(played) => played?,
            Err(_) => return Err(Error::Internal("the log's writer panicked")),
        }
    }
    Ok(())
}

/// Starts writing every log; returns when their history is written.
fn play_all(logs: &Path, rate: f64, stop: &Stop) -> Result<Vec<Player>> {
    let plans = plans(rate);
    let (told, tells) = mpsc::channel();
    let mut players = Vec::new();
    for (name, plan) in plans {
        let generator = Generator::new(&plan)?;
        // A log of an earlier demo stays what it is: its lines are in the database.
        let path = logs.join(unused(logs, name));
        let (told, stop) = (told.clone(), stop.clone());
        players.push(thread::spawn(move || {
            let output = Output::file(&path, plan.format, Some(ROTATION))?;
            play(&generator, output, &told, &stop)
        }));
    }
    drop(told);
    for _ in 0..players.len() {
        if tells.recv().is_err() {
            // One that failed said nothing: its error is what there is to say.
            stop.stop();
            join(players)?;
            return Err(Error::Internal("a log could not be written"));
        }
    }
    Ok(players)
}

/// Writes a log as its time comes, and tells when its history is written.
fn play(
    generator: &Generator,
    mut output: Output,
    told: &mpsc::Sender<()>,
    stop: &Stop,
) -> Result<()> {
    let started_ms = Utc::now().timestamp_millis();
    let mut in_history = true;
    let played = generator.play(&mut |batch| {
        if stop.is_stopped() {
            return Err(Error::Internal("the demo ends"));
        }
        let last_ms = batch.last_ms;
        output.write(batch)?;
        if in_history && last_ms >= started_ms {
            in_history = false;
            // Nobody listens any more if another log failed.
            told.send(()).ok();
        }
        Ok(())
    });
    match played {
        Err(_) if stop.is_stopped() => Ok(()),
        played => played,
    }
}

/// A name that no log of an earlier demo has.
fn unused(logs: &Path, name: &str) -> String {
    let (stem, extension) = name.split_once('.').unwrap_or((name, "log"));
    let mut candidate = name.to_owned();
    for number in 2.. {
        if !logs.join(&candidate).exists() {
            break;
        }
        candidate = format!("{stem}-{number}.{extension}");
    }
    candidate
}

/// The logs of a small shop: the services' own, the workers' as JSON, the web server's.
fn plans(rate: f64) -> [(&'static str, Plan); 3] {
    let start = Utc::now() - TimeDelta::hours(HISTORY_HOURS as i64);
    let plan = |seed, share: f64, services: &[&str], format| Plan {
        seed,
        start,
        duration_ms: None,
        lines: None,
        rate: rate * share,
        services: services.iter().map(|name| (*name).to_owned()).collect(),
        format,
        incidents: Vec::new(),
        random_incidents: 0,
    };
    let shop = Plan {
        incidents: incidents(),
        ..plan(1, 0.6, &["auth", "payment", "orders", "search"], Format::Text)
    };
    let workers = plan(2, 0.15, &["billing", "mailer"], Format::Json);
    let web = plan(3, 0.25, &["shop"], Format::Nginx);
    [("shop.log", shop), ("workers.jsonl", workers), ("access.log", web)]
}

/// Some in the history, then one at once, then another every few minutes.
fn incidents() -> Vec<Request> {
    const MINUTE_MS: u64 = 60_000;
    let live_ms = HISTORY_HOURS * 60 * MINUTE_MS;
    let request = |kind: Kind, service: &str, offset_ms, duration_ms| Request {
        kind,
        service: service.to_owned(),
        offset_ms,
        duration_ms,
        factor: kind.factor(),
    };
    let mut requests = vec![
        request(Kind::ErrorSpike, "payment", live_ms - 150 * MINUTE_MS, 12 * MINUTE_MS),
        request(Kind::ErrorSpike, "search", live_ms - 40 * MINUTE_MS, 6 * MINUTE_MS),
        request(Kind::NewMessage, "auth", live_ms - 90 * MINUTE_MS, 8 * MINUTE_MS),
    ];
    let services = ["payment", "orders", "search", "auth"];
    for number in 0..INCIDENTS {
        let service = services[number as usize % services.len()];
        let offset_ms = live_ms + FIRST_INCIDENT_MS + number * INCIDENT_EVERY_MS;
        let incident = request(Kind::ErrorSpike, service, offset_ms, INCIDENT_MS);
        requests.push(Request { factor: INCIDENT_FACTOR, ..incident });
    }
    requests
}
