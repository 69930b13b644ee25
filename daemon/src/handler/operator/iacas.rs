//! `/v2/credentials/mobile/iacas`: root certificates under which mdocs are signed.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use super::change::Kind;
use super::error::ApiError;
use super::{authorize, object, path_id};
use crate::app::Shared;
use crate::domain::access::Permission;
use crate::domain::trust::IacaView;

const IACAS: Kind = Kind { param: "iacaId", plural: "IACAs" };

/// `POST`: a managed IACA, or an unmanaged one by its `certificatePem`; inactive.
pub async fn create(State(app): State<Shared>, headers: HeaderMap, body: Bytes) -> Result<Response, ApiError> {
    authorize(&app, &headers, Permission::WriteCatalog)?;
    let request = object(&headers, &body)?;
    let iaca = IACAS.made(app.trust.iaca_create(&request).await?, Uuid::nil())?;
    Ok((StatusCode::CREATED, Json(iaca)).into_response())
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
    let id = path_id(IACAS.param, &id)?;
    app.trust.iaca(id)?.map(Json).ok_or_else(|| IACAS.unknown(id))
}

/// `PUT`: activates or deactivates.
pub async fn update(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<IacaView>, ApiError> {
    authorize(&app, &headers, Permission::WriteCatalog)?;
    let id = path_id(IACAS.param, &id)?;
    let request = object(&headers, &body)?;
    IACAS.made(app.trust.iaca_update(id, &request).await?, id).map(Json)
}

/// `DELETE`: with its document signers and its CRL.
pub async fn delete(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    authorize(&app, &headers, Permission::WriteCatalog)?;
    let id = path_id(IACAS.param, &id)?;
    IACAS.made(app.trust.iaca_delete(id).await?, id).map(|()| StatusCode::NO_CONTENT)
}
