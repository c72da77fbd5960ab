//! GlusterFS (libglusterfs/src/logging.c: `_gf_log`, `gf_log_glusterlog`).
//!
//! ```text
//! [2026-01-05 10:11:12.123456 +0000] W [MSGID: 106061] [glusterd.c:1724:init] 0-management: message
//! ```
//!
//! The translator after the graph's number (`0-management`) is `logger`. A line that says how
//! often a message was repeated has the time of its last repetition.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::level::level_of_letter;
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Fields, Record};

pub const KIND: Kind = Kind {
    name: "gluster",
    about: "[2026-01-05 10:11:12.123456] E [MSGID: 106061] [file.c:12:f] 0-name: message",
    recognise: |_| Some(Arc::new(Gluster)),
};

const NAME_BYTES_MAX: usize = 128;

struct Gluster;

impl Format for Gluster {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let read = match line.strip_prefix("The message \"") {
            Some(repeated) => read_repeated(repeated, rules, record).map(|()| line),
            None => read_line(&mut Cursor::new(line), rules, record),
        };
        record.message = Cow::Borrowed(read.ok_or(Mismatch::Foreign)?);
        Ok(())
    }
}

fn read_line<'a>(
    cursor: &mut Cursor<'a>,
    rules: &TimeRules,
    record: &mut Record<'a>,
) -> Option<&'a str> {
    if cursor.peek() != Some(b'[') {
        return None;
    }
    record.ts = cursor.stamp(rules)?;
    cursor.skip_spaces();
    read_head(cursor, record)?;
    Some(cursor.rest())
}

/// `W [MSGID: 106061] [glusterd.c:1724:init] 0-management: `.
fn read_head(cursor: &mut Cursor<'_>, record: &mut Record<'_>) -> Option<()> {
    record.level = Some(level_of_letter(cursor.peek()?)?);
    cursor.advance(1);
    cursor.eat(b' ').then_some(())?;
    let mut bracket = cursor.bracket()?;
    if let Some(id) = bracket.strip_prefix("MSGID: ") {
        record.fields.typed("msgid", id);
        cursor.skip_spaces();
        bracket = cursor.bracket()?;
    }
    store_place(bracket, &mut record.fields)?;
    cursor.skip_spaces();
    let name = cursor.until_within(": ", NAME_BYTES_MAX)?;
    record.fields.str("logger", name.split_once('-').map_or(name, |(_, name)| name));
    Some(())
}

/// `glusterd.c:1724:init`.
fn store_place(place: &str, fields: &mut Fields) -> Option<()> {
    let mut parts = place.splitn(3, ':');
    let (file, line, function) = (parts.next()?, parts.next()?, parts.next());
    fields.str("file", file);
    fields.typed("line", line);
    if let Some(function) = function {
        fields.str("function", function);
    }
    Some(())
}

/// `W [MSGID: …] … 0-management: message" repeated 3 times between [A] and [B]`.
fn read_repeated(text: &str, rules: &TimeRules, record: &mut Record<'_>) -> Option<()> {
    let (message, rest) = text.rsplit_once("\" repeated ")?;
    let (times, rest) = rest.split_once(" times between ")?;
    record.ts = Cursor::new(rest.split_once(" and ")?.1).stamp(rules)?;
    read_head(&mut Cursor::new(message), record)?;
    record.fields.typed("repeated", times);
    Some(())
}
