//! What a look at a file tells: which it is, how it begins, where its last whole line ends.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::decode::{Encoding, Stream};
use super::turns::Inode;
use crate::parse::Dialect;
use crate::parse::dialect::SAMPLE_LINES_MAX;
use crate::parse::lines::{LINE_BYTES_MAX, clean};
use crate::record::Micros;
use crate::store::sources::{Identity, Source};

pub const UTF8_BOM: &[u8] = b"\xef\xbb\xbf";

/// What a look at a file found.
pub struct LookedAt<'a> {
    pub path: &'a Path,
    pub file: File,
    /// Absolute.
    pub name: String,
    pub meta: Metadata,
    /// Its first bytes, decoded.
    pub head: Vec<u8>,
    pub encoding: Encoding,
    pub dialect: Arc<Dialect>,
    /// Where its text begins: after a byte order mark.
    pub start: u64,
    pub sample_is_full: bool,
}

impl LookedAt<'_> {
    pub fn identity(&self) -> Identity {
        Identity {
            device: self.meta.dev(),
            inode: self.meta.ino(),
            head_bytes: self.head.len() as u32,
            head_crc: crc32fast::hash(&self.head),
        }
    }

    pub fn inode(&self) -> Inode {
        (self.meta.dev(), self.meta.ino())
    }
}

/// Whether the file that a source was read from is no longer there, or has other content
/// now: then its lines may lie somewhere else.
pub fn is_gone(source: &Source) -> bool {
    let Some(identity) = source.identity else {
        return false;
    };
    let head = File::open(&source.name).and_then(|file| {
        let encoding = Encoding::of_file(&file)?;
        read_start(&file, encoding, identity.head_bytes as usize)
    });
    head.map_or(true, |head| crc32fast::hash(&head) != identity.head_crc)
}

/// Where the last line break of the first `length` bytes ends; 0 if there is none in the last
/// stretch that a line may have.
pub fn last_line_end(file: &File, length: u64) -> io::Result<u64> {
    let mut buffer = vec![0; 64 << 10];
    let mut end = length;
    while end > 0 && length - end <= LINE_BYTES_MAX as u64 {
        let start = end.saturating_sub(buffer.len() as u64);
        let part = &mut buffer[..(end - start) as usize];
        file.read_exact_at(part, start)?;
        if let Some(at) = memchr::memrchr(b'\n', part) {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    // A line that is longer than a line may be is taken as it is.
    Ok(if end > 0 { length } else { 0 })
}

/// The first decoded bytes.
pub fn read_start(file: &File, encoding: Encoding, bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    let read = Stream::of_file(file.try_clone()?, encoding, Arc::new(AtomicU64::new(0)))?
        .take(bytes_max as u64)
        .read_to_end(&mut start);
    match read {
        // A damaged archive: what comes before the damage is read, then the error is met again.
        Err(_) if !start.is_empty() => Ok(start),
        Err(error) => Err(error),
        Ok(_) => Ok(start),
    }
}

/// The last lines of a plain file, whole ones, of at most so many bytes.
pub fn read_last(file: &File, bytes_max: usize) -> io::Result<Vec<u8>> {
    let start = file.metadata()?.len().saturating_sub(bytes_max as u64);
    let mut bytes = vec![0; bytes_max];
    let mut length = 0;
    while length < bytes.len() {
        match file.read_at(&mut bytes[length..], start + length as u64) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(length);
    let first_line = match start {
        0 => 0,
        _ => memchr::memchr(b'\n', &bytes).map_or(length, |newline| newline + 1),
    };
    Ok(bytes.split_off(first_line))
}

/// The lines of a sample, cleaned; the last is left out if it may be half a line, unless it is all
/// there is.
pub fn sample_lines(sample: &[u8]) -> Vec<String> {
    let sample = sample.strip_prefix(UTF8_BOM).unwrap_or(sample);
    let whole = match memchr::memrchr(b'\n', sample) {
        Some(end) => &sample[..end],
        None => sample,
    };
    whole
        .split(|&b| b == b'\n')
        .take(SAMPLE_LINES_MAX)
        .map(|line| clean(line).0.into_owned())
        .collect()
}

/// UTC microseconds.
pub fn modified(meta: &Metadata) -> Micros {
    meta.mtime() * 1_000_000 + meta.mtime_nsec() / 1_000
}
