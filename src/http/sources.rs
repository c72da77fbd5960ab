//! Where records come from, how far each source has been taken in, and what could not be read.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::answer::{ApiResult, Params};
use super::app::App;
use crate::clock;
use crate::ingest::live::Followed;
use crate::queries::Moment;
use crate::queries::sources::{self as known, Rejects};

/// Every source, and their sums.
#[derive(Serialize, ToSchema)]
pub struct Sources {
    /// At most 1,000: those that brought something last.
    pub sources: Vec<Source>,
    pub totals: Totals,
}

#[derive(Serialize, ToSchema)]
pub struct Source {
    pub id: i64,
    /// The absolute path, or `-` for standard input.
    pub name: String,
    /// `file` or `pipe`.
    pub kind: String,
    /// The main format its first lines were read as.
    pub format: Option<String>,
    /// The share of these lines in that format.
    pub score: Option<f64>,
    /// Every format seen there with its share.
    #[schema(value_type = Option<Object>)]
    pub formats: Option<Box<RawValue>>,
    pub records: i64,
    pub rejects: i64,
    /// Decoded bytes taken in.
    pub bytes: i64,
    /// Size on disk.
    pub file_bytes: Option<i64>,
    /// Bytes not read yet; null if it is not followed.
    pub lag_bytes: Option<u64>,
    /// How long the oldest of them have waited.
    pub lag_seconds: Option<f64>,
    /// Over the last minute.
    pub records_per_second: f64,
    pub following: bool,
    /// When it was seen first.
    pub first_seen: Moment,
    /// When something of it arrived last.
    pub last_seen: Option<Moment>,
    /// Event times.
    pub first_ts: Option<Moment>,
    pub last_ts: Option<Moment>,
    pub error: Option<String>,
}

#[derive(Default, Serialize, ToSchema)]
pub struct Totals {
    pub records: i64,
    pub rejects: i64,
    pub bytes: i64,
}

/// Where records come from
#[utoipa::path(get, path = "/api/sources", tag = "sources", responses((status = 200, body = Sources)))]
pub async fn list(State(app): State<App>) -> ApiResult<Json<Sources>> {
    let sources = app.runner.page(|session| known::sources(session, clock::now())).await?;
    let files = app.options.live.files();
    let mut totals = Totals::default();
    let sources = sources.into_iter().map(|source| {
        totals.records += source.records;
        totals.rejects += source.rejects;
        totals.bytes += source.bytes;
        joined(source, &files)
    });
    Ok(Json(Sources { sources: sources.collect(), totals }))
}

fn joined(source: known::Source, files: &std::collections::BTreeMap<String, Followed>) -> Source {
    let records_per_second = source.records_per_second();
    let file = files.get(&source.name);
    Source {
        id: source.id,
        kind: source.kind,
        format: source.format,
        score: source.score,
        formats: source.formats,
        records: source.records,
        rejects: source.rejects,
        bytes: source.bytes,
        file_bytes: file.map(|file| file.size as i64).or(source.file_bytes),
        lag_bytes: file.map(Followed::lag_bytes),
        lag_seconds: file.map(|file| file.lag().as_secs_f64()),
        records_per_second,
        following: file.is_some(),
        first_seen: source.first_seen,
        last_seen: source.last_seen,
        first_ts: source.first_ts,
        last_ts: source.last_ts,
        error: file.and_then(|file| file.error.clone()),
        name: source.name,
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct RejectParams {
    /// Lines shown; 100 if nothing is said, at most 1,000.
    pub limit: Option<usize>,
}

/// Lines of a source that could not be read
#[utoipa::path(get, path = "/api/sources/{id}/rejects", tag = "sources",
    params(("id" = i64, Path, description = "the source's"), RejectParams),
    responses((status = 200, body = Rejects)))]
pub async fn rejects(
    State(app): State<App>,
    Path(id): Path<i64>,
    Params(params): Params<RejectParams>,
) -> ApiResult<Json<Rejects>> {
    let limit = params.limit.unwrap_or(100).min(1_000);
    Ok(Json(app.runner.page(move |session| known::rejects(session, id, limit)).await?))
}
