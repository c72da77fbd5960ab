//! Queries run on threads of their own, each with a session, within limits: so many at once,
//! so long, and not a moment longer than somebody waits for the answer.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::answer::{ApiError, ApiResult};
use super::metrics::QueryMetrics;
use crate::error::Result;
use crate::store::output::Interrupter;
use crate::store::{Session, Store};

/// How long a query waits for its turn.
const WAIT_FOR_TURN: Duration = Duration::from_secs(10);

/// An interrupt that comes before the query has begun is lost, so it is repeated.
const INTERRUPT_AGAIN: Duration = Duration::from_millis(20);

/// What queries may take.
#[derive(Clone, Copy, Debug)]
pub struct RunnerLimits {
    /// How long one may run.
    pub time: Duration,
    /// How many of the page's own queries run at once.
    pub page_queries: usize,
    /// How many queries that people wrote run at once.
    pub user_queries: usize,
}

/// Whose query it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    Page,
    User,
}

#[derive(Clone)]
pub struct Runner {
    store: Store,
    limits: RunnerLimits,
    page: Arc<Semaphore>,
    user: Arc<Semaphore>,
    running: Arc<Mutex<Running>>,
    metrics: QueryMetrics,
}

#[derive(Default)]
struct Running {
    next: u64,
    queries: HashMap<u64, (Option<String>, Arc<Watched>)>,
}

/// A query that is being watched.
struct Watched {
    interrupter: Interrupter,
    done: AtomicBool,
    timed_out: AtomicBool,
    /// When it is to be stopped, in milliseconds after `started`.
    deadline_ms: AtomicU64,
    started: Instant,
}

impl Watched {
    fn is_late(&self) -> bool {
        self.started.elapsed().as_millis() as u64 >= self.deadline_ms.load(Ordering::Relaxed)
    }
}

impl Runner {
    pub fn new(store: Store, limits: RunnerLimits, metrics: QueryMetrics) -> Runner {
        Runner {
            store,
            limits,
            page: Arc::new(Semaphore::new(limits.page_queries)),
            user: Arc::new(Semaphore::new(limits.user_queries)),
            running: Arc::default(),
            metrics,
        }
    }

    /// Runs one of the page's own queries.
    pub async fn page<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Session) -> Result<T> + Send + 'static,
    ) -> ApiResult<T> {
        let query = self.begin(Whose::Page, None).await?;
        let watch = query.watch();
        let done = tokio::task::spawn_blocking(move || {
            let done = work(&query.session);
            (done, query.was_late())
        });
        let (done, was_late) = done.await.map_err(|error| {
            tracing::error!("a query panicked: {error}");
            ApiError::internal(&crate::error::Error::Internal("a query panicked"))
        })?;
        drop(watch);
        match done {
            Ok(done) => Ok(done),
            Err(_) if was_late => Err(ApiError::timeout(self.limits.time.as_secs())),
            Err(error) => Err(error.into()),
        }
    }

    /// A session with a turn to run. `name` lets [`Runner::cancel`] find it.
    pub async fn begin(&self, whose: Whose, name: Option<String>) -> ApiResult<Query> {
        let slots = match whose {
            Whose::Page => self.page.clone(),
            Whose::User => self.user.clone(),
        };
        let turn = tokio::time::timeout(WAIT_FOR_TURN, slots.acquire_owned()).await;
        let turn = turn.map_err(|_| ApiError::busy())?.map_err(|_| ApiError::busy())?;
        let session = match whose {
            Whose::Page => self.store.session(),
            Whose::User => self.store.guarded_session(),
        };
        let session = session.map_err(ApiError::from)?;
        let watched = Arc::new(Watched {
            interrupter: session.interrupter(),
            done: AtomicBool::new(false),
            timed_out: AtomicBool::new(false),
            deadline_ms: AtomicU64::new(self.limits.time.as_millis() as u64),
            started: Instant::now(),
        });
        let mut running = self.lock();
        let number = running.next;
        running.next += 1;
        running.queries.insert(number, (name, watched.clone()));
        self.metrics.running.inc();
        drop(running);
        Ok(Query { session, watched, number, runner: self.clone(), _turn: turn })
    }

    /// Stops the queries of that name; whether there were any.
    pub fn cancel(&self, name: &str) -> bool {
        let running = self.lock();
        let named: Vec<Arc<Watched>> = running
            .queries
            .values()
            .filter(|(known, _)| known.as_deref() == Some(name))
            .map(|(_, watched)| watched.clone())
            .collect();
        drop(running);
        let any = !named.is_empty();
        named.into_iter().for_each(stop);
        any
    }

    /// Stops everything that runs.
    pub fn interrupt_all(&self) {
        for (_, watched) in self.lock().queries.values() {
            watched.interrupter.interrupt();
        }
    }

    pub fn time_limit(&self) -> Duration {
        self.limits.time
    }

    fn lock(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A query's session and its turn. Move it to the thread that runs the query.
pub struct Query {
    pub session: Session,
    watched: Arc<Watched>,
    number: u64,
    runner: Runner,
    _turn: OwnedSemaphorePermit,
}

impl Query {
    /// Stops the query when it takes too long, and when what is returned is dropped: keep
    /// that as long as somebody waits.
    pub fn watch(&self) -> Watch {
        let watched = self.watched.clone();
        tokio::spawn(async move {
            while !watched.done.load(Ordering::Relaxed) {
                if watched.is_late() {
                    watched.timed_out.store(true, Ordering::Relaxed);
                    stop(watched);
                    return;
                }
                tokio::time::sleep(INTERRUPT_AGAIN).await;
            }
        });
        Watch { watched: self.watched.clone() }
    }

    /// Whether it was stopped because it took too long.
    pub fn was_late(&self) -> bool {
        self.watched.timed_out.load(Ordering::Relaxed)
    }

    /// Gives it the whole time again: what it found so far was taken, and it goes on.
    pub fn extend(&self) {
        let elapsed = self.watched.started.elapsed() + self.runner.limits.time;
        self.watched.deadline_ms.store(elapsed.as_millis() as u64, Ordering::Relaxed);
    }

    pub fn time_limit(&self) -> Duration {
        self.runner.limits.time
    }
}

impl Drop for Query {
    fn drop(&mut self) {
        self.watched.done.store(true, Ordering::Relaxed);
        self.runner.lock().queries.remove(&self.number);
        self.runner.metrics.running.dec();
        let seconds = self.watched.started.elapsed().as_secs_f64();
        self.runner.metrics.seconds.observe(seconds);
        if self.was_late() {
            self.runner.metrics.timeouts.inc();
        }
    }
}

/// Somebody waits for the query.
pub struct Watch {
    watched: Arc<Watched>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.watched.done.load(Ordering::Relaxed) {
            stop(self.watched.clone());
        }
    }
}

/// Interrupts a query until it has ended.
fn stop(watched: Arc<Watched>) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        watched.interrupter.interrupt();
        return;
    };
    runtime.spawn(async move {
        while !watched.done.load(Ordering::Relaxed) {
            watched.interrupter.interrupt();
            tokio::time::sleep(INTERRUPT_AGAIN).await;
        }
    });
}
