//! The pre-authorized code grant (`OpenID4VCI` 6.1).

use axum::response::Response;

use super::{Asked, answer, unmatched};
use crate::domain::grant::Who;
use crate::domain::token::{Grant, TokenRequest};
use crate::handler::wallet::error::WalletError;
use crate::observe::metrics::{Metrics, OfferChange};
use crate::store::redeem::Redeem;

/// Redeems a code.
pub(super) async fn redeem(asked: &Asked<'_>, who: Who<'_>) -> Result<Response, WalletError> {
    let (code, selected) = (asked.required("pre-authorized_code")?, asked.selection()?);
    let request = TokenRequest { code, tx_code: asked.text("tx_code"), who, selected };
    let grant = asked.app.tokens.redeem(&request, &asked.caller).await?;
    count(&asked.app.metrics, &grant);
    match grant {
        Grant::Granted(granted) => Ok(answer(&granted)),
        Grant::Refused(refusal) => Err(refused(&refusal)),
        Grant::Blocked(blocked) => Err(WalletError::blocked(&blocked, "access_denied")),
    }
}

fn count(metrics: &Metrics, grant: &Grant) {
    match grant {
        Grant::Granted(_) => metrics.offer(OfferChange::Redeemed),
        Grant::Refused(Redeem::WrongCode { left }) => {
            metrics.tx_code_failed();
            if *left == 0 {
                metrics.offer(OfferChange::Locked);
            }
        }
        Grant::Refused(_) | Grant::Blocked(_) => {}
    }
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
        Redeem::NotOffered => unmatched(),
    }
}
