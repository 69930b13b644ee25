//! `/v1/users/authentication-providers`: where holders log in.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::Value;
use uuid::Uuid;

use super::error::ApiError;
use super::page::{Item, PageQuery, page_of};
use super::{authorize, deleted, object, path_id, saved};
use crate::app::Shared;
use crate::domain::access::Permission;

/// `POST`
pub async fn create(State(app): State<Shared>, headers: HeaderMap, body: Bytes) -> Result<Response, ApiError> {
    authorize(&app, &headers, Permission::WriteCatalog)?;
    let request = object(&headers, &body)?;
    saved(app.providers.create(&request).await?, StatusCode::CREATED, Uuid::nil())
}

/// `GET` of all, the default one first.
pub async fn list(
    State(app): State<Shared>,
    headers: HeaderMap,
    Query(query): Query<PageQuery>,
) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::ReadCatalog)?;
    let all = app.providers.all();
    let shown = all.iter().map(|provider| Ok(Item { id: provider.id, shown: app.providers.show(provider)? }));
    let shown = shown.collect::<Result<Vec<_>, ApiError>>()?;
    page_of(shown.into_iter(), |one| one.id, |_| true, &query).map(Json)
}

/// `GET` of one.
pub async fn find(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::ReadCatalog)?;
    let id = path_id("id", &id)?;
    let found = app.providers.find(id).ok_or(ApiError::unknown(id))?;
    Ok(Json(app.providers.show(&found)?))
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
    saved(app.providers.replace(id, &request).await?, StatusCode::OK, id)
}

/// `DELETE`: refused while a configuration names it.
pub async fn delete(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    authorize(&app, &headers, Permission::WriteCatalog)?;
    let id = path_id("id", &id)?;
    deleted(app.providers.delete(id).await?, id)
}
