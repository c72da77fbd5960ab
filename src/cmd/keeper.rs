//! Keeps a server running: starts it again, in the same process and on the same ports, when
//! its configuration changed (SIGHUP) or DuckDB gave its database up.

use std::fs::File;
use std::io::Write;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::config::{ConfigArgs, Configuration, Ready};
use super::premises::{Premises, Wanted};
use super::server::{Server, say};
use super::signals::{self, Wish};
use crate::error::{Error, Result};
use crate::escape;
use crate::ingest::FollowOptions;
use crate::receive::stdin::Reading;
use crate::receive::{Pipe, Stdin};
use crate::stop::{Reason, Stop};

/// Between two attempts; doubled after each.
const WAIT_FIRST: Duration = Duration::from_secs(1);
const WAIT_MAX: Duration = Duration::from_secs(30);

/// A server that ran this long was well: what comes next is another matter.
const WELL_AFTER: Duration = Duration::from_secs(60);

/// How long the database of the server before may take to be closed: its last checkpoint may
/// be a large one.
const CLOSED_WITHIN: Duration = Duration::from_secs(60);

pub struct Keeper {
    args: ConfigArgs,
    premises: Premises,
    state: Mutex<State>,
}

struct State {
    /// What the next server goes by.
    ready: Ready,
    /// Ends what is going on now.
    stop: Stop,
    /// Once opened it is read on by every server.
    stdin: Option<Stdin>,
    /// Nothing is to be started any more.
    is_ending: bool,
}

impl Keeper {
    /// Runs servers until SIGINT or SIGTERM.
    ///
    /// # Errors
    /// Of the first start; later ones are tried again. Bugs.
    pub fn run(args: ConfigArgs, ready: Ready) -> Result<()> {
        let state = State { ready, stop: Stop::new(), stdin: None, is_ending: false };
        let keeper =
            Arc::new(Keeper { args, premises: Premises::new()?, state: Mutex::new(state) });
        let heeding = keeper.clone();
        signals::listen(true, move |wish| heeding.heed(wish))?;
        let kept = keeper.keep();
        keeper.premises.withdraw();
        kept
    }

    fn keep(&self) -> Result<()> {
        let mut is_first = true;
        let mut wait = WAIT_FIRST;
        while let Some((ready, stop)) = self.next() {
            let started = Instant::now();
            let server = match Server::open(&ready, self.database(), &self.premises) {
                Ok(server) => server,
                Err(error) if is_first => return Err(error),
                Err(error) => {
                    tracing::error!("{error}; trying again in {} s", wait.as_secs());
                    stop.wait(wait);
                    wait = (2 * wait).min(WAIT_MAX);
                    continue;
                }
            };
            self.announce(&server, &ready, is_first)?;
            is_first = false;
            let closing = server.closing();
            let served = self.serve(server, &ready, &stop);
            if started.elapsed() >= WELL_AFTER {
                wait = WAIT_FIRST;
            }
            let reason = stop.reason();
            if matches!(reason, Some(Reason::End) | None) {
                return served;
            }
            if !closing.wait(CLOSED_WITHIN) {
                return Err(Error::Internal("the database is still in use after its server ended"));
            }
            if let Some(Reason::Database(message)) = reason {
                // That threads failed with it is no news.
                let seconds = wait.as_secs();
                tracing::error!(
                    "DuckDB gave the database up; opening it again in {seconds} s: {message}"
                );
                self.wait(wait);
                wait = (2 * wait).min(WAIT_MAX);
            } else {
                served?;
            }
        }
        Ok(())
    }

    fn serve(&self, server: Server, ready: &Ready, stop: &Stop) -> Result<()> {
        let configuration = &ready.configuration;
        let (pipes, paths): (Vec<PathBuf>, Vec<PathBuf>) =
            configuration.follow.iter().cloned().partition(|path| path == Path::new("-"));
        let follower = (!paths.is_empty()).then(|| {
            server.follower(FollowOptions {
                paths,
                database: self.database(),
                formats: ready.formats.clone(),
                zone: configuration.timezone.zone,
            })
        });
        let stdin = (!pipes.is_empty()).then(|| self.stdin(ready)).transpose()?;
        server.run(follower, stdin, false, stop.clone())
    }

    /// Standard input, which is passed through if that is wanted.
    fn stdin(&self, ready: &Ready) -> Result<Stdin> {
        let zone = ready.configuration.timezone.zone;
        let reading = Reading { formats: ready.formats.clone(), zone };
        let mut state = self.lock();
        if let Some(stdin) = &state.stdin {
            stdin.read_as(reading);
            return Ok(stdin.clone());
        }
        let input = File::from(std::io::stdin().as_fd().try_clone_to_owned()?);
        let tee: Option<Box<dyn Write + Send>> = match ready.configuration.tee {
            true => Some(Box::new(File::from(std::io::stdout().as_fd().try_clone_to_owned()?))),
            false => None,
        };
        let stdin = Stdin::new(Pipe::open(input, tee)?, reading);
        state.stdin = Some(stdin.clone());
        Ok(stdin)
    }

    /// What the next server goes by, and what ends it; `None` at the end.
    fn next(&self) -> Option<(Ready, Stop)> {
        let mut state = self.lock();
        if state.is_ending {
            return None;
        }
        state.stop = Stop::new();
        Some((state.ready.clone(), state.stop.clone()))
    }

    /// Waits that long, or until somebody wishes something.
    fn wait(&self, time: Duration) {
        if let Some((_, stop)) = self.next() {
            stop.wait(time);
        }
    }

    fn heed(&self, wish: Wish) {
        match wish {
            Wish::End => {
                let mut state = self.lock();
                if !state.is_ending {
                    signals::end_within(state.ready.configuration.drain());
                }
                state.is_ending = true;
                state.stop.stop();
            }
            Wish::Reload => match self.reload() {
                Ok(ready) => {
                    tracing::info!("the configuration was read again; the server starts anew");
                    let mut state = self.lock();
                    state.ready = ready;
                    state.stop.restart(Reason::Reload);
                }
                Err(Error::Configuration(problems)) => {
                    for problem in problems {
                        tracing::error!("{problem}");
                    }
                    tracing::error!("the configuration has mistakes; the server goes on as it was");
                }
                Err(error) => tracing::error!("{error}; the server goes on as it was"),
            },
        }
    }

    /// What the next server goes by. Its ports are looked at now: it must not fail for those while
    /// there is a server that works.
    fn reload(&self) -> Result<Ready> {
        let ready = Ready::of(self.args.load()?.configuration)?;
        let configuration = &ready.configuration;
        drop(self.premises.syslog(&configuration.syslog, &configuration.syslog_tls)?);
        for wanted in listened(configuration) {
            drop(self.premises.listener(wanted)?);
        }
        Ok(ready)
    }

    fn announce(&self, server: &Server, ready: &Ready, is_first: bool) -> Result<()> {
        let configuration = &ready.configuration;
        self.premises.keep_only(&listened(configuration));
        self.premises.keep_syslog(&configuration.syslog, &configuration.syslog_tls);
        if ready.tls.is_none() {
            self.premises.close_local();
        }
        if !is_first {
            tracing::info!("serving again on {}", server.address()?);
            return Ok(());
        }
        // What is passed through has standard output to itself.
        let say =
            if configuration.tee { |line: &str| eprintln!("{}", escape::lines(line)) } else { say };
        say(&format!("Pintail {} on {}", env!("CARGO_PKG_VERSION"), server.address()?));
        say(&format!("  database  {}", escape::line(&self.database().display().to_string())));
        for path in &configuration.follow {
            say(&format!("  follows   {}", escape::line(&path.display().to_string())));
        }
        for address in server.syslog()? {
            say(&format!("  syslog    {address}"));
        }
        for address in server.grpc()? {
            say(&format!("  otlp      {address} (gRPC)"));
        }
        match server.mail() {
            Some(mail) => say(&format!("  alerts    {mail:?}")),
            None => say("  alerts    on the page; for mail see pintail serve --help"),
        }
        Ok(())
    }

    fn database(&self) -> PathBuf {
        self.args.database.path.clone()
    }

    /// Whole whatever happened to a thread that held the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where connections of HTTP come in.
fn listened(configuration: &Configuration) -> Vec<Wanted> {
    let grpc = configuration.otlp_grpc.iter().map(|address| ("otlp_grpc", *address));
    std::iter::once(("listen", configuration.listen)).chain(grpc).collect()
}
