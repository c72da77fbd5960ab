//! Transactions of rows, rejects, rollups and positions, sized for the storage.
//!
//! A worker appends its batches and commits when the writer says it is full. What a
//! transaction holds is exactly what its positions say, so a kill at any moment leaves
//! every line in once or not at all. Several writers may work at the same time: they
//! only ever append, so they do not conflict.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::batch::{Batch, NO_LEVEL, NameColumn, Reject};
use super::bulk::{Appender, Column};
use super::handle::Handle;
use super::raw::RawConnection;
use super::times::Times;
use crate::config::{
    CHECK_BYTES_MAX, TRANSACTION_REJECTS_MAX, TRANSACTION_ROLLUPS_MAX, TRANSACTION_ROWS_MAX,
};
use crate::error::Result;
use crate::record::Micros;

const MICROS_PER_MINUTE: i64 = 60_000_000;

/// Bytes of a source that are taken in; see migrations/0001_logs.sql, `positions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub source: i32,
    pub start: u64,
    pub end: u64,
    /// Where the last record of the range begins.
    pub tail: u64,
    /// The bytes before `end`, to be recognised by.
    pub check: Check,
}

/// A checksum of the last bytes before a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    pub bytes: u32,
    pub crc: u32,
}

impl Check {
    /// Of the end of `bytes`.
    pub fn of(bytes: &[u8]) -> Check {
        let last = &bytes[bytes.len().saturating_sub(CHECK_BYTES_MAX)..];
        Check { bytes: last.len() as u32, crc: crc32fast::hash(last) }
    }
}

pub struct Writer {
    // Dropped in this order: appenders before their connection.
    logs: Appender,
    rejects: Appender,
    rollups: Appender,
    intake: Appender,
    positions: Appender,
    receipts: Appender,
    connection: RawConnection,
    open: Option<Transaction>,
    /// Rows of the next transaction.
    rows_max: usize,
}

/// What the open transaction holds besides the appended rows.
#[derive(Default)]
struct Transaction {
    rows: usize,
    rejects: usize,
    counts: Counts,
    intakes: BTreeMap<i32, Intake>,
    ranges: Vec<Range>,
    receipts: Vec<Receipt>,
}

/// What arrived of a source besides the records and rejects of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrival {
    /// Items, whatever became of them.
    pub received: u64,
    /// Items that are stored already.
    pub duplicates: u64,
    /// Items that there was no room for.
    pub dropped: u64,
}

/// What a key stands for; the order is that of the type in migrations/0012_answered.sql.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ReceiptState {
    /// Something that a client names by a key or an identity of its own.
    Known,
    /// A request that is stored, and whose answer may not have reached the client.
    Unanswered,
    /// The answer to such a request was written.
    Answered,
}

/// A key by which something that was stored is known again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub key: u128,
    pub state: ReceiptState,
    /// A hash of what was stored under it.
    pub content: u64,
    /// UTC.
    pub received: Micros,
}

/// What a transaction holds of one source; see migrations/0006_receiving.sql, `ledger`.
#[derive(Default)]
struct Intake {
    received: i64,
    records: i64,
    rejects: i64,
    duplicates: i64,
    dropped: i64,
    times: Times,
    ingested: Micros,
}

impl Writer {
    pub(super) fn new(handle: Arc<Handle>, first_rows_max: usize) -> Result<Writer> {
        let connection = RawConnection::new(handle)?;
        Ok(Writer {
            logs: Appender::new(&connection, "logs")?,
            rejects: Appender::new(&connection, "rejects")?,
            rollups: Appender::new(&connection, "rollups")?,
            intake: Appender::new(&connection, "intake")?,
            positions: Appender::new(&connection, "positions")?,
            receipts: Appender::new(&connection, "receipts")?,
            connection,
            open: None,
            rows_max: first_rows_max,
        })
    }

    /// Appends the batch's records from row `from` on, and the rejects among them, as far
    /// as the transaction has room. Returns the row to go on with after a commit;
    /// `batch.rows()` means all is in. A batch whose rows are out of order is appended as a
    /// whole, also beyond the room. `block` are the bytes the batch was parsed from, or
    /// the last of them if there are no rows.
    pub fn append(
        &mut self,
        batch: &Batch,
        from: usize,
        block: &[u8],
        ingested: Micros,
    ) -> Result<usize> {
        self.begin()?;
        let transaction = self.open.get_or_insert_default();
        let to = match batch.is_in_order {
            true => batch.rows().min(from + self.rows_max.saturating_sub(transaction.rows)),
            false => batch.rows(),
        };
        append_rows(&mut self.logs, batch, from, to, ingested)?;
        transaction.counts.add(batch, from, to);
        transaction.rows += to - from;

        let start = if from == 0 { batch.start } else { record_end(batch, from - 1) };
        let end = if to == batch.rows() { batch.end } else { record_end(batch, to - 1) };
        let rejects: Vec<&Reject> =
            batch.rejects.iter().filter(|reject| (start..end).contains(&reject.start)).collect();
        append_rejects(&mut self.rejects, batch.source, &rejects, ingested)?;
        transaction.rejects += rejects.len();
        let intake = transaction.intakes.entry(batch.source).or_default();
        intake.add(&batch.ts[from..to], rejects.len(), ingested);
        intake.received += (to - from + rejects.len()) as i64;

        let tail = match batch.is_in_order {
            true => tail_of(batch, from, to, start, &rejects),
            // More than one record may still grow: none is taken back for it.
            false => end,
        };
        let check = Check::of(&block[..block.len().min((end - batch.start) as usize)]);
        transaction.add_range(Range { source: batch.source, start, end, tail, check });
        Ok(to)
    }

    /// Appends all of a batch that was received rather than read from a place: it has no
    /// position that says whether it is in. It is never split between transactions.
    pub fn append_received(
        &mut self,
        batch: &Batch,
        arrival: Arrival,
        receipts: &[Receipt],
        ingested: Micros,
    ) -> Result<()> {
        self.begin()?;
        let transaction = self.open.get_or_insert_default();
        append_rows(&mut self.logs, batch, 0, batch.rows(), ingested)?;
        transaction.counts.add(batch, 0, batch.rows());
        transaction.rows += batch.rows();
        let rejects: Vec<&Reject> = batch.rejects.iter().collect();
        append_rejects(&mut self.rejects, batch.source, &rejects, ingested)?;
        transaction.rejects += rejects.len();
        let intake = transaction.intakes.entry(batch.source).or_default();
        intake.add(&batch.ts, rejects.len(), ingested);
        intake.received += arrival.received as i64;
        intake.duplicates += arrival.duplicates as i64;
        intake.dropped += arrival.dropped as i64;
        transaction.receipts.extend_from_slice(receipts);
        Ok(())
    }

    /// Appends keys alone.
    pub fn append_receipts(&mut self, receipts: &[Receipt]) -> Result<()> {
        self.begin()?;
        self.open.get_or_insert_default().receipts.extend_from_slice(receipts);
        Ok(())
    }

    /// Begins a transaction if none is open.
    fn begin(&mut self) -> Result<()> {
        if self.open.is_none() {
            self.connection.execute(c"begin transaction")?;
        }
        Ok(())
    }

    /// Whether the transaction should be committed before more is appended.
    pub fn is_full(&self) -> bool {
        self.open.as_ref().is_some_and(|transaction| {
            transaction.rows >= self.rows_max
                || transaction.rejects >= TRANSACTION_REJECTS_MAX
                || transaction.counts.len() >= TRANSACTION_ROLLUPS_MAX
        })
    }

    /// Makes everything appended durable; without it, nothing is.
    pub fn commit(&mut self) -> Result<()> {
        let Some(transaction) = self.open.take() else {
            return Ok(());
        };
        self.rows_max = TRANSACTION_ROWS_MAX;
        let committed = self.finish(transaction);
        if committed.is_err() {
            // The error that broke the transaction says more than that of its rollback.
            drop(self.connection.execute(c"rollback"));
        }
        committed
    }

    fn finish(&mut self, mut transaction: Transaction) -> Result<()> {
        self.logs.flush()?;
        self.rejects.flush()?;
        transaction.counts.append_to(&mut self.rollups)?;
        append_intakes(&mut self.intake, &transaction.intakes)?;
        append_ranges(&mut self.positions, &transaction.ranges)?;
        append_receipts(&mut self.receipts, &transaction.receipts)?;
        self.connection.execute(c"commit")
    }
}

impl Intake {
    fn add(&mut self, times: &[Micros], rejects: usize, ingested: Micros) {
        self.records += times.len() as i64;
        self.rejects += rejects as i64;
        self.ingested = ingested;
        self.times.add(times, ingested);
    }
}

impl Transaction {
    fn add_range(&mut self, range: Range) {
        match self.ranges.last_mut() {
            Some(last) if last.source == range.source && last.end == range.start => {
                *last = Range { start: last.start, ..range };
            }
            _ => self.ranges.push(range),
        }
    }
}

/// Where a record of the batch ends in its source.
fn record_end(batch: &Batch, row: usize) -> u64 {
    batch.start + u64::from(batch.row_end[row])
}

/// Where the last record or reject of `from..to` begins: what may still grow.
fn tail_of(batch: &Batch, from: usize, to: usize, start: u64, rejects: &[&Reject]) -> u64 {
    let last_record = match to - from {
        0 => start,
        1 => start,
        _ => record_end(batch, to - 2),
    };
    rejects.last().map_or(last_record, |reject| reject.start.max(last_record))
}

fn append_rows(
    logs: &mut Appender,
    batch: &Batch,
    from: usize,
    to: usize,
    ingested: Micros,
) -> Result<()> {
    let service = |row| batch.service.get(from + row);
    let host = |row| batch.host.get(from + row);
    let message = |row| Some(batch.message.get(from + row));
    let fields = |row| Some(batch.fields.get(from + row)).filter(|text: &&str| !text.is_empty());
    logs.append(
        &[
            Column::Int64(&batch.ts[from..to]),
            Column::Enum8(&batch.level[from..to]),
            if batch.service.is_all_none() { Column::Null } else { Column::Text(&service) },
            if batch.host.is_all_none() { Column::Null } else { Column::Text(&host) },
            Column::Text(&message),
            if batch.fields.is_all_empty() { Column::Null } else { Column::Text(&fields) },
            Column::SameInt32(batch.source),
            Column::SameInt64(ingested),
        ],
        to - from,
    )
}

fn append_rejects(
    appender: &mut Appender,
    source: i32,
    rejects: &[&Reject],
    ingested: Micros,
) -> Result<()> {
    let starts: Vec<i64> = rejects.iter().map(|reject| reject.start as i64).collect();
    let ends: Vec<i64> = rejects.iter().map(|reject| reject.end as i64).collect();
    appender.append(
        &[
            Column::SameInt32(source),
            Column::Int64(&starts),
            Column::Int64(&ends),
            Column::Text(&|row| Some(rejects[row].reason)),
            Column::Text(&|row| Some(rejects[row].line.as_str())),
            Column::SameInt64(ingested),
        ],
        rejects.len(),
    )
}

fn append_intakes(appender: &mut Appender, intakes: &BTreeMap<i32, Intake>) -> Result<()> {
    for (source, intake) in intakes {
        let time = |ts: Option<Micros>| ts.map_or(Column::Null, Column::SameInt64);
        appender.append(
            &[
                Column::SameInt32(*source),
                Column::SameInt64(intake.records),
                Column::SameInt64(intake.rejects),
                time(intake.times.span.map(|(first, _)| first)),
                time(intake.times.span.map(|(_, last)| last)),
                Column::SameInt64(intake.ingested),
                Column::SameInt64(intake.received),
                Column::SameInt64(intake.duplicates),
                Column::SameInt64(intake.dropped),
                Column::SameInt64(intake.times.ahead as i64),
                Column::SameInt64(intake.times.before_1990 as i64),
            ],
            1,
        )?;
    }
    appender.flush()
}

/// Appends ranges to the `positions` table.
fn append_ranges(appender: &mut Appender, ranges: &[Range]) -> Result<()> {
    for range in ranges {
        appender.append(
            &[
                Column::SameInt32(range.source),
                Column::SameInt64(range.start as i64),
                Column::SameInt64(range.end as i64),
                Column::SameInt64(range.tail as i64),
                Column::SameInt32(range.check.bytes as i32),
                Column::SameInt64(range.check.crc.into()),
            ],
            1,
        )?;
    }
    appender.flush()
}

fn append_receipts(appender: &mut Appender, receipts: &[Receipt]) -> Result<()> {
    let high: Vec<i64> = receipts.iter().map(|receipt| (receipt.key >> 64) as i64).collect();
    let low: Vec<i64> = receipts.iter().map(|receipt| receipt.key as i64).collect();
    let content: Vec<i64> = receipts.iter().map(|receipt| receipt.content as i64).collect();
    let received: Vec<i64> = receipts.iter().map(|receipt| receipt.received).collect();
    let states: Vec<u8> = receipts.iter().map(|receipt| receipt.state as u8).collect();
    appender.append(
        &[
            Column::Int64(&high),
            Column::Int64(&low),
            Column::Int64(&content),
            Column::Int64(&received),
            Column::Enum8(&states),
        ],
        receipts.len(),
    )?;
    appender.flush()
}

/// Records per minute, service and level, of one transaction.
#[derive(Default)]
struct Counts {
    totals: HashMap<(Micros, u32, u8), i64, foldhash::fast::FixedState>,
    services: Vec<String>,
    service_ids: HashMap<String, u32>,
}

/// Slots of a service in the counts of one minute: six levels and none.
const LEVEL_SLOTS: usize = 7;

impl Counts {
    fn len(&self) -> usize {
        self.totals.len()
    }

    /// Counts rows `from..to`. Most logs stay in a minute for many rows, so a minute is
    /// counted in a small array and added to the totals when the minute changes.
    fn add(&mut self, batch: &Batch, from: usize, to: usize) {
        let ids = self.ids_of(&batch.service);
        let mut slots = vec![0i64; (ids.len() + 1) * LEVEL_SLOTS];
        let mut touched: Vec<usize> = Vec::new();
        let mut minute_start = Micros::MIN;
        let mut minute_end = Micros::MIN;
        for row in from..to {
            let ts = batch.ts[row];
            if ts < minute_start || ts >= minute_end {
                self.add_minute(minute_start, &ids, &mut slots, &mut touched);
                minute_start = ts.div_euclid(MICROS_PER_MINUTE) * MICROS_PER_MINUTE;
                minute_end = minute_start + MICROS_PER_MINUTE;
            }
            // A missing service is the last slot, a missing level the seventh.
            let service = (batch.service.id(row) as usize).min(ids.len());
            let slot = service * LEVEL_SLOTS + usize::from(batch.level[row]).min(LEVEL_SLOTS - 1);
            if slots[slot] == 0 {
                touched.push(slot);
            }
            slots[slot] += 1;
        }
        self.add_minute(minute_start, &ids, &mut slots, &mut touched);
    }

    fn add_minute(
        &mut self,
        minute: Micros,
        ids: &[u32],
        slots: &mut [i64],
        touched: &mut Vec<usize>,
    ) {
        for slot in touched.drain(..) {
            let service = ids.get(slot / LEVEL_SLOTS).copied().unwrap_or(NameColumn::NONE);
            let level = match slot % LEVEL_SLOTS {
                6 => NO_LEVEL,
                level => level as u8,
            };
            *self.totals.entry((minute, service, level)).or_default() += slots[slot];
            slots[slot] = 0;
        }
    }

    /// This transaction's number for each of the batch's services.
    fn ids_of(&mut self, column: &NameColumn) -> Vec<u32> {
        let mut ids = Vec::with_capacity(column.names().len());
        for name in column.names() {
            let id = match self.service_ids.get(name) {
                Some(&id) => id,
                None => {
                    let id = self.services.len() as u32;
                    self.services.push(name.clone());
                    self.service_ids.insert(name.clone(), id);
                    id
                }
            };
            ids.push(id);
        }
        ids
    }

    fn append_to(&mut self, appender: &mut Appender) -> Result<()> {
        let mut totals: Vec<_> = self.totals.drain().collect();
        totals.sort_unstable_by_key(|&(key, _)| key);
        let minutes: Vec<i64> = totals.iter().map(|((minute, ..), _)| *minute).collect();
        let levels: Vec<u8> = totals.iter().map(|((.., level), _)| *level).collect();
        let counts: Vec<i64> = totals.iter().map(|(_, n)| *n).collect();
        let service = |row: usize| {
            let (_, service, _) = totals[row].0;
            self.services.get(service as usize).map(String::as_str)
        };
        appender.append(
            &[
                Column::Int64(&minutes),
                Column::Text(&service),
                Column::Enum8(&levels),
                Column::Int64(&counts),
            ],
            totals.len(),
        )?;
        appender.flush()
    }
}
