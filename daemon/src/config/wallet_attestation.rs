//! `[wallet_attestation]`: wallets that their provider vouches for.

use serde::{Deserialize, Serialize};

use super::check::range;

/// `[wallet_attestation]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WalletAttestation {
    /// Every wallet must be attested.
    pub required: bool,
    /// PEM files with certificates of wallet providers' authorities, and public keys of wallet providers.
    pub trust_anchors: Vec<String>,
    /// Accepted values of `iss`; empty for any.
    pub issuers: Vec<String>,
    /// Oldest attestation, seconds; 0 for no limit besides its end.
    pub max_age: u64,
    /// Oldest proof of possession, seconds.
    pub pop_max_age: u64,
    /// How far clocks may be apart, seconds.
    pub clock_skew: u64,
    /// Each proof of possession must have a challenge of ours; costs a wallet a round trip.
    pub require_challenge: bool,
    /// How long a challenge is accepted, seconds.
    pub challenge_lifetime: u64,
}

impl Default for WalletAttestation {
    fn default() -> Self {
        Self {
            required: false,
            trust_anchors: Vec::new(),
            issuers: Vec::new(),
            max_age: 0,
            pop_max_age: 300,
            clock_skew: 60,
            require_challenge: false,
            challenge_lifetime: 300,
        }
    }
}

impl WalletAttestation {
    pub(super) fn check(&self, mistakes: &mut Vec<String>) {
        range("wallet_attestation.max_age", self.max_age, 0..=366 * 86_400, mistakes);
        range("wallet_attestation.pop_max_age", self.pop_max_age, 10..=600, mistakes);
        range("wallet_attestation.clock_skew", self.clock_skew, 10..=60, mistakes);
        range("wallet_attestation.challenge_lifetime", self.challenge_lifetime, 10..=3_600, mistakes);
        if self.trust_anchors.is_empty() {
            for (key, set) in [("required", self.required), ("require_challenge", self.require_challenge)] {
                if set {
                    mistakes.push(format!("`wallet_attestation.{key}` needs `wallet_attestation.trust_anchors`"));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::load::parse;

    #[test]
    fn limits_and_contradictions_are_named() {
        let text = "[wallet_attestation]\nrequired = true\nclock_skew = 61\npop_max_age = 9\n";
        let mistakes = parse(text, &[], |_| ()).unwrap_err().0;
        assert_eq!(mistakes.len(), 3, "{mistakes:?}");
        for key in ["clock_skew", "pop_max_age", "trust_anchors"] {
            assert!(mistakes.iter().any(|mistake| mistake.contains(key)), "{mistakes:?}");
        }
    }
}
