//! OpenTelemetry's export of logs: `POST /v1/logs`.
//!
//! The reply is in the request's content type. Records that cannot be stored are counted in
//! `partial_success`, which no client sends again; errors are a `google.rpc.Status`
//! (<https://opentelemetry.io/docs/specs/otlp/#otlphttp-response>).

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use prost::Message;
use serde_json::{Value, json};

use super::super::app::App;
use super::{Taking, plain, refused, status_of, take};
use crate::receive::Refusal;
use crate::receive::entry::Rejected;
use crate::receive::otlp::decode;
use crate::receive::wire::Encoding;

pub(super) const TAKING: Taking = Taking { protocol: "otlp", packed: plain };

/// `ExportLogsServiceResponse` of opentelemetry/proto/collector/logs/v1/logs_service.proto. Those of
/// traces and metrics have the same fields, by other names.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ExportResponse {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<PartialSuccess>,
}

#[derive(Clone, PartialEq, Message)]
struct PartialSuccess {
    #[prost(int64, tag = "1")]
    rejected_log_records: i64,
    #[prost(string, tag = "2")]
    error_message: String,
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

pub async fn export(State(app): State<App>, request: Request) -> Response {
    let Some(said) = encoding_of(request.headers()) else {
        return unsupported(&app);
    };
    match taken(&app, request, said).await {
        Ok((rejected, encoding)) => succeeded(encoding, rejected, "rejectedLogRecords"),
        Err(refusal) => failed(said.unwrap_or(Encoding::Json), &refusal),
    }
}

/// Stores the records of a request; what became rejects is returned when all is committed, with the
/// encoding that the request had.
pub(super) async fn taken(
    app: &App,
    request: Request,
    said: Option<Encoding>,
) -> Result<(Rejected, Encoding), Refusal> {
    let taken = take(app, request, TAKING, move |delivery, parcel| {
        let encoding = said.unwrap_or_else(|| found_in(delivery.body));
        decode(delivery.body, encoding, delivery.now, parcel)
            .map(|rejected| (rejected, encoding))
            .map_err(|malformed| Refusal::Bad(malformed.to_string()))
    });
    taken.await.map(|(taken, _)| taken)
}

/// The encoding of a body about which nothing is said.
pub(super) fn found_in(body: &[u8]) -> Encoding {
    match body.trim_ascii_start() {
        [b'{', ..] => Encoding::Json,
        _ => Encoding::Protobuf,
    }
}

/// The answer to a content type that is not read.
pub(super) fn unsupported(app: &App) -> Response {
    let refusal = Refusal::Unsupported(
        "content type; there are application/x-protobuf and application/json".to_owned(),
    );
    app.metrics.refuse(&refusal);
    failed(Encoding::Json, &refusal)
}

/// What the content type says; `Some(None)` if it says nothing, as where `curl -d` says that it
/// is a form, and `None` if it is something else.
#[allow(clippy::option_option, reason = "to say nothing is not to say something else")]
pub(super) fn encoding_of(headers: &HeaderMap) -> Option<Option<Encoding>> {
    let Some(kind) = headers.get(header::CONTENT_TYPE) else { return Some(None) };
    let kind = kind.to_str().ok()?.split(';').next().unwrap_or_default().trim();
    match kind.to_ascii_lowercase().as_str() {
        "application/x-protobuf" | "application/protobuf" => Some(Some(Encoding::Protobuf)),
        "application/json" => Some(Some(Encoding::Json)),
        "" | "application/x-www-form-urlencoded" | "application/octet-stream" => Some(None),
        _ => None,
    }
}

impl ExportResponse {
    pub(super) fn of(rejected: Rejected) -> ExportResponse {
        let partial_success = rejected.reason.map(|reason| PartialSuccess {
            rejected_log_records: i64::try_from(rejected.count).unwrap_or(i64::MAX),
            error_message: reason.to_owned(),
        });
        ExportResponse { partial_success }
    }
}

/// `key` is what JSON calls the number of items that were rejected.
pub(super) fn succeeded(encoding: Encoding, rejected: Rejected, key: &str) -> Response {
    let response = ExportResponse::of(rejected);
    let json = match &response.partial_success {
        None => json!({}),
        // 64-bit numbers are strings in the JSON of Protocol Buffers.
        Some(PartialSuccess { rejected_log_records, error_message }) => json!({"partialSuccess": {
            key: rejected_log_records.to_string(),
            "errorMessage": error_message,
        }}),
    };
    encoded(encoding, &response, &json).into_response()
}

pub(super) fn failed(encoding: Encoding, refusal: &Refusal) -> Response {
    // google/rpc/code.proto.
    let code = match status_of(refusal).0 {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::PAYLOAD_TOO_LARGE => 8,
        StatusCode::SERVICE_UNAVAILABLE => 14,
        _ => 3,
    };
    let message = refusal.to_string();
    let json = json!({"code": code, "message": message});
    refused(refusal, encoded(encoding, &RpcStatus { code, message }, &json))
}

fn encoded(encoding: Encoding, message: &impl Message, json: &Value) -> impl IntoResponse {
    let (kind, body) = match encoding {
        Encoding::Protobuf => ("application/x-protobuf", message.encode_to_vec()),
        Encoding::Json => ("application/json", json.to_string().into_bytes()),
    };
    ([(header::CONTENT_TYPE, kind)], body)
}
