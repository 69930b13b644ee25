//! `/v1/plugins/{name}/recording`: calls of a plugin as cases, without personal values.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::error::ApiError;
use super::{authorize, object};
use crate::app::Shared;
use crate::domain::access::Permission;
use crate::plugin::recording::{MOST_CALLS, View};
use crate::wire::fields::Detail;

/// `POST`: records the next `calls` calls; ends a recording that was there.
pub async fn create(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(name): Path<String>,
    body: Bytes,
) -> Result<Response, ApiError> {
    authorize(&app, &headers, Permission::Clients)?;
    let request = object(&headers, &body)?;
    let calls = request.get("calls").and_then(serde_json::Value::as_u64).unwrap_or(0);
    let calls = usize::try_from(calls).unwrap_or(usize::MAX);
    let recordings = app.plugins.recordings(&name).ok_or_else(|| ApiError::NotFound("name", name.clone()))?;
    let armed = recordings.arm(&name, calls, app.clock.now());
    let view = armed.ok_or_else(|| {
        ApiError::Invalid(vec![Detail::body("calls", format!("must be a number from 1 to {MOST_CALLS}"))])
    })?;
    tracing::info!(plugin = name, calls, "recording calls");
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// `GET`: what is recorded so far.
pub async fn find(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Result<Json<View>, ApiError> {
    authorize(&app, &headers, Permission::Clients)?;
    let view = app.plugins.recordings(&name).and_then(|recordings| recordings.view(&name, app.clock.now()));
    view.map(Json).ok_or(ApiError::NotFound("name", name))
}
