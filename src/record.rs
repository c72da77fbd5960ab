//! The record: one parsed log entry, and the level scale every format maps to.
//!
//! A record borrows from the line it was parsed from; nothing is copied until it
//! is pushed into a [batch](crate::store::Batch). `Record` is reused from line to
//! line so that parsing allocates nothing in the steady state.

use std::borrow::Cow;
use std::fmt;

/// Microseconds since 1970-01-01T00:00:00Z, as DuckDB's TIMESTAMP stores them.
pub type Micros = i64;

/// Severity, ordered: `WARN < ERROR`. The discriminants are the positions in the
/// `level` enum of the database (migrations/0001_logs.sql).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
    Fatal,
}

impl Level {
    pub const ALL: [Level; 6] =
        [Level::Trace, Level::Debug, Level::Info, Level::Warn, Level::Error, Level::Fatal];

    /// The name in SQL, JSON and on the page.
    pub fn name(self) -> &'static str {
        ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"][self as usize]
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One parsed log entry.
///
/// `fields` holds what the line carries beyond the core columns, as the text of
/// a JSON object without its braces (`"pid":12,"ok":true`); empty means none.
#[derive(Debug, Default)]
pub struct Record<'a> {
    pub ts: Micros,
    pub level: Option<Level>,
    pub service: Option<Cow<'a, str>>,
    pub host: Option<Cow<'a, str>>,
    pub message: Cow<'a, str>,
    pub fields: Fields,
}

impl Record<'_> {
    /// Forgets the contents but keeps the `fields` allocation, for the next line.
    pub fn recycle<'b>(self) -> Record<'b> {
        let mut fields = self.fields;
        fields.clear();
        Record { fields, ..Record::default() }
    }

    /// The same, borrowing from nothing.
    pub fn into_owned<'b>(self) -> Record<'b> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        Record {
            ts: self.ts,
            level: self.level,
            service: self.service.map(owned),
            host: self.host.map(owned),
            message: owned(self.message),
            fields: self.fields,
        }
    }
}

/// A JSON object under construction: `"key":value` pairs joined by commas.
#[derive(Debug, Default, Clone)]
pub struct Fields {
    json: String,
}

impl Fields {
    pub fn clear(&mut self) {
        self.json.clear();
    }

    pub fn is_empty(&self) -> bool {
        self.json.is_empty()
    }

    /// The pairs without the surrounding braces.
    pub fn as_str(&self) -> &str {
        &self.json
    }

    /// The bytes the pairs take.
    pub fn len(&self) -> usize {
        self.json.len()
    }

    /// Forgets everything after the first `len` bytes, for a format that finds
    /// half-way through a line that it is not one of its own.
    pub fn truncate(&mut self, len: usize) {
        self.json.truncate(len);
    }

    fn key(&mut self, key: &str) {
        if !self.json.is_empty() {
            self.json.push(',');
        }
        push_json_string(&mut self.json, key);
        self.json.push(':');
    }

    pub fn str(&mut self, key: &str, value: &str) {
        self.key(key);
        push_json_string(&mut self.json, value);
    }

    pub fn int(&mut self, key: &str, value: i64) {
        self.key(key);
        self.json.push_str(itoa::Buffer::new().format(value));
    }

    /// `json` must be one valid JSON value.
    pub fn raw(&mut self, key: &str, json: &str) {
        self.key(key);
        self.json.push_str(json);
    }

    /// A pair whose key and value are both JSON text already (`raw_key` with its quotes).
    pub fn raw_pair(&mut self, raw_key: &str, raw_value: &str) {
        if !self.json.is_empty() {
            self.json.push(',');
        }
        self.json.push_str(raw_key);
        self.json.push(':');
        self.json.push_str(raw_value);
    }

    /// Pairs that are written already, as [`Fields::as_str`] has them.
    pub fn pairs(&mut self, pairs: &str) {
        if !pairs.is_empty() {
            if !self.json.is_empty() {
                self.json.push(',');
            }
            self.json.push_str(pairs);
        }
    }

    /// Whether one of the pairs has this key.
    pub fn has(&self, key: &str) -> bool {
        let json = self.json.as_bytes();
        // Most keys are nowhere in the text, and nothing need be allocated to know it.
        if memchr::memmem::find(json, key.as_bytes()).is_none() && !needs_escape(key) {
            return false;
        }
        let mut quoted = String::with_capacity(key.len() + 3);
        push_json_string(&mut quoted, key);
        quoted.push(':');
        memchr::memmem::find_iter(json, quoted.as_bytes())
            .any(|at| (at == 0 || json[at - 1] == b',') && ends_between_pairs(&json[..at]))
    }

    /// The value typed by its looks: numbers, `true`, `false` and `null` become
    /// JSON values, everything else a string. A number is kept only where writing
    /// it as JSON says the same (`007`, `1e999` and 20-digit ids stay strings).
    pub fn typed(&mut self, key: &str, value: &str) {
        if looks_like_json_scalar(value) {
            self.raw(key, value);
        } else {
            self.str(key, value);
        }
    }
}

/// Whether a JSON string spells `text` with escapes.
fn needs_escape(text: &str) -> bool {
    text.bytes().any(|byte| byte < 0x20 || matches!(byte, b'"' | b'\\'))
}

/// Whether JSON text ends outside of all strings, objects and arrays.
fn ends_between_pairs(json: &[u8]) -> bool {
    let (mut depth, mut in_string, mut is_escaped) = (0usize, false, false);
    for &byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    depth == 0 && !in_string
}

/// Appends `value` as a JSON string with its quotes.
pub fn push_json_string(out: &mut String, value: &str) {
    out.push('"');
    let mut clean_from = 0;
    for (at, byte) in value.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..0x20 => {
                out.push_str(&value[clean_from..at]);
                out.push_str(&format!("\\u{byte:04x}"));
                clean_from = at + 1;
                continue;
            }
            _ => continue,
        };
        out.push_str(&value[clean_from..at]);
        out.push_str(escape);
        clean_from = at + 1;
    }
    out.push_str(&value[clean_from..]);
    out.push('"');
}

/// Whether `value` is `true`, `false`, `null`, or a number that JSON spells the
/// same way and a 64-bit integer or double holds without loss.
fn looks_like_json_scalar(value: &str) -> bool {
    match value {
        "true" | "false" | "null" => return true,
        _ => {}
    }
    let digits = value.strip_prefix('-').unwrap_or(value).as_bytes();
    let int_len = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    let leading_zero = digits.first() == Some(&b'0') && int_len > 1;
    if int_len == 0 || int_len > 18 || leading_zero {
        return false;
    }
    match &digits[int_len..] {
        [] => true,
        [b'.', fraction @ ..] => {
            !fraction.is_empty()
                && int_len + fraction.len() <= 17
                && fraction.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped() {
        let mut fields = Fields::default();
        fields.str("a\"b", "line\nbreak\u{1}é");
        assert_eq!(fields.as_str(), r#""a\"b":"line\nbreak\u0001é""#);
    }

    #[test]
    fn only_lossless_numbers_become_numbers() {
        let mut fields = Fields::default();
        for value in ["12", "-0.5", "007", "1e5", "12345678901234567890", "1.", "true", "nan", ""] {
            fields.typed("v", value);
        }
        assert_eq!(
            fields.as_str(),
            r#""v":12,"v":-0.5,"v":"007","v":"1e5","v":"12345678901234567890","v":"1.","v":true,"v":"nan","v":"""#
        );
    }

    #[test]
    fn a_key_is_a_key_and_no_value_or_nested_one() {
        let mut fields = Fields::default();
        fields.str("action", "login");
        fields.str("text", r#","quoted":1"#);
        fields.raw("object", r#"{"x":[1,{"inner":2}],"y":3}"#);
        fields.str("a\"b", "c");
        for (key, has) in [
            ("action", true),
            ("object", true),
            ("a\"b", true),
            ("login", false),
            ("quoted", false),
            ("x", false),
            ("y", false),
            ("inner", false),
            ("", false),
        ] {
            assert_eq!(fields.has(key), has, "{key}");
        }
    }

    #[test]
    fn levels_are_ordered_as_the_enum_of_the_database() {
        assert!(Level::Trace < Level::Debug && Level::Error < Level::Fatal);
        assert_eq!(Level::ALL.map(|level| level as u8), [0, 1, 2, 3, 4, 5]);
    }
}
