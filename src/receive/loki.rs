//! Loki's push: streams of entries, in Protocol Buffers or JSON.
//!
//! ```text
//! {"streams":[{"stream":{"app":"shop"},"values":[["1767571200000000000","line",{"k":"v"}]]}]}
//! ```
//!
//! Sources: <https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs> and
//! `pkg/push/push.proto` of github.com/grafana/loki. As Loki does, entries that cannot be
//! taken do not keep the others from being stored.

use std::borrow::Cow;
use std::ops::ControlFlow;

use super::Parcel;
use super::entry::{Intake, REASON_UNREADABLE_TIME, Rejected, SAMPLE_TEXTS_MAX, Texts, text_of};
use super::wire::{self, Encoding, Message};
use crate::parse::formats::json::value::{Object, Value};
use crate::parse::formats::json::values;
use crate::parse::formats::labels::{Labels, Pair, key_beside};
use crate::parse::{TimeRules, Zone};
use crate::record::{Fields, Micros};

const MICROS_PER_SECOND: i64 = 1_000_000;
const REASON_LABELS: &str = "unreadable labels of the stream";
const REASON_ENTRY: &str = "an entry that is no list of a time and a line";

/// Why nothing of a request can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("read the push request: {0}")]
    Protobuf(wire::Flaw),
    #[error("read the push request: it is not an object with a list of streams")]
    Json,
}

/// Whether a body whose content type says nothing is JSON. No packed message begins so: what
/// follows the length of a block of snappy is a literal first.
pub fn looks_like_json(body: &[u8]) -> bool {
    let is_blank = |byte: &u8| byte.is_ascii_whitespace();
    let start = body.iter().position(|byte| !is_blank(byte)).unwrap_or_default();
    let inner = body[start..].strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
    inner.is_some_and(|inner| matches!(inner.first(), Some(b'"' | b'}')))
}

/// Takes a request's entries into the parcel. What is no time and line is a reject.
///
/// # Errors
/// The request as a whole is unreadable; then the parcel is to be thrown away.
pub fn decode(
    body: &[u8],
    encoding: Encoding,
    now: Micros,
    parcel: &mut Parcel,
) -> Result<Rejected, Malformed> {
    match encoding {
        Encoding::Protobuf => take(now, body.len(), parcel, |visit| walk_protobuf(body, visit)),
        Encoding::Json => {
            let text = text_of(body);
            take(now, body.len(), parcel, |visit| walk_json(&text, visit))
        }
    }
}

/// What the entries of a stream have in common.
struct Stream<'s> {
    flaw: Option<&'static str>,
    labels: Labels<'s>,
    /// The labels that fill no column, and the same as fields.
    kept: Vec<Pair<'s>>,
    fields: Fields,
}

type Texted<'a> = (Cow<'a, str>, Cow<'a, str>);

impl<'s> Stream<'s> {
    fn new(labels: Option<&'s [Texted<'_>]>) -> Stream<'s> {
        let flaw = labels.is_none().then_some(REASON_LABELS);
        let mut stream =
            Stream { flaw, labels: Labels::default(), kept: Vec::new(), fields: Fields::default() };
        for (key, value) in labels.unwrap_or_default() {
            stream.kept.extend(stream.labels.offer(key, value));
        }
        for (key, value) in &stream.kept {
            stream.fields.str(key, value);
        }
        stream
    }
}

struct Entry<'e> {
    /// `Ok(None)` if it names no time.
    ts: Result<Option<Micros>, &'static str>,
    line: Cow<'e, str>,
    metadata: &'e [Texted<'e>],
}

type Visit<'v> = dyn FnMut(&Stream<'_>, &Entry<'_>) -> ControlFlow<()> + 'v;

fn take(
    now: Micros,
    body_bytes: usize,
    parcel: &mut Parcel,
    walk: impl Fn(&mut Visit<'_>) -> Result<(), Malformed>,
) -> Result<Rejected, Malformed> {
    let mut sample = Vec::new();
    walk(&mut |_, entry| {
        sample.push(Cow::Owned(entry.line.clone().into_owned()));
        if sample.len() < SAMPLE_TEXTS_MAX {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    })?;
    let texts = Texts::fitted(sample.into_iter());
    let mut intake = Intake::new(parcel, body_bytes);
    walk(&mut |stream, entry| {
        take_entry(&texts, stream, entry, now, &mut intake);
        ControlFlow::Continue(())
    })?;
    Ok(intake.rejected)
}

fn take_entry(
    texts: &Texts,
    stream: &Stream<'_>,
    entry: &Entry<'_>,
    now: Micros,
    intake: &mut Intake<'_>,
) {
    let ts = match (entry.ts, stream.flaw) {
        (Ok(ts), None) => ts.unwrap_or(now),
        (Err(reason), _) | (_, Some(reason)) => return intake.reject(reason, &entry.line),
    };
    let mut record = intake.blank();
    let said = texts.read(&entry.line, ts, &mut record);
    record.ts = ts;
    if record.fields.is_empty() {
        record.fields.pairs(stream.fields.as_str());
    } else {
        for (key, value) in &stream.kept {
            let key = key_beside(&record, "labels", key);
            record.fields.str(&key, value);
        }
    }
    let mut labels = stream.labels;
    for (key, value) in entry.metadata {
        if let Some((key, value)) = labels.offer(key, value) {
            let key = key_beside(&record, "metadata", key);
            record.fields.str(&key, value);
        }
    }
    labels.apply(&mut record);
    said.add_to(&mut record);
    // What it is rejected for is counted there.
    intake.push(record, &entry.line).ok();
}

fn walk_protobuf(body: &[u8], visit: &mut Visit<'_>) -> Result<(), Malformed> {
    let mut request = Message::new(body);
    while let Some((number, value)) = request.next().map_err(Malformed::Protobuf)? {
        if number == 1 {
            let stream = value.message().map_err(Malformed::Protobuf)?;
            if walk_stream(stream, visit).map_err(Malformed::Protobuf)?.is_break() {
                break;
            }
        }
    }
    Ok(())
}

fn walk_stream(message: Message<'_>, visit: &mut Visit<'_>) -> Result<ControlFlow<()>, wire::Flaw> {
    // The labels first, wherever they stand.
    let mut text = Cow::Borrowed("");
    let mut fields = message;
    while let Some((number, value)) = fields.next()? {
        if number == 1 {
            text = value.text()?;
        }
    }
    let labels = parse_labels(&text);
    let stream = Stream::new(labels.as_deref());
    let mut metadata = Vec::new();
    let mut fields = message;
    while let Some((number, value)) = fields.next()? {
        if number == 2 {
            let (ts, line) = read_entry(value.message()?, &mut metadata)?;
            let entry = Entry { ts, line, metadata: &metadata };
            if visit(&stream, &entry).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }
    Ok(ControlFlow::Continue(()))
}

type TimeAndLine<'a> = (Result<Option<Micros>, &'static str>, Cow<'a, str>);

fn read_entry<'a>(
    mut message: Message<'a>,
    metadata: &mut Vec<Texted<'a>>,
) -> Result<TimeAndLine<'a>, wire::Flaw> {
    metadata.clear();
    let (mut ts, mut line) = (Ok(None), Cow::Borrowed(""));
    while let Some((number, value)) = message.next()? {
        match number {
            1 => ts = read_timestamp(value.message()?)?,
            2 => line = value.text()?,
            3 => metadata.push(read_pair(value.message()?)?),
            _ => {}
        }
    }
    Ok((ts, line))
}

/// google.protobuf.Timestamp.
fn read_timestamp(
    mut message: Message<'_>,
) -> Result<Result<Option<Micros>, &'static str>, wire::Flaw> {
    let (mut seconds, mut nanos) = (0i64, 0i64);
    while let Some((number, value)) = message.next()? {
        match number {
            1 => seconds = value.number()? as i64,
            2 => nanos = value.number()? as i64,
            _ => {}
        }
    }
    let ts = seconds
        .checked_mul(MICROS_PER_SECOND)
        .and_then(|micros| micros.checked_add(nanos.div_euclid(1_000)));
    Ok(ts.map(said).ok_or(super::entry::REASON_OUT_OF_REACH))
}

fn read_pair<'a>(mut message: Message<'a>) -> Result<Texted<'a>, wire::Flaw> {
    let mut pair = Texted::default();
    while let Some((number, value)) = message.next()? {
        match number {
            1 => pair.0 = value.text()?,
            2 => pair.1 = value.text()?,
            _ => {}
        }
    }
    Ok(pair)
}

/// `{app="shop", env="prod"}`, as Prometheus writes labels. `None` if it is something else.
fn parse_labels(text: &str) -> Option<Vec<Texted<'_>>> {
    let mut rest = text.trim().strip_prefix('{')?.strip_suffix('}')?.trim();
    let mut labels = Vec::new();
    while !rest.is_empty() {
        let (name, value) = rest.split_once('=')?;
        let (name, value) = (name.trim(), value.trim_start());
        let (read, length) = match value.as_bytes().first()? {
            b'"' => unquote(value)?,
            b'`' => {
                let length = value[1..].find('`')?;
                (Cow::Borrowed(&value[1..=length]), length + 2)
            }
            _ => return None,
        };
        if name.is_empty() {
            return None;
        }
        labels.push((Cow::Borrowed(name), read));
        rest = value[length..].trim_start();
        rest = match rest.strip_prefix(',') {
            Some(more) => more.trim_start(),
            None if rest.is_empty() => rest,
            None => return None,
        };
    }
    Some(labels)
}

/// A string in double quotes with Go's escapes, and its length with its quotes.
fn unquote(text: &str) -> Option<(Cow<'_, str>, usize)> {
    let end = memchr::memchr2(b'"', b'\\', &text.as_bytes()[1..])? + 1;
    if text.as_bytes()[end] == b'"' {
        return Some((Cow::Borrowed(&text[1..end]), end + 1));
    }
    let mut out = text[1..end].to_owned();
    let mut chars = text[end..].char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((Cow::Owned(out), end + at + 1)),
            '\\' => out.push(unescape(&mut chars)?),
            char => out.push(char),
        }
    }
    None
}

/// <https://go.dev/ref/spec#String_literals>; bytes (`\xff`) are read as Latin-1.
fn unescape(chars: &mut std::str::CharIndices<'_>) -> Option<char> {
    let digits = match chars.next()?.1 {
        'n' => return Some('\n'),
        't' => return Some('\t'),
        'r' => return Some('\r'),
        'x' => 2,
        'u' => 4,
        'U' => 8,
        other @ ('"' | '\\' | '\'' | '/') => return Some(other),
        _ => return None,
    };
    let mut code = 0u32;
    for _ in 0..digits {
        code = code.checked_mul(16)? + chars.next()?.1.to_digit(16)?;
    }
    char::from_u32(code)
}

fn walk_json(text: &str, visit: &mut Visit<'_>) -> Result<(), Malformed> {
    let malformed = |_| Malformed::Json;
    let mut request = Object::open(text).map_err(malformed)?;
    let mut streams = None;
    while let Some((key, value)) = request.next().map_err(malformed)? {
        if key.raw_string() == Some("streams") && value.text.starts_with('[') {
            streams = Some(value);
        }
    }
    if !request.rest().trim_ascii().is_empty() {
        return Err(Malformed::Json);
    }
    for stream in streams.ok_or(Malformed::Json)?.elements() {
        if walk_json_stream(stream, visit).is_break() {
            break;
        }
    }
    Ok(())
}

fn walk_json_stream(stream: Value<'_>, visit: &mut Visit<'_>) -> ControlFlow<()> {
    if let Some(entries) = stream.member("entries") {
        return walk_old_stream(stream, entries, visit);
    }
    let labels = stream.member("stream").filter(Value::is_object).map(texts_of);
    let (stream_values, stream) = (stream.member("values"), Stream::new(labels.as_deref()));
    for value in stream_values.into_iter().flat_map(|values| values.elements()) {
        let mut parts = value.elements();
        let time = parts.next();
        let line = parts.next().and_then(|line| line.verbatim());
        let metadata = parts.next().map(texts_of).unwrap_or_default();
        let (ts, line) = match (time, line) {
            (Some(time), Some(line)) => (time_of(time), line),
            _ => (Err(REASON_ENTRY), Cow::Borrowed(value.text)),
        };
        visit(&stream, &Entry { ts, line, metadata: &metadata })?;
    }
    ControlFlow::Continue(())
}

/// A stream as before version 1: `{"labels":"{app=\"shop\"}","entries":[{"ts":"…","line":"…"}]}`.
fn walk_old_stream(
    stream: Value<'_>,
    entries: Value<'_>,
    visit: &mut Visit<'_>,
) -> ControlFlow<()> {
    let text = stream.member("labels").and_then(|labels| labels.verbatim()).unwrap_or_default();
    let labels = parse_labels(&text);
    let stream = Stream::new(labels.as_deref());
    let rules = TimeRules::new(Zone::UTC, 0);
    for entry in entries.elements() {
        let time = entry.member("ts").or_else(|| entry.member("timestamp"));
        let line = entry.member("line").and_then(|line| line.verbatim());
        let (ts, line) = match line {
            Some(line) => {
                let at =
                    time.map(|time| values::time_of(time, &rules).ok_or(REASON_UNREADABLE_TIME));
                (at.transpose(), line)
            }
            None => (Err(REASON_ENTRY), Cow::Borrowed(entry.text)),
        };
        visit(&stream, &Entry { ts, line, metadata: &[] })?;
    }
    ControlFlow::Continue(())
}

/// Nanoseconds since 1970, as a string; some clients send a number.
fn time_of(value: Value<'_>) -> Result<Option<Micros>, &'static str> {
    let nanos: i64 = value.text.trim_matches('"').parse().map_err(|_| REASON_UNREADABLE_TIME)?;
    Ok(said(nanos.div_euclid(1_000)))
}

/// Zero is no time but VictoriaLogs' word for now, and what a client has that sets none.
fn said(ts: Micros) -> Option<Micros> {
    (ts != 0).then_some(ts)
}

/// The members of an object as texts: what is none is its JSON.
fn texts_of(object: Value<'_>) -> Vec<Texted<'_>> {
    object
        .members()
        .filter_map(|(key, value)| {
            Some((key.verbatim()?, value.verbatim().unwrap_or(Cow::Borrowed(value.text))))
        })
        .collect()
}

#[cfg(test)]
mod tests;
