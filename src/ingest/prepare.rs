//! Which file this is, its dialect, and which of its bytes are new.
//!
//! A file is known again by device and inode, by its path, or, if it is no longer where it
//! was, by its content; and only if its content agrees: a checksum of its first decoded bytes,
//! and one of the bytes before the position. An inode can be used again, a path can be
//! written anew, a file can be truncated: each is a new source then, because its lines are
//! new. A rotated and compressed file is the old one.

use std::collections::HashSet;
use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use super::copies::{Copies, is_copy_of, is_young};
use super::decode::{Encoding, Stream, is_binary};
use super::growth::{GrownRecord, read_end};
use super::known::{Known, absolute, begins_like, go_together};
use super::looked::{
    LookedAt, UTF8_BOM, is_gone, last_line_end, modified, read_last, read_start, sample_lines,
};
use super::tail::{Found, is_full_sample};
use super::turns::{Addition, Inode, Turn};
use crate::config::{HEAD_BYTES_MAX, SAMPLE_BYTES_MAX};
use crate::error::{Error, Result};
use crate::parse::dialect::SAMPLE_LINES_MAX;
use crate::parse::formats::Formats;
use crate::parse::lines::clean;
use crate::parse::time::{Undated, order};
use crate::parse::{Dialect, TimeRules, Zone};
use crate::record::Micros;
use crate::store::sources::{self, Identity, Kind, Source, StoredRecord};
use crate::store::writer::Range;
use crate::store::{Connection, Store};

/// Bytes of a source from the first to before the second; `None` is its end.
pub type Stretch = (u64, Option<u64>);

/// How sources are to be read.
pub struct Rules {
    pub formats: Formats,
    /// The zone of timestamps that name none.
    pub zone: Zone,
    /// Forget what was taken in of a file before, and read it from its beginning.
    pub again: bool,
    /// The files are being written to; `None`: they are taken as they are.
    pub following: Option<Following>,
    pub now: Micros,
}

/// What is different for files that are being written to.
#[derive(Clone)]
pub struct Following {
    /// A last line without a line break is left for later if its file was written to after
    /// this time.
    pub unfinished_since: Micros,
    pub copies: Copies,
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
    Ready(Box<Prepared>),
    Empty,
    /// Everything in it is in already.
    Unchanged,
    /// It may be a copy in the making, or somebody else reads it.
    Later,
    /// It was not taken in before, and only such files are of interest.
    Foreign,
}

/// Recognises files, and fits dialects to what it does not know.
pub struct Preparer {
    store: Store,
    connection: Connection,
    rules: Rules,
    /// `None` where nobody else reads files.
    turn: Option<Turn>,
    known: Known,
    /// Known files with another path, inode or beginning than before, to be registered.
    moved: Vec<Source>,
    /// Plain files that may be followed on from where they are in.
    pub found: Vec<Found>,
    /// New sources of this pass.
    fresh: Vec<Source>,
    /// Known sources that files turned out to be.
    pub recognised: HashSet<i32>,
}

impl Preparer {
    pub fn new(store: &Store, rules: Rules, turn: Option<Turn>) -> Result<Preparer> {
        let connection = store.connect()?;
        let known = Known::new(sources::known_files(&connection)?);
        Ok(Preparer {
            store: store.clone(),
            connection,
            rules,
            turn,
            known,
            moved: Vec::new(),
            found: Vec::new(),
            fresh: Vec::new(),
            recognised: HashSet::new(),
        })
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
        let rules = match self.rules.formats.undated() {
            Undated::Reject => TimeRules::new(self.rules.zone, self.rules.now),
            Undated::Arrival | Undated::Mtime => {
                TimeRules::of_stream(self.rules.zone, self.rules.now)
            }
        };
        let dialect = self.dialect_of(path, &sample, rules)?;
        let prepared = Prepared {
            source: self.new_source(Kind::Pipe, name.to_owned(), None, &dialect),
            dialect: Arc::new(dialect),
            file: None,
            encoding: Encoding::PLAIN,
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
    pub fn look_at_file(&mut self, path: &Path, known_only: bool) -> Result<Look> {
        let failed = |error| Error::file("read", path, error);
        let file = File::open(path).map_err(|error| Error::file("open", path, error))?;
        let meta = file.metadata().map_err(failed)?;
        if meta.len() == 0 {
            return Ok(Look::Empty);
        }
        if self.hold((meta.dev(), meta.ino()))? == Addition::Busy {
            return self.busy(path);
        }
        let encoding = Encoding::of_file(&file).map_err(failed)?;
        let sample = read_start(&file, encoding, SAMPLE_BYTES_MAX).map_err(failed)?;
        if is_binary(&sample) {
            return Err(Error::NotALog { path: path.to_owned(), what: "a binary file" });
        }
        let name = absolute(path);
        let head = sample[..sample.len().min(HEAD_BYTES_MAX)].to_vec();
        if known_only && !self.is_known(&meta, &name, &head) {
            return Ok(Look::Foreign);
        }
        let undated = self.rules.formats.undated();
        let rules = TimeRules::of_file(self.rules.zone, modified(&meta), self.rules.now, undated);
        let dialect = self.dialect_of(path, &sample, rules)?;
        let dialect = match encoding {
            Encoding::PLAIN => self.with_last_lines(path, &file, &sample, dialect)?,
            _ => dialect,
        };
        let dialect = Arc::new(dialect);
        let start = if sample.starts_with(UTF8_BOM) { UTF8_BOM.len() as u64 } else { 0 };
        let sample_is_full = is_full_sample(sample.len(), sample_lines(&sample).len());
        let looked =
            LookedAt { path, file, name, meta, head, encoding, dialect, start, sample_is_full };
        let whole = self.whole_lines(&looked).map_err(failed)?;
        if whole.is_some_and(|end| end <= start) {
            return Ok(Look::Unchanged);
        }
        let (source, gaps, standing) = match self.recognise(&looked)? {
            Recognised::Unchanged(source) => {
                self.recognised.insert(source);
                self.follow_on(&looked, source).map_err(failed)?;
                return Ok(Look::Unchanged);
            }
            Recognised::Busy => return self.busy(path),
            Recognised::Later => return Ok(Look::Later),
            Recognised::No if known_only => return Ok(Look::Foreign),
            Recognised::No if self.is_copy_in_the_making(&looked) => return Ok(Look::Later),
            Recognised::Grown { source, gaps } => {
                self.recognised.insert(source.id);
                (source, gaps, Standing::Grown)
            }
            Recognised::No => self.new_file(&looked),
        };
        self.follow_on(&looked, source.id).map_err(failed)?;
        let gaps = match whole {
            Some(end) => ending_at(gaps, end),
            None => gaps,
        };
        if gaps.is_empty() {
            return Ok(Look::Unchanged);
        }
        Ok(Look::Ready(Box::new(Prepared {
            source,
            dialect: looked.dialect,
            file: Some(looked.file),
            encoding: looked.encoding,
            gaps,
            file_bytes: looked.meta.len(),
            standing,
        })))
    }

    /// Whether a file may be one that was taken in before. Cheap: most files are not.
    fn is_known(&self, meta: &Metadata, name: &str, head: &[u8]) -> bool {
        let inode = (meta.dev(), meta.ino());
        let following = self.rules.following.as_ref();
        let is_copy =
            following.is_some_and(|following| following.copies.original_of(inode).is_some());
        is_copy || !self.known.candidates(inode, name, head, is_gone).is_empty()
    }

    /// Keeps a file at hand that is to be followed on.
    fn follow_on(&mut self, looked: &LookedAt<'_>, source: i32) -> std::io::Result<()> {
        if self.rules.following.is_some() && looked.encoding.is_plain() {
            self.found.push(Found {
                path: looked.path.to_owned(),
                file: looked.file.try_clone()?,
                source,
                dialect: looked.dialect.clone(),
                sample_is_full: looked.sample_is_full,
            });
        }
        Ok(())
    }

    /// Makes sure that nobody else reads a file. What is known is read again if somebody may
    /// have read it until now.
    fn hold(&mut self, inode: Inode) -> Result<Addition> {
        let addition = self.turn.as_mut().map_or(Addition::Held, |turn| turn.add(inode));
        if addition == Addition::Added {
            self.known = Known::new(sources::known_files(&self.connection)?);
            // What this pass has found out is not in the database yet.
            self.moved.iter().for_each(|source| self.known.moved(source));
        }
        Ok(addition)
    }

    /// What becomes of a file that somebody else reads for long.
    fn busy(&self, path: &Path) -> Result<Look> {
        match self.rules.following {
            Some(_) => Ok(Look::Later),
            None => {
                let busy = std::io::Error::other("another load is reading it; try again");
                Err(Error::file("read", path, busy))
            }
        }
    }

    /// Where the last whole line ends, if only whole lines are wanted of this file.
    fn whole_lines(&self, looked: &LookedAt<'_>) -> std::io::Result<Option<u64>> {
        let is_busy = self
            .rules
            .following
            .as_ref()
            .is_some_and(|following| modified(&looked.meta) >= following.unfinished_since);
        if !is_busy || !looked.encoding.is_plain() {
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

    /// The dialect of a plain file whose first lines leave the order of its dates open, if its last
    /// lines do not: a day above 12 comes with the days.
    fn with_last_lines(
        &self,
        path: &Path,
        file: &File,
        sample: &[u8],
        dialect: Dialect,
    ) -> Result<Dialect> {
        if dialect.dates().is_none_or(|dates| dates.is_certain) {
            return Ok(dialect);
        }
        let last =
            read_last(file, SAMPLE_BYTES_MAX).map_err(|error| Error::file("read", path, error))?;
        let last = last.rsplit(|&byte| byte == b'\n').take(SAMPLE_LINES_MAX);
        let mut last: Vec<String> = last.map(|line| clean(line).0.into_owned()).collect();
        last.reverse();
        let lines = [sample_lines(sample), last].concat();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        match order::decide(&lines, dialect.rules().reference) {
            Some(dates) if dates.is_certain => {
                let rules = TimeRules { order: Some(dates.order), ..*dialect.rules() };
                self.dialect_of(path, sample, rules)
            }
            _ => Ok(dialect),
        }
    }

    fn new_file(&mut self, looked: &LookedAt<'_>) -> (Source, Vec<Stretch>, Standing) {
        if let Some(following) = &self.rules.following {
            // Whatever it looked like, it is no copy.
            following.copies.forget(looked.inode());
        }
        let replaced = self.known.has_place(looked.inode(), &looked.name);
        let identity = Some(looked.identity());
        let source = self.new_source(Kind::File, looked.name.clone(), identity, &looked.dialect);
        self.fresh.push(source.clone());
        let standing = if replaced { Standing::Replaced } else { Standing::New };
        (source, vec![(looked.start, None)], standing)
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
            doubt: dialect.doubt(),
            file_bytes: None,
        }
    }

    /// The files among the known ones that this one may be: the lines of an archive may be
    /// those of a file that is still open somewhere. `None` if somebody else reads one of them.
    fn candidates(&mut self, looked: &LookedAt<'_>) -> Result<Option<Vec<usize>>> {
        loop {
            let found = self.known.candidates(looked.inode(), &looked.name, &looked.head, is_gone);
            let places: Vec<Inode> = found
                .iter()
                .filter_map(|at| self.known.get(*at).0.identity)
                .map(|identity| (identity.device, identity.inode))
                .collect();
            let mut is_fresh = true;
            for place in places {
                match self.hold(place)? {
                    Addition::Held => {}
                    Addition::Added => is_fresh = false,
                    Addition::Busy => return Ok(None),
                }
            }
            if is_fresh {
                return Ok(Some(found));
            }
        }
    }

    /// The file among the known ones.
    fn recognise(&mut self, looked: &LookedAt<'_>) -> Result<Recognised> {
        let Some(candidates) = self.candidates(looked)? else { return Ok(Recognised::Busy) };
        for at in candidates {
            let (known, ranges) = self.known.get(at);
            if self.rules.following.is_some() && self.recognised.contains(&known.id) {
                // One file of a look is this source; another that is alike waits for the next.
                return Ok(Recognised::Later);
            }
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
                // Others of this pass must not think that it is gone.
                self.known.moved(&source);
            }
            if !gaps.is_empty() {
                return Ok(Recognised::Grown { source, gaps });
            }
            // Else the archive would be decoded again every time.
            let size = looked.meta.len();
            if !looked.encoding.is_plain() && source.file_bytes != Some(size) {
                sources::finish(&self.connection, &[(source.id, size)])?;
            }
            return Ok(Recognised::Unchanged(source.id));
        }
        Ok(self.adopt_copy(looked))
    }

    /// A file that was seen to be a copy while its original was in its place is the original,
    /// now that that is gone: also if the original was read on meanwhile, beyond the copy.
    fn adopt_copy(&mut self, looked: &LookedAt<'_>) -> Recognised {
        let Some(following) = &self.rules.following else { return Recognised::No };
        let original = following.copies.original_of(looked.inode());
        let original = original.and_then(|id| self.known.by_id(id));
        // An inode may be another file's by now: its beginning says whether it is still the copy.
        let is_it = |source: &&Source| begins_like(source, &looked.head) && is_gone(source);
        let Some(original) = original.filter(is_it) else {
            return Recognised::No;
        };
        following.copies.forget(looked.inode());
        let (name, identity) = (looked.name.clone(), Some(looked.identity()));
        let source = Source { name, identity, ..original.clone() };
        let id = source.id;
        self.known.moved(&source);
        self.moved.push(source);
        Recognised::Unchanged(id)
    }

    /// Whether this new file may be a copy that is being made of one that is in its place.
    fn is_copy_in_the_making(&self, looked: &LookedAt<'_>) -> bool {
        let Some(following) = &self.rules.following else { return false };
        if !is_young(looked, self.rules.now) {
            return false;
        }
        let fresh = self.fresh.iter().filter(|source| go_together(&source.name, &looked.name));
        let known = self.known.possible_originals(&looked.name, &looked.head);
        let original = known.chain(fresh).find(|source| {
            // What lay here before under the same name is no original: it is gone.
            source.name != looked.name
                && source.identity.is_some_and(|it| (it.device, it.inode) != looked.inode())
                && is_copy_of(looked, &source.name)
        });
        if let Some(original) = original.filter(|source| begins_like(source, &looked.head)) {
            following.copies.note(looked, original.id);
        }
        // Or of a copy that has not taken the place of its original yet: it is packed already.
        let copies = following.copies.names_but(looked.inode());
        let is_second = |copy: &String| go_together(copy, &looked.name) && is_copy_of(looked, copy);
        original.is_some() || copies.iter().any(is_second)
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
        if !looked.encoding.is_plain() && whole && source.file_bytes == Some(size) {
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

/// What is known of a file.
enum Recognised {
    No,
    /// To be looked at again.
    Later,
    /// sources.id
    Unchanged(i32),
    Grown {
        source: Source,
        gaps: Vec<Stretch>,
    },
    /// Somebody else reads what it may be.
    Busy,
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
