//! `/v1/users`: what is kept of persons, and what was issued to them.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::credentials::shown;
use super::error::ApiError;
use super::page::{PageQuery, page};
use super::{authorize, object, path_id, saved};
use crate::app::Shared;
use crate::domain::access::Permission;
use crate::wire::fields::Detail;

/// `POST`
pub async fn create(State(app): State<Shared>, headers: HeaderMap, body: Bytes) -> Result<Response, ApiError> {
    authorize(&app, &headers, Permission::Users)?;
    let request = object(&headers, &body)?;
    saved(app.users.create(&request).await?, StatusCode::CREATED, Uuid::nil())
}

/// `GET` of all.
pub async fn list(
    State(app): State<Shared>,
    headers: HeaderMap,
    Query(query): Query<PageQuery>,
) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::Users)?;
    let criteria = app.users.criteria(&Map::new()).map_err(ApiError::Invalid)?;
    let (users, next) = app.users.search(&criteria, query.after()?.as_deref(), query.limit()?).await?;
    Ok(Json(page(&users, next.as_deref())))
}

/// `POST /v1/users/search`
pub async fn search(State(app): State<Shared>, headers: HeaderMap, body: Bytes) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::Users)?;
    let request = object(&headers, &body)?;
    let criteria = app.users.criteria(&request).map_err(ApiError::Invalid)?;
    let wrong = |member: &str, msg: &str| ApiError::Invalid(vec![Detail::body(member, msg)]);
    let limit = match request.get("limit").map(Value::as_u64) {
        None => 100,
        Some(Some(limit @ 1..=1000)) => usize::try_from(limit).unwrap_or(1000),
        Some(_) => return Err(wrong("limit", "must be 1 to 1000")),
    };
    let cursor = match request.get("cursor").map(Value::as_str) {
        None => PageQuery::default(),
        Some(Some(cursor)) => PageQuery::from(cursor),
        Some(None) => return Err(wrong("cursor", "is not a cursor")),
    };
    let after = cursor.after().map_err(|_| wrong("cursor", "is not a cursor"))?;
    let (users, next) = app.users.search(&criteria, after.as_deref(), limit).await?;
    Ok(Json(page(&users, next.as_deref())))
}

/// `GET` of one.
pub async fn find(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::Users)?;
    let id = path_id("id", &id)?;
    app.users.find(id).await?.map(Json).ok_or(ApiError::unknown(id))
}

/// `PUT`
pub async fn replace(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, ApiError> {
    authorize(&app, &headers, Permission::Users)?;
    let id = path_id("id", &id)?;
    let request = object(&headers, &body)?;
    saved(app.users.replace(id, &request).await?, StatusCode::OK, id)
}

/// `DELETE`: of what is kept of the person. Issued credentials stay valid, and their records stay.
pub async fn delete(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    authorize(&app, &headers, Permission::Users)?;
    let id = path_id("id", &id)?;
    if app.users.delete(id).await? { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::unknown(id)) }
}

/// `GET /v1/users/{id}/credentials`
pub async fn credentials(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::Users)?;
    let id = path_id("id", &id)?;
    let (records, next) = app.store.user_issued(id, query.after()?.as_deref(), query.limit()?).await?;
    let mut data = Vec::with_capacity(records.len());
    for issued in &records {
        data.push(shown(&app, issued).await?);
    }
    Ok(Json(page(&data, next.as_deref())))
}
