//! The loss ledger: what became of everything that arrived. See migrations/0006_receiving.sql.

use serde::Deserialize;

use crate::error::Result;
use crate::store::Session;

const BY_NAME: &str = include_str!("../../sql/ledger.sql");
const TOTAL: &str = include_str!("../../sql/ledger_total.sql");

/// What the sources of one name and kind brought.
#[derive(Debug, Deserialize)]
pub struct Entry {
    pub kind: String,
    pub name: String,
    pub received: u64,
    pub parsed: u64,
    pub stored: u64,
    pub rejected: u64,
    pub duplicates: u64,
    pub dropped: u64,
}

/// What all sources brought.
#[derive(Debug, Deserialize)]
pub struct Total {
    pub sources: i64,
    pub received: i64,
    pub parsed: i64,
    pub stored: i64,
    pub rejected: i64,
    pub duplicates: i64,
    pub dropped: i64,
    /// Items without a fate, and fates without an item: 0.
    pub missing: i64,
    /// Records more than an hour ahead of the clock when they arrived.
    pub ahead: i64,
    pub before_1990: i64,
    /// Decoded bytes of what has a position: files.
    pub bytes: i64,
}

/// The 1,000 names that brought something last.
pub fn ledger(session: &Session) -> Result<Vec<Entry>> {
    session.rows(BY_NAME, &[])
}

pub fn ledger_total(session: &Session) -> Result<Total> {
    session.row(TOTAL, &[])
}
