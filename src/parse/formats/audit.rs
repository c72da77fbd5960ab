//! The Linux audit log (audit-userspace, auditd's RAW format).
//!
//! ```text
//! type=USER_LOGIN msg=audit(1767607872.123:456): pid=812 uid=0 acct="ann" res=success
//! ```
//!
//! The pairs go to `fields` and stay in the message. There is no level. What auditd adds for
//! readers behind the byte 1D (`log_format = ENRICHED`: names of users and calls, in capitals) is
//! read like the rest.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Fields, Record};

pub const KIND: Kind = Kind {
    name: "audit",
    about: "type=USER_LOGIN msg=audit(1767607872.123:456): pid=812 … (Linux auditd)",
    recognise: |_| Some(Arc::new(Audit)),
};

/// Most pairs that are taken; a system call's record has about thirty.
const PAIRS_MAX: usize = 64;
const NAME_BYTES_MAX: usize = 64;
/// Separates what auditd adds for readers (`ENRICHED`) from the record.
const ENRICHMENT: char = '\u{1d}';

struct Audit;

impl Format for Audit {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        // What ausearch writes between events.
        if line == "----" || line.starts_with("time->") {
            return Err(Mismatch::Skip);
        }
        let mut cursor = Cursor::new(line);
        if cursor.eat_str("node=") {
            record.host = Some(Cow::Borrowed(cursor.word().ok_or(Mismatch::Foreign)?));
        }
        if !cursor.eat_str("type=") {
            return Err(Mismatch::Foreign);
        }
        let kind = cursor.word().ok_or(Mismatch::Foreign)?;
        if !cursor.eat_str("msg=audit(") {
            return Err(Mismatch::Foreign);
        }
        let head = cursor.until_within(")", NAME_BYTES_MAX).ok_or(Mismatch::Foreign)?;
        // `ausearch -i` writes a local time, and a blank before the colon.
        cursor.skip_spaces();
        if !cursor.eat(b':') {
            return Err(Mismatch::Foreign);
        }
        let (stamp, serial) = head.rsplit_once(':').ok_or(Mismatch::Foreign)?;
        record.ts = rules.whole(stamp).ok_or(Mismatch::Foreign)?;
        cursor.skip_spaces();
        record.fields.str("type", kind);
        record.fields.typed("serial", serial);
        store_pairs(cursor.rest(), &mut record.fields);
        record.message = Cow::Borrowed(cursor.rest());
        Ok(())
    }
}

/// `a=1 b="two words" msg='op=login acct="ann"'`: quotes of either kind are opened, and what
/// stands in `msg='…'` is pairs again.
fn store_pairs(text: &str, fields: &mut Fields) {
    let mut cursor = Cursor::new(text);
    for _ in 0..PAIRS_MAX {
        let separators = |c: char| matches!(c, ' ' | '\t' | '\'' | ENRICHMENT);
        let rest = cursor.rest().trim_start_matches(separators);
        cursor = Cursor::new(rest);
        cursor.eat_str("msg='");
        let Some((name, value)) = pair(&mut cursor) else { return };
        if !name.is_empty() && name.len() <= NAME_BYTES_MAX && !name.contains(' ') {
            fields.typed(name, value);
        }
    }
}

/// The next name and its value; words without a value are passed over.
fn pair<'a>(cursor: &mut Cursor<'a>) -> Option<(&'a str, &'a str)> {
    let name = cursor.until("=")?;
    let name = name.rsplit([' ', ENRICHMENT]).next().unwrap_or(name);
    if cursor.eat(b'"') {
        return Some((name, cursor.until("\"")?));
    }
    // `SADDR={ saddr_fam=inet laddr=192.0.2.40 lport=80 }`: pairs of their own.
    if cursor.eat_str("{ ") {
        return Some(("", ""));
    }
    let text = cursor.rest();
    let end = text.find([' ', '\'', ENRICHMENT]).unwrap_or(text.len());
    cursor.advance(end);
    Some((name, &text[..end]))
}
