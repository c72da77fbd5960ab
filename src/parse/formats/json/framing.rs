//! Several records in one text: a line with more than one object, an array, an object around an
//! array (CloudTrail's `{"Records":[…]}`, CloudWatch's `{"logEvents":[…]}`).

use std::borrow::Cow;

use super::super::names::{self, Name, Role};
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

/// Whether an element of such an array is a record: an object that names a time.
pub(crate) fn names_time(element: Value<'_>) -> bool {
    element.members().any(|(key, _)| {
        let role = key.raw_string().and_then(names::role_of);
        matches!(role, Some((Role::Time, _)))
    })
}

/// Whether a member is an array of records.
pub fn wraps(key: Value<'_>, value: Value<'_>) -> bool {
    value.text.starts_with('[')
        && names_list(key)
        && value.elements().next().is_some_and(names_time)
}

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
    let Some((wrapper, array)) = object.members().find(|(key, value)| wraps(*key, *value)) else {
        return vec![Cow::Borrowed(object.text)];
    };
    let others: Vec<String> = object
        .members()
        .filter(|(key, _)| key.text != wrapper.text)
        .map(|(key, value)| format!("{}:{}", key.text, value.text))
        .collect();
    let others = others.join(",");
    array.elements().map(|element| with_members(&others, element.text)).collect()
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
            (r#"{"a":1}{"b":"#, &[r#"{"a":1}"#, r#"{"b":"#]),
        ] {
            assert_eq!(elements(line), expected, "{line}");
        }
    }
}
