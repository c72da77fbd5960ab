//! The layouts of Python's loggers: `logging` (basicConfig and the usual formatters),
//! loguru, Gunicorn, Celery, Airflow, OpenStack's oslo.log.
//!
//! ```text
//! 2026-01-05 10:11:12,123 - shop.cart - WARNING - message
//! 2026-01-05 10:11:12,123 WARNING shop.cart: message
//! 2026-01-05 10:11:12.123 | WARNING  | shop.cart:add:41 - message
//! [2026-01-05 10:11:12 +0000] [812] [INFO] message
//! [2026-01-05 10:11:12,123: INFO/MainProcess] message
//! [2026-01-05T10:11:12.123+0000] {cart.py:41} INFO - message
//! [2026-01-05 10:11:12] shop.cart           INFO    : message
//! 2026-01-05 10:11:12.123 812 INFO shop.cart [req-5f0c ann - - -] message
//! ```
//!
//! A line without a level is not of this format, nor is `LEVEL:name:message`, which
//! has no timestamp. The logger goes to `fields`.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Kind, text};
use crate::parse::level::level_of_word;
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::Record;

pub const KIND: Kind = Kind {
    name: "python",
    about: "2026-01-05 10:11:12,123 - shop.cart - INFO - message (Python's loggers)",
    recognise: |_| Some(Arc::new(Python)),
};

/// Longest logger, thread or place in a file.
const NAME_BYTES_MAX: usize = 128;

struct Python;

impl Format for Python {
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
        let (ts, length) = rules.read(cursor.rest()).ok_or(Mismatch::Foreign)?;
        cursor.advance(length);
        record.ts = ts;
        let stamp = &line[usize::from(bracketed)..][..length];
        let read = if bracketed {
            bracketed_layout(&mut cursor, record)
        } else {
            plain_layout(&mut cursor, stamp.contains(','), record)
        };
        read.ok_or(Mismatch::Foreign)?;
        cursor.skip_spaces();
        record.message = Cow::Borrowed(cursor.rest());
        Ok(())
    }
}

fn bracketed_layout<'a>(cursor: &mut Cursor<'a>, record: &mut Record<'a>) -> Option<()> {
    if cursor.eat_str(": ") {
        return celery(cursor, record);
    }
    if !cursor.eat(b']') || !cursor.skip_spaces() {
        return None;
    }
    match cursor.peek()? {
        b'{' => airflow(cursor, record),
        b'[' => gunicorn(cursor, record),
        _ => name_then_level(cursor, record),
    }
}

/// `LEVEL/PROCESS] `.
fn celery<'a>(cursor: &mut Cursor<'a>, record: &mut Record<'a>) -> Option<()> {
    let (level, process) = cursor.until_within("]", NAME_BYTES_MAX)?.split_once('/')?;
    record.level = Some(level_of_word(level)?);
    record.fields.str("process", process);
    Some(())
}

/// `{FILE:LINE} LEVEL - `.
fn airflow<'a>(cursor: &mut Cursor<'a>, record: &mut Record<'a>) -> Option<()> {
    let place = cursor.enclosed_within(b'{', b'}', NAME_BYTES_MAX)?;
    let (file, line) = place.rsplit_once(':')?;
    cursor.skip_spaces();
    record.level = Some(cursor.level()?);
    record.fields.str("file", file);
    record.fields.typed("line", line);
    cursor.eat_str(" - ").then_some(())
}

/// `[PID] [LEVEL] `.
fn gunicorn<'a>(cursor: &mut Cursor<'a>, record: &mut Record<'a>) -> Option<()> {
    let pid = cursor.bracket()?;
    cursor.skip_spaces();
    if pid.is_empty() || !pid.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    record.level = Some(level_of_word(cursor.bracket()?)?);
    record.fields.typed("pid", pid);
    Some(())
}

fn plain_layout<'a>(cursor: &mut Cursor<'a>, comma: bool, record: &mut Record<'a>) -> Option<()> {
    if !cursor.skip_spaces() {
        return None;
    }
    match cursor.peek()? {
        b'-' => dashes(cursor, record),
        b'|' => loguru(cursor, record),
        b'0'..=b'9' => oslo(cursor, record),
        _ => name_then_level(cursor, record).or_else(|| level_then_name(cursor, comma, record)),
    }
}

/// `- NAME - LEVEL - ` or `- LEVEL - NAME - `, and the place in brackets that is
/// often added.
fn dashes<'a>(cursor: &mut Cursor<'a>, record: &mut Record<'a>) -> Option<()> {
    if !cursor.eat_str("- ") {
        return None;
    }
    let first = cursor.until_within(" - ", NAME_BYTES_MAX)?;
    let mut probe = *cursor;
    if let Some(level) = level_of_word(first.trim_end()) {
        record.level = Some(level);
        if let Some(name) = probe.until_within(" - ", NAME_BYTES_MAX)
            && is_name(name.trim_end())
        {
            record.fields.str("logger", name.trim_end());
            *cursor = probe;
        }
        return Some(());
    }
    record.fields.str("logger", first.trim_end());
    let level = probe.until_within(" - ", NAME_BYTES_MAX)?;
    record.level = Some(level_of_word(level.trim())?);
    *cursor = probe;
    Some(())
}

/// `| LEVEL    | MODULE:FUNCTION:LINE - `.
fn loguru<'a>(cursor: &mut Cursor<'a>, record: &mut Record<'a>) -> Option<()> {
    if !cursor.eat_str("| ") {
        return None;
    }
    record.level = Some(level_of_word(cursor.until_within("|", NAME_BYTES_MAX)?.trim())?);
    cursor.skip_spaces();
    let place = cursor.until_within(" - ", NAME_BYTES_MAX)?;
    let (rest, line) = place.rsplit_once(':')?;
    let (module, function) = rest.split_once(':')?;
    record.fields.str("logger", module);
    record.fields.str("function", function);
    record.fields.typed("line", line);
    Some(())
}

/// `PID LEVEL NAME [REQUEST] `; the request may be `[-]` or missing.
fn oslo<'a>(cursor: &mut Cursor<'a>, record: &mut Record<'a>) -> Option<()> {
    let pid = cursor.number_word()?;
    cursor.skip_spaces();
    let level = cursor.level()?;
    cursor.skip_spaces();
    let name = cursor.token().filter(|name| name.contains('.') && is_name(name))?;
    cursor.skip_spaces();
    record.level = Some(level);
    record.fields.int("pid", pid);
    record.fields.str("logger", name);
    let mut probe = *cursor;
    if let Some(context) = probe.bracket()
        && (context == "-" || context.starts_with("req-") || context.starts_with("None "))
    {
        if let Some(request) = context.split(' ').next()
            && request.starts_with("req-")
        {
            record.fields.str("request_id", request);
        }
        *cursor = probe;
    }
    Some(())
}

/// `NAME LEVEL: `, the level in capitals and perhaps padded: `shop.cart    INFO    : `.
fn name_then_level<'a>(cursor: &mut Cursor<'a>, record: &mut Record<'a>) -> Option<()> {
    let mut probe = *cursor;
    let name = probe.word().filter(|name| name.contains('.') && is_name(name))?;
    let is_capital = probe.peek()?.is_ascii_uppercase();
    let level = probe.clear_level().filter(|_| is_capital)?;
    probe.skip_spaces();
    if !probe.eat_str(": ") {
        return None;
    }
    record.level = Some(level);
    record.fields.str("logger", name);
    *cursor = probe;
    Some(())
}

/// `LEVEL NAME: ` or `LEVEL [NAME] `; a name without dots only after the comma that
/// `logging` puts before milliseconds: elsewhere it may as well name a service.
fn level_then_name<'a>(
    cursor: &mut Cursor<'a>,
    comma: bool,
    record: &mut Record<'a>,
) -> Option<()> {
    let level = cursor.level()?;
    if !cursor.skip_spaces() {
        return None;
    }
    let name = match cursor.bracket() {
        Some(name) => {
            cursor.eat(b':');
            name
        }
        None => cursor.token()?.strip_suffix(':')?,
    };
    let (name, line) = match name.rsplit_once(':') {
        Some((name, line)) if line.bytes().all(|b| b.is_ascii_digit()) => (name, Some(line)),
        _ => (name, None),
    };
    let sure = name.contains('.') || line.is_some() || (comma && !text::begins_messages(name));
    if !sure || !is_name(name) || !matches!(cursor.peek(), None | Some(b' ')) {
        return None;
    }
    record.level = Some(level);
    record.fields.str("logger", name);
    if let Some(line) = line {
        record.fields.typed("line", line);
    }
    Some(())
}

/// `shop.cart`, `__main__`, `uvicorn.error`, `py.warnings`.
fn is_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
        && !name.ends_with(['.', '-'])
        && !name.ends_with("Error")
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}
