//! `/v1/openid/configuration`: the interaction hook.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use serde_json::Value;

use super::error::ApiError;
use super::{authorize, object};
use crate::app::Shared;
use crate::domain::access::Permission;
use crate::domain::interaction_hook::Set;

/// `PUT`
pub async fn set(State(app): State<Shared>, headers: HeaderMap, body: Bytes) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::WriteCatalog)?;
    match app.interaction_hooks.set(&object(&headers, &body)?).await? {
        Set::Saved(shown) => Ok(Json(shown)),
        Set::Invalid(details) => Err(ApiError::Invalid(details)),
    }
}

/// `GET`: shows the secret, so only to those who may set it.
pub async fn find(State(app): State<Shared>, headers: HeaderMap) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::WriteCatalog)?;
    Ok(Json(app.interaction_hooks.show().await?))
}
