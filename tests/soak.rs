//! A server for a long time: under a steady load nothing grows but the database, and that no
//! more than by what is stored; under more than it can take its memory stays bounded.
//!
//! PINTAIL_SOAK_SECONDS, PINTAIL_SOAK_RATE (records a second of all) and
//! PINTAIL_BACKPRESSURE_SECONDS say for how long and how much; `make soak` is the long one.

mod common;

mod soak {
    pub mod gauge;
    pub mod load;
    #[allow(dead_code)] // Each test uses a part of it.
    pub mod records;
}

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use common::Pintail;
use common::server::Server;
use common::syslog::address_of;
use serde_json::{Value, json};
use soak::gauge::{Gauge, mib};
use soak::load;

const SECONDS: u64 = 36;

/// What is not stored so long after it was sent is lost.
const PATIENCE: Duration = Duration::from_secs(30);

/// Half of what two cores take in while they have the clients, too; a quarter when Pintail is
/// built without optimisation.
const RATE: u64 = 20_000;

/// DuckDB keeps what it has read until this is full: small, so that it is full soon.
const DATABASE_MEMORY_MIB: u64 = 256;

/// What the process may take: DuckDB twice (see config.rs), and what is being taken in.
const RSS_MIB_MAX: f64 = 2.0 * DATABASE_MEMORY_MIB as f64 + 512.0;

/// Flat: the last third takes no more than the second, but for what machines and allocators do.
const RSS_GROWTH_MAX: f64 = 1.2;
const RSS_GROWTH_MIB_MAX: f64 = 64.0;

/// Medians of times on a machine that others use, too.
const TIME_GROWTH_MAX: f64 = 3.0;
const TIME_GROWTH_MS_MAX: f64 = 100.0;

/// DuckDB puts its write-ahead log into the database from 16 MiB on, a few commits later.
const LOG_MIB_MAX: f64 = 128.0;

/// Records that are loaded again, for comparison.
const COMPARED_MAX: u64 = 5_000_000;

/// How many times the bytes a record of a bulk load has.
const SIZE_MAX: f64 = 1.3;

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap())
}

#[test]
fn under_a_steady_load_nothing_grows_but_the_database() {
    let seconds = Duration::from_secs(variable("PINTAIL_SOAK_SECONDS").unwrap_or(SECONDS));
    let rate = variable("PINTAIL_SOAK_RATE").unwrap_or(RATE);
    let pintail = Pintail::new();
    let logs = pintail.path("logs");
    fs::create_dir(&logs).unwrap();
    let memory = DATABASE_MEMORY_MIB.to_string();
    let args = ["--syslog", "127.0.0.1:0", "--database-memory-mib", &memory, "logs"];
    let server = Server::start(&pintail, &args);
    let mut gauge = Gauge::new(&server, pintail.path("pintail.duckdb"));
    let mut sent = soaked(&mut gauge, &logs, seconds, rate);
    sent.push(("gauge", gauge.pushed));
    let total: u64 = sent.iter().map(|(_, count)| count).sum();
    gauge.show();
    until_stored(&server, &sent);
    assert_eq!(server.value("select sum(missing)::bigint from ledger"), 0);
    assert_flat(&gauge);
    drop(gauge);
    let said = server.stop();
    assert!(!said.contains("ERROR"), "{said}");
    pintail.assert_sound();
    assert_small_tables(&pintail);
    assert_size(&pintail, total);
}

/// Sends for a while, and looks at the server meanwhile; returns what was sent.
fn soaked(
    gauge: &mut Gauge<'_>,
    logs: &Path,
    seconds: Duration,
    rate: u64,
) -> Vec<(&'static str, u64)> {
    let server = gauge.server();
    let senders = load::senders(&server.address, address_of(server, "(tcp, udp)"), logs);
    let share = rate / senders.len() as u64;
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let ended = &ended;
        let threads: Vec<_> = senders
            .into_iter()
            .map(|(name, way)| (name, scope.spawn(move || load::send(name, way, share, ended))))
            .collect();
        // Also when something fails: else they go on for ever.
        let on_the_way_out = SetOnDrop(ended);
        let pause = (seconds / 60).max(Duration::from_millis(500));
        while gauge.elapsed() < seconds {
            std::thread::sleep(pause);
            gauge.look();
        }
        drop(on_the_way_out);
        threads.into_iter().map(|(name, thread)| (name, thread.join().unwrap())).collect()
    })
}

struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn assert_flat(gauge: &Gauge<'_>) {
    let rss = [1, 2].map(|third| gauge.of_third(third, |look| look.rss_mib));
    let commit = [1, 2].map(|third| gauge.of_third(third, |look| look.commit_ms));
    let query = [1, 2].map(|third| gauge.of_third(third, |look| look.query_ms));
    eprintln!("medians of the second and the last third:");
    eprintln!("  memory {:.0} and {:.0} MiB", rss[0], rss[1]);
    eprintln!("  a push of one record {:.1} and {:.1} ms", commit[0], commit[1]);
    eprintln!("  three queries {:.1} and {:.1} ms", query[0], query[1]);
    let most = gauge.most(|look| look.rss_mib);
    assert!(most < RSS_MIB_MAX, "{most} MiB");
    assert!(rss[1] < rss[0] * RSS_GROWTH_MAX + RSS_GROWTH_MIB_MAX, "memory grows: {rss:?}");
    for [before, after] in [commit, query] {
        let bound = before * TIME_GROWTH_MAX + TIME_GROWTH_MS_MAX;
        assert!(after < bound, "it gets slower: {before} ms, then {after} ms");
    }
    let files = [1, 2].map(|third| gauge.of_third(third, |look| look.files as f64));
    let threads = [1, 2].map(|third| gauge.of_third(third, |look| look.threads as f64));
    // Rotated files stay open for a moment.
    assert!(files[1] <= files[0] + 10.0, "files stay open: {files:?}");
    assert!(threads[1] <= threads[0] + 10.0, "threads stay: {threads:?}");
    let log = gauge.most(|look| look.log_mib);
    assert!(log < LOG_MIB_MAX, "the write-ahead log has {log} MiB");
}

/// Everything of everybody is there, and nothing twice: by number, count and sum.
fn until_stored(server: &Server, sent: &[(&'static str, u64)]) {
    let query = "select sender, count(*), sum(n)::bigint, max(n)
         from (
            select
                -- Text that comes in an envelope is stored as it was sent: pairs of logfmt by one.
                regexp_extract(message, 'Order (\\d+) of', 1)::bigint as n,
                regexp_extract(message, ' of (\\w+)', 1) as sender
            from logs
         )
         group by sender order by sender";
    // An error is shown as what was found instead.
    let found = || {
        let answer = server.sql(query).json();
        answer.get("rows").cloned().unwrap_or(answer)
    };
    let mut expected: Vec<Value> = sent
        .iter()
        .map(|&(sender, count)| json!([sender, count, count * (count - 1) / 2, count - 1]))
        .collect();
    expected.sort_by_key(|sender| sender[0].to_string());
    let (expected, started) = (Value::from(expected), Instant::now());
    while found() != expected && started.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(found(), expected);
}

/// What is kept beside the records does not grow with them.
fn assert_small_tables(pintail: &Pintail) {
    // Ranges of files are joined now and then, rotated ones stay. Partial counts are joined
    // every ten minutes, and until then every transaction leaves its own; keys are forgotten
    // then beyond the newest million.
    for (table, most) in [
        ("positions", 20_000),
        ("rollups", 1_000_000),
        ("intake", 1_000_000),
        ("receipts", 5_000_000),
    ] {
        let count = pintail.count(table);
        eprintln!("  {table}: {count} rows");
        assert!(count < most, "{table} has {count} rows");
    }
}

/// Bytes of a database per record, in all, and of the table of records.
struct Size {
    whole: f64,
    logs: f64,
    /// Records of a row group.
    group: f64,
}

impl Size {
    fn of(pintail: &Pintail, database: &str) -> Size {
        let row = &pintail.sql_in(
            database,
            "select
                (select count(*) from logs) as records,
                count(distinct row_group_id) as groups,
                count(distinct block_id) filter (block_id >= 0) * 262144 as bytes
             from pragma_storage_info('logs')",
        )[0];
        let number = |name: &str| row[name].as_f64().unwrap();
        let records = number("records");
        Size {
            whole: mib(&pintail.path(database)) * f64::from(1 << 20) / records,
            logs: number("bytes") / records,
            group: records / number("groups"),
        }
    }
}

fn assert_size(pintail: &Pintail, total: u64) {
    let query = format!(
        "select json_merge_patch(
            json_object('time', ts, 'level', level, 'service', service, 'host', host, 'message', message),
            coalesce(fields, '{{}}')
         ) as line
         from logs order by rowid limit {COMPARED_MAX}"
    );
    let lines = pintail.path("again.jsonl");
    let mut command = pintail.command(["sql", "--format", "jsonl", &query]);
    assert!(command.stdout(fs::File::create(&lines).unwrap()).status().unwrap().success());
    unwrap_lines(&lines);
    pintail.ok(["ingest", "--quiet", "--db", "bulk.duckdb", "again.jsonl"]);
    let (soaked, loaded) = (Size::of(pintail, "pintail.duckdb"), Size::of(pintail, "bulk.duckdb"));
    let receipts = 32.0 * pintail.count("receipts") as f64 / total as f64;
    eprintln!("{total} records; bytes a record, loaded in bulk, and records a row group");
    eprintln!(
        "  whole {:.1}, {:.1} ({receipts:.1} of it may be receipts)",
        soaked.whole, loaded.whole
    );
    eprintln!("  logs  {:.1}, {:.1}", soaked.logs, loaded.logs);
    eprintln!("  {:.0}, {:.0}", soaked.group, loaded.group);
    assert!(soaked.logs < loaded.logs * SIZE_MAX, "{} and {}", soaked.logs, loaded.logs);
    // Some blocks are free at any time: they are written again.
    let free = f64::from(16 << 20) / total as f64;
    let most = loaded.whole * SIZE_MAX + receipts + free;
    assert!(soaked.whole < most, "{} and {most}", soaked.whole);
    assert!(soaked.group > loaded.group / 2.0, "{} and {}", soaked.group, loaded.group);
}

/// From `{"line":{…}}` to `{…}`.
fn unwrap_lines(path: &Path) {
    use std::io::{BufRead, BufReader, BufWriter, Write};
    let unwrapped = path.with_extension("part");
    let mut to = BufWriter::new(fs::File::create(&unwrapped).unwrap());
    for line in BufReader::new(fs::File::open(path).unwrap()).lines() {
        let line = line.unwrap();
        let inner = line.strip_prefix("{\"line\":").and_then(|line| line.strip_suffix('}'));
        writeln!(to, "{}", inner.unwrap()).unwrap();
    }
    to.flush().unwrap();
    fs::rename(unwrapped, path).unwrap();
}
