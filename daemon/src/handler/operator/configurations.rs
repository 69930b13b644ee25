//! `/v2/credentials/mobile/configurations`: mDocs configurations.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};
use uuid::Uuid;

use super::error::ApiError;
use super::page::{PageQuery, page_of};
use super::{authorize, object, path_id, saved};
use crate::app::Shared;
use crate::domain::access::Permission;
use crate::domain::configuration::Configuration;

/// `POST`
pub async fn create(State(app): State<Shared>, headers: HeaderMap, body: Bytes) -> Result<Response, ApiError> {
    authorize(&app, &headers, Permission::WriteCatalog)?;
    let request = object(&headers, &body)?;
    saved(app.configurations.create(&request).await?.map(|made| json!(*made)), StatusCode::CREATED, Uuid::nil())
}

/// `GET` of all, by `type`.
pub async fn list(
    State(app): State<Shared>,
    headers: HeaderMap,
    Query(query): Query<PageQuery>,
) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::ReadCatalog)?;
    let all = app.configurations.all();
    let fits = |one: &&Configuration| query.doc_type.as_ref().is_none_or(|wanted| *wanted == one.doc_type);
    page_of(all.iter().map(Arc::as_ref), |one| one.id, fits, &query).map(Json)
}

/// `GET` of one.
pub async fn find(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::ReadCatalog)?;
    let id = path_id("id", &id)?;
    app.configurations.find(id).map(|found| Json(json!(*found))).ok_or(ApiError::unknown(id))
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
    saved(app.configurations.replace(id, &request).await?.map(|made| json!(*made)), StatusCode::OK, id)
}

/// `DELETE`: open offers that name it end with it.
pub async fn delete(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    authorize(&app, &headers, Permission::WriteCatalog)?;
    let id = path_id("id", &id)?;
    if app.configurations.delete(id).await? { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::unknown(id)) }
}
