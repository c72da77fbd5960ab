//! Syslog over UDP (RFC 5426): a message a datagram.
//!
//! Nobody can be made to wait: what comes while there is no room is dropped, and counted. So is
//! what the system dropped before anybody could read it, as far as it says so (Linux).

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use socket2::SockRef;

use super::budget::Hold;
use super::framing::Frames;
use super::listen::{Listening, Load, ROOM_FACTOR, deliver, ended, stopped};
use crate::clock;
use crate::error::Result;

/// What the system is asked to keep while nobody reads: some tens of thousands of messages. It
/// gives as much as net.core.rmem_max allows.
const KERNEL_BYTES: usize = 16 << 20;

/// Bytes that wait in memory for a commit.
const WAITING_BYTES_MAX: usize = 32 << 20;

/// Room is asked for in these pieces.
const ROOM_BYTES: usize = 256 << 10;

/// Senders that wait at a time: addresses are easily made up.
const SENDERS_MAX: usize = 4_096;

/// Bytes of the longest datagram.
const DATAGRAM_BYTES_MAX: usize = 64 << 10;

/// Datagrams that are read before anything else gets its turn.
const DATAGRAMS_AT_ONCE: usize = 256;

/// Datagrams that are read at the end: more than the system keeps.
const DATAGRAMS_AT_END: usize = 1 << 20;

/// How long to wait after an error.
const PAUSE: Duration = Duration::from_millis(100);

/// How often the system is asked what it dropped.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A socket, and what is known of what the system dropped.
pub struct Datagrams {
    socket: UdpSocket,
    /// What the system says it dropped, as far as it is in the ledger. Shared with the clones.
    counted: Arc<AtomicU64>,
}

impl Datagrams {
    /// # Errors
    /// What the system says.
    pub fn new(socket: UdpSocket) -> io::Result<Datagrams> {
        socket.set_nonblocking(true)?;
        if let Err(error) = SockRef::from(&socket).set_recv_buffer_size(KERNEL_BYTES) {
            tracing::warn!("the buffer for syslog over UDP stays small: {error}");
        }
        Ok(Datagrams { socket, counted: Arc::default() })
    }

    /// # Errors
    /// What the system says.
    pub fn try_clone(&self) -> io::Result<Datagrams> {
        Ok(Datagrams { socket: self.socket.try_clone()?, counted: self.counted.clone() })
    }

    /// Datagrams that the system has dropped since it was last asked.
    fn newly_dropped(&self) -> u64 {
        // Other systems have no such file: there nothing is known.
        let dropped = inode(&self.socket).and_then(dropped_by_system).unwrap_or_default();
        dropped.saturating_sub(self.counted.fetch_max(dropped, Ordering::Relaxed))
    }
}

fn inode(socket: &UdpSocket) -> Option<u64> {
    let path = format!("/proc/self/fd/{}", socket.as_raw_fd());
    Some(std::fs::metadata(path).ok()?.ino())
}

fn dropped_by_system(inode: u64) -> Option<u64> {
    ["/proc/self/net/udp", "/proc/self/net/udp6"]
        .iter()
        .find_map(|path| drops_of(&std::fs::read_to_string(path).ok()?, inode))
}

/// The last column of the socket's line; proc(5) and the kernel's `udp4_format_sock`:
/// `sl local remote st queues tr tm->when retrnsmt uid timeout inode ref pointer drops`.
fn drops_of(table: &str, inode: u64) -> Option<u64> {
    const INODE_COLUMN: usize = 9;
    let inode = inode.to_string();
    table.lines().find_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let is_socket = columns.get(INODE_COLUMN) == Some(&&*inode);
        is_socket.then(|| columns.last()?.parse().ok()).flatten()
    })
}

/// What waits to be handed in, by sender.
struct Waiting {
    senders: HashMap<IpAddr, Sender>,
    /// Messages without a sender: too many are waiting, or the system dropped them.
    lost: u64,
    bytes: usize,
    hold: Hold,
    /// Bytes that there is room for.
    room: usize,
}

#[derive(Default)]
struct Sender {
    frames: Frames,
    dropped: u64,
}

impl Waiting {
    fn new(hold: Hold) -> Waiting {
        Waiting { senders: HashMap::new(), lost: 0, bytes: 0, hold, room: 0 }
    }

    fn is_empty(&self) -> bool {
        self.senders.is_empty() && self.lost == 0
    }

    fn take(&mut self, message: &[u8], from: IpAddr) {
        let has_room = self.make_room(message.len() + Frames::FRAME_BYTES);
        if self.senders.len() >= SENDERS_MAX && !self.senders.contains_key(&from) {
            self.lost += 1;
            return;
        }
        let sender = self.senders.entry(from).or_default();
        if has_room {
            sender.frames.push(message, clock::now());
        } else {
            sender.dropped += 1;
        }
    }

    fn make_room(&mut self, bytes: usize) -> bool {
        let needed = self.bytes + bytes;
        if needed > self.room {
            let is_given = needed <= WAITING_BYTES_MAX
                && self.hold.grow_within_share(ROOM_FACTOR * ROOM_BYTES).is_ok();
            if !is_given {
                return false;
            }
            self.room += ROOM_BYTES;
        }
        self.bytes = needed;
        true
    }

    /// All of it, and the room that it has.
    fn into_loads(self, listener: SocketAddr) -> (Vec<Load>, Hold) {
        let senders = self.senders.into_iter().map(|(from, sender)| {
            let Sender { frames, dropped } = sender;
            Load { source: format!("syslog udp {from}"), from, frames, dropped }
        });
        let lost = (self.lost > 0).then(|| Load {
            source: format!("syslog udp on {listener}"),
            from: listener.ip(),
            frames: Frames::default(),
            dropped: self.lost,
        });
        (senders.chain(lost).collect(), self.hold)
    }
}

/// Takes datagrams until it is time to end, then those that have arrived.
pub async fn take_datagrams(datagrams: Datagrams, listening: Arc<Listening>) {
    if let Err(error) = try_take_datagrams(datagrams, &listening).await {
        tracing::error!("no syslog over UDP any more: {error}");
    }
}

async fn try_take_datagrams(datagrams: Datagrams, listening: &Arc<Listening>) -> Result<()> {
    let listener = datagrams.socket.local_addr()?;
    let socket = tokio::net::UdpSocket::from_std(datagrams.socket.try_clone()?)?;
    let desk = &listening.desk;
    let mut stopping = listening.stopping.clone();
    let mut look = tokio::time::interval(LOOK_EVERY);
    let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
    let mut waiting = Waiting::new(desk.hold(listener.ip()));
    let mut delivery = None;
    let mut open = true;
    loop {
        if delivery.is_none() && !waiting.is_empty() {
            let next = Waiting::new(desk.hold(listener.ip()));
            let (loads, hold) = std::mem::replace(&mut waiting, next).into_loads(listener);
            delivery = Some(deliver(listening.clone(), loads, hold).boxed());
        }
        if delivery.is_none() && !open {
            return Ok(());
        }
        tokio::select! {
            () = ended(&mut delivery) => delivery = None,
            readable = socket.readable(), if open => {
                readable?;
                if let Err(error) = read_all(&socket, &mut buffer, &mut waiting, DATAGRAMS_AT_ONCE) {
                    tracing::error!("read syslog over UDP: {error}");
                    tokio::time::sleep(PAUSE).await;
                }
            }
            _ = look.tick(), if open => waiting.lost += datagrams.newly_dropped(),
            () = stopped(&mut stopping), if open => {
                read_all(&socket, &mut buffer, &mut waiting, DATAGRAMS_AT_END)?;
                waiting.lost += datagrams.newly_dropped();
                open = false;
            }
        }
    }
}

/// Reads what has arrived, up to so many.
fn read_all(
    socket: &tokio::net::UdpSocket,
    buffer: &mut [u8],
    waiting: &mut Waiting,
    datagrams_max: usize,
) -> Result<()> {
    for _ in 0..datagrams_max {
        match socket.try_recv_from(buffer) {
            Ok((0, _)) => {}
            Ok((length, from)) => waiting.take(&buffer[..length], from.ip().to_canonical()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::budget::Budget;
    use super::*;

    #[test]
    fn the_system_says_what_it_dropped() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n\
            1023: 0100007F:158A 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4711 2 0000000000000000 17\n";
        assert_eq!(drops_of(table, 4711), Some(17));
        assert_eq!(drops_of(table, 17), None);
    }

    #[tokio::test]
    async fn what_has_no_room_is_dropped_and_counted_by_sender() {
        // Room for two pieces; a client may have half of it.
        let budget = Arc::new(Budget::new(2 * 2 * ROOM_FACTOR * ROOM_BYTES));
        let [one, two] = [[10, 0, 0, 1], [10, 0, 0, 2]].map(IpAddr::from);
        let mut waiting = Waiting::new(budget.hold(one));
        let message = vec![b'x'; 1000];
        let fits = 2 * ROOM_BYTES / (message.len() + Frames::FRAME_BYTES);
        (0..fits).for_each(|_| waiting.take(&message, one));
        (0..7).for_each(|_| waiting.take(&message, two));
        let (loads, hold) = waiting.into_loads(([127, 0, 0, 1], 514).into());
        let mut counts: Vec<_> = loads
            .iter()
            .map(|load| (load.source.as_str(), load.frames.len(), load.dropped))
            .collect();
        counts.sort();
        assert_eq!(counts, [("syslog udp 10.0.0.1", fits, 0), ("syslog udp 10.0.0.2", 0, 7)]);
        drop(hold);
        assert_eq!(budget.taken(), 0);
    }

    #[test]
    fn what_was_dropped_is_counted_once() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        SockRef::from(&socket).set_recv_buffer_size(4096).unwrap();
        let datagrams = Datagrams { socket, counted: Arc::default() };
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = datagrams.socket.local_addr().unwrap();
        for _ in 0..1000 {
            sender.send_to(&[b'x'; 1000], to).unwrap();
        }
        datagrams.socket.set_nonblocking(true).unwrap();
        let mut buffer = [0; 1000];
        let mut arrived = 0;
        while datagrams.socket.recv_from(&mut buffer).is_ok() {
            arrived += 1;
        }
        assert_eq!((arrived + datagrams.newly_dropped(), datagrams.newly_dropped()), (1000, 0));
        assert_eq!(datagrams.try_clone().unwrap().newly_dropped(), 0);
    }
}
