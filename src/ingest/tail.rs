//! A followed file that is known: open, with the place up to which it is in the database.
//!
//! Reading on costs one read: the bytes before the place, which tell whether the file is still
//! the same, and those after it. Whatever is not simply more of the same (it became shorter, its
//! content differs, its last record goes on) is left to a [look from the beginning](super::prepare).

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::cut::last_record_start;
use super::known::absolute;
use super::looked::modified;
use crate::config::{BLOCK_BYTES, HEAD_BYTES_MAX, SAMPLE_BYTES_MAX};
use crate::parse::Dialect;
use crate::parse::dialect::SAMPLE_LINES_MAX;
use crate::parse::lines::clean;
use crate::record::Micros;
use crate::store::Batch;
use crate::store::writer::{Check, Range};

/// How long after the last write the last record counts as whole: a stack trace is written line
/// by line.
const RECORD_SETTLES: Duration = Duration::from_millis(300);

/// How long after the last write a line without a line break counts as whole: programs write
/// lines in two, and buffers are flushed in the middle of them.
pub const LINE_SETTLES: Duration = Duration::from_secs(10);

/// How long after they were made rules of time hold, in microseconds: a time without a year, or
/// without a day, is the latest before the file was written to.
const RULES_HOLD: Micros = 10 * 60 * 1_000_000;

/// A dialect that was fitted to less than a full sample is fitted again when there is this many
/// times as much.
const REFIT_FACTOR: u64 = 2;

pub struct Tail {
    /// As it is followed.
    pub path: PathBuf,
    /// The same without links and dots.
    pub name: String,
    pub source: i32,
    dialect: Arc<Dialect>,
    file: File,
    /// Up to where it is in the database.
    position: u64,
    /// Of the bytes before it.
    check: Check,
    /// What was taken in last is a line that could not be read: nothing can go on with it.
    ends_in_reject: bool,
    growth: Growth,
    /// It was written to without getting longer.
    rewritten: bool,
    /// The size from which on it is to be looked at anew, because more of it tells more.
    refit_at: u64,
}

/// How a file grows, and since when the first byte that is not taken in has been waiting.
struct Growth {
    /// The file's size when it was last looked at, since when it has that, and the one before.
    size: u64,
    grew: Instant,
    size_before: u64,
    waiting_since: Option<Instant>,
}

impl Growth {
    fn new(size: u64, now: Instant) -> Growth {
        Growth { size, grew: now, size_before: size, waiting_since: None }
    }

    /// The file has this size now, or was written to without getting longer.
    fn notice(&mut self, size: u64, rewritten: bool, position: u64, now: Instant) {
        if size != self.size || rewritten {
            self.size_before = self.size;
            self.size = size;
            self.grew = now;
        }
        if size <= position {
            self.waiting_since = None;
        } else if self.waiting_since.is_none() {
            self.waiting_since = Some(self.grew);
        }
    }

    /// It is taken in up to this position. What is left of a file that is written to all the time is
    /// its last record: that has not been waiting for longer than it is there.
    fn advance(&mut self, position: u64) {
        if position >= self.size {
            self.waiting_since = None;
        } else if position >= self.size_before {
            self.waiting_since = Some(self.grew);
        }
    }
}

/// What is to be done about a file.
pub enum Step {
    /// Nothing, or not yet.
    Wait,
    /// These bytes, from the position on, are whole records. There may be more.
    Take(Vec<u8>),
    /// To look at it from the beginning.
    LookAnew,
}

/// What a look from the beginning tells about a file that is to be followed.
pub struct Found {
    pub path: PathBuf,
    pub file: File,
    pub source: i32,
    pub dialect: Arc<Dialect>,
    /// Whether its beginning was long enough to tell all that a beginning tells.
    pub sample_is_full: bool,
}

impl Tail {
    /// A file of `size` bytes of which `range`, from its beginning, is in the database.
    pub fn new(found: Found, range: &Range, size: u64) -> Tail {
        let Found { path, file, source, dialect, sample_is_full } = found;
        let known = size.max(1);
        // The first bytes are what it is recognised by: they are noted when there are enough.
        let head = if known < HEAD_BYTES_MAX as u64 { HEAD_BYTES_MAX as u64 } else { u64::MAX };
        let sample = if sample_is_full { u64::MAX } else { known * REFIT_FACTOR };
        Tail {
            name: absolute(&path),
            path,
            source,
            dialect,
            file,
            position: range.end,
            check: range.check,
            ends_in_reject: false,
            growth: Growth::new(range.end, Instant::now()),
            rewritten: false,
            refit_at: head.min(sample),
        }
    }

    pub fn position(&self) -> u64 {
        self.position
    }

    pub fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// Notes the size that the file has now, and whether it was written to without getting
    /// longer.
    pub fn notice(&mut self, size: u64, rewritten: bool) {
        self.growth.notice(size, rewritten, self.position, Instant::now());
        self.rewritten |= rewritten;
    }

    /// Whether there is something to be done.
    pub fn is_due(&self) -> bool {
        self.growth.size != self.position || self.rewritten
    }

    /// The size that the file has, by whatever name: also if it has none any more.
    pub fn size_now(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Bytes that are not taken in, and since when there are some.
    pub fn behind(&self) -> (u64, Option<Instant>) {
        (self.growth.size.saturating_sub(self.position), self.growth.waiting_since)
    }

    /// For how long nothing was written.
    pub fn idle(&self) -> Duration {
        self.growth.grew.elapsed()
    }

    /// Reads on.
    ///
    /// # Errors
    /// What reading says.
    pub fn next(&mut self) -> io::Result<Step> {
        self.rewritten = false;
        let outlived = modified(&self.file.metadata()?) - self.dialect.rules().reference;
        let size = self.growth.size;
        if size < self.position || size >= self.refit_at || outlived > RULES_HOLD {
            return Ok(Step::LookAnew);
        }
        let known = u64::from(self.check.bytes).min(self.position);
        let start = self.position - known;
        let wanted = (size - start).min(known + BLOCK_BYTES as u64);
        let mut bytes = vec![0; wanted as usize];
        let length = read_at(&self.file, &mut bytes, start)?;
        bytes.truncate(length);
        let known = known as usize;
        if length < known || crc32fast::hash(&bytes[..known]) != self.check.crc {
            return Ok(Step::LookAnew);
        }
        let is_at_line_start = known == 0 || bytes[known - 1] == b'\n';
        let is_full = length == known + BLOCK_BYTES;
        bytes.drain(..known);
        if !is_at_line_start && !bytes.is_empty() {
            return Ok(Step::LookAnew);
        }
        Ok(self.step(bytes, is_full))
    }

    /// What of these bytes is taken in now. `is_full`: there are more behind them.
    fn step(&self, mut bytes: Vec<u8>, is_full: bool) -> Step {
        let is_settled = self.idle() >= LINE_SETTLES;
        let lines_end = memchr::memrchr(b'\n', &bytes).map_or(0, |at| at + 1);
        match lines_end {
            // Longer than a line may be: that is not ours to cut.
            0 if is_full => return Step::LookAnew,
            0 if !is_settled => return Step::Wait,
            _ if is_settled && !is_full => {}
            _ => bytes.truncate(lines_end),
        }
        let Some(first) = first_line(&bytes) else {
            // Blank lines belong to the record before if it goes on after them.
            return if is_settled && !bytes.is_empty() { Step::Take(bytes) } else { Step::Wait };
        };
        let first = clean(first).0;
        let begins = self.dialect.starts(&first) || self.dialect.begins_undated(&first);
        if !self.ends_in_reject && !begins {
            return Step::LookAnew;
        }
        if !is_full && self.idle() >= RECORD_SETTLES {
            return Step::Take(bytes);
        }
        match last_record_start(&self.dialect, &bytes) {
            Some(at) => {
                bytes.truncate(at);
                Step::Take(bytes)
            }
            None if is_full => Step::LookAnew,
            None => Step::Wait,
        }
    }

    /// Notes that more of it is in the database.
    pub fn advance(&mut self, to: &Advance) {
        self.position = to.end;
        self.check = to.check;
        self.ends_in_reject = to.ends_in_reject;
        self.growth.advance(self.position);
    }
}

/// How far a tail is when its batch is committed.
pub struct Advance {
    pub end: u64,
    pub check: Check,
    pub ends_in_reject: bool,
    pub records: u64,
    pub rejects: u64,
}

impl Advance {
    pub fn of(batch: &Batch, bytes: &[u8]) -> Advance {
        let last_record = batch.row_end.last().map(|end| batch.start + u64::from(*end));
        let last_reject = batch.rejects.last().map(|reject| reject.end);
        Advance {
            end: batch.end,
            check: Check::of(bytes),
            ends_in_reject: last_reject > last_record,
            records: batch.rows() as u64,
            rejects: batch.rejects.len() as u64,
        }
    }
}

/// Whether a sample tells all that a sample can.
pub fn is_full_sample(bytes: usize, lines: usize) -> bool {
    bytes >= SAMPLE_BYTES_MAX || lines > SAMPLE_LINES_MAX
}

/// The first line that is not blank.
fn first_line(bytes: &[u8]) -> Option<&[u8]> {
    bytes.split(|&byte| byte == b'\n').find(|line| !line.trim_ascii().is_empty())
}

/// Reads until the buffer is full or the file ends.
fn read_at(file: &File, buffer: &mut [u8], start: u64) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match file.read_at(&mut buffer[length..], start + length as u64) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_file_waits_no_longer_than_its_last_record_does() {
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let mut growth = Growth::new(100, start);
        growth.notice(200, false, 100, at(10));
        assert_eq!(growth.waiting_since, Some(at(10)));
        // All but the last record, again and again.
        for (turn, ms) in (1..50).zip((30..).step_by(20)) {
            growth.notice(200 + 100 * turn, false, 90 + 100 * turn, at(ms));
            growth.advance(190 + 100 * turn);
            assert_eq!(growth.waiting_since, Some(at(ms)));
        }
        // Nothing is taken in: what has waited goes on waiting.
        let since = growth.waiting_since;
        growth.notice(9_000, false, 5_090, at(5_000));
        growth.advance(5_095);
        growth.notice(9_500, false, 5_095, at(6_000));
        assert_eq!(growth.waiting_since, since);
        growth.advance(9_500);
        assert_eq!(growth.waiting_since, None);
    }
}
