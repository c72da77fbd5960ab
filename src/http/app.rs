//! What handlers share.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{Semaphore, watch};

use super::load::Loads;
use super::metrics::Metrics;
use super::runner::{Runner, RunnerLimits};
use super::secrets::Secrets;
use crate::config::cores;
use crate::ingest::Live;
use crate::monitor::Monitor;
use crate::receive::Desk;
use crate::record::Micros;
use crate::store::Store;

/// How the server is to be.
pub struct Options {
    pub store: Store,
    pub database: PathBuf,
    /// A directory of the server's own, where results pass through that must be files.
    pub exports: PathBuf,
    pub live: Arc<Live>,
    pub desk: Desk,
    pub monitor: Arc<Monitor>,
    pub secrets: Secrets,
    /// Whether browsers reach it over TLS.
    pub speaks_tls: bool,
    /// Names by which the server may be called, besides this machine's own.
    pub hosts: Vec<String>,
    /// Reads the page from there instead of from the binary.
    pub web_dir: Option<PathBuf>,
    pub limits: RunnerLimits,
    /// Whether mail is set up.
    pub mails: bool,
    pub is_demo: bool,
    pub started: Micros,
}

/// What handlers share; cheap to clone.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
    pub runner: Runner,
    /// Turns to decode what clients push: it takes cores, not patience.
    pub decoders: Arc<Semaphore>,
    /// Turns true when the server is to end.
    pub stopping: watch::Sender<bool>,
}

pub struct Inner {
    pub options: Options,
    pub metrics: Metrics,
    /// What the command line loads.
    pub loads: Loads,
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}

impl App {
    pub fn new(options: Options) -> App {
        let metrics = Metrics::new();
        let runner = Runner::new(options.store.clone(), options.limits, metrics.queries.clone());
        App {
            inner: Arc::new(Inner { options, metrics, loads: Loads::new() }),
            runner,
            decoders: Arc::new(Semaphore::new(cores())),
            stopping: watch::Sender::new(false),
        }
    }
}
