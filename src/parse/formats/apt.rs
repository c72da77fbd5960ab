//! What apt did: /var/log/apt/history.log and term.log.
//!
//! ```text
//! Start-Date: 2026-01-05  10:11:12
//! Commandline: apt-get install nginx
//! Install: nginx:amd64 (1.22.1-9)
//! End-Date: 2026-01-05  10:11:20
//! ```
//!
//! A run is a record of its beginning's time; what `Name: value` says goes to `fields` and stays
//! in the message. A run that failed is an ERROR, others have no level.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Fields, Level, Micros, Record};

pub const KIND: Kind = Kind {
    name: "apt",
    about: "Start-Date: 2026-01-05  10:11:12, and the lines up to End-Date: (apt's history and term.log)",
    recognise: |_| Some(Arc::new(Apt)),
};

const BEGINNINGS: [&str; 2] = ["Start-Date: ", "Log started: "];
const ENDS: [&str; 2] = ["End-Date: ", "Log ended: "];
/// The names of apt's history, and of its fields.
const NAMES: [(&str, &str); 9] = [
    ("Commandline", "commandline"),
    ("Requested-By", "requested_by"),
    ("Install", "install"),
    ("Upgrade", "upgrade"),
    ("Downgrade", "downgrade"),
    ("Reinstall", "reinstall"),
    ("Remove", "remove"),
    ("Purge", "purge"),
    ("Error", "error"),
];

struct Apt;

impl Format for Apt {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        _record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let head = time_after(&BEGINNINGS, line, rules);
        Err(if head.is_some() { Mismatch::Head } else { Mismatch::Foreign })
    }

    fn continues(&self, block: &str, line: &str, rules: &TimeRules) -> bool {
        let last = block.rsplit('\n').next().unwrap_or_default();
        time_after(&ENDS, last, rules).is_none() && time_after(&BEGINNINGS, line, rules).is_none()
    }

    fn parse_block<'a>(
        &self,
        block: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let (head, text) = block.split_once('\n').unwrap_or((block, ""));
        record.ts = time_after(&BEGINNINGS, head, rules).ok_or(Mismatch::Foreign)?;
        let (text, last) = text.rsplit_once('\n').unwrap_or(("", text));
        let end = time_after(&ENDS, last, rules);
        if let Some(end) = end {
            let seconds = (end - record.ts) / crate::parse::time::MICROS_PER_SECOND;
            record.fields.int("duration", seconds);
        }
        let text = if end.is_some() { text } else { &block[head.len()..] };
        for line in text.split('\n') {
            store_line(line, &mut record.fields);
            if is_failure(line) {
                record.level = Some(Level::Error);
            }
        }
        record.message = Cow::Borrowed(text.trim_matches('\n'));
        Ok(())
    }

    fn joins_lines(&self) -> bool {
        true
    }

    fn starts(&self, line: &str, rules: &TimeRules) -> bool {
        time_after(&BEGINNINGS, line, rules).is_some()
    }
}

/// The time after one of these words: apt writes two blanks between day and time.
fn time_after(words: &[&str], line: &str, rules: &TimeRules) -> Option<Micros> {
    let time = words.iter().find_map(|word| line.strip_prefix(word))?;
    let (day, time) = time.trim().split_once("  ")?;
    rules.whole(&format!("{day} {time}"))
}

fn store_line(line: &str, fields: &mut Fields) {
    if let Some((name, value)) = line.split_once(": ")
        && let Some((_, name)) = NAMES.iter().find(|(known, _)| *known == name)
    {
        fields.str(name, value);
    }
}

fn is_failure(line: &str) -> bool {
    ["Error: ", "E: ", "dpkg: error "].iter().any(|beginning| line.starts_with(beginning))
}
