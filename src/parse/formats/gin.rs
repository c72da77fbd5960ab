//! The request log of Gin, Go's web framework (logger.go: `defaultLogFormatter`).
//!
//! ```text
//! [GIN] 2026/01/05 - 10:11:12 | 200 |     1.234ms |        10.0.0.7 | GET      "/cart"
//! ```
//!
//! Level and message are made as those of an access log.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Kind, http};
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::Record;

pub const KIND: Kind = Kind {
    name: "gin",
    about: "[GIN] 2026/01/05 - 10:11:12 | 200 | 1.2ms | 10.0.0.7 | GET \"/cart\"",
    recognise: |_| Some(Arc::new(Gin)),
};

const CELL_BYTES_MAX: usize = 64;

struct Gin;

impl Format for Gin {
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
        if !cursor.eat_str("[GIN] ") {
            return Err(Mismatch::Foreign);
        }
        record.ts = cursor.stamp(rules).ok_or(Mismatch::Foreign)?;
        read_request(&mut cursor, record).ok_or(Mismatch::Foreign)
    }
}

fn read_request<'a>(cursor: &mut Cursor<'a>, record: &mut Record<'a>) -> Option<()> {
    if !cursor.until_within("|", CELL_BYTES_MAX)?.trim().is_empty() {
        return None;
    }
    let status: i64 = cursor.until_within("|", CELL_BYTES_MAX)?.trim().parse().ok()?;
    let duration = cursor.until_within("|", CELL_BYTES_MAX)?.trim();
    let client = cursor.until_within("|", CELL_BYTES_MAX)?.trim();
    cursor.skip_spaces();
    let method = cursor.word()?;
    let path = cursor.rest().trim().trim_matches('"');
    record.level = Some(http::level_of_status(status));
    let fields = &mut record.fields;
    fields.str("client", client);
    fields.str("method", method);
    fields.str("path", path);
    fields.int("status", status);
    fields.str("duration", duration);
    record.message = Cow::Owned(format!("{method} {path} {status}"));
    Some(())
}
