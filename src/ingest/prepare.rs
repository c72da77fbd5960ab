//! Which file this is, its dialect, and which of its bytes are new.
//!
//! A file is known again by device and inode, by its path, or, if it is no longer where it
//! was, by its content; and only if its content agrees: a checksum of its first decoded bytes,
//! and one of the bytes before the position. An inode can be used again, a path can be
//! written anew, a file can be truncated: each is a new source then, because its lines are
//! new. A rotated and compressed file is the old one.

use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::decode::{Encoding, Stream, is_binary};
use super::growth::{GrownRecord, read_end};
use super::known::{Known, absolute};
use crate::config::{HEAD_BYTES_MAX, SAMPLE_BYTES_MAX};
use crate::error::{Error, Result};
use crate::parse::dialect::SAMPLE_LINES_MAX;
use crate::parse::formats::Formats;
use crate::parse::lines::{LINE_BYTES_MAX, clean};
use crate::parse::{Dialect, TimeRules, Zone};
use crate::record::Micros;
use crate::store::sources::{self, Identity, Kind, Source, StoredRecord};
use crate::store::writer::Range;
use crate::store::{Connection, Store};

const UTF8_BOM: &[u8] = b"\xef\xbb\xbf";

/// Bytes of a source from the first to before the second; `None` is its end.
pub type Stretch = (u64, Option<u64>);

/// How sources are to be read.
pub struct Rules {
    pub formats: Formats,
    /// The zone of timestamps that name none.
    pub zone: Zone,
    /// Forget what was taken in of a file before, and read it from its beginning.
    pub again: bool,
    /// Leave a last line without a line break for later if its file was written to after
    /// this time: somebody is at it. `None`: take it as it is.
    pub unfinished_since: Option<Micros>,
    pub now: Micros,
}

/// A source that has something new.
pub struct Prepared {
    pub source: Source,
    pub dialect: Arc<Dialect>,
    /// Open since it was looked at: the path may name another file by now. `None` for pipes.
    pub file: Option<File>,
    pub encoding: Encoding,
    /// The stretches that are not in yet, in order.
    pub gaps: Vec<Stretch>,
    /// Bytes on disk.
    pub file_bytes: u64,
    pub standing: Standing,
}

/// What the database knew of a source before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    New,
    /// The same content as before, with more after it.
    Grown,
    /// Its path or inode was known, with other content.
    Replaced,
}

/// A file after a look at it.
pub enum Look {
    Ready(Prepared),
    Empty,
    /// Everything in it is in already.
    Unchanged,
}

/// Recognises files, and fits dialects to what it does not know.
pub struct Preparer {
    store: Store,
    connection: Connection,
    rules: Rules,
    known: Known,
    /// Known files with another path, inode or beginning than before, to be registered.
    moved: Vec<Source>,
}

impl Preparer {
    pub fn new(store: &Store, rules: Rules) -> Result<Preparer> {
        let connection = store.connect()?;
        let known = Known::new(sources::known_files(&connection)?);
        Ok(Preparer { store: store.clone(), connection, rules, known, moved: Vec::new() })
    }

    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Registers the new ones of these sources, and what was learned of known ones.
    pub fn register(&mut self, prepared: &[&Prepared]) -> Result<()> {
        let new: Vec<&Source> = prepared
            .iter()
            .filter(|prepared| prepared.standing != Standing::Grown)
            .map(|prepared| &prepared.source)
            .collect();
        let moved = std::mem::take(&mut self.moved);
        if new.is_empty() && moved.is_empty() {
            return Ok(());
        }
        sources::register(&self.connection, &new, &moved, self.rules.now)
    }

    /// Fits a dialect to a pipe; waits for its first bytes. Returns it with the stream
    /// from its beginning.
    ///
    /// # Errors
    /// As for [`Preparer::look_at_file`].
    pub fn look_at_pipe(&mut self, name: &str, mut stream: Stream) -> Result<(Prepared, Stream)> {
        let path = Path::new(name);
        let mut sample = Vec::new();
        (&mut stream)
            .take(SAMPLE_BYTES_MAX as u64)
            .read_to_end(&mut sample)
            .map_err(|error| Error::file("read", path, error))?;
        if is_binary(&sample) {
            return Err(Error::NotALog { path: path.to_owned(), what: "binary data" });
        }
        let rules = TimeRules::new(self.rules.zone, self.rules.now);
        let dialect = self.dialect_of(path, &sample, rules)?;
        let prepared = Prepared {
            source: self.new_source(Kind::Pipe, name.to_owned(), None, &dialect),
            dialect: Arc::new(dialect),
            file: None,
            encoding: Encoding::Plain,
            gaps: vec![(0, None)],
            file_bytes: 0,
            standing: Standing::New,
        };
        Ok((prepared, stream.put_back(sample)))
    }

    /// Looks at a file's beginning and at what is known of it.
    ///
    /// # Errors
    /// What opening and reading say; [`Error::NotALog`] for a binary file.
    pub fn look_at_file(&mut self, path: &Path) -> Result<Look> {
        let failed = |error| Error::file("read", path, error);
        let file = File::open(path).map_err(|error| Error::file("open", path, error))?;
        let meta = file.metadata().map_err(failed)?;
        if meta.len() == 0 {
            return Ok(Look::Empty);
        }
        let encoding = encoding_of(&file).map_err(failed)?;
        let sample = read_start(&file, encoding, SAMPLE_BYTES_MAX).map_err(failed)?;
        if is_binary(&sample) {
            return Err(Error::NotALog { path: path.to_owned(), what: "a binary file" });
        }
        let name = absolute(path);
        let rules = TimeRules::new(self.rules.zone, modified(&meta));
        let dialect = Arc::new(self.dialect_of(path, &sample, rules)?);
        let start = if sample.starts_with(UTF8_BOM) { UTF8_BOM.len() as u64 } else { 0 };
        let head = sample[..sample.len().min(HEAD_BYTES_MAX)].to_vec();
        let looked = LookedAt { path, file, name, meta, head, encoding, dialect, start };
        let whole = self.whole_lines(&looked).map_err(failed)?;
        if whole.is_some_and(|end| end <= start) {
            return Ok(Look::Unchanged);
        }
        let mut prepared = match self.recognise(&looked)? {
            Recognised::Unchanged => return Ok(Look::Unchanged),
            Recognised::Grown { source, gaps } => Prepared {
                source,
                dialect: looked.dialect,
                file: Some(looked.file),
                encoding: looked.encoding,
                gaps,
                file_bytes: looked.meta.len(),
                standing: Standing::Grown,
            },
            Recognised::No => self.new_file(looked),
        };
        if let Some(end) = whole {
            prepared.gaps = ending_at(prepared.gaps, end);
        }
        Ok(if prepared.gaps.is_empty() { Look::Unchanged } else { Look::Ready(prepared) })
    }

    /// Where the last whole line ends, if only whole lines are wanted of this file.
    fn whole_lines(&self, looked: &LookedAt<'_>) -> std::io::Result<Option<u64>> {
        let is_busy = self.rules.unfinished_since.is_some_and(|at| modified(&looked.meta) >= at);
        if !is_busy || looked.encoding != Encoding::Plain {
            return Ok(None);
        }
        last_line_end(&looked.file, looked.meta.len()).map(Some)
    }

    fn dialect_of(&self, path: &Path, sample: &[u8], rules: TimeRules) -> Result<Dialect> {
        let lines = sample_lines(sample);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        self.rules
            .formats
            .dialect(&lines, rules)
            .map_err(|reason| Error::Format { path: path.to_owned(), reason })
    }

    fn new_file(&mut self, looked: LookedAt<'_>) -> Prepared {
        let replaced = self.known.has_place(looked.inode(), &looked.name);
        let identity = Some(looked.identity());
        Prepared {
            source: self.new_source(Kind::File, looked.name, identity, &looked.dialect),
            dialect: looked.dialect,
            file: Some(looked.file),
            encoding: looked.encoding,
            gaps: vec![(looked.start, None)],
            file_bytes: looked.meta.len(),
            standing: if replaced { Standing::Replaced } else { Standing::New },
        }
    }

    fn new_source(
        &mut self,
        kind: Kind,
        name: String,
        identity: Option<Identity>,
        dialect: &Dialect,
    ) -> Source {
        let id = self.store.next_source_id();
        let mut formats = crate::record::Fields::default();
        for score in dialect.scores() {
            formats.raw(&score.format, &format!("{:.4}", score.share));
        }
        Source {
            id,
            kind,
            name,
            identity,
            format: dialect.main().map(|score| (score.format.clone(), score.share)),
            formats: format!("{{{}}}", formats.as_str()),
            file_bytes: None,
        }
    }

    /// The file among the known ones.
    fn recognise(&mut self, looked: &LookedAt<'_>) -> Result<Recognised> {
        for at in self.known.candidates(looked.inode(), &looked.name, &looked.head, is_gone) {
            let (known, ranges) = self.known.get(at);
            if self.rules.again {
                sources::forget(&self.connection, known.id)?;
                continue;
            }
            let Some(gaps) = self.new_stretches(looked, known, ranges)? else {
                continue;
            };
            let mut source = known.clone();
            source.name.clone_from(&looked.name);
            source.identity = Some(looked.identity());
            let moved = source.name != known.name || source.identity != known.identity;
            if moved {
                self.moved.push(source.clone());
            }
            if !gaps.is_empty() {
                return Ok(Recognised::Grown { source, gaps });
            }
            // Else the archive would be decoded again every time.
            let size = looked.meta.len();
            if looked.encoding != Encoding::Plain && source.file_bytes != Some(size) {
                sources::finish(&self.connection, &[(source.id, size)])?;
            }
            return Ok(Recognised::Unchanged);
        }
        Ok(Recognised::No)
    }

    /// The stretches of a known file that are not in yet; `None` if its content is not
    /// what was taken in.
    fn new_stretches(
        &self,
        looked: &LookedAt<'_>,
        source: &Source,
        ranges: &[Range],
    ) -> Result<Option<Vec<Stretch>>> {
        let size = looked.meta.len();
        let Some(last) = ranges.last() else {
            return Ok(Some(vec![(looked.start, None)]));
        };
        let whole = sources::merged(ranges).len() == 1 && source.file_bytes.is_some();
        // Decoding a whole archive to learn that nothing is new would be a waste.
        if looked.encoding != Encoding::Plain && whole && source.file_bytes == Some(size) {
            return Ok(Some(Vec::new()));
        }
        let failed = |error| Error::file("read", looked.path, error);
        let Some(end) = read_end(&looked.file, looked.encoding, last).map_err(failed)? else {
            return Ok(None);
        };
        let ranges = match end.grown_record(&looked.dialect) {
            GrownRecord::None => ranges.to_vec(),
            GrownRecord::Grown(record) => {
                self.take_back(ranges, end.range_without_tail(), record)?
            }
        };
        let mut gaps = gaps_of(&ranges, looked.start);
        if end.after.is_empty() {
            // The open stretch at the end has nothing in it.
            gaps.pop();
        }
        Ok(Some(gaps))
    }

    /// Takes the last record out; returns the ranges that are left.
    fn take_back(
        &self,
        ranges: &[Range],
        shrunk: Option<Range>,
        record: Option<StoredRecord>,
    ) -> Result<Vec<Range>> {
        let mut left = ranges.to_vec();
        let Some(last) = left.pop() else {
            return Ok(left);
        };
        if !sources::take_back(&self.connection, ranges, shrunk, last.tail, record.as_ref())? {
            return Ok(ranges.to_vec());
        }
        left.extend(shrunk);
        Ok(left)
    }
}

/// What a look at a file found.
struct LookedAt<'a> {
    path: &'a Path,
    file: File,
    /// Absolute.
    name: String,
    meta: Metadata,
    /// Its first bytes, decoded.
    head: Vec<u8>,
    encoding: Encoding,
    dialect: Arc<Dialect>,
    /// Where its text begins: after a byte order mark.
    start: u64,
}

impl LookedAt<'_> {
    fn identity(&self) -> Identity {
        Identity {
            device: self.meta.dev(),
            inode: self.meta.ino(),
            head_bytes: self.head.len() as u32,
            head_crc: crc32fast::hash(&self.head),
        }
    }

    fn inode(&self) -> (u64, u64) {
        (self.meta.dev(), self.meta.ino())
    }
}

/// What is known of a file.
enum Recognised {
    No,
    Unchanged,
    Grown { source: Source, gaps: Vec<Stretch> },
}

/// Whether the file that a source was read from is no longer there, or has other content
/// now: then its lines may lie somewhere else.
fn is_gone(source: &Source) -> bool {
    let Some(identity) = source.identity else {
        return false;
    };
    let head = File::open(&source.name).and_then(|file| {
        let encoding = encoding_of(&file)?;
        read_start(&file, encoding, identity.head_bytes as usize)
    });
    head.map_or(true, |head| crc32fast::hash(&head) != identity.head_crc)
}

/// What lies from `start` on between and after ranges that are in order.
fn gaps_of(ranges: &[Range], start: u64) -> Vec<Stretch> {
    let mut gaps = Vec::new();
    let mut at = start;
    for range in sources::merged(ranges) {
        if range.start > at {
            gaps.push((at, Some(range.start)));
        }
        at = range.end;
    }
    gaps.push((at, None));
    gaps
}

/// The stretches as far as they lie before `end`.
fn ending_at(gaps: Vec<Stretch>, end: u64) -> Vec<Stretch> {
    gaps.into_iter()
        .map(|(start, stop)| (start, Some(stop.map_or(end, |stop| stop.min(end)))))
        .filter(|(start, stop)| stop.is_some_and(|stop| *start < stop))
        .collect()
}

/// Where the last line break of the first `length` bytes ends; 0 if there is none in the last
/// stretch that a line may have.
fn last_line_end(file: &File, length: u64) -> std::io::Result<u64> {
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

fn encoding_of(file: &File) -> std::io::Result<Encoding> {
    Ok(Encoding::of(&read_start(file, Encoding::Plain, HEAD_BYTES_MAX)?))
}

/// The first decoded bytes.
fn read_start(file: &File, encoding: Encoding, bytes_max: usize) -> std::io::Result<Vec<u8>> {
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

/// The lines of a sample, cleaned; the last is left out if it may be half a line.
fn sample_lines(sample: &[u8]) -> Vec<String> {
    let sample = sample.strip_prefix(UTF8_BOM).unwrap_or(sample);
    let whole = match memchr::memrchr(b'\n', sample) {
        Some(end) if sample.len() + UTF8_BOM.len() >= SAMPLE_BYTES_MAX => &sample[..end],
        _ => sample,
    };
    whole
        .split(|&b| b == b'\n')
        .take(SAMPLE_LINES_MAX)
        .map(|line| clean(line).0.into_owned())
        .collect()
}

/// UTC microseconds.
fn modified(meta: &Metadata) -> Micros {
    meta.mtime() * 1_000_000 + meta.mtime_nsec() / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::writer::Check;

    #[test]
    fn gaps_lie_between_and_after_ranges() {
        let range = |start, end| Range {
            source: 1,
            start,
            end,
            tail: start,
            check: Check { bytes: 0, crc: 0 },
        };
        assert_eq!(gaps_of(&[], 0), [(0, None)]);
        assert_eq!(gaps_of(&[range(3, 10)], 3), [(10, None)]);
        assert_eq!(
            gaps_of(&[range(0, 10), range(30, 40), range(10, 20)], 0),
            [(20, Some(30)), (40, None)]
        );
    }
}
