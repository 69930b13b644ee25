//! `POST /v1/openid/credential` (`OpenID4VCI` section 8): credentials for an access token and proofs of keys.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;

use super::bearer::{authorized, invalid_token};
use super::content;
use super::error::WalletError;
use crate::app::{App, Shared};
use crate::base::remote::RemoteAddress;
use crate::domain::issuance::deferral::Deferral;
use crate::domain::issuance::select::SelectionError;
use crate::domain::issuance::{IssuanceOutcome, Issuances, Refusal};
use crate::domain::proof::ProofError;
use crate::domain::proof::attestation::AttestationError;
use crate::handler::caller::{caller, request_id};
use crate::observe::metrics::OfferChange;
use crate::wire::credential::{CredentialRequest, print_deferred, print_response};
use crate::wire::encryption::Recipient;

/// Where it lives below the issuer.
const PATH: &str = "/v1/openid/credential";

/// Issues credentials. The token is checked before anything of the body is read.
pub async fn create(
    State(app): State<Shared>,
    remote: Option<Extension<RemoteAddress>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, WalletError> {
    let (scheme, authorized) = authorized(&app, &headers, &uri, PATH).await?;
    let opened = content::open(&app, &headers, body)?;
    let mut request = CredentialRequest::parse(&opened.content)
        .map_err(|error| WalletError::bad("invalid_credential_request", error.to_string()))?;
    request.encryption = app.encryption.permit(request.encryption, opened.encrypted);
    let id = request_id();
    match app.issuer.issue(&authorized, &request, &caller(id.as_ref(), remote.as_ref(), &headers)).await? {
        IssuanceOutcome::Issued(issued) => given(&app, &issued, request.encryption.ok().flatten().as_ref()),
        IssuanceOutcome::Deferred(deferral) => pending(&app, &deferral, request.encryption.ok().flatten().as_ref()),
        IssuanceOutcome::Refused(refusal) => Err(refused(&refusal).with_scheme(scheme.name())),
    }
}

/// The credentials (8.3), counted.
pub(super) fn given(app: &App, issued: &Issuances, recipient: Option<&Recipient>) -> Result<Response, WalletError> {
    app.metrics.credential_issued(issued.format, issued.credentials.len());
    if issued.completed {
        app.metrics.offer(OfferChange::Issued);
    }
    let printed = print_response(&issued.credentials, issued.notification_id.as_deref());
    content::respond(app, StatusCode::OK, printed, recipient)
}

/// When to come back for them (8.3, 9.2).
pub(super) fn pending(app: &App, deferral: &Deferral, recipient: Option<&Recipient>) -> Result<Response, WalletError> {
    let printed = print_deferred(&deferral.transaction_id, deferral.interval.as_secs());
    content::respond(app, StatusCode::ACCEPTED, printed, recipient)
}

/// What a wallet sees of a refusal (8.3.1.2). Codes say whether trying again helps: `invalid_nonce` with a new nonce,
/// `credential_request_denied` never.
pub(super) fn refused(refusal: &Refusal) -> WalletError {
    let code = match refusal {
        Refusal::OfferEnded => return invalid_token(),
        Refusal::Blocked(blocked) => return WalletError::blocked(blocked, "credential_request_denied"),
        Refusal::Selection(error) => match error {
            SelectionError::NotGranted => {
                return WalletError::challenge(StatusCode::FORBIDDEN, "insufficient_scope", refusal.to_string());
            }
            SelectionError::UnknownConfiguration => "unknown_credential_configuration",
            SelectionError::UnknownIdentifier => "unknown_credential_identifier",
            SelectionError::IdentifierRequired => "invalid_credential_request",
        },
        Refusal::ConfigurationGone => "unknown_credential_configuration",
        Refusal::Encryption(_) => "invalid_encryption_parameters",
        Refusal::Proof(ProofError::TooMany) => "invalid_credential_request",
        Refusal::Proof(ProofError::NonceUnknown | ProofError::Attestation(AttestationError::NonceUnknown))
        | Refusal::NonceTaken => "invalid_nonce",
        Refusal::Proofs(_) | Refusal::Proof(_) => "invalid_proof",
        Refusal::AlreadyIssued | Refusal::Claim(_) | Refusal::NoClaims | Refusal::Validity(_) => {
            "credential_request_denied"
        }
    };
    WalletError::bad(code, refusal.to_string())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::http::header;
    use axum::response::IntoResponse as _;

    use super::super::bearer::tests::seen;
    use super::*;
    use crate::domain::blocked::Blocked;
    use crate::domain::issuance::validity::ValidityError;
    use crate::domain::proof::key::KeyError;
    use crate::wire::credential::ProofsError;
    use crate::wire::encryption::EncryptionFault;
    use crate::wire::jws::JwsError;

    // VCI-8.3.1.2-01, VCI-8.3.1.2-04, VCI-8.3.1.1-01, BRR-3.1-02
    #[tokio::test]
    async fn each_refusal_has_its_code() {
        let selection = |error: SelectionError| Refusal::Selection(error);
        for (refusal, status, code) in [
            (selection(SelectionError::UnknownConfiguration), 400, "unknown_credential_configuration"),
            (selection(SelectionError::UnknownIdentifier), 400, "unknown_credential_identifier"),
            (selection(SelectionError::IdentifierRequired), 400, "invalid_credential_request"),
            (selection(SelectionError::NotGranted), 403, "insufficient_scope"),
            (Refusal::Encryption(EncryptionFault::PlainRequest), 400, "invalid_encryption_parameters"),
            (Refusal::Proofs(ProofsError::Missing), 400, "invalid_proof"),
            (Refusal::Proof(ProofError::TooMany), 400, "invalid_credential_request"),
            (Refusal::Proof(ProofError::NonceUnknown), 400, "invalid_nonce"),
            (Refusal::Proof(ProofError::NonceMissing), 400, "invalid_proof"),
            (Refusal::Proof(ProofError::KeyTwice), 400, "invalid_proof"),
            (Refusal::Proof(ProofError::Jws(JwsError::TooLarge)), 400, "invalid_proof"),
            (Refusal::Proof(ProofError::Key(KeyError::NotOne)), 400, "invalid_proof"),
            (Refusal::NonceTaken, 400, "invalid_nonce"),
            (Refusal::Proof(AttestationError::NonceUnknown.into()), 400, "invalid_nonce"),
            (Refusal::Proof(AttestationError::NonceMissing.into()), 400, "invalid_proof"),
            (Refusal::Proof(AttestationError::Missing.into()), 400, "invalid_proof"),
            (Refusal::AlreadyIssued, 400, "credential_request_denied"),
            (Refusal::OfferEnded, 401, "invalid_token"),
            (Refusal::ConfigurationGone, 400, "unknown_credential_configuration"),
            (Refusal::NoClaims, 400, "credential_request_denied"),
            (Refusal::Validity(ValidityError::Empty), 400, "credential_request_denied"),
        ] {
            let challenge = if status == 400 { String::new() } else { format!("Bearer error=\"{code}\"") };
            assert_eq!(seen(refused(&refusal)).await, (status, code.to_owned(), challenge), "{refusal:?}");
        }
    }

    #[tokio::test]
    async fn a_plugin_in_the_way_has_its_answer() {
        let blocked = |blocked: Blocked| refused(&Refusal::Blocked(blocked));
        let wait = |seconds: Option<u64>| Blocked::Unavailable { retry_after: seconds.map(Duration::from_secs) };
        for (why, status, code) in [
            (Blocked::Denied { message: None }, 400, "credential_request_denied"),
            (Blocked::NotFound, 400, "credential_request_denied"),
            (wait(None), 503, "temporarily_unavailable"),
            (Blocked::Failed, 500, "server_error"),
        ] {
            assert_eq!(seen(blocked(why)).await, (status, code.to_owned(), String::new()));
        }
        for (wanted, told) in [(None, "5"), (Some(0), "1"), (Some(90), "90"), (Some(u64::MAX), "86400")] {
            let response = blocked(wait(wanted)).into_response();
            assert_eq!(response.headers()[header::RETRY_AFTER], told);
        }
        let failed = blocked(Blocked::Failed).into_response();
        assert!(!failed.headers().contains_key(header::RETRY_AFTER));
    }
}
