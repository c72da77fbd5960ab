//! Records per bucket and level.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::range::{MINUTE, Span, times};
use super::search::Filter;
use crate::error::Result;
use crate::record::Level;
use crate::store::Session;

const COUNTS: &str = include_str!("../../sql/volume_counts.sql");
const RECORDS: &str = include_str!("../../sql/volume_records.sql");
const OUTSIDE: &str = include_str!("../../sql/volume_outside.sql");

/// Records per bucket and level.
#[derive(Debug, Serialize, ToSchema)]
pub struct Volume {
    /// What is covered, in milliseconds since 1970: what was asked for, rounded outwards to
    /// whole buckets.
    pub from: i64,
    pub to: i64,
    pub bucket_ms: i64,
    /// The beginning of every bucket, milliseconds since 1970.
    pub times: Vec<i64>,
    /// Records of what was asked for, without those that the first and the last bucket have besides.
    pub total: i64,
    /// The levels that occur, the most severe last.
    pub levels: Vec<LevelCounts>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LevelCounts {
    /// Null for records without a level.
    pub level: Option<String>,
    /// Records per bucket.
    pub counts: Vec<i64>,
}

#[derive(Deserialize)]
struct Row {
    bucket: i64,
    level: Option<String>,
    n: i64,
}

#[derive(Deserialize)]
struct Outside {
    n: i64,
}

/// From counts per minute where they can tell, else by looking at the records.
pub fn volume(session: &Session, span: Span, filter: &Filter, buckets: usize) -> Result<Volume> {
    let width = span.bucket(buckets);
    let by_minute = filter.only_counts && width >= MINUTE;
    let rounded = span.rounded(width);
    let parameters = match by_minute {
        true => rounded.parameters(),
        false => span.parameters().with("from", rounded.from),
    };
    let parameters = parameters.with("width", width).and(&filter.parameters);
    let query = filter.applied(if by_minute { COUNTS } else { RECORDS });
    let rows: Vec<Row> = session.rows(&query, &parameters.as_slice())?;
    let times = times(rounded, width);
    let mut levels: Vec<LevelCounts> = std::iter::once(None)
        .chain(Level::ALL.map(|level| Some(level.name().to_owned())))
        .map(|level| LevelCounts { level, counts: vec![0; times.len()] })
        .collect();
    let mut total = 0;
    for row in rows {
        let slot = levels.iter_mut().find(|slot| slot.level == row.level);
        let bucket = usize::try_from(row.bucket).ok();
        if let (Some(slot), Some(bucket)) = (slot, bucket)
            && let Some(count) = slot.counts.get_mut(bucket)
        {
            *count += row.n;
            total += row.n;
        }
    }
    if rounded != span && total > 0 {
        // Records are read up to the end of the span, counts to that of the last bucket.
        let last = if by_minute { rounded.to } else { span.to };
        let parts = span.parameters().with("first", rounded.from).with("last", last);
        let parts = parts.and(&filter.parameters);
        total -= session.row::<Outside>(&filter.applied(OUTSIDE), &parts.as_slice())?.n;
    }
    levels.retain(|slot| slot.counts.iter().any(|&count| count > 0));
    Ok(Volume {
        from: rounded.from / 1_000,
        to: rounded.to / 1_000,
        bucket_ms: width / 1_000,
        times,
        total,
        levels,
    })
}
