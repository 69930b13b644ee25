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

pub use fetch::Fetched;

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

/// Where the claims of a configuration come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source<'a> {
    /// From the source that it names.
    Named(Arc<ClaimSource>),
    /// From the plugin that its type is bound to.
    Bound(&'a str),
    /// It names a source that is not there: nothing can be issued.
    Gone(Uuid),
}
