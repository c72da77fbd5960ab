//! A stream into blocks of whole records.
//!
//! A block ends before the last record that begins in what was read, because that one
//! may go on. So every block begins with a record, and any worker can read it.

use std::io::{self, Read};
use std::sync::Arc;

use super::decode::Stream;
use crate::config::{BLOCK_BYTES, CHECK_BYTES_MAX};
use crate::parse::lines::{LINE_BYTES_MAX, RECORD_LINES_MAX, REJECT_BYTES_MAX, clean};
use crate::parse::{Dialect, streams};

/// Bytes of a source, from the beginning of a record to the end of another.
pub struct Block {
    /// sources.id
    pub source: i32,
    pub dialect: Arc<Dialect>,
    pub start: u64,
    pub end: u64,
    pub content: Content,
}

pub enum Content {
    /// The bytes from the block's start to its end.
    Records(Vec<u8>),
    /// The first and last bytes of a line that is too long to be kept.
    TooLong { first: Vec<u8>, last: Vec<u8> },
}

/// Cuts one stretch of a source.
pub struct Cutter {
    source: i32,
    dialect: Arc<Dialect>,
    stream: Stream,
    /// Where the stretch ends; `None` for the end of the source.
    end: Option<u64>,
    /// Read, but not handed out yet: it begins at `start`.
    carry: Vec<u8>,
    start: u64,
    finished: bool,
}

impl Cutter {
    /// Cuts `stream` from where it stands.
    pub fn new(source: i32, dialect: Arc<Dialect>, stream: Stream, end: Option<u64>) -> Cutter {
        let start = stream.at();
        Cutter { source, dialect, stream, end, carry: Vec::new(), start, finished: false }
    }

    pub fn dialect(&self) -> Arc<Dialect> {
        self.dialect.clone()
    }

    /// The stream, for the next stretch.
    pub fn into_stream(self) -> Stream {
        self.stream
    }

    /// The next block; `None` at the end of the stretch.
    ///
    /// # Errors
    /// What reading says. What was read before it has been or will be handed out.
    pub fn next(&mut self) -> io::Result<Option<Block>> {
        let mut bytes = std::mem::take(&mut self.carry);
        let mut wanted = BLOCK_BYTES;
        loop {
            if !self.finished {
                self.fill(&mut bytes, wanted)?;
            }
            if self.finished {
                return Ok(if bytes.is_empty() { None } else { Some(self.block(bytes)) });
            }
            if let Some(at) = last_record_start(&self.dialect, &bytes) {
                self.carry.extend_from_slice(&bytes[at..]);
                bytes.truncate(at);
                return Ok(Some(self.block(bytes)));
            }
            // One record, or one line, fills it all: look further, within limits.
            if wanted > BLOCK_BYTES + LINE_BYTES_MAX {
                return self.forced_block(bytes).map(Some);
            }
            wanted += LINE_BYTES_MAX;
        }
    }

    /// Reads until `bytes` holds `wanted` or the stretch ends.
    fn fill(&mut self, bytes: &mut Vec<u8>, wanted: usize) -> io::Result<()> {
        let missing = wanted.saturating_sub(bytes.len()) as u64;
        let left = self.end.map_or(u64::MAX, |end| end.saturating_sub(self.stream.at()));
        bytes.reserve(missing as usize);
        let read = (&mut self.stream).take(missing.min(left)).read_to_end(bytes);
        match read {
            Ok(read) => {
                self.finished = (read as u64) < missing;
                Ok(())
            }
            Err(error) => {
                // What was read before the error is kept for the next call.
                self.carry = std::mem::take(bytes);
                self.finished = true;
                Err(error)
            }
        }
    }

    /// A block of what begins nowhere: lines that continue a record beyond all limits, or
    /// a line that is too long.
    fn forced_block(&mut self, mut bytes: Vec<u8>) -> io::Result<Block> {
        if let Some(newline) = memchr::memrchr(b'\n', &bytes) {
            self.carry.extend_from_slice(&bytes[newline + 1..]);
            bytes.truncate(newline + 1);
            return Ok(self.block(bytes));
        }
        let mut last = bytes.split_off(bytes.len() - CHECK_BYTES_MAX);
        let skipped = self.skip_line(&mut last).inspect_err(|_| {
            // What is left of the line is no block: it does not begin where the line does.
            self.carry.clear();
            self.finished = true;
        })?;
        let length = (bytes.len() + last.len()) as u64 + skipped;
        bytes.truncate(REJECT_BYTES_MAX);
        Ok(self.block_of(length, Content::TooLong { first: bytes, last }))
    }

    /// Reads to the end of the line and keeps only its last bytes; returns how long it was.
    fn skip_line(&mut self, last: &mut Vec<u8>) -> io::Result<u64> {
        let mut skipped = 0;
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            self.fill(&mut buffer, BLOCK_BYTES)?;
            let newline = memchr::memchr(b'\n', &buffer);
            let line = &buffer[..newline.map_or(buffer.len(), |at| at + 1)];
            skipped += line.len() as u64;
            last.extend_from_slice(&line[line.len().saturating_sub(CHECK_BYTES_MAX)..]);
            last.drain(..last.len().saturating_sub(CHECK_BYTES_MAX));
            if newline.is_some() {
                self.carry.extend_from_slice(&buffer[line.len()..]);
            }
            if newline.is_some() || self.finished {
                return Ok(skipped);
            }
        }
    }

    fn block(&mut self, bytes: Vec<u8>) -> Block {
        self.block_of(bytes.len() as u64, Content::Records(bytes))
    }

    fn block_of(&mut self, length: u64, content: Content) -> Block {
        let start = self.start;
        self.start += length;
        let dialect = self.dialect.clone();
        Block { source: self.source, dialect, start, end: self.start, content }
    }
}

/// Where the last line that begins a record begins, of the lines that end in `bytes`.
/// The very beginning does not count.
pub fn last_record_start(dialect: &Dialect, bytes: &[u8]) -> Option<usize> {
    if dialect.has_streams() {
        return streams::last_cut(dialect, bytes, RECORD_LINES_MAX);
    }
    let mut line_end = memchr::memrchr(b'\n', bytes)?;
    for _ in 0..RECORD_LINES_MAX {
        let line_start = memchr::memrchr(b'\n', &bytes[..line_end])? + 1;
        let line = clean(&bytes[line_start..line_end]).0;
        if line.len() <= LINE_BYTES_MAX && dialect.starts(&line) {
            return Some(line_start);
        }
        line_end = line_start - 1;
    }
    None
}
