//! logfmt: `key=value` pairs, a timestamp among them or before them.
//!
//! ```text
//! time=2026-01-05T00:00:00Z level=info msg="request done" status=200 cached
//! 2026-01-05T00:00:00Z level=info msg="request done"
//! ```
//!
//! Written by logrus, slog's TextHandler, go-kit, Grafana, Loki, Prometheus, Heroku; as
//! specified by github.com/kr/logfmt. The record's own values are found by their
//! [names]; the other pairs become fields typed by their looks, a word
//! without a value is `true`. Heroku's `at=info` is a level.
//!
//! Without a message, an event's name or an error's text stands in for it and stays a
//! field; without that, the pairs as they stand.
//!
//! Text with a pair in it is not logfmt: there must be as many pairs as single words, and
//! after a timestamp without a name, nothing but pairs.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use super::names::{self, Rank, Role};
use super::slot::Slot;
use crate::parse::scan::Cursor;
use crate::parse::time::epoch;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Fields, Level, Micros, Record};

pub const KIND: Kind = Kind {
    name: "logfmt",
    about: r#"time=2026-01-05T00:00:00Z level=info msg="message""#,
    recognise: |_| Some(Arc::new(Logfmt)),
};

struct Logfmt;

impl Format for Logfmt {
    fn name(&self) -> &str {
        KIND.name
    }

    #[inline]
    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        read(line, rules, record)
    }
}

/// Reads pairs into `record`; what it leaves there when it fails is discarded.
#[inline]
pub fn read<'a>(line: &'a str, rules: &TimeRules, record: &mut Record<'a>) -> Result<(), Mismatch> {
    let mut cursor = Cursor::new(line);
    let head = cursor.stamp(rules);
    cursor.skip_spaces();
    let mut draft = Draft::new(rules, &mut record.fields, cursor.rest());
    while let Some(pair) = Pair::read(&mut cursor).ok_or(Mismatch::Foreign)? {
        draft.take(pair, cursor.rest());
    }
    let is_logfmt = match head {
        Some(_) => draft.pairs > 0 && draft.words == 0,
        None => draft.pairs > 1 && draft.words <= draft.pairs,
    };
    draft.settle_date();
    record.level = draft.level.read();
    record.service = draft.service.read();
    record.host = draft.host.read();
    let message = draft.message.read();
    // Without a time, pairs alone are logfmt only if they are pairs of a log.
    let is_log = draft.words == 0 && (record.level.is_some() || message.is_some());
    let said = head.or(draft.time.read());
    let ts = said.or(rules.absent.filter(|_| is_log));
    record.ts = ts.filter(|_| is_logfmt).ok_or(Mismatch::Foreign)?;
    record.message = message.unwrap_or(Cow::Borrowed(draft.rest));
    if said.is_none() {
        rules.mark_undated(record);
    }
    Ok(())
}

/// A key and its value; a single word has none.
struct Pair<'a> {
    key: &'a str,
    value: Option<Cow<'a, str>>,
    is_quoted: bool,
}

impl<'a> Pair<'a> {
    /// The next pair and the blanks after it, `Some(None)` at the end, `None` if there is
    /// something that is no pair.
    #[inline]
    #[allow(clippy::option_option, reason = "the end is not a failure")]
    fn read(cursor: &mut Cursor<'a>) -> Option<Option<Pair<'a>>> {
        let rest = cursor.rest();
        if rest.is_empty() {
            return Some(None);
        }
        let length = rest.bytes().position(|b| matches!(b, b'=' | b' ' | b'\t'));
        let (key, after) = rest.split_at(length.unwrap_or(rest.len()));
        if !is_key(key) {
            return None;
        }
        cursor.advance(key.len());
        let (mut value, mut is_quoted) = (None, false);
        if after.starts_with('=') {
            cursor.advance(1);
            is_quoted = cursor.peek() == Some(b'"');
            value = Some(if is_quoted { quoted(cursor) } else { plain(cursor) });
        }
        cursor.skip_spaces();
        Some(Some(Pair { key, value, is_quoted }))
    }
}

/// Names as programs write them; prose has commas, colons and quotes in its words.
#[inline]
fn is_key(key: &str) -> bool {
    let is_name = |b: u8| {
        b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'@' | b'/' | b'#' | b'$')
    };
    !key.is_empty() && key.bytes().all(|b| is_name(b) || !b.is_ascii())
}

fn plain<'a>(cursor: &mut Cursor<'a>) -> Cow<'a, str> {
    Cow::Borrowed(cursor.token().unwrap_or_default())
}

/// The value in the quotes that the cursor stands at. A quote that is never closed was cut
/// off, or goes on in lines that follow: the value is what there is.
fn quoted<'a>(cursor: &mut Cursor<'a>) -> Cow<'a, str> {
    let text = &cursor.rest()[1..];
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut is_escaped = false;
    while let Some(hit) = memchr::memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) {
        at += hit;
        if bytes[at] == b'"' {
            break;
        }
        is_escaped = true;
        at += 2;
    }
    if bytes.get(at) != Some(&b'"') {
        at = bytes.len();
    }
    let value = &text[..at];
    cursor.advance((at + 2).min(text.len() + 1));
    if is_escaped { Cow::Owned(unescaped(value)) } else { Cow::Borrowed(value) }
}

/// Go's escapes (`strconv.Quote`); an unknown one stays as it is.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let mut chars = after.chars();
        let escape = chars.next();
        let digits = match escape {
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            _ => 0,
        };
        rest = chars.as_str();
        let code = rest.get(..digits).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        match (escape, code.and_then(char::from_u32)) {
            (Some('n'), _) => out.push('\n'),
            (Some('r'), _) => out.push('\r'),
            (Some('t'), _) => out.push('\t'),
            (Some(quote @ ('"' | '\\' | '\'')), _) => out.push(quote),
            (Some(_), Some(char)) if digits > 0 => {
                out.push(if char == '\0' { char::REPLACEMENT_CHARACTER } else { char });
                rest = rest.get(digits..).unwrap_or_default();
            }
            (other, _) => {
                out.push('\\');
                out.extend(other);
            }
        }
    }
    out.push_str(rest);
    out
}

/// A record in the making.
struct Draft<'r, 'a> {
    rules: &'r TimeRules,
    fields: &'r mut Fields,
    time: Slot<Micros, Pair<'a>>,
    level: Slot<Level, Pair<'a>>,
    service: Slot<Cow<'a, str>, Pair<'a>>,
    host: Slot<Cow<'a, str>, Pair<'a>>,
    message: Slot<Cow<'a, str>, Pair<'a>>,
    /// A day, for a time of day that has a pair of its own.
    date: Option<Pair<'a>>,
    /// The offset of that time, and the instant, as FortiGate gives them.
    zone: Option<Cow<'a, str>>,
    instant: Option<Micros>,
    pairs: usize,
    words: usize,
    /// The line after the core values that it begins with.
    rest: &'a str,
    begins: bool,
}

impl<'r, 'a> Draft<'r, 'a> {
    fn new(rules: &'r TimeRules, fields: &'r mut Fields, rest: &'a str) -> Draft<'r, 'a> {
        Draft {
            rules,
            fields,
            time: Slot::empty(),
            level: Slot::empty(),
            service: Slot::empty(),
            host: Slot::empty(),
            message: Slot::empty(),
            date: None,
            zone: None,
            instant: None,
            pairs: 0,
            words: 0,
            rest,
            begins: true,
        }
    }

    /// Takes a pair for a core column or as a field; `rest` is the line after it.
    #[inline]
    fn take(&mut self, pair: Pair<'a>, rest: &'a str) {
        let Some(value) = &pair.value else {
            self.words += 1;
            self.begins = false;
            self.fields.raw(pair.key, "true");
            return;
        };
        self.pairs += 1;
        if self.date.is_some() {
            match pair.key {
                "tz" => self.zone = pair.value.clone(),
                "eventtime" => self.instant = epoch(value),
                _ => {}
            }
        }
        let field = match names::role_of(pair.key) {
            Some((role, rank)) if !value.is_empty() => self.offer(role, rank, pair),
            _ => Some(pair),
        };
        match field {
            None if self.begins => self.rest = rest,
            None => {}
            Some(pair) => {
                self.begins = false;
                self.keep(&pair);
            }
        }
    }

    /// Offers a pair for a role; returns what becomes a field of it.
    #[inline]
    fn offer(&mut self, role: Role, rank: Rank, pair: Pair<'a>) -> Option<Pair<'a>> {
        let value = pair.value.clone().unwrap_or_default();
        let settled = match role {
            Role::Time | Role::Date => match names::time_of_text(&value, self.rules) {
                Some(time) => self.time.settle(rank, time, pair),
                // Heroku: `at=info`.
                None if pair.key == "at" => match names::level_of_text(&value) {
                    Some(level) => self.level.settle(rank, level, pair),
                    None => Err(pair),
                },
                None if role == Role::Date && self.date.is_none() => {
                    self.date = Some(pair);
                    return None;
                }
                None => Err(pair),
            },
            Role::Level => match names::level_of_text(&value) {
                Some(level) => self.level.settle(rank, level, pair),
                None => Err(pair),
            },
            Role::Service => self.service.settle(rank, value, pair),
            Role::Host => self.host.settle(rank, value, pair),
            Role::Message => self.message.settle(rank, value, pair),
            Role::Component => Err(pair),
        };
        settled.unwrap_or_else(Some)
    }

    /// A day and a time of day are one timestamp; a day alone is a field. An instant beside them
    /// is surer than what they say.
    fn settle_date(&mut self) {
        let Some(date) = self.date.take() else { return };
        if let Some((time, at)) = self.time.correct()
            && let (Some(day), Some(time)) = (&date.value, &time.value)
            && names::is_time_of_day(time)
            && let Some(local) = self.rules.whole(&format!("{day} {time}"))
        {
            let zone = self.zone.as_deref();
            let both = zone.and_then(|zone| self.rules.whole(&format!("{day} {time}{zone}")));
            *at = self.instant.or(both).unwrap_or(local);
        } else {
            self.keep(&date);
        }
    }

    fn keep(&mut self, pair: &Pair<'a>) {
        let value = pair.value.as_deref().unwrap_or_default();
        if pair.is_quoted {
            self.fields.str(pair.key, value);
        } else {
            self.fields.typed(pair.key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::Zone;

    fn outcome(line: &str) -> Result<String, Mismatch> {
        let mut record = Record::default();
        Logfmt.parse(line, &TimeRules::new(Zone::UTC, 0), &mut record)?;
        Ok(format!("{} | {}", record.message, record.fields.as_str()))
    }

    #[test]
    fn values_are_unquoted() {
        for (pair, expected) in [
            (r#"k="a b""#, r#""k":"a b""#),
            (r#"k="say \"hi\" \\ \t\u00e9\x41\q""#, r#""k":"say \"hi\" \\ \té\u0041\\q""#),
            (r#"k="cut off"#, r#""k":"cut off""#),
            (r#"k="cut off\"#, r#""k":"cut off\\""#),
            (r#"k="12" n=12 d=12ms e= f"#, r#""k":"12","n":12,"d":"12ms","e":"","f":true"#),
            (r#"k=a"b c=d=e"#, r#""k":"a\"b","c":"d=e""#),
            (r#"k="a"x=1"#, r#""k":"a","x":1"#),
            (r#"k="\é\u00" z=1"#, r#""k":"\\é\\u00","z":1"#),
        ] {
            let line = format!("ts=1767571200 msg=m {pair}");
            let expected = expected.replace(r"\u0041", "A");
            assert_eq!(outcome(&line), Ok(format!("m | {expected}")), "{pair}");
        }
    }

    #[test]
    fn a_day_and_a_time_are_one_with_their_offset() {
        for (pairs, seconds) in [
            ("date=2026-01-05 time=10:11:12", 1_767_607_872),
            (r#"date=2026-01-05 time=10:11:12 tz="+0100""#, 1_767_604_272),
            (r#"date=2026-01-05 time=10:11:12 eventtime=1767604272 tz="+0100""#, 1_767_604_272),
            ("date=2026-01-05 time=10:11:12 eventtime=1767604272123456789", 1_767_604_272),
            ("date=2026-01-05 time=10:11:12 tz=CET", 1_767_607_872),
        ] {
            let mut record = Record::default();
            let line = format!("{pairs} msg=m");
            assert_eq!(read(&line, &TimeRules::new(Zone::UTC, 0), &mut record), Ok(()), "{pairs}");
            assert_eq!(record.ts / 1_000_000, seconds, "{pairs}");
        }
    }

    #[test]
    fn text_is_foreign() {
        for line in [
            "",
            "level=info msg=x",
            "time=2026-01-05T00:00:00Z",
            "ts=1767571200 a=1 it was a dark night",
            "2026-01-05 00:00:00 INFO payment took=12ms",
            "2026-01-05 00:00:00",
            "2026-01-05 00:00:00 see a=1, b=2",
            "=1 =2 ts=1767571200",
        ] {
            assert_eq!(outcome(line), Err(Mismatch::Foreign), "{line}");
        }
    }
}
