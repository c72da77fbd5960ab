//! A stamp, pairs of metadata, a level, a message: Sidekiq's formatters and Elixir's Logger
//! with metadata, as Phoenix configures it.
//!
//! ```text
//! 2026-01-05T10:11:12.123Z pid=812 tid=oxk class=MailJob jid=5f0c9d elapsed=0.4 INFO: done
//! 2026-01-05T10:11:12.123Z 812 TID-oxk MailJob JID-5f0c9d INFO: start
//! INFO  2026-01-05T10:11:12.123Z pid=812 tid=oxk: done
//! 10:11:12.123 request_id=F0x1aZ2 [info] Sent 200 in 12ms
//! ```
//!
//! The pairs go to `fields`, and so do method, path, status and duration of requests in the
//! words of Phoenix. Other lines without metadata are read
//! only where Phoenix's are among them.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Fields, Record};

pub const KIND: Kind = Kind {
    name: "keyed",
    about: "2026-01-05T10:11:12.123Z pid=812 tid=oxk INFO: message (Sidekiq, Phoenix)",
    recognise: |sample| {
        let is_phoenix = sample.iter().any(|line| says_sent(line));
        Some(Arc::new(Keyed { takes_bare: is_phoenix }))
    },
};

/// Most pairs before the level.
const PAIRS_MAX: usize = 16;
const HEAD_BYTES_MAX: usize = 256;
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

struct Keyed {
    /// Lines without pairs are the log's own too: they are those of Phoenix.
    takes_bare: bool,
}

/// `[info] Sent 200 in 12ms`, as nothing else but Phoenix says.
fn says_sent(line: &str) -> bool {
    line.split_once("] Sent ")
        .is_some_and(|(_, rest)| rest.get(3..7) == Some(" in ") && rest.ends_with('s'))
}

impl Format for Keyed {
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
        if cursor.peek().is_some_and(|b| b.is_ascii_uppercase()) {
            return read_level_first(&mut cursor, rules, record).ok_or(Mismatch::Foreign);
        }
        record.ts = cursor.stamp(rules).ok_or(Mismatch::Foreign)?;
        if !cursor.skip_spaces() {
            return Err(Mismatch::Foreign);
        }
        read_old_sidekiq(&mut cursor, &mut record.fields)
            .or_else(|| read_pairs(&mut cursor, &mut record.fields))
            .ok_or(Mismatch::Foreign)?;
        let is_bare = record.fields.is_empty();
        record.level = Some(cursor.clear_level().ok_or(Mismatch::Foreign)?);
        cursor.eat(b':');
        cursor.skip_spaces();
        store_phrase(cursor.rest(), &mut record.fields);
        if is_bare && record.fields.is_empty() && !self.takes_bare {
            return Err(Mismatch::Foreign);
        }
        record.message = Cow::Borrowed(cursor.rest());
        Ok(())
    }
}

/// `INFO  2026-01-05T10:11:12.123Z pid=812 tid=oxk jid=5f0c: done`, as Sidekiq writes since
/// version 8.
fn read_level_first<'a>(
    cursor: &mut Cursor<'a>,
    rules: &TimeRules,
    record: &mut Record<'a>,
) -> Option<()> {
    record.level = Some(cursor.clear_level()?);
    cursor.skip_spaces();
    record.ts = cursor.stamp(rules)?;
    cursor.skip_spaces();
    let head = cursor.rest();
    head.starts_with("pid=").then_some(())?;
    let pairs = cursor.until_within(": ", HEAD_BYTES_MAX)?;
    for (name, value) in
        pairs.split(' ').map(|pair| pair.split_once('=')).collect::<Option<Vec<_>>>()?
    {
        record.fields.typed(name, value);
    }
    record.message = Cow::Borrowed(cursor.rest());
    Some(())
}

/// Any number of `name=value `.
fn read_pairs(cursor: &mut Cursor<'_>, fields: &mut Fields) -> Option<()> {
    let mut pairs = 0;
    while pairs < PAIRS_MAX {
        let mut probe = *cursor;
        let Some((name, value)) = probe.word().and_then(|word| word.split_once('=')) else {
            break;
        };
        let is_name =
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !is_name || value.starts_with('"') {
            return None;
        }
        fields.typed(name, value);
        pairs += 1;
        *cursor = probe;
    }
    Some(())
}

/// `812 TID-oxk MailJob JID-5f0c9d `, before version 6.
fn read_old_sidekiq(cursor: &mut Cursor<'_>, fields: &mut Fields) -> Option<()> {
    let mut probe = *cursor;
    let pid = probe.number_word()?;
    probe.skip_spaces();
    let tid = probe.word()?.strip_prefix("TID-")?;
    fields.int("pid", pid);
    fields.str("tid", tid);
    *cursor = probe;
    if let (Some(class), Some(job)) = (probe.word(), probe.word())
        && let Some(job) = job.strip_prefix("JID-")
    {
        fields.str("class", class);
        fields.str("jid", job);
        *cursor = probe;
    }
    Some(())
}

/// `GET /cart` and `Sent 200 in 12ms`, as Phoenix says them.
fn store_phrase(message: &str, fields: &mut Fields) {
    let mut words = message.split(' ');
    let phrase = [words.next(), words.next(), words.next(), words.next(), words.next()];
    match phrase {
        [Some(method), Some(path), None, ..]
            if METHODS.contains(&method) && path.starts_with('/') =>
        {
            fields.str("method", method);
            fields.str("path", path);
        }
        [Some("Sent" | "Chunked"), Some(status), Some("in"), Some(time), None] => {
            let (number, name) = match time.strip_suffix("ms") {
                Some(millis) => (millis, "duration_ms"),
                None => (time.trim_end_matches("µs"), "duration_us"),
            };
            fields.typed("status", status);
            fields.typed(name, number);
        }
        _ => {}
    }
}
