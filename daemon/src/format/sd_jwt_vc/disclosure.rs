//! Disclosures (RFC 9901 4.2): what a holder shows to reveal one claim, and the digest that stands for it in the credential.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde_json::{Value, json};

use crate::base::random::{NoEntropy, Random, bytes};
use crate::base::secret::sha256;

/// Bytes of a salt: 128 bits, as RFC 9901 9.3 recommends.
const SALT: usize = 16;

/// A disclosure.
pub struct Disclosure {
    /// base64url of its JSON, as it is sent.
    pub encoded: String,
    /// base64url of the SHA-256 of `encoded`.
    pub digest: String,
}

impl Disclosure {
    /// Of a member of an object (4.2.1), with a salt that is used for nothing else.
    pub fn of_member(name: &str, value: &Value, random: &dyn Random) -> Result<Self, NoEntropy> {
        Ok(Self::encode(&json!([salt(random)?, name, value])))
    }

    /// Of an item of an array (4.2.2).
    pub fn of_item(value: &Value, random: &dyn Random) -> Result<Self, NoEntropy> {
        Ok(Self::encode(&json!([salt(random)?, value])))
    }

    pub(super) fn encode(content: &Value) -> Self {
        let encoded = B64.encode(content.to_string());
        let digest = digest(&encoded);
        Self { encoded, digest }
    }
}

/// The digest of an encoded disclosure (4.2.3).
#[must_use]
pub fn digest(encoded: &str) -> String {
    B64.encode(sha256(encoded.as_bytes()))
}

/// A digest of nothing, which looks like any other (4.2.5).
pub fn decoy(random: &dyn Random) -> Result<String, NoEntropy> {
    Ok(B64.encode(sha256(&bytes::<32>(random)?)))
}

fn salt(random: &dyn Random) -> Result<String, NoEntropy> {
    Ok(B64.encode(bytes::<SALT>(random)?))
}
