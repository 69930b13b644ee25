//! `[dpop]`: access tokens that are bound to a key of the wallet (RFC 9449).

use serde::{Deserialize, Serialize};

use super::check::range;

/// `[dpop]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of its own in the file")]
pub struct DpopSection {
    /// Bind access tokens to the key of the `DPoP` header, when a wallet sends one.
    pub enabled: bool,
    /// Give tokens for a pre-authorized code only to wallets that send one.
    pub required: bool,
    /// The same for an authorization code.
    pub required_for_authorization_code: bool,
    /// Each proof must have a nonce of ours; costs a wallet a round trip.
    pub require_nonce: bool,
    /// How long such a nonce is accepted at least, seconds.
    pub nonce_lifetime: u64,
    /// How old a proof without a nonce may be, seconds.
    pub max_age: u64,
}

impl Default for DpopSection {
    fn default() -> Self {
        Self {
            enabled: true,
            required: false,
            required_for_authorization_code: true,
            require_nonce: false,
            nonce_lifetime: 300,
            max_age: 120,
        }
    }
}

impl DpopSection {
    pub(super) fn check(&self, mistakes: &mut Vec<String>) {
        range("dpop.nonce_lifetime", self.nonce_lifetime, 10..=3_600, mistakes);
        range("dpop.max_age", self.max_age, 10..=600, mistakes);
        if self.required && !self.enabled {
            mistakes.push("`dpop.required` needs `dpop.enabled`".into());
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::load::parse;

    #[test]
    fn limits_and_contradictions_are_named() {
        let error = parse("[dpop]\nmax_age = 601\nnonce_lifetime = 9\nenabled = false\nrequired = true\n", &[], |_| ());
        let mistakes = error.unwrap_err().0;
        assert_eq!(mistakes.len(), 3, "{mistakes:?}");
        for key in ["dpop.max_age", "dpop.nonce_lifetime", "dpop.required"] {
            assert!(mistakes.iter().any(|mistake| mistake.contains(key)), "{mistakes:?}");
        }
        assert!(parse("[dpop]\nenabled = false\n", &[], |_| ()).is_ok());
    }
}
