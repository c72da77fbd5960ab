//! Where records come from, how far each source has been taken in, and what could not be read.

use std::collections::BTreeMap;

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
use crate::queries::ledger::ledger_total;
use crate::queries::sources::{self as known, Rejects};
use crate::record::Micros;
use crate::store::sources::Kind;

/// A client that brought something within this time is expected to bring more.
const LIVE_WINDOW: Micros = 5 * 60 * 1_000_000;

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
    /// The absolute path, `-` for standard input, or the protocol and the client's address.
    pub name: String,
    /// `file`, `pipe`, `http` or `syslog`.
    pub kind: String,
    /// The main format its first lines were read as.
    pub format: Option<String>,
    /// The share of these lines in that format.
    pub score: Option<f64>,
    /// Every format seen there with its share.
    #[schema(value_type = Option<Object>)]
    pub formats: Option<Box<RawValue>>,
    /// What is uncertain in how it is read, and what makes it certain.
    pub doubt: Option<String>,
    pub records: i64,
    pub rejects: i64,
    pub ledger: Ledger,
    /// Decoded bytes taken in; 0 of what is no file.
    pub bytes: i64,
    /// Size on disk; null of what is no file.
    pub file_bytes: Option<i64>,
    /// Bytes not read yet; null if it is not a file that is followed.
    pub lag_bytes: Option<u64>,
    /// How long the oldest of them have waited.
    pub lag_seconds: Option<f64>,
    /// Over the last minute.
    pub records_per_second: f64,
    /// Whether it is a file that is followed.
    pub following: bool,
    /// Whether more is expected of it: it is followed, or is no file and brought something
    /// within the last five minutes.
    pub live: bool,
    /// When it was seen first.
    pub first_seen: Moment,
    /// When something of it arrived last.
    pub last_seen: Option<Moment>,
    /// Event times, without those that are implausible.
    pub first_ts: Option<Moment>,
    pub last_ts: Option<Moment>,
    pub far_times: FarTimes,
    pub error: Option<String>,
}

/// What became of everything that arrived: `received` is the sum of `stored`, `rejected`,
/// `duplicates`, `dropped` and `missing`.
#[derive(Serialize, ToSchema)]
pub struct Ledger {
    /// Items that arrived, whatever became of them.
    pub received: i64,
    /// Items that could be read: `stored` and `duplicates`.
    pub parsed: i64,
    /// Records.
    pub stored: i64,
    /// Rejects.
    pub rejected: i64,
    /// What a client sent again and was stored before.
    pub duplicates: i64,
    /// What there was no room for: of protocols that cannot be made to wait (UDP).
    pub dropped: i64,
    /// What nobody knows the fate of: always 0.
    pub missing: i64,
}

/// Records whose times are implausible. They are stored, and never decide what is shown or judged:
/// ranges, detectors and what is newest end an hour after now. SQL has them in the view `far_times`.
#[derive(Serialize, ToSchema)]
pub struct FarTimes {
    /// More than an hour ahead of this machine's clock when they arrived.
    pub ahead: i64,
    pub before_1990: i64,
}

/// The sums of all sources, also of those that are not listed.
#[derive(Serialize, ToSchema)]
pub struct Totals {
    pub sources: i64,
    pub records: i64,
    pub rejects: i64,
    pub ledger: Ledger,
    pub far_times: FarTimes,
    pub bytes: i64,
}

/// Where records come from
#[utoipa::path(get, path = "/api/sources", tag = "sources", responses((status = 200, body = Sources)))]
pub async fn list(State(app): State<App>) -> ApiResult<Json<Sources>> {
    let now = clock::now();
    let asked = app.runner.page(move |session| {
        // Of one moment, so that the sources add up to the totals.
        session.transaction(|| Ok((known::sources(session, now)?, ledger_total(session)?)))
    });
    let (sources, total) = asked.await?;
    let files = app.options.live.files();
    let sources = sources.into_iter().map(|source| joined(source, &files, now)).collect();
    let totals = Totals {
        sources: total.sources,
        records: total.stored,
        rejects: total.rejected,
        ledger: Ledger {
            received: total.received,
            parsed: total.parsed,
            stored: total.stored,
            rejected: total.rejected,
            duplicates: total.duplicates,
            dropped: total.dropped,
            missing: total.missing,
        },
        far_times: FarTimes { ahead: total.ahead, before_1990: total.before_1990 },
        bytes: total.bytes,
    };
    Ok(Json(Sources { sources, totals }))
}

fn joined(source: known::Source, files: &BTreeMap<String, Followed>, now: Micros) -> Source {
    let records_per_second = source.records_per_second();
    let file = files.get(&source.name).filter(|_| source.kind == Kind::File.name());
    let is_recent = source.last_seen.is_some_and(|seen| now - seen.0 < LIVE_WINDOW);
    Source {
        id: source.id,
        format: source.format,
        score: source.score,
        formats: source.formats,
        doubt: source.doubt,
        records: source.records,
        rejects: source.rejects,
        ledger: Ledger {
            received: source.received,
            parsed: source.parsed,
            stored: source.stored,
            rejected: source.rejected,
            duplicates: source.duplicates,
            dropped: source.dropped,
            missing: source.missing,
        },
        bytes: source.bytes,
        file_bytes: file.map(|file| file.size as i64).or(source.file_bytes),
        lag_bytes: file.map(Followed::lag_bytes),
        lag_seconds: file.map(|file| file.lag().as_secs_f64()),
        records_per_second,
        following: file.is_some(),
        live: file.is_some() || (is_recent && source.kind != Kind::File.name()),
        first_seen: source.first_seen,
        last_seen: source.last_seen,
        first_ts: source.first_ts,
        last_ts: source.last_ts,
        far_times: FarTimes { ahead: source.ahead, before_1990: source.before_1990 },
        error: file.and_then(|file| file.error.clone()),
        name: source.name,
        kind: source.kind,
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
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
