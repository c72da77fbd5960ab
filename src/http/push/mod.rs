//! What clients push: one file a protocol, each with its routes' handlers, replies and errors.
//!
//! All go the same way, which is [`take`]: room is made, the body is read and unpacked, a decoder
//! of [`crate::receive`] makes a [`Parcel`] of it, and when the parcel is committed the client
//! hears so. [`answered`]: whether it did; [`wrong`]: what would be right.

mod answered;
mod bulk;
mod elastic;
mod framed;
pub mod grpc;
pub mod lines;
mod loki;
mod otlp;
mod routes;
mod signals;
mod splunk;
mod wrong;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, MatchedPath, Query, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;

use super::answer::ApiError;
use super::app::App;
use crate::clock;
use crate::receive::budget::{Full, Hold};
use crate::receive::receipts::{Answering, Verdict, content_of, key_of};
use crate::receive::settings::Settings;
use crate::receive::{Desk, Parcel, Refusal, body};
use crate::record::Micros;
use crate::store::sources::Kind;
use answered::Answer;
pub use routes::routes;
pub use wrong::address as wrong_address;

/// Whether it is one of these routes, or one of those that say that the server is well: nothing
/// there tells what the logs say.
pub fn is_for_shippers(request: &Request) -> bool {
    const BELOW: [&str; 8] =
        ["/insert/", "/loki/", "/v1/", "/otlp/", "/services/", "/elasticsearch", "/_", "/{index}"];
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    match path {
        // That is the page's, if it is not said to be an index.
        "/{index}" if request.method() == Method::GET => false,
        "/" => elastic::is_shipper(request.headers()),
        "/health" | "/ready" => true,
        _ => BELOW.iter().any(|start| path.starts_with(start)),
    }
}

/// How long a client may pause while it sends a body.
const BODY_PAUSE_MAX: Duration = Duration::from_secs(30);

/// Decoded, a request takes about this many times its bytes: the body, and the columns.
const DECODED_FACTOR: usize = 2;

/// Logs are packed to about this part of their bytes, or less.
const PACKED_FACTOR: usize = 8;

/// A client's own key for a request that it may send again, as payment services use it and
/// draft-ietf-httpapi-idempotency-key-header describes it.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// How a request is to be taken.
#[derive(Clone, Copy, Debug)]
pub struct Taking {
    /// The source is called by it and the client's address.
    pub protocol: &'static str,
    /// How the body is packed, if the header does not say so.
    pub packed: fn(&[u8]) -> &'static str,
}

/// What a decoder gets.
pub struct Delivery<'a> {
    pub body: &'a [u8],
    pub from: &'a Sender,
    pub now: Micros,
    pub desk: &'a Desk,
}

/// What became of the items of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub received: u64,
    pub stored: u64,
    pub rejected: u64,
    pub duplicates: u64,
}

/// Takes a request in: what `decode` returns is returned when its parcel is committed. A
/// refusal is counted.
pub async fn take<R: Send + 'static>(
    app: &App,
    request: Request,
    taking: Taking,
    decode: impl FnOnce(&Delivery<'_>, &mut Parcel) -> Result<R, Refusal> + Send + 'static,
) -> Result<(R, Counts), Refusal> {
    let taken = take_in(app, request, taking, decode).await;
    taken.inspect_err(|refusal| app.metrics.refuse(refusal))
}

async fn take_in<R: Send + 'static>(
    app: &App,
    request: Request,
    taking: Taking,
    decode: impl FnOnce(&Delivery<'_>, &mut Parcel) -> Result<R, Refusal> + Send + 'static,
) -> Result<(R, Counts), Refusal> {
    let desk = app.options.desk.clone();
    let client = client_of(&request);
    let sender = Sender::of(&request, client)?;
    let answer = request.extensions().get::<Answer>().cloned();
    let answer = answer.expect("every address that takes requests notes their answers");
    let (parts, body) = request.into_parts();
    refuse_too_large(&parts.headers, desk.limits().body_bytes_max)?;
    let mut hold = desk.hold(client);
    let packed = read(body, &mut hold, desk.limits().body_bytes_max).await?;
    let encoding = encoding_of(&parts.headers, taking, &packed)?;
    // Before it has a turn: whoever waits for room keeps nobody else from being decoded.
    let expected = expected_bytes(packed.len(), &encoding, desk.limits().body_bytes_max);
    hold.grow(DECODED_FACTOR * expected).await.map_err(Refusal::Full)?;
    let turn = app.decoders.clone().acquire_owned().await;
    let decoded = tokio::task::spawn_blocking(move || -> Result<_, Refusal> {
        let _turn = turn;
        let body = body::unpacked(&packed, &encoding, desk.limits().body_bytes_max)?;
        let more = DECODED_FACTOR * body.len().saturating_sub(expected);
        hold.grow_now(more).map_err(Refusal::Full)?;
        let delivery = Delivery { body: &body, from: &sender, now: clock::now(), desk: &desk };
        let mut parcel = Parcel { settings: sender.settings.clone(), ..Parcel::default() };
        let (known, answering) = knows(&delivery, taking, &mut parcel)?;
        let reply = decode(&delivery, &mut parcel)?;
        if known {
            parcel.forget();
        }
        let name = format!("{} {client}", taking.protocol);
        let source = desk.source(Kind::Http, &name, taking.protocol)?;
        Ok((desk, source, parcel, hold, reply, answering))
    });
    let decoded = decoded.await.map_err(|error| {
        tracing::error!("a decoder panicked: {error}");
        Refusal::Bad("the request could not be decoded".to_owned())
    })?;
    let (desk, source, parcel, hold, reply, answering) = decoded?;
    let counts = Counts {
        received: parcel.received,
        stored: parcel.batch.rows() as u64,
        rejected: parcel.batch.rejects.len() as u64,
        duplicates: parcel.duplicates,
    };
    if !parcel.is_empty() {
        // From here on it may be stored, whatever becomes of the client.
        answer.begin(answering);
        desk.deliver(source, parcel, Some(hold)).await?;
    }
    Ok((reply, counts))
}

/// Who sent a request, and what it says about it.
pub struct Sender {
    client: IpAddr,
    /// Where to, with its parameters.
    path: String,
    idempotency_key: Option<HeaderValue>,
    pub settings: Arc<Settings>,
}

impl Sender {
    fn of(request: &Request, client: IpAddr) -> Result<Sender, Refusal> {
        let parameters = Query::<HashMap<String, String>>::try_from_uri(request.uri());
        let Query(parameters) =
            parameters.map_err(|error| Refusal::Bad(format!("parameters: {error}")))?;
        let header = |name: &str| {
            let value = request.headers().get(name)?;
            Some(String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
        };
        let settings = Settings::read(|name| parameters.get(name).cloned(), header);
        Ok(Sender {
            client,
            path: request.uri().path_and_query().map(|path| path.to_string()).unwrap_or_default(),
            idempotency_key: request.headers().get(IDEMPOTENCY_KEY).cloned(),
            settings: Arc::new(settings),
        })
    }

    /// Its address.
    pub fn address(&self) -> String {
        self.client.to_string()
    }

    /// The key of something that this client names, or sends, for its tenant at this address.
    fn key_of(&self, kind: &[u8], name: &[u8]) -> u128 {
        let client = self.client.to_string();
        key_of(&[kind, self.path.as_bytes(), self.tenant(), client.as_bytes(), name])
    }

    /// The tenant that the request is for; empty for none.
    pub fn tenant(&self) -> &[u8] {
        self.settings.tenant.as_deref().unwrap_or_default().as_bytes()
    }
}

/// Whether the request was stored before, and who is to say that it was answered. If it was not
/// stored, its key is reserved.
fn knows(
    delivery: &Delivery<'_>,
    taking: Taking,
    parcel: &mut Parcel,
) -> Result<(bool, Option<Answering>), Refusal> {
    if delivery.body.is_empty() {
        return Ok((false, None));
    }
    let content = content_of(delivery.body);
    let mut reserved = delivery.desk.reserve();
    let (verdict, answering) = match &delivery.from.idempotency_key {
        Some(key) => {
            let key = delivery.from.key_of(b"key", key.as_bytes());
            (reserved.ask(key, content, delivery.now), None)
        }
        None => {
            let key = delivery.from.key_of(taking.protocol.as_bytes(), delivery.body);
            let (verdict, answering) = reserved.attempt(key, content, delivery.now);
            (verdict, Some(answering))
        }
    };
    parcel.reserved = Some(reserved);
    match verdict {
        Verdict::New => Ok((false, answering)),
        Verdict::Stored => Ok((true, answering)),
        Verdict::Pending => Err(Refusal::Pending),
        Verdict::Conflict => {
            Err(Refusal::Bad("this idempotency key was used for another body".to_owned()))
        }
    }
}

/// Refuses a body that is said to be too large while the client waits for leave to send it: reading
/// is what gives it (RFC 9110, section 10.1.1).
fn refuse_too_large(headers: &HeaderMap, bytes_max: usize) -> Result<(), Refusal> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse().ok());
    let is_too_large = length.is_some_and(|length: u64| length > bytes_max as u64);
    if is_too_large && headers.contains_key(header::EXPECT) {
        return Err(Refusal::TooLarge { bytes_max });
    }
    Ok(())
}

/// Reads a body as far as there is room and it is not too large.
async fn read(mut body: Body, hold: &mut Hold, bytes_max: usize) -> Result<Vec<u8>, Refusal> {
    let mut whole = Vec::new();
    loop {
        let frame = tokio::time::timeout(BODY_PAUSE_MAX, body.frame()).await;
        let frame = frame.map_err(|_| Refusal::Bad("the body does not come".to_owned()))?;
        let Some(frame) = frame else { return Ok(whole) };
        let frame = frame.map_err(|error| Refusal::Bad(format!("the body breaks off: {error}")))?;
        // Trailers say nothing.
        let Ok(bytes) = frame.into_data() else { continue };
        if whole.len() + bytes.len() > bytes_max {
            return Err(Refusal::TooLarge { bytes_max });
        }
        hold.grow(bytes.len()).await.map_err(Refusal::Full)?;
        whole.extend_from_slice(&bytes);
    }
}

/// How many bytes a body probably has when it is unpacked.
fn expected_bytes(packed: usize, encoding: &str, bytes_max: usize) -> usize {
    match body::is_packed(encoding) {
        false => packed,
        true => (PACKED_FACTOR * packed).min(bytes_max),
    }
}

/// For what is not packed if nothing says so.
pub fn plain(_: &[u8]) -> &'static str {
    ""
}

fn encoding_of(headers: &HeaderMap, taking: Taking, body: &[u8]) -> Result<String, Refusal> {
    match headers.get(header::CONTENT_ENCODING) {
        None => Ok((taking.packed)(body).to_owned()),
        // Several headers are one list.
        Some(_) if headers.get_all(header::CONTENT_ENCODING).iter().count() > 1 => {
            let all = headers.get_all(header::CONTENT_ENCODING).iter();
            let texts: Vec<_> = all.map(|one| String::from_utf8_lossy(one.as_bytes())).collect();
            Ok(texts.join(","))
        }
        Some(encoding) => encoding
            .to_str()
            .map(str::to_owned)
            .map_err(|_| Refusal::Unsupported("content encoding that is no text".to_owned())),
    }
}

fn client_of(request: &Request) -> IpAddr {
    let from = request.extensions().get::<ConnectInfo<SocketAddr>>();
    from.map_or(Ipv4Addr::UNSPECIFIED.into(), |ConnectInfo(from)| from.ip())
}

/// The status that HTTP has for a refusal, and in how many seconds to come again.
pub fn status_of(refusal: &Refusal) -> (StatusCode, Option<u32>) {
    match refusal {
        Refusal::Full(Full::Client) => (StatusCode::TOO_MANY_REQUESTS, Some(1)),
        Refusal::Full(Full::All) | Refusal::Pending => (StatusCode::SERVICE_UNAVAILABLE, Some(1)),
        Refusal::NotStored(_) => (StatusCode::SERVICE_UNAVAILABLE, Some(5)),
        Refusal::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, None),
        Refusal::Bad(_) => (StatusCode::BAD_REQUEST, None),
        Refusal::Unsupported(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, None),
    }
}

/// A reply with the status of a refusal, and when to come again.
pub fn refused(refusal: &Refusal, body: impl IntoResponse) -> Response {
    let (status, retry_after) = status_of(refusal);
    let mut response = (status, body).into_response();
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    if matches!(refusal, Refusal::Full(_) | Refusal::TooLarge { .. }) {
        // What is left of the body is not read: the next request cannot follow it.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> ApiError {
        let code = match &refusal {
            Refusal::Full(_) | Refusal::Pending => "busy",
            Refusal::NotStored(_) => "not_stored",
            Refusal::TooLarge { .. } => "too_large",
            Refusal::Bad(_) | Refusal::Unsupported(_) => "bad_request",
        };
        ApiError::new(status_of(&refusal).0, code, refusal.to_string())
    }
}
