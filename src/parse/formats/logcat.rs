//! Android's logcat in its formats threadtime, time and brief with time
//! (system/logging, liblog/logprint.cpp).
//!
//! ```text
//! 01-05 10:11:12.123   812   934 I CartService: message
//! 01-05 10:11:12.123 I/CartService(  812): message
//! ```

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::level::level_of_letter;
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Level, Record};

pub const KIND: Kind = Kind {
    name: "logcat",
    about: "01-05 10:11:12.123   812   934 I CartService: message (Android)",
    recognise: |_| Some(Arc::new(Logcat)),
};

const TAG_BYTES_MAX: usize = 128;

struct Logcat;

impl Format for Logcat {
    fn name(&self) -> &str {
        KIND.name
    }

    #[inline]
    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        if line.starts_with("--------- ") {
            // `--------- beginning of main`
            return Err(Mismatch::Skip);
        }
        if !line.as_bytes().first().is_some_and(u8::is_ascii_digit) {
            return Err(Mismatch::Foreign);
        }
        let mut cursor = Cursor::new(line);
        record.ts = cursor.stamp(rules).ok_or(Mismatch::Foreign)?;
        cursor.skip_spaces();
        let read = match cursor.peek() {
            Some(b'0'..=b'9') => threadtime(&mut cursor, record),
            _ => time(&mut cursor, record),
        };
        read.ok_or(Mismatch::Foreign)?;
        record.message = Cow::Borrowed(cursor.rest());
        Ok(())
    }
}

/// `PID TID LEVEL TAG: `; with `-v uid` a user stands before them.
fn threadtime<'a>(cursor: &mut Cursor<'a>, record: &mut Record<'a>) -> Option<()> {
    let mut numbers = [0; 3];
    let mut count = 0;
    while count < numbers.len()
        && let Some(number) = cursor.number_word()
    {
        numbers[count] = number;
        count += 1;
        cursor.skip_spaces();
    }
    let names: &[&str] = match count {
        2 => &["pid", "tid"],
        3 => &["uid", "pid", "tid"],
        _ => return None,
    };
    record.level = Some(level(cursor)?);
    if !cursor.skip_spaces() {
        return None;
    }
    for (name, number) in names.iter().zip(numbers) {
        record.fields.int(name, number);
    }
    // A tag may hold blanks and colons, but not the two together.
    let tag = match cursor.until_within(": ", TAG_BYTES_MAX) {
        Some(tag) => tag,
        None => {
            let tag = cursor.rest().strip_suffix(':')?;
            cursor.advance(cursor.rest().len());
            tag
        }
    };
    record.fields.str("tag", tag.trim_end());
    Some(())
}

/// `LEVEL/TAG(PID): `.
fn time<'a>(cursor: &mut Cursor<'a>, record: &mut Record<'a>) -> Option<()> {
    record.level = Some(level(cursor)?);
    if !cursor.eat(b'/') {
        return None;
    }
    let tag = cursor.until_within("(", TAG_BYTES_MAX)?;
    let pid = cursor.until_within("): ", 16)?.trim();
    record.fields.typed("pid", pid);
    record.fields.str("tag", tag.trim_end());
    Some(())
}

fn level(cursor: &mut Cursor<'_>) -> Option<Level> {
    let level = level_of_letter(cursor.peek()?)?;
    cursor.advance(1);
    matches!(cursor.peek(), Some(b' ' | b'/')).then_some(level)
}
