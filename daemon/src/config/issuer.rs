//! `[issuer]`: who issues.

use serde::{Deserialize, Serialize};

/// `[issuer]`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct IssuerSection {
    /// Name that wallets show; empty for none.
    pub name: String,
    /// Country of new IACAs, ISO 3166-1 alpha-2; empty when each request must name it.
    pub country: String,
}

impl IssuerSection {
    pub(super) fn check(&self, mistakes: &mut Vec<String>) {
        if ![0, 2].contains(&self.country.len()) || !self.country.bytes().all(|b| b.is_ascii_uppercase()) {
            mistakes.push("`issuer.country` must be two upper-case letters (ISO 3166-1 alpha-2) or empty".into());
        }
        if self.name.chars().count() > 255 || self.name.chars().any(char::is_control) {
            mistakes.push("`issuer.name` must have at most 255 characters and no control characters".into());
        }
    }
}
