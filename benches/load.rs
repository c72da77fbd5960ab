//! `make bench`: how fast lines are parsed and loaded, side by side with DuckDB's own SQL
//! on the same file in the same run, what that takes in memory and on disk, and how long
//! the questions of a dashboard take. Medians; nothing here can fail for being slow.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pintail::generate::{Format, Generator, Plan};
use pintail::parse::{Dialect, Sink, TimeRules, Zone, read_block};
use pintail::record::Record;

const LINES: u64 = 5_000_000;
const LINES_OF_OTHER_FORMATS: u64 = 1_000_000;
const RUNS: usize = 5;
/// Text that each parser reads.
const PARSE_BYTES: usize = 32 << 20;

fn main() {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench");
    std::fs::create_dir_all(&dir).expect("the target folder is writable");
    parse_speeds();
    let text = generated(&dir, Format::Text, LINES);
    load_against_duckdb(&dir, &text);
    load_other_formats(&dir);
    std::fs::remove_dir_all(&dir).expect("the bench's own files can be removed");
}

/// A generated log, written once.
fn generated(dir: &Path, format: Format, lines: u64) -> PathBuf {
    let path = dir.join(format!("{lines}.{format:?}.log").to_lowercase());
    let plan = Plan { lines: Some(lines), duration_ms: None, format, ..Plan::default() };
    let generator = Generator::new(&plan).expect("the plan is valid");
    let mut output =
        pintail::generate::Output::file(&path, format, None).expect("the file can be written");
    let threads = pintail::config::cores();
    generator.run(threads, &mut |batch| output.write(batch)).expect("generating works");
    output.flush().expect("the file can be written");
    path
}

/// Nanoseconds a line for every format that the specification has lines of.
fn parse_speeds() {
    println!("Parsing, one thread");
    println!("  {:<14} {:>9} {:>12} {:>8}", "format", "ns/line", "lines/s", "MB/s");
    for (name, sample) in spec_samples() {
        let copies = (PARSE_BYTES / sample.len()).max(1);
        let text = sample.repeat(copies);
        let sample: Vec<&str> = text.lines().take(250).collect();
        let dialect = Dialect::detect(&sample, &[], TimeRules::new(Zone::UTC, now()));
        let mut lines = 0;
        let elapsed = median((0..RUNS).map(|_| {
            let started = Instant::now();
            let mut counter = Counter::default();
            lines = read_block(&dialect, text.as_bytes(), &mut counter).lines;
            assert!(counter.records > 0, "{name} reads its own sample");
            started.elapsed()
        }));
        let seconds = elapsed.as_secs_f64();
        println!(
            "  {name:<14} {:>9.0} {:>12.0} {:>8.0}",
            seconds * 1e9 / lines as f64,
            lines as f64 / seconds,
            text.len() as f64 / seconds / 1e6,
        );
    }
}

/// A sample of every format: generated where the generator can, else the first block of
/// log lines in the format's specification.
fn spec_samples() -> Vec<(String, String)> {
    let mut samples: Vec<(String, String)> = [
        ("text*", Format::Text),
        ("csv*", Format::Csv),
        ("json*", Format::Json),
        ("access*", Format::Nginx),
    ]
    .into_iter()
    .map(|(name, format)| {
        let plan = Plan { lines: Some(100_000), duration_ms: None, format, ..Plan::default() };
        let bytes = plan.to_bytes(pintail::config::cores()).expect("the plan is valid");
        (name.to_owned(), String::from_utf8(bytes).expect("generated logs are UTF-8"))
    })
    .collect();
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spec/formats");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(dir)
        .expect("the specification is there")
        .map(|entry| entry.expect("the specification is readable").path())
        .collect();
    paths.sort();
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("the specification is readable");
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if let Some((_, rest)) = text.split_once("\n~~~ log\n")
            && let Some((block, _)) = rest.split_once("\n~~~\n")
        {
            samples.push((name, format!("{block}\n")));
        }
    }
    samples
}

#[derive(Default)]
struct Counter {
    records: u64,
}

impl Sink for Counter {
    fn record(&mut self, record: &Record<'_>, _end: usize) {
        self.records +=
            u64::from(!std::hint::black_box(record).message.is_empty() || record.ts != 0);
    }

    fn extend(&mut self, _line: &str, _end: usize) {}

    fn reject(&mut self, _reason: &'static str, _line: &str, _start: usize, _end: usize) {}
}

/// The main job against the same file loaded by DuckDB's own SQL, in turns.
fn load_against_duckdb(dir: &Path, log: &Path) {
    println!("\nLoading {LINES} lines of text, {} MB", size(log) / 1_000_000);
    let (ours, theirs) = (dir.join("pintail.duckdb"), dir.join("sql.duckdb"));
    let (mut pintail, mut memory) = (Vec::new(), 0);
    let mut sql = [Vec::new(), Vec::new()];
    for _ in 0..RUNS {
        let (elapsed, peak) = ingest(log, &ours);
        pintail.push(elapsed);
        memory = memory.max(peak);
        for (times, columns) in sql.iter_mut().zip([REGEX_A_COLUMN, ONE_REGEX]) {
            times.push(ingest_with_sql(log, &theirs, columns));
        }
    }
    let pintail = median(pintail);
    let rate = |elapsed: Duration| LINES as f64 / elapsed.as_secs_f64();
    println!(
        "  pintail ingest (all columns, rollups, positions)    {:>10.0} lines/s",
        rate(pintail)
    );
    let names = ["a regexp_extract for each column", "one regexp_extract for all"];
    for (name, times) in names.into_iter().zip(sql) {
        let theirs = median(times);
        println!(
            "  DuckDB SQL, {name:<34}      {:>10.0} lines/s   ratio {:.2}",
            rate(theirs),
            rate(pintail) / rate(theirs)
        );
    }
    println!("  peak memory                                         {:>10} MiB", memory / 1024);
    println!(
        "  database                                            {:>10.1} bytes/line (DuckDB SQL, four columns: {:.1})",
        size(&ours) as f64 / LINES as f64,
        size(&theirs) as f64 / LINES as f64
    );
    query_times(&ours);
}

fn load_other_formats(dir: &Path) {
    println!("\nLoading {LINES_OF_OTHER_FORMATS} lines of other formats");
    for format in [Format::Json, Format::Csv, Format::Nginx] {
        let log = generated(dir, format, LINES_OF_OTHER_FORMATS);
        let database = dir.join("other.duckdb");
        let elapsed = median((0..RUNS).map(|_| ingest(&log, &database).0));
        println!(
            "  {:<24}  {:>10.0} lines/s   {:>4.0} MB/s   {:.1} bytes/line in the database",
            format!("{format:?}").to_lowercase(),
            LINES_OF_OTHER_FORMATS as f64 / elapsed.as_secs_f64(),
            size(&log) as f64 / elapsed.as_secs_f64() / 1e6,
            size(&database) as f64 / LINES_OF_OTHER_FORMATS as f64,
        );
    }
}

/// Runs the real binary; returns how long it took and its peak memory in KiB.
fn ingest(log: &Path, database: &Path) -> (Duration, u64) {
    remove(database);
    let started = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_pintail"))
        .args(["ingest", "--quiet", "--db"])
        .args([database, log])
        .stdout(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let mut peak = 0;
    let status = loop {
        peak = peak.max(peak_memory_kib(child.id()));
        if let Some(status) = child.try_wait().expect("the child can be waited for") {
            break status;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    assert!(status.success(), "ingest succeeds");
    (started.elapsed(), peak)
}

/// The kernel's high-water mark of a process; 0 where there is no /proc.
fn peak_memory_kib(process: u32) -> u64 {
    std::fs::read_to_string(format!("/proc/{process}/status"))
        .ok()
        .and_then(|status| {
            let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
            line.split_whitespace().nth(1)?.parse().ok()
        })
        .unwrap_or(0)
}

/// The four columns as people write it first.
const REGEX_A_COLUMN: &str = r"
    strptime(regexp_extract(line, '^(\S+ \S+) (\S+) (\S+) (.*)$', 1), '%Y-%m-%d %H:%M:%S.%g'),
    regexp_extract(line, '^(\S+ \S+) (\S+) (\S+) (.*)$', 2)::level,
    regexp_extract(line, '^(\S+ \S+) (\S+) (\S+) (.*)$', 3),
    regexp_extract(line, '^(\S+ \S+) (\S+) (\S+) (.*)$', 4)
from lines";

/// The fastest way known to us: the expression runs once a line.
const ONE_REGEX: &str = r"
    strptime(p.ts, '%Y-%m-%d %H:%M:%S.%g'), p.level::level, p.service, p.message
from (
    select regexp_extract(
        line, '^(\S+ \S+) (\S+) (\S+) (.*)$', ['ts', 'level', 'service', 'message']
    ) as p
    from lines
)";

/// The same log through DuckDB's own SQL: its CSV reader as a line reader, a regular
/// expression, all cores, checkpointed like ours.
fn ingest_with_sql(log: &Path, database: &Path, columns: &str) -> Duration {
    remove(database);
    let started = Instant::now();
    let connection = duckdb::Connection::open(database).expect("the database opens");
    let sql = format!(
        r"create type level as enum ('TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL');
        create table logs (ts timestamp, level level, service varchar, message varchar);
        insert into logs
        with lines as (
            from read_csv('{}', columns = {{'line': 'varchar'}}, delim = '\x01', quote = '',
                          escape = '', header = false, auto_detect = false)
        )
        select {columns};
        checkpoint;",
        log.display()
    );
    connection.execute_batch(&sql).expect("the statement runs");
    drop(connection);
    started.elapsed()
}

/// What a dashboard asks, in milliseconds.
fn query_times(database: &Path) {
    let connection = duckdb::Connection::open(database).expect("the database opens");
    let queries = [
        (
            "volume by minute and level",
            "select minute, level, sum(n) from rollups group by all order by all",
        ),
        ("errors per service", "from services order by errors desc"),
        ("z-score of errors per minute (detector)", ""),
        ("newest 100 records", "from logs order by ts desc limit 100"),
        (
            "ten minutes of records",
            "select count(*), max(message) from logs where ts >= timestamp '2026-01-05 06:00' and ts < timestamp '2026-01-05 06:10'",
        ),
        (
            "text search in all messages",
            "select count(*) from logs where contains(message, 'timed out')",
        ),
        ("count by level from the records", "select level, count(*) from logs group by all"),
    ];
    println!("  queries, median of {RUNS}");
    let detector = detector_sql();
    for (name, sql) in queries {
        let sql = if sql.is_empty() { &detector } else { sql };
        let elapsed = median((0..RUNS).map(|_| {
            let started = Instant::now();
            let mut statement = connection.prepare(sql).expect("the query is valid");
            let rows =
                statement.query_arrow([]).expect("the query runs").map(|batch| batch.num_rows());
            std::hint::black_box(rows.sum::<usize>());
            started.elapsed()
        }));
        println!("    {name:<40} {:>8.1} ms", elapsed.as_secs_f64() * 1e3);
    }
}

/// The default detector with its default parameters written in.
fn detector_sql() -> String {
    let mut sql = include_str!("../sql/detect/zscore.sql").to_owned();
    for (name, value) in [
        ("$level", "'ERROR'"),
        ("$service", "null"),
        ("$window", "120"),
        ("$guard", "5"),
        ("$threshold", "3"),
        ("$from", "null"),
        ("$to", "null"),
        ("$now", "'2026-02-01'"),
    ] {
        sql = sql.replace(name, value);
    }
    sql
}

fn median(times: impl IntoIterator<Item = Duration>) -> Duration {
    let mut times: Vec<Duration> = times.into_iter().collect();
    times.sort_unstable();
    times[times.len() / 2]
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).expect("the file is there").len()
}

fn remove(database: &Path) {
    for suffix in ["", ".wal"] {
        let mut path = String::new();
        write!(path, "{}{suffix}", database.display()).expect("a string can be written");
        if Path::new(&path).exists() {
            std::fs::remove_file(&path).expect("an old database can be removed");
        }
    }
}

fn now() -> i64 {
    1_790_000_000_000_000
}
