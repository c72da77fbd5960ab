//! The log of Bacula and Bareos: what their director's `append` writes.
//!
//! ```text
//! 05-Jan 10:11 backup-dir JobId 812: Start Backup JobId 812, Job=web1.2026-01-05_10.11.12_03
//! 05-Jan 10:12 backup-sd JobId 812: Fatal error: no volume
//! ```
//!
//! The daemon is the service. The time has neither a year nor seconds.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::level::level_of_message;
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Level, Micros, Record};

pub const KIND: Kind = Kind {
    name: "bacula",
    about: "05-Jan 10:11 backup-dir JobId 812: message (Bacula, Bareos)",
    recognise: |_| Some(Arc::new(Bacula)),
};

struct Bacula;

impl Format for Bacula {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        if !line.as_bytes().first().is_some_and(u8::is_ascii_digit) {
            return Err(Mismatch::Foreign);
        }
        let mut cursor = Cursor::new(line);
        read_head(&mut cursor, rules, record).ok_or(Mismatch::Foreign)?;
        let text = cursor.rest();
        record.level = match text.strip_prefix("Fatal error:") {
            Some(_) => Some(Level::Fatal),
            None => level_of_message(text),
        };
        record.message = Cow::Borrowed(text);
        Ok(())
    }
}

/// `05-Jan 10:11 backup-dir JobId 812: `.
fn read_head<'a>(
    cursor: &mut Cursor<'a>,
    rules: &TimeRules,
    record: &mut Record<'a>,
) -> Option<()> {
    let (date, time) = (cursor.word()?, cursor.word()?);
    let daemon = cursor.word()?;
    cursor.eat_str("JobId ").then_some(())?;
    let job = i64::try_from(cursor.number()?).ok()?;
    cursor.eat_str(": ").then_some(())?;
    record.ts = minute(date, time, rules)?;
    record.service = Some(Cow::Borrowed(daemon));
    record.fields.int("job_id", job);
    Some(())
}

/// `05-Jan` and `10:11`.
fn minute(date: &str, time: &str, rules: &TimeRules) -> Option<Micros> {
    let (day, month) = date.split_once('-')?;
    if day.len() > 2 || time.len() != 5 {
        return None;
    }
    rules.whole(&format!("{month} {day} {time}:00"))
}
