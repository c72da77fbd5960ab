//! The whole in numbers.

use serde::Deserialize;

use super::Moment;
use crate::error::Result;
use crate::store::Session;

const QUERY: &str = include_str!("../../sql/status.sql");

#[derive(Debug, Deserialize)]
pub struct Status {
    pub records: i64,
    pub rejects: i64,
    pub sources: i64,
    pub alerts_open: i64,
    pub mail_pending: i64,
    pub mail_failed: i64,
    /// What the newest message that did not get through met.
    pub mail_error: Option<String>,
    /// Event times.
    pub first: Option<Moment>,
    pub last: Option<Moment>,
}

pub fn status(session: &Session) -> Result<Status> {
    session.row(QUERY, &[])
}
