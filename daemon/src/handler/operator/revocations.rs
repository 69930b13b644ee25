//! `/v2/credentials/revocations`: many credentials revoked at once, or counted.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::error::ApiError;
use super::page::{PageQuery, page_of};
use super::{authorize, object, path_id};
use crate::app::Shared;
use crate::domain::access::Permission;
use crate::domain::status::bulk::BulkRequest;
use crate::store::revocation::Revocation;

/// `POST`: 202 and a revocation that goes on beside, or with `dryRun` 200 and what it would be.
pub async fn create(State(app): State<Shared>, headers: HeaderMap, body: Bytes) -> Result<Response, ApiError> {
    let client = authorize(&app, &headers, Permission::Revoke)?;
    let request = BulkRequest::read(&object(&headers, &body)?).map_err(ApiError::Invalid)?;
    if request.dry_run {
        let found = app.statuses.bulk_count(&request.filter).await?;
        return Ok(Json(json!({ "filter": request.filter, "expected": found })).into_response());
    }
    let begun = app.statuses.bulk_begin(&request, client).await?;
    Ok((StatusCode::ACCEPTED, Json(begun)).into_response())
}

/// `GET` of all, oldest first.
pub async fn list(
    State(app): State<Shared>,
    headers: HeaderMap,
    Query(query): Query<PageQuery>,
) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::ReadCatalog)?;
    page_of(app.statuses.bulk_list().await?.into_iter(), |one| one.id, |_| true, &query).map(Json)
}

/// `GET` of one, with how far it is.
pub async fn find(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Revocation>, ApiError> {
    authorize(&app, &headers, Permission::ReadCatalog)?;
    let id = path_id("id", &id)?;
    app.statuses.bulk_find(id).await?.map(Json).ok_or(ApiError::unknown(id))
}
