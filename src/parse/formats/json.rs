//! JSON lines: one object a line, of whatever logger.
//!
//! The members that are the record's own are found by their [names] and by being readable
//! as what the name says; where several are, the better name wins. All other members
//! become fields with their JSON text as it stands. What a logger needs beyond names is
//! in [`draft`]. An object without a timestamp is a reject.
//!
//! Pretty-printed objects are read if they begin with a line that is `{`, and so are
//! arrays with one object a line.
//!
//! - [`value`]: members and values, without a tree; [`scan`] and [`text`] are below it;
//!   [`walk`] goes through long ones.
//! - [`draft`]: members to a record. [`values`]: what a value says.
//! - [`otlp`], [`serilog`]: what needs code of its own.

mod access;
mod draft;
pub(crate) mod otlp;
pub(super) mod scan;
mod serilog;
pub(super) mod text;
pub(crate) mod value;
pub(crate) mod values;
pub(crate) mod walk;

use std::sync::Arc;

use super::{Kind, names, slot};
use crate::parse::{Format, Mismatch, TimeRules, Zone};
use crate::record::{Micros, Record};
pub(crate) use draft::Draft;
use scan::Flaw;
use value::{Object, Value};

pub const KIND: Kind = Kind {
    name: "json",
    about: r#"{"time":"2026-01-05T00:00:00Z","level":"info","msg":"message"}"#,
    recognise: |_| Some(Arc::new(Json::default())),
};

#[derive(Default)]
struct Json {
    /// Members that stand for others: their own key, and the text of the one meant.
    aliases: Vec<(String, &'static str)>,
    /// Every line stands for itself: what is no object continues none.
    stands_alone: bool,
}

/// JSON lines as clients push them: every line stands for itself. A member `key` is read as if it
/// were called `meant`, for each of these pairs; `meant` is JSON text.
pub fn with_aliases(aliases: Vec<(String, &'static str)>) -> Arc<dyn Format> {
    Arc::new(Json { aliases, stands_alone: true })
}

impl Json {
    #[inline]
    fn named<'a>(&self, key: Value<'a>) -> Value<'a> {
        let alias = self.aliases.iter().find(|(alias, _)| key.raw_string() == Some(alias));
        alias.map_or(key, |(_, meant)| Value { text: meant, escaped: false, odd: false })
    }
}

impl Format for Json {
    fn name(&self) -> &str {
        KIND.name
    }

    #[inline]
    fn joins_lines(&self) -> bool {
        true
    }

    fn takes_continuations(&self) -> bool {
        !self.stands_alone
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let text = object_text(line)?;
        let mut object = Object::open(text).map_err(mismatch_of)?;
        let mut draft = Draft::new(rules, record);
        while let Some((key, value)) = object.next().map_err(mismatch_of)? {
            draft.take(self.named(key), value)?;
        }
        if !ends_element(object.rest()) {
            return Err(Mismatch::Broken("more than one JSON value in a line"));
        }
        draft.finish(text)
    }

    fn starts(&self, line: &str, rules: &TimeRules) -> bool {
        line == "{" || self.parse(line, rules, &mut Record::default()).is_ok()
    }
}

/// Reads the text of an object into an empty record.
pub(crate) fn read<'a>(
    text: &'a str,
    rules: &TimeRules,
    record: &mut Record<'a>,
) -> Result<(), Mismatch> {
    Json::default().parse(text, rules, record)
}

/// Reads the text of an object, which is known to be JSON and goes away, into an empty record;
/// it has no timestamp but `ts`.
pub(crate) fn read_owned(text: &str, ts: Micros, record: &mut Record<'_>) {
    let rules = TimeRules { absent: Some(ts), ..TimeRules::new(Zone::UTC, ts) };
    let mut inner = std::mem::take(record).recycle();
    if read(text, &rules, &mut inner).is_err() {
        inner = inner.recycle();
        inner.message = text.into();
    }
    inner.ts = ts;
    *record = inner.into_owned();
}

/// Why text that was meant to be a JSON object is none.
pub(crate) fn mismatch_of(flaw: Flaw) -> Mismatch {
    match flaw {
        Flaw::End => Mismatch::Incomplete,
        Flaw::Malformed => Mismatch::Broken("malformed JSON"),
        Flaw::Deep => Mismatch::Broken("JSON nested deeper than 100 levels"),
    }
}

/// The line from the brace of its object on: as the element of an array it may stand
/// after a bracket or comma.
fn object_text(line: &str) -> Result<&str, Mismatch> {
    let text = line.trim_ascii_start();
    let text = match text.as_bytes() {
        [b'{', ..] => text,
        [b'[' | b',', element @ ..] if element.trim_ascii_start().first() == Some(&b'{') => {
            text[1..].trim_ascii_start()
        }
        _ if matches!(line, "[" | "]" | ",") => return Err(Mismatch::Skip),
        _ => return Err(Mismatch::Foreign),
    };
    // `{name}` and `{ return; }` are no attempts at JSON.
    match text.as_bytes()[1..].trim_ascii_start().first() {
        None | Some(b'"' | b'}') => Ok(text),
        Some(_) => Err(Mismatch::Foreign),
    }
}

/// Whether what follows an object ends its line: nothing, or the punctuation of an array.
fn ends_element(rest: &str) -> bool {
    rest.is_empty() || matches!(rest.trim_ascii(), "" | "," | "]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(line: &str) -> Result<String, Mismatch> {
        let mut record = Record::default();
        Json::default().parse(line, &TimeRules::new(Zone::UTC, 0), &mut record)?;
        Ok(format!("{} | {}", record.message, record.fields.as_str()))
    }

    #[test]
    fn what_is_no_record_says_why() {
        let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(200_000), "]".repeat(200_000));
        for (line, mismatch) in [
            ("text", Mismatch::Foreign),
            ("{name}", Mismatch::Foreign),
            ("{{template}}", Mismatch::Foreign),
            ("", Mismatch::Foreign),
            ("[", Mismatch::Skip),
            ("{", Mismatch::Incomplete),
            (r#"{"a":"b"#, Mismatch::Incomplete),
            (r#"{"a":tru"#, Mismatch::Incomplete),
            (r#"{"a":{"b":[1,"#, Mismatch::Incomplete),
            (r#"{"a":1,}"#, Mismatch::Broken("malformed JSON")),
            (r#"{"a" 1}"#, Mismatch::Broken("malformed JSON")),
            (r#"{"a":[1}"#, Mismatch::Broken("malformed JSON")),
            (r#"{"a":"\x"}"#, Mismatch::Broken("malformed JSON")),
            (r#"{"ts":1767571200}{}"#, Mismatch::Broken("more than one JSON value in a line")),
            (r#"{"a":1}"#, Mismatch::Broken("no timestamp")),
            ("{}", Mismatch::Broken("no timestamp")),
            (&deep, Mismatch::Broken("JSON nested deeper than 100 levels")),
        ] {
            assert_eq!(outcome(line), Err(mismatch), "{}", line.get(..40).unwrap_or(line));
        }
    }

    #[test]
    fn odd_values_stay_readable() {
        for (pair, expected) in [
            (r#""n":1e999"#, r#""n":"1e999""#),
            (r#""n":[-1e999,1e9,0]"#, r#""n":["-1e999",1e9,0]"#),
            (r#""n":NaN"#, r#""n":"NaN""#),
            (r#""n":-Infinity"#, r#""n":"-Infinity""#),
            (r#""s":"\ud83d\ude00 \ud83d""#, "\"s\":\"\u{1f600} \u{fffd}\""),
            (r#""s":{"\udead":"\ud800\u0041"}"#, "\"s\":{\"\u{fffd}\":\"\u{fffd}A\"}"),
            ("\"s\":\"a\tb\"", r#""s":"a\tb""#),
            (r#""n":123456789012345678901234567890"#, r#""n":123456789012345678901234567890"#),
            (r#""k":1,"k":2"#, r#""k":1,"k":2"#),
        ] {
            let line = format!(r#"{{"ts":1767571200,"msg":"m",{pair}}}"#);
            assert_eq!(outcome(&line), Ok(format!("m | {expected}")));
        }
    }

    #[test]
    fn messages_are_decoded() {
        for (raw, decoded) in [
            (r"a\n\tb \u00e9 \/ \\ \q", None),
            (r#"a\n\tb \u00e9 \/ \\ \""#, Some("a\n\tb é / \\ \"")),
            (r"\ud83d\ude00", Some("\u{1f600}")),
            (r"\ud83dx\ude00", Some("\u{fffd}x\u{fffd}")),
            (r"nul \u0000 \u001b[31mred\u001b[0m", Some("nul \u{fffd} red")),
            (r"line\n", Some("line")),
        ] {
            let line = format!(r#"{{"ts":1767571200,"msg":"{raw}"}}"#);
            let expected = decoded.map(|text| format!("{text} | "));
            assert_eq!(outcome(&line).ok(), expected, "{raw}");
        }
    }
}
