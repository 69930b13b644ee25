//! Which wallet sends a request to an endpoint of OAuth: what its form, headers and connection show of it.

use std::collections::BTreeMap;

use axum::extract::Request;
use axum::handler::Handler;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::future::BoxFuture;

use super::error::WalletError;
use crate::app::{App, Shared};
use crate::base::remote::PeerCertificate;
use crate::domain::client::{Client, ClientRefusal, Presented, Remedy};

const ATTESTATION: HeaderName = HeaderName::from_static("oauth-client-attestation");
const POP: HeaderName = HeaderName::from_static("oauth-client-attestation-pop");
const CHALLENGE: HeaderName = HeaderName::from_static("oauth-client-attestation-challenge");

/// The client of a request, refused when it says nothing of it.
pub(super) async fn authenticate(
    app: &App,
    headers: &HeaderMap,
    form: &BTreeMap<String, String>,
    certificate: Option<&PeerCertificate>,
) -> Result<Client, WalletError> {
    let client =
        with_presented(headers, form, certificate, async |presented| app.wallet_clients.authenticate(&presented).await);
    client.await?.map_err(|refusal| refused(refusal, headers))
}

/// The client of a request; `None` for an anonymous one, where that may be.
pub(super) async fn authenticate_or_anonymous(
    app: &App,
    headers: &HeaderMap,
    form: &BTreeMap<String, String>,
    certificate: Option<&PeerCertificate>,
) -> Result<Option<Client>, WalletError> {
    let client = with_presented(headers, form, certificate, async |presented| {
        app.wallet_clients.authenticate_or_anonymous(&presented).await
    });
    client.await?.map_err(|refusal| refused(refusal, headers))
}

/// Calls `authenticate` with what a request shows.
async fn with_presented<T>(
    headers: &HeaderMap,
    form: &BTreeMap<String, String>,
    certificate: Option<&PeerCertificate>,
    authenticate: impl AsyncFnOnce(Presented<'_>) -> T,
) -> T {
    let text = |name: &str| form.get(name).map(String::as_str);
    let values = |name: HeaderName| -> Vec<_> {
        headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default()).collect()
    };
    let (attestations, pops) = (values(ATTESTATION), values(POP));
    let presented = Presented {
        client_id: text("client_id"),
        assertion_type: text("client_assertion_type"),
        assertion: text("client_assertion"),
        attestations: &attestations,
        pops: &pops,
        secret: form.contains_key("client_secret") || headers.contains_key(header::AUTHORIZATION),
        certificate: certificate.map(|PeerCertificate(der)| der.as_ref()),
    };
    authenticate(presented).await
}

/// What a wallet sees of a refusal (RFC 6749 5.2, attestation-based client authentication 7.4).
fn refused(refusal: ClientRefusal, headers: &HeaderMap) -> WalletError {
    let (code, status) = match refusal.remedy() {
        Remedy::Request => ("invalid_request", StatusCode::BAD_REQUEST),
        Remedy::Challenge => ("use_attestation_challenge", StatusCode::BAD_REQUEST),
        Remedy::FreshAttestation => ("use_fresh_attestation", StatusCode::BAD_REQUEST),
        Remedy::None => {
            let scheme = headers.contains_key(header::AUTHORIZATION).then_some("Basic");
            return WalletError::invalid_client(refusal.to_string(), scheme);
        }
    };
    WalletError::bad(code, refusal.to_string()).with_status(status)
}

/// A handler whose responses carry a challenge for the next proof of an attested wallet, when each must have one (attestation-based
/// client authentication 6.2); so an error that asks for one brings it.
#[derive(Clone)]
pub struct WithChallenge<H>(pub H);

impl<H, T> Handler<T, Shared> for WithChallenge<H>
where
    H: Handler<T, Shared>,
    T: 'static,
{
    type Future = BoxFuture<'static, Response>;

    fn call(self, request: Request, app: Shared) -> Self::Future {
        Box::pin(async move {
            let attested = request.headers().contains_key(ATTESTATION);
            let mut response = self.0.call(request, app.clone()).await;
            let wanted = app.wallet_clients.policy().require_challenge || attested && !response.status().is_success();
            let challenge = wanted.then(|| app.wallet_clients.challenge().ok()).flatten();
            let challenge = challenge.and_then(|challenge| HeaderValue::from_str(&challenge).ok());
            response.headers_mut().extend(challenge.map(|challenge| (CHALLENGE, challenge)));
            response
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;
    use serde_json::Value;

    use super::*;

    async fn seen(refusal: ClientRefusal, headers: &HeaderMap) -> (u16, String, bool) {
        let response = refused(refusal, headers).into_response();
        let (status, challenge) =
            (response.status().as_u16(), response.headers().contains_key(header::WWW_AUTHENTICATE));
        let body = axum::body::to_bytes(response.into_body(), 4096).await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        (status, body["error"].as_str().unwrap().to_owned(), challenge)
    }

    // OAU-5.2-02, ABC-6.2-01, ABC-7.4-01
    #[tokio::test]
    async fn each_remedy_has_its_code() {
        let (plain, basic) =
            (HeaderMap::new(), HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static("Basic x"))]));
        assert_eq!(seen(ClientRefusal::Unproven, &plain).await, (401, "invalid_client".into(), false));
        assert_eq!(seen(ClientRefusal::Secret, &basic).await, (401, "invalid_client".into(), true));
        assert_eq!(seen(ClientRefusal::SeveralMethods, &plain).await, (400, "invalid_request".into(), false));
    }
}
