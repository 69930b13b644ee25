//! `/v2/credentials/mobile/document-signers`: the certificates that sign mdocs.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::error::ApiError;
use super::page::{PageQuery, page, query_mistake};
use super::{authorize, object, path_id};
use crate::app::Shared;
use crate::domain::access::Permission;
use crate::domain::trust::{Change, SignerView};

const PARAM: &str = "documentSignerId";

/// The value of a change that was made; otherwise the error that the reference has for its circumstance.
fn made<T>(change: Change<T>, id: Uuid) -> Result<T, ApiError> {
    match change {
        Change::Done(value) => Ok(value),
        Change::Invalid(details) => Err(ApiError::Invalid(details)),
        Change::Unknown => Err(ApiError::NotFound(PARAM, id.to_string())),
        Change::Full(most) => {
            Err(ApiError::Conflict(format!("there are {most} document signers, more are not possible")))
        }
    }
}

/// `POST`: a key and a certificate request under an unmanaged IACA.
pub async fn create(State(app): State<Shared>, headers: HeaderMap, body: Bytes) -> Result<Response, ApiError> {
    authorize(&app, &headers, Permission::WriteCatalog)?;
    let request = object(&headers, &body)?;
    let signer = made(app.trust.signer_create(&request).await?, Uuid::nil())?;
    Ok((StatusCode::CREATED, Json(signer)).into_response())
}

/// `GET` of all.
pub async fn list(
    State(app): State<Shared>,
    headers: HeaderMap,
    Query(query): Query<PageQuery>,
) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::ReadCatalog)?;
    let (limit, after) = (query.limit()?, query.after()?);
    let after = after.map(|key| Uuid::from_slice(&key).map_err(|_| query_mistake("cursor", "is not a cursor")));
    let after = after.transpose()?;
    let all = app.trust.signers()?;
    let rest =
        all.iter().skip_while(|signer| after.is_some_and(|id| id != signer.id)).skip(usize::from(after.is_some()));
    let found: Vec<&SignerView> = rest.take(limit + 1).collect();
    let next = (found.len() > limit).then(|| found.get(limit - 1).map(|last| last.id)).flatten();
    let data: Vec<_> = found.iter().take(limit).map(|signer| json!(signer)).collect();
    Ok(Json(page(&data, next.as_ref().map(|id| id.as_bytes().as_slice()))))
}

/// `GET` of one.
pub async fn find(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<SignerView>, ApiError> {
    authorize(&app, &headers, Permission::ReadCatalog)?;
    let id = path_id(PARAM, &id)?;
    app.trust.document_signer(id)?.map(Json).ok_or_else(|| ApiError::NotFound(PARAM, id.to_string()))
}

/// `PUT`: takes the certificate, activates, deactivates; under an unmanaged IACA.
pub async fn update(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<SignerView>, ApiError> {
    authorize(&app, &headers, Permission::WriteCatalog)?;
    let id = path_id(PARAM, &id)?;
    let request = object(&headers, &body)?;
    made(app.trust.signer_update(id, &request).await?, id).map(Json)
}

/// `DELETE`: under an unmanaged IACA.
pub async fn delete(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    authorize(&app, &headers, Permission::WriteCatalog)?;
    let id = path_id(PARAM, &id)?;
    made(app.trust.signer_delete(id).await?, id).map(|()| StatusCode::NO_CONTENT)
}

/// `POST …/revoke`: under a managed IACA. The body is an empty object, or nothing.
pub async fn revoke(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::WriteCatalog)?;
    let id = path_id(PARAM, &id)?;
    let request = if body.is_empty() { Map::new() } else { object(&headers, &body)? };
    let date = made(app.trust.signer_revoke(id, &request).await?, id)?;
    Ok(Json(json!({ "revoked": true, "revocationDate": date })))
}
