//! The servicing and set-up logs of Windows (CBS.log, DISM.log, setupact.log).
//!
//! ```text
//! 2026-01-05 10:11:12, Info                  CBS    message
//! 2026-01-05 10:11:12, Error      [0x0a013f] SP     message
//! ```
//!
//! The columns have fixed widths: a component stands where fewer than eight blanks
//! precede it only after a code; a message without component is indented further.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::Record;

pub const KIND: Kind = Kind {
    name: "cbs",
    about: "2026-01-05 10:11:12, Info                  CBS    message (Windows)",
    recognise: |_| Some(Arc::new(Cbs)),
};

/// Longest component: `DISM`, `IBSLIB`, `MOUPG`, `CONX`.
const COMPONENT_BYTES_MAX: usize = 10;

struct Cbs;

impl Format for Cbs {
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
        if !line.as_bytes().first().is_some_and(u8::is_ascii_digit) {
            return Err(Mismatch::Foreign);
        }
        record.ts = cursor.stamp(rules).ok_or(Mismatch::Foreign)?;
        if !cursor.eat_str(", ") {
            return Err(Mismatch::Foreign);
        }
        record.level = Some(cursor.level().ok_or(Mismatch::Foreign)?);
        if !cursor.rest().starts_with("  ") {
            return Err(Mismatch::Foreign);
        }
        cursor.skip_spaces();
        if let Some(code) = cursor.bracket() {
            record.fields.str("code", code);
            cursor.skip_spaces();
        }
        if let Some(component) = component(&mut cursor) {
            record.fields.str("component", component);
        }
        record.message = Cow::Borrowed(cursor.rest());
        Ok(())
    }
}

/// Capitals and two blanks or more after them (`CBS    `), or up to their column's width.
fn component<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    let mut probe = *cursor;
    let word = probe.token().filter(|word| {
        (2..=COMPONENT_BYTES_MAX).contains(&word.len())
            && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    })?;
    let blanks = probe.rest().bytes().take_while(|&b| b == b' ').count();
    // Names of six letters fill the column, and one blank follows.
    if blanks < 2 && word.len() < 6 {
        return None;
    }
    probe.skip_spaces();
    *cursor = probe;
    Some(word)
}
