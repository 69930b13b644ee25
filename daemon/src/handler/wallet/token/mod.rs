//! `POST /v1/oauth/token` (RFC 6749 3.2, `OpenID4VCI` section 6): one file a grant.
//!
//! What all have in common comes first and in one place: the form, who sends it (`presented`), for whom the token is meant.

mod authorization_code;
mod pre_authorized;
mod presented;
mod refresh;

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::{Map, Value, json};
use uuid::Uuid;

pub(super) use presented::presented;

use super::dpop::needed;
use super::error::WalletError;
use crate::app::{App, Shared};
use crate::base::remote::{PeerCertificate, RemoteAddress};
use crate::domain::caller::Caller;
use crate::domain::grant::Granted;
use crate::domain::offer::PRE_AUTHORIZED_GRANT;
use crate::domain::token::selected_configurations;
use crate::handler::caller::{caller, request_id};
use crate::handler::has_media_type;
use crate::wire::form::parse_form;
use crate::wire::json::parse_value;

/// The grant type of authorization codes.
pub(in crate::handler::wallet) const CODE_GRANT: &str = "authorization_code";
/// The grant type of refresh tokens.
pub(in crate::handler::wallet) const REFRESH_GRANT: &str = "refresh_token";

/// Where the endpoint is, below the issuer's URL.
const PATH: &str = "/v1/oauth/token";

/// A token request.
struct Asked<'a> {
    app: &'a App,
    form: &'a BTreeMap<String, String>,
    caller: Caller<'a>,
}

impl Asked<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.form.get(name).map(String::as_str)
    }

    fn required(&self, name: &str) -> Result<&str, WalletError> {
        self.text(name).ok_or_else(|| WalletError::bad("invalid_request", format!("{name} is required")))
    }

    /// The configurations that `authorization_details` names.
    fn selection(&self) -> Result<Option<Vec<Uuid>>, WalletError> {
        let Some(details) = self.text("authorization_details") else { return Ok(None) };
        let details = parse_value(details.as_bytes()).map_err(|_| unmatched())?;
        selected_configurations(&details).map(Some).ok_or_else(unmatched)
    }
}

/// Trades a code or a refresh token for an access token.
pub async fn create(
    State(app): State<Shared>,
    remote: Option<Extension<RemoteAddress>>,
    certificate: Option<Extension<PeerCertificate>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, WalletError> {
    let form = read_form(&headers, &body)?;
    let Some(grant) = form.get("grant_type").map(String::as_str) else {
        return Err(WalletError::bad("invalid_request", "grant_type is required"));
    };
    let must_prove = match grant {
        PRE_AUTHORIZED_GRANT => app.site.dpop.required,
        CODE_GRANT | REFRESH_GRANT if app.site.code_flow.enabled => app.site.dpop.required_for_authorization_code,
        _ => return Err(WalletError::bad("unsupported_grant_type", "this grant type is not supported")),
    };
    let presented = presented(&app, PATH, &headers, certificate.as_deref(), &form).await?;
    needed(presented.jkt, must_prove)?;
    if form.get("resource").is_some_and(|resource| *resource != app.site.issuer) {
        return Err(WalletError::bad("invalid_target", "tokens are for this credential issuer only"));
    }
    let id = request_id();
    let caller = caller(id.as_ref(), remote.as_ref(), &headers);
    let (asked, who) = (Asked { app: &app, form: &form, caller }, presented.who());
    match grant {
        CODE_GRANT => authorization_code::redeem(&asked, who).await,
        REFRESH_GRANT => refresh::refresh(&asked, who).await,
        _ => pre_authorized::redeem(&asked, who).await,
    }
}

/// The form of a request to an endpoint of OAuth; a repeated parameter is refused and an empty one is not there (RFC 6749 3.2).
pub(super) fn read_form(headers: &HeaderMap, body: &[u8]) -> Result<BTreeMap<String, String>, WalletError> {
    if !has_media_type(headers, "application/x-www-form-urlencoded") {
        let error = WalletError::bad("invalid_request", "send application/x-www-form-urlencoded");
        return Err(error.with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    parse_form(body).map_err(|_| WalletError::bad("invalid_request", "a parameter is repeated or not UTF-8"))
}

/// `authorization_details` that ask for what there is not.
fn unmatched() -> WalletError {
    WalletError::bad("invalid_authorization_details", "name offered configurations, each once")
}

/// One sentence for all ways in which a code or token is not good, so that none can be told from another (SEC-CODE-03).
fn not_good() -> WalletError {
    WalletError::bad("invalid_grant", "the code is wrong, used or expired")
}

/// The response (RFC 6749 5.1, `OpenID4VCI` 6.2).
fn answer(granted: &Granted) -> Response {
    let token_type = if granted.bound { "DPoP" } else { "Bearer" };
    let mut body = Map::from_iter([
        ("access_token".into(), granted.access_token.clone().into()),
        ("token_type".into(), token_type.into()),
        ("expires_in".into(), granted.expires_in.into()),
    ]);
    if let Some(refresh_token) = &granted.refresh_token {
        body.insert("refresh_token".into(), refresh_token.clone().into());
    }
    if let Some(scope) = &granted.scope {
        body.insert("scope".into(), scope.clone().into());
    }
    if !granted.identifiers.is_empty() {
        body.insert("authorization_details".into(), details(granted));
    }
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];
    (headers, Json(body)).into_response()
}

/// What was granted, with the claims where not all were asked for (RFC 9396 7).
fn details(granted: &Granted) -> Value {
    let detail = |(identifier, configuration): &(String, Uuid)| {
        let mut detail = Map::from_iter([
            ("type".into(), "openid_credential".into()),
            ("credential_configuration_id".into(), json!(configuration)),
            ("credential_identifiers".into(), json!([identifier])),
        ]);
        let asked = granted.asked.get(configuration).filter(|asked| !asked.is_empty());
        detail.extend(asked.map(|asked| ("claims".into(), json!(asked))));
        Value::Object(detail)
    };
    granted.identifiers.iter().map(detail).collect()
}

#[cfg(test)]
mod tests;
