//! Those who listen for syslog: connections, and the way of their messages to the desk.
//!
//! Syslog has no answer, so nothing can be refused: what is read from a socket is kept until it is
//! committed. A connection has at most one parcel at the desk and gathers the next one while that
//! is committed: a line that comes alone is handed in at once, a flood in large parcels. When
//! the next one is large enough too, or there is no room, the socket is not read, and TCP makes
//! the sender wait.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use rustls::ServerConfig;
use tokio::io::AsyncReadExt;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::budget::Hold;
use super::datagrams::take_datagrams;
use super::desk::{Desk, Refusal};
use super::framing::{Flow, Framer, Frames};
use super::parcel::Parcel;
use super::sockets::{Kept, Sockets};
use super::syslog::{FORMAT, Reader};
use crate::clock;
use crate::config::cores;
use crate::door::{Arrival, Connection, Door};
use crate::error::Result;
use crate::parse::Zone;
use crate::stop::{Reason, Stop};
use crate::store::sources::Kind;

/// Connections at most; each may have a message of a mebibyte under way, within the budget.
const CONNECTIONS_MAX: usize = 4_096;

/// Bytes that are gathered while a parcel is on its way: as much as is committed in some ten
/// milliseconds.
const GATHERED_BYTES_MAX: usize = 2 << 20;

/// Bytes that are read at a time, little by little more from who sends much.
const READ_BYTES_MIN: usize = 4 << 10;
const READ_BYTES_MAX: usize = 64 << 10;

/// A message takes about this many times its bytes: as it came, framed, and in columns.
pub(super) const ROOM_FACTOR: usize = 3;

/// Bytes that are read when it is time to end, of those that have arrived.
const LAST_BYTES_MAX: usize = 1 << 20;

/// How long that may take: what a connection that is new has brought is known a moment later.
const LAST_READ_WITHIN: Duration = Duration::from_millis(50);

/// How long a connection waits for room while it has nothing on its way: others that wait for
/// theirs may hold all of it.
const ROOM_PATIENCE: Duration = Duration::from_secs(30);

/// Pauses between attempts to commit, from the first to the longest.
const RETRY_MIN: Duration = Duration::from_millis(100);
const RETRY_MAX: Duration = Duration::from_secs(5);

/// What all who listen share.
pub struct Listening {
    pub desk: Desk,
    reader: Reader,
    /// Turns to read messages: it takes cores.
    turns: Arc<Semaphore>,
    /// Messages that are not committed yet.
    on_their_way: AtomicU64,
    /// Why it is to end, when it is.
    stop: Stop,
    /// Turns true then.
    pub stopping: watch::Receiver<bool>,
    /// For the next server.
    kept: Kept,
}

impl Listening {
    /// `zone` is that of times that name none; `stopping` turns true when `stop` is thrown.
    pub fn new(desk: Desk, zone: Zone, stop: Stop, stopping: watch::Receiver<bool>) -> Listening {
        Listening {
            desk,
            reader: Reader::new(zone),
            turns: Arc::new(Semaphore::new(cores())),
            on_their_way: AtomicU64::new(0),
            stop,
            stopping,
            kept: Kept::default(),
        }
    }
}

/// Listens until it is time to end; then what was read is committed, within `drain`.
///
/// # Errors
/// What the system says of the sockets.
pub async fn listen(
    sockets: Sockets,
    tls: Option<Arc<ServerConfig>>,
    listening: Listening,
    drain: Duration,
) -> Result<()> {
    let listening = Arc::new(Listening { kept: sockets.kept.clone(), ..listening });
    let mut listeners = JoinSet::new();
    let kept = sockets.kept.take();
    if !kept.is_empty() {
        let listening = listening.clone();
        listeners.spawn(async move { deliver_all(&listening, kept).await });
    }
    let tls = tls.map(|config| Arc::new(for_syslog((*config).clone())));
    // What new connections have brought is read below; nobody need know of them.
    let (fresh, _) = tokio::sync::mpsc::channel(1);
    for (_, tcp, udp) in sockets.plain {
        let door = Door::new(tcp, None, fresh.clone())?;
        listeners.spawn(take_connections(door, "syslog tcp", listening.clone()));
        listeners.spawn(take_datagrams(udp, listening.clone()));
    }
    for (_, tcp) in sockets.encrypted {
        let door = Door::new(tcp, tls.clone(), fresh.clone())?;
        listeners.spawn(take_connections(door, "syslog tls", listening.clone()));
    }
    let mut stopping = listening.stopping.clone();
    stopped(&mut stopping).await;
    let ended = async { while listeners.join_next().await.is_some() {} };
    if tokio::time::timeout(drain, ended).await.is_err() {
        let lost = listening.on_their_way.load(Ordering::Relaxed);
        tracing::error!("{lost} messages of syslog are lost: they could not be stored in time");
    }
    Ok(())
}

/// TLS in which nothing is said to the sender: no tickets for its next connection. Most senders
/// never read, and one that ends a connection with something unread resets it, which would
/// throw away what it has sent last and nobody has read yet.
fn for_syslog(mut config: ServerConfig) -> ServerConfig {
    config.send_tls13_tickets = 0;
    config
}

/// Takes all who connect.
async fn take_connections(mut door: Door, protocol: &'static str, listening: Arc<Listening>) {
    let mut stopping = listening.stopping.clone();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Arrival { connection, from, .. } = door.accept() => {
                if connections.len() < CONNECTIONS_MAX {
                    let listening = listening.clone();
                    connections.spawn(take_messages(connection, from, protocol, listening));
                } else {
                    tracing::warn!("{from} cannot send {protocol}: there are too many connections");
                }
            }
            Some(ended) = connections.join_next() => {
                if let Err(error) = ended {
                    tracing::error!("a connection of {protocol} ended: {error}");
                }
            }
            () = stopped(&mut stopping) => break,
        }
    }
    drop(door);
    while connections.join_next().await.is_some() {}
}

/// A delivery that is under way.
type Delivery = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What came over a connection and is not handed in.
struct Incoming {
    framer: Framer,
    /// What is no whole message yet.
    rest: Vec<u8>,
    frames: Frames,
    /// Room for it.
    hold: Hold,
    /// Bytes that there was no room for yet.
    owed: usize,
    read_bytes: usize,
    open: bool,
}

impl Incoming {
    fn new(hold: Hold) -> Incoming {
        Incoming {
            framer: Framer::default(),
            rest: Vec::new(),
            frames: Frames::default(),
            hold,
            owed: 0,
            read_bytes: READ_BYTES_MIN,
            open: true,
        }
    }

    /// Takes what was read, and room for it if there is some.
    fn take(&mut self, read: io::Result<usize>) {
        let bytes = match read {
            Ok(0) => return self.end(true),
            // Broken off by the other side, or by something between.
            Err(_) => return self.end(false),
            Ok(bytes) => bytes,
        };
        let full = bytes == self.read_bytes;
        self.read_bytes = if full { READ_BYTES_MAX } else { READ_BYTES_MIN };
        if self.framer.cut(&mut self.rest, clock::now(), &mut self.frames) == Flow::End {
            return self.end(false);
        }
        if self.rest.is_empty() {
            // Most are idle most of the time.
            self.rest = Vec::new();
        }
        self.owed += ROOM_FACTOR * bytes;
        if let Some(Ok(())) = self.hold.grow(self.owed).now_or_never() {
            self.owed = 0;
        }
    }

    /// Takes what has arrived, so that who sends seldom loses nothing by a restart.
    async fn take_last(&mut self, stream: &mut Connection) {
        let until = tokio::time::Instant::now() + LAST_READ_WITHIN;
        let mut left = LAST_BYTES_MAX;
        while left > 0 && self.open {
            let read = read_some(stream, &mut self.rest, READ_BYTES_MAX);
            let Ok(read) = tokio::time::timeout_at(until, read).await else { break };
            left = left.saturating_sub(READ_BYTES_MAX);
            self.take(read);
        }
        self.end(false);
    }

    /// Nothing follows; `is_said` if the sender has said so.
    fn end(&mut self, is_said: bool) {
        self.framer.end(&mut self.rest, is_said, clock::now(), &mut self.frames);
        self.open = false;
        self.owed = 0;
    }

    fn may_read(&self) -> bool {
        self.open && self.owed == 0 && self.frames.bytes() < GATHERED_BYTES_MAX
    }
}

/// Takes the messages of a connection until it ends and they are committed.
async fn take_messages(
    mut stream: Connection,
    from: SocketAddr,
    protocol: &'static str,
    listening: Arc<Listening>,
) {
    let from = from.ip().to_canonical();
    let desk = &listening.desk;
    let mut stopping = listening.stopping.clone();
    let mut incoming = Incoming::new(desk.hold(from));
    let mut delivery: Option<Delivery> = None;
    let mut waits_since: Option<Instant> = None;
    loop {
        if delivery.is_none() && incoming.owed == 0 && !incoming.frames.is_empty() {
            let frames = std::mem::take(&mut incoming.frames);
            let hold = std::mem::replace(&mut incoming.hold, desk.hold(from));
            let load = Load { source: format!("{protocol} {from}"), from, frames, dropped: 0 };
            delivery = Some(Box::pin(deliver(listening.clone(), vec![load], hold)));
            // The room for what is no whole message yet went with the others.
            incoming.owed = ROOM_FACTOR * incoming.rest.len();
        }
        if delivery.is_none() && !incoming.open {
            return;
        }
        let is_open = incoming.open;
        let is_owing = is_open && incoming.owed > 0;
        let may_read = incoming.may_read();
        let Incoming { rest, hold, owed, read_bytes, .. } = &mut incoming;
        tokio::select! {
            () = ended(&mut delivery) => delivery = None,
            room = hold.grow(*owed), if is_owing => {
                let waits = waits_since.get_or_insert_with(Instant::now);
                if room.is_ok() {
                    (incoming.owed, waits_since) = (0, None);
                } else if delivery.is_none() && waits.elapsed() > ROOM_PATIENCE {
                    tracing::warn!("{from} is disconnected: there is no room for what it sends");
                    incoming.end(false);
                }
            }
            read = read_some(&mut stream, rest, *read_bytes), if may_read => incoming.take(read),
            () = stopped(&mut stopping), if is_open => incoming.take_last(&mut stream).await,
        }
    }
}

/// Reads up to so many bytes. Dropped before it is ready, it has read none.
async fn read_some(stream: &mut Connection, rest: &mut Vec<u8>, bytes: usize) -> io::Result<usize> {
    rest.reserve(bytes);
    stream.take(bytes as u64).read_buf(rest).await
}

/// Until it is time to end. Who could say so has gone: then it is time too.
pub(super) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    drop(stopping.wait_for(|stops| *stops).await);
}

/// Until a delivery is done; for ever if there is none.
pub(super) async fn ended(delivery: &mut Option<Delivery>) {
    match delivery {
        Some(delivery) => delivery.await,
        None => std::future::pending().await,
    }
}

/// What one source sent.
pub(super) struct Load {
    pub source: String,
    pub from: IpAddr,
    pub frames: Frames,
    /// Messages that there was no room for.
    pub dropped: u64,
}

/// Commits what was sent, however long that takes.
pub(super) async fn deliver(listening: Arc<Listening>, loads: Vec<Load>, hold: Hold) {
    deliver_all(&listening, loads.into_iter().map(Arc::new).collect()).await;
    drop(hold);
}

async fn deliver_all(listening: &Arc<Listening>, mut loads: Vec<Arc<Load>>) {
    let messages = loads.iter().map(|load| load.frames.len() as u64).sum();
    listening.on_their_way.fetch_add(messages, Ordering::Relaxed);
    let mut stopping = listening.stopping.clone();
    let mut pause = RETRY_MIN;
    let mut is_again = false;
    loop {
        loads = deliver_once(listening, loads, is_again).await;
        if loads.is_empty() {
            break;
        }
        if !matches!(listening.stop.reason(), None | Some(Reason::End)) {
            tracing::warn!("what came over syslog waits for the database to be opened again");
            listening.kept.put(loads);
            break;
        }
        let stops = !*stopping.borrow();
        tokio::select! {
            () = tokio::time::sleep(pause) => pause = (2 * pause).min(RETRY_MAX),
            () = stopped(&mut stopping), if stops => pause = RETRY_MIN,
        }
        is_again = true;
    }
    listening.on_their_way.fetch_sub(messages, Ordering::Relaxed);
}

/// Hands in what was sent; returns what was not committed.
async fn deliver_once(
    listening: &Arc<Listening>,
    loads: Vec<Arc<Load>>,
    is_again: bool,
) -> Vec<Arc<Load>> {
    let turn = listening.turns.clone().acquire_owned().await;
    let reading = (listening.clone(), loads.clone());
    let handed_in = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let (listening, loads) = reading;
        let hand_in = |load: &Arc<Load>| hand_in(&listening, load, is_again);
        loads.iter().map(hand_in).collect::<Vec<_>>()
    });
    let answers = match handed_in.await {
        Ok(answers) => answers,
        Err(error) => {
            tracing::error!("what came over syslog cannot be read: {error}");
            return loads;
        }
    };
    let mut left = Vec::new();
    for (load, answer) in loads.into_iter().zip(answers) {
        let is_in = match answer {
            Ok(answer) => matches!(answer.await, Ok(Ok(()))),
            Err(refusal) => {
                tracing::error!("{} is not stored: {refusal}", load.source);
                false
            }
        };
        if !is_in {
            left.push(load);
        }
    }
    left
}

type Answer = tokio::sync::oneshot::Receiver<Result<(), Refusal>>;

/// Reads messages and hands them in.
fn hand_in(listening: &Listening, load: &Load, is_again: bool) -> Result<Answer, Refusal> {
    let mut parcel = Parcel::default();
    listening.reader.read(&load.frames, &load.from.to_string(), &mut parcel);
    parcel.received += load.dropped;
    parcel.dropped = load.dropped;
    let source = listening.desk.source(Kind::Syslog, &load.source, FORMAT)?;
    Ok(match is_again {
        false => listening.desk.hand_in(source, parcel, None),
        true => listening.desk.hand_in_again(source, parcel, None),
    })
}
