//! Loki's push: `POST /loki/api/v1/push`.
//!
//! 204 when everything is committed. As Loki does, entries that cannot be stored are answered with 400
//! and a sentence, which no client sends again, while the others are stored; they are rejects.
//!
//! The same body again within the hour is known and not stored again: every entry has its time to
//! the nanosecond, so that what is the same byte by byte was sent twice.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::super::app::App;
use super::{Taking, refused, take};
use crate::receive::Refusal;
use crate::receive::loki::decode;
use crate::receive::wire::Encoding;

pub async fn push(State(app): State<App>, request: Request) -> Response {
    let encoding = encoding_of(request.headers());
    let packed = (encoding == Encoding::Protobuf).then_some("snappy");
    let taking = Taking { protocol: "loki", packed, known_by_content: true };
    let taken = take(&app, request, taking, move |delivery, parcel| {
        decode(delivery.body, encoding, delivery.now, parcel)
            .map_err(|malformed| Refusal::Bad(malformed.to_string()))
    });
    match taken.await {
        Ok((rejected, counts)) => match rejected.reason {
            None => StatusCode::NO_CONTENT.into_response(),
            Some(reason) => {
                let (count, received) = (rejected.count, counts.received);
                let text = format!("{count} of {received} entries are not stored: {reason}\n");
                (StatusCode::BAD_REQUEST, text).into_response()
            }
        },
        Err(refusal) => refused(&refusal, format!("{refusal}\n")),
    }
}

/// Protocol Buffers unless the content type says JSON.
fn encoding_of(headers: &HeaderMap) -> Encoding {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    match kind.is_some_and(|kind| kind.trim_start().starts_with("application/json")) {
        true => Encoding::Json,
        false => Encoding::Protobuf,
    }
}
