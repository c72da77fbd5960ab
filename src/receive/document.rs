//! One JSON object that a client sent as a record: a line of JSON lines, a document of
//! Elasticsearch. Read as JSON lines of files are, and besides:
//!
//! - Members may have names of their own, see [`super::settings`].
//! - Documents of the OpenTelemetry Collector's elasticsearch exporter in its default mode,
//!   `otel`, are log records of OpenTelemetry: the message is `body.text` or in
//!   `body.structured`, service and host are in `resource.attributes`, `@timestamp` is a text
//!   of milliseconds, a point, and the nanoseconds beyond them without leading zeros
//!   (github.com/open-telemetry/opentelemetry-collector-contrib,
//!   exporter/elasticsearchexporter/internal/serializer/otelserializer).
//! - A member that is the record's time is no field; every other time is one, under its own name.
//! - A record in an object that holds nothing else is unwrapped: `{"method":"collect","params":{…}}`
//!   of winston's HTTP transport, `{"value":{…}}` of Kafka's REST proxy.

use std::borrow::Cow;

use super::settings::FieldNames;
use crate::parse::formats::json::Scale;
use crate::parse::formats::json::scan::Flaw;
use crate::parse::formats::json::value::{Object, Value, keep};
use crate::parse::formats::json::values::time_of;
use crate::parse::formats::json::{Draft, mismatch_of};
use crate::parse::formats::labels::key_beside;
use crate::parse::formats::otlp::{AnyValue, Attributes, Common, Id, LogRecord, fill};
use crate::parse::{Mismatch, TimeRules};
use crate::record::{Fields, Micros, Record};

pub const REASON_TIME: &str = "failed to parse field [@timestamp] of type [date]";
pub const REASON_NO_OBJECT: &str = "the document is no JSON object";

/// How documents are read.
#[derive(Clone, Copy)]
pub struct Reading<'n> {
    pub names: &'n FieldNames,
    pub rules: &'n TimeRules,
    /// `@timestamp` must be a time, as in Elasticsearch.
    pub is_strict: bool,
    /// What numbers are as levels.
    pub scale: Scale,
}

/// Members of a document whose names are stand-ins.
#[derive(Clone, Copy, Default)]
pub struct Around<'a> {
    kubernetes: Option<Value<'a>>,
    container: Option<Value<'a>>,
    container_name: Option<Value<'a>>,
    job: Option<Value<'a>>,
}

impl<'a> Around<'a> {
    pub fn service(&self) -> Option<Cow<'a, str>> {
        let in_cluster = |path: &[&str]| name_at(self.kubernetes?, path);
        in_cluster(&["deployment", "name"])
            .or_else(|| in_cluster(&["container", "name"]))
            .or_else(|| in_cluster(&["container_name"]))
            .or_else(|| name_at(self.container?, &["name"]))
            .or_else(|| self.container_name?.string().filter(|name| !name.is_empty()))
            .or_else(|| self.job?.string().filter(|name| !name.is_empty()))
    }

    pub fn host(&self) -> Option<Cow<'a, str>> {
        let in_cluster = |path: &[&str]| name_at(self.kubernetes?, path);
        in_cluster(&["node", "name"]).or_else(|| in_cluster(&["host"]))
    }
}

fn name_at<'a>(object: Value<'a>, path: &[&str]) -> Option<Cow<'a, str>> {
    path.iter().try_fold(object, |object, key| object.member(key))?.string()
}

/// Fills an empty record with a document; returns what stands around it.
///
/// # Errors
/// Why it is no record.
pub fn read<'a>(
    document: &'a str,
    reading: Reading<'_>,
    record: &mut Record<'a>,
) -> Result<Around<'a>, &'static str> {
    let mut object = Object::open(document).map_err(|_| REASON_NO_OBJECT)?;
    let mut parts = Parts::new(reading, record);
    if reading.names.is_empty() {
        while let Some((key, value)) = object.next().map_err(reason)? {
            parts.take(key, value)?;
        }
    } else {
        let mut members = Vec::new();
        while let Some(member) = object.next().map_err(reason)? {
            members.push(member);
        }
        for (key, value) in reading.names.ordered(members) {
            parts.take(key, value)?;
        }
    }
    if !object.rest().trim_ascii().is_empty() {
        return Err("more than one JSON value in a line");
    }
    if parts.is_otel {
        read_otel(document, reading, record)?;
        return Ok(Around::default());
    }
    if let Some(wrapped) = parts.wrapped.filter(|_| !parts.has_more) {
        *record = std::mem::take(record).recycle();
        return read(wrapped.text, reading, record);
    }
    let Parts { mut draft, at, around, .. } = parts;
    if let Some(at) = at {
        draft.set_time(at);
    }
    draft.finish(document).map_err(refusal)?;
    Ok(around)
}

/// Why text is no document.
pub fn reason(flaw: Flaw) -> &'static str {
    refusal(mismatch_of(flaw))
}

fn refusal(mismatch: Mismatch) -> &'static str {
    match mismatch {
        Mismatch::Broken(reason) => reason,
        Mismatch::Incomplete => "the JSON of the document does not end",
        Mismatch::Several => "more than one OTLP record in a document",
        _ => REASON_NO_OBJECT,
    }
}

/// A document, as far as its members are read.
struct Parts<'r, 'a> {
    reading: Reading<'r>,
    draft: Draft<'r, 'a>,
    at: Option<Micros>,
    around: Around<'a>,
    is_otel: bool,
    /// A record in an object, and whether there is more than that.
    wrapped: Option<Value<'a>>,
    has_more: bool,
}

impl<'r, 'a> Parts<'r, 'a> {
    fn new(reading: Reading<'r>, record: &'r mut Record<'a>) -> Parts<'r, 'a> {
        let draft = Draft::verbatim(reading.rules, reading.scale, record);
        let around = Around::default();
        Parts { reading, draft, at: None, around, is_otel: false, wrapped: None, has_more: false }
    }

    fn take(&mut self, key: Value<'a>, value: Value<'a>) -> Result<(), &'static str> {
        match key.text {
            // The first is the better name's.
            "\"@timestamp\"" if self.at.is_none() => {
                self.at = self.timestamp_of(value);
                match (self.at, self.reading.is_strict) {
                    (Some(_), _) => return Ok(()),
                    (None, true) => return Err(REASON_TIME),
                    (None, false) => {}
                }
            }
            "\"container_name\"" => self.around.container_name = Some(value),
            "\"job\"" => self.around.job = Some(value),
            "\"kubernetes\"" => self.around.kubernetes = Some(value),
            "\"container\"" => self.around.container = Some(value),
            "\"body\"" => self.is_otel |= is_otel_body(value),
            "\"resource\"" => self.is_otel |= is_otel_resource(value),
            "\"params\"" | "\"value\"" if value.is_object() => self.wrapped = Some(value),
            "\"method\"" if value.text == "\"collect\"" => {}
            _ => self.has_more = true,
        }
        self.draft.take(key, value).map_err(refusal)
    }

    /// The time of the record. VictoriaLogs' word for now is `0`; elsewhere that is 1970.
    fn timestamp_of(&self, value: Value<'_>) -> Option<Micros> {
        let means_now = !self.reading.is_strict || !self.reading.names.time.is_empty();
        match value.text {
            "0" | "\"0\"" if means_now => self.reading.rules.absent,
            _ => timestamp_of(value, self.reading.rules),
        }
    }
}

/// As Elasticsearch reads dates: a date with or without a time, or milliseconds since 1970,
/// which may be few; and as the Collector's exporter writes them: `1767571200123.456789`.
fn timestamp_of(value: Value<'_>, rules: &TimeRules) -> Option<Micros> {
    let text = value.text.trim_matches('"');
    millis_and_nanos(text)
        .or_else(|| time_of(value, rules))
        .or_else(|| rules.whole(&format!("{} 00:00:00", value.raw_string()?)))
        .or_else(|| text.parse::<i64>().ok()?.checked_mul(1_000))
}

/// Milliseconds, a point, and nanoseconds without leading zeros.
fn millis_and_nanos(text: &str) -> Option<Micros> {
    /// From 2001 on milliseconds have 13 digits: seconds have 10.
    const MILLIS_DIGITS: usize = 13;
    let (millis, nanos) = text.split_once('.')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if millis.len() != MILLIS_DIGITS || nanos.len() > 6 || !is_number(millis) || !is_number(nanos) {
        return None;
    }
    let nanos: i64 = nanos.parse().ok()?;
    Some(millis.parse::<i64>().ok()? * 1_000 + nanos / 1_000)
}

/// The body of the exporter's mode `otel`.
fn is_otel_body(body: Value<'_>) -> bool {
    let mut members = body.members();
    let first = members.next().and_then(|(key, _)| key.raw_string());
    matches!(first, Some("text" | "structured" | "flattened")) && members.next().is_none()
}

fn is_otel_resource(resource: Value<'_>) -> bool {
    resource.member("attributes").is_some_and(|attributes| attributes.is_object())
}

/// Reads a document of the exporter's mode `otel`.
fn read_otel(
    document: &str,
    reading: Reading<'_>,
    record: &mut Record<'_>,
) -> Result<(), &'static str> {
    let document = Value { text: document, escaped: true, odd: false };
    let (mut log, mut resource) = (LogRecord::default(), Attributes::new());
    let (mut scope, mut more) = (None, Fields::default());
    let mut at = reading.rules.absent;
    for (key, value) in document.members() {
        match key.raw_string().unwrap_or_default() {
            "@timestamp" => match timestamp_of(value, reading.rules) {
                Some(micros) => at = Some(micros),
                None => return Err(REASON_TIME),
            },
            "observed_timestamp" => log.observed = nanos_of(value, reading.rules),
            "severity_text" => log.severity_text = value.verbatim().unwrap_or_default(),
            "severity_number" => log.severity_number = value.text.parse().unwrap_or_default(),
            "body" if is_otel_body(value) => {
                let inner = value.members().next();
                log.body = inner.map(|(_, inner)| any_value(inner)).unwrap_or_default();
            }
            "body" => log.body = any_value(value),
            "attributes" => log.attributes = attributes_of(value),
            "resource" => {
                resource = value.member("attributes").map(attributes_of).unwrap_or_default();
            }
            "scope" => scope = Some(value),
            "trace_id" => log.trace_id = value.raw_string().map_or(Id::None, Id::Hex),
            "span_id" => log.span_id = value.raw_string().map_or(Id::None, Id::Hex),
            "event_name" => log.event_name = value.verbatim().unwrap_or_default(),
            "dropped_attributes_count" => {
                log.dropped_attributes = value.text.parse().unwrap_or_default();
            }
            _ => keep(&mut more, key, value),
        }
    }
    let mut common = Common::of_resource(&resource);
    if let Some(scope) = scope {
        let text = |key| scope.member(key).and_then(|text| text.string()).unwrap_or_default();
        let attributes = scope.member("attributes").map(attributes_of).unwrap_or_default();
        common.set_scope(&text("name"), &text("version"), &attributes);
    }
    // Times before 1970 are none of OpenTelemetry's: the document's stands beside the record.
    log.time = at.and_then(|at| u64::try_from(at).ok()).unwrap_or_default() * 1_000;
    let mut filled = std::mem::take(record).recycle();
    fill(&log, &common, at, plain, &mut filled);
    add_beside(&mut filled, &more);
    filled.ts = at.unwrap_or(filled.ts);
    *record = filled.into_owned();
    Ok(())
}

/// Adds members that are none of OpenTelemetry's.
fn add_beside(record: &mut Record<'_>, more: &Fields) {
    let more = format!("{{{}}}", more.as_str());
    for (key, value) in (Value { text: &more, escaped: true, odd: false }).members() {
        let key = key_beside(record, "document", key.raw_string().unwrap_or_default()).into_owned();
        record.fields.raw_pair(&format!("\"{key}\""), value.text);
    }
}

fn plain<'s>(text: &'s str, _at: Micros, record: &mut Record<'s>) {
    record.message = Cow::Borrowed(text);
}

fn nanos_of(value: Value<'_>, rules: &TimeRules) -> u64 {
    let micros = timestamp_of(value, rules).and_then(|at| u64::try_from(at).ok());
    micros.unwrap_or_default() * 1_000
}

fn attributes_of(object: Value<'_>) -> Attributes<'_> {
    object.members().filter_map(|(key, value)| Some((key.verbatim()?, any_value(value)))).collect()
}

/// No deeper than the scanner lets objects nest.
fn any_value(value: Value<'_>) -> AnyValue<'_> {
    match value.text.as_bytes().first() {
        Some(b'"') => AnyValue::Text(value.verbatim().unwrap_or_default()),
        Some(b'{') => AnyValue::Map(attributes_of(value)),
        Some(b'[') => AnyValue::Array(value.elements().map(any_value).collect()),
        Some(b't') => AnyValue::Bool(true),
        Some(b'f') => AnyValue::Bool(false),
        Some(b'n') | None => AnyValue::Empty,
        Some(_) => match (value.text.parse(), value.text.parse()) {
            (Ok(number), _) => AnyValue::Int(number),
            (_, Ok(number)) => AnyValue::Double(number),
            _ => AnyValue::Text(Cow::Borrowed(value.text)),
        },
    }
}

#[cfg(test)]
mod tests;
