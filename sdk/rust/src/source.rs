//! The trait of claim sources.

use serde::de::DeserializeOwned;

use crate::{ClaimContext, Error, Need, Outcome, Result};

/// Gives the claims of a holder when a credential is about to be issued.
pub trait ClaimSource {
    /// The config table of `issuer.toml`, parsed before every call; a table that does not parse is [`Error::Misconfigured`]. Use
    /// `#[serde(deny_unknown_fields)]`, so that a misspelt key is told. `()` does not parse; use an empty struct for no config.
    type Config: DeserializeOwned;

    /// What the plugin does, in one sentence for the operator.
    const DESCRIPTION: &'static str;

    /// JSON Schema of the config table; empty for none. `include_str!` of a file is the usual way.
    const CONFIG_SCHEMA: &'static str = "";

    /// What the operator has to grant.
    #[must_use]
    fn needs() -> Vec<Need> {
        Vec::new()
    }

    /// Looks for mistakes that the schema does not find, when the plugin is loaded. Each text is one problem.
    fn check(config: &Self::Config) -> std::result::Result<(), Vec<String>> {
        let _ = config;
        Ok(())
    }

    /// The claims of the holder.
    fn fetch(config: Self::Config, ctx: ClaimContext) -> Result<Outcome>;

    /// The wallet came back for claims that were pending; `state` is what [`pending`](crate::pending) was given. Only a plugin that
    /// answers pending needs it.
    fn resume(config: Self::Config, ctx: ClaimContext, state: String) -> Result<Outcome> {
        let _ = (config, ctx, state);
        Err(Error::Internal("this plugin resumes nothing".to_owned()))
    }
}
