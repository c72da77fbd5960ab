//! OpenTelemetry's log record, however it was encoded, and the columns that it becomes.
//!
//! Source: <https://opentelemetry.io/docs/specs/otel/logs/data-model/>.
//!
//! - Time is `timeUnixNano`, else `observedTimeUnixNano`. Where both are given, the observed
//!   time is a field only if it is more than a second off.
//! - Level is the severity number's, else the text's. Only a number or text that says more
//!   than the level (`INFO2`, `Notice`) is a field too.
//! - Attributes are fields by their names. What the resource has beyond service and host is
//!   under `resource`, the instrumentation scope under `scope`.
//! - A body that is text is read as the caller says, one that is an object as a JSON record;
//!   without a body the event's name is the message.

use std::borrow::Cow;

use super::json;
use super::labels::{Labels, key_beside};
use super::names::level_of_text;
use crate::parse::level::level_of_otel;
use crate::record::{Fields, Level, Micros, Record, push_json_string};

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// A value of any type, or none.
#[derive(Debug, Default, PartialEq)]
pub enum AnyValue<'a> {
    #[default]
    Empty,
    Text(Cow<'a, str>),
    Bool(bool),
    Int(i64),
    Double(f64),
    Bytes(&'a [u8]),
    Array(Vec<AnyValue<'a>>),
    Map(Attributes<'a>),
}

pub type Attributes<'a> = Vec<(Cow<'a, str>, AnyValue<'a>)>;

/// The identity of a trace or span.
#[derive(Clone, Copy, Debug, Default)]
pub enum Id<'a> {
    #[default]
    None,
    Hex(&'a str),
    Bytes(&'a [u8]),
}

#[derive(Debug, Default)]
pub struct LogRecord<'a> {
    /// Nanoseconds since 1970; 0 for none.
    pub time: u64,
    pub observed: u64,
    /// 1 to 24; 0 for none.
    pub severity_number: i64,
    pub severity_text: Cow<'a, str>,
    pub body: AnyValue<'a>,
    pub attributes: Attributes<'a>,
    pub dropped_attributes: u64,
    pub flags: u64,
    pub trace_id: Id<'a>,
    pub span_id: Id<'a>,
    pub event_name: Cow<'a, str>,
}

impl LogRecord<'_> {
    /// Microseconds since 1970, if the record says when. Every such time is one that the
    /// database holds: 64 bits of nanoseconds end in 2554.
    fn micros(&self) -> Option<Micros> {
        let nanos = if self.time > 0 { self.time } else { self.observed };
        if nanos == 0 { None } else { i64::try_from(nanos / 1_000).ok() }
    }
}

/// What several records have in common.
#[derive(Debug, Default)]
pub struct Common<'s> {
    labels: Labels<'s>,
    /// The resource's attributes that fill no column, and the scope, as JSON; empty for none.
    resource: String,
    scope: String,
}

impl<'s> Common<'s> {
    pub fn of_resource(attributes: &'s Attributes<'_>) -> Common<'s> {
        let mut common = Common::default();
        let mut rest = Fields::default();
        let mut json = String::new();
        for (key, value) in attributes {
            keep(&mut common.labels, &mut json, key, value, |key, json| rest.raw(key, json));
        }
        if !rest.is_empty() {
            common.resource = format!("{{{}}}", rest.as_str());
        }
        common
    }

    /// The scope of the records that follow.
    pub fn set_scope(&mut self, name: &str, version: &str, attributes: &Attributes<'_>) {
        self.scope.clear();
        let mut scope = Fields::default();
        for (key, value) in [("name", name), ("version", version)] {
            if !value.is_empty() {
                scope.str(key, value);
            }
        }
        if !attributes.is_empty() {
            scope.raw("attributes", &json_of_map(attributes));
        }
        if !scope.is_empty() {
            self.scope = format!("{{{}}}", scope.as_str());
        }
    }
}

/// Fills `record`, which arrives empty. `read_text` reads a body that is text, said at a time;
/// `absent` is the time of a record that names none. The answer is whether there is one.
pub fn fill<'s>(
    log: &'s LogRecord<'_>,
    common: &Common<'s>,
    absent: Option<Micros>,
    read_text: impl FnOnce(&'s str, Micros, &mut Record<'s>),
    record: &mut Record<'s>,
) -> bool {
    let Some(ts) = log.micros().or(absent) else { return false };
    take_body(&log.body, ts, read_text, record);
    let mut labels = common.labels;
    take_severity(log, &mut labels, record);
    let mut json = String::new();
    for (key, value) in &log.attributes {
        keep(&mut labels, &mut json, key, value, |key, json| {
            let is_taken = OWN_KEYS.contains(&key) && says_itself(log, common, key);
            let prefixed = is_taken.then(|| format!("attributes.{key}"));
            let key = key_beside(record, "attributes", prefixed.as_deref().unwrap_or(key));
            record.fields.raw(&key, json);
        });
    }
    each_own(log, common, |key, json| {
        let key = key_beside(record, "otlp", key);
        record.fields.raw(&key, json);
    });
    labels.apply(record);
    record.ts = ts;
    if matches!(log.body, AnyValue::Empty) && record.message.is_empty() {
        record.message = match &*log.event_name {
            "" if record.fields.is_empty() => Cow::Borrowed(""),
            "" => Cow::Owned(format!("{{{}}}", record.fields.as_str())),
            name => Cow::Borrowed(name),
        };
    }
    true
}

/// Offers an attribute for a column; what must be a field goes to `field`, as JSON.
fn keep<'s>(
    labels: &mut Labels<'s>,
    json: &mut String,
    key: &'s str,
    value: &'s AnyValue<'_>,
    mut field: impl FnMut(&str, &str),
) {
    json.clear();
    match value {
        AnyValue::Text(text) => {
            if let Some((key, text)) = labels.offer(key, text) {
                push_json_string(json, text);
                field(key, json);
            }
        }
        other => {
            push_json(json, other);
            field(key, json);
        }
    }
}

fn take_body<'s>(
    body: &'s AnyValue<'_>,
    ts: Micros,
    read_text: impl FnOnce(&'s str, Micros, &mut Record<'s>),
    record: &mut Record<'s>,
) {
    match body {
        AnyValue::Empty => {}
        AnyValue::Text(text) => read_text(text, ts, record),
        AnyValue::Map(pairs) => json::read_owned(&json_of_map(pairs), ts, record),
        other => {
            let mut json = String::new();
            push_json(&mut json, other);
            record.message = Cow::Owned(json);
        }
    }
}

fn take_severity<'s>(log: &'s LogRecord<'_>, labels: &mut Labels<'s>, record: &mut Record<'s>) {
    let numbered = level_of_otel(log.severity_number);
    let worded = level_of_text(&log.severity_text);
    let level = numbered.or(worded);
    labels.set_severity(level);
    let says_more = !log.severity_text.is_empty()
        && !level.is_some_and(|level| log.severity_text.eq_ignore_ascii_case(level.name()));
    if says_more {
        record.fields.str("severity_text", &log.severity_text);
    }
    let first_of = |level: Level| 1 + 4 * level as i64;
    if log.severity_number != 0 && numbered.map(first_of) != Some(log.severity_number) {
        record.fields.int("severity_number", log.severity_number);
    }
}

/// The fields of what the protocol itself says. An attribute of the same name is called
/// `attributes.NAME`; beside a member of the body the protocol's own is called `otlp.NAME`.
const OWN_KEYS: [&str; 8] = [
    "trace_id",
    "span_id",
    "flags",
    "dropped_attributes_count",
    "event_name",
    "observed_time_unix_nano",
    "scope",
    "resource",
];

fn says_itself(log: &LogRecord<'_>, common: &Common<'_>, wanted: &str) -> bool {
    let mut found = false;
    each_own(log, common, |key, _| found |= key == wanted);
    found
}

/// Calls `take` with each of [`OWN_KEYS`] that there is, and its JSON.
fn each_own(log: &LogRecord<'_>, common: &Common<'_>, mut take: impl FnMut(&'static str, &str)) {
    let quoted = |text: &str| {
        let mut json = String::with_capacity(text.len() + 2);
        push_json_string(&mut json, text);
        json
    };
    for (key, id) in [("trace_id", log.trace_id), ("span_id", log.span_id)] {
        match id {
            Id::Hex(hex) if is_some_id(hex) => take(key, &quoted(&hex.to_ascii_lowercase())),
            Id::Bytes(bytes) if bytes.iter().any(|&byte| byte != 0) => {
                let mut hex = [0; 64];
                take(key, &quoted(hex_of(bytes, &mut hex)));
            }
            _ => {}
        }
    }
    for (key, number) in
        [("flags", log.flags), ("dropped_attributes_count", log.dropped_attributes)]
    {
        if number > 0 {
            take(key, itoa::Buffer::new().format(number));
        }
    }
    if !log.event_name.is_empty() {
        take("event_name", &quoted(&log.event_name));
    }
    if log.time > 0 && log.observed > 0 && log.time.abs_diff(log.observed) > NANOS_PER_SECOND {
        take("observed_time_unix_nano", &quoted(itoa::Buffer::new().format(log.observed)));
    }
    for (key, json) in [("scope", &common.scope), ("resource", &common.resource)] {
        if !json.is_empty() {
            take(key, json);
        }
    }
}

/// Zeros are OpenTelemetry's way to say that there is none.
fn is_some_id(text: &str) -> bool {
    text.bytes().any(|byte| byte != b'0')
}

/// As much of `bytes` as fits, in hexadecimal.
fn hex_of<'b>(bytes: &[u8], out: &'b mut [u8; 64]) -> &'b str {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let bytes = &bytes[..bytes.len().min(out.len() / 2)];
    for (at, byte) in bytes.iter().enumerate() {
        out[2 * at] = DIGITS[usize::from(byte >> 4)];
        out[2 * at + 1] = DIGITS[usize::from(byte & 15)];
    }
    std::str::from_utf8(&out[..2 * bytes.len()]).unwrap_or_default()
}

fn json_of_map(pairs: &Attributes<'_>) -> String {
    let mut json = String::new();
    push_map(&mut json, pairs);
    json
}

fn push_map(out: &mut String, pairs: &Attributes<'_>) {
    out.push('{');
    for (at, (key, value)) in pairs.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        push_json_string(out, key);
        out.push(':');
        push_json(out, value);
    }
    out.push('}');
}

/// Numbers that JSON has no spelling for become strings, bytes base64.
fn push_json(out: &mut String, value: &AnyValue<'_>) {
    match value {
        AnyValue::Empty => out.push_str("null"),
        AnyValue::Text(text) => push_json_string(out, text),
        AnyValue::Bool(true) => out.push_str("true"),
        AnyValue::Bool(false) => out.push_str("false"),
        AnyValue::Int(number) => out.push_str(itoa::Buffer::new().format(*number)),
        AnyValue::Double(number) if number.is_finite() => out.push_str(&format!("{number:?}")),
        AnyValue::Double(number) if number.is_nan() => out.push_str("\"NaN\""),
        AnyValue::Double(number) => {
            out.push_str(if *number > 0.0 { "\"Infinity\"" } else { "\"-Infinity\"" });
        }
        AnyValue::Bytes(bytes) => {
            out.push('"');
            push_base64(out, bytes);
            out.push('"');
        }
        AnyValue::Array(values) => {
            out.push('[');
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                push_json(out, value);
            }
            out.push(']');
        }
        AnyValue::Map(pairs) => push_map(out, pairs),
    }
}

/// RFC 4648, section 4.
fn push_base64(out: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            if digit <= chunk.len() {
                out.push(char::from(DIGITS[(bits >> (18 - 6 * digit)) as usize & 63]));
            } else {
                out.push('=');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> AnyValue<'_> {
        AnyValue::Text(text.into())
    }

    fn plain<'s>(text: &'s str, _ts: Micros, record: &mut Record<'s>) {
        record.message = Cow::Borrowed(text);
    }

    fn filled(log: &LogRecord<'_>, resource: &Attributes<'_>) -> String {
        let mut common = Common::of_resource(resource);
        common.set_scope("lib", "", &Vec::new());
        let mut record = Record::default();
        if !fill(log, &common, None, plain, &mut record) {
            return "no time".to_owned();
        }
        format!(
            "{} {} {} {} | {} | {}",
            record.ts,
            record.level.map_or("-", Level::name),
            record.service.as_deref().unwrap_or("-"),
            record.host.as_deref().unwrap_or("-"),
            record.message,
            record.fields.as_str()
        )
    }

    #[test]
    fn a_record_fills_its_columns() {
        let resource = vec![
            ("service.name".into(), text("shop")),
            ("host.name".into(), text("n1")),
            ("pod".into(), text("p")),
        ];
        let log = LogRecord {
            time: 1_767_571_200_123_456_789,
            observed: 1_767_571_200_123_456_999,
            severity_number: 17,
            severity_text: "error".into(),
            body: text("charge failed"),
            attributes: vec![
                ("http.status".into(), AnyValue::Int(502)),
                ("data".into(), AnyValue::Bytes(b"ab")),
                ("service".into(), text("other")),
            ],
            trace_id: Id::Bytes(&[0x5b, 0x8e]),
            span_id: Id::Hex("0000"),
            ..LogRecord::default()
        };
        assert_eq!(
            filled(&log, &resource),
            r#"1767571200123456 ERROR shop n1 | charge failed | "http.status":502,"data":"YWI=","service":"other","trace_id":"5b8e","scope":{"name":"lib"},"resource":{"pod":"p"}"#
        );
    }

    #[test]
    fn what_says_more_than_the_level_is_kept() {
        let resource = Vec::new();
        let log = |severity_number, severity_text: &'static str| LogRecord {
            observed: 1_000,
            severity_number,
            severity_text: severity_text.into(),
            body: text("m"),
            ..LogRecord::default()
        };
        for (number, word, expected) in [
            (9, "INFO", r#"1 INFO - - | m | "scope":{"name":"lib"}"#),
            (
                10,
                "Notice",
                r#"1 INFO - - | m | "severity_text":"Notice","severity_number":10,"scope":{"name":"lib"}"#,
            ),
            (0, "Warn", r#"1 WARN - - | m | "scope":{"name":"lib"}"#),
            (
                99,
                "loud",
                r#"1 - - - | m | "severity_text":"loud","severity_number":99,"scope":{"name":"lib"}"#,
            ),
        ] {
            assert_eq!(filled(&log(number, word), &resource), expected);
        }
        assert_eq!(filled(&LogRecord::default(), &resource), "no time");
    }

    #[test]
    fn bodies_of_every_type_are_messages() {
        let resource = Vec::new();
        for (body, expected) in [
            (AnyValue::Int(5), "5"),
            (AnyValue::Double(f64::NAN), "\"NaN\""),
            (AnyValue::Array(vec![AnyValue::Double(1.5), AnyValue::Empty]), "[1.5,null]"),
            (AnyValue::Map(vec![("msg".into(), text("inside"))]), "inside"),
            (AnyValue::Empty, r#"{"scope":{"name":"lib"}}"#),
        ] {
            let log = LogRecord { time: 1_000, body, ..LogRecord::default() };
            let found = filled(&log, &resource);
            assert_eq!(found.split(" | ").nth(1), Some(expected));
        }
    }

    #[test]
    fn base64_pads() {
        for (bytes, expected) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v")] {
            let mut out = String::new();
            push_base64(&mut out, bytes.as_bytes());
            assert_eq!(out, expected);
        }
    }
}
