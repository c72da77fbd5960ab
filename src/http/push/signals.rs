//! Traces and metrics of OpenTelemetry, which Pintail does not store yet: `POST /v1/traces` and
//! `/v1/metrics`. An error would have clients send them again and again, or give logs up too; so
//! the answer is a success whose `partial_success` refuses every item. They are counted in
//! `pintail_unsupported_items_total`, and the log says so once.

use axum::extract::{Request, State};
use axum::response::Response;

use super::super::app::App;
use super::otlp::{encoding_of, failed, found_in, succeeded, unsupported};
use super::{otlp, take};
use crate::receive::Refusal;
use crate::receive::entry::Rejected;
use crate::receive::signals::{Signal, count};
use crate::receive::wire::Encoding;

pub async fn traces(State(app): State<App>, request: Request) -> Response {
    refuse(&app, request, Signal::Traces).await
}

pub async fn metrics(State(app): State<App>, request: Request) -> Response {
    refuse(&app, request, Signal::Metrics).await
}

async fn refuse(app: &App, request: Request, signal: Signal) -> Response {
    let Some(said) = encoding_of(request.headers()) else {
        return unsupported(app);
    };
    match refused(app, request, signal, said).await {
        Ok((rejected, encoding)) => succeeded(encoding, rejected, items_key(signal)),
        Err(refusal) => failed(said.unwrap_or(Encoding::Json), &refusal),
    }
}

/// What `partial_success` calls the number in JSON.
fn items_key(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "rejectedSpans",
        Signal::Metrics => "rejectedDataPoints",
    }
}

/// Reads a request, counts its items, and refuses them all.
pub(super) async fn refused(
    app: &App,
    request: Request,
    signal: Signal,
    said: Option<Encoding>,
) -> Result<(Rejected, Encoding), Refusal> {
    let counted = take(app, request, otlp::TAKING, move |delivery, _| {
        let encoding = said.unwrap_or_else(|| found_in(delivery.body));
        count(signal, delivery.body, encoding)
            .map(|items| (items, encoding))
            .map_err(|malformed| Refusal::Bad(malformed.to_string()))
    });
    let ((items, encoding), _) = counted.await?;
    app.metrics.note_unsupported(signal, items);
    let reason = match signal {
        Signal::Traces => "Pintail stores logs only: no spans yet",
        Signal::Metrics => "Pintail stores logs only: no metrics yet",
    };
    Ok((Rejected { count: items, reason: (items > 0).then_some(reason) }, encoding))
}
