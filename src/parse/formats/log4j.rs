//! The layouts of Java's loggers: log4j, logback, java.util.logging as Tomcat prints it,
//! and the programs known by theirs (Spring Boot, Hadoop, HDFS, Spark, ZooKeeper,
//! Kafka, Flink, Cassandra, Elasticsearch, WildFly). Sources: the PatternLayouts in
//! their default configurations.
//!
//! ```text
//! 2026-01-05 10:11:12,123 INFO [main] com.acme.Shop: message
//! 10:11:12.123 [main] DEBUG com.acme.Shop - message
//! 2026-01-05 10:11:12,123 - WARN  [worker-3:Shop@412] - message
//! 2026-01-05T10:11:12.123Z  INFO 812 --- [shop] [main] c.a.Shop : message
//! 260105 101112 35 INFO shop.Store: message
//! [2026-01-05 10:11:12,123] INFO message (com.acme.Shop)
//! ```
//!
//! What they have in common is a level and a logger; the order differs. The head is
//! read piece by piece until one ends it; a line without level or logger is not of
//! this format. The logger goes to `fields`: it names a class, not a service.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::level::level_of_word;
use crate::parse::scan::Cursor;
use crate::parse::time::read_six_and_six;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Level, Record};

pub const KIND: Kind = Kind {
    name: "log4j",
    about: "2026-01-05 10:11:12,123 INFO [main] com.acme.Shop: message (Java's loggers)",
    recognise: |_| Some(Arc::new(Log4j)),
};

/// Pieces of a head; the longest of the layouts above has seven.
const PIECES_MAX: usize = 12;
const LOGGER_BYTES_MAX: usize = 256;

struct Log4j;

impl Format for Log4j {
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
        let mut head = Head::default();
        record.ts = stamp(&mut cursor, &mut head, rules).ok_or(Mismatch::Foreign)?;
        let after_stamp = cursor;
        if head.read(&mut cursor).is_some() {
            head.store(record);
            record.message = Cow::Borrowed(cursor.rest());
            return Ok(());
        }
        cursor = after_stamp;
        trailing_logger(line, &mut cursor, record).ok_or(Mismatch::Foreign)
    }
}

/// The timestamp, and the level and thread of layouts that begin with them
/// (`INFO  [main] 2026-01-05 …`).
#[inline]
fn stamp<'a>(cursor: &mut Cursor<'a>, head: &mut Head<'a>, rules: &TimeRules) -> Option<i64> {
    if cursor.peek()?.is_ascii_uppercase() {
        head.level = Some(cursor.level()?);
        cursor.skip_spaces();
        let mut probe = *cursor;
        if let Some(thread) = probe.bracket()
            && probe.skip_spaces()
            && let Some(ts) = probe.stamp(rules)
        {
            head.thread = Some(thread);
            *cursor = probe;
            return Some(ts);
        }
        return cursor.stamp(rules);
    }
    if let Some(ts) = cursor.stamp(rules) {
        return Some(ts);
    }
    let (stamp, length) = read_six_and_six(cursor.rest().as_bytes())?;
    cursor.advance(length);
    rules.resolve(stamp)
}

/// `[TS] LEVEL message (logger)`, as Kafka logs.
fn trailing_logger<'a>(line: &str, cursor: &mut Cursor<'a>, record: &mut Record<'a>) -> Option<()> {
    if !line.starts_with('[') || !line.ends_with(')') || !cursor.skip_spaces() {
        return None;
    }
    record.level = Some(cursor.level()?);
    cursor.skip_spaces();
    let rest = cursor.rest();
    let tail = rest.len().saturating_sub(LOGGER_BYTES_MAX);
    let open = tail + memchr::memrchr(b'(', &rest.as_bytes()[tail..])?;
    let logger = &rest[open + 1..rest.len() - 1];
    let dotted = logger.contains('.') && !logger.starts_with('.') && !logger.ends_with('.');
    if !dotted || logger.bytes().any(|b| b <= b' ' || matches!(b, b',' | b'/' | b':')) {
        return None;
    }
    record.fields.str("logger", logger);
    record.message = Cow::Borrowed(rest[..open].trim_end());
    Some(())
}

/// What the head of a line said, piece by piece.
#[derive(Default)]
struct Head<'a> {
    level: Option<Level>,
    pid: Option<i64>,
    thread: Option<&'a str>,
    logger: Option<&'a str>,
    line: Option<&'a str>,
    /// Spring Boot's application.
    app: Option<&'a str>,
    /// Brackets beyond the thread: a node's name, a trace id, a diagnostic context.
    context: Option<&'a str>,
    /// `---` was read: Spring Boot's layout.
    spring: bool,
    /// The level came after the logger; then only a dash ends the head, for two words
    /// and a colon are as well the beginning of a message (`Login error: …`).
    late_level: bool,
}

/// Where the head stands after a piece.
enum Piece {
    More,
    /// The message begins here.
    Last,
}

impl<'a> Head<'a> {
    /// Reads up to the message.
    #[inline]
    fn read(&mut self, cursor: &mut Cursor<'a>) -> Option<()> {
        if cursor.peek() == Some(b'[') {
            return self.glued(cursor);
        }
        for _ in 0..PIECES_MAX {
            cursor.skip_spaces();
            let piece = match cursor.peek()? {
                b'[' => self.bracket(cursor)?,
                b'(' => self.thread_in_parentheses(cursor)?,
                b'-' => self.dash(cursor)?,
                b':' => self.colon(cursor)?,
                _ => self.word(cursor)?,
            };
            if matches!(piece, Piece::Last) {
                cursor.skip_spaces();
                return (self.level.is_some() && self.logger.is_some()).then_some(());
            }
        }
        None
    }

    /// `[TS][LEVEL][logger] [node] message`, without blanks between: Elasticsearch, and
    /// the JVM's own log.
    fn glued(&mut self, cursor: &mut Cursor<'a>) -> Option<()> {
        self.level = Some(level_of_word(cursor.bracket()?.trim())?);
        self.logger = Some(cursor.bracket()?.trim_end());
        if cursor.skip_spaces() {
            let mut probe = *cursor;
            if let Some(node) = probe.bracket()
                && probe.skip_spaces()
            {
                self.context = Some(node);
                *cursor = probe;
            }
        }
        Some(())
    }

    fn bracket(&mut self, cursor: &mut Cursor<'a>) -> Option<Piece> {
        let inside = cursor.bracket()?.trim();
        if self.logger.is_some() {
            self.context = Some(inside).filter(|inside| !inside.is_empty());
        } else if self.level.is_none()
            && let Some(level) = level_of_word(inside)
        {
            self.level = Some(level);
        } else if let Some((thread, class, line)) = thread_class_line(inside) {
            (self.thread, self.logger, self.line) = (Some(thread), Some(class), Some(line));
        } else if self.thread.is_none()
            && cursor.rest().starts_with(" (")
            && (is_class(inside) || is_category(inside))
        {
            self.logger = Some(inside);
        } else if self.thread.is_none() {
            self.thread = Some(inside);
        } else if self.spring && self.app.is_none() {
            (self.app, self.thread) = (self.thread, Some(inside));
        } else if !self.spring && is_class(inside) {
            self.logger = Some(inside);
        } else {
            self.context = Some(inside);
        }
        Some(Piece::More)
    }

    /// WildFly: `[org.jboss.as] (main) message`.
    fn thread_in_parentheses(&mut self, cursor: &mut Cursor<'a>) -> Option<Piece> {
        if self.logger.is_none() || self.thread.is_some() {
            return None;
        }
        self.thread = Some(cursor.enclosed_within(b'(', b')', LOGGER_BYTES_MAX)?);
        Some(Piece::Last)
    }

    fn dash(&mut self, cursor: &mut Cursor<'a>) -> Option<Piece> {
        let dashes = cursor.rest().bytes().take(4).take_while(|&b| b == b'-').count();
        cursor.advance(dashes);
        if !matches!(cursor.peek(), None | Some(b' ' | b'\t')) {
            return None;
        }
        match dashes {
            3 => {
                self.spring = true;
                // Spring Cloud Sleuth: `[app,trace,span]` stands before the dashes.
                if let Some(traced) = self.thread.take() {
                    let (app, trace) = traced.split_once(',').unwrap_or((traced, ""));
                    self.app = Some(app);
                    self.context = Some(trace).filter(|trace| !trace.trim_matches(',').is_empty());
                }
                Some(Piece::More)
            }
            1 | 2 if self.logger.is_some() => Some(Piece::Last),
            1 if self.level.is_none() => Some(Piece::More),
            _ => None,
        }
    }

    fn colon(&mut self, cursor: &mut Cursor<'a>) -> Option<Piece> {
        cursor.advance(1);
        let ends = matches!(cursor.peek(), None | Some(b' ' | b'\t'));
        (ends && self.logger.is_some() && !self.late_level).then_some(Piece::Last)
    }

    /// A level, a process id, a logger.
    #[inline]
    fn word(&mut self, cursor: &mut Cursor<'a>) -> Option<Piece> {
        if self.level.is_none()
            && let Some(level) = cursor.level()
        {
            self.level = Some(level);
            self.late_level = self.logger.is_some();
            return Some(Piece::More);
        }
        if self.pid.is_none()
            && self.logger.is_none()
            && let Some(pid) = cursor.number_word()
        {
            self.pid = Some(pid);
            return Some(Piece::More);
        }
        if self.logger.is_some() {
            // Tomcat: `LEVEL [thread] logger message`, with nothing between.
            let qualified = self.logger.is_some_and(|name| name.matches('.').count() >= 2);
            let tomcat = qualified && self.thread.is_some() && self.context.is_none();
            return (tomcat && !self.spring).then_some(Piece::Last);
        }
        self.take_logger(cursor)
    }

    fn take_logger(&mut self, cursor: &mut Cursor<'a>) -> Option<Piece> {
        let token = cursor.token().filter(|token| token.len() <= LOGGER_BYTES_MAX)?;
        let (name, ended) = match token.strip_suffix(':') {
            Some(name) => (name, true),
            None => (token, false),
        };
        let (name, line) = split_line(name);
        let sure = !ended || self.thread.is_some() || line.is_some() || is_class(name);
        if !sure || !is_logger(name) || (ended && self.level.is_none()) {
            return None;
        }
        (self.logger, self.line) = (Some(name), line);
        Some(if ended { Piece::Last } else { Piece::More })
    }

    fn store(self, record: &mut Record<'a>) {
        record.level = self.level;
        record.service = self.app.map(Cow::Borrowed);
        if let Some(pid) = self.pid {
            record.fields.int("pid", pid);
        }
        let texts = [("thread", self.thread), ("logger", self.logger)];
        for (name, value) in texts {
            if let Some(value) = value {
                record.fields.str(name, value);
            }
        }
        if let Some(line) = self.line {
            record.fields.typed("line", line);
        }
        if let Some(context) = self.context {
            record.fields.str("context", context);
        }
    }
}

/// ZooKeeper's `THREAD:Class@LINE`.
fn thread_class_line(inside: &str) -> Option<(&str, &str, &str)> {
    let (before, line) = inside.rsplit_once('@')?;
    if line.is_empty() || !line.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (thread, class) = before.rsplit_once(':')?;
    Some((thread.trim_end_matches(':'), class, line))
}

/// `Shop:42` and `Shop.java:42`: the class (or file) and the line.
fn split_line(name: &str) -> (&str, Option<&str>) {
    match name.rsplit_once(':') {
        Some((class, line)) if !line.is_empty() && line.bytes().all(|b| b.is_ascii_digit()) => {
            (class, Some(line))
        }
        _ => (name, None),
    }
}

/// Characters that no logger's name has but messages do.
fn is_logger(name: &str) -> bool {
    name.as_bytes().first().is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_')
        && !name
            .bytes()
            .any(|b| matches!(b, b'"' | b'\'' | b'=' | b',' | b';' | b'{' | b'|' | b'!'))
        && !name.ends_with("Exception")
        && !name.ends_with("Error")
}

/// `io.quarkus`: what stands in brackets before a thread in parentheses needs only one dot.
fn is_category(name: &str) -> bool {
    name.split('.').count() >= 2
        && name.split('.').all(|part| part.starts_with(|c: char| c.is_ascii_alphabetic()))
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// `Shop`, `com.acme.Shop`, `shop.Store$Item`, `org.jboss.as`: a name that a word of a
/// sentence or a service does not have.
fn is_class(name: &str) -> bool {
    let dots = name.bytes().filter(|&b| b == b'.').count();
    let capitals = name.bytes().any(|b| b.is_ascii_uppercase());
    (capitals || dots >= 2)
        && is_logger(name)
        && !name.ends_with('.')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'$' | b'-'))
}
