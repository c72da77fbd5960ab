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

const TAKING: Taking = Taking { protocol: "otlp", packed: plain };

/// `ExportLogsServiceResponse` of opentelemetry/proto/collector/logs/v1/logs_service.proto.
#[derive(Clone, PartialEq, Message)]
struct ExportResponse {
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
        let refusal = Refusal::Unsupported(
            "content type; there are application/x-protobuf and application/json".to_owned(),
        );
        app.metrics.refuse(&refusal);
        return failed(Encoding::Json, &refusal);
    };
    let taken = take(&app, request, TAKING, move |delivery, parcel| {
        let found = match delivery.body.trim_ascii_start() {
            [b'{', ..] => Encoding::Json,
            _ => Encoding::Protobuf,
        };
        let encoding = said.unwrap_or(found);
        decode(delivery.body, encoding, delivery.now, parcel)
            .map(|rejected| (rejected, encoding))
            .map_err(|malformed| Refusal::Bad(malformed.to_string()))
    });
    match taken.await {
        Ok(((rejected, encoding), _)) => succeeded(encoding, rejected),
        Err(refusal) => failed(said.unwrap_or(Encoding::Json), &refusal),
    }
}

/// What the content type says; `Some(None)` if it says nothing, as where `curl -d` says that it
/// is a form, and `None` if it is something else.
#[allow(clippy::option_option, reason = "to say nothing is not to say something else")]
fn encoding_of(headers: &HeaderMap) -> Option<Option<Encoding>> {
    let Some(kind) = headers.get(header::CONTENT_TYPE) else { return Some(None) };
    let kind = kind.to_str().ok()?.split(';').next().unwrap_or_default().trim();
    match kind.to_ascii_lowercase().as_str() {
        "application/x-protobuf" | "application/protobuf" => Some(Some(Encoding::Protobuf)),
        "application/json" => Some(Some(Encoding::Json)),
        "" | "application/x-www-form-urlencoded" | "application/octet-stream" => Some(None),
        _ => None,
    }
}

fn succeeded(encoding: Encoding, rejected: Rejected) -> Response {
    let partial = rejected.reason.map(|reason| PartialSuccess {
        rejected_log_records: i64::try_from(rejected.count).unwrap_or(i64::MAX),
        error_message: reason.to_owned(),
    });
    let json = match &partial {
        None => json!({}),
        // 64-bit numbers are strings in the JSON of Protocol Buffers.
        Some(PartialSuccess { rejected_log_records, error_message }) => json!({"partialSuccess": {
            "rejectedLogRecords": rejected_log_records.to_string(),
            "errorMessage": error_message,
        }}),
    };
    encoded(encoding, &ExportResponse { partial_success: partial }, &json).into_response()
}

fn failed(encoding: Encoding, refusal: &Refusal) -> Response {
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
