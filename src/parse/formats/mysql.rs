//! The error logs of MySQL (5.5 to 8) and MariaDB (MySQL manual, section 7.4.2).
//!
//! ```text
//! 2026-01-05T10:11:12.123456Z 0 [System] [MY-010116] [Server] message
//! 2026-01-05T10:11:12.123456Z 7 [Note] InnoDB: message
//! 2026-01-05 10:11:12 0 [Warning] message
//! 260105 10:11:12 [Note] message
//! ```
//!
//! Also the general query log, whose lines have a command and no level:
//!
//! ```text
//! 2026-01-05T10:11:12.123456Z        8 Query    select 1
//! ```

use std::borrow::Cow;
use std::sync::Arc;

use super::{Kind, mysql_slow};
use crate::parse::level::level_of_word;
use crate::parse::scan::Cursor;
use crate::parse::time::{Date, Stamp, read};
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Level, Micros, Record};

pub const KIND: Kind = Kind {
    name: "mysql",
    about: "2026-01-05T10:11:12.123456Z 0 [Note] [MY-010116] [Server] message (and MariaDB)",
    recognise: |_| Some(Arc::new(Mysql)),
};

struct Mysql;

impl Format for Mysql {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let mut cursor = Cursor::new(line);
        let Some((ts, old)) = stamp(&mut cursor, rules) else {
            return Err(if mysql_slow::is_banner(line) {
                Mismatch::Skip
            } else {
                Mismatch::Foreign
            });
        };
        record.ts = ts;
        cursor.skip_spaces();
        match cursor.number_word() {
            Some(thread) => record.fields.int("thread", thread),
            None if old => {}
            None => return Err(Mismatch::Foreign),
        }
        cursor.skip_spaces();
        if let Some(command) = command(&mut cursor) {
            record.fields.str("command", command);
            record.message = Cow::Borrowed(cursor.rest());
            return Ok(());
        }
        let label = cursor.bracket().ok_or(Mismatch::Foreign)?;
        record.level = Some(level(label).ok_or(Mismatch::Foreign)?);
        cursor.skip_spaces();
        store_code(&mut cursor, record);
        record.message = Cow::Borrowed(cursor.rest());
        Ok(())
    }
}

/// The timestamp, and whether it is the short one of old versions.
pub(super) fn stamp(cursor: &mut Cursor<'_>, rules: &TimeRules) -> Option<(Micros, bool)> {
    if !cursor.peek()?.is_ascii_digit() {
        return None;
    }
    if let Some(ts) = cursor.stamp(rules) {
        return Some((ts, false));
    }
    let (stamp, length) = read_six_digits(cursor.rest())?;
    cursor.advance(length);
    Some((rules.resolve(stamp)?, true))
}

/// `260105 10:11:12`, the hour padded with a blank: `260105  9:11:12`.
fn read_six_digits(text: &str) -> Option<(Stamp, usize)> {
    let bytes = text.as_bytes();
    if bytes.len() < 15 || bytes[6] != b' ' || !bytes[..6].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let year = 2000 + text[..2].parse::<i32>().ok()?;
    let (month, day) = (text[2..4].parse().ok()?, text[4..6].parse().ok()?);
    let mut clock = [0; 8];
    clock.copy_from_slice(&bytes[7..15]);
    if clock[0] == b' ' {
        clock[0] = b'0';
    }
    let (Stamp::Civil { date: Date::None, time, .. }, 8) = read(&clock)? else {
        return None;
    };
    Some((Stamp::Civil { date: Date::Full { year, month, day }, time, zone: None }, 15))
}

/// The command of the general query log, and the tab after it.
fn command<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    // sql/sql_parse.cc: `Command_names`.
    const COMMANDS: [&str; 20] = [
        "Query",
        "Connect",
        "Quit",
        "Init DB",
        "Execute",
        "Prepare",
        "Close stmt",
        "Reset stmt",
        "Fetch",
        "Field List",
        "Statistics",
        "Ping",
        "Change user",
        "Reset Connection",
        "Set option",
        "Binlog Dump",
        "Register Slave",
        "Register Replica",
        "Refresh",
        "Kill",
    ];
    let mut probe = *cursor;
    let command = probe.until_within("\t", 32).filter(|word| COMMANDS.contains(word))?;
    *cursor = probe;
    Some(command)
}

fn level(label: &str) -> Option<Level> {
    match label {
        "System" => Some(Level::Info),
        word => level_of_word(word),
    }
}

/// `[MY-010116] [Server] ` of version 8, `InnoDB: ` of the others, which stays in the message.
fn store_code(cursor: &mut Cursor<'_>, record: &mut Record<'_>) {
    let mut probe = *cursor;
    let Some(code) = probe.bracket().filter(|code| code.starts_with("MY-")) else {
        return;
    };
    record.fields.str("code", code);
    probe.skip_spaces();
    *cursor = probe;
    if let Some(subsystem) = probe.bracket() {
        record.fields.str("subsystem", subsystem);
        probe.skip_spaces();
        *cursor = probe;
    }
}
