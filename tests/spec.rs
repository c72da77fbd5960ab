//! Runs the specification: every tests/spec/**/*.md is prose with pairs of blocks, a
//! `~~~ log` block of input and the `~~~ records` block it must become.
//!
//! After `~~~ log` may stand settings: `zone=Europe/Berlin`, `reference=2026-11-22T12:00:00Z`
//! (what decides missing years), `format=NAME`, `undated=arrival|mtime|reject` (without it lines
//! without a time are rejects), `bytes` (the block is Rust-escaped text
//! such as `\xff\0\x1b[1m`, for bytes that a Markdown file cannot hold).
//!
//! The first line of a records block is the detected format with its score, then one line
//! an outcome: a record as JSON, or `reject: REASON | LINE`.
//!
//! `UPDATE_SPEC=1 cargo test --test spec` writes what comes out into the files; read
//! the diff before committing it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use pintail::parse::dialect::SAMPLE_LINES_MAX;
use pintail::parse::time::{TimeRules, Undated, Zone};
use pintail::parse::{Dialect, Sink, formats, lines, read_block};
use pintail::record::{Fields, Record};

const INPUT: &str = "~~~ log";
const EXPECTED: &str = "~~~ records";
const FENCE: &str = "~~~";

#[test]
fn formats_read_as_specified() {
    let update = std::env::var_os("UPDATE_SPEC").is_some();
    let mut failures = String::new();
    let mut cases = 0;
    for path in spec_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spec")) {
        let text = std::fs::read_to_string(&path).unwrap();
        let rewritten = run_file(&path, &text, &mut cases, &mut failures);
        if update && rewritten != text {
            std::fs::write(&path, rewritten).unwrap();
        }
    }
    assert!(cases > 0, "no cases found in tests/spec");
    assert!(update || failures.is_empty(), "{failures}");
    println!("{cases} cases");
}

fn spec_files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = walkdir::WalkDir::new(dir)
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    files.sort();
    files
}

/// Runs the cases of one file; returns the file with what came out as what is expected.
fn run_file(path: &Path, text: &str, cases: &mut usize, failures: &mut String) -> String {
    let mut rewritten = String::new();
    let mut lines = text.lines().enumerate();
    let mut actual: Option<String> = None;
    while let Some((number, line)) = lines.next() {
        rewritten.push_str(line);
        rewritten.push('\n');
        if let Some(settings) = line.strip_prefix(INPUT) {
            assert!(
                actual.is_none(),
                "{}:{}: input without records before it",
                path.display(),
                number
            );
            let input: Vec<&str> =
                lines.by_ref().map(|(_, line)| line).take_while(|line| *line != FENCE).collect();
            for line in &input {
                writeln!(rewritten, "{line}").unwrap();
            }
            writeln!(rewritten, "{FENCE}").unwrap();
            actual = Some(read(settings, &input.join("\n")));
        } else if line == EXPECTED {
            let expected: String = lines
                .by_ref()
                .map(|(_, line)| line)
                .take_while(|line| *line != FENCE)
                .fold(String::new(), |text, line| text + line + "\n");
            let actual = actual.take().unwrap_or_else(|| {
                panic!("{}:{}: records without input", path.display(), number + 1)
            });
            if actual != expected {
                writeln!(
                    failures,
                    "\n{}:{}\nexpected:\n{expected}actual:\n{actual}",
                    path.display(),
                    number + 1
                )
                .unwrap();
            }
            rewritten.push_str(&actual);
            writeln!(rewritten, "{FENCE}").unwrap();
            *cases += 1;
        }
    }
    assert!(actual.is_none(), "{}: the last input has no records block", path.display());
    rewritten
}

/// Reads a block of input as a source of its own.
fn read(settings: &str, input: &str) -> String {
    let mut zone = Zone::UTC;
    let mut reference = "2026-11-22T12:00:00Z".to_owned();
    let mut format = None;
    let mut undated = Undated::Reject;
    let mut bytes = input.as_bytes().to_vec();
    for setting in settings.split_whitespace() {
        match setting.split_once('=') {
            Some(("zone", name)) => zone = Zone::from_name(name).expect("a known zone"),
            Some(("reference", at)) => reference = at.to_owned(),
            Some(("format", name)) => format = Some(name.to_owned()),
            Some(("undated", name)) => undated = Undated::from_name(name).expect("a known way"),
            None if setting == "bytes" => bytes = unescape(input),
            _ => panic!("unknown setting {setting}"),
        }
    }
    let reference = TimeRules::new(Zone::UTC, 0).whole(&reference).expect("a timestamp");
    let rules = TimeRules::of_file(zone, reference, reference, undated);
    let cleaned: Vec<String> = bytes
        .split(|&b| b == b'\n')
        .take(SAMPLE_LINES_MAX)
        .map(|line| lines::clean(line).0.into_owned())
        .collect();
    let sample: Vec<&str> = cleaned.iter().map(String::as_str).collect();
    let dialect = match format {
        Some(name) => {
            let kind = formats::by_name(&name).expect("a built-in format");
            Dialect::forced((kind.recognise)(&sample).expect("a source of that format"), rules)
        }
        None => Dialect::detect(&sample, &[], rules),
    };
    let mut out = Outcomes::default();
    read_block(&dialect, &bytes, &mut out);
    let found = match dialect.main() {
        Some(score) => format!("{} {:.2}", score.format, score.share),
        None => "none".to_owned(),
    };
    format!("{found}\n{}", out.text())
}

/// Collects outcomes as lines of text, in the order of the input.
#[derive(Default)]
struct Outcomes {
    done: Vec<Outcome>,
}

enum Outcome {
    Record { ts: i64, head: [Option<String>; 3], message: String, fields: Fields },
    Reject(String),
}

impl Sink for Outcomes {
    fn record(&mut self, record: &Record<'_>, _end: usize) {
        self.done.push(Outcome::Record {
            ts: record.ts,
            head: [
                record.level.map(|level| level.name().to_owned()),
                record.service.as_ref().map(|service| service.to_string()),
                record.host.as_ref().map(|host| host.to_string()),
            ],
            message: record.message.to_string(),
            fields: record.fields.clone(),
        });
    }

    fn extend(&mut self, line: &str, _end: usize) {
        let last = self.done.iter_mut().rev().find_map(|outcome| match outcome {
            Outcome::Record { message, .. } => Some(message),
            Outcome::Reject(_) => None,
        });
        let message = last.expect("a continuation follows a record");
        message.push('\n');
        message.push_str(line);
    }

    fn reject(&mut self, reason: &'static str, line: &str, _start: usize, _end: usize) {
        self.done.push(Outcome::Reject(format!("reject: {reason} | {line}")));
    }
}

impl Outcomes {
    fn text(&self) -> String {
        let mut text = String::new();
        for outcome in &self.done {
            match outcome {
                Outcome::Reject(line) => writeln!(text, "{line}").unwrap(),
                Outcome::Record { ts, head, message, fields } => {
                    writeln!(text, "{}", record_line(*ts, head, message, fields)).unwrap();
                }
            }
        }
        text
    }
}

fn record_line(ts: i64, head: &[Option<String>; 3], message: &str, fields: &Fields) -> String {
    let at = chrono::DateTime::from_timestamp_micros(ts).expect("a time chrono can show");
    let mut line = Fields::default();
    line.str("ts", &at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true));
    for (key, value) in ["level", "service", "host"].into_iter().zip(head) {
        if let Some(value) = value {
            line.str(key, value);
        }
    }
    line.str("message", message);
    if !fields.is_empty() {
        let object = format!("{{{}}}", fields.as_str());
        // Whatever a format writes must be JSON.
        serde_json::from_str::<serde_json::Value>(&object)
            .unwrap_or_else(|error| panic!("fields are not JSON ({error}): {object}"));
        line.raw("fields", &object);
    }
    format!("{{{}}}", line.as_str())
}

/// `\n`, `\r`, `\t`, `\0`, `\\` and `\xHH` to bytes.
fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes().iter().copied();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next() {
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'0') => 0,
            Some(b'\\') => b'\\',
            Some(b'x') => {
                let digits: String = rest.by_ref().take(2).map(char::from).collect();
                u8::from_str_radix(&digits, 16).expect("two hexadecimal digits")
            }
            other => panic!("unknown escape {other:?}"),
        });
    }
    bytes
}

#[test]
fn every_format_is_in_the_docs() {
    let docs = include_str!("../docs/formats.md");
    for kind in formats::KINDS {
        assert!(docs.contains(&format!("`{}`", kind.name)), "docs/formats.md lacks {}", kind.name);
    }
}
