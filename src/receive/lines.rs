//! Lines: JSON objects, or text in any format that Pintail knows.
//!
//! JSON lines are what VictoriaLogs calls them (docs.victoriametrics.com/victorialogs/data-ingestion,
//! `/insert/jsonline`): one object a line. Clients that are made to send JSON by HTTP send more,
//! and all of it is read:
//!
//! - objects one after the other, on a line, or over several lines;
//! - arrays of objects (Fluent Bit's `json`, Vector's default, Vercel, winston), or of texts;
//! - an object around a list of records: `{"Records":[…]}`, `{"logs":[…]}`.
//!
//! What is no JSON is a reject, from there to the next line that begins an object or array.

use std::borrow::Cow;

use super::desk::Refusal;
use super::document::{self, Reading};
use super::entry::{Intake, SAMPLE_TEXTS_MAX, Texts, text_of};
use super::framing::{Framer, Frames};
use super::parcel::Parcel;
use super::settings::{Adjusted, FieldNames};
use super::syslog;
use crate::parse::dialect::SAMPLE_LINES_MAX;
use crate::parse::formats::Formats;
use crate::parse::formats::json::value::{Object, Value};
use crate::parse::formats::json::walk::Walk;
use crate::parse::formats::json::{Scale, framing};
use crate::parse::level::level_of_message;
use crate::parse::lines::{LINE_BYTES_MAX, REASON_TOO_LONG, clean, is_stray, whole};
use crate::parse::{Sink, TimeRules, Zone, read_block};
use crate::record::{Micros, Record};

const REASON_NO_JSON: &str = "no JSON object";

/// Reads JSON objects. One without a time happened when it arrived.
pub fn read_json(body: &[u8], now: Micros, parcel: &mut Parcel) {
    let text = text_of(body);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let pieces = pieces(text);
    let messages = pieces.iter().filter_map(|piece| message_of(piece.as_ref().ok()?));
    let texts = Texts::fitted(messages.take(SAMPLE_TEXTS_MAX));
    let rules = TimeRules { absent: Some(now), ..TimeRules::new(Zone::UTC, now) };
    let objects: Vec<&str> = pieces
        .iter()
        .filter_map(|piece| Some(piece.as_ref().ok()?.text))
        .take(SAMPLE_LINES_MAX)
        .collect();
    let scale = Scale::of_lines(&objects);
    let settings = parcel.settings.clone();
    let mut intake = Intake::new(parcel, body.len());
    for piece in pieces {
        match piece {
            Ok(value) => take(value, &settings.names, (&rules, scale), &texts, &mut intake),
            Err(broken) => intake.reject_at(broken.reason, broken.text, broken.start),
        }
    }
}

/// A stretch of the body that is no JSON.
struct Broken<'a> {
    text: &'a str,
    start: usize,
    reason: &'static str,
}

/// The values of a body that are records, and what is none.
fn pieces(body: &str) -> Vec<Result<Value<'_>, Broken<'_>>> {
    let mut pieces = Vec::new();
    let mut rest = body;
    loop {
        rest = rest.trim_start_matches(is_between);
        if rest.is_empty() {
            return pieces;
        }
        let before = pieces.len();
        match values_at(rest, &mut pieces) {
            Some(after) => rest = after,
            None => {
                let start = body.len() - rest.len();
                // What an array held before it broke is in; the rest of it is not known.
                let read =
                    pieces[before..].iter().filter_map(|piece| piece.as_ref().ok()).next_back();
                let from = read.map_or(0, |value| end_in(body, value.text) - start);
                let from = rest.len() - rest[from..].trim_start_matches(is_between).len();
                let end = end_of_broken(&rest[from..]).map_or(rest.len(), |end| from + end);
                let reason = reason_of(&rest[from..end]);
                let text = rest[from..end].trim_ascii();
                pieces.push(Err(Broken { text, start: start + from, reason }));
                rest = &rest[end..];
            }
        }
    }
}

/// What stands between values.
fn is_between(char: char) -> bool {
    char.is_ascii_whitespace() || matches!(char, ',' | ']')
}

/// Where a part of the body ends in it.
fn end_in(body: &str, part: &str) -> usize {
    part.as_ptr() as usize - body.as_ptr() as usize + part.len()
}

/// Where what is no JSON ends: text with its line, an object or array before the next line that
/// begins with one.
fn end_of_broken(text: &str) -> Option<usize> {
    let is_json = |text: &str| matches!(text.trim_start().as_bytes().first(), Some(b'{' | b'['));
    let is_text = !is_json(text);
    let mut lines = memchr::memchr_iter(b'\n', text.as_bytes());
    lines.find(|&at| is_text || is_json(&text[at + 1..]))
}

fn reason_of(text: &str) -> &'static str {
    match Object::open(text) {
        Err(_) => REASON_NO_JSON,
        Ok(mut object) => loop {
            match object.next() {
                Ok(Some(_)) => {}
                Ok(None) => break REASON_NO_JSON,
                Err(flaw) => break document::reason(flaw),
            }
        },
    }
}

/// Takes the value, or the values of the array, that the text begins with; returns what follows.
fn values_at<'a>(
    text: &'a str,
    pieces: &mut Vec<Result<Value<'a>, Broken<'a>>>,
) -> Option<&'a str> {
    let mut walk = Walk::new(text);
    if walk.enter(b'[').ok()? {
        while walk.element().ok()? {
            let value = walk.value().ok()?;
            push(value, pieces);
        }
    } else if text.starts_with('{') {
        push(walk.value().ok()?, pieces);
    } else {
        return None;
    }
    Some(walk.rest())
}

/// Takes a value, or what it is around.
fn push<'a>(value: Value<'a>, pieces: &mut Vec<Result<Value<'a>, Broken<'a>>>) {
    match list_in(value) {
        Some(list) => pieces.extend(list.elements().map(Ok)),
        None => pieces.push(Ok(value)),
    }
}

/// The list of records that an object is only there to hold: one with a name of such a list, in
/// an object that has few other members, and no message.
fn list_in(value: Value<'_>) -> Option<Value<'_>> {
    let mut found = None;
    let mut members = 0;
    for (name, inner) in value.members() {
        members += 1;
        let key = name.raw_string()?;
        let is_list = inner.text.starts_with('[') && inner.elements().next().is_some_and(is_record);
        if is_list && framing::names_list(name) {
            if found.replace(inner).is_some() {
                return None;
            }
        } else if matches!(key, "message" | "msg" | "log" | "_msg") || members > 4 {
            return None;
        }
    }
    found
}

/// Whether an element of a list says what happened, or when; or is around what does, as the
/// `{"value":{…}}` of Kafka's REST proxy.
fn is_record(element: Value<'_>) -> bool {
    let says = |value: Value<'_>| framing::names_time(value) || message_of(&value).is_some();
    says(element) || element.members().any(|(_, inner)| inner.is_object() && says(inner))
}

/// The text in an object that formats may read.
fn message_of<'a>(object: &Value<'a>) -> Option<Cow<'a, str>> {
    ["message", "log", "msg"].iter().find_map(|key| object.member(key)?.verbatim())
}

fn take(
    value: Value<'_>,
    names: &FieldNames,
    (rules, scale): (&TimeRules, Scale),
    texts: &Texts,
    intake: &mut Intake<'_>,
) {
    let mut record = intake.blank();
    if value.text.len() > LINE_BYTES_MAX {
        intake.put_back(record);
        return intake.reject(REASON_TOO_LONG, value.text);
    }
    if let Some(text) = value.verbatim() {
        let now = rules.absent.unwrap_or_default();
        let said = texts.read(&text, now, &mut record);
        record.ts = now;
        said.add_to(&mut record);
        // What it is rejected for is counted there.
        intake.push(record, value.text).ok();
        return;
    }
    let reading = Reading { names, rules, is_strict: false, scale };
    match document::read(value.text, reading, &mut record) {
        Ok(around) => {
            if record.level.is_none() {
                texts.read_message(&mut record);
            }
            record.service = record.service.take().or_else(|| around.service());
            record.host = record.host.take().or_else(|| around.host());
            intake.push(record, value.text).ok();
        }
        Err(reason) => {
            intake.put_back(record);
            intake.reject(reason, value.text);
        }
    }
}

/// Reads lines of text in the format that they are in. Where none was asked for, lines that belong to
/// no record are records of the moment, as all are of a text in no format.
///
/// # Errors
/// A format was asked for, and the text does not begin as it must.
pub fn read_text(
    body: &[u8],
    formats: &Formats,
    zone: Zone,
    now: Micros,
    parcel: &mut Parcel,
) -> Result<(), Refusal> {
    let lines: Vec<_> = body
        .split(|&byte| byte == b'\n')
        .take(SAMPLE_LINES_MAX)
        .map(|line| clean(line).0)
        .collect();
    let lines: Vec<&str> = lines.iter().map(|line| &**line).collect();
    let rules = TimeRules::of_stream(zone, now);
    let dialect = formats.dialect(&lines, rules).map_err(Refusal::Bad)?;
    parcel.batch.reset(0, 0, body.len() as u64);
    let settings = parcel.settings.clone();
    let records = Adjusted { settings: &settings, batch: &mut parcel.batch };
    let of_strays = (!formats.is_forced()).then_some(rules);
    let tally = read_block(&dialect, body, &mut Lines { records, of_strays, body });
    parcel.received = tally.records + tally.rejects;
    Ok(())
}

/// Reads what Heroku's log drains send: messages of syslog, each after its length, without the
/// structured data that RFC 5424 wants (devcenter.heroku.com/articles/log-drains).
pub fn read_logplex(body: &[u8], from: &str, zone: Zone, now: Micros, parcel: &mut Parcel) {
    let (mut framer, mut cut, mut frames) =
        (Framer::default(), Frames::default(), Frames::default());
    let mut rest = body.to_vec();
    framer.cut(&mut rest, now, &mut cut);
    framer.end(&mut rest, true, now, &mut cut);
    for framed in cut.iter() {
        match framed.reject {
            Some(reason) => frames.reject(framed.bytes, now, reason),
            None => frames.push(&with_structured_data(framed.bytes), now),
        }
    }
    syslog::Reader::new(zone).read(&frames, from, parcel);
}

/// A message with the sign that it has no structured data, which stands after six words:
/// `<40>1 2026-01-05T00:00:00+00:00 host app web.1 - text`.
fn with_structured_data(message: &[u8]) -> Cow<'_, [u8]> {
    match memchr::memchr_iter(b' ', message).nth(5) {
        Some(at) => Cow::Owned([&message[..=at], b"- ", &message[at + 1..]].concat()),
        None => Cow::Borrowed(message),
    }
}

/// Takes the records of lines.
struct Lines<'b> {
    records: Adjusted<'b>,
    /// The rules for lines that belong to no record, if they are to be records.
    of_strays: Option<TimeRules>,
    body: &'b [u8],
}

impl Sink for Lines<'_> {
    fn record(&mut self, record: &Record<'_>, end: usize) {
        self.records.record(record, end);
    }

    fn extend(&mut self, line: &str, end: usize) {
        self.records.extend(line, end);
    }

    fn reject(&mut self, reason: &'static str, line: &str, start: usize, end: usize) {
        let Some(rules) = self.of_strays.filter(|_| is_stray(reason)) else {
            return self.records.reject(reason, line, start, end);
        };
        let text = whole(line, self.body, start..end);
        let (ts, level) = (rules.absent.unwrap_or_default(), level_of_message(&text));
        let mut record = Record { ts, level, message: text, ..Record::default() };
        rules.mark_undated(&mut record);
        self.record(&record, end);
    }
}

#[cfg(test)]
mod tests;
