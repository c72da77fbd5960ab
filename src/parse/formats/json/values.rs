//! What JSON values say where a timestamp, a level, a name or a message is expected.

use std::borrow::Cow;

use super::names;
use super::scale::{Scale, number};
use super::value::Value;
use crate::parse::TimeRules;
use crate::parse::level::level_of_otel;
use crate::parse::time::{epoch, epoch_number, epoch_of_float};
use crate::record::{Level, Micros};

/// A string in any spelling of time, an epoch number, or an object of the parts of one.
#[inline]
pub fn time_of(value: Value<'_>, rules: &TimeRules) -> Option<Micros> {
    match value.text.as_bytes().first()? {
        b'"' => names::time_of_text(&value.string()?, rules),
        b'{' => time_of_object(value, rules),
        b'0'..=b'9' => epoch(value.text).or_else(|| epoch_of_float(value.text)),
        _ => None,
    }
}

/// MongoDB's `{"$date":"…"}`, log4j2's `{"epochSecond":…,"nanoOfSecond":…}`, protobuf's
/// `{"seconds":…,"nanos":…}`, loguru's `{"repr":"…","timestamp":…}`.
fn time_of_object(value: Value<'_>, rules: &TimeRules) -> Option<Micros> {
    if let Some(inner) = value.member("$date").or_else(|| value.member("timestamp")) {
        let inner = inner.member("$numberLong").unwrap_or(inner);
        return if inner.is_object() { None } else { time_of(inner, rules) };
    }
    let part = |names: [&str; 2]| {
        let text = names.iter().find_map(|name| value.member(name))?.text;
        text.trim_matches('"').parse::<i64>().ok()
    };
    let seconds = epoch_number(part(["epochSecond", "seconds"])?)?;
    Some(seconds + part(["nanoOfSecond", "nanos"]).unwrap_or(0).clamp(0, 999_999_999) / 1_000)
}

/// A level's word or number; loguru's stands in an object: `{"name":"INFO","no":20}`.
#[inline]
pub fn level_of(key: Value<'_>, value: Value<'_>, scale: Scale) -> Option<Level> {
    if value.is_object() {
        return names::level_of_text(&value.member("name")?.string()?);
    }
    let string = value.string();
    let text = string.as_deref().or(value.scalar())?;
    match key.raw_string()?.as_bytes() {
        b"severityNumber" | b"severity_number" | b"SeverityNumber" => match text.parse() {
            Ok(number) => level_of_otel(number),
            Err(_) => names::level_of_text(text.strip_prefix("SEVERITY_NUMBER_")?),
        },
        b"levelno" => Scale::Python.level(text.parse().ok()?),
        _ => match number(value) {
            Some(number) => scale.level(number),
            None => names::level_of_text(text),
        },
    }
}

/// A name of a service or host; `-` is none.
#[inline]
pub fn name_of(value: Value<'_>, is_verbatim: bool) -> Option<Cow<'_, str>> {
    let name = if is_verbatim { value.verbatim() } else { value.string() };
    name.filter(|name| !matches!(&**name, "" | "-"))
}

/// The text of a message: a string, a number, or OpenTelemetry's `{"stringValue":…}`. Unless it
/// is to be verbatim, it is without terminal escapes and line breaks at its end.
#[inline]
pub fn message_of(value: Value<'_>, is_verbatim: bool) -> Option<Cow<'_, str>> {
    let string = if is_verbatim { Value::verbatim } else { Value::string };
    let message = match value.text.as_bytes().first()? {
        b'"' => string(&value)?,
        b'{' => string(&value.member("stringValue")?)?,
        _ => Cow::Borrowed(value.scalar()?),
    };
    if is_verbatim {
        return Some(message).filter(|message| !message.is_empty());
    }
    let message = match message {
        Cow::Owned(text) if text.ends_with(['\n', '\r']) => {
            Cow::Owned(text.trim_end_matches(['\n', '\r']).to_owned())
        }
        other => other,
    };
    if message.is_empty() { None } else { Some(message) }
}
