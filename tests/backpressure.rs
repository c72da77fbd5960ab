//! More than the disk can take: memory stays bounded, files wait, clients of HTTP are slowed
//! down or told to come again, and what UDP drops is counted. When the disk is fast again,
//! everything that was promised is there.
//!
//! PINTAIL_BACKPRESSURE_SECONDS says for how long; `make soak` makes it ten minutes.

mod common;

mod soak {
    pub mod flood;
    #[allow(dead_code)] // Each test uses a part of it.
    pub mod records;
}

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use common::Pintail;
use common::disk::Disk;
use common::server::Server;
use common::syslog::{address_of, ledger};
use serde_json::{Value, json};
use soak::flood::{self, Pushed};

const SECONDS: u64 = 20;

/// What every write and sync of the database takes.
const DISK_MS: i64 = 150;

const CONNECTIONS: usize = 8;

/// Each its own, so that its records are known again.
const CLIENTS: [&str; CONNECTIONS] =
    ["http0", "http1", "http2", "http3", "http4", "http5", "http6", "http7"];

/// Small, so that it is full at once.
const RECEIVE_MEMORY_MIB: u64 = 32;
const DATABASE_MEMORY_MIB: u64 = 192;

/// DuckDB twice (see config.rs), what is being taken in, its columns in the transaction, and the
/// process itself.
const RSS_KIB_MAX: u64 = (2 * DATABASE_MEMORY_MIB + 2 * RECEIVE_MEMORY_MIB + 320) << 10;

/// A file that grows no more can be read to its end within the test's patience.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// What the server takes and says while it has too much to do.
#[derive(Debug, Default)]
struct Strain {
    rss_kib: u64,
    lag_bytes: u64,
    lag_seconds: f64,
    answers: u64,
    slowest: Duration,
}

#[test]
fn a_producer_faster_than_the_disk_leaves_memory_bounded_and_loses_nothing_promised() {
    let seconds = std::env::var("PINTAIL_BACKPRESSURE_SECONDS").ok();
    let seconds = seconds.map_or(SECONDS, |value| value.parse().unwrap());
    let pintail = Pintail::new();
    fs::create_dir(pintail.path("data")).unwrap();
    pintail.write("app.log", "");
    let disk = Disk::new(&pintail.path("data"), pintail.path("disk"));
    let server = start(&pintail, &disk);
    disk.slow(DISK_MS);
    let ended = AtomicBool::new(false);
    let (ended, address) = (&ended, &server.address);
    let syslog = address_of(&server, "(tcp, udp)");
    let log = &pintail.path("app.log");
    let (strain, pushed, written, sent) = std::thread::scope(|scope| {
        let pushers = CLIENTS.map(|name| scope.spawn(move || flood::push(address, name, ended)));
        let writer = scope.spawn(move || flood::write(log, "file", FILE_BYTES_MAX, ended));
        let sender = scope.spawn(move || flood::datagrams(syslog, "udp", ended));
        let on_the_way_out = SetOnDrop(ended);
        let strain = watch(&server, Duration::from_secs(seconds));
        drop(on_the_way_out);
        let pushed: Vec<Pushed> =
            pushers.into_iter().map(|pusher| pusher.join().unwrap()).collect();
        (strain, pushed, writer.join().unwrap(), sender.join().unwrap())
    });
    let (acknowledged, refused) =
        (sum(&pushed, |one| one.records), sum(&pushed, |one| one.refused));
    let slowest = pushed.iter().map(|one| one.slowest).max().unwrap();
    eprintln!("{strain:?}");
    eprintln!("HTTP: {acknowledged} records acknowledged, {refused} requests refused, {slowest:?}");
    assert!(strain.rss_kib < RSS_KIB_MAX, "{} of {RSS_KIB_MAX} KiB", strain.rss_kib);
    assert!(strain.lag_bytes > 0 && strain.lag_seconds > 1.0, "the file waits, and shows it");
    assert!(strain.answers > seconds / 4, "it answers meanwhile: {strain:?}");
    assert!(acknowledged > 0, "it takes in what it can");
    assert!(refused > 0 || slowest > Duration::from_secs(1), "clients are slowed down");
    disk.unlimited();
    until_all(&server, "file", written);
    let lag = &server.json("/api/sources")["sources"];
    let file = lag.as_array().unwrap().iter().find(|source| source["kind"] == "file").unwrap();
    assert_eq!(file["lag_bytes"], 0);
    assert_datagrams(&server, sent);
    assert_pushed(&server, &pushed);
    server.stop();
    pintail.assert_sound_in("data/pintail.duckdb");
}

fn start(pintail: &Pintail, disk: &Disk) -> Server {
    let (receive, database) = (RECEIVE_MEMORY_MIB.to_string(), DATABASE_MEMORY_MIB.to_string());
    let args = [
        "serve",
        "--db",
        "data/pintail.duckdb",
        "--listen",
        "127.0.0.1:0",
        "--syslog",
        "127.0.0.1:0",
        "--body-max-mib",
        "4",
        "--receive-memory-mib",
        &receive,
        "--database-memory-mib",
        &database,
        "app.log",
    ];
    let mut command = pintail.command(args);
    command.env_remove("PINTAIL_TOKEN");
    disk.under(&mut command);
    Server::spawn(command)
}

struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Looks at the server, as people do, for a while.
fn watch(server: &Server, time: Duration) -> Strain {
    let (started, mut strain) = (Instant::now(), Strain::default());
    while started.elapsed() < time {
        let asked = Instant::now();
        server.value("select count(*) from logs where level = 'ERROR'");
        let sources = server.json("/api/sources");
        strain.slowest = strain.slowest.max(asked.elapsed());
        strain.answers += 1;
        for source in sources["sources"].as_array().unwrap() {
            strain.lag_bytes = strain.lag_bytes.max(source["lag_bytes"].as_u64().unwrap_or(0));
            let seconds = source["lag_seconds"].as_f64().unwrap_or(0.0);
            strain.lag_seconds = strain.lag_seconds.max(seconds);
        }
        strain.rss_kib = strain.rss_kib.max(server.memory_kib("VmRSS:"));
        let metrics = server.get("/metrics").text();
        assert!(metrics.contains("follow_lag"), "{metrics}");
        std::thread::sleep(Duration::from_millis(200));
    }
    strain
}

fn sum(pushed: &[Pushed], number: impl Fn(&Pushed) -> u64) -> u64 {
    pushed.iter().map(number).sum()
}

const OF_SENDER: &str = "select count(*), coalesce(sum(n), 0)::bigint
    from (select split_part(message, ' ', 2)::bigint as n from logs where message like '% of $ for %')";

fn found(server: &Server, sender: &str) -> Value {
    server.sql(&OF_SENDER.replace('$', sender)).json()["rows"][0].clone()
}

fn until_all(server: &Server, sender: &str, count: u64) {
    let expected = json!([count, count * count.saturating_sub(1) / 2]);
    let started = Instant::now();
    while found(server, sender) != expected {
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "{} {expected}",
            found(server, sender)
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Every acknowledged record is there, and none of those that were refused.
fn assert_pushed(server: &Server, pushed: &[Pushed]) {
    for (sender, one) in CLIENTS.iter().zip(pushed) {
        assert_eq!(found(server, sender), json!([one.records, one.sum]), "{sender}");
    }
}

/// Every datagram is stored, or counted as dropped: also what the system dropped.
fn assert_datagrams(server: &Server, sent: u64) {
    let mut numbers = [0; 4];
    let started = Instant::now();
    while numbers[0] != sent as i64 && started.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(200));
        numbers = ledger(server);
    }
    let [received, stored, rejected, dropped] = numbers;
    eprintln!("UDP: {sent} sent, {received} received, {stored} stored, {dropped} dropped");
    assert_eq!((received, rejected), (sent as i64, 0));
    assert!(dropped > 0, "they came faster than the disk");
    assert_eq!(found(server, "udp")[0], stored);
}
