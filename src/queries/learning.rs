//! How many series are so young that detectors are still learning what is usual.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Parameters;
use crate::error::Result;
use crate::record::Micros;
use crate::store::Session;

const QUERY: &str = include_str!("../../sql/learning.sql");

/// Series of counts: services and levels.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct Learning {
    /// That had records in the last day.
    pub total: i64,
    /// Of these, less than a day old: detectors need more of them to fire.
    pub learning: i64,
    /// Of these, less than half an hour old: not judged yet.
    pub unjudged: i64,
}

pub fn learning(session: &Session, now: Micros) -> Result<Learning> {
    session.row(QUERY, &Parameters::new().with("now", now).as_slice())
}
