//! Blocks of bytes to lines to records: where lines end, what belongs together, and
//! what hostile bytes turn into.
//!
//! - Lines end with LF or CR LF. NUL bytes at the beginning of a line (the hole that
//!   copytruncate leaves) are dropped; elsewhere they become U+FFFD, as invalid UTF-8 does.
//! - ANSI colours are removed.
//! - Lines that no format reads continue the record before them, blank lines between
//!   them included, within [`RECORD_LINES_MAX`] and [`RECORD_BYTES_MAX`]; beyond those,
//!   before the first record, and after a record that could not be read, they are rejects.
//! - A line above [`LINE_BYTES_MAX`] is a reject with its beginning kept.

use std::borrow::Cow;

use super::dialect::{Dialect, Reading};
use crate::record::Record;

/// Longest line that is read as a record: the largest that shippers send (1 MiB).
pub const LINE_BYTES_MAX: usize = 1 << 20;
/// Most lines of one record: a deep recursion's stack trace has about a thousand.
pub const RECORD_LINES_MAX: usize = 2_000;
/// Most bytes of one record's message, continuations included.
pub const RECORD_BYTES_MAX: usize = 1 << 20;
/// How much of a rejected line is kept.
pub const REJECT_BYTES_MAX: usize = 4 << 10;
/// Most lines that [`Reading::Incomplete`] joins.
const JOINED_LINES_MAX: usize = 500;

pub const REASON_TOO_LONG: &str = "line longer than 1 MiB";
const REASON_NO_RECORD: &str = "no timestamp, and no record before it";
const REASON_AFTER_CLOSED: &str = "not in the format of its source";
const REASON_AFTER_BROKEN: &str = "continuation of a line that could not be read";
const REASON_RECORD_TOO_LONG: &str = "continuation of a record that is already too long";
const REASON_INCOMPLETE: &str = "record does not end";

/// Where records go. Offsets are bytes from the beginning of the block.
pub trait Sink {
    /// A record whose lines end before `end`.
    fn record(&mut self, record: &Record<'_>, end: usize);

    /// One more line of the last record, which now ends before `end`.
    fn extend(&mut self, line: &str, end: usize);

    /// A line that no format could read, at `start..end`.
    fn reject(&mut self, reason: &'static str, line: &str, start: usize, end: usize);
}

/// What became of the lines of a block. `lines` is the sum of the others, where a
/// record counts its first line and what [`Reading::Incomplete`] joined is `continuations`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Tally {
    pub lines: u64,
    pub records: u64,
    pub continuations: u64,
    pub rejects: u64,
    /// Blank lines, headers and comments.
    pub skipped: u64,
    /// Lines with bytes that had to be replaced or removed.
    pub repaired: u64,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.lines += other.lines;
        self.records += other.records;
        self.continuations += other.continuations;
        self.rejects += other.rejects;
        self.skipped += other.skipped;
        self.repaired += other.repaired;
    }
}

/// Reads a block that begins with a line and ends with one (with or without its line
/// break) into `sink`.
pub fn read_block(dialect: &Dialect, block: &[u8], sink: &mut impl Sink) -> Tally {
    let mut reader = BlockReader {
        dialect,
        block,
        sink,
        tally: Tally::default(),
        open: None,
        stray_reason: REASON_NO_RECORD,
    };
    let mut record = Record::default();
    // One check for the whole block instead of one a line: nearly every block is clean.
    match clean_text(block) {
        Some(text) => {
            let mut start = 0;
            while start < block.len() {
                let next = next_line(block, start);
                let line = strip_line_break(&text[start..next]);
                let reading = dialect.read(line, &mut record);
                let end = match reading {
                    Reading::Record { takes_continuations } if line.len() <= LINE_BYTES_MAX => {
                        reader.take_record(&record, takes_continuations, line, next);
                        next
                    }
                    other => reader.take_other(other, Cow::Borrowed(line), start, next),
                };
                record = record.recycle();
                start = end;
            }
        }
        None => {
            let mut start = 0;
            while start < block.len() {
                let next = next_line(block, start);
                start = reader.take_dirty(start, next);
            }
        }
    }
    reader.finish()
}

/// Where the line after the one at `start` begins.
#[inline]
fn next_line(block: &[u8], start: usize) -> usize {
    memchr::memchr(b'\n', &block[start..]).map_or(block.len(), |at| start + at + 1)
}

/// The block as text if no line of it needs [`clean`].
fn clean_text(block: &[u8]) -> Option<&str> {
    if memchr::memchr2(0, ESCAPE, block).is_some() {
        return None;
    }
    std::str::from_utf8(block).ok()
}

#[inline]
fn strip_line_break(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

/// The record that following lines would continue.
struct Open {
    /// Lines that no format reads continue it too.
    takes_foreign: bool,
    lines: usize,
    bytes: usize,
    /// Blank lines seen since; they count only if a continuation follows.
    blank: usize,
    /// A line did not fit any more: those after it do not either.
    full: bool,
}

struct BlockReader<'b, S> {
    dialect: &'b Dialect,
    block: &'b [u8],
    sink: &'b mut S,
    tally: Tally,
    open: Option<Open>,
    /// Why a line that continues nothing is rejected: what came before it.
    stray_reason: &'static str,
}

impl<S: Sink> BlockReader<'_, S> {
    /// Counts and emits; returns nothing because a record ends where its line does.
    #[inline]
    fn take_record(
        &mut self,
        record: &Record<'_>,
        takes_continuations: bool,
        line: &str,
        end: usize,
    ) {
        self.drop_blanks();
        self.tally.lines += 1;
        self.tally.records += 1;
        self.sink.record(record, end);
        self.open = Some(Open {
            takes_foreign: takes_continuations,
            lines: 1,
            bytes: line.len(),
            blank: 0,
            full: false,
        });
        self.stray_reason = REASON_AFTER_CLOSED;
    }

    /// A line that is no record by itself; returns where the next one begins, which is
    /// further on if lines were joined.
    fn take_other(
        &mut self,
        reading: Reading,
        line: Cow<'_, str>,
        start: usize,
        end: usize,
    ) -> usize {
        if line.len() > LINE_BYTES_MAX {
            self.take_broken(REASON_TOO_LONG, &line, start, end);
            return end;
        }
        match reading {
            Reading::Incomplete => return self.take_joined(line, start, end),
            Reading::Block => return self.take_block(&line, start, end),
            Reading::Skip => {
                self.drop_blanks();
                self.tally.lines += 1;
                self.tally.skipped += 1;
            }
            Reading::Reject(_) | Reading::Continuation { .. } if line.trim().is_empty() => {
                self.take_blank();
            }
            Reading::Reject(reason) => self.take_broken(reason, &line, start, end),
            Reading::Continuation { from } => self.take_continuation(&line, from, start, end),
            Reading::Record { .. } => {
                unreachable!("records of allowed length are taken by the caller")
            }
        }
        end
    }

    /// A record that cannot be read. The lines that continue it belong to no other.
    fn take_broken(&mut self, reason: &'static str, line: &str, start: usize, end: usize) {
        self.take_reject(reason, line, start, end);
        self.open = None;
        self.stray_reason = REASON_AFTER_BROKEN;
    }

    fn take_reject(&mut self, reason: &'static str, line: &str, start: usize, end: usize) {
        self.drop_blanks();
        self.tally.lines += 1;
        self.tally.rejects += 1;
        self.sink.reject(reason, beginning(line), start, end);
    }

    fn take_blank(&mut self) {
        self.tally.lines += 1;
        match &mut self.open {
            Some(open) => open.blank += 1,
            None => self.tally.skipped += 1,
        }
    }

    /// Blank lines that turned out to separate records rather than belong to one.
    #[inline]
    fn drop_blanks(&mut self) {
        if let Some(open) = &mut self.open {
            self.tally.skipped += open.blank as u64;
            open.blank = 0;
        }
    }

    fn take_continuation(&mut self, whole: &str, from: usize, start: usize, end: usize) {
        let line = &whole[from..];
        let Some(open) = self.open.as_mut().filter(|open| open.takes_foreign || from > 0) else {
            return self.take_reject(self.stray_reason, whole, start, end);
        };
        let fits = !open.full
            && open.lines + open.blank < RECORD_LINES_MAX
            && open.bytes + open.blank + line.len() < RECORD_BYTES_MAX;
        if !fits {
            open.full = true;
            return self.take_reject(REASON_RECORD_TOO_LONG, whole, start, end);
        }
        for _ in 0..open.blank {
            self.sink.extend("", end);
        }
        self.sink.extend(line, end);
        self.tally.lines += 1;
        self.tally.continuations += 1 + open.blank as u64;
        open.lines += 1 + open.blank;
        open.bytes += open.blank + line.len() + 1;
        open.blank = 0;
    }

    /// A record that goes on in the next lines: joins them until it is whole. If it
    /// never is, only its first line is rejected and the others are read by themselves.
    fn take_joined(&mut self, first: Cow<'_, str>, start: usize, end: usize) -> usize {
        let mut joined = first.clone().into_owned();
        let (mut at, mut lines) = (end, 1u64);
        while at < self.block.len()
            && lines < JOINED_LINES_MAX as u64
            && joined.len() < RECORD_BYTES_MAX
        {
            let next = next_line(self.block, at);
            joined.push('\n');
            joined.push_str(&clean(&self.block[at..next]).0);
            (at, lines) = (next, lines + 1);
            let mut record = Record::default();
            match self.dialect.read(&joined, &mut record) {
                Reading::Record { takes_continuations } => {
                    self.take_record(&record, takes_continuations, &joined, at);
                    self.tally.lines += lines - 1;
                    self.tally.continuations += lines - 1;
                    return at;
                }
                Reading::Incomplete => {}
                _ => break,
            }
        }
        self.take_broken(REASON_INCOMPLETE, &first, start, end);
        end
    }

    /// A record of several lines ([`super::blocks`]). If it cannot be read, only its first line
    /// is rejected and the others are read by themselves.
    fn take_block(&mut self, first: &str, start: usize, end: usize) -> usize {
        let mut at = start;
        let lines = std::iter::from_fn(|| {
            let line = at..next_line(self.block, at);
            at = line.end;
            (!line.is_empty()).then(|| clean(&self.block[line]).0)
        });
        let block = self.dialect.block(lines);
        let block_end = (0..block.lines).fold(start, |at, _| next_line(self.block, at));
        let mut record = Record::default();
        match self.dialect.read_block(&block.text, &mut record) {
            Reading::Record { takes_continuations } => {
                self.take_record(&record, takes_continuations, &block.text, block_end);
                self.tally.lines += block.lines as u64 - 1;
                self.tally.continuations += block.lines as u64 - 1;
                block_end
            }
            Reading::Reject(reason) => {
                self.take_broken(reason, first, start, end);
                end
            }
            _ => {
                self.drop_blanks();
                self.tally.lines += 1;
                self.tally.skipped += 1;
                end
            }
        }
    }

    /// A line of a block that is not clean text.
    fn take_dirty(&mut self, start: usize, next: usize) -> usize {
        let (line, repaired) = clean(&self.block[start..next]);
        self.tally.repaired += u64::from(repaired);
        let mut record = Record::default();
        let reading = self.dialect.read(&line, &mut record);
        match reading {
            Reading::Record { takes_continuations } if line.len() <= LINE_BYTES_MAX => {
                self.take_record(&record, takes_continuations, &line, next);
                next
            }
            other => self.take_other(other, Cow::Borrowed(&line), start, next),
        }
    }

    fn finish(mut self) -> Tally {
        self.drop_blanks();
        self.tally
    }
}

/// The first [`REJECT_BYTES_MAX`] bytes of a line, cut between characters.
pub fn beginning(line: &str) -> &str {
    &line[..line.floor_char_boundary(REJECT_BYTES_MAX)]
}

const ESCAPE: u8 = 0x1b;

/// A line as formats see it: without line break, ANSI escapes and NUL bytes, in valid
/// UTF-8. Says whether bytes were lost that were not just colour.
pub fn clean(raw: &[u8]) -> (Cow<'_, str>, bool) {
    let raw = raw.strip_suffix(b"\n").unwrap_or(raw);
    let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
    let hole = raw.iter().take_while(|&&b| b == 0).count();
    let text = String::from_utf8_lossy(&raw[hole..]);
    let mut repaired = hole > 0 || matches!(text, Cow::Owned(_));
    if memchr::memchr2(0, ESCAPE, text.as_bytes()).is_none() {
        return (text, repaired);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\0' => {
                repaired = true;
                out.push(char::REPLACEMENT_CHARACTER);
            }
            '\u{1b}' => skip_escape(&mut chars),
            c => out.push(c),
        }
    }
    (Cow::Owned(out), repaired)
}

/// Skips what follows ESC: a control sequence (`[1;31m`), an operating system command
/// (`]8;;…` up to BEL or ESC `\`), or one character. ECMA-48, sections 5.4 and 8.3.
fn skip_escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match chars.peek() {
        Some('[') => {
            chars.next();
            while let Some(&c) = chars.peek() {
                if !('\u{20}'..='\u{7e}').contains(&c) {
                    return;
                }
                chars.next();
                if ('\u{40}'..='\u{7e}').contains(&c) {
                    return;
                }
            }
        }
        Some(']') => {
            while let Some(c) = chars.next() {
                if c == '\u{7}' {
                    return;
                }
                if c == '\u{1b}' {
                    chars.next();
                    return;
                }
            }
        }
        Some('(' | ')') => {
            chars.next();
            chars.next();
        }
        Some(c) if c.is_ascii() => {
            chars.next();
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_and_holes_are_removed() {
        for (raw, expected, repaired) in [
            (&b"plain\r\n"[..], "plain", false),
            (b"\x1b[1;31mERROR\x1b[0m x", "ERROR x", false),
            (b"\x1b]8;;http://x\x07link\x1b]8;;\x1b\\", "link", false),
            (b"\0\0\0after copytruncate", "after copytruncate", true),
            (b"a\0b", "a\u{fffd}b", true),
            (b"caf\xe9", "caf\u{fffd}", true),
            (b"\x1b[", "", false),
        ] {
            let (text, was_repaired) = clean(raw);
            assert_eq!((&*text, was_repaired), (expected, repaired), "{raw:?}");
        }
    }
}
