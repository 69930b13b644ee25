//! `[signed_metadata]`: the Credential Issuer metadata as a JWT, for wallets that ask for it.

use serde::{Deserialize, Serialize};

use super::check::range;

/// `[signed_metadata]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SignedMetadata {
    /// Whether metadata is signed.
    pub enabled: bool,
    /// How long a signed document is valid, seconds.
    pub lifetime: u64,
    /// PEM file with the certificate of the signer and what leads to its root; empty: one that the IACA issues.
    pub certificate: String,
    /// PEM file with its private key.
    pub key: String,
}

impl Default for SignedMetadata {
    fn default() -> Self {
        Self { enabled: true, lifetime: 86_400, certificate: String::new(), key: String::new() }
    }
}

impl SignedMetadata {
    pub(super) fn check(&self, mistakes: &mut Vec<String>) {
        range("signed_metadata.lifetime", self.lifetime, 600..=2_592_000, mistakes);
        for (missing, set) in [("certificate", "key"), ("key", "certificate")] {
            let is_empty = |key: &str| if key == "key" { self.key.is_empty() } else { self.certificate.is_empty() };
            if is_empty(missing) && !is_empty(set) {
                mistakes.push(format!("`signed_metadata.{missing}` is missing, since `signed_metadata.{set}` is set"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::load::parse;

    #[test]
    fn limits_and_halves_are_named() {
        for (text, key) in [
            ("lifetime = 599", "lifetime"),
            ("lifetime = 2592001", "lifetime"),
            ("certificate = \"a.pem\"", "key"),
            ("key = \"a.pem\"", "certificate"),
        ] {
            let mistakes = parse(&format!("[signed_metadata]\n{text}\n"), &[], |_| ()).unwrap_err().0;
            assert!(mistakes[0].starts_with(&format!("`signed_metadata.{key}`")), "{mistakes:?}");
        }
    }
}
