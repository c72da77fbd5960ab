//! Ruby's Logger (logger/formatter.rb), as Rails, Sidekiq and Puma use it.
//!
//! ```text
//! I, [2026-01-05T10:11:12.123456 #812]  INFO -- shop: [5f0c-…] message
//! ```
//!
//! The program's name, if there is one, is the service; the request that Rails tags
//! its lines with goes to `fields`, and so do method, path, status and duration of requests.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Kind, rails};
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Level, Record};

pub const KIND: Kind = Kind {
    name: "ruby",
    about: "I, [2026-01-05T10:11:12.123456 #812]  INFO -- shop: message",
    recognise: |_| Some(Arc::new(Ruby)),
};

/// Of a UUID in its usual spelling.
const UUID_BYTES: usize = 36;

struct Ruby;

impl Format for Ruby {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        if line.as_bytes().get(1..4) != Some(b", [") {
            return Err(Mismatch::Foreign);
        }
        // The fourth byte is ASCII, so the first is one character.
        let mut cursor = Cursor::new(&line[4..]);
        let (ts, length) = rules.read(cursor.rest()).ok_or(Mismatch::Foreign)?;
        cursor.advance(length);
        let pid = cursor.until_within("]", 32).and_then(|pid| pid.strip_prefix(" #"));
        let pid = pid.ok_or(Mismatch::Foreign)?;
        cursor.skip_spaces();
        record.ts = ts;
        // `ANY` is `Logger#unknown`: a message that must be seen.
        record.level = if cursor.eat_str("ANY ") { Some(Level::Fatal) } else { cursor.level() };
        cursor.skip_spaces();
        if record.level.is_none() || !cursor.eat_str("-- ") {
            return Err(Mismatch::Foreign);
        }
        let name = cursor.until_within(": ", 128).or_else(|| ends_with_colon(&mut cursor));
        let name = name.ok_or(Mismatch::Foreign)?;
        if !name.is_empty() {
            record.service = Some(Cow::Borrowed(name));
        }
        record.fields.typed("pid", pid);
        store_request(&mut cursor, record);
        // What Rails says of a request in several lines.
        let fields_before = record.fields.len();
        if rails::started(cursor.rest(), rules, &mut record.fields).is_none() {
            record.fields.truncate(fields_before);
            rails::store_line(cursor.rest(), &mut record.fields);
        }
        record.message = Cow::Borrowed(cursor.rest());
        Ok(())
    }
}

/// An empty message: nothing follows the name's colon.
fn ends_with_colon<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    let name = cursor.rest().strip_suffix(':')?;
    cursor.advance(cursor.rest().len());
    Some(name)
}

/// Rails's `[5f0c…] `, the id of the request.
fn store_request(cursor: &mut Cursor<'_>, record: &mut Record<'_>) {
    let mut probe = *cursor;
    if let Some(id) = probe.bracket()
        && id.len() == UUID_BYTES
        && id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
    {
        record.fields.str("request_id", id);
        probe.skip_spaces();
        *cursor = probe;
    }
}
