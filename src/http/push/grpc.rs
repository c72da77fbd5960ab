//! OTLP over gRPC, usually on port 4317: `LogsService/Export`, and what answers clients that send
//! traces and metrics too.
//!
//! A call of one message is an HTTP/2 request whose body is that message after five bytes, and whose
//! answer ends with trailers that have the status
//! (<https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>). So it goes the way of all that
//! clients push ([`super::take`]): the same room, limits, keys and commit before the answer. What HTTP
//! says with a status is here the status of gRPC that OTLP has for it
//! (<https://opentelemetry.io/docs/specs/otlp/#otlpgrpc-response>).

use std::convert::Infallible;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use futures_util::stream;
use http_body_util::StreamBody;
use hyper::body::Frame;
use prost::Message;
use tower_http::catch_panic::CatchPanicLayer;

use super::super::app::App;
use super::super::{doors, guard, metrics};
use super::framed::{self, Framed};
use super::otlp::ExportResponse;
use super::{answered, otlp, signals, status_of};
use crate::receive::Refusal;
use crate::receive::entry::Rejected;
use crate::receive::signals::Signal;
use crate::receive::wire::Encoding;

const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");

/// How messages may be packed.
const ENCODINGS: [&str; 3] = ["identity", "gzip", "zstd"];

/// Codes of gRPC (<https://grpc.io/docs/guides/status-codes/>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code {
    Ok = 0,
    InvalidArgument = 3,
    ResourceExhausted = 8,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    Unauthenticated = 16,
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// `google.rpc.RetryInfo`: only with it does a client of OTLP send again what was too much.
#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<Delay>,
}

/// `google.protobuf.Duration`.
#[derive(Clone, PartialEq, Message)]
struct Delay {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

/// All that is answered where gRPC is spoken.
pub fn router(app: App) -> Router {
    const LOGS: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
    const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    const METRICS: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
    Router::new()
        .route(LOGS, post(export_logs))
        .route(TRACES, post(export_traces))
        .route(METRICS, post(export_metrics))
        .fallback(unknown)
        .layer(from_fn_with_state(app.clone(), answered::note))
        .layer(from_fn_with_state(app.clone(), known))
        .layer(from_fn_with_state(app.clone(), doors::note_peer))
        .layer(from_fn_with_state(app.clone(), metrics::count))
        .layer(CatchPanicLayer::custom(|_| failed(Code::Internal, "a bug in the server", None)))
        .with_state(app)
}

async fn export_logs(State(app): State<App>, request: Request) -> Response {
    let taken = async {
        let request = message_of(&app, request).await?;
        let (rejected, _) = otlp::taken(&app, request, Some(Encoding::Protobuf)).await?;
        Ok(rejected)
    };
    answer(taken.await)
}

async fn export_traces(State(app): State<App>, request: Request) -> Response {
    refuse(&app, request, Signal::Traces).await
}

async fn export_metrics(State(app): State<App>, request: Request) -> Response {
    refuse(&app, request, Signal::Metrics).await
}

async fn refuse(app: &App, request: Request, signal: Signal) -> Response {
    let refused = async {
        let request = message_of(app, request).await?;
        let (rejected, _) =
            signals::refused(app, request, signal, Some(Encoding::Protobuf)).await?;
        Ok(rejected)
    };
    answer(refused.await)
}

async fn unknown(request: Request) -> Response {
    let message = format!(
        "there is no method {}; there are the Export methods of OTLP for logs, traces and metrics",
        request.uri().path()
    );
    failed(Code::Unimplemented, &message, None)
}

/// Lets in calls of gRPC that show the token, where one is set.
async fn known(State(app): State<App>, request: Request, next: Next) -> Response {
    let kind = request.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    if !kind.is_some_and(|kind| kind.starts_with(b"application/grpc")) {
        let message = "this address is for OTLP over gRPC; OTLP over HTTP and the page are at the \
                       address of --listen\n";
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, message).into_response();
    }
    if !guard::is_known_client(&app, request.headers()) {
        let message = "the token is missing or wrong: send metadata authorization: Bearer TOKEN";
        return failed(Code::Unauthenticated, message, None);
    }
    next.run(request).await
}

/// The request with the message as its body, packed as its header then says.
async fn message_of(app: &App, request: Request) -> Result<Request, Refusal> {
    let (mut parts, body) = request.into_parts();
    let bytes_max = app.options.desk.limits().body_bytes_max;
    let framed = Framed::begin(body, bytes_max).await;
    let Framed { body, is_packed } = framed.inspect_err(|refusal| app.metrics.refuse(refusal))?;
    parts.headers.remove(header::CONTENT_ENCODING);
    if is_packed {
        let encoding = parts.headers.get(ENCODING).cloned();
        let known = encoding.filter(|it| ENCODINGS.iter().any(|known| it == known));
        let Some(encoding) = known else {
            let refusal =
                Refusal::Unsupported(format!("encoding; there are {}", ENCODINGS.join(", ")));
            app.metrics.refuse(&refusal);
            return Err(refusal);
        };
        parts.headers.insert(header::CONTENT_ENCODING, encoding);
    }
    Ok(Request::from_parts(parts, body))
}

fn answer(taken: Result<Rejected, Refusal>) -> Response {
    match taken {
        Ok(rejected) => succeeded(&ExportResponse::of(rejected)),
        Err(refusal) => {
            let (status, retry_after) = status_of(&refusal);
            let code = match status {
                StatusCode::TOO_MANY_REQUESTS | StatusCode::PAYLOAD_TOO_LARGE => {
                    Code::ResourceExhausted
                }
                StatusCode::SERVICE_UNAVAILABLE => Code::Unavailable,
                StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::Unimplemented,
                _ => Code::InvalidArgument,
            };
            failed(code, &refusal.to_string(), retry_after)
        }
    }
}

fn succeeded(message: &impl Message) -> Response {
    let mut trailers = HeaderMap::new();
    trailers.insert(STATUS, HeaderValue::from(Code::Ok as i32));
    // Of unknown length: gRPC has no Content-Length.
    let message = Bytes::from(framed::framed(&message.encode_to_vec()));
    let frames = [Frame::data(message), Frame::trailers(trailers)].map(Ok::<_, Infallible>);
    let mut response = Response::new(Body::new(StreamBody::new(stream::iter(frames))));
    describe(response.headers_mut());
    response
}

/// An answer without a message: the status is in its headers.
fn failed(code: Code, message: &str, retry_after: Option<u32>) -> Response {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    describe(headers);
    headers.insert(STATUS, HeaderValue::from(code as i32));
    let text = HeaderValue::from_str(&percent_encoded(message));
    headers.insert(MESSAGE, text.expect("what is percent-encoded is ASCII"));
    if let Some(seconds) = retry_after {
        let status = retryable(code, message, seconds);
        let details = HeaderValue::from_str(&STANDARD_NO_PAD.encode(status.encode_to_vec()));
        headers.insert(DETAILS, details.expect("Base64 is ASCII"));
    }
    response
}

fn describe(headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity,gzip,zstd"));
}

fn retryable(code: Code, message: &str, seconds: u32) -> RpcStatus {
    let delay = Delay { seconds: seconds.into(), nanos: 0 };
    let info = Any {
        type_url: "type.googleapis.com/google.rpc.RetryInfo".to_owned(),
        value: RetryInfo { retry_delay: Some(delay) }.encode_to_vec(),
    };
    RpcStatus { code: code as i32, message: message.to_owned(), details: vec![info] }
}

/// As `grpc-message` has it: printable ASCII but for the percent sign.
fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_say_when_to_come_again_if_that_helps() {
        use crate::receive::budget::Full as NoRoom;
        for (refusal, code, retries) in [
            (Refusal::Full(NoRoom::Client), "8", true),
            (Refusal::Full(NoRoom::All), "14", true),
            (Refusal::NotStored("disk full: 100 %\n".to_owned()), "14", true),
            (Refusal::TooLarge { bytes_max: 1 }, "8", false),
            (Refusal::Bad("no message".to_owned()), "3", false),
            (Refusal::Unsupported("encoding".to_owned()), "12", false),
        ] {
            let response = answer(Err(refusal.clone()));
            assert_eq!(response.status(), 200);
            let text = |name| response.headers().get(name).map(|it| it.to_str().unwrap());
            assert_eq!(text(STATUS), Some(code), "{refusal}");
            assert!(!text(MESSAGE).unwrap().is_empty());
            let details = text(DETAILS).map(|text| {
                RpcStatus::decode(STANDARD_NO_PAD.decode(text).unwrap().as_slice()).unwrap()
            });
            assert_eq!(details.is_some(), retries, "{refusal}");
            if let Some(status) = details {
                assert_eq!(status.message, refusal.to_string());
                let info = RetryInfo::decode(status.details[0].value.as_slice()).unwrap();
                assert!(info.retry_delay.unwrap().seconds >= 1);
            }
        }
        assert_eq!(percent_encoded("a %é\n"), "a %25%C3%A9%0A");
    }
}
