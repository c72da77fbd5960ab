//! glog and its descendants klog (Kubernetes), absl and TensorFlow (glog,
//! src/logging.cc: `LogMessage::Init`).
//!
//! ```text
//! I0105 10:11:12.123456    812 cart.go:41] message
//! E20260105 10:11:12.123456   812 cart.cc:41] message
//! ```

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::level::level_of_letter;
use crate::parse::scan::Cursor;
use crate::parse::time::{Date, Stamp, read};
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Micros, Record};

pub const KIND: Kind = Kind {
    name: "glog",
    about: "I0105 10:11:12.123456    812 cart.go:41] message",
    recognise: |_| Some(Arc::new(Glog)),
};

struct Glog;

impl Format for Glog {
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
        let letter = cursor.peek().filter(|b| matches!(b, b'I' | b'W' | b'E' | b'F'));
        let letter = letter.ok_or(Mismatch::Foreign)?;
        cursor.advance(1);
        record.ts = stamp(&mut cursor, rules).ok_or(Mismatch::Foreign)?;
        cursor.skip_spaces();
        let tid = cursor.number_word().ok_or(Mismatch::Foreign)?;
        cursor.skip_spaces();
        let place = cursor.until_within("]", 256).ok_or(Mismatch::Foreign)?;
        let (file, number) = place.rsplit_once(':').ok_or(Mismatch::Foreign)?;
        cursor.eat(b' ');
        record.level = level_of_letter(letter);
        record.fields.int("tid", tid);
        record.fields.str("file", file);
        record.fields.typed("line", number);
        record.message = Cow::Borrowed(cursor.rest());
        Ok(())
    }
}

/// `0105 10:11:12.123456` or `20260105 10:11:12.123456`.
fn stamp(cursor: &mut Cursor<'_>, rules: &TimeRules) -> Option<Micros> {
    let text = cursor.rest();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 8 {
        let (ts, length) = rules.read(text)?;
        cursor.advance(length);
        return Some(ts);
    }
    if digits != 4 || text.as_bytes().get(4) != Some(&b' ') {
        return None;
    }
    let (month, day) = (text[..2].parse().ok()?, text[2..4].parse().ok()?);
    let (time, length) = read(&text.as_bytes()[5..])?;
    let Stamp::Civil { date: Date::None, time, zone } = time else {
        return None;
    };
    cursor.advance(5 + length);
    rules.resolve(Stamp::Civil { date: Date::NoYear { month, day }, time, zone })
}
