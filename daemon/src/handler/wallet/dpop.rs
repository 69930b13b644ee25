//! `DPoP` headers (RFC 9449): what every endpoint does with them that takes a proof or hands out a nonce.

use axum::extract::Request;
use axum::handler::Handler;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use futures_util::future::BoxFuture;

use super::error::WalletError;
use crate::app::{App, Shared};
use crate::domain::dpop::{DpopError, ProofOf, Thumbprint};

const DPOP: HeaderName = HeaderName::from_static("dpop");
const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// The key that a request proves to hold: the thumbprint of its `DPoP` header, or `None` without one, and where `DPoP` is off.
/// `path` is that of the endpoint below the issuer's URL. With an access token the proof must be for it, and failures are
/// challenges of a protected resource.
pub(super) async fn proof_key(
    app: &App,
    headers: &HeaderMap,
    method: &str,
    path: &str,
    access_token: Option<&str>,
) -> Result<Option<Thumbprint>, WalletError> {
    if !app.site.dpop.enabled || !headers.contains_key(DPOP) {
        return Ok(None);
    }
    let proofs: Vec<_> = headers.get_all(DPOP).iter().map(|value| value.to_str().unwrap_or_default()).collect();
    let uri = app.site.url(path);
    let proof = ProofOf { proofs: &proofs, method, uri: &uri, access_token };
    let checked = app.dpop.check(&proof).await?;
    checked.map(Some).map_err(|error| refused(error, access_token.is_some()))
}

/// The same key, refused when there is none and there must be.
pub(super) fn needed(key: Option<Thumbprint>, required: bool) -> Result<Option<Thumbprint>, WalletError> {
    if required && key.is_none() { Err(refused(DpopError::Missing, false)) } else { Ok(key) }
}

/// The key to which an authorization code will be bound: that of the `DPoP` header, of `dpop_jkt`, or of both when they agree
/// (section 10, 10.1).
pub(super) fn agreed(key: Option<Thumbprint>, dpop_jkt: Option<&str>) -> Result<Option<Thumbprint>, WalletError> {
    let Some(text) = dpop_jkt else { return Ok(key) };
    let given: Option<Thumbprint> = B64.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    let given = given
        .ok_or_else(|| WalletError::bad("invalid_request", "dpop_jkt must be a SHA-256 thumbprint in base64url"))?;
    match key {
        Some(key) if key != given => Err(refused(DpopError::OtherKey, false)),
        _ => Ok(Some(given)),
    }
}

/// What a wallet sees of a bad proof: at the authorization server's endpoints a 400 (section 5, 8), at a protected resource a 401
/// with a challenge (section 7.1, 9).
fn refused(error: DpopError, protected: bool) -> WalletError {
    let code = match error {
        DpopError::NonceNeeded | DpopError::NonceUnknown => "use_dpop_nonce",
        _ => "invalid_dpop_proof",
    };
    if protected {
        WalletError::challenge(StatusCode::UNAUTHORIZED, code, error.to_string()).with_scheme("DPoP")
    } else {
        WalletError::bad(code, error.to_string())
    }
}

/// How an access token was sent.
pub(super) enum Scheme {
    /// RFC 6750
    Bearer,
    /// RFC 9449 section 7.1
    Dpop,
}

impl Scheme {
    /// Its name.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }
}

/// Whether a request may use its token: one that is bound to a key comes with a proof of it and as `DPoP`, any other as `Bearer`
/// (7.1, 7.2).
pub(super) async fn sender(
    app: &App,
    headers: &HeaderMap,
    path: &str,
    (scheme, token): (&Scheme, &str),
    bound: Option<Thumbprint>,
) -> Result<(), WalletError> {
    let invalid = |description: &'static str| {
        WalletError::challenge(StatusCode::UNAUTHORIZED, "invalid_token", description).with_scheme("DPoP")
    };
    match (scheme, bound) {
        (Scheme::Bearer, None) => Ok(()),
        (Scheme::Bearer, Some(_)) => Err(invalid("the access token is bound to a key; send it as DPoP")),
        (Scheme::Dpop, None) => Err(invalid("the access token is not bound to a key")),
        (Scheme::Dpop, Some(bound)) => match proof_key(app, headers, "POST", path, Some(token)).await? {
            None => Err(refused(DpopError::Missing, true)),
            Some(key) if key == bound => Ok(()),
            Some(_) => Err(invalid("the DPoP proof is of another key")),
        },
    }
}

/// A handler whose responses carry a nonce for the next proof, whatever they are (8.2); endpoints of both servers give out the
/// same ones.
#[derive(Clone)]
pub struct WithNonce<H>(pub H);

impl<H, T> Handler<T, Shared> for WithNonce<H>
where
    H: Handler<T, Shared>,
    T: 'static,
{
    type Future = BoxFuture<'static, Response>;

    fn call(self, request: Request, app: Shared) -> Self::Future {
        Box::pin(async move {
            let mut response = self.0.call(request, app.clone()).await;
            let nonce = app.site.dpop.enabled.then(|| HeaderValue::from_str(&app.dpop.nonce()).ok()).flatten();
            response.headers_mut().extend(nonce.map(|nonce| (NONCE, nonce)));
            response
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header;
    use axum::response::IntoResponse as _;

    use super::*;

    fn seen(error: WalletError) -> (u16, Option<String>) {
        let response = error.into_response();
        let challenge = response.headers().get(header::WWW_AUTHENTICATE);
        (response.status().as_u16(), challenge.map(|value| value.to_str().unwrap().to_owned()))
    }

    // DPP-9-01, DPP-7.1-01
    #[test]
    fn a_bad_proof_is_a_400_or_a_challenge() {
        for (error, code) in [
            (DpopError::Missing, "invalid_dpop_proof"),
            (DpopError::Signature, "invalid_dpop_proof"),
            (DpopError::Replayed, "invalid_dpop_proof"),
            (DpopError::NonceNeeded, "use_dpop_nonce"),
            (DpopError::NonceUnknown, "use_dpop_nonce"),
        ] {
            assert_eq!(seen(refused(error, false)), (400, None));
            let challenge = format!("DPoP error=\"{code}\", algs=\"ES256 ES384 EdDSA\"");
            assert_eq!(seen(refused(error, true)), (401, Some(challenge)));
        }
    }

    // DPP-5-04
    #[test]
    fn a_proof_is_missed_only_where_one_is_required() {
        assert!(needed(None, true).is_err());
        assert_eq!(needed(None, false).unwrap(), None);
        assert_eq!(needed(Some([1; 32]), true).unwrap(), Some([1; 32]));
    }

    #[test]
    fn a_code_is_bound_to_the_key_of_header_and_parameter() {
        let text = B64.encode([7; 32]);
        assert_eq!(agreed(None, None).unwrap(), None);
        assert_eq!(agreed(Some([7; 32]), None).unwrap(), Some([7; 32]));
        assert_eq!(agreed(None, Some(&text)).unwrap(), Some([7; 32]));
        assert_eq!(agreed(Some([7; 32]), Some(&text)).unwrap(), Some([7; 32]));
        assert!(agreed(Some([8; 32]), Some(&text)).is_err());
        for wrong in ["", "x", &text[1..], &format!("{text}="), "é"] {
            assert!(agreed(None, Some(wrong)).is_err(), "{wrong}");
        }
    }
}
