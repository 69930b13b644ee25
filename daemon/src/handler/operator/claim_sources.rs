//! `/v1/claim-sources`: where claims come from when a credential is claimed.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::error::ApiError;
use super::page::{PageQuery, page_of};
use super::{authorize, object, path_id, saved};
use crate::app::Shared;
use crate::domain::access::Permission;
use crate::domain::claim_source::catalog::{ClaimSourceDelete, Saved};
use crate::domain::claim_source::{ClaimSource, PluginState};

/// A source as it is shown.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    #[serde(flatten)]
    source: &'a ClaimSource,
    /// Whether its plugin can be asked now.
    plugin_state: PluginState,
}

fn shown<'a>(app: &Shared, source: &'a ClaimSource) -> Shown<'a> {
    Shown { source, plugin_state: app.claim_sources.plugin_state(source) }
}

fn answer(app: &Shared, outcome: Saved, status: StatusCode, id: Uuid) -> Result<Response, ApiError> {
    saved(outcome.map(|source| json!(shown(app, &source))), status, id)
}

/// `POST`
pub async fn create(State(app): State<Shared>, headers: HeaderMap, body: Bytes) -> Result<Response, ApiError> {
    authorize(&app, &headers, Permission::WriteClaimSources)?;
    let request = object(&headers, &body)?;
    answer(&app, app.claim_sources.create(&request).await?, StatusCode::CREATED, Uuid::nil())
}

/// `GET` of all.
pub async fn list(
    State(app): State<Shared>,
    headers: HeaderMap,
    Query(query): Query<PageQuery>,
) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::ReadCatalog)?;
    let all = app.claim_sources.all();
    page_of(all.iter().map(|source| shown(&app, source)), |one| one.source.id, |_| true, &query).map(Json)
}

/// `GET` of one.
pub async fn find(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::ReadCatalog)?;
    let id = path_id("id", &id)?;
    app.claim_sources.find(id).map(|found| Json(json!(shown(&app, &found)))).ok_or(ApiError::unknown(id))
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
    answer(&app, app.claim_sources.replace(id, &request).await?, StatusCode::OK, id)
}

/// `DELETE`: refused while a configuration names it.
pub async fn delete(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    authorize(&app, &headers, Permission::WriteClaimSources)?;
    let id = path_id("id", &id)?;
    match app.claim_sources.delete(id).await? {
        ClaimSourceDelete::Deleted => Ok(StatusCode::NO_CONTENT),
        ClaimSourceDelete::Unknown => Err(ApiError::unknown(id)),
        ClaimSourceDelete::InUse(configuration) => {
            Err(ApiError::Conflict(format!("the configuration {configuration} names this claim source")))
        }
    }
}
