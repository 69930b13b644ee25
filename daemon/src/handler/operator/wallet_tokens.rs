//! `POST /v1/oauth/introspect` (RFC 7662) and `POST /v1/oauth/revoke` (RFC 7009): tokens of wallets, for the operator.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde_json::{Map, Value, json};

use super::authorize;
use super::error::ApiError;
use crate::app::Shared;
use crate::domain::access::Permission;
use crate::domain::authorization::revocation::{Revoker, TokenFacts};
use crate::handler::has_media_type;
use crate::store::token::Origin;
use crate::wire::fields::Detail;
use crate::wire::form::parse_form;

/// Says what a token is. One that does not work is inactive, and nothing more is said of it.
pub async fn introspect(State(app): State<Shared>, headers: HeaderMap, body: Bytes) -> Result<Response, ApiError> {
    authorize(&app, &headers, Permission::WalletTokens)?;
    let form = form(&headers, &body)?;
    let facts = app.authorizations.introspect(token(&form)?).await?;
    let body = facts.map_or_else(|| json!({ "active": false }), |facts| active(&app.site.issuer, facts));
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

/// Ends a token; a refresh token takes with it all that came from the same login. Also done when there is nothing to end (2.2).
pub async fn revoke(State(app): State<Shared>, headers: HeaderMap, body: Bytes) -> Result<StatusCode, ApiError> {
    authorize(&app, &headers, Permission::WalletTokens)?;
    let form = form(&headers, &body)?;
    app.authorizations.revoke(token(&form)?, Revoker::Operator).await?;
    Ok(StatusCode::OK)
}

fn form(headers: &HeaderMap, body: &[u8]) -> Result<BTreeMap<String, String>, ApiError> {
    if !has_media_type(headers, "application/x-www-form-urlencoded") {
        return Err(ApiError::MediaType);
    }
    parse_form(body).map_err(|error| ApiError::Invalid(vec![Detail::body("", error.to_string())]))
}

fn token(form: &BTreeMap<String, String>) -> Result<&str, ApiError> {
    form.get("token").map(String::as_str).ok_or_else(|| ApiError::Invalid(vec![Detail::body("token", "is required")]))
}

/// RFC 7662 2.2, with the id of the offer or authorization.
fn active(issuer: &str, facts: TokenFacts) -> Value {
    let grant = match facts.origin {
        Origin::PreAuthorized => "offerId",
        Origin::AuthorizationCode => "authorizationId",
    };
    let mut body = Map::from_iter([
        ("active".into(), true.into()),
        ("iss".into(), issuer.into()),
        ("aud".into(), issuer.into()),
        ("sub".into(), facts.user_id.to_string().into()),
        ("exp".into(), facts.expires_at.as_second().into()),
        ("credential_configuration_ids".into(), json!(facts.configurations)),
        (grant.into(), facts.grant.to_string().into()),
    ]);
    if !facts.refresh {
        let bound = facts.jkt.is_some();
        body.insert("token_type".into(), if bound { "DPoP" } else { "Bearer" }.into());
    }
    body.extend(facts.granted_at.map(|at| ("iat".to_owned(), at.as_second().into())));
    body.extend(facts.client_id.map(|id| ("client_id".to_owned(), id.into())));
    body.extend(facts.scope.map(|scope| ("scope".to_owned(), scope.into())));
    body.extend(facts.jkt.map(|jkt| ("cnf".to_owned(), json!({ "jkt": B64.encode(jkt) }))));
    body.into()
}
