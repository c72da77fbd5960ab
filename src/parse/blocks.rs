//! Blocks: records of several lines, of which only the first is known by its looks and the
//! others are whatever comes before the next such line.
//!
//! ```text
//! # Time: 2026-01-05T10:11:12.123456Z
//! # Query_time: 3.118553  Lock_time: 0.000012 Rows_sent: 1  Rows_examined: 191444
//! SELECT count(*) FROM orders;
//! ```

use std::borrow::Cow;

use super::lines::{RECORD_BYTES_MAX, RECORD_LINES_MAX};

/// The lines of one record, joined with line breaks.
pub struct Block {
    pub text: String,
    /// How many lines it takes. Blank lines at its end are not part of it.
    pub lines: usize,
}

impl Block {
    /// Takes the first of `lines`, and more as long as `continues(block so far, line)`.
    pub fn gather<'l>(
        mut lines: impl Iterator<Item = Cow<'l, str>>,
        continues: impl Fn(&str, &str) -> bool,
    ) -> Block {
        let mut text = lines.next().map(Cow::into_owned).unwrap_or_default();
        let (mut taken, mut whole) = (1, (1, text.len()));
        for line in lines {
            let fits = taken < RECORD_LINES_MAX && text.len() + line.len() < RECORD_BYTES_MAX;
            if !fits || !continues(&text, &line) {
                break;
            }
            text.push('\n');
            text.push_str(&line);
            taken += 1;
            if !line.trim().is_empty() {
                whole = (taken, text.len());
            }
        }
        text.truncate(whole.1);
        Block { text, lines: whole.0 }
    }
}
