//! What the tests of the binary share: a directory of one's own, runs that cannot hang,
//! answers as JSON, and what must be true of every database.

#![allow(dead_code)] // Compiled into every test binary, each of which uses a part of it.

pub mod certificate;
pub mod client;
pub mod disk;
pub mod h2;
pub mod server;
pub mod syslog;

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Longer than anything here takes on a slow machine: what takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// Bytes of UTF-8's, which is not part of what is taken in.
const BYTE_ORDER_MARK: u64 = 3;

/// The binary, in a directory of its own where its database is pintail.duckdb.
pub struct Pintail {
    dir: TempDir,
}

/// What a run left.
#[derive(Debug)]
pub struct Run {
    /// `None` if a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Pintail {
    pub fn new() -> Pintail {
        Pintail { dir: tempfile::tempdir().unwrap() }
    }

    /// With a file loaded.
    pub fn with(name: &str, text: impl AsRef<[u8]>) -> Pintail {
        let pintail = Pintail::new();
        pintail.write(name, text);
        pintail.ok(["ingest", name]);
        pintail
    }

    /// With a file of data/ loaded.
    pub fn with_data(name: &str) -> Pintail {
        let pintail = Pintail::new();
        pintail.ok([OsStr::new("ingest"), data(name).as_os_str()]);
        pintail
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file in place: an existing one keeps its inode.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub fn append(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let mut file = std::fs::OpenOptions::new().append(true).open(self.path(name)).unwrap();
        file.write_all(bytes.as_ref()).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pintail"));
        command
            .args(args)
            .current_dir(self.dir())
            .env_remove("PINTAIL_DB")
            .env("XDG_STATE_HOME", self.path("state"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Run {
        finish(self.command(args).spawn().unwrap(), Vec::new())
    }

    /// A run with `input` at its standard input.
    pub fn run_with<S: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = S>,
        input: impl Into<Vec<u8>>,
    ) -> Run {
        finish(self.command(args).stdin(Stdio::piped()).spawn().unwrap(), input.into())
    }

    /// A run that must succeed without a word of complaint; returns what it printed.
    pub fn ok<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> String {
        let run = self.run(args);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{}", run.stdout);
        run.stdout
    }

    /// A run that must end with this code; returns its complaint.
    pub fn fails<S: AsRef<OsStr>>(&self, code: i32, args: impl IntoIterator<Item = S>) -> String {
        let run = self.run(args);
        assert_eq!(run.code, Some(code), "{run:?}");
        assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
        run.stderr
    }

    /// Loads; returns the printed summary, whose numbers must add up.
    pub fn ingest<S: AsRef<OsStr>>(&self, paths: impl IntoIterator<Item = S>) -> Summary {
        let paths: Vec<S> = paths.into_iter().collect();
        let args = [OsStr::new("ingest")].into_iter().chain(paths.iter().map(AsRef::as_ref));
        Summary::of(&self.ok(args))
    }

    /// The rows of a query, each an object.
    pub fn sql(&self, query: &str) -> Vec<Value> {
        self.sql_in("pintail.duckdb", query)
    }

    pub fn sql_in(&self, database: &str, query: &str) -> Vec<Value> {
        let run = self.run_with(["sql", "--db", database, "--format", "jsonl", "-"], query);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{query}");
        run.stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect()
    }

    /// The only value of a query's only row.
    pub fn value(&self, query: &str) -> Value {
        let rows = self.sql(query);
        let [Value::Object(row)] = &rows[..] else {
            panic!("not one row: {rows:?}");
        };
        row.values().next().cloned().unwrap()
    }

    pub fn count(&self, of: &str) -> i64 {
        self.value(&format!("select count(*) from {of}")).as_i64().unwrap()
    }

    /// The first column of a query as texts.
    pub fn column(&self, query: &str) -> Vec<String> {
        let texts = self.sql(query).into_iter().map(|row| {
            match row.as_object().and_then(|row| row.values().next()) {
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
                None => panic!("a row without columns"),
            }
        });
        texts.collect()
    }

    pub fn messages(&self) -> Vec<String> {
        self.column("select message from logs order by ts, message")
    }

    /// What must be true of every database at rest, whatever happened to it: the counts
    /// agree with the records, and no byte of a source was taken in twice.
    pub fn assert_sound(&self) {
        self.assert_sound_in("pintail.duckdb");
    }

    /// [`Pintail::assert_sound`], and every file was taken in from its first byte to its last.
    pub fn assert_complete(&self) {
        self.assert_complete_in("pintail.duckdb");
    }

    pub fn assert_sound_in(&self, database: &str) {
        let broken = self.sql_in(database, include_str!("sound.sql"));
        assert!(broken.is_empty(), "{broken:#?}");
    }

    pub fn assert_complete_in(&self, database: &str) {
        self.assert_sound_in(database);
        let taken = self.sql_in(database, include_str!("taken.sql"));
        assert!(!taken.is_empty(), "no file was taken in");
        for file in taken {
            let name = file["name"].as_str().unwrap();
            let first = file["first"].as_u64().unwrap_or_else(|| panic!("nothing of {name}"));
            let last = file["last"].as_u64().unwrap();
            assert!(first == 0 || first == BYTE_ORDER_MARK, "{name} from {first} on");
            assert_eq!(file["bytes"], last - first, "{name} has gaps");
            let is_plain = ![".gz", ".zst", ".utf16"].iter().any(|end| name.ends_with(end));
            if is_plain {
                assert_eq!(last, std::fs::metadata(name).unwrap().len(), "{name} to its end");
            }
        }
    }
}

/// What `pintail ingest` prints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub lines: u64,
    pub records: u64,
    pub continuations: u64,
    pub skipped: u64,
    pub repaired: u64,
    pub rejects: u64,
    pub text: String,
}

impl Summary {
    fn of(text: &str) -> Summary {
        let number = |word: &str| word.replace(',', "").parse().unwrap();
        let mut summary = Summary { text: text.to_owned(), ..Summary::default() };
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                [lines, "line" | "lines", "from", ..] => summary.lines = number(lines),
                ["records", count, ..] => summary.records = number(count),
                ["continuations", count, ..] => summary.continuations = number(count),
                ["skipped", count, ..] => summary.skipped = number(count),
                ["repaired", count, ..] => summary.repaired = number(count),
                ["rejects", count, ..] => summary.rejects = number(count),
                _ => {}
            }
        }
        let sum = summary.records + summary.continuations + summary.skipped + summary.rejects;
        assert_eq!(summary.lines, sum, "every line is one of these\n{text}");
        summary
    }

    /// The names after `title` (grown, unchanged, replaced, empty, no logs).
    pub fn names(&self, title: &str) -> &str {
        let line = self.text.lines().find_map(|line| line.trim_start().strip_prefix(title));
        line.unwrap_or_default().trim()
    }
}

/// Waits for a run without waiting for ever.
pub fn finish(mut child: Child, input: Vec<u8>) -> Run {
    let pid = child.id();
    if let Some(mut stdin) = child.stdin.take() {
        // Who does not read all of it (`head`) closes the pipe: not this test's business.
        thread::spawn(move || drop(stdin.write_all(&input)));
    }
    let (send, receive) = mpsc::channel();
    thread::spawn(move || send.send(child.wait_with_output()));
    let Ok(output) = receive.recv_timeout(PATIENCE) else {
        Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap();
        panic!("pintail hangs");
    };
    let Output { status, stdout, stderr } = output.unwrap();
    Run {
        code: status.code(),
        stdout: String::from_utf8(stdout).expect("what is printed is UTF-8"),
        stderr: String::from_utf8(stderr).expect("what is printed is UTF-8"),
    }
}

/// Waits for a condition.
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < PATIENCE, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A file of data/.
pub fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name)
}

/// Line `n` of a log: one a second, from midnight on.
pub fn line(n: u64) -> String {
    let (hours, minutes, seconds) = (n / 3600, n / 60 % 60, n % 60);
    format!("2026-01-05 {hours:02}:{minutes:02}:{seconds:02}.000 INFO payment: message {n}\n")
}

pub fn lines(numbers: impl IntoIterator<Item = u64>) -> String {
    numbers.into_iter().map(line).collect()
}

/// What `lines` are in the database.
pub fn messages(numbers: impl IntoIterator<Item = u64>) -> Vec<String> {
    numbers.into_iter().map(|n| format!("message {n}")).collect()
}

pub fn gzip(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes.as_ref()).unwrap();
    encoder.finish().unwrap()
}

pub fn zstd(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    zstd::encode_all(bytes.as_ref(), 1).unwrap()
}
