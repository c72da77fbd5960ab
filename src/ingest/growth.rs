//! Whether a file is still the one that was taken in, and whether its last record went on.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::decode::{Encoding, Stream};
use crate::config::CHECK_BYTES_MAX;
use crate::parse::lines::{LINE_BYTES_MAX, RECORD_BYTES_MAX, clean};
use crate::parse::{Dialect, read_block};
use crate::record::Level;
use crate::store::Batch;
use crate::store::batch::NO_LEVEL;
use crate::store::sources::StoredRecord;
use crate::store::writer::{Check, Range};

/// Longest record that is read again to see whether it went on: as long as one can be.
const TAIL_BYTES_MAX: u64 = (LINE_BYTES_MAX + RECORD_BYTES_MAX) as u64;

/// Bytes after a position that are looked at to see whether its last record went on.
const LOOKAHEAD_BYTES: usize = 64 << 10;

/// The bytes around the end of what was taken in.
pub struct End {
    range: Range,
    /// From a little before the last record to the range's end.
    before: Vec<u8>,
    /// Where `before` begins in the source.
    before_start: u64,
    /// What follows the range: all of it, or [`LOOKAHEAD_BYTES`].
    pub after: Vec<u8>,
}

pub enum GrownRecord {
    None,
    /// The last record goes on; it was stored like this (a reject was not stored at all).
    Grown(Option<StoredRecord>),
}

impl End {
    /// Whether the last record goes on in what follows: its line had no end, or the next
    /// line begins no record.
    pub fn grown_record(&self, dialect: &Dialect) -> GrownRecord {
        let old = &self.before[(self.range.tail - self.before_start) as usize..];
        if self.after.is_empty() || old.is_empty() {
            return GrownRecord::None;
        }
        let next = self.after.split(|&b| b == b'\n').map(|line| clean(line).0);
        let next = next.into_iter().find(|line| !line.trim().is_empty());
        let begins_record = next.is_none_or(|line| dialect.starts(&line));
        if old.ends_with(b"\n") && begins_record {
            return GrownRecord::None;
        }
        GrownRecord::Grown(stored_record(dialect, old))
    }

    /// The range up to its last record, if anything is left of it.
    pub fn range_without_tail(&self) -> Option<Range> {
        let Range { source, start, tail, .. } = self.range;
        let check = Check::of(&self.before[..(tail - self.before_start) as usize]);
        (tail > start).then_some(Range { source, start, end: tail, tail, check })
    }
}

/// The record that these bytes were stored as.
fn stored_record(dialect: &Dialect, bytes: &[u8]) -> Option<StoredRecord> {
    let mut batch = Batch::new();
    batch.reset(0, 0, bytes.len() as u64);
    let tally = read_block(dialect, bytes, &mut batch);
    let row = batch.rows().checked_sub(1)?;
    Some(StoredRecord {
        ts: batch.ts[row],
        is_undated: tally.undated > 0,
        level: match batch.level[row] {
            NO_LEVEL => None,
            level => Some(Level::ALL[usize::from(level)].name()),
        },
        service: batch.service.get(row).map(str::to_owned),
        message: batch.message.get(row).to_owned(),
    })
}

/// Reads around the end of a range; `None` if the file's content there is another.
pub fn read_end(file: &File, encoding: Encoding, range: &Range) -> io::Result<Option<End>> {
    let mut range = *range;
    // A line that was too long to be kept is not read again to see whether it grew.
    if range.end - range.tail > TAIL_BYTES_MAX {
        range.tail = range.end;
    }
    let check_start = range.end.saturating_sub(range.check.bytes.into());
    let before_start = range.tail.saturating_sub(CHECK_BYTES_MAX as u64).min(check_start);
    let mut stream = Stream::of_file(file.try_clone()?, encoding, Arc::new(AtomicU64::new(0)))?;
    if !stream.skip_to(before_start)? {
        return Ok(None);
    }
    let length = (range.end - before_start) as usize;
    let mut before = Vec::new();
    (&mut stream).take(length as u64).read_to_end(&mut before)?;
    let checked = &before[before.len().min((check_start - before_start) as usize)..];
    if before.len() < length || crc32fast::hash(checked) != range.check.crc {
        return Ok(None);
    }
    let mut after = Vec::new();
    (&mut stream).take(LOOKAHEAD_BYTES as u64).read_to_end(&mut after)?;
    Ok(Some(End { range, before, before_start, after }))
}
