//! OpenTelemetry's JSON: <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>.
//!
//! The collector's file exporter writes a request a line: `resourceLogs` of `scopeLogs` of
//! `logRecords`. A line with several records is taken apart into requests of one ([`requests`]).
//!
//! Members have the names of JSON (`timeUnixNano`) or of the protocol's files (`time_unix_nano`),
//! as readers of Protocol Buffers' JSON must take both
//! (<https://protobuf.dev/programming-guides/json/>).
//!
//! Attributes are lists of keys and typed values there. They become plain objects, so that
//! they can be asked for by name: `{"http.status":200}`.

use std::borrow::Cow;
use std::ops::ControlFlow;

use super::framing::AROUND_BYTES_MAX;
use super::scan::Flaw;
use super::text::repaired;
use super::value::Value;
use super::walk::Walk;
use crate::parse::Mismatch;
use crate::parse::formats::messages::{Said, Texts};
use crate::parse::formats::otlp::{AnyValue, Attributes, Common, Id, LogRecord, fill};
use crate::record::{Fields, Micros, Record};

/// The only log record of a `resourceLogs` list. A body that is text is read by `texts`.
pub fn single_record<'b>(
    list: Value<'_>,
    absent: Option<Micros>,
    texts: Option<&Texts>,
) -> Result<Record<'b>, Mismatch> {
    let mut found = None;
    for resource_logs in list.elements() {
        for scope_logs in lists(resource_logs, ["scopeLogs", "scope_logs"]) {
            for record in lists(scope_logs, ["logRecords", "log_records"]) {
                if found.replace((resource_logs, scope_logs, record)).is_some() {
                    return Err(Mismatch::Several);
                }
            }
        }
    }
    let Some((resource_logs, scope_logs, record)) = found else {
        return Err(Mismatch::Broken("no OTLP record in the line"));
    };
    let mut log = LogRecord::default();
    read_record(record, &mut log).map_err(Mismatch::Broken)?;
    let resource = resource_logs.member("resource").map(attributes_of).unwrap_or_default();
    let mut common = Common::of_resource(&resource);
    if let Some(scope) = scope_logs.member("scope") {
        take_scope(scope, &mut common);
    }
    let mut record = Record::default();
    let mut said = Said::default();
    let none = Texts::default();
    let texts = texts.unwrap_or(&none);
    let read = |text, ts, record: &mut _| said = texts.read(text, ts, record);
    if !fill(&log, &common, absent, read, &mut record) {
        return Err(Mismatch::Broken("no timestamp"));
    }
    said.add_to(&mut record);
    Ok(record.into_owned())
}

/// The log records of a request, an object with a `resourceLogs` list, as requests of one each,
/// with all that stands around them. `None`: the object is no request, or that would be too much.
pub fn requests(request: Value<'_>) -> Option<Vec<String>> {
    let (mut requests, mut around_bytes) = (Vec::new(), 0usize);
    let (others, list) = beside(request, ["resourceLogs", "resource_logs"])?;
    for resource_logs in list.elements() {
        let Some((resource, list)) = beside(resource_logs, ["scopeLogs", "scope_logs"]) else {
            continue;
        };
        for scope_logs in list.elements() {
            let Some((scope, list)) = beside(scope_logs, ["logRecords", "log_records"]) else {
                continue;
            };
            let bytes = others.len() + resource.len() + scope.len();
            around_bytes =
                around_bytes.saturating_add(bytes.saturating_mul(list.elements().count()));
            if around_bytes > AROUND_BYTES_MAX {
                return None;
            }
            let around = |record: Value<'_>| {
                let record = record.text;
                format!("{{{others}:[{{{resource}:[{{{scope}:[{record}]}}]}}]}}")
            };
            requests.extend(list.elements().map(around));
        }
    }
    Some(requests)
}

/// The members of an object as text, with the key of a list, by either of its names, at the end
/// and without its value, which is the other answer.
fn beside<'a>(object: Value<'a>, names: [&str; 2]) -> Option<(String, Value<'a>)> {
    let is_list = |key: &Value<'_>| key.raw_string().is_some_and(|key| names.contains(&key));
    let (name, list) = object.members().find(|(key, _)| is_list(key))?;
    let others = object.members().filter(|(key, _)| !is_list(key));
    let mut text: String =
        others.map(|(key, value)| format!("{}:{},", key.text, value.text)).collect();
    text.push_str(name.text);
    Some((text, list))
}

/// The elements of the array that is a member of an object, by either of its names.
fn lists<'a>(object: Value<'a>, keys: [&str; 2]) -> impl Iterator<Item = Value<'a>> + use<'a> {
    let list = keys.iter().find_map(|key| object.member(key));
    list.into_iter().flat_map(|list| list.elements())
}

/// Takes over a scope.
fn take_scope(scope: Value<'_>, common: &mut Common<'_>) {
    let text = |key| scope.member(key).and_then(|text| text.verbatim()).unwrap_or_default();
    common.set_scope(&text("name"), &text("version"), &attributes_of(scope));
}

/// What is called with each record of a request, and what it has in common with others.
pub type Visit<'v, 'a> = dyn FnMut(&Common<'_>, Value<'a>) -> ControlFlow<()> + 'v;

/// Goes through the log records of a request (`{"resourceLogs":[…]}`) until `visit` breaks. Says
/// whether it is one: an object without a member that holds logs is something else.
///
/// # Errors
/// Where the text is not JSON; `visit` may have been called before.
pub fn walk<'a>(text: &'a str, visit: &mut Visit<'_, 'a>) -> Result<bool, Flaw> {
    let mut walk = Walk::new(text);
    if !walk.enter(b'{')? {
        return Err(Flaw::Malformed);
    }
    let (mut has_logs, mut is_empty) = (false, true);
    while let Some(key) = walk.key()? {
        let is_logs = matches!(key.raw_string(), Some("resourceLogs" | "resource_logs"));
        (has_logs, is_empty) = (has_logs || is_logs, false);
        if !is_logs || !walk.enter(b'[')? {
            walk.value()?;
            continue;
        }
        while walk.element()? {
            if walk_resource(&mut walk, visit)?.is_break() {
                return Ok(true);
            }
        }
    }
    let is_whole = walk.rest().trim_ascii().is_empty();
    if is_whole { Ok(has_logs || is_empty) } else { Err(Flaw::Malformed) }
}

/// A `ResourceLogs`. Records that stand before their resource are read when it is known.
fn walk_resource<'a>(
    walk: &mut Walk<'a>,
    visit: &mut Visit<'_, 'a>,
) -> Result<ControlFlow<()>, Flaw> {
    if !walk.enter(b'{')? {
        return walk.value().map(|_| ControlFlow::Continue(()));
    }
    let (mut resource, mut later) = (None, Vec::new());
    while let Some(key) = walk.key()? {
        match key.raw_string() {
            Some("resource") => resource = Some(attributes_of(walk.value()?)),
            Some("scopeLogs" | "scope_logs") => {
                if let Some(resource) = &resource {
                    let mut common = Common::of_resource(resource);
                    if walk_scopes(walk, &mut common, visit)?.is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                } else {
                    later.push(walk.value()?);
                }
            }
            _ => {
                walk.value()?;
            }
        }
    }
    let resource = resource.unwrap_or_default();
    for list in later {
        let mut common = Common::of_resource(&resource);
        if walk_scopes(&mut Walk::new(list.text), &mut common, visit)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// A list of `ScopeLogs`.
fn walk_scopes<'a>(
    walk: &mut Walk<'a>,
    common: &mut Common<'_>,
    visit: &mut Visit<'_, 'a>,
) -> Result<ControlFlow<()>, Flaw> {
    if !walk.enter(b'[')? {
        return walk.value().map(|_| ControlFlow::Continue(()));
    }
    while walk.element()? {
        common.set_scope("", "", &Attributes::new());
        if !walk.enter(b'{')? {
            walk.value()?;
            continue;
        }
        let (mut has_scope, mut later) = (false, Vec::new());
        while let Some(key) = walk.key()? {
            match key.raw_string() {
                Some("scope") => {
                    take_scope(walk.value()?, common);
                    has_scope = true;
                }
                Some("logRecords" | "log_records") if has_scope => {
                    if walk_records(walk, common, visit)?.is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
                Some("logRecords" | "log_records") => later.push(walk.value()?),
                _ => {
                    walk.value()?;
                }
            }
        }
        for list in later {
            if walk_records(&mut Walk::new(list.text), common, visit)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }
    Ok(ControlFlow::Continue(()))
}

fn walk_records<'a>(
    walk: &mut Walk<'a>,
    common: &Common<'_>,
    visit: &mut Visit<'_, 'a>,
) -> Result<ControlFlow<()>, Flaw> {
    if !walk.enter(b'[')? {
        return walk.value().map(|_| ControlFlow::Continue(()));
    }
    while walk.element()? {
        if visit(common, walk.value()?).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// Reads a `LogRecord` into an empty one.
///
/// # Errors
/// What cannot be read, for the reject.
pub fn read_record<'a>(value: Value<'a>, log: &mut LogRecord<'a>) -> Result<(), &'static str> {
    if !value.is_object() {
        return Err("an OTLP record that is no object");
    }
    for (key, value) in value.members() {
        match key.raw_string().unwrap_or_default() {
            "timeUnixNano" | "time_unix_nano" => log.time = nanos(value)?,
            "observedTimeUnixNano" | "observed_time_unix_nano" => log.observed = nanos(value)?,
            "severityNumber" | "severity_number" => log.severity_number = severity_number(value),
            "severityText" | "severity_text" => {
                log.severity_text = value.verbatim().unwrap_or_default()
            }
            "body" => log.body = any_value(value),
            "attributes" => push_attributes(value, &mut log.attributes),
            "droppedAttributesCount" | "dropped_attributes_count" => {
                log.dropped_attributes = number(value).unwrap_or_default()
            }
            "flags" => log.flags = number(value).unwrap_or_default(),
            "traceId" | "trace_id" => log.trace_id = value.raw_string().map_or(Id::None, Id::Hex),
            "spanId" | "span_id" => log.span_id = value.raw_string().map_or(Id::None, Id::Hex),
            "eventName" | "event_name" => log.event_name = value.verbatim().unwrap_or_default(),
            _ => {}
        }
    }
    Ok(())
}

/// 64-bit numbers are strings in OTLP's JSON, but not in everybody's.
fn number(value: Value<'_>) -> Option<u64> {
    value.text.trim_matches('"').parse().ok()
}

fn nanos(value: Value<'_>) -> Result<u64, &'static str> {
    match value.text {
        "null" | "\"\"" => Ok(0),
        _ => number(value).ok_or("unreadable timestamp"),
    }
}

/// A number, or the name of the enum's value: `SEVERITY_NUMBER_INFO2`.
fn severity_number(value: Value<'_>) -> i64 {
    const NAMES: [&str; 6] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
    let Some(name) = value.raw_string().and_then(|name| name.strip_prefix("SEVERITY_NUMBER_"))
    else {
        return number(value).and_then(|number| i64::try_from(number).ok()).unwrap_or_default();
    };
    let (word, step) = match name.as_bytes().last() {
        Some(digit @ b'2'..=b'4') => (&name[..name.len() - 1], i64::from(digit - b'1')),
        _ => (name, 0),
    };
    NAMES.iter().position(|known| *known == word).map_or(0, |at| 1 + 4 * at as i64 + step)
}

fn attributes_of(object: Value<'_>) -> Attributes<'_> {
    let mut attributes = Vec::new();
    if let Some(list) = object.member("attributes") {
        push_attributes(list, &mut attributes);
    }
    attributes
}

fn push_attributes<'a>(list: Value<'a>, attributes: &mut Attributes<'a>) {
    for pair in list.elements() {
        let (mut name, mut found) = (None, AnyValue::Empty);
        for (key, value) in pair.members() {
            match key.raw_string() {
                Some("key") => name = value.verbatim(),
                Some("value") => found = any_value(value),
                _ => {}
            }
        }
        attributes.extend(name.map(|name| (name, found)));
    }
}

/// No deeper than the scanner lets objects nest.
fn any_value(value: Value<'_>) -> AnyValue<'_> {
    let Some((kind, inner)) = value.members().next() else { return AnyValue::Empty };
    let unquoted = inner.text.trim_matches('"');
    match kind.raw_string().unwrap_or_default() {
        "stringValue" | "string_value" | "bytesValue" | "bytes_value" => {
            AnyValue::Text(inner.verbatim().unwrap_or(Cow::Borrowed(inner.text)))
        }
        "boolValue" | "bool_value" => AnyValue::Bool(unquoted == "true"),
        "intValue" | "int_value" => match unquoted.parse() {
            Ok(number) => AnyValue::Int(number),
            Err(_) => AnyValue::Text(Cow::Borrowed(unquoted)),
        },
        "doubleValue" | "double_value" => match unquoted.parse() {
            Ok(number) => AnyValue::Double(number),
            Err(_) => AnyValue::Text(Cow::Borrowed(unquoted)),
        },
        "arrayValue" | "array_value" => {
            AnyValue::Array(lists(inner, ["values"; 2]).map(any_value).collect())
        }
        "kvlistValue" | "kvlist_value" => {
            let mut pairs = Vec::new();
            if let Some(list) = inner.member("values") {
                push_attributes(list, &mut pairs);
            }
            AnyValue::Map(pairs)
        }
        _ => AnyValue::Empty,
    }
}

/// The string of one attribute in a list of them.
pub fn attribute<'a>(list: Value<'a>, key: &str) -> Option<Value<'a>> {
    list.elements()
        .find(|pair| pair.member("key").is_some_and(|name| name.raw_string() == Some(key)))?
        .member("value")?
        .member("stringValue")
}

/// A list of attributes as a JSON object; `None` if it is no such list.
pub fn attributes_object(list: Value<'_>) -> Option<String> {
    let mut object = Fields::default();
    let mut pairs = 0;
    for pair in list.elements() {
        let key = pair.member("key")?.string()?;
        object.raw(&key, &json_of(pair.member("value")?));
        pairs += 1;
    }
    (pairs > 0).then(|| format!("{{{}}}", object.as_str()))
}

/// A resource with its attributes as an object; `None` if they are no list.
pub fn resource_object(resource: Value<'_>) -> Option<String> {
    let attributes = attributes_object(resource.member("attributes")?)?;
    let mut object = Fields::default();
    for (key, value) in resource.members() {
        if key.raw_string() == Some("attributes") {
            object.raw_pair(key.text, &attributes);
        } else {
            object.raw_pair(&repaired(key.text), &repaired(value.text));
        }
    }
    Some(format!("{{{}}}", object.as_str()))
}

/// The JSON that an `AnyValue` stands for: `{"intValue":"12"}` is 12.
fn json_of(value: Value<'_>) -> String {
    let plain = value.members().next().and_then(|(kind, inner)| match kind.raw_string()? {
        "stringValue" | "boolValue" | "doubleValue" | "bytesValue" => Some(repaired(inner.text)),
        "intValue" => inner
            .text
            .trim_matches('"')
            .parse::<i64>()
            .map_or_else(|_| Some(repaired(inner.text)), |number| Some(number.to_string())),
        // No deeper than the scanner lets objects nest.
        "arrayValue" => {
            let items: Vec<String> = lists(inner, ["values"; 2]).map(json_of).collect();
            Some(format!("[{}]", items.join(",")))
        }
        "kvlistValue" => {
            Some(inner.member("values").and_then(attributes_object).unwrap_or("{}".to_owned()))
        }
        _ => None,
    });
    plain.unwrap_or_else(|| repaired(value.text))
}
