//! `/v1/plugins`: which plugins are loaded, what they may do, how they fare; and loading one again.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::error::ApiError;
use super::{authorize, object};
use crate::app::{ReloadError, Shared};
use crate::domain::access::Permission;
use crate::wire::fields::Detail;

/// What the path calls the name.
const PARAM: &str = "name";

/// `GET` of all, whole.
pub async fn list(State(app): State<Shared>, headers: HeaderMap) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::Plugins)?;
    Ok(Json(json!({ "data": app.plugins.list() })))
}

/// `GET` of one.
pub async fn find(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::Plugins)?;
    app.plugins.find(&name).map(|plugin| Json(json!(plugin))).ok_or(ApiError::NotFound(PARAM, name))
}

/// `POST …/reload`: reads the settings and the file anew. The body is an empty object, or nothing.
pub async fn reload(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(name): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::Plugins)?;
    let request = if body.is_empty() { serde_json::Map::new() } else { object(&headers, &body)? };
    if !request.is_empty() {
        let unknown = |member: &String| Detail::body(member.clone(), "is not known here");
        return Err(ApiError::Invalid(request.keys().take(20).map(unknown).collect()));
    }
    match app.reload_plugins(Some(&name)).await {
        Ok(_changes) => match app.plugins.find(&name) {
            // An optional one, which a reload of all may leave out; here it alone was asked for.
            Some(plugin) if plugin.state == "skipped" => Err(refused(plugin.last_error.into_iter().collect())),
            Some(plugin) => Ok(Json(json!(plugin))),
            None => Err(ApiError::NotFound(PARAM, name)),
        },
        Err(ReloadError::Unknown) => Err(ApiError::NotFound(PARAM, name)),
        Err(ReloadError::Refused(reasons)) => Err(refused(reasons)),
    }
}

fn refused(reasons: Vec<String>) -> ApiError {
    let detail = |msg| Detail { location: "params", param: PARAM.into(), msg, value: None };
    let message = "the plugin cannot be loaded; what served before goes on".to_owned();
    ApiError::Refused(message, reasons.into_iter().map(detail).collect())
}
