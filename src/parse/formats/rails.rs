//! Rails' log without stamps (development, and production before a formatter was usual): a
//! request is a block.
//!
//! ```text
//! Started GET "/cart" for 127.0.0.1 at 2026-01-05 10:11:12 +0100
//! Processing by CartsController#show as HTML
//! Completed 200 OK in 12ms (Views: 8.1ms | ActiveRecord: 0.2ms | Allocations: 1234)
//! ```
//!
//! The message is all of it. The level is the status's; a request that raised is an ERROR. With
//! stamps before every line each line is a record: see [`super::ruby`].

use std::borrow::Cow;
use std::sync::Arc;

use super::{Kind, http};
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Fields, Level, Micros, Record};

pub const KIND: Kind = Kind {
    name: "rails",
    about: "Started GET \"/cart\" for 127.0.0.1 at 2026-01-05 10:11:12 +0100, and the lines up to the next",
    recognise: |_| Some(Arc::new(Rails)),
};

/// Tags of a request before its lines, each in brackets.
const TAGS_MAX: usize = 4;

struct Rails;

impl Format for Rails {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        _record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let started = started(untagged(line), rules, &mut Fields::default());
        Err(if started.is_some() { Mismatch::Head } else { Mismatch::Foreign })
    }

    /// A line with a stamp of its own, as other parts of a program write it, is none of a request.
    fn continues(&self, _block: &str, line: &str, rules: &TimeRules) -> bool {
        let is_other = Cursor::new(line).stamp(rules).is_some() || line.get(1..4) == Some(", [");
        !is_other && started(untagged(line), rules, &mut Fields::default()).is_none()
    }

    fn parse_block<'a>(
        &self,
        block: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let mut level = Level::Info;
        for (at, line) in block.split('\n').map(untagged).enumerate() {
            if at == 0 {
                let ts = started(line, rules, &mut record.fields);
                record.ts = ts.ok_or(Mismatch::Foreign)?;
            } else if let Some(status) = store_line(line, &mut record.fields) {
                level = level.max(http::level_of_status(status));
            } else if is_exception(line) {
                level = level.max(Level::Error);
            }
        }
        record.level = Some(level);
        record.message = Cow::Borrowed(block);
        Ok(())
    }

    fn joins_lines(&self) -> bool {
        true
    }

    fn starts(&self, line: &str, rules: &TimeRules) -> bool {
        self.parse(line, rules, &mut Record::default()) == Err(Mismatch::Head)
    }
}

/// The line after `[5f0c…] [10.0.0.7] `.
fn untagged(line: &str) -> &str {
    let mut cursor = Cursor::new(line);
    for _ in 0..TAGS_MAX {
        if cursor.bracket().is_none() || !cursor.eat(b' ') {
            break;
        }
    }
    cursor.rest()
}

/// `Started GET "/cart" for 127.0.0.1 at 2026-01-05 10:11:12 +0100`: method, path and client.
pub fn started(line: &str, rules: &TimeRules, fields: &mut Fields) -> Option<Micros> {
    let mut cursor = Cursor::new(line.strip_prefix("Started ")?);
    let method = cursor.word().filter(|word| word.bytes().all(|b| b.is_ascii_uppercase()))?;
    cursor.eat(b'"').then_some(())?;
    let path = cursor.until("\" for ")?;
    let client = cursor.until(" at ")?;
    let (ts, _) = rules.read(cursor.rest())?;
    fields.str("method", method);
    fields.str("path", path);
    fields.str("client", client);
    Some(ts)
}

/// What the other lines of a request say; returns its status.
pub fn store_line(line: &str, fields: &mut Fields) -> Option<i64> {
    if let Some(action) = line.strip_prefix("Processing by ") {
        let (action, kind) = action.split_once(" as ").unwrap_or((action, ""));
        let (controller, action) = action.split_once('#')?;
        for (name, value) in [("controller", controller), ("action", action), ("format", kind)] {
            if !value.is_empty() {
                fields.str(name, value);
            }
        }
        return None;
    }
    let mut cursor = Cursor::new(line.strip_prefix("Completed ")?);
    let status = i64::try_from(cursor.number()?).ok()?;
    let millis = cursor.until(" in ").and_then(|_| cursor.until("ms"))?;
    fields.int("status", status);
    fields.typed("duration_ms", millis);
    Some(status)
}

/// `RuntimeError (disk full):`, `ActionController::RoutingError (No route matches …):`.
fn is_exception(line: &str) -> bool {
    let Some((class, message)) = line.split_once(" (") else {
        return false;
    };
    let is_class = class.starts_with(|c: char| c.is_ascii_uppercase())
        && class.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b':' | b'_'));
    is_class && message.trim_end().ends_with(':')
}
