//! What errors look like, and what requests must: everything is JSON.

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::clock;
use crate::error::Error;
use crate::parse::time::{given, is_in_reach};
use crate::queries::search::Mistake;
use crate::record::Micros;

/// What every failed request is answered with.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    pub error: ErrorDetail,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ErrorDetail {
    /// For programs: `bad_request`, `bad_search`, `sql`, `timeout`, `memory`, `busy`,
    /// `unauthorized`, `forbidden`, `not_found`, `full`, `internal`.
    pub code: &'static str,
    /// For people: what happened.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Where in what was sent, in characters.
    pub position: Option<usize>,
}

/// An error on its way to the client.
#[derive(Clone, Debug)]
pub struct ApiError {
    pub status: StatusCode,
    pub detail: ErrorDetail,
}

pub type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> ApiError {
        let detail = ErrorDetail { code, message: message.into(), hint: None, position: None };
        ApiError { status, detail }
    }

    pub fn bad_request(message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    pub fn not_found(message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    pub fn busy() -> ApiError {
        let message = "too many queries run at the moment";
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message).hint("try again shortly")
    }

    /// The database failed, and is being opened again.
    fn reopening() -> ApiError {
        let message = "the database is being opened again";
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message).hint("try again shortly")
    }

    pub fn timeout(seconds: u64) -> ApiError {
        let message = format!("the query was stopped: it took more than {seconds} s");
        ApiError::new(StatusCode::REQUEST_TIMEOUT, "timeout", message)
            .hint("narrow the time range, or start the server with a longer --query-timeout")
    }

    pub fn hint(mut self, hint: impl Into<String>) -> ApiError {
        self.detail.hint = Some(hint.into());
        self
    }

    fn at(mut self, position: Option<usize>) -> ApiError {
        self.detail.position = position;
        self
    }

    /// An error of one of Pintail's own queries: nothing the client could mend.
    pub fn internal(error: &Error) -> ApiError {
        tracing::error!("{error}");
        // As Linux and DuckDB say it; what the client can do is to come again.
        const FULL: &str = "No space left on device";
        if error.to_string().contains(FULL) {
            let message = format!("the server's disk is full: {FULL}");
            return ApiError::new(StatusCode::INSUFFICIENT_STORAGE, "full", message);
        }
        let message = "something went wrong here; the server's log says what";
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }

    /// An error of SQL that the client sent.
    pub fn of_sql(error: &Error, sql: &str) -> ApiError {
        match error {
            Error::Sql(message) if message.contains("Out of Memory") => memory(),
            // DuckDB's message would name paths of this machine.
            Error::Sql(message) if message.starts_with("Permission Error") => {
                let message = "SQL here reaches nothing but the database: no files, no network";
                ApiError::new(StatusCode::BAD_REQUEST, "sql", message)
            }
            Error::Sql(message) if message.starts_with("INTERRUPT") => {
                ApiError::new(StatusCode::BAD_REQUEST, "sql", "the query was cancelled")
            }
            Error::Sql(message) => {
                let shown = message.split("\n\nStack Trace").next().unwrap_or_default();
                ApiError::new(StatusCode::BAD_REQUEST, "sql", shown.trim_end())
                    .at(position(message, sql))
            }
            Error::Usage(message) => ApiError::bad_request(message),
            Error::Invalidated(_) => ApiError::reopening(),
            other => ApiError::internal(other),
        }
    }
}

fn memory() -> ApiError {
    let message = "the query needs more memory than queries may have";
    ApiError::new(StatusCode::BAD_REQUEST, "memory", message)
        .hint("aggregate or limit earlier, or narrow the time range")
}

impl From<Error> for ApiError {
    fn from(error: Error) -> ApiError {
        match error {
            Error::Usage(message) => ApiError::bad_request(message),
            Error::Sql(message) if message.contains("Out of Memory") => memory(),
            Error::Invalidated(_) => ApiError::reopening(),
            error => ApiError::internal(&error),
        }
    }
}

impl From<Mistake> for ApiError {
    fn from(mistake: Mistake) -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, "bad_search", mistake.message)
            .at(Some(mistake.position))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let is_busy = self.status == StatusCode::SERVICE_UNAVAILABLE;
        let mut response = (self.status, Json(ErrorBody { error: self.detail })).into_response();
        if is_busy {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// Where DuckDB's caret points to, in characters of the statement: its message shows a line
/// of it (or a part of the line, between dots) with a caret below.
fn position(message: &str, sql: &str) -> Option<usize> {
    let mut lines = message.lines().skip_while(|line| !line.starts_with("LINE "));
    let shown = lines.next()?;
    let caret = lines.next()?.chars().position(|c| c == '^')?;
    let (number, excerpt) = shown.strip_prefix("LINE ")?.split_once(": ")?;
    let number: usize = number.parse().ok()?;
    let before: usize = sql.lines().take(number - 1).map(|line| line.chars().count() + 1).sum();
    let line = sql.lines().nth(number - 1)?;
    let head = shown.chars().count() - excerpt.chars().count();
    let inner = excerpt.strip_prefix("...").unwrap_or(excerpt);
    let dots = excerpt.chars().count() - inner.chars().count();
    let start = line.find(inner.strip_suffix("...").unwrap_or(inner))?;
    let start = line[..start].chars().count();
    Some(before + start + caret.checked_sub(head + dots)?)
}

/// Parameters of the query string.
pub struct Params<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> ApiResult<Params<T>> {
        let query: Result<Query<T>, QueryRejection> = Query::from_request_parts(parts, state).await;
        let Query(params) = query.map_err(|error| {
            let message = error.body_text();
            // Which parameter it is follows.
            const LEAD: &str = "Failed to deserialize query string: ";
            ApiError::bad_request(message.strip_prefix(LEAD).unwrap_or(&message))
        })?;
        Ok(Params(params))
    }
}

/// A JSON body.
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> ApiResult<Body<T>> {
        let body: Result<Json<T>, JsonRejection> = Json::from_request(request, state).await;
        let Json(body) = body.map_err(|error| ApiError::bad_request(error.body_text()))?;
        Ok(Body(body))
    }
}

/// A time as clients give it: milliseconds since 1970, or any spelling of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time(pub Micros);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
        let text = String::deserialize(deserializer)?;
        time(&text).map(Time).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "invalid time '{text}': expected ISO 8601 (2026-01-05T10:00:00Z) or milliseconds since 1970"
            ))
        })
    }
}

/// What can be on or off, in an address: `1` and `true`, `0` and `false`.
pub fn switch<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        Flag(bool),
        Number(u8),
        Text(String),
    }
    let refused = || serde::de::Error::custom("give 1 or 0");
    match Given::deserialize(deserializer)? {
        Given::Flag(flag) => Ok(flag),
        Given::Number(1) => Ok(true),
        Given::Number(0) => Ok(false),
        Given::Text(text) if matches!(text.as_str(), "1" | "true") => Ok(true),
        Given::Text(text) if matches!(text.as_str(), "0" | "false") => Ok(false),
        Given::Number(_) | Given::Text(_) => Err(refused()),
    }
}

fn time(text: &str) -> Option<Micros> {
    if let Ok(ms) = text.parse::<i64>() {
        return ms.checked_mul(1_000).filter(|at| is_in_reach(*at));
    }
    given(text, clock::now()).or_else(|| given(&with_plus(text)?, clock::now()))
}

/// In an address a plus is a space unless it is escaped: `…T10:00+01:00` comes as `…T10:00 01:00`.
fn with_plus(text: &str) -> Option<String> {
    text.rsplit_once(' ').map(|(time, offset)| format!("{time}+{offset}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carets_become_positions() {
        let sql = "select 1\nfrom logz";
        let message = "Catalog Error: no\n\nLINE 2: from logz\n             ^";
        assert_eq!(position(message, sql), Some(14));
        let long = format!("select {} from logz", "1, ".repeat(80));
        let at = long.find("logz").unwrap();
        let message = format!("x\n\nLINE 1: ...1,  from logz\n{}^", " ".repeat(8 + 3 + 9));
        assert_eq!(position(&message, &long), Some(at));
        assert_eq!(position("no place", sql), None);
    }

    #[test]
    fn times_come_in_many_spellings() {
        for text in [
            "1767607200000",
            "2026-01-05T10:00:00Z",
            "2026-01-05 10:00",
            "2026-01-05T12:00:00+02:00",
            "2026-01-05T12:00+02:00",
            "2026-01-05T12:00 02:00",
            "2026-01-05 10:00Z",
        ] {
            assert_eq!(time(text), Some(1_767_607_200_000_000), "{text}");
        }
        for text in ["", "yesterday", "99999999999999999"] {
            assert_eq!(time(text), None, "{text}");
        }
    }
}
