//! The trait of auth hooks.

use serde::de::DeserializeOwned;

use crate::{AuthContext, Gate, Need, Result, Step, Verdict};

/// Where in a flow `admit` is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// A wallet wants a token.
    TokenRequest,
    /// A wallet wants a credential; the holder's keys are known.
    CredentialRequest,
}

impl Phase {
    /// The phase of that name in the contract. `None`: one that this version does not know, of which a hook abstains.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "token-request" => Some(Self::TokenRequest),
            "credential-request" => Some(Self::CredentialRequest),
            _ => None,
        }
    }
}

/// Lets a request through, refuses it, or asks the person something.
pub trait AuthHook {
    /// The config table of `issuer.toml`, as [`ClaimSource::Config`](crate::ClaimSource::Config).
    type Config: DeserializeOwned;

    /// What the plugin does, in one sentence for the operator.
    const DESCRIPTION: &'static str;

    /// JSON Schema of the config table; empty for none.
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

    /// A person with a browser is there: may ask with a form or send the browser elsewhere.
    fn authorize(config: Self::Config, ctx: AuthContext, step: Step) -> Result<Verdict> {
        let _ = (config, ctx, step);
        Ok(Verdict::Abstain)
    }

    /// A wallet without a browser: yes, no, or nothing to say.
    fn admit(config: Self::Config, ctx: AuthContext, phase: Phase) -> Result<Gate> {
        let _ = (config, ctx, phase);
        Ok(Gate::Abstain)
    }
}
