//! `/v1/openid/encryption-keys`: the keys that wallets encrypt credential requests with. Beyond the reference.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value, json};

use super::error::ApiError;
use super::{authorize, millis};
use crate::app::{App, Shared};
use crate::domain::access::Permission;
use crate::domain::encryption::EncryptionKey;

/// `GET`: the keys whose requests are read, the one in use last.
pub async fn list(State(app): State<Shared>, headers: HeaderMap) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::ReadCatalog)?;
    Ok(Json(listed(&app)))
}

/// `POST`: puts a fresh key in use. Those before are accepted for a while.
pub async fn create(State(app): State<Shared>, headers: HeaderMap) -> Result<Response, ApiError> {
    let client = authorize(&app, &headers, Permission::WriteCatalog)?;
    if !app.encryption.policy().offered {
        return Err(ApiError::Conflict("encryption is not offered; see encryption.offered in issuer.toml".into()));
    }
    app.encryption.rotate().await?;
    tracing::info!(client, "a fresh encryption key is in use");
    Ok((StatusCode::CREATED, Json(listed(&app))).into_response())
}

/// `DELETE`: ends a key at once, as after a compromise. One in use gets a successor.
pub async fn delete(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(kid): Path<String>,
) -> Result<StatusCode, ApiError> {
    let client = authorize(&app, &headers, Permission::WriteCatalog)?;
    if app.encryption.end(&kid).await? {
        tracing::info!(client, kid, "an encryption key was ended");
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(ApiError::NotFound("kid", kid))
}

fn listed(app: &App) -> Value {
    let keys = app.encryption.keys();
    json!({ "data": keys.accepted(app.clock.now()).map(|key| view(key)).collect::<Vec<_>>() })
}

fn view(key: &EncryptionKey) -> Value {
    let mut view = Map::from_iter([
        ("kid".into(), key.kid.clone().into()),
        ("createdAt".into(), millis(key.created_at).into()),
        ("inUse".into(), key.accepted_until.is_none().into()),
    ]);
    view.extend(key.accepted_until.map(|end| ("acceptedUntil".to_owned(), millis(end).into())));
    view.into()
}
