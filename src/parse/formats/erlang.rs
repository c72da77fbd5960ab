//! The reports of Erlang's error logger, as RabbitMQ before 3.7, ejabberd and CouchDB before 2 write
//! them (OTP: `error_logger_file_h`).
//!
//! ```text
//! =ERROR REPORT==== 5-Jan-2026::10:11:15 ===
//! closing AMQP connection <0.1.0>
//! {timeout,running}
//! ```
//!
//! The message is what stands below the head. Reports of crashes and of supervisors are errors.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::level::level_of_word;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Level, Micros, Record};

pub const KIND: Kind = Kind {
    name: "erlang",
    about: "=ERROR REPORT==== 5-Jan-2026::10:11:15 ===, the report below it (Erlang, RabbitMQ)",
    recognise: |_| Some(Arc::new(Erlang)),
};

struct Erlang;

/// The kind of a report and its time: `ERROR`, `5-Jan-2026::10:11:15`.
fn head(line: &str) -> Option<(&str, &str)> {
    let (kind, rest) = line.strip_prefix('=')?.split_once(" REPORT==== ")?;
    let stamp = rest.trim_end().strip_suffix(" ===")?;
    let is_kind = kind.bytes().all(|b| b.is_ascii_uppercase() || b == b' ');
    is_kind.then_some((kind, stamp))
}

fn time(stamp: &str, rules: &TimeRules) -> Option<Micros> {
    rules.whole(&stamp.replacen("::", " ", 1))
}

fn level(kind: &str) -> Option<Level> {
    match kind {
        "CRASH" | "SUPERVISOR" => Some(Level::Error),
        "PROGRESS" => Some(Level::Info),
        kind => level_of_word(kind),
    }
}

impl Format for Erlang {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        _rules: &TimeRules,
        _record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        Err(if head(line).is_some() { Mismatch::Head } else { Mismatch::Foreign })
    }

    fn continues(&self, _block: &str, line: &str, _rules: &TimeRules) -> bool {
        head(line).is_none()
    }

    fn parse_block<'a>(
        &self,
        block: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let (first, text) = block.split_once('\n').unwrap_or((block, ""));
        let (kind, stamp) = head(first).ok_or(Mismatch::Foreign)?;
        record.ts =
            time(stamp, rules).ok_or(Mismatch::Broken("no time in the head of the report"))?;
        record.level = level(kind);
        record.fields.str("report", &kind.to_ascii_lowercase());
        record.message = Cow::Borrowed(text.trim_matches('\n'));
        Ok(())
    }

    fn joins_lines(&self) -> bool {
        true
    }

    fn starts(&self, line: &str, _rules: &TimeRules) -> bool {
        head(line).is_some()
    }
}
