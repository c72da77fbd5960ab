//! Build logs of TeamCity.
//!
//! ```text
//! [10:11:12] : [Step 1/2] Starting
//! [10:11:12]W: [Step 1/2] warning: no cache
//! [10:11:13]E: [Step 2/2] Process exited with code 1
//! ```
//!
//! The letter is the level; lines of the server itself have `i`, of the agent's details `d`.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::level::level_of_letter;
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::Record;

pub const KIND: Kind = Kind {
    name: "teamcity",
    about: "[10:11:12]W: message (TeamCity's build logs)",
    recognise: |_| Some(Arc::new(TeamCity)),
};

struct TeamCity;

impl Format for TeamCity {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        // `[10:11:12]`
        if !matches!(line.as_bytes(), [b'[', _, _, b':', _, _, b':', _, _, b']', ..]) {
            return Err(Mismatch::Foreign);
        }
        let mut cursor = Cursor::new(line);
        record.ts = cursor.stamp(rules).ok_or(Mismatch::Foreign)?;
        let letter = cursor.peek().ok_or(Mismatch::Foreign)?;
        if !matches!(letter, b' ' | b'i' | b'd' | b'W' | b'E' | b'F') {
            return Err(Mismatch::Foreign);
        }
        cursor.advance(1);
        if !cursor.eat(b':') || !matches!(cursor.peek(), None | Some(b' ' | b'\t')) {
            return Err(Mismatch::Foreign);
        }
        cursor.eat(b' ');
        record.level = level_of_letter(letter.to_ascii_uppercase());
        record.message = Cow::Borrowed(cursor.rest());
        Ok(())
    }
}
