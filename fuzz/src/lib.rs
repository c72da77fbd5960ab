//! Parsers and decoders, compiled without the rest of Pintail, and what every record must be.

#![allow(dead_code)]

#[path = "../../src/parse/mod.rs"]
pub mod parse;
pub mod receive;
#[path = "../../src/record.rs"]
pub mod record;

pub mod store;

use parse::{Sink, TimeRules, Zone};
use record::Record;

/// Every record must have fields that are JSON, and a message without control of lines.
pub fn check(record: &Record<'_>) {
    if !record.fields.is_empty() {
        let object = format!("{{{}}}", record.fields.as_str());
        if let Err(error) = serde_json::from_str::<serde_json::Value>(&object) {
            panic!("fields are not JSON ({error}): {object}");
        }
    }
}

/// 2026-01-01T00:00:00Z.
pub fn rules() -> TimeRules {
    TimeRules::new(Zone::UTC, 1_767_225_600_000_000)
}

/// Keeps what comes out, as text.
#[derive(Default, Debug, PartialEq)]
pub struct Outcomes {
    pub lines: Vec<String>,
}

impl Sink for Outcomes {
    fn record(&mut self, record: &Record<'_>, _end: usize) {
        check(record);
        self.lines.push(format!(
            "{} {:?} {:?} {:?} {} {}",
            record.ts,
            record.level,
            record.service,
            record.host,
            record.message,
            record.fields.as_str()
        ));
    }

    fn extend(&mut self, line: &str, _end: usize) {
        let last = self.lines.last_mut().expect("a continuation follows a record");
        last.push('\n');
        last.push_str(line);
    }

    fn reject(&mut self, reason: &'static str, line: &str, start: usize, end: usize) {
        assert!(start < end, "a reject has bytes");
        self.lines.push(format!("reject {reason} {line}"));
    }
}
