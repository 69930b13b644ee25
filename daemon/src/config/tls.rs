//! `[server.tls]` and `[management.tls]`: the certificate of a listener.

use serde::{Deserialize, Serialize};

/// `[server.tls]`, `[management.tls]`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TlsSection {
    /// PEM file with the certificate and what leads to its root; empty: the listener speaks plain HTTP.
    pub certificate: String,
    /// PEM file with its private key.
    pub key: String,
    /// PEM file with the CAs whose client certificates are taken; empty: no client is asked for one.
    pub client_ca: String,
}

impl TlsSection {
    /// Whether the listener speaks TLS.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.certificate.is_empty()
    }

    pub(super) fn check(&self, listener: &str, mistakes: &mut Vec<String>) {
        let mut missing = |key: &str, of: &str| {
            mistakes.push(format!("`{listener}.tls.{key}` is missing, since `{listener}.tls.{of}` is set"));
        };
        match (self.certificate.is_empty(), self.key.is_empty()) {
            (true, false) => missing("certificate", "key"),
            (false, true) => missing("key", "certificate"),
            (true, true) if !self.client_ca.is_empty() => missing("certificate", "client_ca"),
            _ => {}
        }
    }
}
