//! AWS Lambda, as CloudWatch shows it and `aws logs tail` prints it: what functions log, and
//! what Lambda says of each invocation (Lambda developer guide, "Log format").
//!
//! ```text
//! 2026-01-05T10:11:12.123Z	8f5a2b3c-…	INFO	order 7 received
//! [ERROR]	2026-01-05T10:11:12.123Z	8f5a2b3c-…	message
//! 2026-01-05T10:11:12.601Z REPORT RequestId: 8f5a2b3c-…	Duration: 812.13 ms	Billed Duration: 813 ms	…
//! ```
//!
//! Lambda's own lines (`START`, `END`, `REPORT`, `INIT_START`) have a time only where CloudWatch's
//! stands before them; without it they are rejects. What
//! a report measures is `fields`, times in milliseconds; a function that timed out is an ERROR.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::level::level_of_word;
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Fields, Level, Record};

pub const KIND: Kind = Kind {
    name: "lambda",
    about: "2026-01-05T10:11:12.123Z, request id, INFO, message between tabs; REPORT RequestId: … (AWS Lambda)",
    recognise: |_| Some(Arc::new(Lambda)),
};

/// Of a request's id, a UUID.
const ID_BYTES: usize = 36;
const MARKS: [&str; 6] = ["START", "END", "REPORT", "INIT_START", "INIT_REPORT", "EXTENSION"];

struct Lambda;

impl Format for Lambda {
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
        // Python: `[ERROR]` before the time.
        if cursor.peek() == Some(b'[') {
            record.level = Some(cursor.level().ok_or(Mismatch::Foreign)?);
            // What Python says of an exception has no time.
            if cursor.eat(b' ') {
                return Err(Mismatch::Broken("no timestamp"));
            }
            if !cursor.eat(b'\t') {
                return Err(Mismatch::Foreign);
            }
        }
        let stamp = cursor.stamp(rules);
        cursor.skip_spaces();
        if stamp.is_some() {
            store_stream(&mut cursor, &mut record.fields);
        }
        if let Some(message) = platform_line(&cursor, &mut record.fields) {
            record.ts = stamp.ok_or(Mismatch::Broken("no timestamp"))?;
            record.message = Cow::Borrowed(message);
            return Ok(());
        }
        if stamp.is_some() && cursor.peek() == Some(b'[') {
            record.level = cursor.level();
            cursor.skip_spaces();
        }
        // The function's own stamp, behind CloudWatch's.
        let own = cursor.stamp(rules);
        record.ts = own.or(stamp).ok_or(Mismatch::Foreign)?;
        cursor.skip_spaces();
        read_message(&mut cursor, record).ok_or(Mismatch::Foreign)
    }
}

/// `2026/01/05/[$LATEST]0123456789abcdef `, which `aws logs tail` prints before a message.
fn store_stream(cursor: &mut Cursor<'_>, fields: &mut Fields) {
    let mut probe = *cursor;
    if let Some(stream) = probe.word().filter(|word| word.get(10..12) == Some("/[")) {
        fields.str("log_stream", stream);
        *cursor = probe;
    }
}

/// `8f5a2b3c-…	INFO	message` and what Lambda says of a function that failed.
fn read_message<'a>(cursor: &mut Cursor<'a>, record: &mut Record<'a>) -> Option<()> {
    let id = cursor.token().filter(|id| is_id(id) || *id == "undefined")?;
    record.fields.str("request_id", id);
    let is_tabbed = cursor.peek() == Some(b'\t');
    cursor.skip_spaces();
    let text = cursor.rest();
    if record.level.is_none() && is_tabbed {
        let (level, message) = text.split_once('\t')?;
        record.level = Some(level_of_word(level.trim())?);
        record.message = Cow::Borrowed(message);
        return Some(());
    }
    let is_failure = text.starts_with("Task timed out") || text.starts_with("Error: ");
    if record.level.is_none() && is_failure {
        record.level = Some(Level::Error);
    }
    record.message = Cow::Borrowed(text);
    (is_tabbed || is_failure).then_some(())
}

fn is_id(word: &str) -> bool {
    word.len() == ID_BYTES
        && word.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
        && word.bytes().filter(|b| *b == b'-').count() == 4
}

/// Lambda's own line, whose values are taken.
fn platform_line<'a>(cursor: &Cursor<'a>, fields: &mut Fields) -> Option<&'a str> {
    let text = cursor.rest();
    let mark = text.split([' ', '\t']).next()?;
    if !MARKS.contains(&mark) || !text[mark.len()..].starts_with([' ', '\t']) {
        return None;
    }
    let rest = text[mark.len()..].trim_start();
    let is_known = ["RequestId: ", "Runtime Version: ", "Name: ", "Init Duration: "]
        .iter()
        .any(|beginning| rest.starts_with(beginning));
    if !is_known {
        return None;
    }
    fields.str("event", mark);
    for pair in rest.split('\t') {
        if let Some((name, value)) = pair.trim().split_once(": ") {
            store_value(name, value, fields);
        }
    }
    Some(text.trim_end())
}

fn store_value(name: &str, value: &str, fields: &mut Fields) {
    let value = value.split(" Version: ").next().unwrap_or(value);
    match name {
        "RequestId" => return fields.str("request_id", value),
        "Memory Size" => return fields.typed("memory_size_mb", value.trim_end_matches(" MB")),
        "Max Memory Used" => return fields.typed("memory_used_mb", value.trim_end_matches(" MB")),
        _ => {}
    }
    let key = name.to_ascii_lowercase().replace(' ', "_");
    match value.strip_suffix(" ms") {
        Some(millis) => fields.typed(&format!("{key}_ms"), millis),
        None => fields.typed(&key, value),
    }
}
