//! Blocks of bytes to lines to records: where lines end, what belongs together, and
//! what hostile bytes turn into.
//!
//! - Lines end with LF or CR LF. NUL bytes at the beginning of a line (the hole that
//!   copytruncate leaves) are dropped; elsewhere each run of them becomes one U+FFFD, as damaged
//!   UTF-8 does.
//!   Lines in no UTF-8 at all are read as Windows-1252.
//! - ANSI colours are removed.
//! - Lines that no format reads continue the record before them, blank lines between
//!   them included, within [`RECORD_LINES_MAX`] and [`RECORD_BYTES_MAX`]; beyond those,
//!   before the first record, and after a record that could not be read, they are rejects.
//! - A line above [`LINE_BYTES_MAX`] is a reject with its beginning kept.

use std::borrow::Cow;

use super::TimeRules;
use super::dialect::{Dialect, Reading};
use super::formats::plain;
use super::level::level_of_message;
use super::streams::{self, Reordered};
use super::time::Stray;
use crate::record::{Level, Micros, Record};

/// Longest line that is read as a record: the largest that shippers send (1 MiB).
pub const LINE_BYTES_MAX: usize = 1 << 20;
/// Most lines of one record: a deep recursion's stack trace has about a thousand.
pub const RECORD_LINES_MAX: usize = 2_000;
/// Most bytes of one record's message, continuations included.
pub const RECORD_BYTES_MAX: usize = 1 << 20;
/// How much of a rejected line is kept.
pub const REJECT_BYTES_MAX: usize = 4 << 10;
/// How long after a record's last line one that does not look like it goes on with the record,
/// in microseconds: a program writes the lines of a message in one go.
const CONTINUES_WITHIN: Micros = 250_000;
/// Most lines that [`Reading::Incomplete`] joins.
const JOINED_LINES_MAX: usize = 500;

pub const REASON_TOO_LONG: &str = "line longer than 1 MiB";
const REASON_NO_RECORD: &str = "no timestamp, and no record before it";
const REASON_HALF: &str = "no timestamp in a line without its line break";
const REASON_UNDATED: &str = "no timestamp";
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

    /// The records of the block are not in the order of their lines: the ends of all but the
    /// last say nothing of the source.
    fn out_of_order(&mut self) {}
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
    /// Of the records, those whose lines have no time.
    #[serde(default)]
    pub undated: u64,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.lines += other.lines;
        self.records += other.records;
        self.continuations += other.continuations;
        self.rejects += other.rejects;
        self.skipped += other.skipped;
        self.repaired += other.repaired;
        self.undated += other.undated;
    }
}

/// Reads a block that begins with a line and ends with one (with or without its line
/// break) into `sink`.
pub fn read_block(dialect: &Dialect, block: &[u8], sink: &mut impl Sink) -> Tally {
    read_block_by(dialect, dialect.rules(), block, sink)
}

/// The same with other rules of time than those of the dialect: when a block without times
/// arrived is known only when it does.
pub fn read_block_by(
    dialect: &Dialect,
    rules: &TimeRules,
    block: &[u8],
    sink: &mut impl Sink,
) -> Tally {
    if dialect.has_streams()
        && let Some(reordered) = streams::in_order(dialect, block)
    {
        sink.out_of_order();
        let mut sink = Replaced { sink, reordered: &reordered };
        return BlockReader::new(dialect, rules, &reordered.bytes, &mut sink).read();
    }
    BlockReader::new(dialect, rules, block, sink).read()
}

/// Tells the sink where the lines of a reordered block lie in their source.
struct Replaced<'r, S> {
    sink: &'r mut S,
    reordered: &'r Reordered,
}

impl<S: Sink> Sink for Replaced<'_, S> {
    fn record(&mut self, record: &Record<'_>, end: usize) {
        self.sink.record(record, end);
    }

    fn extend(&mut self, line: &str, end: usize) {
        self.sink.extend(line, end);
    }

    fn reject(&mut self, reason: &'static str, line: &str, start: usize, end: usize) {
        let origin = self.reordered.origin(start);
        self.sink.reject(reason, line, origin, origin + (end - start));
    }
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
    let line = line.strip_suffix('\r').unwrap_or(line);
    line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line)
}

/// The record that following lines would continue.
struct Open {
    /// Lines that no format reads continue it too.
    takes_foreign: bool,
    /// The stream that it is of, where there are several.
    stream: u64,
    /// The time of its last line, where each has one.
    at: Micros,
    lines: usize,
    bytes: usize,
    /// Blank lines seen since; they count only if a continuation follows.
    blank: usize,
    /// A line did not fit any more: those after it do not either.
    full: bool,
    level: Option<Level>,
    /// Its time is that of another.
    is_undated: bool,
}

struct BlockReader<'b, S> {
    dialect: &'b Dialect,
    rules: &'b TimeRules,
    has_streams: bool,
    block: &'b [u8],
    sink: &'b mut S,
    tally: Tally,
    open: Option<Open>,
    /// Why a line that continues nothing is rejected: what came before it.
    stray_reason: &'static str,
    /// The time of the next record that has one, once it was looked for.
    next: Option<Option<Micros>>,
}

impl<'b, S: Sink> BlockReader<'b, S> {
    fn new(
        dialect: &'b Dialect,
        rules: &'b TimeRules,
        block: &'b [u8],
        sink: &'b mut S,
    ) -> BlockReader<'b, S> {
        let has_streams = dialect.has_streams();
        let (tally, open, stray_reason) = (Tally::default(), None, REASON_NO_RECORD);
        let next = None;
        BlockReader { dialect, rules, has_streams, block, sink, tally, open, stray_reason, next }
    }

    /// Whether a record has no time of its own, and its line, which ends at `end`, no line break: the
    /// rest of it may tell the time.
    fn is_half(&self, record: &Record<'_>, end: usize) -> bool {
        self.rules.may_grow
            && self.is_undated(record)
            && end == self.block.len()
            && !self.block.ends_with(b"\n")
    }

    fn is_undated(&self, record: &Record<'_>) -> bool {
        self.rules.undated.is_some() && self.rules.absent == Some(record.ts)
    }

    fn read(mut self) -> Tally {
        let mut start = 0;
        // One check for the whole block instead of one a line: nearly every block is clean.
        match clean_text(self.block) {
            Some(text) => {
                let mut record = Record::default();
                while start < text.len() {
                    let next = next_line(self.block, start);
                    let line = strip_line_break(&text[start..next]);
                    start = match self.dialect.read_by(line, self.rules, &mut record) {
                        Reading::Record { .. } if self.is_half(&record, next) => {
                            self.take_reject(REASON_HALF, line, start, next);
                            next
                        }
                        Reading::Record { takes_continuations } if line.len() <= LINE_BYTES_MAX => {
                            self.take_record(&record, takes_continuations, line, next);
                            next
                        }
                        other => self.take_other(other, Cow::Borrowed(line), start, next),
                    };
                    record = record.recycle();
                }
            }
            None => {
                while start < self.block.len() {
                    start = self.take_dirty(start, next_line(self.block, start));
                }
            }
        }
        self.drop_blanks();
        self.tally
    }

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
        self.tally.undated += u64::from(self.is_undated(record));
        self.sink.record(record, end);
        let stream = if self.has_streams { self.dialect.stream_of(line) } else { 0 };
        self.open = Some(Open {
            takes_foreign: takes_continuations,
            stream,
            at: record.ts,
            lines: 1,
            bytes: line.len(),
            blank: 0,
            full: false,
            level: record.level,
            is_undated: false,
        });
        self.stray_reason = REASON_AFTER_CLOSED;
        self.next = None;
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
        // The records in a line are no longer than they may be.
        if line.len() > LINE_BYTES_MAX && reading != Reading::Several {
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
            Reading::Several => self.take_several(&line, start, end),
            Reading::Continuation { in_envelope: true } => self.take_inside(&line, start, end),
            Reading::Reject(_) | Reading::Continuation { .. } if line.trim().is_empty() => {
                self.take_blank();
            }
            Reading::Reject(reason) => self.take_broken(reason, &line, start, end),
            Reading::Continuation { .. } if self.begins_undated(&line, 0) => {
                self.take_undated(&line, start, end);
            }
            Reading::Continuation { .. } => self.take_continuation(&line, &line, false, start, end),
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

    /// A continuation in an envelope, of the record before in the same stream. Without one, or
    /// where the envelopes say that time has passed in between, it is a record by itself.
    fn take_inside(&mut self, line: &str, start: usize, end: usize) {
        let text = self.dialect.inside(line);
        let stream = if self.has_streams { self.dialect.stream_of(line) } else { 0 };
        if self.begins_undated(&text, stream) {
            return self.take_undated(line, start, end);
        }
        let mut record = Record::default();
        let stands_alone = self.dialect.read_alone(line, self.rules, &mut record);
        let continues = self.open.as_ref().is_some_and(|open| {
            let is_soon = (0..=CONTINUES_WITHIN).contains(&(record.ts - open.at));
            open.stream == stream && (!stands_alone || is_soon || plain::goes_on(&text))
        });
        match (continues, stands_alone) {
            (true, _) if text.trim().is_empty() => self.take_blank(),
            (true, _) => {
                self.take_continuation(line, &text, true, start, end);
                if let Some(open) = self.open.as_mut().filter(|_| stands_alone) {
                    open.at = record.ts;
                }
            }
            (false, true) => self.take_record(&record, false, line, end),
            (false, false) => self.take_reject(self.stray_reason, line, start, end),
        }
    }

    /// Whether a line that no format reads begins a record. Where the record before it has no level,
    /// it is rather the second line of that one, as java.util.logging writes it; and where that is an
    /// error too, it is what a database said of it (`ERROR: column "x" does not exist`).
    fn begins_undated(&self, text: &str, stream: u64) -> bool {
        let open = self.open.as_ref().filter(|open| open.stream == stream);
        self.rules.stray != Stray::Continues
            && plain::begins(text)
            && open.is_none_or(|open| match open.level {
                None => false,
                Some(Level::Error) => open.is_undated || level_of_message(text) != open.level,
                Some(_) => true,
            })
    }

    /// A record whose time is that of another: the one before it, or the next. The line may be in an
    /// envelope.
    fn take_undated(&mut self, line: &str, start: usize, end: usize) {
        let before = self.open.as_ref().map(|open| (open.at, "previous"));
        let time = match (before.or_else(|| Some((self.next_time(end)?, "next"))), self.rules.stray)
        {
            (_, Stray::Continues | Stray::Reject) => None,
            (Some(neighbour), Stray::At(..)) => Some(neighbour),
            (None, Stray::At(at, how)) => Some((at, how.name())),
        };
        let Some((ts, how)) = time else {
            return self.take_broken(REASON_UNDATED, line, start, end);
        };
        let mut record = Record::default();
        let rules = TimeRules { absent: Some(ts), ..*self.rules };
        if !self.dialect.read_alone(line, &rules, &mut record) {
            record = Record::default();
            plain::read_begun(line, ts, &mut record);
        }
        record.fields.str("undated", how);
        self.take_record(&record, true, line, end);
        if let Some(open) = &mut self.open {
            open.is_undated = true;
        }
        self.tally.undated += 1;
    }

    /// The time of the next record that has one, of the lines that follow in the block.
    fn next_time(&mut self, end: usize) -> Option<Micros> {
        if let Some(next) = self.next {
            return next;
        }
        let mut at = end;
        let mut next = None;
        while at < self.block.len() && next.is_none() {
            let line_end = next_line(self.block, at);
            let line = clean(&self.block[at..line_end]).0;
            let mut record = Record::default();
            let reading = self.dialect.read_by(&line, self.rules, &mut record);
            next = matches!(reading, Reading::Record { .. }).then_some(record.ts);
            at = line_end;
        }
        self.next = Some(next);
        next
    }

    /// A line of several records, each read by itself.
    fn take_several(&mut self, line: &str, start: usize, end: usize) {
        let elements = self.dialect.elements(line);
        for (number, element) in elements.into_iter().enumerate() {
            let mut record = Record::default();
            let lines = self.tally.lines;
            if element.len() > LINE_BYTES_MAX {
                self.take_reject(REASON_TOO_LONG, &element, start, end);
                self.tally.lines = lines + u64::from(number == 0);
                continue;
            }
            match self.dialect.read_by(&element, self.rules, &mut record) {
                Reading::Record { .. } => self.take_record(&record, false, &element, end),
                Reading::Reject(reason) => self.take_reject(reason, &element, start, end),
                _ => self.take_reject(REASON_AFTER_CLOSED, &element, start, end),
            }
            // It is one line however much it holds.
            self.tally.lines = lines + u64::from(number == 0);
        }
    }

    /// `text` is what continues the record in the line `whole`.
    fn take_continuation(
        &mut self,
        whole: &str,
        text: &str,
        in_envelope: bool,
        start: usize,
        end: usize,
    ) {
        let takes = |open: &&mut Open| open.takes_foreign || in_envelope;
        let Some(open) = self.open.as_mut().filter(takes) else {
            return self.take_reject(self.stray_reason, whole, start, end);
        };
        let fits = !open.full
            && open.lines + open.blank < RECORD_LINES_MAX
            && open.bytes + open.blank + text.len() < RECORD_BYTES_MAX;
        if !fits {
            open.full = true;
            return self.take_reject(REASON_RECORD_TOO_LONG, whole, start, end);
        }
        for _ in 0..open.blank {
            self.sink.extend("", end);
        }
        self.sink.extend(text, end);
        self.tally.lines += 1;
        self.tally.continuations += 1 + open.blank as u64;
        open.lines += 1 + open.blank;
        open.bytes += open.blank + text.len() + 1;
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
            match self.dialect.read_by(&joined, self.rules, &mut record) {
                Reading::Record { takes_continuations } => {
                    self.take_record(&record, takes_continuations, &joined, at);
                }
                Reading::Several => self.take_several(&joined, start, at),
                Reading::Continuation { in_envelope: true } => self.take_inside(&joined, start, at),
                Reading::Incomplete => continue,
                _ => break,
            }
            self.tally.lines += lines - 1;
            self.tally.continuations += lines - 1;
            return at;
        }
        // A bracket alone says nothing of a record: it may be a line of what a program prints.
        let is_bracket = first.trim().len() <= 1;
        if is_bracket && self.open.as_ref().is_some_and(|open| open.takes_foreign) {
            self.take_continuation(&first, &first, false, start, end);
        } else {
            self.take_broken(REASON_INCOMPLETE, &first, start, end);
        }
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
        match self.dialect.read_by(&line, self.rules, &mut record) {
            Reading::Record { .. } if self.is_half(&record, next) => {
                self.take_reject(REASON_HALF, &line, start, next);
                next
            }
            Reading::Record { takes_continuations } if line.len() <= LINE_BYTES_MAX => {
                self.take_record(&record, takes_continuations, &line, next);
                next
            }
            other => self.take_other(other, Cow::Borrowed(&line), start, next),
        }
    }
}

/// The first [`REJECT_BYTES_MAX`] bytes of a line, cut between characters.
pub fn beginning(line: &str) -> &str {
    &line[..line.floor_char_boundary(REJECT_BYTES_MAX)]
}

/// All of a rejected line, of which `line` is the [`beginning`] and `place` where it is in `body`.
pub fn whole<'l>(line: &'l str, body: &'l [u8], place: std::ops::Range<usize>) -> Cow<'l, str> {
    // Cut between characters, of which the longest has four bytes.
    if line.len() + 4 <= REJECT_BYTES_MAX {
        return Cow::Borrowed(line);
    }
    body.get(place).map_or(Cow::Borrowed(line), |whole| clean(whole).0)
}

/// Whether a line was rejected because it belongs to no record, rather than for what it says.
pub fn is_stray(reason: &str) -> bool {
    [REASON_NO_RECORD, REASON_AFTER_CLOSED, REASON_AFTER_BROKEN].contains(&reason)
}

const ESCAPE: u8 = 0x1b;
/// What editors on Windows write at the beginning of UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A line as formats see it: without line break, byte order mark, ANSI escapes and NUL bytes,
/// in valid UTF-8. Says whether bytes were lost that were not just colour.
pub fn clean(raw: &[u8]) -> (Cow<'_, str>, bool) {
    let raw = raw.strip_suffix(b"\n").unwrap_or(raw);
    let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
    let raw = raw.strip_prefix(BYTE_ORDER_MARK.as_bytes()).unwrap_or(raw);
    let hole = raw.iter().take_while(|&&b| b == 0).count();
    let (text, is_lossy) = decoded(&raw[hole..]);
    let mut repaired = hole > 0 || is_lossy;
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
                // A hole is one, however many bytes it has.
                while chars.next_if_eq(&'\0').is_some() {}
            }
            '\u{1b}' => skip_escape(&mut chars),
            c => out.push(c),
        }
    }
    (Cow::Owned(out), repaired)
}

/// Text as formats see it: without terminal escapes.
pub fn without_escapes(text: &str) -> Cow<'_, str> {
    match memchr::memchr(ESCAPE, text.as_bytes()) {
        None => Cow::Borrowed(text),
        Some(_) => clean(text.as_bytes()).0,
    }
}

/// UTF-8, or, where a line is not, the Windows-1252 (Latin-1 with more) that it is then: every
/// byte of it is a character. A line that has characters of UTF-8 as well is damaged UTF-8, of
/// which what cannot be read is replaced. Says whether it was.
fn decoded(raw: &[u8]) -> (Cow<'_, str>, bool) {
    let error = match std::str::from_utf8(raw) {
        Ok(text) => return (Cow::Borrowed(text), false),
        Err(error) => error,
    };
    // A character of several bytes that is read, or one that is cut off by the end of the line.
    let is_utf8 =
        error.error_len().is_none() || raw.utf8_chunks().any(|chunk| !chunk.valid().is_ascii());
    if is_utf8 {
        return (String::from_utf8_lossy(raw), true);
    }
    (encoding_rs::WINDOWS_1252.decode_without_bom_handling(raw).0, false)
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
            (b"a\0\0\0b\0c", "a\u{fffd}b\u{fffd}c", true),
            (b"caf\xe9 5 \x80", "caf\u{e9} 5 \u{20ac}", false),
            (b"caf\xc3\xa9 \xe9 x", "caf\u{e9} \u{fffd} x", true),
            (b"cut off: caf\xc3", "cut off: caf\u{fffd}", true),
            (b"\xef\xbb\xbfafter a mark", "after a mark", false),
            (b"\x1b[", "", false),
        ] {
            let (text, was_repaired) = clean(raw);
            assert_eq!((&*text, was_repaired), (expected, repaired), "{raw:?}");
        }
    }
}
