//! `/v1/claim-sources`: where claims come from when a credential is claimed.

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
    authorize(&app, &headers, Permission::WriteClaimSources)?;
    let request = object(&headers, &body)?;
    saved(app.claim_sources.create(&request).await?, StatusCode::CREATED, Uuid::nil())
}

/// `GET` of all.
pub async fn list(
    State(app): State<Shared>,
    headers: HeaderMap,
    Query(query): Query<PageQuery>,
) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::ReadCatalog)?;
    let all = app.claim_sources.all();
    let shown = all.iter().map(|source| Item { id: source.id, shown: app.claim_sources.show(source) });
    page_of(shown, |one| one.id, |_| true, &query).map(Json)
}

/// `GET` of one.
pub async fn find(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::ReadCatalog)?;
    let id = path_id("id", &id)?;
    app.claim_sources.find(id).map(|found| Json(app.claim_sources.show(&found))).ok_or(ApiError::unknown(id))
}

/// `PUT`
pub async fn replace(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, ApiError> {
    authorize(&app, &headers, Permission::WriteClaimSources)?;
    let id = path_id("id", &id)?;
    let request = object(&headers, &body)?;
    saved(app.claim_sources.replace(id, &request).await?, StatusCode::OK, id)
}

/// `DELETE`: refused while a configuration names it.
pub async fn delete(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    authorize(&app, &headers, Permission::WriteClaimSources)?;
    let id = path_id("id", &id)?;
    deleted(app.claim_sources.delete(id).await?, id)
}
