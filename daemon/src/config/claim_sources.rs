//! `[claim_sources]`: how registers are reached.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// `[claim_sources]`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClaimSourcesSection {
    /// Whether a claim source may have an address that is not public, and on this machine a URL without TLS.
    pub allow_private: bool,
    /// PEM file with certificates trusted besides those of the system. Empty for none.
    pub ca_file: String,
}

impl ClaimSourcesSection {
    pub(super) fn check(&self, mistakes: &mut Vec<String>) {
        if !self.ca_file.is_empty() && !PathBuf::from(&self.ca_file).is_file() {
            mistakes.push(format!("`claim_sources.ca_file` names `{}`, which is no file", self.ca_file));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::load::parse;

    #[test]
    fn a_file_that_is_not_there_is_named() {
        assert!(parse("[claim_sources]\nallow_private = true\n", &[], |_| ()).unwrap().claim_sources.allow_private);
        let error = parse("[claim_sources]\nca_file = '/nowhere/ca.pem'\n", &[], |_| ()).unwrap_err();
        assert!(error.0[0].contains("claim_sources.ca_file"), "{error}");
    }
}
