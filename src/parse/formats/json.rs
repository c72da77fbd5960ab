//! JSON lines: one object a line, of whatever logger.
//!
//! The members that are the record's own are found by their [names] and by being readable
//! as what the name says; where several are, the better name wins. All other members
//! become fields with their JSON text as it stands. What a logger needs beyond names is
//! in [`draft`]. An object without a timestamp is a reject. The message of an object without a level
//! is read as [`messages`](super::messages) says.
//!
//! How the objects are framed does not matter: one a line, several in a line, an array, an object
//! with an array of them (`{"Records":[…]}`), pretty-printed. A bracket between other lines is what
//! a program prints, and goes on with the record before it.
//!
//! - [`value`]: members and values, without a tree; [`scan`] and [`text`] are below it;
//!   [`walk`] goes through long ones.
//! - [`draft`]: members to a record. [`values`]: what a value says.
//! - [`framing`]: several objects in a line.
//! - [`source`]: what the first lines tell of all: [`scale`], what a number is as a level;
//!   [`time_path`], where the time is under an unknown name; the formats of messages.
//! - [`otlp`], [`serilog`], [`windows`]: what needs code of its own.

mod draft;
pub(crate) mod framing;
pub(crate) mod otlp;
mod scale;
pub(crate) mod scan;
mod serilog;
mod source;
pub(super) mod text;
mod time_path;
pub(crate) mod value;
pub(crate) mod values;
pub(crate) mod walk;
mod windows;

use std::borrow::Cow;
use std::sync::Arc;

use super::{Kind, names, slot};
use crate::parse::{Format, Mismatch, TimeRules, Zone};
use crate::record::{Micros, Record};
pub(crate) use draft::Draft;
pub(crate) use scale::Scale;
use scan::Flaw;
use source::Source;
use value::Object;

pub const KIND: Kind = Kind {
    name: "json",
    about: r#"{"time":"2026-01-05T00:00:00Z","level":"info","msg":"message"}"#,
    recognise: |sample| Some(Arc::new(Json::fit(sample))),
};

#[derive(Default)]
struct Json {
    /// The source is one array: brackets and commas are punctuation.
    is_array: bool,
    source: Source,
}

impl Json {
    fn fit(sample: &[&str]) -> Json {
        let first = sample.iter().map(|line| line.trim()).find(|line| !line.is_empty());
        let is_array = first.is_some_and(|line| line == "[" || line.starts_with("[{"));
        Json { is_array, source: Source::of_lines(sample) }
    }
}

impl Format for Json {
    fn name(&self) -> &str {
        KIND.name
    }

    fn reads_indented(&self) -> bool {
        true
    }

    #[inline]
    fn joins_lines(&self) -> bool {
        true
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let text = self.object_text(line)?;
        let mut object = Object::open(text).map_err(mismatch_of)?;
        let mut draft = Draft::of_source(rules, &self.source, record);
        let mut wraps = false;
        while let Some((key, value)) = object.next().map_err(mismatch_of)? {
            wraps |= framing::wraps(key, value);
            match draft.take(key, value) {
                // The records are known when all of the object is there.
                Err(Mismatch::Several) => {
                    while object.next().map_err(mismatch_of)?.is_some() {}
                    return Err(Mismatch::Several);
                }
                taken => taken?,
            }
        }
        if wraps && !draft.has_time() {
            return Err(Mismatch::Several);
        }
        match object.rest().trim_ascii_start().as_bytes() {
            [] | [b',' | b']'] => draft.finish(text),
            [b']', rest @ ..] if matches!(rest.trim_ascii(), [] | [b',']) => draft.finish(text),
            [b',' | b'{' | b'[', ..] => Err(Mismatch::Several),
            _ => Err(Mismatch::Broken("text after a JSON value")),
        }
    }

    fn elements<'a>(&self, line: &'a str) -> Vec<Cow<'a, str>> {
        framing::elements(line)
    }

    fn starts(&self, line: &str, rules: &TimeRules) -> bool {
        let parsed = || self.parse(line, rules, &mut Record::default());
        line == "{" || matches!(parsed(), Ok(()) | Err(Mismatch::Several))
    }
}

/// Reads the text of an object in an envelope, which says that it is of the time `ts`, into an
/// empty record. The message is as it was sent. Says whether the object has one.
///
/// # Errors
/// The text is no JSON object; what is in the record then means nothing.
pub(crate) fn read_dated<'a>(
    text: &'a str,
    ts: Micros,
    record: &mut Record<'a>,
) -> Result<bool, Mismatch> {
    let rules = TimeRules { absent: Some(ts), ..TimeRules::new(Zone::UTC, ts) };
    let mut draft = Draft::verbatim(&rules, Scale::default(), record);
    draft.set_time(ts);
    read_all(text, draft)
}

/// The same for an object that says its time itself; without one it is of the time `now`.
///
/// # Errors
/// The text is no JSON object.
pub(crate) fn read_sent<'a>(
    text: &'a str,
    now: Micros,
    record: &mut Record<'a>,
) -> Result<(), Mismatch> {
    let rules = TimeRules { absent: Some(now), ..TimeRules::new(Zone::UTC, now) };
    read_all(text, Draft::verbatim(&rules, Scale::default(), record)).map(|_| ())
}

/// Reads the text of an object; says whether it has a message.
fn read_all<'a>(text: &'a str, mut draft: Draft<'_, 'a>) -> Result<bool, Mismatch> {
    let mut object = Object::open(text).map_err(mismatch_of)?;
    while let Some((key, value)) = object.next().map_err(mismatch_of)? {
        draft.take(key, value)?;
    }
    if !object.rest().trim_ascii().is_empty() {
        return Err(Mismatch::Broken("more than one JSON value in a line"));
    }
    let has_message = draft.has_message();
    draft.finish(text)?;
    Ok(has_message)
}

/// [`read_dated`] for text that is known to be JSON and goes away.
pub(crate) fn read_owned(text: &str, ts: Micros, record: &mut Record<'_>) {
    let mut inner = std::mem::take(record).recycle();
    if read_dated(text, ts, &mut inner).is_err() {
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

impl Json {
    /// The line from the brace of its object on: as the element of an array it may stand
    /// after a bracket or comma.
    fn object_text<'a>(&self, line: &'a str) -> Result<&'a str, Mismatch> {
        let text = line.trim_ascii_start();
        let text = match text.as_bytes() {
            [b'{', ..] => text,
            [b'[' | b',', element @ ..] if element.trim_ascii_start().first() == Some(&b'{') => {
                text[1..].trim_ascii_start()
            }
            _ if self.is_array && matches!(line.trim_ascii(), "[" | "]" | ",") => {
                return Err(Mismatch::Skip);
            }
            _ => return Err(Mismatch::Foreign),
        };
        // `{name}` and `{ return; }` are no attempts at JSON.
        match text.as_bytes()[1..].trim_ascii_start().first() {
            None | Some(b'"' | b'}') => Ok(text),
            Some(_) => Err(Mismatch::Foreign),
        }
    }
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
            ("[", Mismatch::Foreign),
            ("{", Mismatch::Incomplete),
            (r#"{"a":"b"#, Mismatch::Incomplete),
            (r#"{"a":tru"#, Mismatch::Incomplete),
            (r#"{"a":{"b":[1,"#, Mismatch::Incomplete),
            (r#"{"a":1,}"#, Mismatch::Broken("malformed JSON")),
            (r#"{"a" 1}"#, Mismatch::Broken("malformed JSON")),
            (r#"{"a":[1}"#, Mismatch::Broken("malformed JSON")),
            (r#"{"a":"\x"}"#, Mismatch::Broken("malformed JSON")),
            (r#"{"ts":1767571200}{}"#, Mismatch::Several),
            (r#"[{"ts":1767571200},{"ts":1767571200}]"#, Mismatch::Several),
            (r#"{"Records":[{"eventTime":"2026-01-05T10:11:12Z"}]}"#, Mismatch::Several),
            (r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{},{}]}]}]}"#, Mismatch::Several),
            (r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{},{}]}]}],"#, Mismatch::Incomplete),
            (r#"{"ts":1767571200} x"#, Mismatch::Broken("text after a JSON value")),
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
