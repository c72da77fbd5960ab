//! `make bench`, the receiving part: records a second of every protocol over eight connections,
//! how long a commit takes for clients that send little, and how fast files are followed, beside
//! a load of the same file. Client and server share the machine. Nothing here can fail for being
//! slow.
//!
//! PINTAIL_BENCH_SECONDS sets how long each protocol is measured.

#[path = "receive/bodies.rs"]
mod bodies;

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bodies::{Body, RECORDS};

const CONNECTIONS: usize = 8;
const SECONDS: u64 = 8;
const REQUESTS_A_SECOND: u64 = 100;
const FOLLOWED_LINES: u64 = 3_000_000;
const FILES: usize = 1_000;

fn main() {
    let seconds = std::env::var("PINTAIL_BENCH_SECONDS").ok().and_then(|n| n.parse().ok());
    let time = Duration::from_secs(seconds.unwrap_or(SECONDS));
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench-receive");
    // What an earlier run that was cut off left.
    drop(std::fs::remove_dir_all(&dir));
    std::fs::create_dir_all(&dir).expect("the target folder is writable");
    println!("\nreceiving, {CONNECTIONS} connections, {RECORDS} records a request");
    println!(
        "{:<22} {:>12} {:>8} {:>9} {:>9} {:>8}",
        "", "records/s", "MB/s", "p50 ms", "p99 ms", "MiB"
    );
    for body in bodies::all() {
        push(&dir, &body, time);
    }
    syslog(&dir, time);
    latency(&dir, time, None);
    latency(&dir, time, Some(&bodies::json_lines()));
    follow_one(&dir);
    follow_many(&dir);
    std::fs::remove_dir_all(&dir).expect("the bench's own files can be removed");
}

/// A server with an empty database, killed when dropped.
struct Server {
    child: Child,
    address: String,
    syslog: String,
    database: PathBuf,
}

impl Server {
    fn start(dir: &Path, follow: &[&str]) -> Server {
        let database = dir.join("bench.duckdb");
        for end in ["", ".wal"] {
            drop(std::fs::remove_file(format!("{}{end}", database.display())));
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_pintail"))
            .args(["serve", "--listen", "127.0.0.1:0", "--syslog", "127.0.0.1:0", "--db"])
            .arg(&database)
            .args(follow)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("pintail starts");
        let stdout = child.stdout.take().expect("it is piped");
        let mut lines = BufReader::new(stdout).lines().map(|line| line.expect("text"));
        let mut after = |mark: &str| {
            let line = lines.find(|line| line.contains(mark)).expect("it says where it listens");
            let text = &line[line.find(mark).expect("found") + mark.len()..];
            text.split_whitespace().next().expect("an address").to_owned()
        };
        let (address, syslog) = (after("http://"), after("syslog"));
        std::thread::spawn(move || lines.for_each(drop));
        Server { child, address, syslog, database }
    }

    fn records(&self) -> u64 {
        let answer = ureq::get(format!("http://{}/api/status", self.address)).call();
        let text = answer.expect("it answers").body_mut().read_to_string().expect("text");
        let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        value["records"].as_u64().expect("a number")
    }

    fn until(&self, records: u64) {
        while self.records() < records {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn peak_mib(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or("0 0");
        line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) >> 10
    }

    fn bytes_a_record(&self) -> f64 {
        let records = self.records();
        let size = |end: &str| {
            let path = format!("{}{end}", self.database.display());
            std::fs::metadata(path).map_or(0, |meta| meta.len())
        };
        (size("") + size(".wal")) as f64 / records.max(1) as f64
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A connection that is kept open.
struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    fn open(address: &str) -> Connection {
        let stream = TcpStream::connect(address).expect("it listens");
        stream.set_nodelay(true).expect("TCP");
        Connection { stream: BufReader::new(stream) }
    }

    /// Posts and waits for the answer; returns its status.
    fn post(&mut self, body: &Body, bytes: &[u8]) -> u16 {
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {}\r\n{}Content-Length: {}\r\n\r\n",
            body.path,
            body.content_type,
            body.header,
            bytes.len()
        );
        let stream = self.stream.get_mut();
        stream.write_all(head.as_bytes()).expect("it reads");
        stream.write_all(bytes).expect("it reads");
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("it answers");
        let status = line.split(' ').nth(1).and_then(|text| text.parse().ok()).expect("a status");
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line).expect("it answers");
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a number");
            }
        }
        let mut rest = vec![0; length];
        self.stream.read_exact(&mut rest).expect("it answers");
        status
    }
}

/// Posts from all connections for a while; returns how many requests succeeded, how many bytes
/// they had, and how long each took.
fn flood(server: &Server, body: &Body, time: Duration) -> (u64, u64, Vec<Duration>) {
    let number = AtomicU64::new(0);
    let until = Instant::now() + time;
    let results: Vec<(u64, Vec<Duration>)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                scope.spawn(|| {
                    let mut connection = Connection::open(&server.address);
                    let mut taken = Vec::new();
                    let mut bytes = 0;
                    while Instant::now() < until {
                        let packed = body.numbered(number.fetch_add(1, Ordering::Relaxed));
                        let started = Instant::now();
                        let status = connection.post(body, &packed);
                        if (200..300).contains(&status) {
                            taken.push(started.elapsed());
                            bytes += packed.len() as u64;
                        }
                    }
                    (bytes, taken)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let bytes = results.iter().map(|(bytes, _)| bytes).sum();
    let mut taken: Vec<Duration> = results.into_iter().flat_map(|(_, taken)| taken).collect();
    taken.sort_unstable();
    (taken.len() as u64, bytes, taken)
}

fn push(dir: &Path, body: &Body, time: Duration) {
    let server = Server::start(dir, &[]);
    let started = Instant::now();
    let (requests, bytes, taken) = flood(&server, body, time);
    let seconds = started.elapsed().as_secs_f64();
    assert_eq!(server.records(), requests * RECORDS as u64, "{}", body.name);
    show(body.name, requests * RECORDS as u64, bytes, seconds, &taken, &server);
}

fn show(name: &str, records: u64, bytes: u64, seconds: f64, taken: &[Duration], server: &Server) {
    println!(
        "{name:<22} {:>12.0} {:>8.1} {:>9.1} {:>9.1} {:>8}",
        records as f64 / seconds,
        bytes as f64 / seconds / 1e6,
        at(taken, 0.5),
        at(taken, 0.99),
        server.peak_mib()
    );
}

fn at(sorted: &[Duration], share: f64) -> f64 {
    let index = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(index).map_or(0.0, |time| time.as_secs_f64() * 1e3)
}

fn syslog(dir: &Path, time: Duration) {
    let server = Server::start(dir, &[]);
    let block = bodies::syslog();
    let started = Instant::now();
    let blocks: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                scope.spawn(|| {
                    let mut stream = TcpStream::connect(&server.syslog).expect("it listens");
                    let mut blocks = 0;
                    while started.elapsed() < time {
                        stream.write_all(&block).expect("it reads");
                        blocks += 1;
                    }
                    blocks
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
    });
    let records = blocks * RECORDS as u64;
    server.until(records);
    let seconds = started.elapsed().as_secs_f64();
    show("syslog TCP", records, blocks * block.len() as u64, seconds, &[], &server);
}

/// Clients that send ten records a hundred times a second, alone or beside a flood.
fn latency(dir: &Path, time: Duration, flooding: Option<&Body>) {
    let server = Server::start(dir, &[]);
    let small = bodies::few_json_lines(10);
    let (mut taken, flooded) = std::thread::scope(|scope| {
        let flooded = flooding.map(|body| scope.spawn(|| flood(&server, body, time).0));
        let senders: Vec<_> = (0..10)
            .map(|sender| {
                let (server, small) = (&server, &small);
                scope.spawn(move || {
                    let mut connection = Connection::open(&server.address);
                    let pause = Duration::from_millis(1000 * 10 / REQUESTS_A_SECOND);
                    let started = Instant::now() + pause * sender / 10;
                    let mut taken = Vec::new();
                    for number in 0..(time.as_millis() / pause.as_millis()) as u32 {
                        let due = started + pause * number;
                        std::thread::sleep(due.saturating_duration_since(Instant::now()));
                        let bytes = small.numbered(u64::from(number));
                        let status = connection.post(small, &bytes);
                        if status == 200 {
                            // From when it was due: a late one makes those after it late too.
                            taken.push(due.elapsed());
                        }
                    }
                    taken
                })
            })
            .collect();
        let taken: Vec<Duration> =
            senders.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect();
        (taken, flooded.map(|thread| thread.join().expect("no panic")))
    });
    taken.sort_unstable();
    let beside = flooded.map_or(String::new(), |requests| {
        let rate = requests as f64 * RECORDS as f64 / time.as_secs_f64();
        format!(" beside {rate:.0} records/s")
    });
    println!(
        "{REQUESTS_A_SECOND} requests/s{beside}: p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms, {} answered, {:.0} bytes a record",
        at(&taken, 0.5),
        at(&taken, 0.95),
        at(&taken, 0.99),
        taken.len(),
        server.bytes_a_record(),
    );
}

fn follow_one(dir: &Path) {
    let log = dir.join("one.log");
    File::create(&log).expect("writable");
    let server = Server::start(dir, &[&log.display().to_string()]);
    let block = bodies::text();
    let mut file = OpenOptions::new().append(true).open(&log).expect("there");
    let started = Instant::now();
    let mut written = 0;
    while written < FOLLOWED_LINES {
        file.write_all(&block).expect("writable");
        written += RECORDS as u64;
    }
    server.until(written);
    let followed = started.elapsed().as_secs_f64();
    let peak = server.peak_mib();
    drop(server);
    let database = dir.join("load.duckdb");
    drop(std::fs::remove_file(&database));
    let started = Instant::now();
    let status = Command::new(env!("CARGO_BIN_EXE_pintail"))
        .args(["ingest", "--quiet", "--db"])
        .arg(&database)
        .arg(&log)
        .status();
    assert!(status.expect("pintail starts").success());
    let loaded = started.elapsed().as_secs_f64();
    println!(
        "a file followed while it is written: {:.0} records/s, {peak} MiB; loaded: {:.0} records/s",
        written as f64 / followed,
        written as f64 / loaded
    );
}

fn follow_many(dir: &Path) {
    let logs = dir.join("many");
    std::fs::create_dir_all(&logs).expect("writable");
    let mut files: Vec<File> = (0..FILES)
        .map(|number| File::create(logs.join(format!("{number}.log"))).expect("writable"))
        .collect();
    let server = Server::start(dir, &[&logs.display().to_string()]);
    let block = bodies::text();
    let lines: Vec<&[u8]> = block.split_inclusive(|byte| *byte == b'\n').collect();
    let started = Instant::now();
    let mut written = 0;
    for chunk in 0..20 {
        for (number, file) in files.iter_mut().enumerate() {
            let from = (number * 50 + chunk) % (lines.len() - 50);
            file.write_all(&lines[from..from + 50].concat()).expect("writable");
            written += 50;
        }
    }
    server.until(written);
    println!(
        "{FILES} files written in turns: {:.0} records/s, {} MiB",
        written as f64 / started.elapsed().as_secs_f64(),
        server.peak_mib()
    );
}
