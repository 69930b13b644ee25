//! `POST /v1/openid/deferred_credential` (`OpenID4VCI` section 9): the credentials of a request that was deferred.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;

use super::bearer::{access_token, invalid_token};
use super::credential::{given, pending, refused};
use super::error::WalletError;
use super::{content, dpop};
use crate::app::Shared;
use crate::base::remote::RemoteAddress;
use crate::domain::issuance::Refusal;
use crate::domain::issuance::deferral::Retrieval;
use crate::handler::caller::{caller, request_id};
use crate::wire::deferred::DeferredRequest;

/// Where it lives below the issuer.
const PATH: &str = "/v1/openid/deferred_credential";

/// Issues credentials, or says when to come back. The token is checked before anything of the body is read; it may be the one of the
/// credential request although it has expired since, which is good for nothing else.
pub async fn create(
    State(app): State<Shared>,
    remote: Option<Extension<RemoteAddress>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, WalletError> {
    let (scheme, token) = access_token(&headers, &uri, app.site.dpop)?;
    let scheme_of = |error: WalletError| error.with_scheme(scheme.name());
    let authorized = app.issuer.authorize_deferred(token).await?.ok_or_else(|| scheme_of(invalid_token()))?;
    dpop::sender(&app, &headers, PATH, (&scheme, token), authorized.jkt()).await?;
    let opened = content::open(&app, &headers, body)?;
    let request = DeferredRequest::parse(&opened.content)
        .map_err(|error| WalletError::bad("invalid_credential_request", error.to_string()))?;
    let recipient = app.encryption.permit(request.encryption, opened.encrypted);
    let recipient = recipient.map_err(|fault| refused(&Refusal::Encryption(fault)))?;
    let id = request_id();
    let caller = caller(id.as_ref(), remote.as_ref(), &headers);
    match app.issuer.retrieve(&authorized, &request.transaction_id, &caller).await? {
        Retrieval::Issued(issued) => given(&app, &issued, recipient.as_ref()),
        Retrieval::Pending(deferral) => pending(&app, &deferral, recipient.as_ref()),
        Retrieval::Unknown => Err(WalletError::bad("invalid_transaction_id", "no such transaction, or it has ended")),
        Retrieval::Refused(refusal) => Err(scheme_of(refused(&refusal))),
    }
}
