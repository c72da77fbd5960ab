//! Text that came in an envelope which has a time of its own: a Loki line, the body of a log record
//! of OpenTelemetry, the message of a JSON object without a level, which is what a shipper of files
//! writes.
//!
//! Nothing is taken out of it:
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

use super::json::value::Value;
use super::labels::key_beside;
use super::{by_name, json};
use crate::parse::level::level_of_message;
use crate::parse::lines::without_escapes;
use crate::parse::{Format, TimeRules, Zone};
use crate::record::{Fields, Micros, Record};

/// Texts of a request that formats should be fitted to. Fitting costs a hundred times as much as
/// reading, and most requests have some hundred records of one kind.
pub const SAMPLE_TEXTS_MAX: usize = 24;

/// What reads the texts of a request or file.
#[derive(Default)]
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
    const NAMES: [&str; 22] = [
        "logfmt",
        "lambda",
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
        let sample: Vec<Cow<str>> = texts.collect();
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
}
