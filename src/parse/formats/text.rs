//! Pintail's native text: a timestamp, a level, a service, a message.
//!
//! ```text
//! 2026-01-05 00:00:00.123 ERROR payment Card declined for order 81233
//! [2026-01-05T00:00:00,123Z] [ERROR] [payment] Card declined for order 81233
//! 2026-01-05 00:00:00 INFO Listening on 0.0.0.0:8080
//! [10:11:12 INF] Listening on 0.0.0.0:8080
//! [INFO ] [2026-01-05 00:00:00] Listening on 0.0.0.0:8080
//! INFO [01-05|00:00:00.123] Listening on 0.0.0.0:8080
//! ```
//!
//! Whether the word after the level is a service or already the message is decided
//! once per source, from its first lines: see [`has_service_column`]. So is whether a
//! lower-case word is a level (`info Listening`) or the beginning of a message
//! (`Error while reading`): see [`has_plain_levels`].

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use super::Kind;
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules, Zone};
use crate::record::{Level, Micros, Record};

pub const KIND: Kind = Kind {
    name: "text",
    about: "2026-01-05 00:00:00.123 ERROR payment message",
    recognise: |sample| Some(Arc::new(Text::fit(sample))),
};

struct Text {
    has_service: bool,
    plain_levels: bool,
}

impl Text {
    fn fit(sample: &[&str]) -> Text {
        let plain_levels = has_plain_levels(sample);
        Text { has_service: has_service_column(sample, plain_levels), plain_levels }
    }
}

impl Format for Text {
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
        let mut cursor = Cursor::new(line);
        let head = self
            .stamp_then_level(&mut cursor, rules)
            .or_else(|| both_in_brackets(&mut cursor, rules))
            .or_else(|| level_then_stamp(&mut cursor, rules));
        let (ts, level) = head.ok_or(Mismatch::Foreign)?;
        record.ts = ts;
        record.level = Some(level);
        cursor.eat(b':');
        cursor.skip_spaces();
        let mut rest = cursor;
        // A word that is all there is, is the message: a line has one before it has a service.
        if self.has_service
            && let Some(service) = service_token(&mut rest)
            && !rest.is_at_end()
        {
            record.service = Some(Cow::Borrowed(service));
            cursor = rest;
        }
        record.message = Cow::Borrowed(cursor.rest());
        Ok(())
    }
}

impl Text {
    /// `2026-01-05 00:00:00 ERROR`, each perhaps in brackets.
    #[inline]
    fn stamp_then_level(
        &self,
        cursor: &mut Cursor<'_>,
        rules: &TimeRules,
    ) -> Option<(Micros, Level)> {
        let mut probe = *cursor;
        let ts = probe.stamp(rules)?;
        if !probe.skip_spaces() {
            return None;
        }
        let level = if self.plain_levels { probe.level() } else { probe.clear_level() }?;
        *cursor = probe;
        Some((ts, level))
    }
}

/// `[10:11:12 INF]`, as Serilog's console writes.
fn both_in_brackets(cursor: &mut Cursor<'_>, rules: &TimeRules) -> Option<(Micros, Level)> {
    let mut probe = *cursor;
    if !probe.eat(b'[') {
        return None;
    }
    let (ts, length) = rules.read(probe.rest())?;
    probe.advance(length);
    if !probe.skip_spaces() {
        return None;
    }
    let level = probe.level()?;
    probe.skip_spaces();
    if !probe.eat(b']') {
        return None;
    }
    *cursor = probe;
    Some((ts, level))
}

/// `[INFO ] [2026-01-05 00:00:00]`, `ERROR 2026-01-05 00:00:00`.
fn level_then_stamp(cursor: &mut Cursor<'_>, rules: &TimeRules) -> Option<(Micros, Level)> {
    let mut probe = *cursor;
    let level = probe.clear_level()?;
    probe.skip_spaces();
    // A word that is a level and a number may be anything; a date with its year is none, nor is
    // one in brackets.
    let date = probe.rest().trim_start_matches('[').as_bytes();
    let has_year = matches!(date.get(4), Some(b'-' | b'/'));
    let is_bracketed = probe.peek() == Some(b'[') && matches!(date.get(2), Some(b'-' | b'/'));
    if !has_year && !is_bracketed {
        return None;
    }
    let ts = probe.stamp(rules)?;
    *cursor = probe;
    Some((ts, level))
}

/// A service name and the blanks after it: `payment`, `[payment]`, `payment:`.
fn service_token<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    let mut probe = *cursor;
    let name = match probe.enclosed(b'[', b']') {
        Some(name) => name,
        None => {
            let token = probe.token()?;
            token.strip_suffix(':').unwrap_or(token)
        }
    };
    if !is_service_name(name) || (!probe.skip_spaces() && !probe.is_at_end()) {
        return None;
    }
    *cursor = probe;
    Some(name)
}

/// Lower-case words joined by `-`, `_`, `.` or `/`, as services are named.
fn is_service_name(name: &str) -> bool {
    const NAME_BYTES_MAX: usize = 64;
    let bytes = name.as_bytes();
    !bytes.is_empty()
        && bytes.len() <= NAME_BYTES_MAX
        && bytes[0].is_ascii_lowercase()
        && bytes[bytes.len() - 1].is_ascii_alphanumeric()
        && bytes.iter().all(|b| {
            b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.' | b'/')
        })
}

/// Whether the word after the level names a service in this source: nearly every
/// line has a name there, the names repeat, and they are not the words that
/// messages begin with.
fn has_service_column(sample: &[&str], plain_levels: bool) -> bool {
    let headless = Text { has_service: false, plain_levels };
    let rules = TimeRules::new(Zone::UTC, 0);
    let mut names = HashSet::new();
    let (mut lines, mut named) = (0, 0);
    for line in sample {
        let mut record = Record::default();
        if headless.parse(line, &rules, &mut record).is_err() {
            continue;
        }
        lines += 1;
        let message = record.message;
        let mut cursor = Cursor::new(&message);
        // A word that is all there is, is the message.
        if let Some(name) = service_token(&mut cursor)
            && !begins_messages(name)
            && !cursor.is_at_end()
        {
            named += 1;
            names.insert(name.to_owned());
        }
    }
    // In a few lines one may be odd: a level without anything after it, a banner.
    let odd_max = (lines / 10).max(usize::from(lines > 2));
    lines > 0 && lines - named <= odd_max && names.len() <= 4 + lines / 8
}

/// Whether nearly every timestamp is followed by a level, however it is written. Then
/// there is a column of levels; otherwise only capitals, brackets or a colon make one.
fn has_plain_levels(sample: &[&str]) -> bool {
    let rules = TimeRules::new(Zone::UTC, 0);
    let (mut stamped, mut levelled) = (0, 0);
    for line in sample {
        let mut cursor = Cursor::new(line);
        if cursor.stamp(&rules).is_some() && cursor.skip_spaces() {
            stamped += 1;
            levelled += usize::from(cursor.level().is_some());
        }
    }
    levelled * 10 >= stamped * 9
}

/// Words that begin a lower-case message rather than name a service.
pub(super) fn begins_messages(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "a",
        "an",
        "all",
        "and",
        "at",
        "bad",
        "bind",
        "can",
        "cannot",
        "client",
        "cleanup",
        "connect",
        "connection",
        "could",
        "create",
        "delete",
        "did",
        "disconnect",
        "done",
        "end",
        "error",
        "exit",
        "fail",
        "failure",
        "for",
        "found",
        "from",
        "get",
        "got",
        "handle",
        "has",
        "http",
        "in",
        "init",
        "invalid",
        "is",
        "it",
        "load",
        "lost",
        "message",
        "missing",
        "new",
        "no",
        "not",
        "now",
        "ok",
        "on",
        "open",
        "out",
        "post",
        "put",
        "query",
        "ready",
        "request",
        "response",
        "retry",
        "run",
        "send",
        "sent",
        "server",
        "session",
        "set",
        "shutdown",
        "slow",
        "start",
        "stop",
        "success",
        "successfully",
        "task",
        "the",
        "this",
        "timeout",
        "to",
        "trying",
        "unable",
        "unexpected",
        "unknown",
        "update",
        "user",
        "using",
        "waiting",
        "warning",
        "will",
        "worker",
    ];
    let participle = word.len() > 4 && (word.ends_with("ing") || word.ends_with("ed"));
    participle || WORDS.binary_search(&word).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_column_is_told_from_messages() {
        for (sample, expected) in [
            (
                &[
                    "2026-01-05 00:00:00.1 INFO payment charged",
                    "2026-01-05 00:00:01.1 WARN auth slow",
                ][..],
                true,
            ),
            (
                &[
                    "2026-01-05 00:00:00 INFO starting up",
                    "2026-01-05 00:00:00 INFO listening on 80",
                ],
                false,
            ),
            (&["2026-01-05 00:00:00 INFO Server started"], false),
            (&["2026-01-05 00:00:00 INFO one", "2026-01-05 00:00:01 WARN two"], false),
            (&["2026-01-05 00:00:00 [INFO] [search] Query took 3 ms"], true),
            (&[], false),
        ] {
            assert_eq!(has_service_column(sample, true), expected, "{sample:?}");
        }
    }

    #[test]
    fn plain_words_are_levels_where_every_line_has_one() {
        let levels = ["2026-01-05 00:00:00 info up", "2026-01-05 00:00:01 warn slow"];
        let words = ["2026-01-05 00:00:00 Error while reading", "2026-01-05 00:00:01 Done"];
        assert!(has_plain_levels(&levels));
        assert!(!has_plain_levels(&words));
    }

    #[test]
    fn words_are_sorted() {
        // Found by binary search.
        assert!(begins_messages("worker") && begins_messages("a") && begins_messages("request"));
        assert!(!begins_messages("payment") && !begins_messages("auth"));
    }
}
