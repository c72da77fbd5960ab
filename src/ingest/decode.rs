//! Files as streams of bytes with a position: plain, gzip, Zstandard, UTF-16.
//!
//! Positions count decoded bytes. A plain file can be entered anywhere; the others are
//! decoded from their beginning.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use encoding_rs_io::DecodeReaderBytesBuilder;

/// What the first bytes of a file say of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Plain,
    Gzip,
    Zstd,
    Utf16Le,
    Utf16Be,
}

impl Encoding {
    /// By magic number or byte order mark; UTF-16 without one by its zeros.
    pub fn of(head: &[u8]) -> Encoding {
        match head {
            [0x1f, 0x8b, ..] => Encoding::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Encoding::Zstd,
            [0xff, 0xfe, ..] => Encoding::Utf16Le,
            [0xfe, 0xff, ..] => Encoding::Utf16Be,
            _ => by_zeros(head).unwrap_or(Encoding::Plain),
        }
    }
}

/// Text in UTF-16 has a zero in nearly every other byte, and always the same other.
fn by_zeros(head: &[u8]) -> Option<Encoding> {
    const PAIRS_MIN: usize = 16;
    let pairs = head.len().min(1024) / 2;
    if pairs < PAIRS_MIN {
        return None;
    }
    let zeros = |offset: usize| (0..pairs).filter(|pair| head[2 * pair + offset] == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    if even == 0 && odd * 10 >= pairs * 7 {
        return Some(Encoding::Utf16Le);
    }
    (odd == 0 && even * 10 >= pairs * 7).then_some(Encoding::Utf16Be)
}

/// Whether a decoded beginning is no text: control characters that no log contains.
/// NUL bytes alone do not count: copytruncate leaves holes of them.
pub fn is_binary(sample: &[u8]) -> bool {
    const KNOWN: [&[u8]; 8] = [
        b"\x7fELF",
        b"\x89PNG",
        b"PK\x03\x04",
        b"%PDF-",
        b"SQLite format 3",
        b"BZh",
        b"\xfd7zXZ",
        b"\xca\xfe\xba\xbe",
    ];
    if KNOWN.iter().any(|magic| sample.starts_with(magic)) {
        return true;
    }
    let is_control = |byte: &&u8| matches!(byte, 1..=6 | 14..=26 | 28..=31 | 0x7f);
    let counted = sample.iter().filter(|byte| **byte != 0).count();
    let controls = sample.iter().filter(is_control).count();
    let zeros = sample.len() - counted;
    // A hole is one run at the beginning; zeros all over are a binary format.
    let hole = sample.iter().take_while(|byte| **byte == 0).count();
    controls * 20 > counted || (zeros - hole) * 20 > sample.len()
}

/// A readable, decoded source.
pub struct Stream {
    inner: Inner,
    /// Where the next byte lies in the decoded source.
    at: u64,
}

enum Inner {
    Plain(Counted),
    Decoded(Box<dyn Read + Send>),
}

impl Stream {
    /// A file from its beginning, wherever it was read to before. `read` counts the bytes
    /// taken from disk.
    pub fn of_file(mut file: File, encoding: Encoding, read: Arc<AtomicU64>) -> io::Result<Stream> {
        file.rewind()?;
        let whole = match encoding {
            Encoding::Utf16Le | Encoding::Utf16Be => whole_characters(&file, encoding)?,
            _ => u64::MAX,
        };
        let file = Counted { file, read };
        let inner = match encoding {
            Encoding::Plain => Inner::Plain(file),
            _ => decoded(file.take(whole), encoding)?,
        };
        Ok(Stream { inner, at: 0 })
    }

    /// A pipe, of which `head` was read already; it tells how the rest is encoded.
    pub fn of_pipe(head: Vec<u8>, rest: impl Read + Send + 'static) -> io::Result<Stream> {
        let encoding = Encoding::of(&head);
        Ok(Stream { inner: decoded(Cursor::new(head).chain(rest), encoding)?, at: 0 })
    }

    /// The stream as it was before `bytes`, the first it gave, were read from it.
    pub fn put_back(self, bytes: Vec<u8>) -> Stream {
        let at = self.at - bytes.len() as u64;
        Stream { inner: Inner::Decoded(Box::new(Cursor::new(bytes).chain(self))), at }
    }

    pub fn at(&self) -> u64 {
        self.at
    }

    /// Moves on to `offset`; `false` if the source ends before it.
    pub fn skip_to(&mut self, offset: u64) -> io::Result<bool> {
        match &mut self.inner {
            Inner::Plain(file) => {
                file.file.seek(SeekFrom::Start(offset))?;
                self.at = offset;
                Ok(file.file.metadata()?.len() >= offset)
            }
            Inner::Decoded(_) => {
                let missing = offset.saturating_sub(self.at);
                Ok(io::copy(&mut self.by_ref().take(missing), &mut io::sink())? == missing)
            }
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match &mut self.inner {
            Inner::Plain(file) => file.read(buffer)?,
            Inner::Decoded(reader) => reader.read(buffer)?,
        };
        self.at += count as u64;
        Ok(count)
    }
}

/// How much of a UTF-16 file is whole characters: half of one would be decoded as a
/// replacement, and be another character when the file has grown.
fn whole_characters(file: &File, encoding: Encoding) -> io::Result<u64> {
    let even = file.metadata()?.len() & !1;
    let mut last = [0; 2];
    if even < 2 {
        return Ok(even);
    }
    file.read_exact_at(&mut last, even - 2)?;
    let last = match encoding {
        Encoding::Utf16Be => u16::from_be_bytes(last),
        _ => u16::from_le_bytes(last),
    };
    let is_first_of_pair = (0xd800..0xdc00).contains(&last);
    Ok(if is_first_of_pair { even - 2 } else { even })
}

/// A reader of decoded bytes. Byte order marks are removed.
fn decoded(raw: impl Read + Send + 'static, encoding: Encoding) -> io::Result<Inner> {
    let transcode = |encoding| DecodeReaderBytesBuilder::new().encoding(Some(encoding)).clone();
    Ok(Inner::Decoded(match encoding {
        Encoding::Plain => Box::new(raw),
        Encoding::Gzip => Box::new(flate2::read::MultiGzDecoder::new(BufReader::new(raw))),
        Encoding::Zstd => Box::new(zstd::Decoder::new(raw)?),
        Encoding::Utf16Le => Box::new(transcode(encoding_rs::UTF_16LE).build(raw)),
        Encoding::Utf16Be => Box::new(transcode(encoding_rs::UTF_16BE).build(raw)),
    }))
}

/// A file that counts what is read of it, for the progress bar.
struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_recognised() {
        let utf16: Vec<u8> =
            "2026-01-05 00:00:00 INFO x".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(Encoding::of(&utf16), Encoding::Utf16Le);
        assert_eq!(Encoding::of(b"\x1f\x8b\x08"), Encoding::Gzip);
        assert_eq!(Encoding::of(b"2026-01-05"), Encoding::Plain);
        assert_eq!(Encoding::of(b""), Encoding::Plain);
    }

    #[test]
    fn binaries_are_told_from_logs_with_holes() {
        assert!(is_binary(b"\x7fELF\x02\x01"));
        assert!(is_binary(&[7, 3, 0, 1, 0, 9, 0, 0, 0, 5, 0, 2]));
        assert!(!is_binary(b"\x1b[31mERROR\x1b[0m caf\xe9\r\n"));
        let mut hole = vec![0u8; 4096];
        hole.extend_from_slice(b"2026-01-05 00:00:00 INFO after the hole\n");
        assert!(!is_binary(&hole));
    }
}
