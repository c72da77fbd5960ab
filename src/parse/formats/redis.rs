//! Redis and Valkey (server.c: `serverLogRaw`).
//!
//! ```text
//! 812:M 05 Jan 2026 10:11:12.123 * message
//! [812] 05 Jan 10:11:12.123 # message
//! ```
//!
//! The signs are Redis's levels: `.` debug and `-` verbose are DEBUG, `*` notice is
//! INFO, `#` warning is WARN.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::scan::Cursor;
use crate::parse::time::{Date, Stamp, read};
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Level, Micros, Record};

pub const KIND: Kind = Kind {
    name: "redis",
    about: "812:M 05 Jan 2026 10:11:12.123 * message",
    recognise: |_| Some(Arc::new(Redis)),
};

struct Redis;

impl Format for Redis {
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
        let (pid, role) = process(&mut cursor).ok_or(Mismatch::Foreign)?;
        record.ts = stamp(&mut cursor, rules).ok_or(Mismatch::Foreign)?;
        cursor.skip_spaces();
        let level = match cursor.word() {
            Some("." | "-") => Level::Debug,
            Some("*") => Level::Info,
            Some("#") => Level::Warn,
            _ => return Err(Mismatch::Foreign),
        };
        record.level = Some(level);
        record.fields.typed("pid", pid);
        if let Some(role) = role {
            record.fields.str("role", role);
        }
        record.message = Cow::Borrowed(cursor.rest());
        Ok(())
    }
}

/// `812:M ` or, before version 3, `[812] `.
fn process<'a>(cursor: &mut Cursor<'a>) -> Option<(&'a str, Option<&'static str>)> {
    let all_digits = |pid: &str| !pid.is_empty() && pid.bytes().all(|b| b.is_ascii_digit());
    if cursor.peek()? == b'[' {
        let pid = cursor.bracket().filter(|pid| all_digits(pid))?;
        return cursor.skip_spaces().then_some((pid, None));
    }
    let (pid, role) = cursor.word()?.split_once(':')?;
    let role = match role {
        "M" => "master",
        "S" => "replica",
        "C" => "child",
        "X" => "sentinel",
        _ => return None,
    };
    all_digits(pid).then_some((pid, Some(role)))
}

/// `05 Jan 2026 10:11:12.123`, before version 5 without the year.
fn stamp(cursor: &mut Cursor<'_>, rules: &TimeRules) -> Option<Micros> {
    if let Some(ts) = cursor.stamp(rules) {
        return Some(ts);
    }
    let text = cursor.rest();
    // `05 Jan` turned round is a spelling that is known.
    let turned = format!("{} {} {}", text.get(3..6)?, text.get(..2)?, text.get(7..19)?);
    let (stamp, length) = read(turned.as_bytes())?;
    let no_year = matches!(stamp, Stamp::Civil { date: Date::NoYear { .. }, .. });
    if !no_year || length != turned.len() {
        return None;
    }
    cursor.advance(19);
    rules.resolve(stamp)
}
