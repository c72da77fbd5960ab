//! A running server: the threads that follow, watch and send, and the web server over them.
//! What `pintail serve` and `pintail demo` have in common.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use tokio::sync::watch;

use super::beside::reachable;
use super::config::{Configuration, Ready};
use super::premises::Premises;
use crate::alert::{MailSettings, Mailer, Outbox};
use crate::clock;
use crate::config::cores;
use crate::detect::choice::Choices;
use crate::error::{Error, Result};
use crate::escape;
use crate::http::{self, App, Options, RunnerLimits, Secrets};
use crate::ingest::{FollowOptions, Follower, Live};
use crate::monitor::{Monitor, Watch};
use crate::receive::listen::{self, Listening};
use crate::receive::{Desk, Stdin, sockets};
use crate::record::Micros;
use crate::stop::Stop;
use crate::store::{Access, Closing, Store};

/// How long a stop waits for the end of a thread's work.
const RUNTIME_ENDS_WITHIN: Duration = Duration::from_secs(2);

/// A server about to run.
pub struct Server {
    configuration: Configuration,
    database: PathBuf,
    store: Store,
    sockets: http::Sockets,
    syslog: sockets::Sockets,
    tls: Option<Arc<rustls::ServerConfig>>,
    exports: tempfile::TempDir,
    mail: Option<MailSettings>,
    key: String,
    token: Option<String>,
    live: Arc<Live>,
}

impl Server {
    /// Opens the database and the port; nothing runs yet.
    pub fn open(ready: &Ready, database: PathBuf, premises: &Premises) -> Result<Server> {
        let configuration = ready.configuration.clone();
        let limits = configuration.limits();
        premises.memory.set(configuration.process_memory_mib())?;
        if !database.exists() {
            // A start that fails for a port that is taken leaves no new database behind.
            premises.listener(("listen", configuration.listen))?;
            premises.syslog(&configuration.syslog, &configuration.syslog_tls)?;
        }
        let store = Store::open(&database, Access::Write, &limits)?;
        let exports = tempfile::Builder::new().prefix("pintail-").tempdir()?;
        store.harden(exports.path(), &limits)?;
        let listener = premises.listener(("listen", configuration.listen))?;
        let local = ready.tls.as_ref().map(|_| premises.local_listener()).transpose()?;
        let grpc = configuration.otlp_grpc.iter();
        let grpc = grpc.map(|address| premises.listener(("otlp_grpc", *address)));
        let grpc = grpc.collect::<Result<_>>()?;
        let sockets = http::Sockets::new(listener, ready.tls.clone(), local, grpc);
        let syslog = premises.syslog(&configuration.syslog, &configuration.syslog_tls)?;
        let mut listens = vec![sockets.public_address()?];
        listens.extend(configuration.syslog.iter().chain(&configuration.syslog_tls));
        listens.extend(sockets.grpc_addresses()?);
        premises.announce(&database, sockets.local_address()?, listens);
        let live = Arc::new(Live::new());
        Ok(Server {
            configuration,
            database,
            store,
            sockets,
            syslog,
            tls: ready.tls.clone(),
            exports,
            mail: ready.mail.clone(),
            key: premises.key().to_owned(),
            token: ready.token.clone(),
            live,
        })
    }

    /// Tells when the database is closed, after [`Server::run`].
    pub fn closing(&self) -> Closing {
        self.store.closing()
    }

    /// What takes in files, to be given to [`Server::run`].
    pub fn follower(&self, options: FollowOptions) -> Follower {
        Follower::new(self.store.clone(), options, self.live.clone())
    }

    /// The address of the page.
    pub fn address(&self) -> Result<String> {
        let scheme = if self.sockets.speaks_tls() { "https" } else { "http" };
        Ok(format!("{scheme}://{}", reachable(self.sockets.public_address()?)))
    }

    /// What is listened at for syslog, a line each.
    pub fn syslog(&self) -> Result<Vec<String>> {
        Ok(self.syslog.addresses()?)
    }

    /// Where OTLP over gRPC is received.
    pub fn grpc(&self) -> Result<Vec<std::net::SocketAddr>> {
        Ok(self.sockets.grpc_addresses()?)
    }

    /// Whether somebody is told of alerts by mail.
    pub fn mail(&self) -> Option<&MailSettings> {
        self.mail.as_ref()
    }

    /// Serves until `stop`, then ends in order.
    pub fn run(
        self,
        follower: Option<Follower>,
        stdin: Option<Stdin>,
        is_demo: bool,
        stop: Stop,
    ) -> Result<()> {
        let configuration = &self.configuration;
        let watch = Watch {
            choices: Choices::new(configuration.detectors.clone(), &self.database),
            threshold: configuration.threshold,
            false_alarms: configuration.false_alarms_per_day,
            settle: configuration.judge_after_seconds as Micros * 1_000_000,
            mails: self.mail.is_some(),
        };
        let monitor = Arc::new(Monitor::new(self.store.clone(), watch));
        let (desk, clerk) =
            Desk::open(&self.store, self.live.clone(), self.configuration.receive_limits())?;
        let mut threads = Vec::new();
        if let Some(stdin) = stdin {
            let (desk, drain) = (desk.clone(), self.configuration.drain());
            threads.push(thread("stdin", &stop, move |stop| stdin.run(&desk, stop, drain))?);
        }
        let committing = thread("receive", &stop, move |_| clerk.run())?;
        if let Some(follower) = follower {
            threads.push(thread("follow", &stop, move |stop| follower.run(stop))?);
        }
        let store = self.store.clone();
        threads.push(thread("database", &stop, move |stop| watch_database(&store, stop))?);
        let watching = monitor.clone();
        threads.push(thread("monitor", &stop, move |stop| watching.run(stop))?);
        if let Some(mail) = &self.mail {
            let page = self.configuration.public_url.clone().map_or_else(|| self.address(), Ok)?;
            let page = page.trim_end_matches('/').to_owned();
            let mailer = Mailer::new(mail)?;
            let outbox = Outbox { store: self.store.clone(), mailer, page };
            threads.push(thread("mail", &stop, move |stop| outbox.run(stop))?);
        }
        let served = self.serve(desk.clone(), monitor, is_demo, &stop);
        stop.stop();
        let joined = join_all(threads);
        // What the others have handed in is committed.
        desk.close();
        joined.and(join_all(vec![committing]))?;
        served
    }

    fn serve(self, desk: Desk, monitor: Arc<Monitor>, is_demo: bool, stop: &Stop) -> Result<()> {
        let (stops, stopping) = watch::channel(false);
        let listening = Listening::new(
            desk.clone(),
            self.configuration.timezone.zone,
            stop.clone(),
            stopping.clone(),
        );
        let app = App::new(Options {
            speaks_tls: self.sockets.speaks_tls(),
            store: self.store,
            database: self.database,
            exports: self.exports.path().to_owned(),
            live: self.live,
            desk,
            monitor,
            secrets: Secrets::new(self.token, self.key)?,
            hosts: self.configuration.allow_host.clone(),
            web_dir: self.configuration.web_dir.clone(),
            limits: RunnerLimits {
                time: self.configuration.query_timeout(),
                page_queries: 4 * cores(),
                user_queries: 2 * cores(),
            },
            mails: self.mail.is_some(),
            is_demo,
            started: clock::now(),
        });
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let (stop, stopper) = (stop.clone(), stop);
        let drain = self.configuration.drain();
        let served = runtime.block_on(async {
            let end = async {
                ended(stop).await;
                stops.send_replace(true);
            };
            let stopped = async move {
                let mut stopping = stopping;
                // Who says so never goes before it has.
                drop(stopping.wait_for(|stops| *stops).await);
            };
            // Whichever ends takes the others along.
            let syslog = async {
                let listened = listen::listen(self.syslog, self.tls, listening, drain).await;
                stopper.stop();
                listened
            };
            let served = async {
                let served = http::serve(self.sockets, app, stopped, drain).await;
                stopper.stop();
                served
            };
            let ((), served, listened) = tokio::join!(end, served, syslog);
            served.and(listened)
        });
        runtime.shutdown_timeout(RUNTIME_ENDS_WITHIN);
        served
    }
}

/// Until somebody wants the server to end.
async fn ended(stop: Stop) {
    const LOOK_INTERVAL: Duration = Duration::from_millis(50);
    while !stop.is_stopped() {
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

/// Calls for a restart when DuckDB has given the database up, whoever's work it was over.
fn watch_database(store: &Store, stop: &Stop) {
    const LOOK_INTERVAL: Duration = Duration::from_secs(1);
    while !stop.wait(LOOK_INTERVAL) {
        let looked = store.session().and_then(|session| session.execute("select 1", &[]));
        if let Err(error) = looked {
            stop.heed(&error);
        }
    }
}

fn join_all(threads: Vec<JoinHandle<()>>) -> Result<()> {
    for thread in threads {
        let name = thread.thread().name().unwrap_or_default().to_owned();
        if thread.join().is_err() {
            tracing::error!("the thread that does {name} ended in a panic");
            return Err(Error::Internal("a thread panicked"));
        }
    }
    Ok(())
}

fn thread(
    name: &str,
    stop: &Stop,
    work: impl FnOnce(&Stop) + Send + 'static,
) -> Result<JoinHandle<()>> {
    let stop = stop.clone();
    Ok(Builder::new().name(name.to_owned()).spawn(move || {
        // Whoever ends before the others takes them along: a server that does half is none.
        let _stops = StopOnDrop(stop.clone());
        work(&stop);
    })?)
}

struct StopOnDrop(Stop);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Prints a line. Whoever read the others may have gone: no reason to end.
pub fn say(line: &str) {
    use std::io::Write;
    drop(writeln!(std::io::stdout(), "{}", escape::lines(line)));
}

/// Writes what happens to standard error.
pub fn log_to_stderr() {
    use std::io::IsTerminal;
    use tracing_subscriber::field::MakeExt;
    // What events tell may come from logs: each stays one line.
    let fields = tracing_subscriber::fmt::format::debug_fn(|out, field, value| {
        let text = format!("{value:?}");
        match field.name() {
            "message" => write!(out, "{}", escape::line(&text)),
            name => write!(out, "{name}={}", escape::line(&text)),
        }
    });
    let subscriber = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .fmt_fields(fields.delimited(" "))
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .finish();
    // Somebody else set one, in a test: theirs it is.
    tracing::subscriber::set_global_default(subscriber).ok();
}
