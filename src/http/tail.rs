//! The live tail: records as they come in, as server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::{Stream, StreamExt};
use serde::Deserialize;
use tokio::sync::watch;
use utoipa::IntoParams;

use super::answer::{ApiError, ApiResult, ErrorBody, Params};
use super::app::App;
use crate::queries::records::{Record, last_row, newest};
use crate::queries::search::Filter;

/// Between two events: more often than this nobody can read.
const INTERVAL: Duration = Duration::from_millis(200);

/// Records of one event; of more, the newest are shown and the others counted.
const RECORDS_MAX: usize = 200;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct TailParams {
    /// In the search language.
    #[serde(default)]
    pub q: String,
}

/// Tails that are watched at once: each asks the database after every commit.
const TAILS_MAX: i64 = 64;

struct Tail {
    app: App,
    filter: Filter,
    /// The last row that was looked at.
    last: i64,
    committed: watch::Receiver<u64>,
    stopping: watch::Receiver<bool>,
    waiting: Vec<Event>,
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.app.metrics.tails.dec();
    }
}

/// Records as they come in
///
/// `event: records` with an array of records, oldest first; `event: dropped` with `{"count": 12}`
/// when more arrived than are shown.
#[utoipa::path(get, path = "/api/tail", tag = "explore", params(TailParams),
    responses((status = 200, body = String, content_type = "text/event-stream"),
        (status = 400, body = ErrorBody)))]
pub async fn tail(
    State(app): State<App>,
    Params(params): Params<TailParams>,
) -> ApiResult<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let filter = Filter::parse(&params.q)?;
    if app.metrics.tails.get() >= TAILS_MAX {
        return Err(ApiError::busy());
    }
    let committed = app.options.live.committed();
    let last = app.runner.page(last_row).await?;
    app.metrics.tails.inc();
    let stopping = app.stopping.subscribe();
    let tail = Tail { app, filter, last, committed, stopping, waiting: Vec::new() };
    let events = futures_util::stream::unfold(tail, |mut tail| async move {
        let event = tail.next().await?;
        Some((Ok(event), tail))
    });
    Ok(Sse::new(events.fuse()).keep_alive(KeepAlive::default()))
}

impl Tail {
    async fn next(&mut self) -> Option<Event> {
        while self.waiting.is_empty() {
            tokio::select! {
                changed = self.committed.changed() => changed.ok()?,
                stopped = self.stopping.wait_for(|stopping| *stopping) => {
                    return stopped.map(|_| ()).ok().and(None);
                }
            }
            self.look().await?;
            tokio::time::sleep(INTERVAL).await;
        }
        Some(self.waiting.remove(0))
    }

    /// Looks for records after the last; `None` if the stream cannot go on.
    async fn look(&mut self) -> Option<()> {
        let (filter, after) = (self.filter.clone(), self.last);
        let found = self.app.runner.page(move |session| {
            let until = last_row(session)?;
            let (records, more) = newest(session, &filter, after, RECORDS_MAX)?;
            Ok((until, records, more))
        });
        let (until, records, more): (i64, Vec<Record>, i64) = match found.await {
            Ok(found) => found,
            Err(error) => {
                // The browser connects again by itself.
                tracing::warn!("live tail: {}", error.detail.message);
                return None;
            }
        };
        self.last = records.last().map_or(until, |record| record.id.max(until));
        if more > 0 {
            let data = format!("{{\"count\":{more}}}");
            self.waiting.push(Event::default().event("dropped").data(data));
        }
        if !records.is_empty() {
            let event = Event::default().event("records").json_data(&records);
            self.waiting.push(event.ok()?);
        }
        Some(())
    }
}
