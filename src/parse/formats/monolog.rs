//! Monolog's LineFormatter, as Symfony and Laravel write it, and PHP's own error log.
//!
//! ```text
//! [2026-01-05T10:11:12.123456+00:00] cart.ERROR: message {"order":7} []
//! [2026-01-05 10:11:12] production.INFO: message
//! [05-Jan-2026 10:11:12 UTC] PHP Warning:  message in /srv/x.php on line 4
//! ```
//!
//! Context and extra data at the end leave the message for `fields`; Monolog writes
//! `[]` where there is none.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use super::json::text::repaired;
use crate::parse::level::{level_of_php, level_of_word};
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Fields, Record};

pub const KIND: Kind = Kind {
    name: "monolog",
    about: "[2026-01-05T10:11:12.123456+00:00] cart.ERROR: message {\"order\":7} [] (and PHP)",
    recognise: |_| Some(Arc::new(Monolog)),
};

const CHANNEL_BYTES_MAX: usize = 128;
/// Context is looked for from the end; longer context stays in the message.
const CONTEXT_BYTES_MAX: usize = 16 << 10;

struct Monolog;

impl Format for Monolog {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        if !line.starts_with('[') {
            return Err(Mismatch::Foreign);
        }
        let mut cursor = Cursor::new(line);
        record.ts = php_stamp(&mut cursor, rules).ok_or(Mismatch::Foreign)?;
        if !cursor.skip_spaces() {
            return Err(Mismatch::Foreign);
        }
        if cursor.eat_str("PHP ") {
            let label = cursor.until_within(":", 32).ok_or(Mismatch::Foreign)?;
            record.level = Some(level_of_php(label).ok_or(Mismatch::Foreign)?);
            record.fields.str("kind", label);
            cursor.skip_spaces();
            record.message = Cow::Borrowed(cursor.rest());
            return Ok(());
        }
        let head = cursor.until_within(":", CHANNEL_BYTES_MAX).ok_or(Mismatch::Foreign)?;
        let (channel, level) = head.rsplit_once('.').ok_or(Mismatch::Foreign)?;
        let capitals = level.bytes().all(|b| b.is_ascii_uppercase());
        if !capitals || channel.is_empty() || channel.contains(' ') {
            return Err(Mismatch::Foreign);
        }
        record.level = Some(level_of_word(level).ok_or(Mismatch::Foreign)?);
        record.fields.str("channel", channel);
        cursor.skip_spaces();
        record.message = Cow::Borrowed(take_context(cursor.rest(), &mut record.fields));
        Ok(())
    }
}

/// `[TS]`; PHP writes zones that have no abbreviation by name (`Europe/Berlin`), which
/// is that of its own configuration and therefore read over.
fn php_stamp(cursor: &mut Cursor<'_>, rules: &TimeRules) -> Option<i64> {
    let mut probe = *cursor;
    let mut inside = Cursor::new(probe.bracket()?);
    let (ts, length) = rules.read(inside.rest())?;
    inside.advance(length);
    inside.skip_spaces();
    let zone = inside.rest().bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b'/' | b'_'));
    if !zone {
        return None;
    }
    *cursor = probe;
    Some(ts)
}

/// Takes `{context} {extra}` off the end of a message.
fn take_context<'a>(message: &'a str, fields: &mut Fields) -> &'a str {
    let whole = message.trim_end();
    let Some((rest, extra)) = last_json(whole) else {
        return message;
    };
    let Some((rest, context)) = last_json(rest) else {
        // Laravel writes the context only.
        store(extra, "context", fields);
        return rest;
    };
    store(context, "context", fields);
    store(extra, "extra", fields);
    rest
}

fn store(json: &str, name: &str, fields: &mut Fields) {
    if !matches!(json, "[]" | "{}") {
        fields.raw(name, &repaired(json));
    }
}

/// The JSON object, or `[]`, that `text` ends with after a blank, and what precedes it.
fn last_json(text: &str) -> Option<(&str, &str)> {
    if let Some(rest) = text.strip_suffix("[]").and_then(|rest| rest.strip_suffix(' ')) {
        return Some((rest.trim_end(), "[]"));
    }
    if !text.ends_with('}') {
        return None;
    }
    let floor = text.len().saturating_sub(CONTEXT_BYTES_MAX);
    let window = &text.as_bytes()[floor..];
    // The first brace from which the rest is one JSON value: further ones are inside it.
    for at in memchr::memmem::find_iter(window, b" {").take(8) {
        let json = text.get(floor + at + 1..)?;
        if serde_json::from_str::<&serde_json::value::RawValue>(json).is_ok() {
            return Some((text[..floor + at].trim_end(), json));
        }
    }
    None
}
