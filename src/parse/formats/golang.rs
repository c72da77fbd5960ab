//! Go's `log` package (log.go: `formatHeader`) with its standard flags.
//!
//! ```text
//! 2026/01/05 10:11:12 message
//! 2026/01/05 10:11:12.123456 cart.go:41: message
//! 2026/01/05 10:11:12 routing/logger.go:102:func1() [I] message
//! ```
//!
//! There is no level unless the message states one; Gitea adds the function and a letter. Lines that all do (`… [INFO] …`)
//! are Pintail's native text.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::level::{level_of_letter, level_of_message};
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::Record;

pub const KIND: Kind = Kind {
    name: "go",
    about: "2026/01/05 10:11:12 message (Go's log package)",
    recognise: |_| Some(Arc::new(Golang)),
};

const FILE_BYTES_MAX: usize = 256;

struct Golang;

impl Format for Golang {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let year = line.as_bytes().get(..5).ok_or(Mismatch::Foreign)?;
        if year[4] != b'/' || !year[..4].iter().all(u8::is_ascii_digit) {
            return Err(Mismatch::Foreign);
        }
        let mut cursor = Cursor::new(line);
        record.ts = cursor.stamp(rules).ok_or(Mismatch::Foreign)?;
        if !cursor.eat(b' ') {
            return Err(Mismatch::Foreign);
        }
        if let Some((file, number)) = place(&mut cursor) {
            record.fields.str("file", file);
            record.fields.typed("line", number);
            record.level = level_of_message(cursor.rest());
        } else if !gitea(&mut cursor, record) {
            record.level = level_of_message(cursor.rest());
        }
        record.message = Cow::Borrowed(cursor.rest());
        Ok(())
    }
}

/// `routing/logger.go:102:func1() [I] `; says whether it is that.
fn gitea<'a>(cursor: &mut Cursor<'a>, record: &mut Record<'a>) -> bool {
    let mut probe = *cursor;
    let place = probe.word().and_then(|word| word.strip_suffix("()"));
    let Some((place, function)) = place.and_then(|place| place.rsplit_once(':')) else {
        return false;
    };
    let Some((file, line)) = place.rsplit_once(':').filter(|(file, _)| file.ends_with(".go"))
    else {
        return false;
    };
    let level = match probe.bracket().map(str::as_bytes) {
        Some([letter]) => level_of_letter(*letter),
        _ => None,
    };
    if level.is_none() || !probe.skip_spaces() {
        return false;
    }
    record.level = level;
    record.fields.str("file", file);
    record.fields.typed("line", line);
    record.fields.str("function", function);
    *cursor = probe;
    true
}

/// `cart.go:41: `.
fn place<'a>(cursor: &mut Cursor<'a>) -> Option<(&'a str, &'a str)> {
    let mut probe = *cursor;
    let (file, line) = probe.until_within(": ", FILE_BYTES_MAX)?.rsplit_once(':')?;
    let digits = !line.is_empty() && line.bytes().all(|b| b.is_ascii_digit());
    if !digits || !file.ends_with(".go") || file.contains(' ') {
        return None;
    }
    *cursor = probe;
    Some((file, line))
}
