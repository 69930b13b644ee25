//! `/v2/credentials/mobile/document-signers`: the certificates that sign mdocs.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::change::Kind;
use super::error::ApiError;
use super::page::{PageQuery, page_of};
use super::{authorize, object, path_id};
use crate::app::Shared;
use crate::domain::access::Permission;
use crate::domain::trust::SignerView;

const SIGNERS: Kind = Kind { param: "documentSignerId", plural: "document signers" };

/// `POST`: a key and a certificate request under an unmanaged IACA.
pub async fn create(State(app): State<Shared>, headers: HeaderMap, body: Bytes) -> Result<Response, ApiError> {
    authorize(&app, &headers, Permission::WriteCatalog)?;
    let request = object(&headers, &body)?;
    let signer = SIGNERS.made(app.trust.signer_create(&request).await?, Uuid::nil())?;
    Ok((StatusCode::CREATED, Json(signer)).into_response())
}

/// `GET` of all.
pub async fn list(
    State(app): State<Shared>,
    headers: HeaderMap,
    Query(query): Query<PageQuery>,
) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::ReadCatalog)?;
    page_of(app.trust.signers()?.into_iter(), |signer| signer.id, |_| true, &query).map(Json)
}

/// `GET` of one.
pub async fn find(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<SignerView>, ApiError> {
    authorize(&app, &headers, Permission::ReadCatalog)?;
    let id = path_id(SIGNERS.param, &id)?;
    app.trust.document_signer(id)?.map(Json).ok_or_else(|| SIGNERS.unknown(id))
}

/// `PUT`: takes the certificate, activates, deactivates; under an unmanaged IACA.
pub async fn update(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<SignerView>, ApiError> {
    authorize(&app, &headers, Permission::WriteCatalog)?;
    let id = path_id(SIGNERS.param, &id)?;
    let request = object(&headers, &body)?;
    SIGNERS.made(app.trust.signer_update(id, &request).await?, id).map(Json)
}

/// `DELETE`: under an unmanaged IACA.
pub async fn delete(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    authorize(&app, &headers, Permission::WriteCatalog)?;
    let id = path_id(SIGNERS.param, &id)?;
    SIGNERS.made(app.trust.signer_delete(id).await?, id).map(|()| StatusCode::NO_CONTENT)
}

/// `POST …/revoke`: under a managed IACA. The body is an empty object, or nothing.
pub async fn revoke(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::WriteCatalog)?;
    let id = path_id(SIGNERS.param, &id)?;
    let request = if body.is_empty() { Map::new() } else { object(&headers, &body)? };
    let date = SIGNERS.made(app.trust.signer_revoke(id, &request).await?, id)?;
    Ok(Json(json!({ "revoked": true, "revocationDate": date })))
}
