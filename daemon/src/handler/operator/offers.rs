//! `/v1/openid/offers`: create and delete pre-authorized offers, list and read offers.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use super::error::ApiError;
use super::page::{PageQuery, page, query_mistake};
use super::{authorize, code_offers, millis, object, path_id};
use crate::app::{App, Shared};
use crate::domain::access::Permission;
use crate::domain::offer::request::pre_authorized;
use crate::domain::offer::{Created, Repeatable, link};
use crate::observe::metrics::OfferChange;
use crate::store::offer::{Offer, OfferSecrets, OfferState};
use crate::wire::fields::Detail;

/// Longest `Idempotency-Key`.
const MOST_KEY: usize = 255;
/// Most offers looked at for one filtered page, so that a rare filter can't hold the store for long.
const MOST_SCANNED: usize = 10_000;

/// `POST /v1/openid/offers/pre-authorized`
pub async fn create_pre_authorized(
    State(app): State<Shared>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let client = authorize(&app, &headers, Permission::Offers)?;
    let request = object(&headers, &body)?;
    let key = idempotency_key(&headers)?;
    let repeatable = key.map(|key| Repeatable { client: &client, key, body: &body });
    let repeated = match repeatable {
        Some(repeatable) => app.offers.repeated(repeatable).await?,
        None => None,
    };
    if let Some(outcome) = repeated {
        return answer(&app, outcome);
    }
    let live = |id| app.configurations.find(id).is_some();
    let longest = app.site.offer_lifetime_max.as_secs();
    let request = pre_authorized(&request, live, longest).map_err(ApiError::Invalid)?;
    answer(&app, app.offers.create(&request, repeatable).await?)
}

fn answer(app: &App, outcome: Created) -> Result<Response, ApiError> {
    match outcome {
        Created::Made(made) => {
            app.metrics.offer(OfferChange::Created);
            Ok(created(app, &made.0, &made.1))
        }
        Created::Replayed(made) => Ok(created(app, &made.0, &made.1)),
        Created::Unmappable(details) => Err(ApiError::Invalid(details)),
        Created::KeyReused => Err(ApiError::Conflict("this Idempotency-Key was used for another request".into())),
        Created::ReplayEnded => Err(ApiError::Conflict("the offer made with this Idempotency-Key has ended".into())),
        Created::ConfigurationGone => Err(ApiError::Invalid(vec![Detail::body("credentials", "Resource Not Found")])),
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let Some(value) = headers.get("Idempotency-Key") else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| (1..=MOST_KEY).contains(&key.len()));
    key.map(Some).ok_or_else(|| {
        let msg = format!("must have 1 to {MOST_KEY} visible characters");
        ApiError::Invalid(vec![Detail { location: "headers", param: "Idempotency-Key".into(), msg, value: None }])
    })
}

fn created(app: &App, offer: &Offer, secrets: &OfferSecrets) -> Response {
    let object = app.offers.object(offer, secrets).to_string();
    let mut body = json!({
        "id": offer.id,
        "userId": offer.user_id,
        "uri": link("credential_offer", &object),
        "credentialOfferUri": link("credential_offer_uri", &app.offers.reference_url(secrets)),
        "expiresAt": millis(offer.expires_at),
    });
    if let (Some(code), Some(body)) = (&secrets.transaction_code, body.as_object_mut()) {
        body.insert("transactionCode".into(), code.clone().into());
    }
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// `GET /v1/openid/offers/{id}`
pub async fn find(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::Offers)?;
    let id = path_id("id", &id)?;
    match app.offers.find(id).await? {
        Some((offer, state)) => Ok(Json(view(&offer, state))),
        None => match app.code_offers.find(id).await? {
            Some(offer) => Ok(Json(code_offers::view(&offer))),
            None => Err(ApiError::unknown(id)),
        },
    }
}

fn view(offer: &Offer, state: OfferState) -> Value {
    let mut view = json!({
        "id": offer.id,
        "grant": "pre-authorized_code",
        "userId": offer.user_id,
        "credentials": offer.configurations,
        "state": state,
        "transactionCodeRequired": offer.tx_code.is_some(),
        "createdAt": millis(offer.created_at),
        "expiresAt": millis(offer.expires_at),
    });
    let times = [("redeemedAt", offer.redeemed_at), ("issuedAt", offer.issued_at), ("endedAt", offer.ended_at)];
    if let Some(object) = view.as_object_mut() {
        object.extend(times.into_iter().filter_map(|(name, at)| Some((name.to_owned(), millis(at?).into()))));
    }
    view
}

/// `GET /v1/openid/offers?limit&cursor&grant&state&configuration`: those of one grant, without a word of the pre-authorized one.
pub async fn list(
    State(app): State<Shared>,
    headers: HeaderMap,
    Query(query): Query<PageQuery>,
) -> Result<Json<Value>, ApiError> {
    authorize(&app, &headers, Permission::Offers)?;
    if authorization_code_filter(&query)? {
        return code_offers::list(&app, &query).await;
    }
    let (state, configuration) = (state_filter(&query)?, configuration_filter(&query)?);
    let (limit, mut after) = (query.limit()?, query.after()?);
    let (mut data, mut scanned) = (Vec::new(), 0);
    loop {
        let (offers, next) = app.store.offer_list(after.as_deref(), limit.min(500)).await?;
        for (offer, now) in offers {
            if data.len() == limit {
                return Ok(Json(page(&data, after.as_deref())));
            }
            scanned += 1;
            after = Some(offer.id.as_bytes().to_vec());
            let fits = state.is_none_or(|state| state == now)
                && configuration.is_none_or(|id| offer.configurations.contains(&id));
            if fits {
                data.push(view(&offer, now));
            }
        }
        match next {
            None => return Ok(Json(page(&data, None))),
            Some(next) if scanned >= MOST_SCANNED => return Ok(Json(page(&data, Some(&next)))),
            Some(next) => after = Some(next),
        }
    }
}

fn authorization_code_filter(query: &PageQuery) -> Result<bool, ApiError> {
    match query.grant.as_deref() {
        None | Some("pre-authorized_code") => Ok(false),
        Some("authorization_code") if query.state.is_some() || query.configuration.is_some() => {
            Err(query_mistake("grant", "authorization_code offers have no other filter"))
        }
        Some("authorization_code") => Ok(true),
        Some(_) => Err(query_mistake("grant", "must be pre-authorized_code or authorization_code")),
    }
}

fn state_filter(query: &PageQuery) -> Result<Option<OfferState>, ApiError> {
    let Some(name) = &query.state else { return Ok(None) };
    serde_json::from_value(name.as_str().into())
        .map(Some)
        .map_err(|_| query_mistake("state", "must be open, redeemed, issued, expired, locked or deleted"))
}

fn configuration_filter(query: &PageQuery) -> Result<Option<Uuid>, ApiError> {
    let Some(id) = &query.configuration else { return Ok(None) };
    Uuid::try_parse(id).map(Some).map_err(|_| query_mistake("configuration", "must be a UUID"))
}

/// `DELETE /v1/openid/offers/pre-authorized/{id}`
pub async fn delete(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    authorize(&app, &headers, Permission::Offers)?;
    let id = path_id("id", &id)?;
    if !app.offers.delete(id).await? {
        return Err(ApiError::unknown(id));
    }
    app.metrics.offer(OfferChange::Deleted);
    Ok(StatusCode::NO_CONTENT)
}
