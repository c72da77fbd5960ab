//! The rules by which all protocols map what they carry to columns, so that a record is the
//! same whichever way it came.
//!
//! | column | is |
//! |---|---|
//! | `ts` | the item's own time (OTLP `timeUnixNano`, else `observedTimeUnixNano`; Elasticsearch `@timestamp`; HEC `time`; Loki's); else, for objects, the time they state; else the moment of arrival. A time outside of the years 1 to 9999 is an error of the item |
//! | `level` | OTLP's severity number, else its text; a label, attribute or field named `level`, `severity` and the like; what the text states clearly; `detected_level` |
//! | `service` | `service.name`, `service_name`, `service`, `app` and the like, also of an object; as stand-ins `k8s.deployment.name`, `container`, `unit`, `job`, HEC's `sourcetype` and `source`, a data stream's data set |
//! | `host` | `host.name`, `hostname`, `host`, also of an object; as stand-ins `node`, `instance` |
//! | `message` | the text, byte for byte; of an object its message |
//! | `fields` | everything else: the other members of an object, labels and attributes by their names, `resource`, `scope`, `trace_id`, `span_id`, the request's `tenant`, what a format reads in the text |
//!
//! A value that fills a column is no field, but a stand-in is both. What says otherwise than the
//! value that fills the column is a field: a label under its name, what the text says as
//! `text.level`, `text.service`, `text.host`. A label with the name of a member of an object gets
//! a prefix: `labels.status`.
//!
//! Text is a Loki line, a HEC event that is a string, an OTLP body that is a string, and the
//! message of a document without a level, which is what a shipper of files sends. It came in
//! an envelope that has a time of its own, so nothing is taken out of it:
//!
//! - Text that is a JSON object with a message of its own is a record that a program wrote as
//!   JSON. It is opened: its message is the message, its other members are fields, and so is a
//!   time in it that is not the envelope's to the microsecond.
//! - All other text is the message as it is. A level that it states clearly fills a level that
//!   nothing else states. Where a format of a logger or server reads the text, what the format
//!   reads becomes fields beside the message (`status` of an access log); where such a field
//!   has the name of another, it is called `text.NAME`.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use super::Parcel;
use super::settings::Settings;
use crate::parse::formats::json::value::Value;
use crate::parse::formats::labels::key_beside;
use crate::parse::formats::{by_name, json};
use crate::parse::level::level_of_message;
use crate::parse::lines::{LINE_BYTES_MAX, REASON_TOO_LONG, beginning, without_escapes};
use crate::parse::{Format, Sink, TimeRules, Zone};
use crate::record::{Fields, Micros, Record};

/// Texts of a request that formats are fitted to. Fitting costs a hundred times as much as
/// reading, and most requests have some hundred records of one kind.
pub const SAMPLE_TEXTS_MAX: usize = 24;

pub const REASON_OUT_OF_REACH: &str = "timestamp outside of the years 1 to 9999";
pub const REASON_UNREADABLE_TIME: &str = "unreadable timestamp";

/// Years 1 to 9999: what can be added to a time without leaving what DuckDB holds.
pub fn is_in_reach(at: Micros) -> bool {
    const YEAR_1: Micros = -62_135_596_800_000_000;
    const YEAR_9999: Micros = 253_402_300_799_999_999;
    (YEAR_1..=YEAR_9999).contains(&at)
}

/// What reads the texts of a request.
pub struct Texts {
    /// Formats of the first texts, the most specific first.
    formats: Vec<&'static Arc<dyn Format>>,
}

/// What a format reads in a text that stays as it is.
#[derive(Debug, Default)]
pub struct Said {
    fields: Fields,
}

/// The formats that say by their form that a logger or a server wrote the line. Others read
/// whatever has a date in it, and a sentence may have one.
static FORMATS: LazyLock<Vec<Arc<dyn Format>>> = LazyLock::new(|| {
    const NAMES: [&str; 21] = [
        "logfmt",
        "audit",
        "syslog5424",
        "syslog3164",
        "access",
        "gin",
        "httpd_error",
        "nginx_error",
        "postgres",
        "mysql",
        "redis",
        "glog",
        "logcat",
        "ruby",
        "monolog",
        "zap",
        "jul",
        "rust",
        "log4j",
        "python",
        "text",
    ];
    let named = NAMES.iter().filter_map(|name| by_name(name));
    // Fitted to a sentence, so that a text means the same alone and among others, and a word is
    // a level only if it looks like one.
    named.filter_map(|kind| (kind.recognise)(&["2026-01-05 00:00:00 order 7 shipped"])).collect()
});

/// Formats whose service and host are columns of their own, which nothing else looks like.
const NAMING: [&str; 3] = ["logfmt", "syslog5424", "syslog3164"];

impl Texts {
    /// Fits to the first of them.
    pub fn fitted<'s>(texts: impl Iterator<Item = Cow<'s, str>>) -> Texts {
        let rules = rules_of(0);
        let sample: Vec<Cow<str>> = texts.take(SAMPLE_TEXTS_MAX).collect();
        let reads = |format: &&Arc<dyn Format>| {
            let read = |text: &Cow<str>| {
                let line = without_escapes(first_line(text));
                format.parse(&line, &rules, &mut Record::default()).is_ok()
            };
            sample.iter().any(read)
        };
        Texts { formats: FORMATS.iter().filter(reads).collect() }
    }

    /// Reads a text of the time `ts` into a record, which arrives empty; fills all of it but
    /// its time. What is returned is to be added when the record has its other fields.
    pub fn read<'s>(&self, text: &'s str, ts: Micros, record: &mut Record<'s>) -> Said {
        if text.starts_with('{') && open(text, ts, record) {
            return Said::default();
        }
        // Colours are a part of the message, and of nothing that is read in it.
        let line = without_escapes(first_line(text));
        record.message = Cow::Borrowed(text);
        record.level = level_of_message(&line);
        self.formats.iter().find_map(|format| said_by(format, &line, record)).unwrap_or_default()
    }

    /// Reads the message of a JSON object that states no level as the text that it is.
    pub fn read_message(&self, record: &mut Record<'_>) {
        let is_made_of_fields = record.message.len() == record.fields.len() + 2
            && record.message.ends_with('}')
            && record.message[1..].starts_with(record.fields.as_str());
        if is_made_of_fields {
            return;
        }
        let mut inner = Record::default();
        let said = self.read(&record.message, record.ts, &mut inner);
        record.level = inner.level;
        if let Cow::Borrowed(text) = inner.message
            && std::ptr::eq(text, &*record.message)
        {
            return said.add_to(record);
        }
        let inner = inner.into_owned();
        record.service = record.service.take().or(inner.service);
        record.host = record.host.take().or(inner.host);
        record.message = inner.message;
        if !inner.fields.is_empty() {
            let of_object = format!("{{{}}}", record.fields.as_str());
            record.fields = inner.fields;
            let object = Value { text: &of_object, escaped: true, odd: false };
            for (key, value) in object.members() {
                // Either way a key as it stands in JSON.
                let name = key_beside(record, "object", key.raw_string().unwrap_or_default());
                record.fields.raw_pair(&format!("\"{name}\""), value.text);
            }
        }
    }
}

impl Said {
    /// Adds what was read beside the other fields, which keep their names.
    pub fn add_to(&self, record: &mut Record<'_>) {
        if self.fields.is_empty() {
            return;
        }
        if record.fields.is_empty() {
            return record.fields.pairs(self.fields.as_str());
        }
        let object = format!("{{{}}}", self.fields.as_str());
        let object = Value { text: &object, escaped: true, odd: false };
        for (key, value) in object.members() {
            let name = key.string().unwrap_or_default();
            let name = key_beside(record, "text", &name).into_owned();
            record.fields.raw(&name, value.text);
        }
    }
}

/// Opens text that is a JSON object with a message of its own.
fn open<'s>(text: &'s str, ts: Micros, record: &mut Record<'s>) -> bool {
    let opened = json::read_dated(text, ts, record) == Ok(true);
    if !opened {
        *record = std::mem::take(record).recycle();
    }
    opened
}

/// What a format reads in a line, if it reads it; the level fills one that is missing.
fn said_by(format: &Arc<dyn Format>, line: &str, record: &mut Record<'_>) -> Option<Said> {
    let mut inner = Record::default();
    format.parse(line, &rules_of(0), &mut inner).ok()?;
    record.level = record.level.or(inner.level);
    if NAMING.contains(&format.name()) {
        for (key, name) in [("text.service", &inner.service), ("text.host", &inner.host)] {
            if let Some(name) = name {
                inner.fields.str(key, name);
            }
        }
    }
    Some(Said { fields: inner.fields })
}

/// Times in texts are not used, so that any rules do, and none need be there.
fn rules_of(absent: Micros) -> TimeRules {
    TimeRules { absent: Some(absent), ..TimeRules::new(Zone::UTC, 0) }
}

/// Of several lines the first is read, and the others belong to it, as a stack trace does.
fn first_line(text: &str) -> &str {
    text.split(['\n', '\r']).next().unwrap_or_default()
}

/// Items that became rejects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rejected {
    pub count: u64,
    /// Why the first of them.
    pub reason: Option<&'static str>,
}

/// Takes the items of a request into its parcel.
pub struct Intake<'p> {
    parcel: &'p mut Parcel,
    settings: Arc<Settings>,
    /// An allocation that records hand on to each other.
    spare: Fields,
    pub rejected: Rejected,
}

impl<'p> Intake<'p> {
    /// For the items of a body of so many bytes.
    pub fn new(parcel: &'p mut Parcel, body_bytes: usize) -> Intake<'p> {
        parcel.batch.reset(0, 0, body_bytes as u64);
        let settings = parcel.settings.clone();
        Intake { parcel, settings, spare: Fields::default(), rejected: Rejected::default() }
    }

    /// An empty record, to be filled and given back.
    #[inline]
    pub fn blank<'r>(&mut self) -> Record<'r> {
        Record { fields: std::mem::take(&mut self.spare), ..Record::default() }
    }

    /// Takes a record, or, if it is nothing that can be stored, the text that it was made
    /// from as a reject.
    ///
    /// # Errors
    /// Why it is a reject.
    #[inline]
    pub fn push(&mut self, record: Record<'_>, text: &str) -> Result<(), &'static str> {
        self.try_push(record).inspect_err(|reason| self.reject(reason, text))
    }

    /// Takes a record, if it is one that can be stored.
    ///
    /// # Errors
    /// Why it cannot; then the caller rejects it.
    #[inline]
    pub fn try_push(&mut self, record: Record<'_>) -> Result<(), &'static str> {
        // As short as what lives in the settings, where that is to be in the record.
        let mut record: Record<'_> = record;
        if self.settings.changes() {
            self.settings.apply(&mut record);
        }
        let checked = check(&record);
        if checked.is_ok() {
            self.parcel.received += 1;
            self.parcel.batch.record(&record, 0);
        }
        self.spare = record.recycle().fields;
        checked
    }

    /// One more line of the last record.
    pub fn extend(&mut self, line: &str, end: usize) {
        self.parcel.batch.extend(line, end);
    }

    /// Takes back an empty record that is not needed.
    pub fn put_back(&mut self, record: Record<'_>) {
        self.spare = record.recycle().fields;
    }

    pub fn reject(&mut self, reason: &'static str, text: &str) {
        self.reject_at(reason, text, 0);
    }

    /// The same for text whose place in the body is known.
    pub fn reject_at(&mut self, reason: &'static str, text: &str, start: usize) {
        self.parcel.received += 1;
        self.parcel.batch.reject(reason, beginning(text), start, start);
        self.rejected.count += 1;
        self.rejected.reason.get_or_insert(reason);
    }
}

/// Whether a record can be stored.
///
/// # Errors
/// Why it cannot.
pub fn check(record: &Record<'_>) -> Result<(), &'static str> {
    if !is_in_reach(record.ts) {
        return Err(REASON_OUT_OF_REACH);
    }
    if record.message.len() > LINE_BYTES_MAX || record.fields.len() > LINE_BYTES_MAX {
        return Err(REASON_TOO_LONG);
    }
    Ok(())
}

/// A body as text: bytes that are no UTF-8 become U+FFFD, as they do in files.
pub fn text_of(body: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(sample: &[&str], text: &str) -> String {
        let texts = Texts::fitted(sample.iter().map(|&text| Cow::Borrowed(text)));
        let mut record = Record::default();
        texts.read(text, 0, &mut record).add_to(&mut record);
        let level = record.level.map_or("-", |level| level.name());
        let service = record.service.as_deref().unwrap_or("-");
        format!("{level} {service} | {} | {}", record.message, record.fields.as_str())
    }

    #[test]
    fn text_stays_as_it_is_and_formats_add_what_they_read() {
        for (text, expected) in [
            ("just text\r\n", "- - | just text\r\n | "),
            ("", "- - |  | "),
            ("[warn] hot", "WARN - | [warn] hot | "),
            (
                "2026-01-05 00:00:00 ERROR payment declined for 1\n  at main.rs:1\n",
                "ERROR - | 2026-01-05 00:00:00 ERROR payment declined for 1\n  at main.rs:1\n | ",
            ),
            (
                "level=warn app=shop msg=\"slow query\" ms=1200",
                "WARN - | level=warn app=shop msg=\"slow query\" ms=1200 | \"ms\":1200,\"text.service\":\"shop\"",
            ),
            (
                "Jan  5 00:00:00 web1 sshd[812]: error: no such user",
                "ERROR - | Jan  5 00:00:00 web1 sshd[812]: error: no such user | \"pid\":812,\"text.service\":\"sshd\",\"text.host\":\"web1\"",
            ),
        ] {
            assert_eq!(read(&[text], text), expected, "{text}");
            assert_eq!(read(&[text, "other", text], text), expected, "{text}");
        }
    }

    #[test]
    fn objects_with_a_message_are_opened() {
        for (text, expected) in [
            (r#"{"level":"info","msg":"m","n":1}"#, "INFO - | m | \"n\":1"),
            (r#"{"time":"1970-01-01T00:00:00Z","msg":"m"}"#, "- - | m | "),
            (
                r#"{"time":"1970-01-01T00:00:00.5Z","msg":"m"}"#,
                "- - | m | \"time\":\"1970-01-01T00:00:00.5Z\"",
            ),
            (r#"{"msg":"","n":1}"#, "- - |  | \"n\":1"),
            ("\u{1b}[31mERROR\u{1b}[0m x", "ERROR - | \u{1b}[31mERROR\u{1b}[0m x | "),
            (
                r#"{"time":"2026-01-05T00:00:00Z","msg":"m","app":"a1"}"#,
                "- a1 | m | \"time\":\"2026-01-05T00:00:00Z\"",
            ),
            (r#"{"user":7,"error":"none"}"#, "- - | {\"user\":7,\"error\":\"none\"} | "),
            (r#"{"msg":"m"} and more"#, "- - | {\"msg\":\"m\"} and more | "),
            (r#"{"msg":"m"#, "- - | {\"msg\":\"m | "),
        ] {
            assert_eq!(read(&[text], text), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_stored_is_rejected() {
        let mut parcel = Parcel::default();
        let mut intake = Intake::new(&mut parcel, 0);
        for (ts, length) in [(0, 1), (Micros::MAX, 1), (0, LINE_BYTES_MAX + 1)] {
            let message = Cow::Owned("x".repeat(length));
            let record = Record { ts, message, ..intake.blank() };
            intake.push(record, "text").ok();
        }
        let rejected = Rejected { count: 2, reason: Some(REASON_OUT_OF_REACH) };
        assert_eq!(intake.rejected, rejected);
        assert_eq!((parcel.batch.rows(), parcel.batch.rejects.len(), parcel.received), (1, 2, 3));
    }
}
