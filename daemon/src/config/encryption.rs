//! `[encryption]`: requests and responses of the credential endpoints that only wallet and issuer can read.

use serde::{Deserialize, Serialize};

use super::check::range;

/// `[encryption]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of its own in the file")]
pub struct EncryptionSection {
    /// Offer encryption to wallets.
    pub offered: bool,
    /// Refuse plain requests.
    pub request_required: bool,
    /// Refuse requests for a plain response.
    pub response_required: bool,
    /// Offer compression before encryption.
    pub compression: bool,
    /// How long a key is in use, seconds.
    pub key_lifetime: u64,
    /// How long requests with its key are read after that, seconds.
    pub key_overlap: u64,
}

impl Default for EncryptionSection {
    fn default() -> Self {
        Self {
            offered: true,
            request_required: false,
            response_required: false,
            compression: false,
            key_lifetime: 30 * 86_400,
            key_overlap: 86_400,
        }
    }
}

impl EncryptionSection {
    pub(super) fn check(&self, mistakes: &mut Vec<String>) {
        range("encryption.key_lifetime", self.key_lifetime, 3_600..=31_536_000, mistakes);
        // Metadata is kept for a minute, and a wallet may be on its way for some more.
        range("encryption.key_overlap", self.key_overlap, 300..=2_592_000, mistakes);
        for (key, set) in [
            ("request_required", self.request_required),
            ("response_required", self.response_required),
            ("compression", self.compression),
        ] {
            if set && !self.offered {
                mistakes.push(format!("`encryption.{key}` needs `encryption.offered`"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::load::parse;

    #[test]
    fn limits_and_contradictions_are_named() {
        let text = "[encryption]\noffered = false\nrequest_required = true\nresponse_required = true\n\
            compression = true\nkey_lifetime = 3599\nkey_overlap = 299\n";
        let mistakes = parse(text, &[], |_| ()).unwrap_err().0;
        assert_eq!(mistakes.len(), 5, "{mistakes:?}");
        for key in ["request_required", "response_required", "compression", "key_lifetime", "key_overlap"] {
            assert!(mistakes.iter().any(|mistake| mistake.contains(&format!("encryption.{key}"))), "{mistakes:?}");
        }
        assert!(parse("[encryption]\noffered = false\n", &[], |_| ()).is_ok());
    }
}
