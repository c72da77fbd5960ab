//! Whether the server lives, and whether it can answer.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{ApiError, ApiResult, ErrorBody};
use super::app::App;
use crate::clock;
use crate::queries::range::Span;

#[derive(Serialize, ToSchema)]
pub struct Health {
    pub status: &'static str,
}

/// The process lives
#[utoipa::path(get, path = "/health", tag = "operation", responses((status = 200, body = Health)))]
pub async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// The database answers, and what comes in can be stored
#[utoipa::path(get, path = "/ready", tag = "operation",
    responses((status = 200, body = Health), (status = 503, body = ErrorBody)))]
pub async fn ready(State(app): State<App>) -> ApiResult<Json<Health>> {
    let unready = |message| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message);
    let now = clock::now();
    let asked = app.runner.page(move |session| Span::resolve(session, None, None, now)).await;
    asked.map_err(|_| unready("the database does not answer"))?;
    if app.options.live.error().is_some() {
        return Err(unready("nothing can be taken in at the moment; the server's log says why"));
    }
    Ok(Json(Health { status: "ready" }))
}
