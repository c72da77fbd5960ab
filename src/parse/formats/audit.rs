//! The Linux audit log (audit-userspace, auditd's RAW format).
//!
//! ```text
//! type=USER_LOGIN msg=audit(1767607872.123:456): pid=812 uid=0 acct="ann" res=success
//! ```
//!
//! The pairs go to `fields` and stay in the message. There is no level.

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
        let head = cursor.until_within("):", NAME_BYTES_MAX).ok_or(Mismatch::Foreign)?;
        let (stamp, serial) = head.split_once(':').ok_or(Mismatch::Foreign)?;
        record.ts = rules.whole(stamp).ok_or(Mismatch::Foreign)?;
        cursor.skip_spaces();
        record.fields.str("type", kind);
        record.fields.typed("serial", serial);
        store_pairs(cursor.rest(), &mut record.fields);
        record.message = Cow::Borrowed(cursor.rest());
        Ok(())
    }
}

/// `a=1 b="two words" msg='op=login acct="ann"'`: quotes of either kind are opened.
fn store_pairs(text: &str, fields: &mut Fields) {
    let quotes = |c: char| c == '\'' || c == '"';
    let mut words = text.split([' ', ENRICHMENT]).filter(|word| !word.is_empty());
    for _ in 0..PAIRS_MAX {
        let Some(word) = words.next() else { return };
        let word = word.strip_prefix("msg='").unwrap_or(word);
        if let Some((name, value)) = word.split_once('=')
            && !name.is_empty()
            && name.len() <= NAME_BYTES_MAX
        {
            fields.typed(name, value.trim_matches(quotes));
        }
    }
}
