//! `/v2/credentials/mobile/document-signers` and `/v2/credentials/mobile/status-list-signers`: the certificates that sign mdocs, and
//! those that sign status lists.

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
use crate::domain::trust::{Leaf, SignerView};

/// Which signers an endpoint is about.
pub trait Signers: Send + Sync + 'static {
    /// What they sign.
    const OF: Leaf;
    /// What they are called in paths and errors.
    const KIND: Kind;
    /// The answer to a creation, as the reference has it.
    const MADE: StatusCode;
}

/// Document signers.
pub struct Documents;

impl Signers for Documents {
    const OF: Leaf = Leaf::Document;
    const KIND: Kind = Kind { param: "documentSignerId", plural: "document signers" };
    const MADE: StatusCode = StatusCode::CREATED;
}

/// Status list signers.
pub struct StatusLists;

impl Signers for StatusLists {
    const OF: Leaf = Leaf::StatusList;
    const KIND: Kind = Kind { param: "statusListSignerId", plural: "status list signers" };
    const MADE: StatusCode = StatusCode::OK;
}

/// Signers of SD-JWT VCs.
pub struct SdJwts;

impl Signers for SdJwts {
    const OF: Leaf = Leaf::SdJwt;
    const KIND: Kind = Kind { param: "signerId", plural: "signers" };
    const MADE: StatusCode = StatusCode::CREATED;
}

/// `POST`: a key and a certificate request under an unmanaged IACA.
pub async fn create<S: Signers>(
    State(app): State<Shared>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    authorize(&app, &headers, Permission::WriteCatalog)?;
    let request = object(&headers, &body)?;
    let signer = S::KIND.made(app.trust.signer_create(S::OF, &request).await?, Uuid::nil())?;
    Ok((S::MADE, Json(signer)).into_response())
}

/// `GET` of all.
pub async fn list<S: Signers>(
    State(app): State<Shared>,
    headers: HeaderMap,
    Query(query): Query<PageQuery>,
) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::ReadCatalog)?;
    page_of(app.trust.signers(S::OF)?.into_iter(), |signer| signer.id, |_| true, &query).map(Json)
}

/// `GET` of one.
pub async fn find<S: Signers>(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<SignerView>, ApiError> {
    authorize(&app, &headers, Permission::ReadCatalog)?;
    let id = path_id(S::KIND.param, &id)?;
    app.trust.find_signer(S::OF, id)?.map(Json).ok_or_else(|| S::KIND.unknown(id))
}

/// `PUT`: takes the certificate, activates, deactivates; under an unmanaged IACA.
pub async fn update<S: Signers>(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<SignerView>, ApiError> {
    authorize(&app, &headers, Permission::WriteCatalog)?;
    let id = path_id(S::KIND.param, &id)?;
    let request = object(&headers, &body)?;
    S::KIND.made(app.trust.signer_update(S::OF, id, &request).await?, id).map(Json)
}

/// `DELETE`: under an unmanaged IACA.
pub async fn delete<S: Signers>(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    authorize(&app, &headers, Permission::WriteCatalog)?;
    let id = path_id(S::KIND.param, &id)?;
    S::KIND.made(app.trust.signer_delete(S::OF, id).await?, id).map(|()| StatusCode::NO_CONTENT)
}

/// `POST …/revoke`: under a managed IACA. The body is an empty object, or nothing.
pub async fn revoke<S: Signers>(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::WriteCatalog)?;
    let id = path_id(S::KIND.param, &id)?;
    let request = if body.is_empty() { Map::new() } else { object(&headers, &body)? };
    let date = S::KIND.made(app.trust.signer_revoke(S::OF, id, &request).await?, id)?;
    Ok(Json(json!({ "revoked": true, "revocationDate": date })))
}
