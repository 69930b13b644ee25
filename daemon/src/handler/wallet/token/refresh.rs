//! The refresh grant (RFC 6749 section 6).

use axum::response::Response;

use super::{Asked, answer, unmatched};
use crate::domain::authorization::refresh::{RefreshAsked, RefreshGrant};
use crate::domain::grant::Who;
use crate::handler::wallet::error::WalletError;
use crate::store::authorization::refresh::Refresh;

/// Trades a refresh token for an access token.
pub(super) async fn refresh(asked: &Asked<'_>, who: Who<'_>) -> Result<Response, WalletError> {
    let token = asked.required("refresh_token")?;
    let client_id = who.client_id.ok_or_else(|| WalletError::bad("invalid_request", "client_id is required"))?;
    let request = RefreshAsked { token, client_id, who, scope: asked.text("scope"), selected: asked.selection()? };
    match asked.app.authorizations.refresh(&request, &asked.caller).await? {
        RefreshGrant::Granted(granted) => Ok(answer(&granted)),
        RefreshGrant::ScopeTooWide => Err(WalletError::bad("invalid_scope", "scope must be part of what was granted")),
        RefreshGrant::Refused(refusal) => Err(refused(&refusal)),
        RefreshGrant::Blocked(blocked) => Err(WalletError::blocked(&blocked, "access_denied")),
    }
}

/// What a wallet sees of a refusal: one sentence for all ways in which a token is not good.
fn refused(refusal: &Refresh) -> WalletError {
    match refusal {
        Refresh::Refreshed(_)
        | Refresh::Unknown
        | Refresh::Expired
        | Refresh::Reused
        | Refresh::Ended
        | Refresh::OtherClient
        | Refresh::OtherKey => WalletError::bad("invalid_grant", "the refresh token is wrong, ended or expired"),
        Refresh::NotGranted => unmatched(),
    }
}
