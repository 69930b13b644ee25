//! The authorization code grant (RFC 6749 4.1.3, RFC 7636 4.5).

use axum::response::Response;

use super::{Asked, answer, not_good, unmatched};
use crate::domain::authorization::code::{CodeGrant, CodeRequest, is_verifier};
use crate::domain::grant::Who;
use crate::handler::wallet::error::WalletError;
use crate::store::authorization::redeem::CodeRedeem;

/// Redeems a code.
pub(super) async fn redeem(asked: &Asked<'_>, who: Who<'_>) -> Result<Response, WalletError> {
    let code = asked.required("code")?;
    let client_id = who.client_id.ok_or_else(|| WalletError::bad("invalid_request", "client_id is required"))?;
    let code_verifier = asked.required("code_verifier")?;
    if !is_verifier(code_verifier) {
        return Err(WalletError::bad("invalid_grant", "code_verifier must have 43 to 128 unreserved characters"));
    }
    // OpenID4VCI 6.1: it belongs to the other grant.
    if asked.text("tx_code").is_some() {
        return Err(WalletError::bad("invalid_request", "tx_code is not expected"));
    }
    let (redirect_uri, selected) = (asked.text("redirect_uri"), asked.selection()?);
    let request = CodeRequest { code, redirect_uri, code_verifier, client_id, who, selected };
    match asked.app.authorizations.redeem(&request, &asked.caller).await? {
        CodeGrant::Granted(granted) => Ok(answer(&granted)),
        CodeGrant::Refused(refusal) => Err(refused(&refusal)),
        CodeGrant::Blocked(blocked) => Err(WalletError::blocked(&blocked, "access_denied")),
    }
}

/// What a wallet sees of a refusal. What only the holder of a good code gets to see is said in words.
fn refused(refusal: &CodeRedeem) -> WalletError {
    match refusal {
        CodeRedeem::Redeemed(_)
        | CodeRedeem::AlreadyUsed
        | CodeRedeem::Expired
        | CodeRedeem::Locked
        | CodeRedeem::Deleted
        | CodeRedeem::Unknown
        | CodeRedeem::OtherClient => not_good(),
        CodeRedeem::OtherRedirectUri => {
            WalletError::bad("invalid_grant", "redirect_uri is not that of the authorization request")
        }
        CodeRedeem::OtherKey => {
            WalletError::bad("invalid_grant", "the code is bound to a DPoP key, which the proof was not made with")
        }
        CodeRedeem::WrongVerifier { .. } => WalletError::bad("invalid_grant", "code_verifier does not fit"),
        CodeRedeem::NotGranted => unmatched(),
    }
}
