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
        let (_, mut rest) = block.split_once('\n').ok_or(Mismatch::Foreign)?;
        let mut ts = None;
        while let Some((line, after)) = rest.split_once('\n').or(Some((rest, ""))) {
            let Some((name, value)) = line.trim_start().split_once(':') else { break };
            let value = value.trim();
            rest = after;
            match name {
                "Description" => {
                    let text = after.trim_matches(['\n', '\r']);
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
            if rest.is_empty() {
                break;
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
