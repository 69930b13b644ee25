//! `[claim_sources]`: how registers are reached.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::wire::url::WebUrl;

/// `[claim_sources]`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClaimSourcesSection {
    /// Origins of claim sources and of their token endpoints that may have an address that is not public, and on this machine a URL
    /// without TLS.
    pub private_origins: Vec<String>,
    /// PEM file with certificates trusted besides those of the system. Empty for none.
    pub ca_file: String,
}

impl ClaimSourcesSection {
    pub(super) fn check(&self, mistakes: &mut Vec<String>) {
        for origin in &self.private_origins {
            if !WebUrl::parse(origin).is_ok_and(|url| url.origin() == *origin) {
                mistakes.push(format!(
                    "`claim_sources.private_origins` names `{origin}`, which is no origin such as https://register.example:8443"
                ));
            }
        }
        if !self.ca_file.is_empty() && !PathBuf::from(&self.ca_file).is_file() {
            mistakes.push(format!("`claim_sources.ca_file` names `{}`, which is no file", self.ca_file));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::load::parse;

    #[test]
    fn each_mistake_names_its_key() {
        let good = "[claim_sources]\nprivate_origins = ['https://register.intern', 'http://127.0.0.1:9000']\n";
        assert_eq!(parse(good, &[], |_| ()).unwrap().claim_sources.private_origins.len(), 2);
        for (text, key) in [
            ("ca_file = '/nowhere/ca.pem'", "claim_sources.ca_file"),
            ("private_origins = ['register.intern']", "claim_sources.private_origins"),
            ("private_origins = ['https://register.intern/']", "claim_sources.private_origins"),
            ("private_origins = ['https://register.intern:443']", "claim_sources.private_origins"),
            ("private_origins = ['https://Register.intern']", "claim_sources.private_origins"),
            ("allow_private = true", "allow_private"),
        ] {
            let error = parse(&format!("[claim_sources]\n{text}\n"), &[], |_| ()).unwrap_err();
            assert!(error.0[0].contains(key), "{error}");
        }
    }
}
