//! Elasticsearch's `_bulk`, and what shippers ask before they send to it.
//!
//! Filebeat, Logstash, Vector and Fluent Bit look for a version, a license, templates,
//! policies, pipelines and data streams: everything is there, and what they set is
//! acknowledged, because nothing of it is needed here. Replies are compact JSON and carry the
//! header that clients check (`X-Elastic-Product`).
//!
//! A document is known again by its `_id` and index, for an hour. Without an `_id` the protocol does
//! not tell one that is sent again from another that is the same: then only an
//! `Idempotency-Key` does.

use std::collections::HashMap;
use std::time::Instant;

use axum::Json;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::app::App;
use super::super::assets;
use super::super::guard::is_known_client;
use super::bulk::{Filter, reply};
use super::{Taking, refused, status_of, take};
use crate::receive::Refusal;
use crate::receive::elastic::decode;
use crate::receive::receipts::key_of;

/// What clients are told they talk to: a version whose clients and older ones all know `_bulk`.
const VERSION: &str = "8.19.0";

const TAKING: Taking = Taking { protocol: "elasticsearch", packed: None, known_by_content: false };

type Params = Query<HashMap<String, String>>;

pub async fn with_product(mut response: Response) -> Response {
    let name = HeaderName::from_static("x-elastic-product");
    response.headers_mut().insert(name, HeaderValue::from_static("Elasticsearch"));
    response
}

/// Asks for the token where one is set.
pub async fn known(State(app): State<App>, request: Request, next: Next) -> Response {
    if is_known_client(&app, request.headers()) {
        return next.run(request).await;
    }
    denied()
}

fn denied() -> Response {
    let reason = "the token is missing or wrong; it is the password or API key";
    (StatusCode::UNAUTHORIZED, Json(error_body(401, "security_exception", reason))).into_response()
}

fn error_body(status: u16, kind: &str, reason: &str) -> Value {
    let error = json!({"type": kind, "reason": reason});
    json!({
        "error": {"root_cause": [error], "type": kind, "reason": reason},
        "status": status,
    })
}

/// The address without a path: the page for people, Elasticsearch for shippers.
pub async fn root(State(app): State<App>, request: Request) -> Response {
    if !is_shipper(request.headers()) {
        return assets::show(State(app), request).await;
    }
    let allowed = is_known_client(&app, request.headers());
    with_product(if allowed { info().await } else { denied() }).await
}

/// Whether a client asks for Elasticsearch rather than for the page.
pub fn is_shipper(headers: &HeaderMap) -> bool {
    const SHIPPERS: [&str; 10] = [
        "beat",
        "elastic",
        "logstash",
        "manticore",
        "vector/",
        "fluent",
        "faraday",
        "opentelemetry",
        "cribl",
        "rsyslog",
    ];
    let text = |name| {
        let value = headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        value.unwrap_or_default().to_ascii_lowercase()
    };
    let (accept, agent) = (text(header::ACCEPT), text(header::USER_AGENT));
    !accept.contains("text/html")
        && (accept.contains("json") || SHIPPERS.iter().any(|name| agent.contains(name)))
}

pub async fn info() -> Response {
    Json(json!({
        "name": "pintail",
        "cluster_name": "pintail",
        "cluster_uuid": "pintail-pintail-pintail",
        "version": {
            "number": VERSION,
            "build_flavor": "default",
            "build_type": "tar",
            "build_snapshot": false,
            "lucene_version": "9.12.2",
            "minimum_wire_compatibility_version": "7.17.0",
            "minimum_index_compatibility_version": "7.0.0",
        },
        "tagline": "You Know, for Search",
    }))
    .into_response()
}

pub async fn license() -> Response {
    Json(json!({"license": {
        "status": "active",
        "uid": "00000000-0000-0000-0000-000000000000",
        "type": "basic",
        "issue_date_in_millis": 0,
        "max_nodes": 1000,
        "issued_to": "pintail",
        "issuer": "pintail",
    }}))
    .into_response()
}

pub async fn xpack() -> Response {
    Json(json!({
        "build": {},
        "license": {"type": "basic", "mode": "basic", "status": "active"},
        "features": {"ilm": {"available": true, "enabled": true}},
        "tagline": "You know, for X",
    }))
    .into_response()
}

pub async fn cluster_health() -> Response {
    Json(json!({
        "cluster_name": "pintail",
        "status": "green",
        "timed_out": false,
        "number_of_nodes": 1,
        "number_of_data_nodes": 1,
    }))
    .into_response()
}

pub async fn nodes() -> Response {
    Json(json!({
        "_nodes": {"total": 1, "successful": 1, "failed": 0},
        "cluster_name": "pintail",
        "nodes": {"pintail": {"name": "pintail", "version": VERSION, "roles": ["data", "ingest"]}},
    }))
    .into_response()
}

/// What is asked for is there, and what is set is acknowledged.
pub async fn acknowledged(method: Method) -> Response {
    match method {
        Method::PUT | Method::POST | Method::DELETE => Json(json!({"acknowledged": true})),
        _ => Json(json!({})),
    }
    .into_response()
}

pub async fn bulk(
    State(app): State<App>,
    path: Option<Path<String>>,
    params: Params,
    request: Request,
) -> Response {
    let begun = Instant::now();
    let index = path.map(|Path(index)| index);
    let taken = take(&app, request, TAKING, move |delivery, parcel| {
        let mut reserved = parcel.reserved.take().unwrap_or_else(|| delivery.desk.reserve());
        let ask = |index: &str, id: &str, content| {
            let key = key_of(&[b"elasticsearch", index.as_bytes(), id.as_bytes()]);
            reserved.ask(key, content, delivery.now)
        };
        let items = decode(delivery.body, index.as_deref(), delivery.now, parcel, ask);
        parcel.reserved = Some(reserved);
        let items = items.map_err(|malformed| Refusal::Bad(malformed.to_string()))?;
        Ok((items, delivery.now))
    });
    match taken.await {
        Ok(((items, now), _)) => {
            let filter = Filter::new(params.get("filter_path").map(String::as_str));
            let body = reply(&items, begun.elapsed(), now, &filter);
            ([(header::CONTENT_TYPE, "application/json")], body).into_response()
        }
        Err(refusal) => failed(&refusal),
    }
}

fn failed(refusal: &Refusal) -> Response {
    let kind = match refusal {
        Refusal::Full(_) | Refusal::Pending => "es_rejected_execution_exception",
        Refusal::NotStored(_) => "unavailable_shards_exception",
        Refusal::TooLarge { .. } => "content_too_long_exception",
        Refusal::Bad(_) | Refusal::Unsupported(_) => "illegal_argument_exception",
    };
    let status = status_of(refusal).0.as_u16();
    refused(refusal, Json(error_body(status, kind, &refusal.to_string())))
}
