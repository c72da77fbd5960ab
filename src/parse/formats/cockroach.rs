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
use crate::parse::time::{Date, Stamp, read};
use crate::parse::{Format, Mismatch, TimeRules};
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
        let mut cursor = Cursor::new(line);
        read_head(&mut cursor, rules, record).ok_or(Mismatch::Foreign)?;
        let mut probe = cursor;
        if let Some(number) = probe.number()
            && probe.eat(b' ')
        {
            if probe.eat(b'+') || probe.eat(b'|') {
                return Err(Mismatch::Continues { from: line.len() - probe.rest().len() });
            }
            record.fields.typed("counter", &number.to_string());
            // Before structured text stands `=`.
            probe.eat(b'=');
            cursor = probe;
        }
        cursor.skip_spaces();
        record.message = Cow::Borrowed(cursor.rest());
        Ok(())
    }
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
    let Stamp::Civil { date: Date::None, time, offset } = read(&text.as_bytes()[7..])?.0 else {
        return None;
    };
    cursor.advance(7 + read(&text.as_bytes()[7..])?.1);
    rules.resolve(Stamp::Civil { date: Date::Full { year, month, day }, time, offset })
}
