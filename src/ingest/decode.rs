//! Files as streams of bytes with a position: plain, gzip, Zstandard, UTF-16, and JSON documents
//! in any of them ([`documents`]).
//!
//! Positions count decoded bytes. A plain file can be entered anywhere; the others are
//! decoded from their beginning.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use encoding_rs_io::DecodeReaderBytesBuilder;

use super::documents::{self, Documents};
use crate::config::{HEAD_BYTES_MAX, SAMPLE_BYTES_MAX};

/// What the first bytes of a file say of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding {
    codec: Codec,
    /// What is decoded is a JSON document around its records.
    is_document: bool,
}

impl Encoding {
    pub const PLAIN: Encoding = Encoding { codec: Codec::Plain, is_document: false };

    pub fn of_file(file: &File) -> io::Result<Encoding> {
        let mut raw = Positioned { file: file.try_clone()?, at: 0 };
        let mut head = Vec::new();
        (&mut raw).take(HEAD_BYTES_MAX as u64).read_to_end(&mut head)?;
        let codec = Codec::of(&head);
        let mut decoded = codec.decode(Cursor::new(head).chain(raw))?;
        // A damaged archive is met again when it is read.
        let is_document = read_head(&mut decoded).is_ok_and(|head| documents::is_one(&head));
        Ok(Encoding { codec, is_document })
    }

    pub fn is_plain(self) -> bool {
        self == Encoding::PLAIN
    }
}

/// How text is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Codec {
    Plain,
    Gzip,
    Zstd,
    Utf16Le,
    Utf16Be,
}

impl Codec {
    /// By magic number or byte order mark; UTF-16 without one by its zeros.
    fn of(head: &[u8]) -> Codec {
        match head {
            [0x1f, 0x8b, ..] => Codec::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Codec::Zstd,
            [0xff, 0xfe, ..] => Codec::Utf16Le,
            [0xfe, 0xff, ..] => Codec::Utf16Be,
            _ => by_zeros(head).unwrap_or(Codec::Plain),
        }
    }

    /// A reader of decoded bytes. Byte order marks of UTF-16 are removed.
    fn decode(self, raw: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
        let transcode = |encoding| DecodeReaderBytesBuilder::new().encoding(Some(encoding)).clone();
        Ok(match self {
            Codec::Plain => Box::new(raw),
            Codec::Gzip => Box::new(flate2::read::MultiGzDecoder::new(BufReader::new(raw))),
            Codec::Zstd => Box::new(zstd::Decoder::new(raw)?),
            Codec::Utf16Le => Box::new(transcode(encoding_rs::UTF_16LE).build(raw)),
            Codec::Utf16Be => Box::new(transcode(encoding_rs::UTF_16BE).build(raw)),
        })
    }
}

/// As much of a decoded beginning as tells whether it is a document: one line, if it begins like
/// one.
fn read_head(decoded: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    for wanted in [HEAD_BYTES_MAX, SAMPLE_BYTES_MAX, documents::SAMPLE_BYTES_MAX] {
        let missing = wanted.saturating_sub(head.len()) as u64;
        let read = decoded.take(missing).read_to_end(&mut head)?;
        let has_line = wanted > HEAD_BYTES_MAX && head.contains(&b'\n');
        if !documents::may_be(&head) || (read as u64) < missing || has_line {
            break;
        }
    }
    Ok(head)
}

/// Text in UTF-16 has a zero in nearly every other byte, and always the same other.
fn by_zeros(head: &[u8]) -> Option<Codec> {
    const PAIRS_MIN: usize = 16;
    let pairs = head.len().min(1024) / 2;
    if pairs < PAIRS_MIN {
        return None;
    }
    let zeros = |offset: usize| (0..pairs).filter(|pair| head[2 * pair + offset] == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    if even == 0 && odd * 10 >= pairs * 7 {
        return Some(Codec::Utf16Le);
    }
    (odd == 0 && even * 10 >= pairs * 7).then_some(Codec::Utf16Be)
}

/// Whether a decoded beginning is no text: control characters that no log contains.
/// Holes of NUL bytes do not count: copytruncate and power failures leave them.
pub fn is_binary(sample: &[u8]) -> bool {
    const HOLE_BYTES_MIN: usize = 64;
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
    // The hole that copytruncate leaves is at the beginning, of any length.
    let hole = sample.iter().take_while(|byte| **byte == 0).count();
    let sample = &sample[hole..];
    let counted = sample.iter().filter(|byte| **byte != 0).count();
    let controls = sample.iter().filter(is_control).count();
    // Long runs are holes too; zeros all over are a binary format.
    let runs = sample.split(|byte| *byte != 0).map(<[u8]>::len);
    let zeros: usize = runs.filter(|run| *run < HOLE_BYTES_MIN).sum();
    controls * 20 > counted || zeros * 20 > counted
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
        let whole = match encoding.codec {
            Codec::Utf16Le | Codec::Utf16Be => whole_characters(&file, encoding.codec)?,
            _ => u64::MAX,
        };
        let file = Counted { file, read };
        let inner = match encoding {
            Encoding::PLAIN => Inner::Plain(file),
            _ => Inner::Decoded(of_documents(
                encoding.codec.decode(file.take(whole))?,
                encoding.is_document,
            )),
        };
        Ok(Stream { inner, at: 0 })
    }

    /// A pipe; waits for its first bytes, which tell how it is encoded.
    pub fn of_pipe(mut pipe: impl Read + Send + 'static) -> io::Result<Stream> {
        let mut head = Vec::new();
        (&mut pipe).take(SAMPLE_BYTES_MAX as u64).read_to_end(&mut head)?;
        let codec = Codec::of(&head);
        let mut decoded = codec.decode(Cursor::new(head).chain(pipe))?;
        let head = read_head(&mut decoded)?;
        let is_document = documents::is_one(&head);
        let decoded = of_documents(Box::new(Cursor::new(head).chain(decoded)), is_document);
        Ok(Stream { inner: Inner::Decoded(decoded), at: 0 })
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
fn whole_characters(file: &File, codec: Codec) -> io::Result<u64> {
    let even = file.metadata()?.len() & !1;
    let mut last = [0; 2];
    if even < 2 {
        return Ok(even);
    }
    file.read_exact_at(&mut last, even - 2)?;
    let last = match codec {
        Codec::Utf16Be => u16::from_be_bytes(last),
        _ => u16::from_le_bytes(last),
    };
    let is_first_of_pair = (0xd800..0xdc00).contains(&last);
    Ok(if is_first_of_pair { even - 2 } else { even })
}

fn of_documents(decoded: Box<dyn Read + Send>, is_document: bool) -> Box<dyn Read + Send> {
    if is_document { Box::new(Documents::new(decoded)) } else { decoded }
}

/// A file from a position on, wherever others read it.
struct Positioned {
    file: File,
    at: u64,
}

impl Read for Positioned {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(buffer, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
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
        assert_eq!(Codec::of(&utf16), Codec::Utf16Le);
        assert_eq!(Codec::of(b"\x1f\x8b\x08"), Codec::Gzip);
        assert_eq!(Codec::of(b"2026-01-05"), Codec::Plain);
        assert_eq!(Codec::of(b""), Codec::Plain);
    }

    #[test]
    fn binaries_are_told_from_logs_with_holes() {
        assert!(is_binary(b"\x7fELF\x02\x01"));
        assert!(is_binary(&[7, 3, 0, 1, 0, 9, 0, 0, 0, 5, 0, 2]));
        assert!(!is_binary(b"\x1b[31mERROR\x1b[0m caf\xe9\r\n"));
        let mut hole = vec![0u8; 4096];
        hole.extend_from_slice(b"2026-01-05 00:00:00 INFO after the hole\n");
        assert!(!is_binary(&hole));
        // Also behind lines, as a power failure leaves them, and where nothing else is there yet.
        let line = b"2026-01-05 00:00:00 INFO before the hole\n";
        assert!(!is_binary(&[&line[..], &hole[..], &line[..10], &hole[..]].concat()));
        assert!(!is_binary(&[0; 4096]));
        assert!(!is_binary(b"\0\0\0\0after a small hole"));
    }
}
