//! The API, described: built from the handlers and the types they answer with.

use axum::Json;
use utoipa::OpenApi;

use super::{
    catalog, detection, explore, guard, health, metrics, overview, push, sources, sql, tail,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Pintail",
        description = "Ask the logs. Times in JSON are ISO 8601 in UTC; times in arrays for charts are milliseconds since 1970. `from` is inclusive, `to` exclusive."
    ),
    paths(
        overview::status,
        overview::volume,
        overview::services,
        overview::scores,
        overview::anomalies,
        overview::alerts,
        detection::detectors,
        detection::backtest,
        detection::list_marks,
        detection::add_mark,
        detection::delete_mark,
        explore::logs,
        explore::facets,
        explore::why,
        explore::around,
        explore::download,
        tail::tail,
        sql::post,
        sql::get,
        catalog::schema,
        sources::list,
        sources::rejects,
        push::lines::json,
        push::lines::text,
        guard::log_in,
        guard::log_out,
        health::health,
        health::ready,
        metrics::show,
    )
)]
struct Document;

/// The document.
pub async fn show() -> Json<utoipa::openapi::OpenApi> {
    Json(Document::openapi())
}
