//! The whole API on one page.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::{delete, get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};

use super::answer::ApiError;
use super::app::App;
use super::{
    assets, catalog, detection, doors, explore, guard, health, load, local, metrics, openapi,
    overview, push, sources, sql, tail,
};

/// Bytes of a request: the longest SQL, and some.
const BODY_BYTES_MAX: usize = 1 << 20;

/// Nothing from elsewhere, nothing inline: what a log says is never run.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'";

pub fn router(app: App) -> Router {
    let api = Router::new()
        .route("/status", get(overview::status))
        .route("/volume", get(overview::volume))
        .route("/services", get(overview::services))
        .route("/scores", get(overview::scores))
        .route("/anomalies", get(overview::anomalies))
        .route("/alerts", get(overview::alerts))
        .route("/detectors", get(detection::detectors))
        .route("/backtest", get(detection::backtest))
        .route("/marks", get(detection::list_marks).post(detection::add_mark))
        .route("/marks/{id}", delete(detection::delete_mark))
        .route("/logs", get(explore::logs))
        .route("/facets", get(explore::facets))
        .route("/why", get(explore::why))
        .route("/around", get(explore::around))
        .route("/download", get(explore::download))
        .route("/tail", get(tail::tail))
        .route("/sql", get(sql::get).post(sql::post))
        .route("/schema", get(catalog::schema))
        .route("/sources", get(sources::list))
        .route("/sources/{id}/rejects", get(sources::rejects))
        // For the command line; no part of the described API.
        .route("/local/rows", post(local::rows))
        .route("/local/parquet", post(local::parquet))
        .route("/local/detect", post(local::detect))
        .route("/local/backtest", post(local::backtest))
        .route("/local/cancel", post(local::cancel))
        .layer(from_fn_with_state(app.clone(), guard::known));
    // For the command line too; these read files.
    let loads = Router::new()
        .route("/local/ingest", post(load::load))
        .layer(DefaultBodyLimit::max(load::REQUEST_BYTES_MAX))
        .route("/local/pipe", post(load::pipe))
        .layer(from_fn_with_state(app.clone(), guard::owner));
    let metrics_route = Router::new()
        .route("/metrics", get(metrics::show))
        .layer(from_fn_with_state(app.clone(), guard::known));
    Router::new()
        .nest("/api", api.merge(loads))
        .merge(metrics_route)
        .merge(push::routes(&app))
        .route("/api/login", post(guard::log_in))
        .route("/api/logout", post(guard::log_out))
        .route("/api/openapi.json", get(openapi::show))
        .route("/health", get(health::health))
        .route("/ready", get(health::ready))
        .route("/api/{*rest}", get(nothing).post(nothing))
        .fallback(assets::show)
        .layer(from_fn_with_state(app.clone(), guard::same_site))
        .layer(from_fn_with_state(app.clone(), doors::note_peer))
        .layer(from_fn(push::grpc::elsewhere))
        .layer(from_fn_with_state(app.clone(), metrics::count))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(CompressionLayer::new().compress_when(compressible()))
        .layer(map_response(with_security_headers))
        .layer(CatchPanicLayer::new())
        .with_state(app)
}

async fn nothing() -> ApiError {
    ApiError::not_found("there is no such endpoint").hint("GET /api/openapi.json lists them")
}

/// What is compressed already is left alone.
fn compressible() -> impl Predicate {
    DefaultPredicate::new()
        .and(NotForContentType::const_new("application/vnd.apache"))
        .and(NotForContentType::const_new("text/event-stream"))
}

async fn with_security_headers(mut response: Response) -> Response {
    const SET: [(HeaderName, &str); 4] = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    for (name, value) in SET {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
