//! java.util.logging's SimpleFormatter in its default format, a record of two lines.
//!
//! ```text
//! Jan 05, 2026 10:11:12 AM com.acme.shop.Cart add
//! WARNING: message
//! ```

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Level, Record};

pub const KIND: Kind = Kind {
    name: "jul",
    about: "Jan 05, 2026 10:11:12 AM com.acme.Cart add, and INFO: message in the next line",
    recognise: |_| Some(Arc::new(Jul)),
};

struct Jul;

impl Format for Jul {
    fn name(&self) -> &str {
        KIND.name
    }

    fn joins_lines(&self) -> bool {
        true
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let (head, body) = match line.split_once('\n') {
            Some((head, body)) => (head, Some(body)),
            None => (line, None),
        };
        read_head(head, rules, record).ok_or(Mismatch::Foreign)?;
        let mut cursor = Cursor::new(body.ok_or(Mismatch::Incomplete)?);
        // SEVERE is the gravest, also where its translation is a word for more.
        record.level = Some(cursor.level().ok_or(Mismatch::Foreign)?.min(Level::Error));
        if !cursor.eat(b':') {
            return Err(Mismatch::Foreign);
        }
        cursor.eat(b' ');
        record.message = Cow::Borrowed(cursor.rest());
        Ok(())
    }

    fn starts(&self, line: &str, rules: &TimeRules) -> bool {
        read_head(line, rules, &mut Record::default()).is_some()
    }
}

/// `Jan 05, 2026 10:11:12 AM CLASS METHOD`, and nothing else.
fn read_head(line: &str, rules: &TimeRules, record: &mut Record<'_>) -> Option<()> {
    // The date is the locale's: `Jan 05, 2026`, `janv. 05, 2026`, `1月 05, 2026`.
    if !line.chars().next()?.is_alphanumeric() {
        return None;
    }
    let mut cursor = Cursor::new(line);
    record.ts = cursor.stamp(rules)?;
    if !cursor.skip_spaces() {
        return None;
    }
    let class = cursor.word()?;
    let method = cursor.word()?;
    let qualified = class.contains('.')
        && class.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'$'));
    if !qualified || !cursor.is_at_end() {
        return None;
    }
    record.fields.str("logger", class);
    record.fields.str("method", method);
    Some(())
}
