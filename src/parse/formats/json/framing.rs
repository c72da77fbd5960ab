//! Several records in one text: a line with more than one object, an array, an object around an
//! array (CloudTrail's `{"Records":[…]}`, CloudWatch's `{"logEvents":[…]}`, Elasticsearch's
//! `{"hits":{"hits":[…]}}`), a request of OpenTelemetry.

use std::borrow::Cow;

use super::super::names::{self, Name, Role};
use super::otlp;
use super::scan::Scanner;
use super::value::Value;

/// Names of the arrays in which services put records, in their normal form.
const LISTS: [&[u8]; 12] = [
    b"records",
    b"events",
    b"logevents",
    b"logs",
    b"entries",
    b"items",
    b"messages",
    b"batch",
    b"value",
    b"results",
    b"data",
    b"configurationitems",
];

/// Whether an array with this key may be one of records.
pub(crate) fn names_list(key: Value<'_>) -> bool {
    let name = key.raw_string().and_then(Name::of);
    name.is_some_and(|name| LISTS.contains(&name.as_bytes()))
}

/// Whether a member with this key has records deeper in it: a request of OpenTelemetry, an answer
/// of Elasticsearch.
pub(crate) fn names_nest(key: Value<'_>) -> bool {
    matches!(key.raw_string(), Some("resourceLogs" | "resource_logs" | "hits"))
}

/// Whether an element of such an array is a record: an object that names a time, or one around
/// such an object (`_source` in what Elasticsearch found).
pub(crate) fn names_time(element: Value<'_>) -> bool {
    element.members().any(|(key, value)| match key.raw_string() {
        Some("_source") => names_time(value),
        name => matches!(name.and_then(names::role_of), Some((Role::Time, _))),
    })
}

/// Whether a member is an array of records, or an answer of Elasticsearch with one in `hits.hits`.
pub fn wraps(key: Value<'_>, value: Value<'_>) -> bool {
    list_of(key, value).is_some()
}

/// The array of records that a member is, or is around.
fn list_of<'a>(key: Value<'a>, value: Value<'a>) -> Option<Value<'a>> {
    let (is_list, list) = match value.text.as_bytes().first()? {
        b'[' => (names_list(key), value),
        b'{' if key.text == HITS => (true, value.member("hits")?),
        _ => return None,
    };
    (is_list && list.elements().next().is_some_and(names_time)).then_some(list)
}

/// Most bytes of what stands around records and is written to each of them: a line may have
/// thousands of records in half a megabyte of description. Beyond, it is rejected as a whole.
pub(super) const AROUND_BYTES_MAX: usize = 64 << 20;

const HITS: &str = "\"hits\"";

/// An element of a list with the members that stand beside the list, in front. What is no object
/// has no members.
pub(crate) fn with_members<'a>(others: &str, element: &'a str) -> Cow<'a, str> {
    let inner = element.strip_prefix('{').map(str::trim_ascii_start);
    match inner {
        Some(inner) if !others.is_empty() && inner.starts_with('"') => {
            Cow::Owned(format!("{{{others},{inner}"))
        }
        _ => Cow::Borrowed(element),
    }
}

/// The texts of the records: what stands around an array becomes part of each.
pub fn elements(line: &str) -> Vec<Cow<'_, str>> {
    let mut elements = Vec::new();
    let mut scanner = Scanner::new(line);
    while let Ok(token) = scanner.token() {
        if matches!(token, b'[' | b']' | b',') {
            scanner.at += 1;
            continue;
        }
        let start = scanner.at;
        match scanner.value() {
            Ok(value) if value.is_object() => elements.extend(unwrapped(value)),
            Ok(value) => elements.push(Cow::Borrowed(value.text)),
            // Broken: the rest as it is, to be rejected.
            Err(_) => {
                elements.push(Cow::Borrowed(&line[start..]));
                break;
            }
        }
    }
    elements
}

/// An object by itself, or the elements of the array that it is around.
fn unwrapped(object: Value<'_>) -> Vec<Cow<'_, str>> {
    if let Some(requests) = otlp::requests(object) {
        return requests.into_iter().map(Cow::Owned).collect();
    }
    let list = object.members().find_map(|(key, value)| Some((key, list_of(key, value)?)));
    let Some((wrapper, list)) = list else { return vec![Cow::Borrowed(object.text)] };
    let others: Vec<String> =
        object.members().filter_map(|(key, value)| beside(key, value, wrapper)).collect();
    let others = others.join(",");
    if others.len().saturating_mul(list.elements().count()) > AROUND_BYTES_MAX {
        return vec![Cow::Borrowed(object.text)];
    }
    list.elements().map(|element| with_members(&others, element.text)).collect()
}

/// A member as it stands beside the list: of the one that is `around` it, what it holds besides.
fn beside(key: Value<'_>, value: Value<'_>, around: Value<'_>) -> Option<String> {
    if key.text != around.text {
        return Some(format!("{}:{}", key.text, value.text));
    }
    let others = value.members().filter(|(key, _)| key.text != HITS);
    let others: Vec<String> =
        others.map(|(key, value)| format!("{}:{}", key.text, value.text)).collect();
    (!others.is_empty()).then(|| format!("{}:{{{}}}", key.text, others.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_records_are_told_apart() {
        for (line, expected) in [
            (
                r#"{"a":1}{"b":[{"c":2}]} {"d":3}"#,
                &[r#"{"a":1}"#, r#"{"b":[{"c":2}]}"#, r#"{"d":3}"#][..],
            ),
            (r#"[{"a":1},{"a":2}]"#, &[r#"{"a":1}"#, r#"{"a":2}"#]),
            (r#"{"Records":[{"time":1},{"time":2}]}"#, &[r#"{"time":1}"#, r#"{"time":2}"#]),
            (
                r#"{"logGroup":"g","logEvents":[{"timestamp":1}]}"#,
                &[r#"{"logGroup":"g","timestamp":1}"#],
            ),
            (
                r#"{"took":1,"hits":{"total":2,"hits":[{"_id":"1","_source":{"time":1}},{"_id":"2"}]}}"#,
                &[
                    r#"{"took":1,"hits":{"total":2},"_id":"1","_source":{"time":1}}"#,
                    r#"{"took":1,"hits":{"total":2},"_id":"2"}"#,
                ],
            ),
            (r#"{"hits":{"hits":[{"_id":"1"}]}}"#, &[r#"{"hits":{"hits":[{"_id":"1"}]}}"#]),
            (
                r#"{"resourceLogs":[{"resource":{"a":1},"scopeLogs":[{"logRecords":[{"n":1},{"n":2}]}]},{"scopeLogs":[{"scope":{},"logRecords":[{"n":3}]}]}]}"#,
                &[
                    r#"{"resourceLogs":[{"resource":{"a":1},"scopeLogs":[{"logRecords":[{"n":1}]}]}]}"#,
                    r#"{"resourceLogs":[{"resource":{"a":1},"scopeLogs":[{"logRecords":[{"n":2}]}]}]}"#,
                    r#"{"resourceLogs":[{"scopeLogs":[{"scope":{},"logRecords":[{"n":3}]}]}]}"#,
                ],
            ),
            (r#"{"a":1}{"b":"#, &[r#"{"a":1}"#, r#"{"b":"#]),
        ] {
            assert_eq!(elements(line), expected, "{line}");
        }
    }

    /// What stands around records is not copied without end.
    #[test]
    fn much_around_many_records_is_no_copies() {
        let around = "x".repeat(400_000);
        let records = vec![r#"{"time":1}"#; 1_000].join(",");
        for line in [
            format!(r#"{{"a":"{around}","Records":[{records}]}}"#),
            format!(
                r#"{{"resourceLogs":[{{"a":"{around}","scopeLogs":[{{"logRecords":[{records}]}}]}}]}}"#
            ),
        ] {
            assert_eq!(elements(&line), [line.as_str()]);
        }
    }
}
