//! PostgreSQL's server log (elog.c: `send_message_to_server_log`) with the usual
//! `log_line_prefix`es.
//!
//! ```text
//! 2026-01-05 10:11:12.123 UTC [812] ann@shop LOG:  message
//! 2026-01-05 10:11:12 UTC [812]: [4-1] user=ann,db=shop,app=psql,client=10.0.0.7 ERROR:  message
//! 2026-01-05 10:11:12 UTC:10.0.0.7(4711):ann@shop:[812]:LOG:  message
//! ```
//!
//! The prefix is whatever stands between the timestamp and the severity; of it are
//! kept process, user, database and client. `DETAIL`, `HINT`, `CONTEXT` and `STATEMENT`
//! are records of their own, as they have timestamps of their own, but without level.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Fields, Level, Record};

pub const KIND: Kind = Kind {
    name: "postgres",
    about: "2026-01-05 10:11:12.123 UTC [812] ann@shop LOG:  message",
    recognise: |_| Some(Arc::new(Postgres)),
};

const PREFIX_BYTES_MAX: usize = 400;

/// The severities of elog.c; two blanks follow the colon of each.
const SEVERITIES: [(&str, Option<Level>); 19] = [
    ("LOG", Some(Level::Info)),
    ("ERROR", Some(Level::Error)),
    ("STATEMENT", None),
    ("DETAIL", None),
    ("WARNING", Some(Level::Warn)),
    ("FATAL", Some(Level::Fatal)),
    ("HINT", None),
    ("CONTEXT", None),
    ("INFO", Some(Level::Info)),
    ("NOTICE", Some(Level::Info)),
    ("PANIC", Some(Level::Fatal)),
    ("QUERY", None),
    ("LOCATION", None),
    ("DEBUG", Some(Level::Debug)),
    ("DEBUG1", Some(Level::Debug)),
    ("DEBUG2", Some(Level::Debug)),
    ("DEBUG3", Some(Level::Debug)),
    ("DEBUG4", Some(Level::Debug)),
    ("DEBUG5", Some(Level::Debug)),
];

struct Postgres;

impl Format for Postgres {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        if line.as_bytes().get(4) != Some(&b'-') {
            return Err(Mismatch::Foreign);
        }
        let mut cursor = Cursor::new(line);
        record.ts = cursor.stamp(rules).ok_or(Mismatch::Foreign)?;
        let (prefix, severity) = split_prefix(&mut cursor).ok_or(Mismatch::Foreign)?;
        let level = level_of_severity(severity).ok_or(Mismatch::Foreign)?;
        store_prefix(prefix, &mut record.fields).ok_or(Mismatch::Foreign)?;
        record.level = level;
        if level.is_none() {
            record.fields.str("part", severity);
        }
        record.message = Cow::Borrowed(cursor.rest());
        Ok(())
    }
}

/// The level of a severity; the inner `None` is that of a part of a record.
#[allow(clippy::option_option, reason = "a part has no level, an unknown word is no severity")]
pub fn level_of_severity(word: &str) -> Option<Option<Level>> {
    SEVERITIES.iter().find(|(name, _)| *name == word).map(|(_, level)| *level)
}

/// What stands before `SEVERITY:  `, and the severity.
fn split_prefix<'a>(cursor: &mut Cursor<'a>) -> Option<(&'a str, &'a str)> {
    let head = cursor.until_within(":  ", PREFIX_BYTES_MAX)?;
    let word = head.bytes().rev().take_while(|b| b.is_ascii_alphanumeric()).count();
    Some(head.split_at(head.len() - word))
}

/// The process id is what tells PostgreSQL's prefix from other heads.
fn store_prefix(prefix: &str, fields: &mut Fields) -> Option<()> {
    let open = prefix.find('[')?;
    let pid = Cursor::new(&prefix[open..]).bracket()?;
    // `%p-%l`, `%c`: the process, and a line number or a session.
    let pid = pid.split('-').next()?;
    if pid.is_empty() || !pid.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.') {
        return None;
    }
    fields.typed("pid", pid);
    for part in prefix.split([' ', ',']) {
        store_part(part.trim_matches(':'), fields);
    }
    Some(())
}

/// `user=ann`, `ann@shop`, `10.0.0.7(4711):ann@shop:[812]`.
fn store_part(part: &str, fields: &mut Fields) {
    if let Some((name, value)) = part.split_once('=') {
        let known = ["user", "db", "app", "client", "host", "xid"];
        if known.contains(&name) && !matches!(value, "" | "[unknown]") {
            fields.typed(if name == "db" { "database" } else { name }, value);
        }
        return;
    }
    for piece in part.split(':') {
        if let Some((user, database)) = piece.split_once('@') {
            for (name, value) in [("user", user), ("database", database)] {
                if !matches!(value, "" | "[unknown]") {
                    fields.str(name, value);
                }
            }
        } else if piece.ends_with(')') && piece.contains('(') {
            fields.str("client", piece);
        }
    }
}
