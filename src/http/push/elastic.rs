//! Elasticsearch's `_bulk`, and what shippers ask before they send to it.
//!
//! Filebeat, Logstash, Vector and Fluent Bit look for a version, a license, templates,
//! policies, pipelines and data streams: everything is there, and what they set is
//! acknowledged, because nothing of it is needed here. Replies are compact JSON and carry the
//! header that clients check (`X-Elastic-Product`).
//!
//! A document is known again by its tenant, index and `_id`, for an hour. Without an `_id` what is
//! known again is the whole request, as with every protocol.

use std::collections::HashMap;
use std::time::Instant;

use axum::Json;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::app::App;
use super::super::assets;
use super::super::guard::{is_known_client, with_challenge};
use super::bulk::{Filter, reply, single};
use super::{Delivery, Taking, plain, refused, status_of, take};
use crate::clock;
use crate::receive::elastic::{Action, Target, decode, decode_one};
use crate::receive::receipts::{Verdict, key_of};
use crate::receive::{Parcel, Refusal};

/// What clients are told they talk to: a version whose clients and older ones all know `_bulk`.
const VERSION: &str = "8.19.0";

const TAKING: Taking = Taking { protocol: "elasticsearch", packed: plain };

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
    let body = Json(error_body(401, "security_exception", reason));
    with_challenge((StatusCode::UNAUTHORIZED, body).into_response(), false)
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
    const SHIPPERS: [&str; 12] = [
        "beat",
        "elastic",
        "opensearch",
        "syslog-ng",
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

/// `GET /_cat/health`: a line for people, or a list where JSON is asked for.
pub async fn cat_health(params: Params, headers: HeaderMap) -> Response {
    let now = clock::now() / 1_000_000;
    let time = format!("{:02}:{:02}:{:02}", now / 3600 % 24, now / 60 % 60, now % 60);
    let accepts = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let wants_json = accepts.is_some_and(|accept| accept.contains("json"));
    if wants_json || params.get("format").is_some_and(|format| format == "json") {
        return Json(json!([{
            "epoch": now.to_string(), "timestamp": time, "cluster": "pintail", "status": "green",
            "node.total": "1", "node.data": "1", "shards": "1", "pri": "1", "relo": "0",
            "init": "0", "unassign": "0", "pending_tasks": "0", "max_task_wait_time": "-",
            "active_shards_percent": "100.0%",
        }]))
        .into_response();
    }
    format!("{now} {time} pintail green 1 1 1 1 0 0 0 0 - 100.0%\n").into_response()
}

/// What is stored can be found at once.
pub async fn refreshed() -> Response {
    Json(json!({"_shards": {"total": 1, "successful": 1, "failed": 0}})).into_response()
}

/// An index: each is there already, and may be made.
pub async fn index(method: Method, Path(index): Path<String>) -> Response {
    if method == Method::PUT {
        let made = json!({"acknowledged": true, "shards_acknowledged": true, "index": index});
        return Json(made).into_response();
    }
    acknowledged(method).await
}

/// Whether an index is there, asked where the page is too.
pub async fn index_or_page(State(app): State<App>, request: Request) -> Response {
    if is_shipper(request.headers()) {
        return StatusCode::OK.into_response();
    }
    assets::show(State(app), request).await
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
        let (body, now) = (delivery.body, delivery.now);
        let items = with_keys(delivery, parcel, |parcel, ask| {
            decode(body, index.as_deref(), now, parcel, ask)
        });
        let items = items.map_err(|malformed| Refusal::Bad(malformed.to_string()))?;
        Ok((items, now))
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

/// `_bulk` with a type in its address.
pub async fn typed_bulk(
    state: State<App>,
    Path((index, _kind)): Path<(String, String)>,
    params: Params,
    request: Request,
) -> Response {
    bulk(state, Some(Path(index)), params, request).await
}

/// Where one document goes.
#[derive(Deserialize)]
pub struct Place {
    index: String,
    id: Option<String>,
}

/// A document that is a request by itself: `POST /{index}/_doc`, `PUT /{index}/_create/{id}`.
pub async fn create_or_index(
    State(app): State<App>,
    Path(place): Path<Place>,
    params: Params,
    request: Request,
) -> Response {
    let is_create = request.uri().path().contains("/_create")
        || params.get("op_type").is_some_and(|kind| kind == "create");
    let action = if is_create { Action::Create } else { Action::Index };
    let taken = take(&app, request, TAKING, move |delivery, parcel| {
        let target = Target { action, index: &place.index, id: place.id.as_deref() };
        let (body, now) = (delivery.body, delivery.now);
        let item =
            with_keys(delivery, parcel, |parcel, ask| decode_one(body, &target, now, parcel, ask));
        Ok((item, now))
    });
    match taken.await {
        Ok(((Some(item), now), _)) => {
            let (status, body) = single(&item, now);
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
            (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
        }
        Ok(((None, _), _)) => failed(&Refusal::Bad("there is no document".to_owned())),
        Err(refusal) => failed(&refusal),
    }
}

/// Calls a decoder with what asks whether a document is stored already.
fn with_keys<R>(
    delivery: &Delivery<'_>,
    parcel: &mut Parcel,
    decode: impl FnOnce(&mut Parcel, &mut dyn FnMut(&str, &str, u64) -> Verdict) -> R,
) -> R {
    let mut reserved = parcel.reserved.take().unwrap_or_else(|| delivery.desk.reserve());
    let mut ask = |index: &str, id: &str, content| {
        let tenant = delivery.from.tenant();
        let key = key_of(&[b"elasticsearch", tenant, index.as_bytes(), id.as_bytes()]);
        reserved.ask(key, content, delivery.now)
    };
    let decoded = decode(parcel, &mut ask);
    parcel.reserved = Some(reserved);
    decoded
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
