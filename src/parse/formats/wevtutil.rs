//! Windows' event log as `wevtutil qe … /f:text` prints it.
//!
//! ```text
//! Event[0]:
//!   Log Name: System
//!   Source: Service Control Manager
//!   Date: 2026-01-05T10:11:12.1230000Z
//!   Event ID: 7036
//!   Level: Information
//!   Computer: web1
//!   Description:
//! The Shop service entered the running state.
//! ```
//!
//! The source is the service, the description the message; the other values go to `fields`.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::level::level_of_word;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::Record;

pub const KIND: Kind = Kind {
    name: "wevtutil",
    about: "Event[0]:, then a value a line (wevtutil qe /f:text)",
    recognise: |_| Some(Arc::new(Wevtutil)),
};

struct Wevtutil;

/// `Event[0]:`
fn is_head(line: &str) -> bool {
    let number = line.strip_prefix("Event[").and_then(|rest| rest.trim_end().strip_suffix("]:"));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// `  Source: Service Control Manager`, the first line of what is left.
fn pair(rest: &str) -> Option<(&str, &str)> {
    let line = rest.split('\n').next()?.strip_prefix("  ")?;
    let (name, value) = line.split_once(':')?;
    Some((name, value.trim()))
}

impl Format for Wevtutil {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        _rules: &TimeRules,
        _record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        Err(if is_head(line) { Mismatch::Head } else { Mismatch::Foreign })
    }

    fn continues(&self, _block: &str, line: &str, _rules: &TimeRules) -> bool {
        !is_head(line)
    }

    fn parse_block<'a>(
        &self,
        block: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let mut ts = None;
        let mut at = block.find('\n').ok_or(Mismatch::Foreign)? + 1;
        while let Some((name, value)) = block.get(at..).and_then(|rest| pair(rest)) {
            at += block[at..].find('\n').map_or(block.len(), |length| length + 1);
            match name {
                "Description" => {
                    let text = block.get(at..).unwrap_or_default().trim_matches('\n');
                    record.message = match (value, text) {
                        ("", text) => Cow::Borrowed(text),
                        (value, "") => Cow::Borrowed(value),
                        (value, text) => Cow::Owned(format!("{value}\n{text}")),
                    };
                    break;
                }
                "Date" => ts = rules.whole(value),
                "Source" => record.service = Some(Cow::Borrowed(value)),
                "Computer" => record.host = Some(Cow::Borrowed(value)),
                "Level" => record.level = level_of_word(value),
                _ if matches!(value, "" | "N/A") => {}
                _ => record.fields.typed(&name.to_ascii_lowercase().replace(' ', "_"), value),
            }
        }
        record.ts = ts.ok_or(Mismatch::Broken("no date in the event"))?;
        Ok(())
    }

    fn joins_lines(&self) -> bool {
        true
    }

    fn starts(&self, line: &str, _rules: &TimeRules) -> bool {
        is_head(line)
    }
}
