//! Bytes to records. Pure: no files, no clock, no database.
//!
//! ```text
//! bytes of a source ─ lines ─▶ Dialect (which formats, in which order) ─▶ Format::parse ─▶ Record
//!      │                                                            └▶ continuation, reject, skip
//!      └ the first lines ─ Dialect::detect
//! ```
//!
//! - [`formats`]: one file a format, and the list of them. Start here to add one.
//! - [`blocks`]: records whose time stands in the first of several lines.
//! - [`dialect`]: what a source's first lines say about its formats, with scores.
//! - [`lines`]: blocks of bytes to lines to records; multi-line rules, hostile bytes.
//! - [`streams`]: sources in which the lines of several streams are mixed.
//! - [`time`], [`level`]: spellings of timestamps and levels.
//! - [`scan`]: the cursor that formats read a line with.

pub mod blocks;
pub mod dialect;
pub mod formats;
pub mod level;
pub mod lines;
pub mod scan;
pub mod streams;
pub mod time;

use std::borrow::Cow;

pub use dialect::Dialect;
pub use lines::{Sink, Tally, read_block, read_block_by};
pub use time::{TimeRules, Zone};

use crate::record::Record;

/// Why a line is not a record of a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// Nothing of this format: another format's, or the continuation of a record.
    Foreign,
    /// This format's, but unreadable. The reason goes to the reject row.
    Broken(&'static str),
    /// The beginning of a record that goes on in the next line (a quoted line break in
    /// CSV, pretty-printed JSON). Tried again with the next line appended.
    Incomplete,
    /// This format's, and the continuation of the record before: a line of a stack trace in the
    /// envelope that a container's runtime puts around every line. What continues the record is
    /// [`Format::inside`] the line.
    Continues,
    /// This format's, and several records: [`Format::elements`] tells them apart.
    Several,
    /// The first line of a block: a record that goes on up to the line that begins the next
    /// one ([`Format::continues`]), and is read as a whole ([`Format::parse_block`]).
    Head,
    /// This format's, but not a record: a header, a comment.
    Skip,
}

/// One log format. Implementations hold what they learned from a source's first
/// lines (the columns of a CSV header) and nothing else; parsing is a pure function
/// of the line, so that any worker may read any part of a source.
pub trait Format: Send + Sync {
    /// The name that `--format` takes and the Sources page shows.
    fn name(&self) -> &str;

    /// Reads one line without its line break into `record`, which arrives empty.
    /// What it leaves there when it fails is discarded.
    fn parse<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch>;

    /// What stands in the envelope of a line: all of it where there is none.
    fn inside<'a>(&self, line: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(line)
    }

    /// Reads a line that [continues](Mismatch::Continues) a record which is not there.
    ///
    /// # Errors
    /// It is no record by itself either.
    fn parse_alone<'a>(
        &self,
        line: &'a str,
        rules: &TimeRules,
        record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        self.parse(line, rules, record)
    }

    /// The texts of the records in a line that holds [several](Mismatch::Several).
    fn elements<'a>(&self, line: &'a str) -> Vec<Cow<'a, str>> {
        vec![Cow::Borrowed(line)]
    }

    /// Whether the lines of several streams are mixed in a source of this format.
    fn has_streams(&self) -> bool {
        false
    }

    /// The stream that a line belongs to: only lines of one stream go on with each other.
    fn stream<'a>(&self, _line: &'a str) -> Option<&'a str> {
        None
    }

    /// Whether `line` belongs to the block that `block` is the beginning of, of a format that
    /// answers [`Mismatch::Head`]. Only the format itself knows: SQL in a slow query log has
    /// lines that begin with dates.
    fn continues(&self, _block: &str, line: &str, rules: &TimeRules) -> bool {
        self.parse(line, rules, &mut Record::default()) == Err(Mismatch::Foreign)
    }

    /// Reads a whole block, its lines joined with line breaks, into an empty `record`.
    fn parse_block<'a>(
        &self,
        _block: &'a str,
        _rules: &TimeRules,
        _record: &mut Record<'a>,
    ) -> Result<(), Mismatch> {
        Err(Mismatch::Foreign)
    }

    /// Whether foreign lines after a record belong to it, as stack traces do.
    fn takes_continuations(&self) -> bool {
        true
    }

    /// Whether an indented line may be a record of it. Those of other formats are not offered such
    /// lines where they were not seen: most of them belong to stack traces.
    fn reads_indented(&self) -> bool {
        false
    }

    /// Whether it reads anything that has a timestamp, knowing nothing more: then any
    /// format that reads much of a source goes before it.
    fn is_fallback(&self) -> bool {
        false
    }

    /// Whether a record may go on in the next line in a way that looks like another
    /// format's record ([`Mismatch::Incomplete`]): then only this format's own lines tell where
    /// a record begins.
    fn joins_lines(&self) -> bool {
        false
    }

    /// Whether a block of lines may be cut before this line.
    fn starts(&self, line: &str, rules: &TimeRules) -> bool {
        self.parse(line, rules, &mut Record::default()).is_ok()
    }
}
