//! What Prometheus asks for. Names follow its conventions: a unit at the end, `_total` for
//! what only grows.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::answer::{ApiError, ApiResult};
use super::app::App;
use super::ledger::by_source;
use crate::error::Error;
use crate::escape;
use crate::queries::ledger::ledger;
use crate::queries::status::status;
use crate::receive::Refusal;
use crate::receive::signals::Signal;
use crate::store::Store;

type Number = Gauge<f64, std::sync::atomic::AtomicU64>;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    path: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RefusalLabels {
    reason: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct SignalLabels {
    signal: &'static str,
}

/// What is counted about queries.
#[derive(Clone)]
pub struct QueryMetrics {
    pub running: Gauge,
    pub seconds: Histogram,
    pub timeouts: Counter,
}

pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Histogram,
    pub queries: QueryMetrics,
    pub tails: Gauge,
    refused: Family<RefusalLabels, Counter>,
    unsupported: Family<SignalLabels, Counter>,
    taken: Taken,
}

/// Read off when somebody asks.
struct Taken {
    records: Counter,
    rejects: Counter,
    bytes: Counter,
    stored: Gauge,
    received: Counter,
    duplicates: Counter,
    dropped: Counter,
    receiving_bytes: Gauge,
    receive_failing: Gauge,
    ingest_failing: Gauge,
    database_bytes: Gauge,
    lag_bytes: Gauge,
    lag_seconds: Number,
    files: Gauge,
    alerts_open: Gauge,
    mail_pending: Gauge,
    mail_failed: Gauge,
    monitor_last_run: Number,
    monitor_seconds: Number,
}

fn seconds_histogram() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 16))
}

impl Metrics {
    pub fn new() -> Metrics {
        let mut registry = Registry::with_prefix("pintail");
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The version of Pintail", version);
        let queries = QueryMetrics {
            running: gauge(&mut registry, "queries_running", "Queries that run"),
            seconds: seconds_histogram(),
            timeouts: counter(&mut registry, "query_timeouts", "Queries stopped by the time limit"),
        };
        let help = "How long queries took";
        registry.register_with_unit("query_duration", help, Unit::Seconds, queries.seconds.clone());
        let requests = Family::default();
        registry.register("http_requests", "Requests answered", requests.clone());
        let request_seconds = seconds_histogram();
        let help = "How long requests took until their answer began";
        registry.register_with_unit(
            "http_request_duration",
            help,
            Unit::Seconds,
            request_seconds.clone(),
        );
        let tails = gauge(&mut registry, "tails_open", "Live tails that are watched");
        let refused = Family::<RefusalLabels, Counter>::default();
        for reason in Refusal::REASONS {
            // There from the start: what appears with its first count has no rate.
            drop(refused.get_or_create(&RefusalLabels { reason }));
        }
        let help = "Requests of clients that push which were not taken in";
        registry.register("refused_requests", help, refused.clone());
        let unsupported = Family::<SignalLabels, Counter>::default();
        for signal in Signal::ALL {
            drop(unsupported.get_or_create(&SignalLabels { signal: signal.name() }));
        }
        let help = "Spans and data points that OTLP clients sent: they are refused and not stored";
        registry.register("unsupported_items", help, unsupported.clone());
        let taken = Taken::new(&mut registry);
        Metrics { registry, requests, request_seconds, queries, tails, refused, unsupported, taken }
    }

    /// Counts a request that was not taken in.
    pub fn refuse(&self, refusal: &Refusal) {
        self.refused.get_or_create(&RefusalLabels { reason: refusal.reason() }).inc();
    }

    /// Counts items that are not stored yet; the first are told in the log.
    pub fn note_unsupported(&self, signal: Signal, items: u64) {
        let counter = self.unsupported.get_or_create(&SignalLabels { signal: signal.name() });
        if items > 0 && counter.inc_by(items) == 0 {
            tracing::warn!(
                "a client sends {} by OTLP: Pintail stores logs only; its {} are refused and \
                 counted (pintail_unsupported_items_total)",
                signal.name(),
                signal.items()
            );
        }
    }
}

fn gauge(registry: &mut Registry, name: &str, help: &str) -> Gauge {
    let gauge = Gauge::default();
    registry.register(name, help, gauge.clone());
    gauge
}

fn number(registry: &mut Registry, name: &str, help: &str) -> Number {
    let number = Number::default();
    registry.register_with_unit(name, help, Unit::Seconds, number.clone());
    number
}

fn counter(registry: &mut Registry, name: &str, help: &str) -> Counter {
    let counter = Counter::default();
    registry.register(name, help, counter.clone());
    counter
}

fn bytes(registry: &mut Registry, name: &str, help: &str) -> Gauge {
    let gauge = Gauge::default();
    registry.register_with_unit(name, help, Unit::Bytes, gauge.clone());
    gauge
}

impl Taken {
    fn new(registry: &mut Registry) -> Taken {
        let in_bytes = Counter::default();
        let help = "Bytes of logs taken in since the start";
        registry.register_with_unit("ingested", help, Unit::Bytes, in_bytes.clone());
        Taken {
            records: counter(registry, "ingested_records", "Records taken in since the start"),
            rejects: counter(
                registry,
                "rejected_lines",
                "Lines no format could read since the start",
            ),
            bytes: in_bytes,
            received: counter(
                registry,
                "received_items",
                "Items that clients sent since the start, whatever became of them",
            ),
            duplicates: counter(
                registry,
                "duplicate_items",
                "Of these, items that were stored before",
            ),
            dropped: counter(
                registry,
                "dropped_items",
                "Of these, items that there was no room for",
            ),
            receiving_bytes: bytes(
                registry,
                "receiving",
                "What clients sent and is not committed yet",
            ),
            receive_failing: gauge(
                registry,
                "receive_failing",
                "1 if what clients sent last could not be stored",
            ),
            ingest_failing: gauge(
                registry,
                "ingest_failing",
                "1 if nothing can be taken in from files",
            ),
            stored: gauge(registry, "stored_records", "Records in the database"),
            database_bytes: bytes(registry, "database_size", "The database on disk"),
            lag_bytes: bytes(
                registry,
                "follow_lag",
                "Bytes in followed files that are not read yet",
            ),
            lag_seconds: number(
                registry,
                "follow_lag_age",
                "How long the oldest of them have waited",
            ),
            files: gauge(registry, "followed_files", "Files that are followed"),
            alerts_open: gauge(registry, "alerts_open", "Alerts that are open"),
            mail_pending: gauge(registry, "mail_pending", "Messages that wait to be sent"),
            mail_failed: gauge(registry, "mail_failed", "Messages that were given up"),
            monitor_last_run: number(
                registry,
                "monitor_last_run_timestamp",
                "When the detectors ran last, since 1970",
            ),
            monitor_seconds: number(
                registry,
                "monitor_duration",
                "How long the detectors took then",
            ),
        }
    }
}

/// For Prometheus
#[utoipa::path(get, path = "/metrics", tag = "operation",
    responses((status = 200, body = String, content_type = "application/openmetrics-text")))]
pub async fn show(State(app): State<App>) -> ApiResult<Response> {
    let asked =
        app.runner.page(|session| session.transaction(|| Ok((status(session)?, ledger(session)?))));
    let (status, entries) = asked.await?;
    let options = &app.options;
    let taken = &app.metrics.taken;
    catch_up(&taken.received, options.live.received.load(Ordering::Relaxed));
    catch_up(&taken.duplicates, options.live.duplicates.load(Ordering::Relaxed));
    catch_up(&taken.dropped, options.live.dropped.load(Ordering::Relaxed));
    taken.receiving_bytes.set(options.desk.bytes_on_their_way() as i64);
    taken.receive_failing.set(options.live.receive_error().is_some().into());
    taken.ingest_failing.set(options.live.error().is_some().into());
    catch_up(&taken.records, options.live.records.load(Ordering::Relaxed));
    catch_up(&taken.rejects, options.live.rejects.load(Ordering::Relaxed));
    catch_up(&taken.bytes, options.live.bytes.load(Ordering::Relaxed));
    let files = options.live.files();
    taken.files.set(files.len() as i64);
    taken.lag_bytes.set(files.values().map(|file| file.lag_bytes() as i64).sum());
    let lag = files.values().map(|file| file.lag()).max().unwrap_or(Duration::ZERO);
    taken.lag_seconds.set(lag.as_secs_f64());
    taken.stored.set(status.records);
    taken.database_bytes.set(Store::bytes_on_disk(&options.database) as i64);
    taken.alerts_open.set(status.alerts_open);
    taken.mail_pending.set(status.mail_pending);
    taken.mail_failed.set(status.mail_failed);
    let monitor = options.monitor.state();
    taken.monitor_last_run.set(monitor.last_run.map_or(0.0, |at| at as f64 / 1e6));
    taken.monitor_seconds.set(monitor.took.as_secs_f64());
    let mut out = String::new();
    let sources = by_source(&entries, &files);
    text::encode_registry(&mut out, &app.metrics.registry)
        .and_then(|()| text::encode_registry(&mut out, &sources))
        .and_then(|()| text::encode_eof(&mut out))
        .map_err(|_| ApiError::internal(&Error::Internal("the metrics could not be written")))?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], out).into_response())
}

/// Counters only grow, so what is counted elsewhere is added as far as it grew.
fn catch_up(counter: &Counter, now: u64) {
    counter.inc_by(now.saturating_sub(counter.get()));
}

/// Counts requests by the route they took: paths that nobody knows are one.
pub async fn count(State(app): State<App>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let path = request.extensions().get::<MatchedPath>();
    let path = path.map_or("other", |path| path.as_str()).to_owned();
    let method = escape::label(request.method().as_str());
    let response = next.run(request).await;
    let status = response.status().as_u16();
    app.metrics.requests.get_or_create(&RequestLabels { method, path, status }).inc();
    app.metrics.request_seconds.observe(started.elapsed().as_secs_f64());
    response
}
