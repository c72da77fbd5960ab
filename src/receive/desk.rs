//! Where what was received is handed in, and the clerk who commits it.
//!
//! Any number of threads hand in [parcels](Parcel); one, the clerk, appends what lies there to a
//! transaction and commits it. While it commits the next parcels gather, so that a transaction
//! holds few of them when little comes and many when much does, and nobody waits on purpose.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::budget::{Budget, Full, Hold};
use super::parcel::Parcel;
use super::receipts::{Answering, KEYS_MAX, Receipts, Reserved, WINDOW};
use crate::clock;
use crate::config::{TRANSACTION_REJECTS_MAX, TRANSACTION_ROWS_MAX};
use crate::error::{Error, Result};
use crate::ingest::Live;
use crate::record::Micros;
use crate::store::sources::{self, Kind, Source};
use crate::store::writer::Receipt;
use crate::store::{Batch, Connection, Store, Writer};

/// How long an answer may wait for a commit to be noted with: if none comes, it has its own.
const NOTE_WITHIN: Duration = Duration::from_millis(50);

/// Clients that get a source of their own: beyond, their protocol is the source.
const SOURCES_MAX: usize = 10_000;

/// What may be received at once.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Decoded bytes of one request.
    pub body_bytes_max: usize,
    /// Bytes of all requests that are on their way.
    pub memory_bytes_max: usize,
}

/// Why something is not taken in now. Nothing of it is stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no room; it may be sent again.
    #[error("{0}")]
    Full(Full),
    /// The database did not take it; it may be sent again.
    #[error("the database does not take it: {0}")]
    NotStored(String),
    /// The same request, or another with its key, is on its way; it may be sent again.
    #[error("an earlier attempt of this request is being stored")]
    Pending,
    /// More bytes than a request may have.
    #[error("the request has more than {bytes_max} bytes")]
    TooLarge { bytes_max: usize },
    /// The client said something that makes no sense; to send it again is no use.
    #[error("{0}")]
    Bad(String),
    /// A content type or encoding that nobody reads.
    #[error("unsupported {0}")]
    Unsupported(String),
}

/// Hands in parcels; cheap to clone.
#[derive(Clone)]
pub struct Desk {
    inner: Arc<Inner>,
    jobs: mpsc::UnboundedSender<Work>,
}

struct Inner {
    store: Store,
    limits: Limits,
    budget: Arc<Budget>,
    receipts: Arc<Receipts>,
    sources: Mutex<Sources>,
    live: Arc<Live>,
}

/// Who sends, by number.
struct Sources {
    connection: Connection,
    known: HashMap<(&'static str, String), i32>,
}

/// A parcel on its way. Bounded by what the budget lets in.
struct Job {
    parcel: Parcel,
    done: oneshot::Sender<Result<(), Refusal>>,
    _hold: Option<Hold>,
}

/// What the clerk is told.
enum Work {
    Commit(Box<Job>),
    /// To note what was answered, if no commit has done so.
    Note,
    End,
}

/// Commits what is handed in.
pub struct Clerk {
    store: Store,
    jobs: mpsc::UnboundedReceiver<Work>,
    live: Arc<Live>,
    receipts: Arc<Receipts>,
    /// `None` after an error: what it had open is rolled back.
    writer: Option<Writer>,
}

impl Desk {
    /// A desk with its clerk, who works until every desk is gone.
    ///
    /// # Errors
    /// What the database says.
    pub fn open(store: &Store, live: Arc<Live>, limits: Limits) -> Result<(Desk, Clerk)> {
        let connection = store.connect()?;
        let mut known = HashMap::new();
        for kind in [Kind::Http, Kind::Syslog, Kind::Pipe] {
            let named = sources::named(&connection, kind)?;
            known.extend(named.into_iter().map(|(name, id)| ((kind.name(), name), id)));
        }
        let receipts = sources::receipts_since(&connection, clock::now() - WINDOW, KEYS_MAX)?;
        let receipts = Arc::new(Receipts::with(receipts));
        let (sender, jobs) = mpsc::unbounded_channel();
        let inner = Inner {
            store: store.clone(),
            limits,
            budget: Arc::new(Budget::new(limits.memory_bytes_max)),
            receipts: receipts.clone(),
            sources: Mutex::new(Sources { connection, known }),
            live: live.clone(),
        };
        let desk = Desk { inner: Arc::new(inner), jobs: sender };
        Ok((desk, Clerk { store: store.clone(), jobs, live, receipts, writer: None }))
    }

    pub fn limits(&self) -> Limits {
        self.inner.limits
    }

    /// Room for a request of this client: none yet.
    pub fn hold(&self, client: IpAddr) -> Hold {
        self.inner.budget.hold(client)
    }

    /// Bytes that are on their way.
    pub fn bytes_on_their_way(&self) -> usize {
        self.inner.budget.taken()
    }

    /// For keys by which items are known again.
    pub fn reserve(&self) -> Reserved {
        self.inner.receipts.reserve()
    }

    /// The number of a source, which is made if it is new. `format` is what it sends.
    ///
    /// # Errors
    /// What the database says.
    pub fn source(&self, kind: Kind, name: &str, format: &str) -> Result<i32> {
        let mut sources = self.inner.sources.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&id) = sources.known.get(&(kind.name(), name.to_owned())) {
            return Ok(id);
        }
        let name = if sources.known.len() < SOURCES_MAX { name } else { format };
        if let Some(&id) = sources.known.get(&(kind.name(), name.to_owned())) {
            return Ok(id);
        }
        let id = self.inner.store.next_source_id();
        let source = Source {
            id,
            kind,
            name: name.to_owned(),
            identity: None,
            format: Some((format.to_owned(), 1.0)),
            formats: "{}".to_owned(),
            doubt: None,
            file_bytes: None,
        };
        sources::register(&sources.connection, &[&source], &[], clock::now())
            .inspect_err(|error| tracing::error!("the source {name} cannot be made: {error}"))?;
        sources.known.insert((kind.name(), name.to_owned()), id);
        Ok(id)
    }

    /// Hands in a parcel; the answer comes when it is committed, or cannot be.
    pub fn hand_in(
        &self,
        source: i32,
        parcel: Parcel,
        hold: Option<Hold>,
    ) -> oneshot::Receiver<Result<(), Refusal>> {
        self.inner.live.note_received(&parcel.arrival());
        self.hand_in_again(source, parcel, hold)
    }

    /// Hands in a parcel that was refused before: what is in it has been counted.
    pub fn hand_in_again(
        &self,
        source: i32,
        mut parcel: Parcel,
        hold: Option<Hold>,
    ) -> oneshot::Receiver<Result<(), Refusal>> {
        let (done, answer) = oneshot::channel();
        parcel.batch.source = source;
        // Without a clerk the sender is dropped with the job: then the answer is an error.
        drop(self.jobs.send(Work::Commit(Box::new(Job { parcel, done, _hold: hold }))));
        answer
    }

    /// The answer to an attempt was written to its client. To be called within the runtime.
    pub fn note_answered(&self, answering: Answering) {
        if answering.note_answered() {
            let jobs = self.jobs.clone();
            tokio::spawn(async move {
                tokio::time::sleep(NOTE_WITHIN).await;
                // Without a clerk it stays to be noted.
                drop(jobs.send(Work::Note));
            });
        }
    }

    /// Tells the clerk to commit what has been handed in, and to end. What comes later is
    /// refused.
    pub fn close(&self) {
        // He has gone already: then there is nobody to tell.
        drop(self.jobs.send(Work::End));
    }

    /// Hands in a parcel and waits until it is committed.
    ///
    /// # Errors
    /// Why it is not.
    pub async fn deliver(
        &self,
        source: i32,
        parcel: Parcel,
        hold: Option<Hold>,
    ) -> Result<(), Refusal> {
        self.hand_in(source, parcel, hold).await.unwrap_or_else(|_| Err(Refusal::ended()))
    }

    /// The same for threads.
    ///
    /// # Errors
    /// Why it is not.
    pub fn deliver_blocking(&self, source: i32, parcel: Parcel) -> Result<(), Refusal> {
        let answer = self.hand_in(source, parcel, None).blocking_recv();
        answer.unwrap_or_else(|_| Err(Refusal::ended()))
    }
}

impl Refusal {
    /// All that [`Refusal::reason`] says.
    pub const REASONS: [&'static str; 7] =
        ["client_full", "full", "not_stored", "pending", "too_large", "bad", "unsupported"];

    /// One word, to count by.
    pub fn reason(&self) -> &'static str {
        match self {
            Refusal::Full(Full::Client) => "client_full",
            Refusal::Full(Full::All) => "full",
            Refusal::NotStored(_) => "not_stored",
            Refusal::Pending => "pending",
            Refusal::TooLarge { .. } => "too_large",
            Refusal::Bad(_) => "bad",
            Refusal::Unsupported(_) => "unsupported",
        }
    }

    fn ended() -> Refusal {
        Refusal::NotStored("the server is ending".to_owned())
    }
}

impl Clerk {
    /// Commits until the desk is closed.
    pub fn run(mut self) {
        let mut open = true;
        while open && let Some(work) = self.jobs.blocking_recv() {
            let first = match work {
                Work::Commit(first) => first,
                Work::Note => {
                    self.note();
                    continue;
                }
                Work::End => break,
            };
            let mut rows = first.parcel.batch.rows();
            let mut rejects = first.parcel.batch.rejects.len();
            let mut jobs = vec![*first];
            while rows < TRANSACTION_ROWS_MAX / 2
                && rejects < TRANSACTION_REJECTS_MAX
                && let Ok(work) = self.jobs.try_recv()
            {
                let job = match work {
                    Work::Commit(job) => job,
                    // The commit does so.
                    Work::Note => continue,
                    Work::End => {
                        open = false;
                        break;
                    }
                };
                rows += job.parcel.batch.rows();
                rejects += job.parcel.batch.rejects.len();
                jobs.push(*job);
            }
            self.commit_all(jobs);
        }
        self.note();
    }

    /// Notes what was answered in a transaction of its own.
    fn note(&mut self) {
        if self.receipts.has_answered() {
            // An error is said and counted; what was answered stays to be noted.
            drop(self.commit(&[]));
        }
    }

    /// One transaction for all. If it fails, one for each: what is wrong with one parcel is
    /// nothing to the others.
    fn commit_all(&mut self, jobs: Vec<Job>) {
        let committed = self.commit(&jobs);
        match committed {
            Ok(()) => jobs.into_iter().for_each(|job| self.answer(job, Ok(()))),
            Err(_) if jobs.len() > 1 => {
                for job in jobs {
                    let committed = self.commit(std::slice::from_ref(&job));
                    self.answer(job, committed);
                }
            }
            Err(error) => jobs.into_iter().for_each(|job| self.answer(job, Err(error.clone()))),
        }
    }

    fn commit(&mut self, jobs: &[Job]) -> Result<(), Refusal> {
        let answered = self.receipts.take_answered();
        let committed = self.try_commit(jobs, &answered, clock::now());
        committed.map_err(|error| {
            self.receipts.put_back_answered(answered);
            self.writer = None;
            let message = error.to_string();
            tracing::error!("what was received is not stored: {message}");
            self.live.set_receive_error(Some(message.clone()));
            Refusal::NotStored(message)
        })
    }

    fn try_commit(&mut self, jobs: &[Job], answered: &[Receipt], now: Micros) -> Result<()> {
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => self.store.writer(0, 1)?,
        };
        for Job { parcel, .. } in jobs {
            let keys: &[Receipt] = parcel.reserved.as_ref().map_or(&[], Reserved::keys);
            writer.append_received(&parcel.batch, parcel.arrival(), keys, now)?;
        }
        if !answered.is_empty() {
            writer.append_receipts(answered)?;
        }
        writer.commit()?;
        self.writer = Some(writer);
        self.live.set_receive_error(None);
        Ok(())
    }

    fn answer(&self, job: Job, committed: Result<(), Refusal>) {
        let Job { mut parcel, done, _hold } = job;
        if committed.is_ok() {
            let Batch { rejects, start, end, .. } = &parcel.batch;
            self.live.add(parcel.batch.rows() as u64, rejects.len() as u64, end - start);
            if let Some(reserved) = parcel.reserved.take() {
                reserved.keep();
            }
        }
        // A client that has gone hears nothing; its records are in all the same.
        drop(done.send(committed));
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        Refusal::NotStored(error.to_string())
    }
}
