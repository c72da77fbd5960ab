//! What is known about where records came from, and how far each was taken in.

use std::collections::{HashMap, HashSet};

use duckdb::named_params;
use duckdb::types::{TimeUnit, Value};

use super::database::Connection;
use super::writer::{Check, Range, Receipt, ReceiptState};
use crate::error::Result;
use crate::record::Micros;

/// A source as the database knows it.
#[derive(Clone, Debug)]
pub struct Source {
    pub id: i32,
    pub kind: Kind,
    /// The absolute path, or `-`.
    pub name: String,
    pub identity: Option<Identity>,
    /// The main format with its score, and every format with its share as JSON.
    pub format: Option<(String, f64)>,
    pub formats: String,
    /// What is uncertain in how it is read.
    pub doubt: Option<String>,
    /// Size on disk when it was last read to its end.
    pub file_bytes: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    File,
    /// Standard input, or a named pipe. Has no position: every reading is new.
    Pipe,
    /// A client of one of the protocols over HTTP.
    Http,
    /// A sender of syslog, over TCP or UDP.
    Syslog,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::File => "file",
            Kind::Pipe => "pipe",
            Kind::Http => "http",
            Kind::Syslog => "syslog",
        }
    }
}

/// What tells a file from all others: where it lies, and how it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    pub device: u64,
    pub inode: u64,
    pub head_bytes: u32,
    pub head_crc: u32,
}

/// Every range of every source, in order.
fn all_ranges(connection: &Connection) -> Result<HashMap<i32, Vec<Range>>> {
    let mut ranges: HashMap<i32, Vec<Range>> = HashMap::new();
    let mut statement = connection.prepare(include_str!("../../sql/positions.sql"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let range = Range {
            source: row.get(0)?,
            start: row.get::<_, i64>(1)? as u64,
            end: row.get::<_, i64>(2)? as u64,
            tail: row.get::<_, i64>(3)? as u64,
            check: Check { bytes: row.get::<_, i32>(4)? as u32, crc: row.get::<_, i64>(5)? as u32 },
        };
        ranges.entry(range.source).or_default().push(range);
    }
    Ok(ranges)
}

/// The ranges of some sources, in order.
pub fn ranges_of(connection: &Connection, ids: &HashSet<i32>) -> Result<HashMap<i32, Vec<Range>>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut ranges = all_ranges(connection)?;
    ranges.retain(|source, _| ids.contains(source));
    Ok(ranges)
}

/// Joins ranges that meet: every commit leaves its own.
pub fn join_positions(connection: &Connection) -> Result<()> {
    in_transaction(connection, || {
        Ok(connection.execute_batch(include_str!("../../sql/join_positions.sql"))?)
    })
}

/// How far behind a source is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lag {
    pub source: i32,
    pub bytes: u64,
    pub seconds: f64,
}

/// Notes which sources are behind; the others are not.
pub fn note_lags(connection: &Connection, lags: &[Lag], now: Micros) -> Result<()> {
    in_transaction(connection, || {
        connection.execute_batch("delete from lags")?;
        for lag in lags {
            connection.execute(
                include_str!("../../sql/add_lag.sql"),
                named_params! {
                    "source": lag.source,
                    "bytes": lag.bytes as i64,
                    "seconds": lag.seconds,
                    "measured": now,
                },
            )?;
        }
        Ok(())
    })
}

/// The files taken in before, the newest first, each with its ranges in order.
pub fn known_files(connection: &Connection) -> Result<Vec<(Source, Vec<Range>)>> {
    let mut ranges = all_ranges(connection)?;
    let mut files = Vec::new();
    let mut statement = connection.prepare(include_str!("../../sql/files.sql"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let source = Source {
            id: row.get(0)?,
            kind: Kind::File,
            name: row.get(1)?,
            identity: Some(Identity {
                device: row.get::<_, i64>(2)? as u64,
                inode: row.get::<_, i64>(3)? as u64,
                head_bytes: row.get::<_, i32>(4)? as u32,
                head_crc: row.get::<_, i64>(5)? as u32,
            }),
            format: None,
            formats: String::new(),
            doubt: None,
            file_bytes: row.get::<_, Option<i64>>(6)?.map(|bytes| bytes as u64),
        };
        let ranges = ranges.remove(&source.id).unwrap_or_default();
        files.push((source, ranges));
    }
    Ok(files)
}

/// The largest number of a source; 0 if there is none.
pub fn last_id(connection: &Connection) -> Result<i32> {
    let sql = "select coalesce(max(id), 0)::integer from sources";
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

/// The sources of a kind by name; of several with a name the newest.
pub fn named(connection: &Connection, kind: Kind) -> Result<HashMap<String, i32>> {
    let mut statement = connection.prepare(include_str!("../../sql/source_names.sql"))?;
    let mut rows = statement.query(named_params! { "kind": kind.name() })?;
    let mut named = HashMap::new();
    while let Some(row) = rows.next()? {
        named.insert(row.get(0)?, row.get(1)?);
    }
    Ok(named)
}

/// Keys of what was stored after `since` and may be sent again, in the order in which it came; of
/// too many the latest.
pub fn receipts_since(
    connection: &Connection,
    since: Micros,
    limit: usize,
) -> Result<Vec<Receipt>> {
    let mut statement = connection.prepare(include_str!("../../sql/receipts.sql"))?;
    let mut rows = statement.query(named_params! { "since": since, "limit": limit as i64 })?;
    let mut receipts = Vec::new();
    while let Some(row) = rows.next()? {
        let [high, low] = [row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as u64];
        receipts.push(Receipt {
            key: u128::from(high) << 64 | u128::from(low),
            content: row.get::<_, i64>(2)? as u64,
            received: row.get(3)?,
            state: if row.get(4)? { ReceiptState::Unanswered } else { ReceiptState::Known },
        });
    }
    Ok(receipts)
}

/// Adds new sources, and notes where known ones lie now and how they begin now that they
/// have grown: all or nothing.
pub fn register(
    connection: &Connection,
    new: &[&Source],
    moved: &[Source],
    now: Micros,
) -> Result<()> {
    in_transaction(connection, || {
        insert_sources(connection, new, now)?;
        update_identities(connection, moved)
    })
}

/// Runs `work` in a transaction: what it did counts if it succeeds, and only then.
fn in_transaction<T>(connection: &Connection, work: impl FnOnce() -> Result<T>) -> Result<T> {
    connection.execute_batch("begin transaction")?;
    match work() {
        Ok(done) => {
            connection.execute_batch("commit")?;
            Ok(done)
        }
        Err(error) => {
            // The error says more than that of a rollback after it.
            drop(connection.execute_batch("rollback"));
            Err(error)
        }
    }
}

fn insert_sources(connection: &Connection, sources: &[&Source], now: Micros) -> Result<()> {
    let now = Value::Timestamp(TimeUnit::Microsecond, now);
    let mut rows = connection.appender("sources")?;
    for source in sources {
        let identity = source.identity;
        rows.append_row(duckdb::params![
            source.id,
            source.kind.name(),
            source.name,
            identity.map(|identity| identity.device as i64),
            identity.map(|identity| identity.inode as i64),
            identity.map(|identity| identity.head_bytes as i32),
            identity.map(|identity| i64::from(identity.head_crc)),
            source.format.as_ref().map(|(name, _)| name.as_str()),
            source.format.as_ref().map(|(_, score)| *score),
            source.formats,
            None::<i64>,
            now,
            source.doubt,
        ])?;
    }
    rows.flush()?;
    Ok(())
}

/// One statement for all: thousands of files grow between two runs.
fn update_identities(connection: &Connection, sources: &[Source]) -> Result<()> {
    connection.execute_batch(include_str!("../../sql/moved_sources.sql"))?;
    let mut rows = connection.appender("moved_sources")?;
    for source in sources {
        if let Some(identity) = source.identity {
            rows.append_row(duckdb::params![
                source.id,
                source.name,
                identity.device as i64,
                identity.inode as i64,
                identity.head_bytes as i32,
                i64::from(identity.head_crc),
            ])?;
        }
    }
    rows.flush()?;
    drop(rows);
    connection.execute_batch(include_str!("../../sql/update_sources.sql"))?;
    Ok(())
}

/// Joins ranges that meet.
pub fn merged(ranges: &[Range]) -> Vec<Range> {
    let mut ranges = ranges.to_vec();
    ranges.sort_unstable_by_key(|range| range.start);
    let mut merged: Vec<Range> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if last.end == range.start => *last = Range { start: last.start, ..range },
            _ => merged.push(range),
        }
    }
    merged
}

/// Notes that these sources have been read to their ends: merges their ranges, and keeps
/// the sizes the files had. One transaction.
pub fn finish(connection: &Connection, sizes: &[(i32, u64)]) -> Result<()> {
    let ranges = all_ranges(connection)?;
    in_transaction(connection, || {
        connection.execute_batch(include_str!("../../sql/finished_sources.sql"))?;
        let mut finished = connection.appender("finished_sources")?;
        let mut joined = connection.appender("joined_positions")?;
        for (source, file_bytes) in sizes {
            finished.append_row(duckdb::params![source, *file_bytes as i64])?;
            let before = ranges.get(source).map_or(&[][..], Vec::as_slice);
            let after = merged(before);
            if after.len() < before.len() {
                for range in after {
                    append_range(&mut joined, &range)?;
                }
            }
        }
        finished.flush()?;
        joined.flush()?;
        drop((finished, joined));
        connection.execute_batch(include_str!("../../sql/finish_sources.sql"))?;
        Ok(())
    })
}

fn insert_ranges(connection: &Connection, ranges: &[Range]) -> Result<()> {
    let mut rows = connection.appender("positions")?;
    for range in ranges {
        append_range(&mut rows, range)?;
    }
    rows.flush()?;
    Ok(())
}

fn append_range(rows: &mut duckdb::Appender<'_>, range: &Range) -> Result<()> {
    rows.append_row(duckdb::params![
        range.source,
        range.start as i64,
        range.end as i64,
        range.tail as i64,
        range.check.bytes as i32,
        i64::from(range.check.crc),
    ])?;
    Ok(())
}

/// A record as the database holds it, enough to find it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    /// The line has no time: `ts` is that with which it would be stored now.
    pub is_undated: bool,
    pub ts: Micros,
    pub level: Option<&'static str>,
    pub service: Option<String>,
    pub message: String,
}

/// Takes the last record or reject of a source out again, because its file now goes on
/// with more of it; it is read anew from `shrunk.end` on. One transaction: a kill
/// leaves it in or out, and the position says which. `false` means that there is no such
/// record (its source is read in another format now), and that nothing was changed.
pub fn take_back(
    connection: &Connection,
    ranges: &[Range],
    shrunk: Option<Range>,
    tail: u64,
    record: Option<&StoredRecord>,
) -> Result<bool> {
    let source = ranges[0].source;
    in_transaction(connection, || {
        let record = match record {
            Some(record) if record.is_undated => {
                let Some(ts) = undated_ts(connection, source, record)? else { return Ok(false) };
                Some(StoredRecord { ts, ..record.clone() })
            }
            record => record.cloned(),
        };
        if let Some(record) = &record
            && !delete_record(connection, source, record)?
        {
            return Ok(false);
        }
        let rejects = connection.execute(
            "delete from rejects where source = ? and start_byte >= ?",
            duckdb::params![source, tail as i64],
        )?;
        connection.execute(
            include_str!("../../sql/take_back_intake.sql"),
            named_params! {
                "source": source,
                "records": i64::from(record.is_some()),
                "rejects": rejects as i64,
                "ts": record.as_ref().map(|record| record.ts),
            },
        )?;
        connection.execute("delete from positions where source = ?", [source])?;
        insert_ranges(connection, &ranges[..ranges.len() - 1])?;
        insert_ranges(connection, shrunk.as_slice())?;
        Ok(true)
    })
}

/// The time with which a record was stored whose line has none.
fn undated_ts(
    connection: &Connection,
    source: i32,
    record: &StoredRecord,
) -> Result<Option<Micros>> {
    let mut statement = connection.prepare(include_str!("../../sql/undated_record.sql"))?;
    let mut rows =
        statement.query(named_params! { "source": source, "message": record.message })?;
    Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
}

/// Deletes a record and its count; `false` if there is none such.
fn delete_record(connection: &Connection, source: i32, record: &StoredRecord) -> Result<bool> {
    let deleted = connection.execute(
        include_str!("../../sql/take_back_record.sql"),
        named_params! { "source": source, "ts": record.ts, "message": record.message },
    )?;
    if deleted > 0 {
        connection.execute(
            include_str!("../../sql/take_back_count.sql"),
            named_params! { "ts": record.ts, "service": record.service, "level": record.level },
        )?;
    }
    Ok(deleted > 0)
}

/// Takes everything of a source out again: records, counts, rejects, positions and itself.
pub fn forget(connection: &Connection, source: i32) -> Result<()> {
    in_transaction(connection, || {
        for statement in include_str!("../../sql/forget_source.sql").split_inclusive(';') {
            if !statement.trim().is_empty() {
                connection.execute(statement, named_params! { "source": source })?;
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(start: u64, end: u64) -> Range {
        Range { source: 1, start, end, tail: start, check: Check { bytes: 0, crc: end as u32 } }
    }

    #[test]
    fn ranges_that_meet_become_one() {
        let joined = merged(&[range(20, 30), range(0, 10), range(10, 20), range(40, 50)]);
        assert_eq!(joined.len(), 2);
        assert_eq!((joined[0].start, joined[0].end, joined[0].tail), (0, 30, 20));
        assert_eq!(joined[0].check.crc, 30);
    }
}
