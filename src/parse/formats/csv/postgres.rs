//! PostgreSQL's csvlog, which has no header (PostgreSQL manual, section 20.8.4).
//!
//! ```text
//! 2026-01-05 10:11:12.123 CET,"ann","shop",813,"10.0.0.7:47110",695b8a03.32d,1,"SELECT",2026-01-05 10:00:00 CET,3/1,0,ERROR,22012,"division by zero",,,,,,"select 1/0;",,,"psql","client backend",,0
//! ```
//!
//! 23 columns up to version 12, 24 in 13, 26 since 14. The first ones have the names that the
//! text log's have ([`super::super::postgres`]), the others those of the manual.

use std::sync::Arc;

use super::super::{Kind, postgres};
use super::Cells;
use crate::parse::{Format, Mismatch, TimeRules, formats::names};
use crate::record::{Micros, Record};

pub const KIND: Kind = Kind {
    name: "postgres_csv",
    about: "2026-01-05 10:11:12.123 UTC,\"ann\",\"shop\",813,… (PostgreSQL's csvlog)",
    recognise: |_| Some(Arc::new(PostgresCsv)),
};

const TIME: usize = 0;
const SEVERITY: usize = 11;
const MESSAGE: usize = 13;
/// How many columns there are, by version.
const WIDTHS: [usize; 3] = [23, 24, 26];
const NAMES: [&str; 26] = [
    "",
    "user",
    "database",
    "pid",
    "client",
    "session_id",
    "session_line_num",
    "command_tag",
    "session_start_time",
    "virtual_transaction_id",
    "transaction_id",
    "",
    "sql_state_code",
    "",
    "detail",
    "hint",
    "internal_query",
    "internal_query_pos",
    "context",
    "query",
    "query_pos",
    "location",
    "application_name",
    "backend_type",
    "leader_pid",
    "query_id",
];

struct PostgresCsv;

impl Format for PostgresCsv {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        if !begins_row(line) {
            return Err(Mismatch::Foreign);
        }
        let mut cells = Cells { rest: Some(line), delimiter: b',' };
        let (mut ts, mut severity, mut width) = (None, None, 0);
        while let Some(cell) = cells.next()? {
            match width {
                TIME => ts = time_of(&cell, rules),
                SEVERITY => severity = postgres::level_of_severity(&cell),
                MESSAGE => record.message = cell,
                _ if cell.is_empty() => {}
                _ => record.fields.typed(NAMES.get(width).ok_or(Mismatch::Foreign)?, &cell),
            }
            width += 1;
        }
        record.level = severity.ok_or(Mismatch::Foreign)?;
        if !WIDTHS.contains(&width) {
            return Err(Mismatch::Foreign);
        }
        record.ts = ts.ok_or(Mismatch::Broken("unreadable timestamp"))?;
        Ok(())
    }

    fn joins_lines(&self) -> bool {
        true
    }

    fn takes_continuations(&self) -> bool {
        false
    }

    fn starts(&self, line: &str, _rules: &TimeRules) -> bool {
        begins_row(line)
    }
}

/// The time; a zone without a name is hours alone: `2026-01-05 10:11:12.123 -03`.
fn time_of(cell: &str, rules: &TimeRules) -> Option<Micros> {
    let is_hours = cell.rsplit(' ').next().is_some_and(|zone| {
        zone.len() == 3
            && zone.starts_with(['+', '-'])
            && zone[1..].bytes().all(|b| b.is_ascii_digit())
    });
    if is_hours {
        return rules.whole(&format!("{cell}00"));
    }
    names::time_of_text(cell, rules)
}

/// `2026-01-05 10:11:12.123 CET,`: a time with a zone's name, a comma, and either a user in
/// quotes or nothing. Few lines of other logs begin so, and a row may go on in the next line.
fn begins_row(line: &str) -> bool {
    const HEAD_BYTES_MAX: usize = 40;
    let bytes = line.as_bytes();
    let Some(comma) = memchr::memchr(b',', &bytes[..bytes.len().min(HEAD_BYTES_MAX)]) else {
        return false;
    };
    let is_date = bytes.get(4) == Some(&b'-') && bytes.get(10) == Some(&b' ');
    let is_zone = line[..comma].rsplit(' ').next().is_some_and(|zone| {
        !zone.is_empty() && zone.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-".contains(&b))
    });
    let words = line[..comma].split(' ').count();
    is_date && is_zone && words == 3 && matches!(bytes.get(comma + 1), Some(b'"' | b','))
}
