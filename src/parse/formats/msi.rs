//! The logs of Windows Installer (`msiexec /l*v`).
//!
//! ```text
//! === Verbose logging started: 1/5/2026  10:11:12  Build type: SHIP UNICODE 5.00.10011.00 ===
//! MSI (s) (2C:A1) [10:11:13:456]: Product: Shop -- Error 1603.
//! Action start 10:11:14: INSTALL.
//! ```
//!
//! The first line tells the day; the times of the others lie within a day after it. Other lines, as
//! those of properties, go on with the one before.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::scan::Cursor;
use crate::parse::time::MICROS_PER_SECOND;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Micros, Record};

pub const KIND: Kind = Kind {
    name: "msi",
    about: "MSI (s) (2C:A1) [10:11:13:456]: message (Windows Installer)",
    recognise: |sample| {
        let begun = sample.iter().find_map(|line| day_and_time(line).map(str::to_owned));
        Some(Arc::new(Msi { begun }))
    },
};

struct Msi {
    /// When logging began, as the first line spells it.
    begun: Option<String>,
}

impl Msi {
    /// A time of day, on the day that logging began or the one after.
    fn instant(&self, time: &str, rules: &TimeRules) -> Option<Micros> {
        // `9:03:11`
        let time = format!("{time:0>8}");
        const DAY_WITHOUT_SLACK: Micros = 23 * 3600 * MICROS_PER_SECOND - 1;
        match self.begun.as_deref().and_then(|begun| instant_of_head(begun, rules)) {
            Some(begun) => {
                TimeRules { reference: begun + DAY_WITHOUT_SLACK, ..*rules }.whole(&time)
            }
            None => rules.whole(&time),
        }
    }
}

impl Format for Msi {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        if let Some(stamp) = day_and_time(line) {
            record.ts = instant_of_head(stamp, rules).ok_or(Mismatch::Foreign)?;
            record.message = Cow::Borrowed(line);
            return Ok(());
        }
        let time = read_line(line, record).or_else(|| {
            record.message = Cow::Borrowed(line);
            time_of_action(line)
        });
        let ts = time.and_then(|time| self.instant(time, rules));
        record.ts = ts.ok_or(Mismatch::Foreign)?;
        Ok(())
    }
}

/// `MSI (s) (2C:A1) [10:11:13:456]: `: whether the client or the service writes, the process and the
/// thread in hexadecimal, the time.
fn read_line<'a>(line: &'a str, record: &mut Record<'a>) -> Option<&'a str> {
    let mut cursor = Cursor::new(line.strip_prefix("MSI (")?);
    let side = cursor.until_within(") (", 2)?;
    let (process, thread) = cursor.until_within(") [", 32)?.split_once(':')?;
    let time = cursor.until_within("]: ", 16)?;
    record.fields.str("side", side);
    record.fields.str("pid", process);
    record.fields.str("tid", thread);
    record.message = Cow::Borrowed(cursor.rest());
    Some(time)
}

/// The time in `Action start 10:11:14: INSTALL.`
fn time_of_action(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("Action start ").or_else(|| line.strip_prefix("Action ended "))?;
    let (time, _) = rest.split_once(": ")?;
    matches!(time.len(), 7 | 8).then_some(time)
}

/// `1/5/2026  10:11:12` of the first line and of the last.
fn day_and_time(line: &str) -> Option<&str> {
    let (_, rest) = line.strip_prefix("=== ")?.split_once("ogging st")?;
    let stamp = rest.strip_prefix("arted: ").or_else(|| rest.strip_prefix("opped: "))?;
    let time_at = stamp.find("  ")? + 2;
    let length = stamp[time_at..].find(' ').unwrap_or(stamp.len() - time_at);
    Some(&stamp[..time_at + length])
}

fn instant_of_head(stamp: &str, rules: &TimeRules) -> Option<Micros> {
    rules.whole(&stamp.replacen("  ", " ", 1))
}
