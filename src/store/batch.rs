//! The columns of a block of records, filled by a worker and appended by a writer.
//!
//! Columns instead of records, because DuckDB takes columns: text goes into one arena
//! per column, and services and hosts, which repeat, become small numbers.

use std::hash::BuildHasher;

use crate::parse::Sink;
use crate::record::{Level, Micros, Record};

/// Marks a row without a level.
pub const NO_LEVEL: u8 = u8::MAX;

/// The records and rejects of one block of one source.
pub struct Batch {
    /// sources.id
    pub source: i32,
    /// Where the block lies in its source, in bytes.
    pub start: u64,
    pub end: u64,
    pub ts: Vec<Micros>,
    /// Positions in the level enum, or [`NO_LEVEL`].
    pub level: Vec<u8>,
    pub service: NameColumn,
    pub host: NameColumn,
    pub message: TextColumn,
    /// JSON objects; empty for none.
    pub fields: TextColumn,
    /// Per record, where its last line ends, in bytes from the block's start.
    pub row_end: Vec<u32>,
    /// The rows are in the order of their lines, so that `row_end` says up to where the block is
    /// in once a row is. Otherwise the block is in only when all rows are.
    pub is_in_order: bool,
    pub rejects: Vec<Reject>,
}

/// A line that no format could read, at bytes of its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    pub reason: &'static str,
    pub line: String,
    pub start: u64,
    pub end: u64,
}

impl Batch {
    pub fn new() -> Batch {
        Batch {
            source: 0,
            start: 0,
            end: 0,
            ts: Vec::new(),
            level: Vec::new(),
            service: NameColumn::new(),
            host: NameColumn::new(),
            message: TextColumn::default(),
            fields: TextColumn::default(),
            row_end: Vec::new(),
            is_in_order: true,
            rejects: Vec::new(),
        }
    }

    /// Empties the batch for another block, keeping its allocations.
    pub fn reset(&mut self, source: i32, start: u64, end: u64) {
        (self.source, self.start, self.end) = (source, start, end);
        self.ts.clear();
        self.level.clear();
        self.service.clear();
        self.host.clear();
        self.message.clear();
        self.fields.clear();
        self.row_end.clear();
        self.is_in_order = true;
        self.rejects.clear();
    }

    pub fn rows(&self) -> usize {
        self.ts.len()
    }
}

impl Default for Batch {
    fn default() -> Batch {
        Batch::new()
    }
}

impl Sink for Batch {
    #[inline]
    fn record(&mut self, record: &Record<'_>, end: usize) {
        self.ts.push(record.ts);
        self.level.push(record.level.map_or(NO_LEVEL, |level: Level| level as u8));
        self.service.push(record.service.as_deref());
        self.host.push(record.host.as_deref());
        self.message.push(&record.message);
        self.fields.push_object(record.fields.as_str());
        self.row_end.push(end as u32);
    }

    fn extend(&mut self, line: &str, end: usize) {
        self.message.extend_last("\n");
        self.message.extend_last(line);
        if let Some(row_end) = self.row_end.last_mut() {
            *row_end = end as u32;
        }
    }

    fn reject(&mut self, reason: &'static str, line: &str, start: usize, end: usize) {
        self.rejects.push(Reject {
            reason,
            line: line.to_owned(),
            start: self.start + start as u64,
            end: self.start + end as u64,
        });
    }

    fn out_of_order(&mut self) {
        self.is_in_order = false;
    }
}

/// Texts, one after the other in one allocation.
#[derive(Default)]
pub struct TextColumn {
    text: String,
    ends: Vec<u32>,
}

impl TextColumn {
    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    #[inline]
    fn push(&mut self, value: &str) {
        self.text.push_str(value);
        self.ends.push(self.text.len() as u32);
    }

    /// Pushes JSON pairs as an object; no pairs, no object.
    #[inline]
    fn push_object(&mut self, pairs: &str) {
        if !pairs.is_empty() {
            self.text.reserve(pairs.len() + 2);
            self.text.push('{');
            self.text.push_str(pairs);
            self.text.push('}');
        }
        self.ends.push(self.text.len() as u32);
    }

    fn extend_last(&mut self, more: &str) {
        self.text.push_str(more);
        if let Some(end) = self.ends.last_mut() {
            *end = self.text.len() as u32;
        }
    }

    /// Whether every row is empty.
    pub fn is_all_empty(&self) -> bool {
        self.text.is_empty()
    }

    #[inline]
    pub fn get(&self, row: usize) -> &str {
        let start = if row == 0 { 0 } else { self.ends[row - 1] as usize };
        &self.text[start..self.ends[row] as usize]
    }
}

/// Names that repeat: each distinct one is kept once.
pub struct NameColumn {
    /// Per row a position in `names`, or [`NameColumn::NONE`].
    ids: Vec<u32>,
    names: Vec<String>,
    lookup: std::collections::HashMap<String, u32, foldhash::fast::FixedState>,
    /// The most recent names by hash: found without touching the map.
    recent: [u32; RECENT],
    hasher: foldhash::fast::FixedState,
}

const RECENT: usize = 64;

impl NameColumn {
    pub const NONE: u32 = u32::MAX;

    fn new() -> NameColumn {
        let hasher = foldhash::fast::FixedState::default();
        NameColumn {
            ids: Vec::new(),
            names: Vec::new(),
            lookup: std::collections::HashMap::with_hasher(hasher),
            recent: [Self::NONE; RECENT],
            hasher,
        }
    }

    fn clear(&mut self) {
        self.ids.clear();
        self.names.clear();
        self.lookup.clear();
        self.recent = [Self::NONE; RECENT];
    }

    #[inline]
    fn push(&mut self, name: Option<&str>) {
        let id = name.map_or(Self::NONE, |name| self.id_of(name));
        self.ids.push(id);
    }

    #[inline]
    fn id_of(&mut self, name: &str) -> u32 {
        let slot = self.hasher.hash_one(name.as_bytes()) as usize % RECENT;
        let recent = self.recent[slot];
        if recent != Self::NONE && self.names[recent as usize] == name {
            return recent;
        }
        let id = match self.lookup.get(name) {
            Some(&id) => id,
            None => {
                let id = self.names.len() as u32;
                self.names.push(name.to_owned());
                self.lookup.insert(name.to_owned(), id);
                id
            }
        };
        self.recent[slot] = id;
        id
    }

    #[inline]
    pub fn id(&self, row: usize) -> u32 {
        self.ids[row]
    }

    /// Whether no row has a name.
    pub fn is_all_none(&self) -> bool {
        self.names.is_empty()
    }

    /// Every distinct name; ids are positions in it.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    #[inline]
    pub fn get(&self, row: usize) -> Option<&str> {
        self.names.get(self.ids[row] as usize).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_once_and_read_back() {
        let mut column = NameColumn::new();
        let names: Vec<String> = (0..500).map(|n| format!("service-{}", n % 150)).collect();
        for name in &names {
            column.push(Some(name));
            column.push(None);
        }
        assert_eq!(column.names().len(), 150);
        for (at, name) in names.iter().enumerate() {
            assert_eq!(column.get(2 * at), Some(name.as_str()));
            assert_eq!(column.get(2 * at + 1), None);
        }
    }

    #[test]
    fn continuations_extend_the_last_message() {
        let mut batch = Batch::new();
        batch.record(&Record { message: "a".into(), ..Record::default() }, 2);
        batch.record(&Record { message: "b".into(), ..Record::default() }, 4);
        batch.extend("  at c", 11);
        assert_eq!((batch.message.get(0), batch.message.get(1)), ("a", "b\n  at c"));
        assert_eq!(batch.row_end, [2, 11]);
    }
}
