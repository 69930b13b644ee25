//! `/v1/openid/deferred`: credentials that are to be had later, and an operator's word on those that wait for one. Beyond the reference.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use serde_json::{Map, Value};

use super::error::ApiError;
use super::page::{PageQuery, page};
use super::{authorize, millis, object, path_id};
use crate::app::Shared;
use crate::domain::access::Permission;
use crate::domain::deferred::Decided;
use crate::store::deferred::{Deferred, DeferredState};
use crate::store::token::Origin;
use crate::wire::fields::read_body;

/// Longest message to a person, in characters.
const LONGEST_MESSAGE: usize = 300;

/// `GET`: a page of them, the oldest first.
pub async fn list(
    State(app): State<Shared>,
    headers: HeaderMap,
    Query(query): Query<PageQuery>,
) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::Offers)?;
    let (all, next) = app.store.deferred_list(query.after()?.as_deref(), query.limit()?).await?;
    let data: Vec<_> = all.iter().map(view).collect();
    Ok(Json(page(&data, next.as_deref())))
}

/// `GET`: one of them.
pub async fn find(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::Offers)?;
    let id = path_id("id", &id)?;
    let found = app.store.deferred_get(id).await?;
    found.map(|(deferred, _)| Json(view(&deferred))).ok_or_else(|| ApiError::unknown(id))
}

/// `POST …/approve`: lets it go on; the wallet has it when it comes back.
pub async fn approve(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let client = authorize(&app, &headers, Permission::Offers)?;
    let id = path_id("id", &id)?;
    let decided = app.deferrals.approve(id).await?;
    shown(decided, (id, &client, "approved"))
}

/// `POST …/deny`: ends it for good. `message` may say why, to the person.
pub async fn deny(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let client = authorize(&app, &headers, Permission::Offers)?;
    let id = path_id("id", &id)?;
    let body = if body.is_empty() { Map::new() } else { object(&headers, &body)? };
    let message = read_body(&body, |fields| {
        let message = fields.text("message", 1, LONGEST_MESSAGE);
        if message.is_some_and(|text| !text.bytes().all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)))
        {
            fields.mistake("message", "must be visible ASCII without quotes and backslashes");
        }
        Some(message.map(str::to_owned))
    });
    let message = message.map_err(ApiError::Invalid)?;
    let decided = app.deferrals.deny(id, message.as_deref()).await?;
    shown(decided, (id, &client, "denied"))
}

/// The answer to a decision, and a line in the log when it was made.
fn shown(decided: Decided, (id, client, decision): (uuid::Uuid, &str, &str)) -> Result<Json<Value>, ApiError> {
    match decided {
        Decided::Done(deferred) => {
            tracing::info!(client, deferred = %id, decision, "an operator decided on a deferred credential");
            Ok(Json(view(&deferred)))
        }
        Decided::Unknown => Err(ApiError::unknown(id)),
        Decided::NotAwaited => Err(ApiError::Conflict("it waits for its claim source and not for an approval".into())),
        Decided::Denied => Err(ApiError::Conflict("it was denied before".into())),
    }
}

/// Nothing of the person but their id.
fn view(deferred: &Deferred) -> Value {
    let state = match &deferred.state {
        DeferredState::Approval => "awaiting-approval",
        DeferredState::Ready if deferred.source.is_some() => "awaiting-claim-source",
        DeferredState::Ready => "approved",
        DeferredState::Denied { .. } => "denied",
    };
    let grant = match deferred.origin {
        Origin::PreAuthorized => "offerId",
        Origin::AuthorizationCode => "authorizationId",
    };
    let mut view = Map::from_iter([
        ("id".to_owned(), deferred.id.to_string().into()),
        ("state".to_owned(), state.into()),
        (grant.to_owned(), deferred.offer.to_string().into()),
        ("userId".to_owned(), deferred.user_id.to_string().into()),
        ("credentialConfigurationId".to_owned(), deferred.configuration.to_string().into()),
        ("copies".to_owned(), deferred.keys.len().into()),
        ("createdAt".to_owned(), millis(deferred.created_at).into()),
        ("expiresAt".to_owned(), millis(deferred.expires_at).into()),
    ]);
    view.extend(deferred.client_id.clone().map(|id| ("clientId".to_owned(), id.into())));
    view.into()
}
