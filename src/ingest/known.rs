//! The files that were taken in before, found again by inode, by path, or by content.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use crate::store::sources::Source;
use crate::store::writer::Range;

/// Known files and their ranges, the newest first.
pub struct Known {
    files: Vec<(Source, Vec<Range>)>,
    by_inode: HashMap<(u64, u64), Vec<usize>>,
    by_name: HashMap<String, Vec<usize>>,
    by_head: HashMap<(u32, u32), Vec<usize>>,
    /// How many bytes the known beginnings have.
    head_bytes: BTreeSet<u32>,
}

impl Known {
    pub fn new(files: Vec<(Source, Vec<Range>)>) -> Known {
        let mut known = Known {
            files: Vec::new(),
            by_inode: HashMap::new(),
            by_name: HashMap::new(),
            by_head: HashMap::new(),
            head_bytes: BTreeSet::new(),
        };
        for (at, (source, _)) in files.iter().enumerate() {
            known.by_name.entry(source.name.clone()).or_default().push(at);
            if let Some(identity) = source.identity {
                let inode = (identity.device, identity.inode);
                known.by_inode.entry(inode).or_default().push(at);
                let head = (identity.head_bytes, identity.head_crc);
                known.by_head.entry(head).or_default().push(at);
                known.head_bytes.insert(identity.head_bytes);
            }
        }
        known.files = files;
        known
    }

    pub fn get(&self, at: usize) -> &(Source, Vec<Range>) {
        &self.files[at]
    }

    pub fn by_id(&self, id: i32) -> Option<&Source> {
        self.files.iter().map(|(source, _)| source).find(|source| source.id == id)
    }

    /// Notes where a known file lies now.
    pub fn moved(&mut self, to: &Source) {
        if let Some((source, _)) = self.files.iter_mut().find(|(source, _)| source.id == to.id) {
            source.clone_from(to);
        }
    }

    /// Sources that a file of this name and beginning may be a copy of: those that begin like
    /// it, and those in its directory with more than it has, whose names go together.
    pub fn possible_originals(&self, name: &str, head: &[u8]) -> impl Iterator<Item = &Source> {
        let alike = self.beginning_like(head).into_iter().map(|at| &self.files[at].0);
        let beside = self.files.iter().map(|(source, _)| source);
        alike.chain(beside.filter(move |source| go_together(&source.name, name)))
    }

    /// Whether anything is known of this inode or path.
    pub fn has_place(&self, inode: (u64, u64), name: &str) -> bool {
        self.by_inode.contains_key(&inode) || self.by_name.contains_key(name)
    }

    /// The known files that begin like this one: those with its inode first, then those with
    /// its path, then those of which `is_gone` says that they are no longer in their place
    /// (`app.log`, whose lines are in `app.log.1.gz` now). A copy beside its original is
    /// none of them.
    pub fn candidates(
        &self,
        inode: (u64, u64),
        name: &str,
        head: &[u8],
        is_gone: impl Fn(&Source) -> bool,
    ) -> Vec<usize> {
        let alike = self.beginning_like(head);
        let rank = |at: &usize| {
            let (source, _) = &self.files[*at];
            let identity = source.identity.map(|identity| (identity.device, identity.inode));
            match () {
                () if identity == Some(inode) => Some(0),
                () if source.name == name => Some(1),
                () if is_gone(source) => Some(2),
                () => None,
            }
        };
        let mut ranked: Vec<(u8, usize)> =
            alike.into_iter().filter_map(|at| Some((rank(&at)?, at))).collect();
        ranked.sort_unstable();
        ranked.into_iter().map(|(_, at)| at).collect()
    }

    /// The known files whose beginnings `head` begins with.
    fn beginning_like(&self, head: &[u8]) -> Vec<usize> {
        let mut alike = Vec::new();
        let mut hasher = crc32fast::Hasher::new();
        let mut hashed = 0;
        for &length in &self.head_bytes {
            let Some(more) = head.get(hashed..length as usize) else {
                break;
            };
            hasher.update(more);
            hashed = length as usize;
            let crc = hasher.clone().finalize();
            alike.extend(self.by_head.get(&(length, crc)).into_iter().flatten());
        }
        alike
    }
}

/// Whether these first bytes of a file begin as the source is known to begin.
pub fn begins_like(source: &Source, head: &[u8]) -> bool {
    source.identity.is_some_and(|identity| {
        let known = head.get(..identity.head_bytes as usize);
        known.is_some_and(|known| crc32fast::hash(known) == identity.head_crc)
    })
}

/// Whether one may be what the other is called after it was rotated: `app.log` and `app.log.1`,
/// `app-20260105.log`, in one directory.
pub fn go_together(original: &str, copy: &str) -> bool {
    let (directory, original) = original.rsplit_once('/').unwrap_or(("", original));
    let (copy_directory, copy) = copy.rsplit_once('/').unwrap_or(("", copy));
    let stem = original.rsplit_once('.').map_or(original, |(stem, _)| stem);
    directory == copy_directory && copy.starts_with(stem)
}

/// The path without links and dots, so that it stays the same from everywhere.
pub fn absolute(path: &Path) -> String {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sources::{Identity, Kind};

    fn source(id: i32, name: &str, inode: u64, head: &[u8]) -> (Source, Vec<Range>) {
        let identity = Identity {
            device: 1,
            inode,
            head_bytes: head.len() as u32,
            head_crc: crc32fast::hash(head),
        };
        let source = Source {
            id,
            kind: Kind::File,
            name: name.to_owned(),
            identity: Some(identity),
            format: None,
            formats: String::new(),
            doubt: None,
            file_bytes: None,
        };
        (source, Vec::new())
    }

    #[test]
    fn content_decides_and_places_rank() {
        let known = Known::new(vec![
            source(1, "/a", 10, b"one\n"),
            source(2, "/b", 20, b"one\ntwo\n"),
            source(3, "/c", 30, b"other\n"),
        ]);
        let ids = |inode, name: &str, head: &[u8], gone: bool| -> Vec<i32> {
            let found = known.candidates((1, inode), name, head, |_| gone);
            found.into_iter().map(|at| known.get(at).0.id).collect()
        };
        assert_eq!(ids(20, "/a", b"one\ntwo\nthree\n", false), [2, 1]);
        assert_eq!(ids(99, "/z", b"one\ntwo\nthree\n", true), [1, 2]);
        assert_eq!(ids(99, "/z", b"one\ntwo\nthree\n", false), [0i32; 0]);
        assert_eq!(ids(30, "/c", b"new content\n", true), [0i32; 0]);
    }
}
