//! The JWT form (Token Status List 5.1).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as B64};
use serde_json::{Value, json};

use super::{ListClaims, ListSigner};
use crate::wire::jwk;

/// A token that waits for its signature.
#[derive(Debug)]
pub struct PreparedJwt(String);

/// The header and the claims, encoded.
#[must_use]
pub fn prepare_jwt(claims: &ListClaims<'_>, signer: &ListSigner<'_>) -> PreparedJwt {
    // A key that was just printed is JSON.
    let key: Value = serde_json::from_str(&jwk::print(signer.key)).unwrap_or_default();
    let header = json!({
        "typ": "statuslist+jwt",
        "alg": signer.jose,
        "x5c": [STANDARD.encode(signer.certificate)],
        "jwk": key,
    });
    let payload = json!({
        "sub": claims.uri,
        "iat": claims.issued_at,
        "exp": claims.expires_at,
        "ttl": claims.ttl,
        "status_list": {
            "bits": claims.bits.count(),
            "lst": B64.encode(claims.compressed),
            "aggregation_uri": claims.aggregation_uri,
        },
    });
    PreparedJwt(format!("{}.{}", B64.encode(header.to_string()), B64.encode(payload.to_string())))
}

impl PreparedJwt {
    /// The bytes to sign (RFC 7515 5.1).
    #[must_use]
    pub fn to_be_signed(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The token with its signature: r and s one after the other for ECDSA (RFC 7518 3.4).
    #[must_use]
    pub fn complete(self, signature: &[u8]) -> String {
        let mut token = self.0;
        token.push('.');
        B64.encode_string(signature, &mut token);
        token
    }
}
