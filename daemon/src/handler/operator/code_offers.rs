//! `/v1/openid/offers`: create, list and delete authorization code offers. Reading one is in `offers`.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::error::ApiError;
use super::page::{PageQuery, page};
use super::{authorize, millis, object, path_id};
use crate::app::{App, Shared};
use crate::domain::access::Permission;
use crate::domain::authorization::offers::CodeOffer;
use crate::domain::offer::link;
use crate::domain::offer::request::authorization_code;

/// `POST /v1/openid/offers`
pub async fn create(State(app): State<Shared>, headers: HeaderMap, body: Bytes) -> Result<Response, ApiError> {
    authorize(&app, &headers, Permission::Offers)?;
    let request = object(&headers, &body)?;
    let request = authorization_code(&request, |id| app.configurations.find(id).is_some());
    let request = request.map_err(ApiError::Invalid)?;
    let body = match app.code_offers.create(&request).await? {
        Some(offer) => created(&app, &offer),
        None => json!({ "uri": link("credential_offer", &app.code_offers.unkept_object(&request).to_string()) }),
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

fn created(app: &App, offer: &CodeOffer) -> Value {
    let mut body = json!({
        "id": offer.id,
        "uri": link("credential_offer", &app.code_offers.object(offer).to_string()),
        "credentialOfferUri": link("credential_offer_uri", &app.code_offers.reference_url(offer)),
    });
    if let (Some(expires_at), Some(body)) = (offer.expires_at, body.as_object_mut()) {
        body.insert("expiresAt".into(), millis(expires_at).into());
    }
    body
}

/// What the management API shows of an offer.
pub(super) fn view(offer: &CodeOffer) -> Value {
    let mut view = json!({
        "id": offer.id,
        "grant": "authorization_code",
        "credentials": offer.configurations,
        "state": "open",
        "createdAt": millis(offer.created_at),
    });
    if let Some(view) = view.as_object_mut() {
        if !offer.request_parameters.is_empty() {
            view.insert("request_parameters".into(), offer.request_parameters.clone().into());
        }
        if offer.single_use {
            view.insert("singleUse".into(), true.into());
        }
        view.extend(offer.expires_at.map(|at| ("expiresAt".to_owned(), millis(at).into())));
    }
    view
}

/// `GET /v1/openid/offers?grant=authorization_code&limit&cursor`: those that are kept and have not ended.
pub(super) async fn list(app: &App, query: &PageQuery) -> Result<Json<Value>, ApiError> {
    let (limit, mut after) = (query.limit()?, query.after()?);
    let mut data = Vec::new();
    loop {
        let (offers, next) = app.store.code_offer_list(after.as_deref(), limit - data.len()).await?;
        data.extend(offers.iter().map(view));
        match next {
            Some(next) if data.len() < limit => after = Some(next),
            next => return Ok(Json(page(&data, next.as_deref()))),
        }
    }
}

/// `DELETE /v1/openid/offers/{id}`
pub async fn delete(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    authorize(&app, &headers, Permission::Offers)?;
    let id = path_id("id", &id)?;
    if app.code_offers.delete(id).await? { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::unknown(id)) }
}
