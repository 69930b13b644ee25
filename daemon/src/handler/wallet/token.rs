//! `POST /v1/oauth/token` (`OpenID4VCI` section 6): the pre-authorized code grant.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::json;
use uuid::Uuid;

use super::error::WalletError;
use crate::app::Shared;
use crate::base::remote::RemoteAddress;
use crate::domain::offer::PRE_AUTHORIZED_GRANT;
use crate::domain::token::{Grant, TokenRequest, selected_configurations};
use crate::handler::caller::{caller, request_id};
use crate::handler::has_media_type;
use crate::observe::metrics::{Metrics, OfferChange};
use crate::store::redeem::Redeem;
use crate::wire::form::parse_form;
use crate::wire::json::parse_value;

/// Redeems a code.
pub async fn create(
    State(app): State<Shared>,
    remote: Option<Extension<RemoteAddress>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, WalletError> {
    if !has_media_type(&headers, "application/x-www-form-urlencoded") {
        let error = WalletError::bad("invalid_request", "send application/x-www-form-urlencoded");
        return Err(error.with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let form =
        parse_form(&body).map_err(|_| WalletError::bad("invalid_request", "a parameter is repeated or not UTF-8"))?;
    let text = |name: &str| form.get(name).map(String::as_str);
    match text("grant_type") {
        None => return Err(WalletError::bad("invalid_request", "grant_type is required")),
        Some(PRE_AUTHORIZED_GRANT) => {}
        Some(_) => return Err(WalletError::bad("unsupported_grant_type", "this grant type is not supported")),
    }
    if text("client_assertion").is_some() || headers.contains_key(header::AUTHORIZATION) {
        let challenge = headers.contains_key(header::AUTHORIZATION).then_some("Basic");
        return Err(WalletError::invalid_client("client authentication is not supported", challenge));
    }
    if text("resource").is_some_and(|resource| resource != app.site.issuer) {
        return Err(WalletError::bad("invalid_target", "tokens are for this credential issuer only"));
    }
    let code = text("pre-authorized_code");
    let code = code.ok_or_else(|| WalletError::bad("invalid_request", "pre-authorized_code is required"))?;
    let selected = text("authorization_details").map(selection).transpose()?;
    let request = TokenRequest { code, tx_code: text("tx_code"), client_id: text("client_id"), selected };
    let id = request_id();
    let grant = app.tokens.redeem(&request, &caller(id.as_ref(), remote.as_ref(), &headers)).await?;
    count(&app.metrics, &grant);
    answer(grant)
}

fn count(metrics: &Metrics, grant: &Grant) {
    match grant {
        Grant::Granted { .. } => metrics.offer(OfferChange::Redeemed),
        Grant::Refused(Redeem::WrongCode { left }) => {
            metrics.tx_code_failed();
            if *left == 0 {
                metrics.offer(OfferChange::Locked);
            }
        }
        Grant::Refused(_) | Grant::Blocked(_) => {}
    }
}

fn selection(details: &str) -> Result<Vec<Uuid>, WalletError> {
    let details = parse_value(details.as_bytes()).map_err(|_| not_offered())?;
    selected_configurations(&details).ok_or_else(not_offered)
}

fn not_offered() -> WalletError {
    WalletError::bad("invalid_authorization_details", "name offered configurations, each once")
}

/// What a wallet sees of a refusal (6.3).
fn refused(refusal: &Redeem) -> WalletError {
    match refusal {
        // One sentence for all ways in which a code is not good, so that none can be told from another (SEC-CODE-03).
        Redeem::Redeemed(_)
        | Redeem::AlreadyUsed
        | Redeem::Expired
        | Redeem::Deleted
        | Redeem::Unknown
        | Redeem::Locked => WalletError::bad("invalid_grant", "the code is wrong, used or expired"),
        Redeem::WrongCode { .. } => WalletError::bad("invalid_grant", "the transaction code is wrong"),
        Redeem::CodeMissing => WalletError::bad("invalid_request", "tx_code is required"),
        Redeem::CodeUnexpected => WalletError::bad("invalid_request", "tx_code is not expected"),
        Redeem::NotOffered => not_offered(),
    }
}

fn answer(grant: Grant) -> Result<Response, WalletError> {
    let (access_token, expires_in, identifiers) = match grant {
        Grant::Granted { access_token, expires_in, identifiers } => (access_token, expires_in, identifiers),
        Grant::Refused(refusal) => return Err(refused(&refusal)),
        Grant::Blocked(blocked) => return Err(WalletError::blocked(&blocked, "access_denied")),
    };
    let mut body = json!({ "access_token": access_token, "token_type": "Bearer", "expires_in": expires_in });
    let details: Vec<_> = identifiers
        .iter()
        .map(|(identifier, configuration)| {
            json!({
                "type": "openid_credential",
                "credential_configuration_id": configuration,
                "credential_identifiers": [identifier],
            })
        })
        .collect();
    if let (Some(body), false) = (body.as_object_mut(), details.is_empty()) {
        body.insert("authorization_details".into(), details.into());
    }
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];
    Ok((headers, Json(body)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::blocked::Blocked;

    #[tokio::test]
    async fn a_plugin_in_the_way_has_its_answer() {
        for (why, status, code) in [
            (Blocked::Denied { message: None }, 400, "access_denied"),
            (Blocked::NotFound, 400, "access_denied"),
            (Blocked::Unavailable { retry_after: None }, 503, "temporarily_unavailable"),
            (Blocked::Failed, 500, "server_error"),
        ] {
            let response = answer(Grant::Blocked(why)).expect_err("no token").into_response();
            assert_eq!(response.status().as_u16(), status);
            let body = axum::body::to_bytes(response.into_body(), 4096).await.unwrap();
            assert_eq!(serde_json::from_slice::<serde_json::Value>(&body).unwrap()["error"], code);
        }
    }
}
