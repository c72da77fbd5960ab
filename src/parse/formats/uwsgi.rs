//! Requests as uWSGI logs them (uWSGI, core/logging.c: `uwsgi_log`'s default line).
//!
//! ```text
//! [pid: 813|app: 0|req: 1/1] 10.0.0.7 () {40 vars in 512 bytes} [Mon Jan  5 10:11:12 2026] GET /cart => generated 5120 bytes in 12 msecs (HTTP/1.1 200) 4 headers in 130 bytes (1 switches on core 0)
//! ```
//!
//! The level is the status's. What uWSGI says of itself has its own stamp
//! (`Mon Jan  5 10:11:16 2026 - …`) or none.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Kind, http};
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::Record;

pub const KIND: Kind = Kind {
    name: "uwsgi",
    about: "[pid: 813|app: 0|req: 1/1] 10.0.0.7 () {…} [Mon Jan  5 10:11:12 2026] GET / => generated …",
    recognise: |_| Some(Arc::new(Uwsgi)),
};

struct Uwsgi;

impl Format for Uwsgi {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        if let Some(text) = line.strip_prefix("*** Starting uWSGI ") {
            let at = text.find('[').ok_or(Mismatch::Foreign)? + 1;
            let (ts, _) = rules.read(&text[at..]).ok_or(Mismatch::Foreign)?;
            (record.ts, record.message) = (ts, Cow::Borrowed(line));
            return Ok(());
        }
        let mut cursor = Cursor::new(line);
        // `memory-report` puts its numbers before the request.
        if line.starts_with("{address space usage: ") {
            cursor.until_within("} {", 128);
            cursor.until_within("} ", 128);
        }
        if !cursor.rest().starts_with("[pid: ") {
            return own_line(cursor, rules, record);
        }
        read_request(&mut cursor, rules, record).ok_or(Mismatch::Foreign)
    }

    /// One line a request: what the program prints belongs to none.
    fn takes_continuations(&self) -> bool {
        false
    }
}

/// `Mon Jan  5 10:11:16 2026 - message`.
fn own_line<'a>(
    mut cursor: Cursor<'a>,
    rules: &TimeRules,
    record: &mut Record<'a>,
) -> Result<(), Mismatch> {
    const STAMP_BYTES: usize = "Mon Jan  5 10:11:16 2026".len();
    let is_named = cursor.peek().is_some_and(|b| b.is_ascii_uppercase());
    let length = cursor.rest().len();
    let ts = cursor.stamp(rules).filter(|_| is_named).ok_or(Mismatch::Foreign)?;
    if length - cursor.rest().len() != STAMP_BYTES || !cursor.eat_str(" - ") {
        return Err(Mismatch::Foreign);
    }
    (record.ts, record.message) = (ts, Cow::Borrowed(cursor.rest()));
    Ok(())
}

fn read_request<'a>(
    cursor: &mut Cursor<'a>,
    rules: &TimeRules,
    record: &mut Record<'a>,
) -> Option<()> {
    let fields = &mut record.fields;
    for part in cursor.bracket()?.split('|') {
        let (name, value) = part.split_once(": ")?;
        fields.typed(name, value);
    }
    cursor.skip_spaces();
    let client = cursor.until_within(" (", 256)?;
    let user = cursor.until_within(") {", 256)?;
    cursor.until_within("} ", 128)?;
    record.ts = cursor.stamp(rules)?;
    cursor.skip_spaces();
    let (first, forwarded) = match client.split_once(',') {
        Some((first, _)) => (first, client),
        None => (client, ""),
    };
    for (name, value) in [("client", first), ("forwarded_for", forwarded), ("user", user)] {
        if !value.is_empty() {
            fields.str(name, value);
        }
    }
    let request = cursor.until(" => generated ")?;
    fields.typed("bytes", cursor.until(" bytes in ")?);
    let (number, unit) = (cursor.word()?, cursor.word()?);
    fields.typed(if unit == "micros" { "duration_us" } else { "duration_ms" }, number);
    // `via sendfile()` may come before the status.
    cursor.until("(HTTP")?;
    let (version, status) = cursor.until(")")?.split_once(' ')?;
    let request = format!("{request} HTTP{version}");
    http::store_answered(&request, status, record);
    Some(())
}
