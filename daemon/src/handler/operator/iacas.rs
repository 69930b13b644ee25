//! `/v2/credentials/mobile/iacas`: root certificates under which mdocs are signed.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use super::error::ApiError;
use super::{authorize, object, path_id};
use crate::app::Shared;
use crate::domain::access::Permission;
use crate::domain::trust::{Change, IacaView};

const PARAM: &str = "iacaId";

fn changed(change: Change<IacaView>, status: StatusCode, id: Uuid) -> Result<Response, ApiError> {
    match change {
        Change::Done(iaca) => Ok((status, Json(iaca)).into_response()),
        Change::Invalid(details) => Err(ApiError::Invalid(details)),
        Change::Unknown => Err(ApiError::NotFound(PARAM, id.to_string())),
        Change::Full(most) => Err(ApiError::Conflict(format!("there are {most} IACAs, more are not possible"))),
    }
}

/// `POST`: a managed IACA, or an unmanaged one by its `certificatePem`; inactive.
pub async fn create(State(app): State<Shared>, headers: HeaderMap, body: Bytes) -> Result<Response, ApiError> {
    authorize(&app, &headers, Permission::WriteCatalog)?;
    let request = object(&headers, &body)?;
    changed(app.trust.iaca_create(&request).await?, StatusCode::CREATED, Uuid::nil())
}

/// `GET` of all.
pub async fn list(State(app): State<Shared>, headers: HeaderMap) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::ReadCatalog)?;
    Ok(Json(json!({ "data": app.trust.iacas()? })))
}

/// `GET` of one.
pub async fn find(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<IacaView>, ApiError> {
    authorize(&app, &headers, Permission::ReadCatalog)?;
    let id = path_id(PARAM, &id)?;
    app.trust.iaca(id)?.map(Json).ok_or_else(|| ApiError::NotFound(PARAM, id.to_string()))
}

/// `PUT`: activates or deactivates.
pub async fn update(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, ApiError> {
    authorize(&app, &headers, Permission::WriteCatalog)?;
    let id = path_id(PARAM, &id)?;
    let request = object(&headers, &body)?;
    changed(app.trust.iaca_update(id, &request).await?, StatusCode::OK, id)
}

/// `DELETE`: with its document signers and its CRL.
pub async fn delete(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    authorize(&app, &headers, Permission::WriteCatalog)?;
    let id = path_id(PARAM, &id)?;
    match app.trust.iaca_delete(id).await? {
        Change::Done(()) => Ok(StatusCode::NO_CONTENT),
        Change::Invalid(details) => Err(ApiError::Invalid(details)),
        Change::Unknown | Change::Full(_) => Err(ApiError::NotFound(PARAM, id.to_string())),
    }
}
