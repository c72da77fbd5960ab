//! Ad-hoc SQL.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answer::{ApiError, ApiResult, ErrorBody, ErrorDetail, Params, switch};
use super::app::App;
use super::runner::Whose;
use super::stream::{Format, Job, answer};
use crate::queries::Parameters;

/// Rows of a JSON answer unless more are asked for: what a page can hold.
const JSON_ROWS: usize = 10_000;

/// A query that is longer is none that somebody wrote.
const SQL_BYTES_MAX: usize = 256 << 10;

/// A query and how its result is wanted.
#[derive(Debug, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SqlRequest {
    /// One statement that only asks.
    pub sql: String,
    /// json if nothing is said.
    pub format: Option<Format>,
    /// Rows at most; 0 for all. 10,000 for json, all for the others if nothing is said.
    pub limit: Option<usize>,
    /// Whether a browser should save it as a file.
    #[serde(default)]
    pub download: bool,
    /// 1: in CSV, an apostrophe stands before what a spreadsheet would take for a formula.
    #[serde(default, deserialize_with = "switch")]
    #[param(value_type = Option<String>)]
    #[schema(value_type = Option<bool>)]
    pub csv_safe: bool,
}

/// What `format: json` answers with.
#[derive(Serialize, ToSchema)]
pub struct SqlAnswer {
    pub columns: Vec<SqlColumn>,
    /// Values in the order of the columns. Integers beyond 2^53 are strings.
    pub rows: Vec<Vec<serde_json::Value>>,
    pub row_count: usize,
    /// Whether there are more rows than the limit.
    pub truncated: bool,
    pub elapsed_ms: f64,
    /// Why it broke off after some rows.
    pub error: Option<ErrorDetail>,
}

#[derive(Serialize, ToSchema)]
pub struct SqlColumn {
    pub name: String,
    /// As DuckDB names it.
    pub r#type: String,
}

/// Run one read-only statement
///
/// The body is JSON, or the query as text with `Accept` for the format (application/json,
/// application/x-ndjson, text/csv, application/vnd.apache.parquet,
/// application/vnd.apache.arrow.stream). Close the connection to cancel it.
#[utoipa::path(post, path = "/api/sql", tag = "sql", request_body = SqlRequest,
    responses(
        (status = 200, body = SqlAnswer),
        (status = 400, body = ErrorBody, description = "what DuckDB says, with its place"),
        (status = 408, body = ErrorBody, description = "it took too long and was stopped"),
        (status = 503, body = ErrorBody, description = "too many queries run"),
    ))]
pub async fn post(State(app): State<App>, headers: HeaderMap, body: Bytes) -> ApiResult<Response> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let is_json =
        text(header::CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/json"));
    let accepted = text(header::ACCEPT).and_then(Format::accepted);
    let mut request: SqlRequest = if is_json {
        serde_json::from_slice(&body).map_err(|error| ApiError::bad_request(error.to_string()))?
    } else {
        let sql = String::from_utf8(body.into())
            .map_err(|_| ApiError::bad_request("the query is not UTF-8"))?;
        SqlRequest { sql, format: None, limit: None, download: false, csv_safe: false }
    };
    request.format = request.format.or(accepted);
    run(&app, request).await
}

/// Run one read-only statement: for links
#[utoipa::path(get, path = "/api/sql", tag = "sql", params(SqlRequest),
    responses((status = 200, body = SqlAnswer), (status = 400, body = ErrorBody)))]
pub async fn get(
    State(app): State<App>,
    Params(request): Params<SqlRequest>,
) -> ApiResult<Response> {
    run(&app, request).await
}

async fn run(app: &App, request: SqlRequest) -> ApiResult<Response> {
    let sql = one_statement(&request.sql)?;
    let format = request.format.unwrap_or_default();
    let limit = match (request.limit, format) {
        (Some(0), _) => None,
        (None, Format::Json) => Some(JSON_ROWS),
        (limit, _) => limit,
    };
    let job = Job {
        sql,
        parameters: Parameters::new(),
        whose: Whose::User,
        name: None,
        format,
        limit,
        csv_safe: request.csv_safe,
        save_as: request.download.then_some("pintail"),
    };
    answer(app, job).await
}

/// The only statement of a text, without its semicolon.
pub fn one_statement(text: &str) -> ApiResult<String> {
    if text.len() > SQL_BYTES_MAX {
        return Err(ApiError::bad_request("the query is longer than 256 KiB"));
    }
    match crate::store::statements::split(text)[..] {
        [one] => Ok(one.to_owned()),
        [] => Err(ApiError::bad_request("there is no query")),
        _ => Err(ApiError::bad_request("only one statement can be run at a time")
            .hint("select the one to run")),
    }
}
