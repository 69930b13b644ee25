//! `[management]`: what operators reach.

use serde::{Deserialize, Serialize};

use super::check::{address, range};

/// `[management]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Management {
    /// Address of the management listener.
    pub listen: String,
    /// Most connections at a time; more are closed at once.
    pub max_connections: u32,
}

impl Default for Management {
    fn default() -> Self {
        Self { listen: "127.0.0.1:8081".into(), max_connections: 1_000 }
    }
}

impl Management {
    pub(super) fn check(&self, mistakes: &mut Vec<String>) {
        address("management.listen", &self.listen, mistakes);
        range("management.max_connections", self.max_connections.into(), 1..=1_000_000, mistakes);
    }
}
