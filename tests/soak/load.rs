//! Those who send, each at a steady rate, until they are told to end; each knows what it sent.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chrono::Utc;

use super::records::Part;
use crate::common::client::Client;

/// How often each sends.
const PERIOD: Duration = Duration::from_millis(100);

/// After so many records a file is rotated.
const ROTATE_EVERY: u64 = 50_000;

/// How many rotated files of each are kept.
const KEPT: u64 = 3;

const JSON: (&str, &str) = ("Content-Type", "application/json");

/// How records get there.
pub enum Way {
    Push { client: Client, path: &'static str, body: fn(&Part) -> String },
    Stream(TcpStream),
    Rotated { directory: PathBuf, file: Option<File>, files: u64 },
}

impl Way {
    fn push(address: &str, path: &'static str, body: fn(&Part) -> String) -> Way {
        Way::Push { client: Client::new(address), path, body }
    }

    fn rotated(directory: &Path) -> Way {
        Way::Rotated { directory: directory.to_owned(), file: None, files: 0 }
    }
}

/// Everybody, with the name that is in their records.
pub fn senders(address: &str, syslog: SocketAddr, logs: &Path) -> Vec<(&'static str, Way)> {
    vec![
        ("jsonline", Way::push(address, "/insert/jsonline", Part::json_lines)),
        ("loki", Way::push(address, "/loki/api/v1/push", Part::loki)),
        ("otlp", Way::push(address, "/v1/logs", Part::otlp)),
        ("elastic", Way::push(address, "/_bulk", Part::bulk)),
        ("syslog", Way::Stream(TcpStream::connect(syslog).unwrap())),
        ("file1", Way::rotated(logs)),
        ("file2", Way::rotated(logs)),
        ("file3", Way::rotated(logs)),
    ]
}

/// Sends so many records a second until `ended`; returns how many. What is refused is sent
/// again: it was not stored.
pub fn send(name: &'static str, mut way: Way, per_second: u64, ended: &AtomicBool) -> u64 {
    let (started, mut sent, mut turn) = (Instant::now(), 0, 0);
    while !ended.load(Ordering::Relaxed) {
        turn += 1;
        let due = per_second * PERIOD.as_millis() as u64 * turn / 1000;
        let part = Part { sender: name, numbers: sent..due, now: Utc::now() };
        way.send(&part);
        sent = due;
        std::thread::sleep((PERIOD * turn as u32).saturating_sub(started.elapsed()));
    }
    sent
}

impl Way {
    fn send(&mut self, part: &Part) {
        match self {
            Way::Push { client, path, body } => {
                let body = body(part);
                loop {
                    let reply = client.post(path, &[JSON], body.as_bytes()).unwrap();
                    match reply.status {
                        200 | 204 => {
                            let text = String::from_utf8_lossy(&reply.body);
                            assert!(!text.contains("\"errors\":true"), "{path}: {text}");
                            return;
                        }
                        429 | 503 => {
                            let seconds = reply.retry_after.expect("it says when to come again");
                            std::thread::sleep(Duration::from_secs(seconds));
                        }
                        _ => panic!("{path}: {reply:?}"),
                    }
                }
            }
            Way::Stream(stream) => stream.write_all(part.syslog().as_bytes()).unwrap(),
            Way::Rotated { directory, file, files } => {
                if part.numbers.end / ROTATE_EVERY > *files {
                    rotate(directory, part.sender, *files);
                    *files += 1;
                    *file = None;
                }
                let file = file.get_or_insert_with(|| {
                    let path = directory.join(format!("{}.log", part.sender));
                    OpenOptions::new().append(true).create(true).open(path).unwrap()
                });
                file.write_all(part.text().as_bytes()).unwrap();
            }
        }
    }
}

/// As logrotate does with `create`; what is older than the last few is removed.
fn rotate(directory: &Path, name: &str, number: u64) {
    let to = |number: u64| directory.join(format!("{name}.log.{number}"));
    std::fs::rename(directory.join(format!("{name}.log")), to(number)).unwrap();
    if let Some(old) = number.checked_sub(KEPT) {
        std::fs::remove_file(to(old)).unwrap();
    }
}
