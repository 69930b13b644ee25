//! `/v1/openid/clients`: wallets that are registered. Beyond the reference.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use super::error::ApiError;
use super::page::{PageQuery, page_of};
use super::{authorize, object, path_id};
use crate::app::Shared;
use crate::domain::access::Permission;
use crate::domain::client::catalog::{Deleted, Saved};

fn saved(saved: Saved, status: StatusCode, id: Uuid) -> Result<Response, ApiError> {
    match saved {
        Saved::Saved(client) => Ok((status, Json(json!(*client))).into_response()),
        Saved::Invalid(details) => Err(ApiError::Invalid(details)),
        Saved::Unknown => Err(ApiError::unknown(id)),
        Saved::Taken => Err(ApiError::Conflict("there is a client with this clientId".into())),
        Saved::ReadOnly => Err(declared()),
    }
}

fn declared() -> ApiError {
    ApiError::Conflict("the client is declared in issuer.toml and is changed there".into())
}

/// `POST`
pub async fn create(State(app): State<Shared>, headers: HeaderMap, body: Bytes) -> Result<Response, ApiError> {
    authorize(&app, &headers, Permission::WriteCatalog)?;
    let request = object(&headers, &body)?;
    saved(app.wallet_clients.create(&request).await?, StatusCode::CREATED, Uuid::nil())
}

/// `GET` of all, those of issuer.toml among them.
pub async fn list(
    State(app): State<Shared>,
    headers: HeaderMap,
    Query(query): Query<PageQuery>,
) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::ReadCatalog)?;
    let all = app.wallet_clients.all();
    page_of(all.iter().map(Arc::as_ref), |one| one.id, |_| true, &query).map(Json)
}

/// `GET` of one.
pub async fn find(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::ReadCatalog)?;
    let id = path_id("id", &id)?;
    app.wallet_clients.by_id(id).map(|found| Json(json!(*found))).ok_or(ApiError::unknown(id))
}

/// `PUT`
pub async fn replace(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, ApiError> {
    authorize(&app, &headers, Permission::WriteCatalog)?;
    let id = path_id("id", &id)?;
    let request = object(&headers, &body)?;
    saved(app.wallet_clients.replace(id, &request).await?, StatusCode::OK, id)
}

/// `DELETE`
pub async fn delete(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    authorize(&app, &headers, Permission::WriteCatalog)?;
    let id = path_id("id", &id)?;
    match app.wallet_clients.delete(id).await? {
        Deleted::Deleted => Ok(StatusCode::NO_CONTENT),
        Deleted::Unknown => Err(ApiError::unknown(id)),
        Deleted::ReadOnly => Err(declared()),
    }
}
