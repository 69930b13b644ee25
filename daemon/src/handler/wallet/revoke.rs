//! `POST /v1/oauth/revoke` (RFC 7009): a wallet gives up a token of its own.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::error::WalletError;
use super::token::{presented, read_form};
use crate::app::Shared;
use crate::base::remote::PeerCertificate;
use crate::domain::authorization::revocation::{Revoke, Revoker};

/// Ends a token; a refresh token takes with it all that came from the same login. An unknown token is no error (2.2), and `token_type_hint`
/// is not needed to find one.
pub async fn create(
    State(app): State<Shared>,
    certificate: Option<Extension<PeerCertificate>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, WalletError> {
    let form = read_form(&headers, &body)?;
    let presented = presented(&app, "/v1/oauth/revoke", &headers, certificate.as_deref(), &form).await?;
    let token = form.get("token").ok_or_else(|| WalletError::bad("invalid_request", "token is required"))?;
    match app.authorizations.revoke(token, Revoker::Wallet(presented.client_id.as_deref())).await? {
        Revoke::AccessToken | Revoke::Authorization | Revoke::Unknown => {
            Ok((StatusCode::OK, [(header::CACHE_CONTROL, "no-store")]).into_response())
        }
        Revoke::OtherClient => Err(WalletError::bad("invalid_grant", "the token belongs to another client")),
    }
}
