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
use std::collections::{HashMap, HashSet};
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
            && let Some((service, _)) = service_token(&mut rest)
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
fn service_token<'a>(cursor: &mut Cursor<'a>) -> Option<(&'a str, Mark)> {
    let mut probe = *cursor;
    let (name, mark) = match probe.enclosed(b'[', b']') {
        Some(name) => (name, Mark::Punctuation),
        None => {
            let token = probe.token()?;
            match token.strip_suffix(':') {
                Some(name) => (name, Mark::Punctuation),
                None if token.contains(['-', '_', '.', '/']) => (token, Mark::Shape),
                None => (token, Mark::None),
            }
        }
    };
    if !is_service_name(name) || (!probe.skip_spaces() && !probe.is_at_end()) {
        return None;
    }
    *cursor = probe;
    Some((name, mark))
}

/// What tells a name from the first word of a sentence.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// Nothing: `payment`.
    None,
    /// It is put together as names are: `payment-api`.
    Shape,
    /// `[payment]`, `payment:`
    Punctuation,
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

/// Whether the word after the level names a service in this source: nearly every line has a name
/// there, the names repeat, they are not the words that messages begin with, and the lines are
/// enough to tell names from such words ([`Names::tell`]).
fn has_service_column(sample: &[&str], plain_levels: bool) -> bool {
    let headless = Text { has_service: false, plain_levels };
    let rules = TimeRules::new(Zone::UTC, 0);
    let mut names = Names::default();
    let mut lines = 0;
    for line in sample {
        let mut record = Record::default();
        if headless.parse(line, &rules, &mut record).is_err() {
            continue;
        }
        let message = record.message;
        // A level and nothing more says nothing of what would follow.
        if message.is_empty() {
            continue;
        }
        lines += 1;
        let mut cursor = Cursor::new(&message);
        // A word that is all there is, is the message.
        if let Some((name, mark)) = service_token(&mut cursor)
            && !begins_messages(name)
            && !cursor.is_at_end()
        {
            names.take(name, mark, cursor.rest());
        }
    }
    // In a few lines one may be odd: a level without anything after it, a banner.
    let odd_max = (lines / 10).max(usize::from(lines > 2));
    lines > 0 && lines - names.lines <= odd_max && names.tell()
}

/// The words after the level in a sample.
#[derive(Default)]
struct Names {
    lines: usize,
    /// Each with the words that come after it.
    next: HashMap<String, HashSet<String>>,
    punctuated: usize,
    shaped: usize,
    /// Lines in which a sentence begins after the word: with a capital letter.
    before_sentences: usize,
}

impl Names {
    /// Fewest lines in which sentences that begin after a word tell that it is a name.
    const SENTENCES_MIN: usize = 2;
    /// Fewest lines in which the shape of words does.
    const SHAPES_MIN: usize = 3;
    /// Fewest lines in which the number of lines tells that words are names.
    const LINES_MANY: usize = 40;
    /// Different words that then come after a name, on average: a sentence goes on in few ways.
    const NEXT_WORDS_MIN: usize = 4;

    fn take(&mut self, name: &str, mark: Mark, rest: &str) {
        self.lines += 1;
        self.punctuated += usize::from(mark == Mark::Punctuation);
        self.shaped += usize::from(mark != Mark::None);
        let word = rest.split_ascii_whitespace().next().unwrap_or_default();
        let is_sentence =
            word.starts_with(char::is_uppercase) && word.chars().all(char::is_alphabetic);
        self.before_sentences += usize::from(is_sentence);
        let next = self.next.entry(name.to_owned()).or_default();
        // Numbers vary in sentences too.
        if !word.contains(|char: char| char.is_ascii_digit()) {
            next.insert(word.to_owned());
        }
    }

    /// Whether these are names: by punctuation, by their shape, by sentences that begin after them,
    /// or because few words begin very many lines that then go on in many ways. `order 17 created`
    /// and `backup started` are sentences, however often they are logged.
    fn tell(&self) -> bool {
        let nearly_all = |lines: usize| self.lines - lines <= self.lines / 10;
        let repeat = self.next.len() <= 4 + self.lines / 8;
        let next_words: usize = self.next.values().map(HashSet::len).sum();
        repeat
            && (nearly_all(self.punctuated)
                || self.lines >= Names::SENTENCES_MIN && nearly_all(self.before_sentences)
                || self.lines >= Names::SHAPES_MIN && nearly_all(self.shaped)
                || self.lines >= Names::LINES_MANY
                    && next_words >= Names::NEXT_WORDS_MIN * self.next.len())
    }
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
        let told = |messages: &[&str]| {
            let lines: Vec<String> =
                messages.iter().map(|text| format!("2026-01-05 00:00:00 INFO {text}")).collect();
            has_service_column(&lines.iter().map(String::as_str).collect::<Vec<_>>(), true)
        };
        for (messages, expected) in [
            (&["payment Card declined", "auth Slow", "auth Token refreshed"][..], true),
            (&["[payment] charged"], true),
            (&["payment: charged", "auth: slow"], true),
            (&["payment-api charged", "auth-api slow", "payment-api refunded"], true),
            (&["[payment] charged", "[auth] slow", "up"], true),
            (&["[search] Query took 3 ms"], true),
            (&["payment Card declined"], false),
            (&["starting up", "listening on 80"], false),
            (&["Server started"], false),
            (&["one", "two"], false),
            (&["backup started", "backup ended"], false),
            (&["order 17 created", "order 18 created", "mail sent", "order 18 paid"], false),
            (&["rsync failed with code 23", "rsync ended", "mysqldump ended"], false),
            (&["email sent to Bob", "email sent to Ann", "disk full on /dev/sda1"], false),
            (&["auto-saved", "re-reading the list", "non-fatal, going on"], false),
            (&[], false),
        ] {
            assert_eq!(told(messages), expected, "{messages:?}");
        }
    }

    #[test]
    fn very_many_lines_tell_names_from_sentences() {
        let lines = |services: bool| -> Vec<String> {
            let verbs = ["created", "paid", "shipped", "returned", "lost", "found"];
            let services = services.then_some(["cart", "search", "stock"]);
            (0..60)
                .map(|number| {
                    let verb = verbs[number % verbs.len()];
                    let text = match services {
                        Some(names) => format!("{} order {verb}", names[number / 7 % 3]),
                        None => format!("order {number} {verb}"),
                    };
                    let text = if services.is_some() { text.replace("order ", "") } else { text };
                    format!("2026-01-05 00:00:00 INFO {text} by mail")
                })
                .collect()
        };
        for services in [true, false] {
            let lines = lines(services);
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            assert_eq!(has_service_column(&lines, true), services, "{}", lines[0]);
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
