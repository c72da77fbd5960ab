//! The layouts of Rust's loggers: env_logger (its default format) and
//! tracing-subscriber (`fmt`, full).
//!
//! ```text
//! [2026-01-05T10:11:12Z INFO  shop::cart] message
//! 2026-01-05T10:11:12.123456Z  INFO request{id=7}: shop::cart: message count=3
//! ```
//!
//! The module goes to `target`, spans to `spans`, and their fields, as those at the
//! end of the message, to fields of their own. The message keeps its text: where it
//! ends and the fields begin is not always certain.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Fields, Record};

pub const KIND: Kind = Kind {
    name: "rust",
    about: "2026-01-05T10:11:12.123456Z  INFO span{k=v}: shop::cart: message k=v",
    recognise: |_| Some(Arc::new(Rust)),
};

/// Longest spans with their fields; longer ones are read as message.
const SPANS_BYTES_MAX: usize = 2048;
/// tracing-subscriber sets levels flush right in five characters, after one blank.
const LEVEL_COLUMN: usize = 6;
/// Most fields taken from the end of a message.
const PAIRS_MAX: usize = 32;

struct Rust;

impl Format for Rust {
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
        let bracketed = cursor.eat(b'[');
        // Both write RFC 3339 in UTC, unless told otherwise.
        if cursor.rest().as_bytes().get(10) != Some(&b'T') {
            return Err(Mismatch::Foreign);
        }
        let (ts, length) = rules.read(cursor.rest()).ok_or(Mismatch::Foreign)?;
        cursor.advance(length);
        record.ts = ts;
        if !cursor.skip_spaces() {
            return Err(Mismatch::Foreign);
        }
        if !cursor.peek().is_some_and(|b| b.is_ascii_uppercase()) {
            return Err(Mismatch::Foreign);
        }
        record.level = Some(cursor.level().ok_or(Mismatch::Foreign)?);
        let level_end = line.len() - cursor.rest().len();
        let aligned = level_end == length + LEVEL_COLUMN;
        cursor.skip_spaces();
        let read = if bracketed {
            env_logger(&mut cursor, record)
        } else {
            tracing(&mut cursor, aligned, record)
        };
        read.ok_or(Mismatch::Foreign)
    }
}

/// `TARGET] message`.
fn env_logger<'a>(cursor: &mut Cursor<'a>, record: &mut Record<'a>) -> Option<()> {
    let target = cursor.until_within("] ", 256)?;
    if target.contains(' ') {
        return None;
    }
    record.fields.str("target", target);
    record.message = Cow::Borrowed(cursor.rest());
    Some(())
}

/// `ThreadId(01) span{k=v}:other: target: message k=v`. A target without `::` may be a
/// service's name, so that the level must stand where tracing puts it.
fn tracing<'a>(cursor: &mut Cursor<'a>, aligned: bool, record: &mut Record<'a>) -> Option<()> {
    if cursor.rest().starts_with("ThreadId(") {
        record.fields.str("thread", cursor.word()?);
    }
    if let Some(spans) = spans(cursor) {
        store_spans(spans, &mut record.fields);
    }
    let target = cursor.token()?.strip_suffix(':')?;
    if !is_target(target) || !(aligned || target.contains("::")) {
        return None;
    }
    cursor.skip_spaces();
    record.fields.str("target", target);
    // Fields that stand before the message are as good as its end.
    record.message = Cow::Borrowed(cursor.rest());
    store_pairs(cursor.rest(), &mut record.fields);
    Some(())
}

/// Reads over the spans, `request{id=7}:query: `, and returns them; they end at the
/// last colon before a blank that is outside braces.
fn spans<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    let text = cursor.rest();
    let (mut depth, mut braces) = (0usize, false);
    for (at, byte) in text.bytes().enumerate().take(SPANS_BYTES_MAX) {
        match byte {
            b'{' => (depth, braces) = (depth + 1, true),
            b'}' => depth = depth.checked_sub(1)?,
            b' ' if depth == 0 => {
                let found = text[..at].strip_suffix(':')?;
                if !braces {
                    return None;
                }
                cursor.advance(at + 1);
                return Some(found);
            }
            _ => {}
        }
    }
    None
}

fn store_spans(spans: &str, fields: &mut Fields) {
    let mut names = String::new();
    let mut rest = spans;
    while !rest.is_empty() {
        let name_length = rest.bytes().take_while(|b| !matches!(b, b'{' | b':')).count();
        if !names.is_empty() {
            names.push(':');
        }
        names.push_str(&rest[..name_length]);
        let mut cursor = Cursor::new(&rest[name_length..]);
        if let Some(inside) = cursor.enclosed(b'{', b'}') {
            for_each_pair(inside, |key, value| fields.typed(key, value));
        }
        let after = cursor.rest();
        // A stray brace is no span: it must not stop the loop from moving on.
        rest = after.strip_prefix(':').unwrap_or_else(|| after.get(1..).unwrap_or(""));
    }
    fields.str("spans", &names);
}

/// The fields at the end of a message: from the last word that is not `key=value` on.
fn store_pairs(message: &str, fields: &mut Fields) {
    let mut start = message.len();
    for _ in 0..PAIRS_MAX {
        let Some(pair) = last_pair(&message[..start]) else { break };
        start = pair;
    }
    for_each_pair(&message[start..], |key, value| fields.typed(key, value));
}

/// Where the `key=value` or `key="some text"` at the end of `text` begins.
fn last_pair(text: &str) -> Option<usize> {
    const PAIR_BYTES_MAX: usize = 1024;
    let text = text.trim_end();
    let floor = text.len().saturating_sub(PAIR_BYTES_MAX);
    let bytes = text.as_bytes();
    let value_at = if bytes.last() == Some(&b'"') {
        let window = &bytes[floor..bytes.len() - 1];
        floor + memchr::memmem::rfind(window, b"=\"")?
    } else {
        let word = floor + memchr::memrchr(b' ', &bytes[floor..]).map_or(0, |at| at + 1);
        word + memchr::memchr(b'=', &bytes[word..])?
    };
    let key = bytes[floor..value_at].iter().rev().take_while(|b| is_key_byte(**b)).count();
    let start = value_at - key;
    let apart = start == 0 || bytes[start - 1] == b' ';
    (key > 0 && apart).then_some(start)
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

/// Calls `store` with the pairs of `a=1 b="two words"`; stops at what is none.
fn for_each_pair(text: &str, mut store: impl FnMut(&str, &str)) {
    let mut cursor = Cursor::new(text);
    for _ in 0..PAIRS_MAX {
        cursor.skip_spaces();
        let Some(key) = cursor.until_within("=", 128) else { return };
        if key.is_empty() || !key.bytes().all(is_key_byte) {
            return;
        }
        if cursor.eat(b'"') {
            let Some(value) = cursor.until("\"") else { return };
            store(key, value);
        } else {
            store(key, cursor.token().unwrap_or(""));
        }
    }
}

/// `shop`, `shop::cart`, `tower_http::trace::on_response`.
fn is_target(target: &str) -> bool {
    let path = target.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':' | b'-'));
    path && target.as_bytes().first().is_some_and(|b| b.is_ascii_lowercase() || *b == b'_')
}
