//! Those who send as fast as they can, whatever becomes of it.

use std::fs::OpenOptions;
use std::io::Write;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chrono::Utc;

use super::records::Part;
use crate::common::client::Client;

/// Records of a request: about a mebibyte.
const REQUEST_RECORDS: u64 = 6_000;

/// Datagrams at a time, and the pause after them: the other test's core is needed, too.
const DATAGRAMS: u64 = 200;
const DATAGRAM_PAUSE: Duration = Duration::from_millis(5);

/// Records of a file at a time, and the pause after them.
const LINES: u64 = 2_000;
const LINE_PAUSE: Duration = Duration::from_millis(20);

/// What became of a client's requests.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pushed {
    /// Records that were acknowledged, and the sum of their numbers.
    pub records: u64,
    pub sum: u64,
    /// Requests that were asked to come again.
    pub refused: u64,
    /// The longest that an answer took.
    pub slowest: Duration,
}

/// Posts without a pause; what is refused is given up, the next one follows at once, or at
/// least before it should.
pub fn push(address: &str, sender: &'static str, ended: &AtomicBool) -> Pushed {
    const IMPATIENCE: Duration = Duration::from_millis(50);
    let mut client = Client::new(address);
    let (mut pushed, mut next) = (Pushed::default(), 0);
    while !ended.load(Ordering::Relaxed) {
        let part = Part { sender, numbers: next..next + REQUEST_RECORDS, now: Utc::now() };
        next = part.numbers.end;
        let body = part.json_lines();
        let started = Instant::now();
        let reply = client.post("/insert/jsonline", &[], body.as_bytes()).unwrap();
        pushed.slowest = pushed.slowest.max(started.elapsed());
        match reply.status {
            200 => {
                pushed.records += REQUEST_RECORDS;
                pushed.sum += part.numbers.sum::<u64>();
            }
            429 | 503 => {
                assert!(reply.retry_after.is_some(), "it says when to come again: {reply:?}");
                pushed.refused += 1;
                std::thread::sleep(IMPATIENCE);
            }
            _ => panic!("{reply:?}"),
        }
    }
    pushed
}

/// Writes to a file, at most so many bytes; returns how many records.
pub fn write(path: &Path, sender: &'static str, bytes_max: u64, ended: &AtomicBool) -> u64 {
    let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
    let (mut written, mut bytes) = (0, 0);
    while !ended.load(Ordering::Relaxed) {
        if bytes < bytes_max {
            let part = Part { sender, numbers: written..written + LINES, now: Utc::now() };
            let text = part.text();
            file.write_all(text.as_bytes()).unwrap();
            (written, bytes) = (part.numbers.end, bytes + text.len() as u64);
        }
        std::thread::sleep(LINE_PAUSE);
    }
    written
}

/// Sends datagrams; returns how many.
pub fn datagrams(to: SocketAddr, sender: &'static str, ended: &AtomicBool) -> u64 {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut sent = 0;
    while !ended.load(Ordering::Relaxed) {
        let part = Part { sender, numbers: sent..sent + DATAGRAMS, now: Utc::now() };
        for n in part.numbers.clone() {
            socket.send_to(part.syslog_message(n).as_bytes(), to).unwrap();
        }
        sent = part.numbers.end;
        std::thread::sleep(DATAGRAM_PAUSE);
    }
    sent
}
