//! Android's logcat in its formats threadtime, time, brief and long (system/logging,
//! liblog/logprint.cpp), and as Android Studio saves it.
//!
//! ```text
//! 01-05 10:11:12.123   812   934 I CartService: message
//! 01-05 10:11:12.123 I/CartService(  812): message
//! I/CartService(  812): message
//! 2026-01-05 10:11:12.123   812-934   CartService             com.acme                             I  message
//! [ 01-05 10:11:12.123   812:  934 I/CartService ]
//! message
//! ```
//!
//! In the format brief lines have no time.

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
        let mut cursor = Cursor::new(line);
        let read = match cursor.peek() {
            Some(b'0'..=b'9') => {
                record.ts = cursor.stamp(rules).ok_or(Mismatch::Foreign)?;
                cursor.skip_spaces();
                match cursor.peek() {
                    Some(b'0'..=b'9') => {
                        threadtime(&mut cursor, record).or_else(|| studio(&mut cursor, record))
                    }
                    _ => time(&mut cursor, record),
                }
            }
            Some(b'A'..=b'Z') => {
                record.ts = rules.absent.ok_or(Mismatch::Foreign)?;
                let read = time(&mut cursor, record);
                rules.mark_undated(record);
                read
            }
            Some(b'[') if long_head(line, rules, record).is_some() => return Err(Mismatch::Head),
            _ => None,
        };
        read.ok_or(Mismatch::Foreign)?;
        record.message = Cow::Borrowed(cursor.rest());
        Ok(())
    }

    fn continues(&self, _block: &str, line: &str, rules: &TimeRules) -> bool {
        !line.starts_with("--------- ") && long_head(line, rules, &mut Record::default()).is_none()
    }

    fn parse_block<'a>(
        &self,
        block: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let (head, text) = block.split_once('\n').unwrap_or((block, ""));
        long_head(head, rules, record).ok_or(Mismatch::Foreign)?;
        record.message = Cow::Borrowed(text);
        Ok(())
    }

    fn starts(&self, line: &str, rules: &TimeRules) -> bool {
        let mut record = Record::default();
        matches!(self.parse(line, rules, &mut record), Ok(()) | Err(Mismatch::Head))
    }
}

/// `[ 01-05 10:11:12.123   812:  934 I/CartService ]`, a line of its own.
fn long_head<'a>(line: &'a str, rules: &TimeRules, record: &mut Record<'a>) -> Option<()> {
    let mut cursor = Cursor::new(line.strip_prefix("[ ")?.trim_end().strip_suffix(" ]")?);
    record.ts = cursor.stamp(rules)?;
    cursor.skip_spaces();
    let pid = cursor.number()?;
    cursor.eat(b':').then_some(())?;
    cursor.skip_spaces();
    let tid = cursor.number()?;
    cursor.skip_spaces();
    record.level = Some(level(&mut cursor)?);
    cursor.eat(b'/').then_some(())?;
    record.fields.int("pid", i64::try_from(pid).ok()?);
    record.fields.int("tid", i64::try_from(tid).ok()?);
    record.fields.str("tag", cursor.rest().trim_end());
    Some(())
}

/// `PID-TID TAG PACKAGE LEVEL  `, as Android Studio saves it; the package may be missing.
fn studio<'a>(cursor: &mut Cursor<'a>, record: &mut Record<'a>) -> Option<()> {
    const WORDS_MAX: usize = 6;
    let mut probe = *cursor;
    let pid = i64::try_from(probe.number()?).ok()?;
    probe.eat(b'-').then_some(())?;
    let tid = i64::try_from(probe.number()?).ok()?;
    probe.skip_spaces().then_some(())?;
    let names = probe.rest();
    for _ in 0..WORDS_MAX {
        let length = names.len() - probe.rest().len();
        let mut end = probe;
        if let Some(found) = level(&mut end)
            && end.skip_spaces()
            && length > 0
        {
            let names = names[..length].trim_end();
            let (tag, package) = names.rsplit_once(' ').unwrap_or((names, ""));
            record.level = Some(found);
            record.fields.int("pid", pid);
            record.fields.int("tid", tid);
            record.fields.str("tag", tag.trim_end());
            if !package.is_empty() {
                record.fields.str("package", package);
            }
            *cursor = end;
            return Some(());
        }
        probe.word()?;
    }
    None
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
