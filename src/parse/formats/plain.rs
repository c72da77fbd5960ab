//! Logs without times: what programs print that leave the time to others.
//!
//! ```text
//! INFO:     127.0.0.1:47110 - "GET /cart HTTP/1.1" 200 OK
//! WARNING:root:disk nearly full
//! listening on 8080
//! ```
//!
//! A record has the time at which it arrived, or that of its file ([`TimeRules::absent`]), and says
//! so in the field `undated`. This format reads a source only where no other reads a line of it.
//! Every line is a record but those that cannot begin one ([`goes_on`]).

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::level::level_of_message;
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules, Zone, time};
use crate::record::{Micros, Record};

pub const KIND: Kind = Kind {
    name: "plain",
    about: "lines without a time: INFO:     message, WARNING:logger:message, message",
    recognise: |_| Some(Arc::new(Plain)),
};

struct Plain;

impl Format for Plain {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        // A line with a time is another format's.
        if goes_on(line) || time::read(line.trim_start_matches('[').as_bytes()).is_some() {
            return Err(Mismatch::Foreign);
        }
        record.ts = rules.absent.ok_or(Mismatch::Foreign)?;
        let mut cursor = Cursor::new(line);
        record.level = level_of_message(line);
        if record.level.is_some() && has_level_column(line) {
            cursor.clear_level();
            logger(&mut cursor, record);
            cursor.eat(b':');
            cursor.skip_spaces();
        }
        record.message = Cow::Borrowed(cursor.rest());
        rules.mark_undated(record);
        Ok(())
    }

    fn is_fallback(&self) -> bool {
        true
    }
}

/// Whether a line without a time begins a record among lines that have one: a level in capitals with
/// a colon, or in brackets, and something after it.
pub fn begins(line: &str) -> bool {
    if level_of_message(line).is_none() || !has_level_column(line) {
        return false;
    }
    let level_end = line.find([':', ']', '>']).unwrap_or(line.len());
    let (level, rest) = line.split_at(level_end);
    // `ERROR while reading: x` is a sentence.
    !level.trim_end().contains(' ') && rest.len() > 1 && !rest[1..].trim().is_empty()
}

/// Reads a line that [`begins`] a record of the time `ts`.
pub fn read_begun<'a>(line: &'a str, ts: Micros, record: &mut Record<'a>) {
    let rules = TimeRules { absent: Some(ts), ..TimeRules::new(Zone::UTC, ts) };
    // A line that begins a record is one.
    Plain.parse(line, &rules, record).ok();
    record.ts = ts;
}

/// Whether a level at the beginning is a column rather than a word of what is said (`Error: no
/// such file`): in capitals, in brackets, or one of the four letters of .NET's console.
fn has_level_column(line: &str) -> bool {
    let first = line.as_bytes().first().copied().unwrap_or_default();
    let letters = line.bytes().take_while(u8::is_ascii_alphabetic).count();
    let is_capitals = letters > 1 && line[..letters].bytes().all(|b| b.is_ascii_uppercase());
    is_capitals || first == b'[' || first == b'<'
}

/// `:root:` of Python's default, behind the level.
fn logger<'a>(cursor: &mut Cursor<'a>, record: &mut Record<'a>) {
    let mut probe = *cursor;
    if !probe.eat(b':') {
        return;
    }
    const NAME_BYTES_MAX: usize = 128;
    if let Some(name) = probe.until_within(":", NAME_BYTES_MAX)
        && !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    {
        record.fields.str("logger", name);
        *cursor = probe;
    }
}

/// Whether a line can only go on with the one before it: indented, blank, a closing bracket, or a
/// line of a stack trace.
pub fn goes_on(line: &str) -> bool {
    const BEGINNINGS: [&str; 12] = [
        "Traceback (most recent call last)",
        "Caused by:",
        "Suppressed:",
        "... ",
        "at ",
        "During handling of the above exception",
        "The above exception was the direct cause",
        "goroutine ",
        "created by ",
        "exit status ",
        "stack backtrace:",
        "[signal ",
    ];
    let Some(first) = line.chars().next() else { return true };
    first.is_whitespace()
        || matches!(first, '}' | ')')
        || line == "]"
        || BEGINNINGS.iter().any(|beginning| line.starts_with(beginning))
        || is_exception(line)
}

/// `ValueError: bad`, `java.lang.IllegalStateException: declined`, `KeyboardInterrupt`: one word that
/// ends as the names of exceptions do, and a colon or the end.
fn is_exception(line: &str) -> bool {
    const NAME_BYTES_MAX: usize = 200;
    let window = line.floor_char_boundary(NAME_BYTES_MAX);
    let name = line[..window].split(':').next().unwrap_or_default();
    let is_word =
        name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'$'));
    let has_prefix = |ending: &str| name.len() > ending.len() && name.ends_with(ending);
    is_word
        && (has_prefix("Error") || has_prefix("Exception") || name == "KeyboardInterrupt")
        && (name.len() == line.len() || line[name.len()..].starts_with(": "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_begin_a_record_among_dated_ones() {
        for line in [
            "INFO:     10.0.0.7:4711 - \"GET /x HTTP/1.1\" 500 Internal Server Error",
            "WARNING:root:disk full",
            "CRITICAL: x",
            "[ERROR] x",
            "[WARN ] x",
        ] {
            assert!(begins(line), "{line}");
        }
        for line in [
            "ERROR while reading: x",
            "Error: no such file",
            "ERROR:",
            "[ERROR]",
            "[main] ready",
            "HTTP: 200",
            "  ERROR: x",
            "DETAIL: x",
            "java.lang.Error: x",
        ] {
            assert!(!begins(line), "{line}");
        }
    }

    #[test]
    fn lines_that_begin_no_record() {
        for line in [
            "",
            "\tat shop.Cart",
            "  File \"x.py\", line 3",
            "Traceback (most recent call last):",
            "ValueError: bad",
            "java.lang.IllegalStateException: declined",
            "Caused by: x",
            "}",
        ] {
            assert!(goes_on(line), "{line}");
        }
        for line in [
            "listening on 8080",
            "INFO:     ready",
            "Error: no such file",
            "an Error occurred",
            "[main] ready",
            "{ ok: true }",
        ] {
            assert!(!goes_on(line), "{line}");
        }
    }
}
