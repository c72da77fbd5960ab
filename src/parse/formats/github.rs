//! Logs of GitHub Actions: of a job as the page gives it, and of a run as `gh run view --log`
//! prints it, with job and step before each line.
//!
//! ```text
//! 2026-01-05T10:11:12.1234567Z ##[error]Process completed with exit code 1.
//! build	Run tests	2026-01-05T10:11:12.1234567Z ##[warning]Node.js 16 actions are deprecated.
//! ```
//!
//! `##[error]`, `##[warning]`, `##[notice]` and `##[debug]` are levels; the message is the line
//! after its time.

use std::borrow::Cow;
use std::sync::Arc;

use super::Kind;
use crate::parse::level::level_of_word;
use crate::parse::scan::Cursor;
use crate::parse::{Format, Mismatch, TimeRules};
use crate::record::{Level, Record};

pub const KIND: Kind = Kind {
    name: "github",
    about: "2026-01-05T10:11:12.1234567Z ##[error]message (GitHub Actions)",
    recognise: |sample| {
        let is_one = |line: &&str| line.contains("##[") || line.contains("\t20");
        (sample.is_empty() || sample.iter().any(is_one)).then(|| Arc::new(Github) as _)
    },
};

/// `2026-01-05T10:11:12.1234567Z`: seven digits, as .NET writes them.
const STAMP_BYTES: usize = 28;

struct Github;

impl Format for Github {
    fn name(&self) -> &str {
        KIND.name
    }

    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        let mut rest = line;
        if !line.starts_with(|c: char| c.is_ascii_digit()) || line.as_bytes().get(4) != Some(&b'-')
        {
            let mut parts = line.splitn(3, '\t');
            let (Some(job), Some(step), Some(text)) = (parts.next(), parts.next(), parts.next())
            else {
                return Err(Mismatch::Foreign);
            };
            record.fields.str("job", job);
            record.fields.str("step", step);
            // `gh` marks the beginning of a file in the first line of a step.
            rest = text.trim_start_matches('\u{feff}');
        }
        let mut cursor = Cursor::new(rest);
        let stamp = rest.get(..STAMP_BYTES).filter(|stamp| stamp.ends_with('Z'));
        record.ts = stamp.and_then(|stamp| rules.whole(stamp)).ok_or(Mismatch::Foreign)?;
        cursor.advance(STAMP_BYTES);
        if !cursor.eat(b' ') && !cursor.is_at_end() {
            return Err(Mismatch::Foreign);
        }
        record.level = level_of(cursor.rest());
        record.message = Cow::Borrowed(cursor.rest());
        Ok(())
    }
}

/// The level of `##[error]…`.
fn level_of(message: &str) -> Option<Level> {
    let (word, _) = message.strip_prefix("##[")?.split_once(']')?;
    level_of_word(word)
}
