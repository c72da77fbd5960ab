//! Formats that users define: a regular expression whose named groups are the columns.
//!
//! ```toml
//! [format.shop]
//! pattern = '^(?<ts>\S+ \S+) \[(?<level>\w+)\] (?<service>\S+): (?<message>.*)'
//! sample = "2026-01-05 00:00:00 [WARN] orders: slow"
//! ```
//!
//! `ts` (or `time`, `timestamp`), `level`, `service`, `host` and `message` (or `msg`) are
//! the record's own; other groups become fields, typed by their looks. Without a message
//! group the message is what follows the match, or the line if nothing does. A line that
//! does not match is the continuation of the record before it.
//!
//! The regular expressions are the `regex` crate's: they take linear time, whatever the line.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use regex::{CaptureLocations, Regex};
use serde::Deserialize;

use super::names;
use crate::parse::{Format, Mismatch, TimeRules, Zone};
use crate::record::Record;

/// What a group is for the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Ts,
    Level,
    Service,
    Host,
    Message,
    Field,
}

struct Custom {
    name: String,
    regex: Regex,
    /// The groups that have names: their number, name and column.
    groups: Vec<(usize, String, Column)>,
    has_message: bool,
}

/// A format that reads lines which match `pattern`.
///
/// # Errors
/// A sentence: the pattern is no regular expression, has no timestamp, or two groups for
/// one column.
pub fn from_regex(name: &str, pattern: &str) -> Result<Arc<dyn Format>, String> {
    Custom::new(name, pattern).map(|custom| Arc::new(custom) as Arc<dyn Format>)
}

/// The formats of a file of them, in the order of their names.
///
/// # Errors
/// A sentence that names the format: it cannot be used, or does not match its sample.
pub fn from_file(text: &str) -> Result<Vec<Arc<dyn Format>>, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    let mut formats: Vec<Arc<dyn Format>> = Vec::new();
    for (name, definition) in file.format {
        let custom = Custom::new(&name, &definition.pattern)
            .map_err(|reason| format!("format {name}: {reason}"))?;
        for sample in definition.samples() {
            custom.check(sample).map_err(|reason| format!("format {name}: {reason}: {sample}"))?;
        }
        formats.push(Arc::new(custom));
    }
    Ok(formats)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    format: BTreeMap<String, Definition>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Definition {
    pattern: String,
    #[serde(default)]
    sample: Sample,
}

/// No line, one, or several that must match.
#[derive(Default, Deserialize)]
#[serde(untagged)]
enum Sample {
    #[default]
    None,
    One(String),
    Many(Vec<String>),
}

impl Definition {
    fn samples(&self) -> &[String] {
        match &self.sample {
            Sample::None => &[],
            Sample::One(line) => std::slice::from_ref(line),
            Sample::Many(lines) => lines,
        }
    }
}

impl Custom {
    fn new(name: &str, pattern: &str) -> Result<Custom, String> {
        let regex = Regex::new(pattern).map_err(|error| error.to_string())?;
        let groups: Vec<(usize, String, Column)> = regex
            .capture_names()
            .enumerate()
            .filter_map(|(number, group)| Some((number, group?.to_owned(), column_of(group?))))
            .collect();
        for column in [Column::Ts, Column::Level, Column::Service, Column::Host, Column::Message] {
            let names: Vec<&str> = groups
                .iter()
                .filter(|(_, _, of)| *of == column)
                .map(|(_, name, _)| name.as_str())
                .collect();
            if names.len() > 1 {
                return Err(format!("groups {} are one column", names.join(" and ")));
            }
        }
        if !groups.iter().any(|(_, _, column)| *column == Column::Ts) {
            return Err("no group for the timestamp: write (?<ts>…) around it".to_owned());
        }
        let has_message = groups.iter().any(|(_, _, column)| *column == Column::Message);
        Ok(Custom { name: name.to_owned(), regex, groups, has_message })
    }

    fn check(&self, sample: &str) -> Result<(), &'static str> {
        let rules = TimeRules::new(Zone::UTC, 0);
        self.parse(sample, &rules, &mut Record::default()).map_err(|mismatch| match mismatch {
            Mismatch::Broken(reason) => reason,
            _ => "the pattern does not match its sample",
        })
    }

    /// Fills a column from the text of its group.
    fn take<'a>(
        &self,
        (name, column): (&str, Column),
        text: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        match column {
            Column::Ts => {
                let ts = names::time_of_text(text, rules);
                record.ts = ts.ok_or(Mismatch::Broken("unreadable timestamp"))?;
            }
            Column::Level => {
                record.level = names::level_of_text(text);
                if record.level.is_none() {
                    record.fields.typed(name, text);
                }
            }
            Column::Service => record.service = Some(Cow::Borrowed(text)),
            Column::Host => record.host = Some(Cow::Borrowed(text)),
            Column::Message => record.message = Cow::Borrowed(text),
            Column::Field => record.fields.typed(name, text),
        }
        Ok(())
    }
}

fn column_of(group: &str) -> Column {
    match group.to_ascii_lowercase().as_str() {
        "ts" | "time" | "timestamp" => Column::Ts,
        "level" => Column::Level,
        "service" => Column::Service,
        "host" => Column::Host,
        "message" | "msg" => Column::Message,
        _ => Column::Field,
    }
}

impl Format for Custom {
    fn name(&self) -> &str {
        &self.name
    }

    fn reads_indented(&self) -> bool {
        true
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let mut locations: CaptureLocations = self.regex.capture_locations();
        let matched = self.regex.captures_read(&mut locations, line).ok_or(Mismatch::Foreign)?;
        let mut has_ts = false;
        for (number, name, column) in &self.groups {
            let text = locations.get(*number).and_then(|(start, end)| line.get(start..end));
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                has_ts |= *column == Column::Ts;
                self.take((name, *column), text, rules, record)?;
            }
        }
        if !has_ts {
            return Err(Mismatch::Broken("no timestamp"));
        }
        if !self.has_message {
            let rest = line.get(matched.end()..).unwrap_or_default().trim_start();
            record.message = Cow::Borrowed(if rest.is_empty() { line } else { rest });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::Dialect;
    use crate::parse::dialect::Reading;

    fn outcome(pattern: &str, line: &str) -> String {
        let format = from_regex("regex", pattern).unwrap_or_else(|error| panic!("{error}"));
        let mut record = Record::default();
        match format.parse(line, &TimeRules::new(Zone::UTC, 0), &mut record) {
            Ok(()) => format!(
                "{} {:?} {:?} {:?} {:?} {}",
                record.ts / 1_000_000,
                record.level,
                record.service,
                record.host,
                record.message,
                record.fields.as_str()
            ),
            Err(mismatch) => format!("{mismatch:?}"),
        }
    }

    #[test]
    fn groups_fill_columns() {
        let pattern = r"^(?<ts>\S+ \S+) (?<level>\w+) (?<service>\w+)@(?<host>\w+)( took (?<ms>\d+))?: (?<msg>.*)";
        for (pattern, line, expected) in [
            (
                pattern,
                "2026-01-05 00:00:00 WARN db@n1 took 12: slow",
                r#"1767571200 Some(Warn) Some("db") Some("n1") "slow" "ms":12"#,
            ),
            (
                pattern,
                "2026-01-05 00:00:00 odd db@n1: ünïcode",
                r#"1767571200 None Some("db") Some("n1") "ünïcode" "level":"odd""#,
            ),
            (pattern, "something else", "Foreign"),
            (pattern, "2026-13-05 00:00:00 WARN db@n1: x", r#"Broken("unreadable timestamp")"#),
            (r"^(?<time>\d+) ", "1767571200  hello", r#"1767571200 None None None "hello" "#),
            (r"(?<timestamp>\d+)$", "é 1767571200", r#"1767571200 None None None "é 1767571200" "#),
            (r"^(?<ts>\d+)?x", "x", r#"Broken("no timestamp")"#),
        ] {
            assert_eq!(outcome(pattern, line), expected, "{line}");
        }
    }

    #[test]
    fn an_indented_line_may_be_a_record() {
        let custom = from_regex("own", r"^\s*own (?<ts>\d+)").unwrap();
        let sample = ["2026-01-05 00:00:00 INFO payment one"; 4];
        let dialect = Dialect::detect(&sample, &[custom], TimeRules::new(Zone::UTC, 0));
        let read = |line: &str| dialect.read(line, &mut Record::default());
        assert!(matches!(read("  own 1767571200"), Reading::Record { .. }));
        assert!(matches!(read("  at own.Cart"), Reading::Continuation { .. }));
    }

    #[test]
    fn wrong_definitions_are_explained() {
        for (text, expected) in [
            ("[format.a]\npattern = '(?<level>x)'", "format a: no group for the timestamp"),
            ("[format.a]\npattern = '(?<ts>x)(?<time>y)'", "format a: groups ts and time are one"),
            ("[format.a]\npattern = '(?<ts>'", "format a: regex parse error"),
            ("[format.a]\npattern = '(?<ts>x)'\nsamples = 'x'", "unknown field `samples`"),
            ("[formats.a]\npattern = '(?<ts>x)'", "unknown field `formats`"),
            ("[format.a]\n", "missing field `pattern`"),
            (
                "[format.a]\npattern = '^(?<ts>\\d+)'\nsample = ['1767571200 x', 'y']",
                "format a: the pattern does not match its sample: y",
            ),
            (
                "[format.a]\npattern = '^(?<ts>\\d+)'\nsample = '17'",
                "format a: unreadable timestamp: 17",
            ),
        ] {
            let error = from_file(text).err().unwrap_or_default();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn files_are_read() {
        let text = "[format.b]\npattern = '^(?<ts>\\d+)'\nsample = '1767571200 x'\n\
            [format.a]\npattern = '(?<ts>\\d+)'\n";
        let names: Vec<String> =
            from_file(text).unwrap().iter().map(|format| format.name().to_owned()).collect();
        assert_eq!(names, ["a", "b"]);
        assert!(from_file("").unwrap().is_empty());
    }
}
