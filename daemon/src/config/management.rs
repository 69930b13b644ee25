//! `[management]`: what operators reach.

use serde::{Deserialize, Serialize};

use super::check::{address, range};
use super::tls::TlsSection;

/// `[management]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Management {
    /// Address of the management listener.
    pub listen: String,
    /// Most connections at a time; more are closed at once.
    pub max_connections: u32,
    /// TLS on the management listener.
    pub tls: TlsSection,
}

impl Default for Management {
    fn default() -> Self {
        Self { listen: "127.0.0.1:8081".into(), max_connections: 1_000, tls: TlsSection::default() }
    }
}

impl Management {
    pub(super) fn check(&self, mistakes: &mut Vec<String>) {
        address("management.listen", &self.listen, mistakes);
        range("management.max_connections", self.max_connections.into(), 1..=1_000_000, mistakes);
        self.tls.check("management", mistakes);
    }
}
