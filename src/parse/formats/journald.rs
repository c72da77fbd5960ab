//! `journalctl -o json` (and `json-pretty`).
//!
//! Source: systemd.journal-fields(7) and systemd.io/JOURNAL_EXPORT_FORMATS, "Journal JSON
//! Format": values are strings; those that are no UTF-8 are arrays of bytes, and fields
//! that occur more than once arrays of values. The time is that of reception,
//! `__REALTIME_TIMESTAMP`. The service is the syslog identifier, without one the unit.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use super::json::scan::Flaw;
use super::json::value::{Object, Value, keep};
use crate::parse::level::level_of_severity;
use crate::parse::{Format, Mismatch, TimeRules, lines};
use crate::record::Record;

pub const KIND: Kind = Kind {
    name: "journald",
    about: r#"{"__REALTIME_TIMESTAMP":"1767571200123456","MESSAGE":"message"}"#,
    recognise: |_| Some(Arc::new(Journald)),
};

const TIME_KEY: &[u8] = b"\"__REALTIME_TIMESTAMP\"";

struct Journald;

impl Format for Journald {
    fn name(&self) -> &str {
        KIND.name
    }

    fn joins_lines(&self) -> bool {
        true
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        _rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let is_pretty = line == "{" || line.starts_with("{\n");
        let is_journal =
            line.starts_with('{') && memchr::memmem::find(line.as_bytes(), TIME_KEY).is_some();
        if !is_pretty && !is_journal {
            return Err(Mismatch::Foreign);
        }
        let foreign = |flaw| match flaw {
            Flaw::End if is_pretty => Mismatch::Incomplete,
            _ => Mismatch::Foreign,
        };
        let mut object = Object::open(line).map_err(foreign)?;
        let mut ts = None;
        let mut unit = None;
        while let Some((key, value)) = object.next().map_err(foreign)? {
            if key.text.as_bytes() == TIME_KEY {
                ts = value.raw_string().and_then(|micros| micros.parse().ok());
            } else if !take(key, value, record) {
                if matches!(key.text, "\"_SYSTEMD_UNIT\"" | "\"_COMM\"") {
                    unit = unit_of(value).or(unit);
                }
                keep(&mut record.fields, key, value);
            }
        }
        record.ts = ts.ok_or(Mismatch::Foreign)?;
        record.service = record.service.take().or(unit);
        Ok(())
    }

    fn takes_continuations(&self) -> bool {
        false
    }

    fn starts(&self, line: &str, rules: &TimeRules) -> bool {
        line == "{" || self.parse(line, rules, &mut Record::default()).is_ok()
    }
}

/// Takes a member for a core column; says whether it is one.
fn take<'a>(key: Value<'a>, value: Value<'a>, record: &mut Record<'a>) -> bool {
    match key.text {
        "\"PRIORITY\"" => {
            let severity = value.text.trim_matches('"').parse().ok();
            record.level = severity.and_then(level_of_severity);
            record.level.is_some()
        }
        "\"_HOSTNAME\"" => {
            record.host = value.string();
            record.host.is_some()
        }
        "\"SYSLOG_IDENTIFIER\"" => {
            record.service = value.string().filter(|name| !name.is_empty());
            record.service.is_some()
        }
        "\"MESSAGE\"" => match message_of(value) {
            Some(message) => {
                record.message = message;
                true
            }
            None => false,
        },
        _ => false,
    }
}

/// A string, an array of bytes, or an array of either.
fn message_of(value: Value<'_>) -> Option<Cow<'_, str>> {
    if let Some(text) = value.string() {
        return Some(text);
    }
    let bytes: Option<Vec<u8>> = value.elements().map(|byte| byte.text.parse().ok()).collect();
    match bytes {
        Some(bytes) if !bytes.is_empty() => Some(lines::clean(&bytes).0.into_owned().into()),
        Some(_) => None,
        None => {
            let parts: Option<Vec<_>> = value.elements().map(|part| part.string()).collect();
            Some(parts?.join("\n").into())
        }
    }
}

/// `nginx` of `nginx.service`.
fn unit_of(value: Value<'_>) -> Option<Cow<'_, str>> {
    let unit = value.raw_string()?;
    let name = unit.strip_suffix(".service").unwrap_or(unit);
    (!value.escaped && !name.is_empty()).then_some(Cow::Borrowed(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::Zone;

    #[test]
    fn messages_in_every_encoding() {
        for (json, message) in [
            (r#""plain""#, "plain"),
            ("[104,105,255]", "hi\u{ff}"),
            (r#"["one","two"]"#, "one\ntwo"),
            ("null", ""),
            ("[]", ""),
            ("[1000]", ""),
        ] {
            let line = format!(r#"{{"__REALTIME_TIMESTAMP":"1","MESSAGE":{json}}}"#);
            let mut record = Record::default();
            let rules = TimeRules::new(Zone::UTC, 0);
            assert_eq!(Journald.parse(&line, &rules, &mut record), Ok(()));
            assert_eq!(record.message, message);
        }
    }
}
