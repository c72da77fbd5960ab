//! CEF of ArcSight and LEEF of QRadar, alone or after what syslog puts before a message
//! (ArcSight, "Implementing ArcSight CEF"; IBM, "LEEF event components").
//!
//! ```text
//! Jan  5 10:11:12 fw1 CEF:0|Acme|fw|1.0|100|worm stopped|10|src=10.0.0.7 msg=two words rt=1767607872123
//! LEEF:2.0|Acme|fw|1.0|41|^|src=10.0.0.7^sev=9^devTime=Jan 05 2026 10:11:12
//! ```
//!
//! The time is that of the event (`rt`, `end`, `start`, `devTime`), or the envelope's. The product
//! is the service, the event's name the message. The severity gives the level: 9 and 10 FATAL,
//! 7 and 8 ERROR, 4 to 6 WARN, below INFO.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Kind, names, syslog};
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Level, Micros, Record};

pub const KIND: Kind = Kind {
    name: "cef",
    about: "CEF:0|vendor|product|version|id|name|severity|key=value (and LEEF), also after syslog's head",
    recognise: |_| Some(Arc::new(Cef)),
};

/// Where the event must begin: priority, time and host stand before it.
const HEAD_BYTES_MAX: usize = 200;
const PAIRS_MAX: usize = 128;
const KEY_BYTES_MAX: usize = 64;
/// Names of the event's time, the surest first.
const TIMES: [&str; 4] = ["rt", "devTime", "end", "start"];

struct Cef;

impl Format for Cef {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let at = event_at(line).ok_or(Mismatch::Foreign)?;
        let (head, event) = line.split_at(at);
        let received = read_head(head, rules, record);
        if received.is_none() && !head.trim().is_empty() {
            return Err(Mismatch::Foreign);
        }
        let happened = read_event(event, rules, record).ok_or(Mismatch::Foreign)?;
        let said = happened.or(received);
        record.ts = said.or(rules.absent).ok_or(Mismatch::Broken("no time in the event"))?;
        if said.is_none() {
            rules.mark_undated(record);
        }
        Ok(())
    }

    fn takes_continuations(&self) -> bool {
        false
    }
}

fn event_at(line: &str) -> Option<usize> {
    // The lines of stack traces are not searched.
    if line.starts_with([' ', '\t']) {
        return None;
    }
    let window = &line.as_bytes()[..line.len().min(HEAD_BYTES_MAX)];
    ["CEF:", "LEEF:"].iter().find_map(|mark| {
        let at = memchr::memmem::find(window, mark.as_bytes())?;
        let begins = at == 0 || window[at - 1] == b' ';
        let version = window.get(at + mark.len()).is_some_and(u8::is_ascii_digit);
        (begins && version).then_some(at)
    })
}

/// `<134>1 2026-01-05T10:11:12Z fw1 app - - - `, or less: the time, and the host.
fn read_head<'a>(head: &'a str, rules: &TimeRules, record: &mut Record<'a>) -> Option<Micros> {
    let mut cursor = Cursor::new(head);
    if let Some(priority) = syslog::priority(&mut cursor) {
        record.fields.str("facility", priority.facility);
    }
    cursor.eat_str("1 ");
    let ts = cursor.stamp(rules)?;
    cursor.skip_spaces();
    if let Some(host) = cursor.word() {
        record.host = Some(Cow::Borrowed(host));
    }
    Some(ts)
}

/// The event; the inner `None` says that it names no time.
#[allow(clippy::option_option, reason = "an event without a time is one")]
fn read_event<'a>(
    event: &'a str,
    rules: &TimeRules,
    record: &mut Record<'a>,
) -> Option<Option<Micros>> {
    let is_cef = event.starts_with("CEF:");
    let mut rest = event.split_once(':')?.1;
    let version = header(&mut rest)?;
    for name in ["vendor", "product", "version", "event_id"] {
        let value = header(&mut rest)?;
        if name == "product" {
            record.service = Some(value.clone());
        }
        record.fields.str(name, &value);
    }
    if is_cef {
        record.message = header(&mut rest)?;
        let severity = header(&mut rest)?;
        record.level = level_of(&severity);
        record.fields.typed("severity", &severity);
        return Some(read_pairs(rest, rules, record));
    }
    let delimiter = if version.starts_with("2") { delimiter(&header(&mut rest)?) } else { '\t' };
    record.message = Cow::Borrowed(event);
    let mut times = [None; TIMES.len()];
    for (key, value) in rest.split(delimiter).filter_map(|pair| pair.split_once('=')) {
        if key == "sev" {
            record.level = level_of(value);
        }
        take(key, value, rules, record, &mut times);
    }
    Some(times.into_iter().flatten().next())
}

/// The next part of the header, whose bars and backslashes are escaped.
fn header<'a>(rest: &mut &'a str) -> Option<Cow<'a, str>> {
    let bytes = rest.as_bytes();
    let end = (0..bytes.len()).find(|&at| {
        let escapes = bytes[..at].iter().rev().take_while(|b| **b == b'\\').count();
        bytes[at] == b'|' && escapes % 2 == 0
    })?;
    let part = &rest[..end];
    *rest = &rest[end + 1..];
    Some(unescaped(part))
}

fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some(escaped @ ('\\' | '|' | '=')) => out.push(escaped),
                Some(other) => out.extend(['\\', other]),
                None => out.push('\\'),
            },
            (c, false) => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// `^`, or a character's code: `x5E`, `0x5E`.
fn delimiter(text: &str) -> char {
    let code = text.trim_start_matches("0x").trim_start_matches('x');
    let coded = u32::from_str_radix(code, 16).ok().filter(|_| text.len() > 1);
    coded.and_then(char::from_u32).or_else(|| text.chars().next()).unwrap_or('\t')
}

/// `src=10.0.0.7 msg=two words act=blocked`: a value goes on up to the next key.
fn read_pairs(text: &str, rules: &TimeRules, record: &mut Record<'_>) -> Option<Micros> {
    let mut times = [None; TIMES.len()];
    let mut rest = text.trim_start();
    for _ in 0..PAIRS_MAX {
        let Some((key, after)) = rest.split_once('=') else { break };
        let end = next_key(after).unwrap_or(after.len());
        take(key.trim(), &unescaped(after[..end].trim_end()), rules, record, &mut times);
        rest = after[end..].trim_start();
    }
    times.into_iter().flatten().next()
}

/// Where the blank before the next `key=` stands.
fn next_key(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'=', bytes).find_map(|equals| {
        let key = bytes[..equals].iter().rev().take_while(|b| is_key_byte(**b)).count();
        let start = equals - key;
        let is_key = (1..=KEY_BYTES_MAX).contains(&key) && start > 0 && bytes[start - 1] == b' ';
        is_key.then(|| start - 1)
    })
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'[' | b']')
}

fn take(
    key: &str,
    value: &str,
    rules: &TimeRules,
    record: &mut Record<'_>,
    times: &mut [Option<Micros>; TIMES.len()],
) {
    if let Some(at) = TIMES.iter().position(|name| *name == key) {
        times[at] = names::time_of_text(value, rules);
    }
    record.fields.typed(key, value);
}

/// 0 to 10, or the words of the same scale.
fn level_of(severity: &str) -> Option<Level> {
    Some(match severity {
        "Unknown" => return None,
        "Low" | "0" | "1" | "2" | "3" => Level::Info,
        "Medium" | "4" | "5" | "6" => Level::Warn,
        "High" | "7" | "8" => Level::Error,
        "Very-High" | "9" | "10" => Level::Fatal,
        other => return names::level_of_text(other),
    })
}
