//! Splunk's HTTP Event Collector: events in JSON, one after the other, or raw text.
//!
//! ```text
//! {"time":1767571200.5,"host":"web-1","sourcetype":"app","event":"text or object","fields":{"k":"v"}}
//! ```
//!
//! Source: <https://help.splunk.com/en/splunk-enterprise/get-started/get-data-in/10.0/get-data-with-http-event-collector/format-events-for-http-event-collector>.
//! Unlike Splunk, a bad event does not keep those after it from being stored.

use std::borrow::Cow;

use super::Parcel;
use super::entry::{
    Intake, REASON_UNREADABLE_TIME, Rejected, SAMPLE_TEXTS_MAX, Said, Texts, text_of,
};
use crate::parse::dialect::SAMPLE_LINES_MAX;
use crate::parse::formats::json;
use crate::parse::formats::json::value::{Object, Value, keep};
use crate::parse::formats::labels::{Labels, key_beside};
use crate::parse::level::{level_of_message, level_of_otel};
use crate::parse::lines::{clean, whole};
use crate::parse::time::{MICROS_PER_SECOND, epoch};
use crate::parse::{Dialect, Sink, TimeRules, Zone, read_block};
use crate::record::{Fields, Micros, Record};

/// What is wrong with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    NoData,
    InvalidData,
    EventRequired,
    EventBlank,
    IndexedFields,
}

impl Problem {
    /// Splunk's number for it, and its words.
    pub fn code(self) -> (u32, &'static str) {
        match self {
            Problem::NoData => (5, "No data"),
            Problem::InvalidData => (6, "Invalid data format"),
            Problem::EventRequired => (12, "Event field is required"),
            Problem::EventBlank => (13, "Event field cannot be blank"),
            Problem::IndexedFields => (15, "Error in handling indexed fields"),
        }
    }
}

/// What became of the events of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub rejected: Rejected,
    /// The first problem, and the number of its event, from 0.
    pub problem: Option<(Problem, usize)>,
}

/// Takes events into the parcel. Those that cannot be stored are rejects.
pub fn decode_events(body: &[u8], now: Micros, parcel: &mut Parcel) -> Outcome {
    let text = text_of(body);
    let events = events(&text);
    let sample = events.iter().filter_map(|event| text_in(event.as_ref().ok()?.event?));
    let texts = Texts::fitted(sample.take(SAMPLE_TEXTS_MAX));
    let mut intake = Intake::new(parcel, body.len());
    let mut problem = events.is_empty().then_some((Problem::NoData, 0));
    for (number, event) in events.iter().enumerate() {
        let taken = match event {
            Ok(event) => take_event(event, &texts, now, &mut intake),
            Err(text) => Err((Problem::InvalidData, "malformed JSON", *text)),
        };
        if let Err((found, reason, text)) = taken {
            intake.reject(reason, text);
            problem.get_or_insert((found, number));
        }
    }
    Outcome { rejected: intake.rejected, problem }
}

/// The text that an event is, or the line in it.
fn text_in(event: Value<'_>) -> Option<Cow<'_, str>> {
    event.verbatim().or_else(|| docker_line(event)?.line.verbatim())
}

/// An event as it was sent.
struct Event<'a> {
    /// All of it.
    text: &'a str,
    time: Option<Value<'a>>,
    event: Option<Value<'a>>,
    fields: Option<Value<'a>>,
    /// `host`, `source`, `sourcetype`, `index`.
    about: Vec<(&'static str, Cow<'a, str>)>,
}

/// The events of a body, which stand one after the other or in an array; text that is none is an
/// `Err`. After one the next line that begins with a brace is where events go on.
fn events(text: &str) -> Vec<Result<Event<'_>, &str>> {
    let mut events = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || "[],".contains(c));
        if rest.is_empty() {
            return events;
        }
        match open_event(rest) {
            Some((event, after)) => {
                events.push(Ok(event));
                rest = after;
            }
            None => {
                let end = memchr::memmem::find(rest.as_bytes(), b"\n{").unwrap_or(rest.len());
                events.push(Err(&rest[..end]));
                rest = &rest[end..];
            }
        }
    }
}

/// The event at the beginning of the text, and what follows.
fn open_event(text: &str) -> Option<(Event<'_>, &str)> {
    let mut object = Object::open(text).ok()?;
    let mut event = Event { text, time: None, event: None, fields: None, about: Vec::new() };
    while let Some((key, value)) = object.next().ok()? {
        let mut about = |key| event.about.push((key, plain(value)));
        match key.raw_string().unwrap_or_default() {
            "time" => event.time = Some(value),
            "event" => event.event = Some(value),
            "fields" => event.fields = Some(value),
            "host" => about("host"),
            "source" => about("source"),
            "sourcetype" => about("sourcetype"),
            "index" => about("index"),
            _ => {}
        }
    }
    let after = object.rest();
    event.text = &text[..text.len() - after.len()];
    Some((event, after))
}

/// A string's text, or the JSON of another value.
fn plain(value: Value<'_>) -> Cow<'_, str> {
    value.verbatim().unwrap_or(Cow::Borrowed(value.text))
}

/// Whether a member of an event says nothing.
fn is_blank(value: Value<'_>) -> bool {
    matches!(value.text, "null" | "\"\"")
}

type Bad<'a> = (Problem, &'static str, &'a str);

fn take_event<'a>(
    event: &'a Event<'a>,
    texts: &Texts,
    now: Micros,
    intake: &mut Intake<'_>,
) -> Result<(), Bad<'a>> {
    let bad = |problem, reason| (problem, reason, event.text);
    let ts = event.time.filter(|time| !is_blank(*time)).map(time_of).transpose();
    let ts = ts.map_err(|reason| bad(Problem::InvalidData, reason))?;
    let value = event.event.ok_or(bad(Problem::EventRequired, "no event"))?;
    if is_blank(value) {
        return Err(bad(Problem::EventBlank, "a blank event"));
    }
    let is_flat = |fields: &Value<'_>| {
        fields.is_object() && fields.members().all(|(_, value)| !value.is_object())
    };
    let fields = event.fields.filter(|fields| fields.text != "null");
    if fields.is_some_and(|fields| !is_flat(&fields)) {
        return Err(bad(Problem::IndexedFields, "fields that are no flat object"));
    }
    let at = ts.unwrap_or(now);
    let texted = value.verbatim();
    let docker = docker_line(value);
    let docker_text = docker.and_then(|docker| docker.line.verbatim());
    let mut record = intake.blank();
    let mut said = Said::default();
    match (&texted, docker) {
        (Some(text), _) => (said, record.ts) = (texts.read(text, at, &mut record), at),
        (_, Some(docker)) => match &docker_text {
            Some(text) => (said, record.ts) = (texts.read(text, at, &mut record), at),
            None => read_value(docker.line, texts, (ts, now), &mut record)
                .map_err(|reason| bad(Problem::InvalidData, reason))?,
        },
        _ => read_value(value, texts, (ts, now), &mut record)
            .map_err(|reason| bad(Problem::InvalidData, reason))?,
    }
    let indexed: Vec<_> = fields.into_iter().flat_map(|fields| fields.members()).collect();
    let strings: Vec<_> =
        indexed.iter().map(|(key, value)| (plain(*key), value.verbatim())).collect();
    let mut labels = Labels::default();
    let tag = docker.and_then(|docker| docker.tag?.verbatim());
    if let Some(docker) = docker {
        docker.add_to(tag.as_deref(), &mut labels, &mut record);
    }
    add_about(&event.about, &mut labels, &mut record);
    for ((key, text), (_, value)) in strings.iter().zip(&indexed) {
        match text {
            Some(text) => {
                if let Some((key, text)) = labels.offer(key, text) {
                    let key = key_beside(&record, "fields", key);
                    record.fields.str(&key, text);
                }
            }
            None => {
                if key == SEVERITY_NUMBER {
                    labels.set_severity(value.text.parse().ok().and_then(level_of_otel));
                }
                let mut name = Fields::default();
                name.str("", &key_beside(&record, "fields", key));
                let name = Value { text: &name.as_str()[3..], escaped: true, odd: false };
                keep(&mut record.fields, name, *value);
            }
        }
    }
    labels.apply(&mut record);
    said.add_to(&mut record);
    intake.try_push(record).map_err(|reason| bad(Problem::InvalidData, reason))
}

/// The field in which the OpenTelemetry Collector's exporter puts the severity's number.
const SEVERITY_NUMBER: &str = "otel.log.severity.number";

/// What Docker's splunk driver makes of a line of a container
/// (docs.docker.com/engine/logging/drivers/splunk).
#[derive(Clone, Copy)]
struct DockerLine<'a> {
    /// A text, or the object that the line was.
    line: Value<'a>,
    stream: Option<Value<'a>>,
    tag: Option<Value<'a>>,
    attributes: Option<Value<'a>>,
}

/// The line, if the event is one of Docker's.
fn docker_line(event: Value<'_>) -> Option<DockerLine<'_>> {
    let (mut line, mut stream, mut tag, mut attributes) = (None, None, None, None);
    for (key, value) in event.members() {
        let slot = match key.raw_string()? {
            "line" => &mut line,
            "source" => &mut stream,
            "tag" => &mut tag,
            "attrs" => &mut attributes,
            _ => return None,
        };
        *slot = Some(value);
    }
    stream.filter(|stream| matches!(stream.text, "\"stdout\"" | "\"stderr\""))?;
    Some(DockerLine { line: line?, stream, tag, attributes })
}

impl<'a> DockerLine<'a> {
    /// Adds what is said about the line. A tag stands in for a service, unless it is the
    /// container's identity, which it is by default.
    fn add_to<'s>(self, tag: Option<&'s str>, labels: &mut Labels<'s>, record: &mut Record<'_>) {
        let is_identity = |tag: &str| tag.len() >= 12 && tag.bytes().all(|b| b.is_ascii_hexdigit());
        if let Some(tag) = tag.filter(|tag| !is_identity(tag)) {
            labels.offer("container", tag);
        }
        for (key, value) in [("source", self.stream), ("tag", self.tag), ("attrs", self.attributes)]
        {
            let Some(value) = value.filter(|value| !matches!(value.text, "\"\"" | "null" | "{}"))
            else {
                continue;
            };
            let key = key_beside(record, "docker", key);
            let key = format!("\"{key}\"");
            keep(&mut record.fields, Value { text: &key, escaped: false, odd: false }, value);
        }
    }
}

/// An event that is no text: an object, as JSON lines are, or a number. The time of its envelope
/// is its time; where that has none, the object may say it.
fn read_value<'a>(
    value: Value<'a>,
    texts: &Texts,
    (said, now): (Option<Micros>, Micros),
    record: &mut Record<'a>,
) -> Result<(), &'static str> {
    record.ts = said.unwrap_or(now);
    if !value.is_object() {
        record.message = Cow::Borrowed(value.text);
        return Ok(());
    }
    let read = match said {
        Some(at) => json::read_dated(value.text, at, record).map(|_| ()),
        None => json::read_sent(value.text, now, record),
    };
    read.map_err(|_| "malformed JSON")?;
    if record.level.is_none() {
        texts.read_message(record);
    }
    Ok(())
}

/// What describes an event: the host is one; source and source type stand in for a service.
fn add_about<'s>(
    about: &'s [(&'static str, Cow<'s, str>)],
    labels: &mut Labels<'s>,
    record: &mut Record<'s>,
) {
    for (key, value) in about {
        if value.is_empty() {
            continue;
        }
        // What the OpenTelemetry Collector says of a host that it does not know.
        if (*key, &**value) == ("host", "unknown") {
            let key = key_beside(record, "metadata", key);
            record.fields.str(&key, value);
            continue;
        }
        if let Some((key, value)) = labels.offer(key, value) {
            let key = key_beside(record, "metadata", key);
            record.fields.str(&key, value);
        }
    }
}

/// Seconds since 1970, perhaps with a fraction, as a number or a string; milliseconds where their
/// size says so.
fn time_of(value: Value<'_>) -> Result<Micros, &'static str> {
    let text = value.text.trim_matches('"').trim();
    if let Some(at) = epoch_millis(text).or_else(|| epoch(text)) {
        return Ok(at);
    }
    match text.parse::<f64>() {
        // What is too large for a time becomes the largest number, which is none either.
        Ok(seconds) if seconds.is_finite() => {
            Ok((seconds * MICROS_PER_SECOND as f64).round() as Micros)
        }
        _ => Err(REASON_UNREADABLE_TIME),
    }
}

/// Milliseconds with a fraction: `1767571200123.456`. Doubles hold them to the microsecond.
fn epoch_millis(text: &str) -> Option<Micros> {
    const MILLIS: std::ops::Range<f64> = 1e12..1e13;
    let number = text.contains('.').then(|| text.parse::<f64>().ok()).flatten()?;
    MILLIS.contains(&number).then(|| (number * 1_000.0).round() as Micros)
}

/// What the request says about all of its raw text: `host`, `source`, `sourcetype`, `index`.
pub type About<'a> = [(&'static str, Cow<'a, str>)];

/// Takes raw text into the parcel, in any format that Pintail knows; what follows a record, as
/// a stack trace does, belongs to it. Lines without a format are records of the moment, and so is
/// every other line that is none in the formats of the text: for Splunk any text is an event.
pub fn decode_raw(body: &[u8], about: &About<'_>, now: Micros, parcel: &mut Parcel) -> Outcome {
    if body.trim_ascii().is_empty() {
        return Outcome { problem: Some((Problem::NoData, 0)), ..Outcome::default() };
    }
    let lines: Vec<_> = body
        .split(|&byte| byte == b'\n')
        .take(SAMPLE_LINES_MAX)
        .map(|line| clean(line).0)
        .collect();
    let lines: Vec<&str> = lines.iter().map(|line| &**line).collect();
    let rules = TimeRules { absent: Some(now), ..TimeRules::new(Zone::UTC, now) };
    let dialect = Dialect::detect(&lines, &[], rules);
    let mut described = Described { about, now, body, intake: Intake::new(parcel, body.len()) };
    if dialect.main().is_some() {
        read_block(&dialect, body, &mut described);
    } else {
        for line in body.split(|&byte| byte == b'\n') {
            let line = clean(line).0;
            if !line.trim().is_empty() {
                described.line(&line);
            }
        }
    }
    let rejected = described.intake.rejected;
    let problem = (parcel.batch.rows() == 0).then_some((Problem::InvalidData, 0));
    Outcome { rejected, problem }
}

/// Takes the records of raw text, with what the request says about them.
struct Described<'p> {
    about: &'p About<'p>,
    now: Micros,
    body: &'p [u8],
    intake: Intake<'p>,
}

impl Described<'_> {
    /// A line without a format.
    fn line(&mut self, line: &str) {
        let (level, message) = (level_of_message(line), Cow::Borrowed(line));
        self.record(&Record { ts: self.now, level, message, ..Record::default() }, 0);
    }
}

impl Sink for Described<'_> {
    fn record(&mut self, record: &Record<'_>, _end: usize) {
        let mut described = self.intake.blank();
        described.fields.pairs(record.fields.as_str());
        (described.ts, described.level) = (record.ts, record.level);
        described.service = record.service.as_deref().map(Cow::Borrowed);
        described.host = record.host.as_deref().map(Cow::Borrowed);
        described.message = Cow::Borrowed(&record.message);
        let mut labels = Labels::default();
        add_about(self.about, &mut labels, &mut described);
        labels.apply(&mut described);
        // What it is rejected for is counted there.
        self.intake.push(described, &record.message).ok();
    }

    fn extend(&mut self, line: &str, end: usize) {
        self.intake.extend(line, end);
    }

    /// What is too long for a record is a reject all the same.
    fn reject(&mut self, _reason: &'static str, line: &str, start: usize, end: usize) {
        self.line(&whole(line, self.body, start..end));
    }
}

#[cfg(test)]
mod tests;
