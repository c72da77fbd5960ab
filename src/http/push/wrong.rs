//! What clients are told that send to a wrong address, or in a wrong way: what would be right.

use axum::Json;
use axum::extract::Request;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::super::answer::ApiError;

/// Where clients push to, for those who do not find it.
const ADDRESSES: [&str; 8] = [
    "/insert/jsonline",
    "/insert/lines",
    "/loki/api/v1/push",
    "/v1/logs",
    "/_bulk",
    "/elasticsearch/_bulk",
    "/services/collector/event",
    "/services/collector/raw",
];

/// How alike two addresses are of which one is meant by the other.
const ALIKE_MIN: f64 = 0.85;

/// An address that is pushed to, in a way that nothing is pushed in.
pub async fn method(method: Method, uri: Uri) -> ApiError {
    let right = if uri.path().contains("/health") { "GET" } else { "POST" };
    let message = format!("{} takes {right}, not {method}", uri.path());
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
        .hint(format!("send it with {right}"))
}

/// The same as Elasticsearch says it. What is sent to a single word is not sent to an index.
pub async fn elastic_method(request: Request) -> Response {
    let (method, path) = (request.method(), request.uri().path());
    if method == Method::POST && !path.trim_matches('/').contains('/') && !path.starts_with("/_") {
        return address(&request).into_response();
    }
    let allowed = if path.contains("/_bulk") || path.contains("/_create/") {
        "POST, PUT"
    } else if path.contains("/_doc") {
        "POST, PUT (with an _id)"
    } else {
        "GET"
    };
    let error = format!(
        "Incorrect HTTP method for uri [{path}] and method [{method}], allowed: [{allowed}]"
    );
    let status = StatusCode::METHOD_NOT_ALLOWED;
    (status, Json(json!({"error": error, "status": status.as_u16()}))).into_response()
}

/// Something that is sent where nothing takes it.
pub fn address(request: &Request) -> ApiError {
    let (method, path) = (request.method(), request.uri().path());
    let message = format!("nothing takes {method} {path}");
    let hint = match meant_by(path) {
        Some(meant) => format!("POST {meant} does"),
        None => format!("logs are sent with POST to one of {}", ADDRESSES.join(", ")),
    };
    ApiError::not_found(message).hint(hint)
}

/// The address that a wrong one means.
fn meant_by(path: &str) -> Option<&'static str> {
    let path = path.to_ascii_lowercase();
    let path = path.trim_end_matches('/');
    const SIGNS: [(&str, &str); 10] = [
        ("loki", "/loki/api/v1/push"),
        ("/push", "/loki/api/v1/push"),
        ("v1/log", "/v1/logs"),
        ("otlp", "/v1/logs"),
        ("opentelemetry", "/v1/logs"),
        ("_bulk", "/_bulk"),
        ("collector", "/services/collector/event"),
        ("splunk", "/services/collector/event"),
        ("elastic", "/elasticsearch/_bulk"),
        ("json", "/insert/jsonline"),
    ];
    let alike = ADDRESSES
        .into_iter()
        .map(|known| (known, strsim::jaro_winkler(known, path)))
        .max_by(|(_, one), (_, other)| one.total_cmp(other))
        .filter(|(_, alike)| *alike >= ALIKE_MIN);
    let signed = SIGNS.into_iter().find(|(sign, _)| path.contains(sign));
    signed.map(|(_, meant)| meant).or(alike.map(|(known, _)| known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_addresses_mean_the_nearest() {
        for (path, meant) in [
            ("/loki/api/v1/push/", Some("/loki/api/v1/push")),
            ("/api/v1/push", Some("/loki/api/v1/push")),
            ("/v1/log", Some("/v1/logs")),
            ("/insert/jsonlines", Some("/insert/jsonline")),
            ("/insert/line", Some("/insert/lines")),
            ("/services/collector/events", Some("/services/collector/event")),
            ("/api/v2/series", None),
            ("/", None),
        ] {
            assert_eq!(meant_by(path), meant, "{path}");
        }
    }
}
