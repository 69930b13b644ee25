//! Claim sources: plugins that know claims of holders. A configuration names one by the id of a stored document, or its credential
//! type is bound to a plugin in `issuer.toml`; what the configuration names wins.

pub mod catalog;
mod fetch;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::roster::Roster;
pub use fetch::{Answered, Fetched, Patience};

/// A stored claim source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClaimSource {
    /// What configurations name as `claimSourceId`.
    pub id: Uuid,
    /// For people.
    pub name: String,
    /// What kind of source it is.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// The plugin's name in `issuer.toml`.
    pub plugin: String,
    /// When it was created.
    pub created_at: Timestamp,
}

/// The kinds of claim sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A plugin of `issuer.toml`.
    Plugin,
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
