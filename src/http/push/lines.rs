//! Lines of JSON or text: `POST /insert/jsonline`, as VictoriaLogs has it, and `/insert/lines`.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::answer::{ApiError, ApiResult, Params};
use super::super::app::App;
use super::{Counts, Taking, plain, refused, take};
use crate::parse::Zone;
use crate::parse::formats::Formats;
use crate::receive::lines::{read_json, read_logplex, read_text};
use crate::receive::{Parcel, Refusal};

/// Errors that a reply lists; all are in the table `rejects`.
const ERRORS_MAX: usize = 20;

const TAKING: Taking = Taking { protocol: "jsonline", packed: plain };

/// What became of the lines of a request.
#[derive(Debug, Serialize, ToSchema)]
pub struct Taken {
    /// Records and lines that could not be read.
    pub received: u64,
    /// Committed: they survive whatever happens now.
    pub stored: u64,
    /// Stored by an earlier request with the same `Idempotency-Key`, or by the same request that
    /// was not answered.
    pub duplicates: u64,
    pub rejected: u64,
    /// Of the first that were rejected.
    pub errors: Vec<LineError>,
}

/// A line that could not be read. It is kept in the table `rejects`.
#[derive(Debug, Serialize, ToSchema)]
pub struct LineError {
    /// Where it begins in the body, in bytes.
    pub byte: u64,
    pub reason: &'static str,
}

/// All are lists with commas between. Each is also a header, as `VL-Msg-Field`, and holds for
/// every protocol. [`Settings`](crate::receive::settings::Settings) reads them.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct JsonParams {
    /// The member that holds the time, if its name does not say so; of several the first that an
    /// object has.
    pub _time_field: Option<String>,
    /// The member that holds the message.
    pub _msg_field: Option<String>,
    pub _level_field: Option<String>,
    pub _service_field: Option<String>,
    pub _host_field: Option<String>,
    /// Fields that every record gets: `env=prod,team=pay`.
    pub extra_fields: Option<String>,
    /// Fields that no record keeps: `agent.id,kubernetes.*`.
    pub ignore_fields: Option<String>,
}

/// Push records: JSON objects, one after the other or in arrays
#[utoipa::path(post, path = "/insert/jsonline", tag = "push", params(JsonParams),
    request_body = String, responses((status = 200, body = Taken)))]
pub async fn json(
    State(app): State<App>,
    Params(_): Params<JsonParams>,
    request: Request,
) -> Response {
    let taken = take(&app, request, TAKING, move |delivery, parcel| {
        read_json(delivery.body, delivery.now, parcel);
        Ok(errors_of(parcel))
    });
    reply(taken.await)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TextParams {
    /// The format, if it is not to be recognised; see `pintail ingest --help`.
    pub format: Option<String>,
    /// The zone of times that name none: UTC, +02:00, Europe/Berlin.
    pub timezone: Option<String>,
    /// Fields that every record gets: `env=prod,team=pay`.
    pub extra_fields: Option<String>,
    /// Fields that no record keeps: `pid,thread`.
    pub ignore_fields: Option<String>,
}

/// Push lines of text in any format that Pintail knows, or what a log drain of Heroku sends
#[utoipa::path(post, path = "/insert/lines", tag = "push", params(TextParams),
    request_body = String, responses((status = 200, body = Taken)))]
pub async fn text(
    State(app): State<App>,
    Params(params): Params<TextParams>,
    request: Request,
) -> ApiResult<Response> {
    let bad = |message: String| ApiError::bad_request(message);
    let formats = Formats::new(Vec::new(), params.format.as_deref()).map_err(bad)?;
    let zone = match &params.timezone {
        None => Zone::UTC,
        Some(name) => Zone::from_name(name)
            .ok_or_else(|| bad(format!("timezone: there is no zone {name}")))?,
    };
    let taking = Taking { protocol: "lines", ..TAKING };
    let is_logplex = is_logplex(request.headers());
    let taken = take(&app, request, taking, move |delivery, parcel| {
        let (body, now) = (delivery.body, delivery.now);
        if is_logplex {
            read_logplex(body, &delivery.from.address(), zone, now, parcel);
        } else {
            read_text(body, &formats, zone, now, parcel)?;
        }
        Ok(errors_of(parcel))
    });
    Ok(reply(taken.await))
}

/// Whether the body is what a log drain of Heroku sends.
fn is_logplex(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.trim_start().starts_with("application/logplex-1"))
}

fn errors_of(parcel: &Parcel) -> Vec<LineError> {
    let rejects = parcel.batch.rejects.iter().take(ERRORS_MAX);
    rejects.map(|reject| LineError { byte: reject.start, reason: reject.reason }).collect()
}

/// 200 if anything is in; 400 if nothing of it could be read.
fn reply(taken: Result<(Vec<LineError>, Counts), Refusal>) -> Response {
    let (errors, counts) = match taken {
        Ok(taken) => taken,
        Err(refusal) => return refused(&refusal, ApiError::from(refusal.clone())),
    };
    let Counts { received, stored, rejected, duplicates } = counts;
    let is_bad = received > 0 && rejected == received;
    let status = if is_bad { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    (status, Json(Taken { received, stored, duplicates, rejected, errors })).into_response()
}
