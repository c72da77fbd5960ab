//! Records and errors per service.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::range::{MINUTE, Span, times};
use crate::error::Result;
use crate::store::Session;

const QUERY: &str = include_str!("../../sql/services.sql");

/// Buckets of the small lines.
const BUCKETS: usize = 60;

/// Records and errors per service, most errors first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Services {
    pub bucket_ms: i64,
    /// The beginning of every bucket, milliseconds since 1970.
    pub times: Vec<i64>,
    pub services: Vec<Service>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Service {
    /// Null for records without a service.
    pub service: Option<String>,
    pub records: i64,
    /// Of these, ERROR and FATAL.
    pub errors: i64,
    pub error_percent: f64,
    /// Records per bucket.
    pub counts: Vec<i64>,
    pub error_counts: Vec<i64>,
}

#[derive(Deserialize)]
struct Row {
    service: Option<String>,
    bucket: i64,
    records: i64,
    errors: i64,
}

pub fn services(session: &Session, span: Span) -> Result<Services> {
    let width = span.bucket(BUCKETS).max(MINUTE);
    let span = span.rounded(width);
    let parameters = span.parameters().with("width", width);
    let rows: Vec<Row> = session.rows(QUERY, &parameters.as_slice())?;
    let times = times(span, width);
    let mut by_name: BTreeMap<Option<String>, Service> = BTreeMap::new();
    for row in rows {
        let service = by_name.entry(row.service.clone()).or_insert_with(|| Service {
            service: row.service,
            records: 0,
            errors: 0,
            error_percent: 0.0,
            counts: vec![0; times.len()],
            error_counts: vec![0; times.len()],
        });
        service.records += row.records;
        service.errors += row.errors;
        if let Some(bucket) = usize::try_from(row.bucket).ok().filter(|&at| at < times.len()) {
            service.counts[bucket] += row.records;
            service.error_counts[bucket] += row.errors;
        }
    }
    let mut services: Vec<Service> = by_name.into_values().collect();
    for service in &mut services {
        let percent = 100.0 * service.errors as f64 / service.records.max(1) as f64;
        service.error_percent = (percent * 100.0).round() / 100.0;
    }
    services.sort_by_key(|service| (-service.errors, -service.records));
    Ok(Services { bucket_ms: width / 1_000, times, services })
}
