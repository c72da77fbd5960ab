//! CockroachDB's log files, the formats crdb-v1 and crdb-v2 (CockroachDB documentation, "Log
//! formats").
//!
//! ```text
//! I260105 10:11:12.123456 71 1@server/node.go:533 ⋮ [T1,n1] 7  node connected via gossip
//! I260105 10:11:12.123456 71 1@server/node.go:533 ⋮ [T1,n1] 7 +a second line of the same
//! ```
//!
//! A line with `+` or `|` after its number goes on with the record before. The marks that
//! enclose what may be redacted (`‹10.0.0.7›`) stay.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::level::level_of_letter;
use crate::parse::scan::Cursor;
use crate::parse::time::{self, Date, Stamp};
use crate::parse::{Format, Mismatch, TimeRules, Zone};
use crate::record::{Micros, Record};

pub const KIND: Kind = Kind {
    name: "cockroach",
    about: "I260105 10:11:12.123456 71 server/node.go:533 ⋮ [n1] 7  message (CockroachDB)",
    recognise: |_| Some(Arc::new(Cockroach)),
};

const PLACE_BYTES_MAX: usize = 256;

struct Cockroach;

impl Format for Cockroach {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        match read(line, rules, record).ok_or(Mismatch::Foreign)? {
            true => Err(Mismatch::Continues),
            false => Ok(()),
        }
    }

    fn inside<'a>(&self, line: &'a str) -> Cow<'a, str> {
        let mut record = Record::default();
        match read(line, &TimeRules::new(Zone::UTC, 0), &mut record) {
            Some(_) => record.message,
            None => Cow::Borrowed(line),
        }
    }

    fn parse_alone<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        read(line, rules, record).map(|_| ()).ok_or(Mismatch::Foreign)
    }
}

/// Reads a line; says whether it goes on with the record before.
fn read<'a>(line: &'a str, rules: &TimeRules, record: &mut Record<'a>) -> Option<bool> {
    let mut cursor = Cursor::new(line);
    read_head(&mut cursor, rules, record)?;
    let mut probe = cursor;
    let mut continues = false;
    if let Some(number) = probe.number()
        && probe.eat(b' ')
    {
        record.fields.typed("counter", &number.to_string());
        continues = probe.eat(b'+') || probe.eat(b'|');
        // Before structured text stands `=`.
        if !continues && !probe.eat(b'=') {
            probe.skip_spaces();
        }
        cursor = probe;
    }
    record.message = Cow::Borrowed(cursor.rest());
    Some(continues)
}

/// `I260105 10:11:12.123456 71 1@server/node.go:533 ⋮ [T1,n1] `.
fn read_head(cursor: &mut Cursor<'_>, rules: &TimeRules, record: &mut Record<'_>) -> Option<()> {
    let letter = cursor.peek().filter(|letter| matches!(letter, b'I' | b'W' | b'E' | b'F'))?;
    cursor.advance(1);
    record.ts = stamp(cursor, rules)?;
    record.level = level_of_letter(letter);
    cursor.skip_spaces();
    let goroutine = cursor.number().filter(|_| cursor.eat(b' ') || cursor.peek() == Some(b'@'));
    let place = cursor.token().filter(|place| place.len() <= PLACE_BYTES_MAX)?;
    let (channel, place) = place.split_once('@').unwrap_or(("", place));
    let (file, line) = place.rsplit_once(':')?;
    let is_line = !line.is_empty() && line.bytes().all(|b| b.is_ascii_digit());
    if !is_line || !file.contains('.') {
        return None;
    }
    cursor.skip_spaces();
    cursor.eat_str("⋮ ");
    let tags = cursor.bracket();
    cursor.skip_spaces();
    let fields = &mut record.fields;
    if let Some(goroutine) = goroutine {
        fields.typed("goroutine", &goroutine.to_string());
    }
    fields.str("file", file);
    fields.typed("line", line);
    for (name, value) in [("channel", channel), ("tags", tags.unwrap_or_default())] {
        if !matches!(value, "" | "-") {
            fields.str(name, value);
        }
    }
    Some(())
}

/// `260105 10:11:12.123456`.
fn stamp(cursor: &mut Cursor<'_>, rules: &TimeRules) -> Option<Micros> {
    let text = cursor.rest();
    let is_day = text.len() > 7
        && text.as_bytes()[..6].iter().all(u8::is_ascii_digit)
        && text.as_bytes()[6] == b' ';
    if !is_day {
        return None;
    }
    let year = 2000 + text[..2].parse::<i32>().ok()?;
    let (month, day) = (text[2..4].parse().ok()?, text[4..6].parse().ok()?);
    let (stamp, length) = time::read(&text.as_bytes()[7..])?;
    let Stamp::Civil { date: Date::None, time, zone } = stamp else {
        return None;
    };
    cursor.advance(7 + length);
    rules.resolve(Stamp::Civil { date: Date::Full { year, month, day }, time, zone })
}
