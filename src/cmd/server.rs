//! A running server: the threads that follow, watch and send, and the web server over them.
//! What `pintail serve` and `pintail demo` have in common.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use super::beside::{Announcement, Beside, reachable};
use crate::alert::{MailSettings, Mailer, Outbox};
use crate::clock;
use crate::config::{Limits, QUERY_SECONDS_DEFAULT, cores};
use crate::detect::Settings;
use crate::error::{Error, Result};
use crate::http::{self, App, Options, RunnerLimits, Secrets, random_key};
use crate::ingest::{FollowOptions, Follower, Live};
use crate::monitor::Monitor;
use crate::receive::{self, Desk};
use crate::stop::Stop;
use crate::store::{Access, Store};

/// What may be received at once.
const RECEIVE_LIMITS: receive::Limits =
    receive::Limits { body_bytes_max: 64 << 20, memory_bytes_max: 256 << 20 };

/// How long a stop waits for the end of a thread's work.
const RUNTIME_ENDS_WITHIN: Duration = Duration::from_secs(2);

/// Arguments of every command that serves.
#[derive(Clone, Debug, clap::Args)]
pub struct ServerArgs {
    /// Address and port of the page and the API
    #[arg(long, value_name = "ADDR:PORT", default_value = crate::config::LISTEN_DEFAULT)]
    pub listen: SocketAddr,

    /// A file with the token that the page and the API ask for [or set PINTAIL_TOKEN]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,

    /// Listen on other addresses than loopback without a token: everybody may read everything
    #[arg(long)]
    insecure: bool,

    /// A name by which browsers reach this server, besides localhost and addresses
    #[arg(long = "allow-host", value_name = "NAME")]
    hosts: Vec<String>,

    /// Where people reach the page, for links in mail [default: the address it listens on]
    #[arg(long, value_name = "URL", env = "PINTAIL_PUBLIC_URL")]
    public_url: Option<String>,

    /// Standard deviations from which on an unusual minute raises an alert
    #[arg(long, value_name = "Z", default_value_t = crate::config::ALERT_THRESHOLD_DEFAULT)]
    #[arg(value_parser = super::args::threshold)]
    threshold: f64,

    /// Seconds after which a query is stopped
    #[arg(long, value_name = "SECONDS", default_value_t = QUERY_SECONDS_DEFAULT)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=86_400))]
    query_timeout: u64,

    /// Read the page from this directory instead of the binary, to edit it
    #[arg(long, value_name = "DIR", hide_short_help = true)]
    web_dir: Option<PathBuf>,
}

impl ServerArgs {
    /// The token, from the environment or a file.
    fn token(&self) -> Result<Option<String>> {
        let token = match &self.token_file {
            Some(path) => {
                Some(std::fs::read_to_string(path).map_err(|e| Error::file("read", path, e))?)
            }
            None => std::env::var("PINTAIL_TOKEN").ok(),
        };
        match token.map(|token| token.trim().to_owned()) {
            Some(token) if token.is_empty() => Err(Error::usage("the token is empty")),
            token => Ok(token),
        }
    }

    /// Refuses to show the logs to a network unasked.
    fn check_address(&self, token: Option<&str>) -> Result<()> {
        if self.listen.ip().is_loopback() || token.is_some() || self.insecure {
            return Ok(());
        }
        Err(Error::usage(format!(
            "{} is reachable from other machines: set a token (PINTAIL_TOKEN or --token-file), or \
             say --insecure to let everybody in",
            self.listen.ip()
        )))
    }
}

/// A server about to run.
pub struct Server {
    args: ServerArgs,
    database: PathBuf,
    store: Store,
    listener: TcpListener,
    exports: tempfile::TempDir,
    mail: Option<MailSettings>,
    key: String,
    token: Option<String>,
    live: Arc<Live>,
    _announcement: Announcement,
}

impl Server {
    /// Opens the database and the port; nothing runs yet.
    pub fn open(args: ServerArgs, database: PathBuf) -> Result<Server> {
        let token = args.token()?;
        args.check_address(token.as_deref())?;
        let mail = MailSettings::load(|name| std::env::var(name).ok())?;
        let limits = Limits::serve();
        crate::memory::limit_process(limits.process_memory_mib())?;
        let store = Store::open(&database, Access::Write, &limits)?;
        let exports = tempfile::Builder::new().prefix("pintail-").tempdir()?;
        store.harden(exports.path(), &limits)?;
        let listener = TcpListener::bind(args.listen).map_err(|error| {
            let listen = args.listen;
            Error::usage(format!("listen on {listen}: {error}; give another --listen ADDR:PORT"))
        })?;
        listener.set_nonblocking(true)?;
        let key = random_key()?;
        let announcement = Beside::announce(&database, listener.local_addr()?, &key)?;
        let live = Arc::new(Live::new());
        Ok(Server {
            args,
            database,
            store,
            listener,
            exports,
            mail,
            key,
            token,
            live,
            _announcement: announcement,
        })
    }

    /// What takes in files, to be given to [`Server::run`].
    pub fn follower(&self, options: FollowOptions) -> Follower {
        Follower::new(self.store.clone(), options, self.live.clone())
    }

    /// The address of the page.
    pub fn address(&self) -> Result<String> {
        Ok(format!("http://{}", reachable(self.listener.local_addr()?)))
    }

    /// Whether somebody is told of alerts by mail.
    pub fn mail(&self) -> Option<&MailSettings> {
        self.mail.as_ref()
    }

    /// Serves until SIGINT or SIGTERM, then ends in order.
    pub fn run(self, follower: Option<Follower>, is_demo: bool, stop: Stop) -> Result<()> {
        let settings = Settings { threshold: self.args.threshold, ..Settings::default() };
        let level = settings.level.clone();
        let monitor = Arc::new(Monitor::new(self.store.clone(), settings, self.mail.is_some()));
        let (desk, clerk) = Desk::open(&self.store, self.live.clone(), RECEIVE_LIMITS)?;
        let mut threads = Vec::new();
        threads.push(thread("receive", &stop, move |_| clerk.run())?);
        if let Some(follower) = follower {
            threads.push(thread("follow", &stop, move |stop| follower.run(stop))?);
        }
        let watching = monitor.clone();
        threads.push(thread("monitor", &stop, move |stop| watching.run(stop))?);
        if let Some(mail) = &self.mail {
            let page = self.args.public_url.clone().map_or_else(|| self.address(), Ok)?;
            let page = page.trim_end_matches('/').to_owned();
            let mailer = Mailer::new(mail)?;
            let outbox = Outbox { store: self.store.clone(), mailer, level, page };
            threads.push(thread("mail", &stop, move |stop| outbox.run(stop))?);
        }
        let served = self.serve(desk.clone(), monitor, is_demo, &stop);
        stop.stop();
        desk.close();
        for thread in threads {
            let name = thread.thread().name().unwrap_or_default().to_owned();
            if thread.join().is_err() {
                tracing::error!("the thread that does {name} ended in a panic");
                return Err(Error::Internal("a thread panicked"));
            }
        }
        served
    }

    fn serve(self, desk: Desk, monitor: Arc<Monitor>, is_demo: bool, stop: &Stop) -> Result<()> {
        let app = App::new(Options {
            store: self.store,
            database: self.database,
            exports: self.exports.path().to_owned(),
            live: self.live,
            desk,
            monitor,
            secrets: Secrets::new(self.token, self.key)?,
            hosts: self.args.hosts.clone(),
            web_dir: self.args.web_dir.clone(),
            limits: RunnerLimits {
                time: Duration::from_secs(self.args.query_timeout),
                page_queries: 4 * cores(),
                user_queries: 2 * cores(),
            },
            mails: self.mail.is_some(),
            is_demo,
            started: clock::now(),
        });
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let stop = stop.clone();
        let served = runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(self.listener)?;
            http::serve(listener, app, ended(stop)).await
        });
        runtime.shutdown_timeout(RUNTIME_ENDS_WITHIN);
        served
    }
}

/// Until somebody wants the server to end.
async fn ended(stop: Stop) {
    use tokio::signal::unix::{SignalKind, signal};
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    let stopped = async {
        while !stop.is_stopped() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::select! {
        // An error means that Ctrl-C cannot be told from nothing: then only the others count.
        Ok(()) = tokio::signal::ctrl_c() => {}
        () = terminated => {}
        () = stopped => {}
    }
    stop.stop();
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
    drop(writeln!(std::io::stdout(), "{line}"));
}

/// Writes what happens to standard error.
pub fn log_to_stderr() {
    use std::io::IsTerminal;
    let subscriber = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .finish();
    // Somebody else set one, in a test: theirs it is.
    tracing::subscriber::set_global_default(subscriber).ok();
}
