//! What a crash may cost: time, and nothing else. `kill -9` at any moment, again and
//! again, or a full disk: the next run that comes to its end has every line in once.
//!
//! The seed is printed when something fails; `PINTAIL_SEED=N cargo test --test crash`
//! plays it again (the moments of the kills are times, so not to the instruction).

mod common;

use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{Pintail, Run, data, finish, gzip};
use rand::{RngCore, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

const KILLS_MIN: usize = 25;

/// Numbers of events, file by file: each is in one file, so in the database once.
const JUMPING: std::ops::Range<u64> = 0..250_000;
const STEADY: std::ops::Range<u64> = 250_000..450_000;
const PACKED: std::ops::Range<u64> = 450_000..550_000;
const TRACES: std::ops::Range<u64> = 550_000..600_000;
const GARBAGE: u64 = 150_000;

#[test]
fn a_killed_ingestion_is_completed_by_the_next_with_every_line_once() {
    let seed = seed();
    println!("seed {seed}");
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let logs = Pintail::new();
    write_logs(&logs);

    let started = Instant::now();
    logs.ok(ingest(2, "measured.duckdb"));
    let whole_run = started.elapsed();

    let mut kills = 0;
    let mut halves = 0;
    let mut cycle = 0;
    while kills < KILLS_MIN {
        cycle += 1;
        let database = format!("{cycle}.duckdb");
        for _ in 0..1 + random.next_u64() % 4 {
            let workers = 1 + random.next_u64() % 3;
            let moment = whole_run.mul_f64(random.next_u64() as f64 / u64::MAX as f64);
            println!("cycle {cycle}: {workers} workers, kill after {moment:?}");
            kills += usize::from(killed_after(&logs, ingest(workers, &database), moment));
            halves += usize::from((1..TRACES.end).contains(&readable_records(&logs, &database)));
        }
        logs.ok(ingest(2, &database));
        assert_all_in_once(&logs, &database);
        std::fs::remove_file(logs.path(&database)).unwrap();
    }
    println!(
        "{kills} kills, {halves} of them in the middle of the records, {:?}",
        started.elapsed()
    );
    assert!(halves > 0, "no kill hit between two commits: the test says nothing");
}

#[test]
fn killed_while_it_makes_the_database_the_next_run_makes_it() {
    let seed = seed();
    println!("seed {seed}");
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    for _ in 0..20 {
        let pintail = Pintail::new();
        let sample = data("sample.log");
        let args = || vec!["ingest".to_owned(), sample.display().to_string()];
        // Opening takes some ten milliseconds of the run.
        let moment = Duration::from_micros(random.next_u64() % 60_000);
        println!("kill after {moment:?}");
        killed_after(&pintail, args(), moment);
        readable_records(&pintail, "pintail.duckdb");
        pintail.ok(args());
        assert_eq!(pintail.count("logs"), 2000);
        pintail.assert_complete();
    }
}

#[test]
fn killed_while_it_takes_back_a_record_that_grew_the_next_run_has_it_once() {
    let seed = seed();
    println!("seed {seed}");
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let pintail = Pintail::with("app.log", common::lines(0..20));
    for frame in 0..20 {
        pintail.append("app.log", format!("\tat shop.Frame{frame}\n"));
        let args = || vec!["ingest".to_owned(), "app.log".to_owned()];
        let moment = Duration::from_micros(random.next_u64() % 60_000);
        println!("kill after {moment:?}");
        killed_after(&pintail, args(), moment);
        pintail.ok(args());
        assert_eq!(pintail.count("logs"), 20, "frame {frame}");
        pintail.assert_complete();
    }
    let frames: String = (0..20).map(|frame| format!("\n\tat shop.Frame{frame}")).collect();
    let last = pintail.value("select message from logs order by ts desc limit 1");
    assert_eq!(last, format!("message 19{frames}"));
}

/// A file that must not grow beyond a size fails as a full disk does.
#[test]
fn a_full_disk_is_a_clear_error_and_the_next_run_goes_on_from_there() {
    for (megabytes, on_signal) in [(1, "trap '' XFSZ; "), (4, "trap '' XFSZ; "), (4, "")] {
        let pintail = Pintail::new();
        pintail.ok(["generate", "--lines", "600000", "--rate", "500", "--output", "app.log"]);
        // POSIX counts blocks of 512 bytes.
        let script =
            format!("{on_signal}ulimit -f {}; exec \"$0\" ingest app.log", megabytes * 2048);
        let mut command = Command::new("sh");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_pintail")]).current_dir(pintail.dir());
        command.env_remove("PINTAIL_DB").stdout(Stdio::piped()).stderr(Stdio::piped());
        let run = finish(command.spawn().unwrap(), Vec::new());
        if on_signal.is_empty() {
            assert_ne!(run.code, Some(0), "the limit is reached: {run:?}");
        } else {
            assert_full_disk_is_said(&run);
        }
        pintail.ok(["ingest", "app.log"]);
        assert_eq!(pintail.count("logs"), 600_000, "{megabytes} MB");
        pintail.assert_complete();
    }
}

fn assert_full_disk_is_said(run: &Run) {
    assert_eq!(run.code, Some(1), "{run:?}");
    let said = run.stderr.to_lowercase();
    assert!(said.contains("file too large") || said.contains("no space left"), "{run:?}");
    assert!(!said.contains("panicked"), "{run:?}");
}

fn seed() -> u64 {
    std::env::var("PINTAIL_SEED").map_or(20_260_105, |seed| seed.parse().unwrap())
}

fn ingest(workers: u64, database: &str) -> Vec<String> {
    // Lines that are no log are to be rejects here, not records with the time of their file.
    let reject = ["--undated", "reject"];
    let args = ["ingest", "logs", "--workers", &workers.to_string(), "--db", database];
    args.iter().chain(&reject).map(|arg| (*arg).to_owned()).collect()
}

/// Starts a run and kills it; `false` if it was done before.
fn killed_after(pintail: &Pintail, args: Vec<String>, moment: Duration) -> bool {
    let mut child = pintail.command(args).spawn().unwrap();
    // Not to wait for anything: the moment is what is tried.
    std::thread::sleep(moment);
    child.kill().unwrap();
    let run = finish(child, Vec::new());
    assert!(matches!(run.code, None | Some(0)), "{run:?}");
    run.code.is_none()
}

/// What a kill leaves can be asked at once, or is no database yet.
fn readable_records(pintail: &Pintail, database: &str) -> u64 {
    let run = pintail.run(["sql", "--db", database, "select count(*) from logs"]);
    if run.code == Some(1) && run.stderr.contains("no such database") {
        return 0;
    }
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    run.stdout.lines().nth(1).unwrap().parse().unwrap()
}

/// Several files, so written that transactions end in the middle of them: `jumping`
/// has a minute of its own for every line (a transaction holds 200,000 counts), `garbage`
/// is no log (a transaction holds 100,000 rejects).
fn write_logs(pintail: &Pintail) {
    std::fs::create_dir(pintail.path("logs")).unwrap();
    let event = |n: u64, millis_apart: i64| {
        let start = chrono::DateTime::from_timestamp_millis(1_600_000_000_000).unwrap();
        let at = start + chrono::TimeDelta::milliseconds(n as i64 * millis_apart);
        format!("{} INFO payment: event {n}\n", at.format("%Y-%m-%d %H:%M:%S%.3f"))
    };
    let jumping: String = JUMPING.map(|n| event(n, 60_000)).collect();
    let steady: String = STEADY.map(|n| event(n, 3)).collect();
    let packed: String = PACKED.map(|n| event(n, 3)).collect();
    let traces: String =
        TRACES.map(|n| event(n, 3) + &format!("\tat shop.A {n}\n\n\tat shop.B\n")).collect();
    let mut garbage = String::new();
    for n in 0..GARBAGE {
        writeln!(garbage, "no log: {n}").unwrap();
    }
    pintail.write("logs/jumping.log", jumping);
    pintail.write("logs/steady.log", steady);
    pintail.write("logs/packed.log.gz", gzip(packed));
    pintail.write("logs/traces.log", traces);
    pintail.write("logs/garbage.log", garbage);
}

fn assert_all_in_once(pintail: &Pintail, database: &str) {
    let check = format!(
        "with events as (
            select regexp_extract(message, '^event (\\d+)', 1)::bigint as n, message from logs
        )
        select
            count(*) = {events}
            and count(distinct n) = {events}
            and min(n) = 0
            and max(n) = {events} - 1
            and count(*) filter (
                where n >= {traces}
                and message <> format(E'event {{}}\\n\\tat shop.A {{}}\\n\\n\\tat shop.B', n, n)
            ) = 0
            and (select count(*) = {GARBAGE} and count(distinct line) = {GARBAGE} from rejects)
            and (select count(*) = 5 from sources) as once
        from events",
        events = TRACES.end,
        traces = TRACES.start,
    );
    let answer = pintail.ok(["sql", "--db", database, &check]);
    assert_eq!(answer, "once\ntrue\n", "{database}");
    pintail.assert_complete_in(database);
}
