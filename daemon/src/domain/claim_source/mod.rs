//! Claim sources: what knows claims of holders when a credential is claimed. A configuration names one by the id of a stored document,
//! or its credential type is bound to a plugin in `issuer.toml`; what the configuration names wins.
//!
//! A stored source is a plugin, or a register of the operator's that is asked over HTTP ([`http`]).

pub mod catalog;
mod fetch;
pub mod http;
mod read;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::roster::Roster;
pub use fetch::{Answered, Fetched, Patience};
use http::HttpSource;

/// A stored claim source. Holds a secret: sealed in the store, and shown by [`catalog`] without it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClaimSource {
    /// What configurations name as `claimSourceId`.
    pub id: Uuid,
    /// For people.
    pub name: String,
    /// What is asked.
    #[serde(flatten)]
    pub kind: Kind,
    /// When it was created.
    pub created_at: Timestamp,
}

impl fmt::Debug for ClaimSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClaimSource").field("id", &self.id).field("name", &self.name).finish_non_exhaustive()
    }
}

/// The kinds of claim sources.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Kind {
    /// A plugin of `issuer.toml`.
    Plugin {
        /// Its name there.
        plugin: String,
    },
    /// A register that answers over HTTP.
    Http(HttpSource),
}

/// Where the claims of a configuration come from, and the plugins as they were when it was found out: a reload before the source is
/// asked changes nothing for the request.
pub struct Source {
    origin: Origin,
    roster: Arc<Roster>,
}

/// What says so.
enum Origin {
    /// The source that the configuration names.
    Named(Arc<ClaimSource>),
    /// The plugin that the type is bound to.
    Bound(String),
    /// It names a source that is not there: nothing can be issued.
    Gone(Uuid),
}

/// Whether the plugin of a stored claim source can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PluginState {
    /// It can.
    Loaded,
    /// No plugin of this name is loaded: `issuer.toml` has it no longer, or it is optional and was skipped.
    Missing,
    /// The plugin of this name is an auth hook now.
    NoClaimSource,
}
