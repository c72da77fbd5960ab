//! What must not bring the server down, or lose a line: a full disk, a full temp directory, a
//! read-only one, a damaged write-ahead log, a clock that jumps, a second server, and the
//! ways to end it. Each says what happened; afterwards every line is there once.

mod common;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use common::disk::Disk;
use common::server::Server;
use common::{Pintail, Run, finish};
use rand::{RngCore, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde_json::{Value, json};

/// What takes longer does not happen. It takes a second where nothing is wrong.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a server may take to end in order.
const END_WITHIN: Duration = Duration::from_secs(10);

const FULL: &str = "No space left on device";

#[test]
fn a_disk_that_fills_while_following_stops_nothing_for_good() {
    for (room, copies) in [(0, false), (1, false), (20_000, false), (0, true), (5_000, true)] {
        let world = World::new();
        world.disk.copies(copies);
        world.append(0..10);
        let server = world.start();
        server.until_records(10);
        world.disk.room(room);
        world.append(10..2_000);
        until("the disk is full", || world.disk.room_left() == 0);
        // Whoever looks is answered, whatever the disk does.
        world.answers_throughout(&server, Duration::from_secs(2));
        world.append(2_000..3_000);
        world.disk.unlimited();
        world.until_records(&server, 3_000);
        let said = server.stop();
        assert!(said.contains(FULL), "{room} {copies}: {said}");
        world.assert_all(3_000);
    }
}

/// The write-ahead log goes into the database from some megabytes on: that needs room too.
#[test]
fn a_disk_that_fills_during_a_checkpoint_stops_nothing_for_good() {
    for (room, copies) in
        [4_000_000, 22_000_000].into_iter().flat_map(|room| [(room, false), (room, true)])
    {
        let world = World::new();
        world.disk.copies(copies);
        let server = world.start();
        world.disk.room(room);
        for part in 0..20 {
            let start = part * 4_000;
            world.pintail.append_or_make("app.log", long_lines(start..start + 4_000));
        }
        println!("{room} bytes, copies {copies}");
        until("the disk is full", || world.disk.room_left() == 0);
        world.answers_throughout(&server, Duration::from_secs(2));
        world.disk.unlimited();
        world.until_records(&server, 80_000);
        let said = server.stop();
        assert!(said.contains(FULL), "{room} {copies}: {said}");
        world.assert_all(80_000);
    }
}

#[test]
fn a_full_disk_at_the_start_is_a_clear_error() {
    let world = World::new();
    world.append(0..10);
    world.disk.full();
    let run = world.cannot_start();
    assert!(run.stderr.contains(FULL), "{run:?}");
    assert!(run.stderr.contains("pintail.duckdb"), "the message names the place: {run:?}");
    world.disk.unlimited();
    let server = world.start();
    world.until_records(&server, 10);
    server.stop();
    world.assert_all(10);
}

#[test]
fn a_server_ends_in_order_on_a_full_disk_and_the_next_has_everything() {
    let world = World::new();
    world.append(0..10);
    let server = world.start();
    server.until_records(10);
    world.disk.full();
    world.append(10..2_000);
    let (run, elapsed) = world.terminate(server);
    assert!(elapsed < END_WITHIN, "{elapsed:?}");
    assert!(!run.stderr.contains("panicked"), "{run:?}");
    assert_eq!(run.code, Some(0), "{run:?}");
    world.disk.unlimited();
    let server = world.start();
    world.until_records(&server, 2_000);
    server.stop();
    world.assert_all(2_000);
}

/// Results that can only be written to a file pass through the temp directory.
#[test]
fn a_full_temp_directory_fails_what_needs_it_and_nothing_else() {
    let world = World::with_disk_in("temp");
    world.append(0..10);
    let server = world.start();
    server.until_records(10);
    world.disk.full();
    let parquet =
        || server.post("/api/sql", &json!({"sql": "from logs", "format": "parquet"}), &[]);
    let answer = parquet();
    assert_ne!(answer.status, 200, "there is no room for the file");
    assert!(answer.text().contains(FULL), "{}", answer.text());
    world.append(10..2_000);
    world.until_records(&server, 2_000);
    world.disk.unlimited();
    assert_eq!(parquet().status, 200);
    server.stop();
    world.assert_all(2_000);
}

#[test]
fn a_full_temp_directory_at_the_start_is_a_clear_error() {
    let world = World::with_disk_in("temp");
    world.disk.full();
    let run = world.cannot_start();
    assert!(run.stderr.contains(FULL), "{run:?}");
    let temp = world.pintail.path("temp").display().to_string();
    assert!(run.stderr.contains(&temp), "the message names the place: {run:?}");
}

#[test]
fn a_read_only_directory_is_a_clear_error() {
    for exists in [false, true] {
        let world = World::new();
        world.append(0..10);
        if exists {
            let server = world.start();
            server.until_records(10);
            server.stop();
        }
        world.disk.read_only(true);
        let run = world.cannot_start();
        assert!(run.stderr.contains("Read-only file system"), "{run:?}");
        assert!(run.stderr.contains("pintail.duckdb"), "the message names the place: {run:?}");
        world.disk.read_only(false);
        let server = world.start();
        world.until_records(&server, 10);
        server.stop();
        world.assert_all(10);
    }
}

/// The end of a write-ahead log that a power failure tore was never acknowledged.
#[test]
fn a_torn_log_costs_nothing() {
    for lost in [1, 7, 100, 1_000] {
        let world = World::killed_with_log(1_000);
        let log = world.pintail.path("data/pintail.duckdb.wal");
        let size = fs::metadata(&log).unwrap().len();
        OpenOptions::new().write(true).open(&log).unwrap().set_len(size - lost).unwrap();
        let server = world.start();
        world.until_records(&server, 1_000);
        server.stop();
        world.assert_all(1_000);
    }
}

/// Garbage is another thing than an end: what lies after it was acknowledged.
#[test]
fn a_damaged_log_is_a_clear_error_that_says_what_to_do() {
    for share in [0.1, 0.5, 0.9] {
        let world = World::killed_with_log(1_000);
        let log = world.pintail.path("data/pintail.duckdb.wal");
        let size = fs::metadata(&log).unwrap().len();
        let file = OpenOptions::new().write(true).open(&log).unwrap();
        file.write_all_at(&[0xa5; 64], (size as f64 * share) as u64).unwrap();
        let run = world.cannot_start();
        let said = &run.stderr;
        assert!(said.contains("pintail.duckdb.wal"), "at {share}: it names the file: {said}");
        assert!(said.contains("move"), "at {share}: it says what to do: {said}");
        assert!(!said.contains("Stack Trace"), "at {share}: {said}");
        // As it says.
        fs::rename(&log, world.pintail.path("data/pintail.duckdb.wal.damaged")).unwrap();
        let server = world.start();
        world.until_records(&server, 1_000);
        server.stop();
        world.assert_all(1_000);
    }
}

#[test]
fn a_clock_that_jumps_changes_nothing() {
    const HOUR: i64 = 3_600;
    let world = World::new();
    world.append(0..10);
    let server = world.start();
    server.until_records(10);
    for (part, clock) in
        [5 * HOUR, -3 * HOUR, 300 * 24 * HOUR, -24 * HOUR, 0].into_iter().enumerate()
    {
        world.disk.clock(clock);
        let start = 10 + 10 * part as u64;
        world.append(start..start + 10);
        world.until_records(&server, start as i64 + 10);
        assert_eq!(server.get("/health").status, 200, "{clock}");
    }
    let said = server.stop();
    assert!(!said.contains("WARN") && !said.contains("ERROR"), "{said}");
    world.assert_all(60);
}

/// A line without its end is taken in when it has been left alone for a moment, and that is
/// no matter of what time it is.
#[test]
fn a_last_line_arrives_although_the_clock_was_set_back() {
    let world = World::new();
    world.append(0..10);
    let server = world.start();
    server.until_records(10);
    world.pintail.append_or_make("app.log", line(10).trim_end());
    world.disk.clock(-3 * 3_600);
    world.until_records(&server, 11);
    server.stop();
    world.assert_all(11);
}

#[test]
fn a_second_server_says_who_has_the_database() {
    let world = World::new();
    world.append(0..10);
    let first = world.start();
    first.until_records(10);
    let run = world.cannot_start();
    let pid = first.pid().to_string();
    assert!(run.stderr.contains(&pid), "it names process {pid}: {}", run.stderr);
    assert!(run.stderr.contains("stop it"), "it says what to do: {}", run.stderr);
    // The first one is still found by those who ask for it.
    world.append(10..20);
    world.until_records(&first, 20);
    assert_eq!(world.pintail.sql_in(DATABASE, "select count(*) as n from logs")[0]["n"], 20);
    first.stop();
    world.assert_all(20);
}

#[test]
fn a_server_ends_in_order_from_its_first_moment_on() {
    for _ in 0..20 {
        let world = World::new();
        let (run, _) = world.terminate(world.start());
        assert_eq!(run.code, Some(0), "{run:?}");
    }
}

#[test]
fn sigterm_under_load_ends_it_in_order_and_nothing_is_lost() {
    let world = World::new();
    let written = under_load(&world, |server| {
        let (run, elapsed) = world.terminate(server);
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(elapsed < END_WITHIN, "{elapsed:?}");
        assert!(!run.stderr.contains("panicked"), "{run:?}");
    });
    world.assert_all(written);
}

#[test]
fn kill_under_load_loses_nothing() {
    let world = World::new();
    let written = under_load(&world, |server| drop(server.kill()));
    world.assert_all(written);
}

/// Starts and ends servers while a file is written to as fast as it goes, by whole lines and
/// by halves; returns how many lines it has when the last server has them all.
fn under_load(world: &World, end: impl Fn(Server)) -> u64 {
    let ended = AtomicBool::new(false);
    let ended = &ended;
    let mut written = 0;
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut n = 0;
            while !ended.load(Ordering::Relaxed) || n == 0 {
                let text = lines(n..n + 500);
                let (first, rest) = text.split_at(text.len() / 3);
                world.pintail.append_or_make("app.log", first);
                world.pintail.append_or_make("app.log", rest);
                n += 500;
                // Below what a slow machine takes in.
                std::thread::sleep(Duration::from_millis(10));
            }
            n
        });
        // Also when something fails: else the writer goes on for ever.
        let on_the_way_out = SetOnDrop(ended);
        for round in 0..6 {
            let server = world.start();
            let before = count(&server).unwrap_or(0);
            until("it takes in more", || count(&server).is_some_and(|now| now > before));
            std::thread::sleep(Duration::from_millis(37 * round));
            end(server);
        }
        drop(on_the_way_out);
        written = writer.join().unwrap();
    });
    let server = world.start();
    world.until_records(&server, written as i64);
    server.stop();
    written
}

struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

const DATABASE: &str = "data/pintail.duckdb";

/// A server's directory, part of it on a disk that does as it is told.
struct World {
    pintail: Pintail,
    disk: Disk,
}

impl World {
    /// The database lies on the disk.
    fn new() -> World {
        World::with_disk_in("data")
    }

    fn with_disk_in(folder: &str) -> World {
        let pintail = Pintail::new();
        for folder in ["data", "temp"] {
            fs::create_dir(pintail.path(folder)).unwrap();
        }
        let disk = Disk::new(&pintail.path(folder), pintail.path("disk"));
        World { pintail, disk }
    }

    /// A server was killed that had this many records; some are in the write-ahead log only.
    fn killed_with_log(records: u64) -> World {
        let world = World::new();
        world.append(0..records / 2);
        // The last transactions are those of records: the monitor has run, and does again in half a
        // minute. DuckDB takes damage in the very last one for a write that was cut off.
        let seconds = (chrono::Utc::now().timestamp() + 30) % 60;
        let mut command = world.command();
        command.args(["--judge-after-seconds", &seconds.to_string()]);
        let server = Server::spawn(command);
        server.until_records(records as i64 / 2);
        common::until("the monitor has run", || {
            !server.json("/api/status")["monitor"]["last_run"].is_null()
        });
        for n in records / 2..records {
            world.append(n..n + 1);
        }
        server.until_records(records as i64);
        server.kill();
        let size = fs::metadata(world.pintail.path("data/pintail.duckdb.wal")).unwrap().len();
        assert!(size > 2_000, "there is a log to be damaged: {size} bytes");
        world
    }

    fn command(&self) -> Command {
        let args = ["serve", "--db", DATABASE, "--listen", "127.0.0.1:0", "app.log"];
        let mut command = self.pintail.command(args);
        command.env_remove("PINTAIL_TOKEN").env("TMPDIR", self.pintail.path("temp"));
        self.disk.under(&mut command);
        command
    }

    fn start(&self) -> Server {
        Server::spawn(self.command())
    }

    /// A start that must fail, and say why in a few lines.
    fn cannot_start(&self) -> Run {
        let mut child = self.command().spawn().unwrap();
        let started = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if started.elapsed() > PATIENCE {
                child.kill().unwrap();
                panic!("it starts: {:?}", finish(child, Vec::new()));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let run = finish(child, Vec::new());
        assert_eq!(run.code, Some(1), "{run:?}");
        assert!(run.stderr.starts_with("pintail: "), "{run:?}");
        assert!(!run.stderr.contains("panicked") && run.stderr.lines().count() < 5, "{run:?}");
        run
    }

    /// Ends a server by SIGTERM; how it went and how long it took.
    fn terminate(&self, mut server: Server) -> (Run, Duration) {
        server.signal("-TERM");
        let started = Instant::now();
        let mut status = None;
        until("the server ends", || {
            status = server.ended();
            status.is_some()
        });
        let elapsed = started.elapsed();
        let code = status.and_then(|status| status.code());
        (Run { code, stdout: String::new(), stderr: server.kill() }, elapsed)
    }

    fn append(&self, numbers: std::ops::Range<u64>) {
        self.pintail.append_or_make("app.log", lines(numbers));
    }

    /// Waits for records without a manual restart; the server may restart in place.
    fn until_records(&self, server: &Server, records: i64) {
        until(&format!("{records} records"), || count(server) == Some(records));
    }

    /// The server may be away for a moment, but not for long, and never wrong.
    fn answers_throughout(&self, server: &Server, time: Duration) {
        let started = Instant::now();
        while started.elapsed() < time {
            until("an answer", || count(server).is_some());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Every line is in once: its number, its text.
    fn assert_all(&self, records: u64) {
        let query = "select
                count(*) as records,
                count(distinct n) as numbers,
                coalesce(max(n), 0) as last,
                (select count(*) from rejects) as rejects
            from (select regexp_extract(message, '^message (\\d+)', 1)::bigint as n from logs)";
        let found = &self.pintail.sql_in(DATABASE, query)[0];
        let all = json!({
            "records": records, "numbers": records, "last": records - 1, "rejects": 0
        });
        assert_eq!(found, &all);
        self.pintail.assert_complete_in(DATABASE);
    }
}

impl Pintail {
    fn append_or_make(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path: &Path = &self.path(name);
        let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
        file.write_all(bytes.as_ref()).unwrap();
    }
}

/// Line `n`: a hundred a second.
fn line(n: u64) -> String {
    let start = chrono::DateTime::from_timestamp_millis(1_700_000_000_000).unwrap();
    let at = start + chrono::TimeDelta::milliseconds(n as i64 * 10);
    format!("{} INFO payment: message {n}\n", at.format("%Y-%m-%d %H:%M:%S%.3f"))
}

fn lines(numbers: std::ops::Range<u64>) -> String {
    numbers.map(line).collect()
}

/// The same, continued by what does not get smaller by compression.
fn long_lines(numbers: std::ops::Range<u64>) -> String {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(numbers.start);
    let mut noise = || (0..16).map(|_| format!("{:016x}", random.next_u64())).collect::<String>();
    numbers.map(|n| line(n) + &format!("\t{}\n", noise())).collect()
}

/// How many records the server has; `None` if it does not answer.
fn count(server: &Server) -> Option<i64> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(5)))
        .build()
        .into();
    let query = json!({"sql": "select count(*) from logs"});
    let mut answer = agent.post(format!("{}/api/sql", server.address)).send_json(query).ok()?;
    let answer: Value = answer.body_mut().read_json().ok()?;
    answer["rows"][0][0].as_i64()
}

fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
