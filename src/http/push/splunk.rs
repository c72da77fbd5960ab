//! Splunk's HTTP Event Collector: `/services/collector`.
//!
//! Codes and texts are Splunk's
//! (<https://help.splunk.com/en/splunk-enterprise/get-started/get-data-in/10.0/get-data-with-http-event-collector/troubleshoot-http-event-collector>).
//! A request with a channel is given an `ackId`, when its events are committed: whoever asks
//! for an acknowledgement that was given out hears that it is so. Nothing is remembered for it, and so it
//! is true after a restart as well.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use axum::Json;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::app::App;
use super::super::guard::{is_known_client, with_challenge};
use super::{Taking, plain, refused, take};
use crate::clock;
use crate::receive::splunk::{Outcome, decode_events, decode_raw};
use crate::receive::{Parcel, Refusal};

const TAKING: Taking = Taking { protocol: "splunk", packed: plain };

/// Acknowledgements that one request may ask for.
const ACKS_MAX: usize = 10_000;

type Params = Query<HashMap<String, String>>;

#[derive(Serialize)]
struct Reply {
    text: Cow<'static, str>,
    code: u32,
    #[serde(rename = "invalid-event-number", skip_serializing_if = "Option::is_none")]
    invalid_event_number: Option<usize>,
    #[serde(rename = "ackId", skip_serializing_if = "Option::is_none")]
    ack_id: Option<i64>,
}

impl Reply {
    fn new(code: u32, text: impl Into<Cow<'static, str>>) -> Reply {
        Reply { text: text.into(), code, invalid_event_number: None, ack_id: None }
    }
}

/// Asks for the token where one is set.
pub async fn known(State(app): State<App>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    // Splunk takes the token as a parameter too, where that is switched on.
    let parameter = Params::try_from_uri(request.uri()).ok();
    let token = parameter.as_ref().and_then(|parameters| parameters.get("token"));
    let is_known = token.is_some_and(|token| app.options.secrets.allows(Some(token), None));
    if is_known || is_known_client(&app, headers) {
        return next.run(request).await;
    }
    let (status, reply) = match headers.get(header::AUTHORIZATION) {
        None => (StatusCode::UNAUTHORIZED, Reply::new(2, "Token is required")),
        Some(_) if super::super::credentials::token_of(headers).is_none() => {
            (StatusCode::UNAUTHORIZED, Reply::new(3, "Invalid authorization"))
        }
        Some(_) => (StatusCode::FORBIDDEN, Reply::new(4, "Invalid token")),
    };
    with_challenge((status, Json(reply)).into_response(), false)
}

pub async fn event(State(app): State<App>, params: Params, request: Request) -> Response {
    let channel = channel_of(request.headers(), &params);
    let decode = |body: &[u8], now, parcel: &mut Parcel| decode_events(body, now, parcel);
    push(&app, request, channel, decode).await
}

pub async fn raw(State(app): State<App>, params: Params, request: Request) -> Response {
    let channel = channel_of(request.headers(), &params);
    push(&app, request, channel, move |body, now, parcel| {
        let about: Vec<_> = ["host", "source", "sourcetype", "index"]
            .into_iter()
            .filter_map(|key| Some((key, Cow::Borrowed(params.get(key)?.as_str()))))
            .collect();
        decode_raw(body, &about, now, parcel)
    })
    .await
}

async fn push(
    app: &App,
    request: Request,
    has_channel: bool,
    decode: impl FnOnce(&[u8], i64, &mut Parcel) -> Outcome + Send + 'static,
) -> Response {
    let taken = take(app, request, TAKING, move |delivery, parcel| {
        Ok((decode(delivery.body, delivery.now, parcel), delivery.now))
    });
    let (outcome, now) = match taken.await {
        Ok((taken, _)) => taken,
        Err(refusal) => return failed(&refusal),
    };
    match outcome.problem {
        None => {
            // Microseconds are numbers that grow and that JSON's readers hold.
            let ack_id = has_channel.then_some(now);
            Json(Reply { ack_id, ..Reply::new(0, "Success") }).into_response()
        }
        Some((problem, number)) => {
            let (code, text) = problem.code();
            let invalid_event_number = Some(number);
            let reply = Reply { invalid_event_number, ..Reply::new(code, text) };
            (StatusCode::BAD_REQUEST, Json(reply)).into_response()
        }
    }
}

fn failed(refusal: &Refusal) -> Response {
    let reply = match refusal {
        Refusal::Full(_) | Refusal::Pending | Refusal::NotStored(_) => {
            Reply::new(9, "Server is busy")
        }
        Refusal::TooLarge { .. } => Reply::new(27, refusal.to_string()),
        Refusal::Bad(_) | Refusal::Unsupported(_) => Reply::new(6, "Invalid data format"),
    };
    let mut response = refused(refusal, Json(reply));
    // Splunk knows no other status for it.
    if response.status() == StatusCode::TOO_MANY_REQUESTS {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    response
}

fn channel_of(headers: &HeaderMap, params: &HashMap<String, String>) -> bool {
    headers.contains_key("x-splunk-request-channel") || params.contains_key("channel")
}

#[derive(Deserialize)]
struct Acks {
    acks: Vec<i64>,
}

/// Says of acknowledgements that were given out whether their events are stored.
pub async fn ack(params: Params, headers: HeaderMap, body: String) -> Response {
    if !channel_of(&headers, &params) {
        let reply = Reply::new(10, "Data channel is missing");
        return (StatusCode::BAD_REQUEST, Json(reply)).into_response();
    }
    let asked = serde_json::from_str(&body).ok().filter(|Acks { acks }| acks.len() <= ACKS_MAX);
    let Some(Acks { acks }) = asked else {
        let reply = Reply::new(6, "Invalid data format");
        return (StatusCode::BAD_REQUEST, Json(reply)).into_response();
    };
    let now = clock::now();
    // Only after a commit is one given out.
    let acks: BTreeMap<String, bool> =
        acks.iter().map(|id| (id.to_string(), (1..=now).contains(id))).collect();
    Json(json!({"acks": acks})).into_response()
}

/// What Docker's driver asks first.
pub async fn options() -> Response {
    ([(header::ALLOW, "POST, OPTIONS")], ()).into_response()
}

pub async fn health() -> Response {
    Json(Reply::new(17, "HEC is healthy")).into_response()
}
