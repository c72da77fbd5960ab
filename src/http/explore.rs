//! Records: a page at a time, their facets, those around one, all of them as a file.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answer::{ApiError, ApiResult, ErrorBody, Params, Time, switch};
use super::app::App;
use super::overview::span;
use super::runner::Whose;
use super::stream::{self, Format, Job};
use crate::parse::level::level_of_word;
use crate::queries::around::around as around_record;
use crate::queries::facets::{Facets, facets as read_facets};
use crate::queries::records::{self, Cursor, Page, Place, Record};
use crate::queries::search::Filter;
use crate::queries::why::{
    BASELINE_MINUTES_DEFAULT, Explanations, Question, TOP_DEFAULT, why as read_why,
};

const DOWNLOAD: &str = include_str!("../../sql/download.sql");

/// Records of a page unless another number is asked for.
const PAGE_RECORDS: usize = 200;
const PAGE_RECORDS_MAX: usize = 5_000;
const AROUND_MAX: usize = 1_000;
const TOP_MAX: usize = 1_000;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PageParams {
    /// Milliseconds since 1970, or ISO 8601; open ends are closed by what there is.
    #[param(value_type = Option<String>)]
    pub from: Option<Time>,
    /// Exclusive.
    #[param(value_type = Option<String>)]
    pub to: Option<Time>,
    /// In the search language.
    #[serde(default)]
    pub q: String,
    /// At most 5,000; 200 if nothing is said.
    pub limit: Option<usize>,
    /// The `next` of another page: go on to older records.
    pub before: Option<String>,
    /// The `newest` of another page: only newer records.
    pub after: Option<String>,
}

/// Records, the newest first
#[utoipa::path(get, path = "/api/logs", tag = "explore", params(PageParams),
    responses((status = 200, body = Page), (status = 400, body = ErrorBody)))]
pub async fn logs(
    State(app): State<App>,
    Params(params): Params<PageParams>,
) -> ApiResult<Json<Page>> {
    let filter = Filter::parse(&params.q)?;
    let limit = params.limit.unwrap_or(PAGE_RECORDS).clamp(1, PAGE_RECORDS_MAX);
    let place = Place { before: cursor(params.before)?, after: cursor(params.after)? };
    let page = app.runner.page(move |session| {
        let span = span(session, params.from, params.to)?;
        records::page(session, span, &filter, place, limit)
    });
    Ok(Json(page.await?))
}

fn cursor(text: Option<String>) -> ApiResult<Option<Cursor>> {
    let Some(text) = text else {
        return Ok(None);
    };
    let parsed = Cursor::parse(&text);
    parsed.map(Some).ok_or_else(|| ApiError::bad_request(format!("'{text}' is no cursor")))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct WhyParams {
    /// Milliseconds since 1970, or ISO 8601: the anomaly's first minute.
    #[param(value_type = String)]
    pub from: Time,
    /// Its end, exclusive.
    #[param(value_type = String)]
    pub to: Time,
    /// One service only; an empty one is records without any.
    pub service: Option<String>,
    /// Records of this level only; an empty one is records without any.
    pub level: Option<String>,
    /// Records of this level and above.
    pub min_level: Option<String>,
    /// `high` (there are too many) or `low`; high if nothing is said.
    pub direction: Option<String>,
    /// When what these minutes belong to began, if that is earlier: its past is before that.
    #[param(value_type = Option<String>)]
    pub began: Option<Time>,
    /// Minutes of past to compare with, which end five minutes before it; 120 if nothing is said.
    pub baseline_minutes: Option<u32>,
    /// Explanations at most; 20 if nothing is said.
    pub top: Option<usize>,
}

/// What an anomaly is made of: what there is more of (or less) than before
#[utoipa::path(get, path = "/api/why", tag = "explore", params(WhyParams),
    responses((status = 200, body = Explanations), (status = 400, body = ErrorBody)))]
pub async fn why(
    State(app): State<App>,
    Params(params): Params<WhyParams>,
) -> ApiResult<Json<Explanations>> {
    let is_low = match params.direction.as_deref() {
        None | Some("high") => false,
        Some("low") => true,
        Some(_) => return Err(ApiError::bad_request("direction is high or low")),
    };
    let known = |name: &String| match name.as_str() {
        "" => Ok(String::new()),
        name => level_of_word(name)
            .map(|level| level.name().to_owned())
            .ok_or_else(|| ApiError::bad_request(format!("'{name}' is no level"))),
    };
    let (from, to) = (params.from.0, params.to.0);
    if to <= from {
        return Err(ApiError::bad_request("to is not after from"));
    }
    let question = Question {
        from,
        to,
        service: params.service,
        level: params.level.as_ref().map(known).transpose()?,
        min_level: params.min_level.as_ref().filter(|it| !it.is_empty()).map(known).transpose()?,
        is_low,
        began: params.began.map(|time| time.0),
        baseline_minutes: params.baseline_minutes.unwrap_or(BASELINE_MINUTES_DEFAULT),
        top: params.top.unwrap_or(TOP_DEFAULT).min(TOP_MAX),
    };
    Ok(Json(app.runner.page(move |session| read_why(session, &question)).await?))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct FacetParams {
    /// Milliseconds since 1970, or ISO 8601; open ends are closed by what there is.
    #[param(value_type = Option<String>)]
    pub from: Option<Time>,
    /// Exclusive.
    #[param(value_type = Option<String>)]
    pub to: Option<Time>,
    /// In the search language.
    #[serde(default)]
    pub q: String,
}

/// Values of columns and fields among the matching records
#[utoipa::path(get, path = "/api/facets", tag = "explore", params(FacetParams),
    responses((status = 200, body = Facets), (status = 400, body = ErrorBody)))]
pub async fn facets(
    State(app): State<App>,
    Params(params): Params<FacetParams>,
) -> ApiResult<Json<Facets>> {
    let filter = Filter::parse(&params.q)?;
    let facets = app
        .runner
        .page(move |session| read_facets(session, span(session, params.from, params.to)?, &filter));
    Ok(Json(facets.await?))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AroundParams {
    /// The record's.
    pub id: i64,
    /// How many before it; 20 if nothing is said.
    pub before: Option<usize>,
    /// How many after it; 20 if nothing is said.
    pub after: Option<usize>,
}

/// Records of one source around one, in order of their time.
#[derive(Serialize, ToSchema)]
pub struct Around {
    pub id: i64,
    pub records: Vec<Record>,
}

/// Records of the same source around one
#[utoipa::path(get, path = "/api/around", tag = "explore", params(AroundParams),
    responses((status = 200, body = Around), (status = 404, body = ErrorBody)))]
pub async fn around(
    State(app): State<App>,
    Params(AroundParams { id, before, after }): Params<AroundParams>,
) -> ApiResult<Json<Around>> {
    let before = before.unwrap_or(20).min(AROUND_MAX);
    let after = after.unwrap_or(20).min(AROUND_MAX);
    let found = app.runner.page(move |session| around_record(session, id, before, after));
    let records = found.await?;
    if records.is_empty() {
        return Err(ApiError::not_found("there is no such record any more"));
    }
    Ok(Json(Around { id, records }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DownloadParams {
    /// Milliseconds since 1970, or ISO 8601; open ends are closed by what there is.
    #[param(value_type = Option<String>)]
    pub from: Option<Time>,
    /// Exclusive.
    #[param(value_type = Option<String>)]
    pub to: Option<Time>,
    /// In the search language.
    #[serde(default)]
    pub q: String,
    /// csv, jsonl or parquet; csv if nothing is said.
    pub format: Option<Format>,
    /// 1: in CSV, an apostrophe stands before what a spreadsheet would take for a formula.
    #[serde(default, deserialize_with = "switch")]
    #[param(value_type = Option<String>)]
    pub csv_safe: bool,
}

/// All matching records as a file
#[utoipa::path(get, path = "/api/download", tag = "explore", params(DownloadParams),
    responses((status = 200, body = String, content_type = "text/csv"),
        (status = 400, body = ErrorBody)))]
pub async fn download(
    State(app): State<App>,
    Params(params): Params<DownloadParams>,
) -> ApiResult<Response> {
    let filter = Filter::parse(&params.q)?;
    let format = params.format.unwrap_or(Format::Csv);
    if !matches!(format, Format::Csv | Format::Jsonl | Format::Parquet) {
        return Err(ApiError::bad_request("format is csv, jsonl or parquet"));
    }
    let (from, to) = (params.from, params.to);
    let span = app.runner.page(move |session| span(session, from, to)).await?;
    let job = Job {
        sql: filter.applied(DOWNLOAD),
        parameters: span.parameters().and(&filter.parameters),
        whose: Whose::Page,
        name: None,
        format,
        limit: None,
        csv_safe: params.csv_safe,
        save_as: Some("logs"),
    };
    stream::answer(&app, job).await
}
