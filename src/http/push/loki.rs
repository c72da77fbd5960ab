//! Loki's push: `POST /loki/api/v1/push`.
//!
//! 204 when everything is committed. As Loki does, entries that cannot be stored are answered with 400
//! and a sentence, which no client sends again, while the others are stored; they are rejects.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::super::app::App;
use super::{Taking, plain, refused, take};
use crate::receive::Refusal;
use crate::receive::loki::{decode, looks_like_json};
use crate::receive::wire::Encoding;

pub async fn push(State(app): State<App>, request: Request) -> Response {
    let says_json = says_json(request.headers());
    // Protocol Buffers are packed, whatever the content type says.
    let packed = match says_json {
        true => plain,
        false => |body: &[u8]| if looks_like_json(body) { "" } else { "snappy" },
    };
    let taking = Taking { protocol: "loki", packed };
    let taken = take(&app, request, taking, move |delivery, parcel| {
        let is_json = says_json || looks_like_json(delivery.body);
        let encoding = if is_json { Encoding::Json } else { Encoding::Protobuf };
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

/// Whether the content type says JSON. Where it does not, it is Protocol Buffers if it is not
/// JSON all the same: `curl -d` says that it is a form.
fn says_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.trim_start().starts_with("application/json"))
}
