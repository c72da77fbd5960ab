//! OpenTelemetry's JSON: <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>.
//!
//! The collector's file exporter writes a request a line: `resourceLogs` of `scopeLogs` of
//! `logRecords`. A line is a record here, so a request must hold one; with more it is a
//! reject, because to keep only the first would lose the others without a word.
//!
//! Attributes are lists of keys and typed values there. They become plain objects, so that
//! they can be asked for by name: `{"http.status":200}`.

use super::text::repaired;
use super::value::Value;
use crate::parse::Mismatch;
use crate::record::Fields;

/// The members of the only log record of a `resourceLogs` list, and what describes it
/// (`resource`, `scope`).
pub fn single_record<'a>(list: Value<'a>) -> Result<Vec<(Value<'a>, Value<'a>)>, Mismatch> {
    let mut found = None;
    for resource_logs in list.elements() {
        for scope_logs in lists(resource_logs, "scopeLogs") {
            for record in lists(scope_logs, "logRecords") {
                if found.replace((resource_logs, scope_logs, record)).is_some() {
                    return Err(Mismatch::Broken("more than one OTLP record in a line"));
                }
            }
        }
    }
    let Some((resource_logs, scope_logs, record)) = found else {
        return Err(Mismatch::Broken("no OTLP record in the line"));
    };
    let about = |object: Value<'a>, key: &str| {
        object.members().find(|(name, _)| name.raw_string() == Some(key))
    };
    Ok(record
        .members()
        .chain(about(resource_logs, "resource"))
        .chain(about(scope_logs, "scope"))
        .collect())
}

fn lists<'a>(object: Value<'a>, key: &str) -> impl Iterator<Item = Value<'a>> + use<'a> {
    object.member(key).into_iter().flat_map(|list| list.elements())
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
        object.raw(&key, &any_value(pair.member("value")?));
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
fn any_value(value: Value<'_>) -> String {
    let plain = value.members().next().and_then(|(kind, inner)| match kind.raw_string()? {
        "stringValue" | "boolValue" | "doubleValue" | "bytesValue" => Some(repaired(inner.text)),
        "intValue" => inner
            .text
            .trim_matches('"')
            .parse::<i64>()
            .map_or_else(|_| Some(repaired(inner.text)), |number| Some(number.to_string())),
        // No deeper than the scanner lets objects nest.
        "arrayValue" => {
            let items: Vec<String> = lists(inner, "values").map(any_value).collect();
            Some(format!("[{}]", items.join(",")))
        }
        "kvlistValue" => {
            Some(inner.member("values").and_then(attributes_object).unwrap_or("{}".to_owned()))
        }
        _ => None,
    });
    plain.unwrap_or_else(|| repaired(value.text))
}
