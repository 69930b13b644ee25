//! `/v2/credentials/mobile/status-lists` and `/v2/credentials/mobile/{credentialId}/status`: status lists, how they are kept, and the
//! status of one credential. The same below `/v2/credentials/sd-jwt`.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use uuid::Uuid;

use super::credentials::Profile;
use super::error::ApiError;
use super::page::{PageQuery, page_of};
use super::{authorize, object, path_id, saved};
use crate::app::Shared;
use crate::domain::access::Permission;
use crate::domain::status::configuration::{Deletion, StatusListConfiguration};
use crate::domain::status::{ListView, SetOutcome, status_name};

/// `POST …/configurations`
pub async fn create<P: Profile>(
    State(app): State<Shared>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    authorize(&app, &headers, Permission::WriteCatalog)?;
    let request = object(&headers, &body)?;
    saved(app.statuses.configuration_create(P::KIND, &request).await?, StatusCode::CREATED, Uuid::nil())
}

/// `GET …/configurations`
pub async fn list<P: Profile>(
    State(app): State<Shared>,
    headers: HeaderMap,
    Query(query): Query<PageQuery>,
) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::ReadCatalog)?;
    page_of(app.statuses.configurations(P::KIND).into_iter().map(Shown), |one| one.0.id, |_| true, &query).map(Json)
}

/// A configuration in the form of the API.
struct Shown(StatusListConfiguration);

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.view().serialize(serializer)
    }
}

/// `GET …/configurations/{id}`
pub async fn find<P: Profile>(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::ReadCatalog)?;
    let id = path_id("id", &id)?;
    app.statuses.configuration(P::KIND, id).map(|found| Json(found.view())).ok_or(ApiError::unknown(id))
}

/// `PUT …/configurations/{id}`
pub async fn replace<P: Profile>(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, ApiError> {
    authorize(&app, &headers, Permission::WriteCatalog)?;
    let id = path_id("id", &id)?;
    let request = object(&headers, &body)?;
    saved(app.statuses.configuration_replace(P::KIND, id, &request).await?, StatusCode::OK, id)
}

/// `DELETE …/configurations/{id}`
pub async fn delete<P: Profile>(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    authorize(&app, &headers, Permission::WriteCatalog)?;
    let id = path_id("id", &id)?;
    match app.statuses.configuration_delete(P::KIND, id).await? {
        Deletion::Deleted => Ok(StatusCode::NO_CONTENT),
        Deletion::InUse => Err(ApiError::BadRequest("Status list configuration is in use by at least one status list")),
        Deletion::Unknown => Err(ApiError::unknown(id)),
    }
}

/// `GET …/status-lists`
pub async fn lists<P: Profile>(State(app): State<Shared>, headers: HeaderMap) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::ReadCatalog)?;
    Ok(Json(json!({ "data": app.statuses.lists(P::KIND) })))
}

/// `GET …/status-lists/{id}`
pub async fn find_list<P: Profile>(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<ListView>, ApiError> {
    authorize(&app, &headers, Permission::ReadCatalog)?;
    let id = path_id("statusListId", &id)?;
    app.statuses.list(P::KIND, id).map(Json).ok_or_else(|| ApiError::NotFound("statusListId", id.to_string()))
}

/// `POST …/{credentialId}/status`
pub async fn set<P: Profile>(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let client = authorize(&app, &headers, Permission::Credentials)?;
    let id = path_id("credentialId", &id)?;
    let request = object(&headers, &body)?;
    match app.statuses.set(P::KIND, id, &request).await? {
        SetOutcome::Set(status) => {
            let status = status_name(status);
            tracing::info!(credential = %id, client, status, "the status of a credential was set");
            Ok((StatusCode::CREATED, Json(json!({ "status": status }))).into_response())
        }
        SetOutcome::Invalid(mistakes) => Err(ApiError::Invalid(mistakes)),
        SetOutcome::Final => Err(ApiError::Conflict("the credential is revoked for good".into())),
        SetOutcome::NotRevocable => Err(ApiError::BadRequest(
            "the credential was issued without a status: includeStatus of its configuration was false",
        )),
        SetOutcome::Unknown => Err(ApiError::NotFound("credentialId", id.to_string())),
    }
}

/// `GET …/{credentialId}/status`
pub async fn status<P: Profile>(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::Credentials)?;
    let id = path_id("credentialId", &id)?;
    let status = app.statuses.status(P::KIND, id).await?;
    status
        .map(|status| Json(json!({ "status": status_name(status) })))
        .ok_or_else(|| ApiError::NotFound("credentialId", id.to_string()))
}
