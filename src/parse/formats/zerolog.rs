//! The console of zerolog and what looks like it (cloudflared, tint).
//!
//! ```text
//! 10:11AM INF Starting server addr=:8080 env=prod
//! 2026-01-05T10:11:12+01:00 ERR store.go:12 > cannot write error="disk full" file=/srv/x
//! ```
//!
//! The pairs at the end become fields; the message is what stands before them.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::level::level_of_word;
use crate::parse::scan::Cursor;
use crate::parse::time::{Date, MICROS_PER_SECOND, Stamp};
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Fields, Level, Micros, Record};

pub const KIND: Kind = Kind {
    name: "zerolog",
    about: "10:11AM INF message key=value (zerolog's console)",
    recognise: |_| Some(Arc::new(Zerolog)),
};

/// As zerolog abbreviates them; Serilog's console has the same words in brackets.
const LEVELS: [&str; 7] = ["TRC", "DBG", "INF", "WRN", "ERR", "FTL", "PNC"];
const CALLER_BYTES_MAX: usize = 128;

struct Zerolog;

impl Format for Zerolog {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let mut cursor = Cursor::new(line);
        if !cursor.peek().is_some_and(|b| b.is_ascii_digit()) {
            return Err(Mismatch::Foreign);
        }
        let kitchen = kitchen(&mut cursor, rules);
        let ts = kitchen.or_else(|| cursor.stamp(rules)).ok_or(Mismatch::Foreign)?;
        cursor.skip_spaces();
        let level = cursor.token().filter(|word| LEVELS.contains(word));
        let level = level.ok_or(Mismatch::Foreign)?;
        cursor.skip_spaces();
        record.ts = ts;
        record.level = if level == "PNC" { Some(Level::Fatal) } else { level_of_word(level) };
        let mut probe = cursor;
        if let Some(caller) = probe.until_within(" > ", CALLER_BYTES_MAX)
            && is_caller(caller)
        {
            record.fields.str("caller", caller);
            cursor = probe;
        }
        let text = cursor.rest();
        let pairs = pairs_at(text);
        store_pairs(&text[pairs..], &mut record.fields);
        // What has nothing but pairs says them.
        let message = if pairs == 0 { text } else { &text[..pairs] };
        record.message = Cow::Borrowed(message.trim_end());
        Ok(())
    }
}

/// `10:11AM`, Go's `time.Kitchen`.
fn kitchen(cursor: &mut Cursor<'_>, rules: &TimeRules) -> Option<Micros> {
    let mut probe = *cursor;
    let word = probe.token()?;
    let (clock, is_pm) = match (word.strip_suffix("AM"), word.strip_suffix("PM")) {
        (Some(clock), _) => (clock, false),
        (_, Some(clock)) => (clock, true),
        _ => return None,
    };
    let (hour, minute) = clock.split_once(':').filter(|(_, minute)| minute.len() == 2)?;
    let (hour, minute): (i64, i64) = (hour.parse().ok()?, minute.parse().ok()?);
    if !(1..=12).contains(&hour) || !(0..60).contains(&minute) {
        return None;
    }
    let hour = hour % 12 + if is_pm { 12 } else { 0 };
    let time = (hour * 60 + minute) * 60 * MICROS_PER_SECOND;
    *cursor = probe;
    rules.resolve(Stamp::Civil { date: Date::None, time, zone: None })
}

/// `store/file.go:12`.
fn is_caller(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(file, line)| {
        !file.contains(' ') && !line.is_empty() && line.bytes().all(|b| b.is_ascii_digit())
    })
}

/// Where the pairs begin that go on to the end of the text; its length if there are none.
fn pairs_at(text: &str) -> usize {
    let starts =
        std::iter::once(0).chain(memchr::memchr_iter(b' ', text.as_bytes()).map(|at| at + 1));
    starts.into_iter().find(|&at| is_pairs(&text[at..])).unwrap_or(text.len())
}

fn is_pairs(text: &str) -> bool {
    let mut cursor = Cursor::new(text);
    while !cursor.is_at_end() {
        if next_pair(&mut cursor).is_none() {
            return false;
        }
    }
    !text.is_empty()
}

/// `key=value ` or `key="two words" `.
fn next_pair<'a>(cursor: &mut Cursor<'a>) -> Option<(&'a str, Cow<'a, str>)> {
    let length = cursor.rest().bytes().take_while(|b| is_key_byte(*b)).count();
    let key = &cursor.rest()[..length];
    if key.is_empty() {
        return None;
    }
    cursor.advance(length);
    cursor.eat(b'=').then_some(())?;
    let value = if cursor.eat(b'"') {
        let value = super::values::quoted_rest(cursor)?;
        Cow::Owned(value.replace("\\\"", "\"").replace("\\n", "\n"))
    } else {
        Cow::Borrowed(cursor.token().unwrap_or_default())
    };
    cursor.skip_spaces();
    Some((key, value))
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'/')
}

fn store_pairs(text: &str, fields: &mut Fields) {
    let mut cursor = Cursor::new(text);
    while let Some((key, value)) = next_pair(&mut cursor) {
        fields.typed(key, &value);
    }
}
