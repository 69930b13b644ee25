use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as B64};
use serde_json::{Value, json};

use crate::HolderKey;

/// A key proof before it is signed; every part can be changed.
#[derive(Debug, Clone)]
pub struct Proof {
    /// JOSE header.
    pub header: Value,
    /// Claims.
    pub claims: Value,
}

impl Proof {
    /// A good proof: `jwk` in the header, issued now.
    pub fn new(key: &HolderKey, issuer: &str, nonce: &str) -> Self {
        Self {
            header: json!({ "typ": "openid4vci-proof+jwt", "alg": key.alg(), "jwk": key.jwk() }),
            claims: json!({ "aud": issuer, "iat": seconds_now(), "nonce": nonce }),
        }
    }

    /// Sets a header member, or removes it with `null`.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        set(&mut self.header, name, value.into());
        self
    }

    /// Sets a claim, or removes it with `null`.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        set(&mut self.claims, name, value.into());
        self
    }

    /// Names the key by `kid` instead of `jwk`.
    #[must_use]
    pub fn kid(self, kid: &str) -> Self {
        self.header("jwk", Value::Null).header("kid", kid)
    }

    /// Names the key by `x5c` instead of `jwk`.
    #[must_use]
    pub fn x5c(self, certificates: &[Vec<u8>]) -> Self {
        let certificates: Vec<_> = certificates.iter().map(|der| STANDARD.encode(der)).collect();
        self.header("jwk", Value::Null).header("x5c", certificates)
    }

    /// The compact JWS.
    pub fn sign(&self, key: &HolderKey) -> String {
        Self::sign_bytes(self.header.to_string().as_bytes(), self.claims.to_string().as_bytes(), key)
    }

    /// A compact JWS over a header and claims as they are.
    pub fn sign_bytes(header: &[u8], claims: &[u8], key: &HolderKey) -> String {
        let signed = format!("{}.{}", B64.encode(header), B64.encode(claims));
        let signature = key.sign(signed.as_bytes());
        format!("{signed}.{}", B64.encode(signature))
    }

    /// A compact JWS with a signature as it is.
    pub fn with_signature(&self, signature: &[u8]) -> String {
        let part = |value: &Value| B64.encode(value.to_string());
        format!("{}.{}.{}", part(&self.header), part(&self.claims), B64.encode(signature))
    }
}

/// The time in seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "a wallet reads its own clock")]
pub fn seconds_now() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn set(object: &mut Value, name: &str, value: Value) {
    let object = object.as_object_mut().unwrap();
    if value.is_null() {
        object.remove(name);
    } else {
        object.insert(name.into(), value);
    }
}
