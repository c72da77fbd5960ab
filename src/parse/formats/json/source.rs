//! What the first lines of a source tell of all its objects: the scale of their levels, the member
//! that is their time where no name says which ([`time_path`](super::time_path)), and the formats
//! of messages that are lines themselves.

use std::borrow::Cow;

use super::super::messages::Texts;
use super::draft::Draft;
use super::framing;
use super::scale::Scale;
use super::scan::{Flaw, Scanner};
use super::time_path::{Sample, TimePath};
use super::value::Object;
use crate::parse::dialect::SAMPLE_LINES_MAX;
use crate::parse::{TimeRules, Zone};
use crate::record::Record;

/// Lines of the sample that one printed object may span.
const OBJECT_LINES_MAX: usize = 64;

#[derive(Default)]
pub struct Source {
    pub scale: Scale,
    pub time: Option<TimePath>,
    pub texts: Texts,
}

impl Source {
    pub fn of_lines(sample: &[&str]) -> Source {
        let objects = objects(sample);
        let objects: Vec<&str> = objects.iter().map(|object| &**object).collect();
        let scale = Scale::of_lines(&objects);
        let source = Source { scale, ..Source::default() };
        let mut samples = Vec::new();
        let mut texts = Vec::new();
        let mut has_named_times = false;
        for object in &objects {
            let mut record = Record::default();
            let Some(has_named_time) = source.read(object, &mut record) else { continue };
            has_named_times |= has_named_time;
            samples.push(Sample { object, by_name: record.ts });
            if record.level.is_none() {
                texts.push(record.message.into_owned());
            }
        }
        // Where some objects name their time, one that does not has none.
        let time = if has_named_times { None } else { TimePath::of(&samples) };
        let texts = Texts::fitted(texts.into_iter().map(Cow::Owned));
        Source { scale, time, texts }
    }

    /// Reads an object of the sample; says whether it clearly names its time. `None`: it is no
    /// record.
    fn read<'a>(&self, object: &'a str, record: &mut Record<'a>) -> Option<bool> {
        let rules = TimeRules { absent: Some(0), ..TimeRules::new(Zone::UTC, 0) };
        let mut members = Object::open(object).ok()?;
        let mut draft = Draft::of_source(&rules, self, record);
        while let Some((key, value)) = members.next().ok()? {
            draft.take(key, value).ok()?;
        }
        let has_named_time = draft.has_named_time();
        draft.finish(object).ok()?;
        Some(has_named_time)
    }
}

/// The objects that the lines hold, also printed over several lines.
fn objects<'s>(sample: &[&'s str]) -> Vec<Cow<'s, str>> {
    let mut objects = Vec::new();
    let mut at = 0;
    while at < sample.len() && objects.len() < SAMPLE_LINES_MAX {
        let line = sample[at];
        at += 1;
        let Some(brace) =
            line.trim_ascii_start().starts_with(['{', '[', ',']).then(|| line.find('{'))
        else {
            continue;
        };
        match Scanner::new(&line[brace.unwrap_or_default()..]).value() {
            _ if brace.is_none() => {}
            Ok(_) => objects.extend(framing::elements(line)),
            Err(Flaw::End) => {
                if let Some((object, lines)) = joined(&sample[at - 1..]) {
                    objects.extend(framing::elements(&object).into_iter().map(owned));
                    at += lines - 1;
                }
            }
            Err(_) => {}
        }
    }
    objects.truncate(SAMPLE_LINES_MAX);
    objects
}

/// The object that begins in the first line and ends in another, and how many lines it has.
fn joined(lines: &[&str]) -> Option<(String, usize)> {
    let mut joined = String::new();
    for (count, line) in lines.iter().enumerate().take(OBJECT_LINES_MAX) {
        joined.push_str(line);
        joined.push('\n');
        let start = joined.find('{')?;
        if line.contains('}') {
            match Scanner::new(&joined[start..]).value() {
                Ok(_) => return Some((joined, count + 1)),
                Err(Flaw::End) => {}
                Err(_) => return None,
            }
        }
    }
    None
}

fn owned<'b>(text: Cow<'_, str>) -> Cow<'b, str> {
    Cow::Owned(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_found_however_they_stand_in_lines() {
        for (sample, expected) in [
            (&["{\"a\":1}", "text {x}", " {\"b\":2},"][..], &["{\"a\":1}", "{\"b\":2}"][..]),
            (&["[{\"a\":1},{\"b\":2}]"], &["{\"a\":1}", "{\"b\":2}"]),
            (
                &["[", "  {", "    \"a\": {\"b\": 1}", "  },", "{\"c\":2}"],
                &["{\n    \"a\": {\"b\": 1}\n  }", "{\"c\":2}"],
            ),
            (&["{\"a\":", "text"], &[]),
        ] {
            assert_eq!(objects(sample), expected, "{sample:?}");
        }
    }
}
