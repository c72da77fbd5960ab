//! What SQL can ask about.

use axum::Json;
use axum::extract::State;

use super::answer::ApiResult;
use super::app::App;
use crate::queries::schema::{Schema, schema as read_schema};

/// Tables, views, macros, functions, and examples that work
#[utoipa::path(get, path = "/api/schema", tag = "sql", responses((status = 200, body = Schema)))]
pub async fn schema(State(app): State<App>) -> ApiResult<Json<Schema>> {
    Ok(Json(app.runner.page(read_schema).await?))
}
