//! The contract with plugins as types, made from `sdk/wit/issuer-plugin-1.0.0`.
//!
//! The two worlds share every interface, so a value of one is a value of the other. What the rest of the daemon sees is re-exported
//! here; a second version of the contract would live beside this one and be converted to these types.

/// The world `claim-source`, and with it all that both worlds import.
#[expect(missing_docs, reason = "made by a macro that does not pass all documentation on")]
pub(super) mod claim_source {
    wasmtime::component::bindgen!({
        path: "../sdk/wit/issuer-plugin-1.0.0",
        world: "claim-source",
        imports: { default: async | trappable },
        exports: { default: async },
        additional_derives: [Clone, PartialEq, serde::Serialize, serde::Deserialize],
    });
}

/// The world `auth-hook`.
#[expect(missing_docs, reason = "made by a macro that does not pass all documentation on")]
pub(super) mod auth_hook {
    wasmtime::component::bindgen!({
        path: "../sdk/wit/issuer-plugin-1.0.0",
        world: "auth-hook",
        imports: { default: async | trappable },
        exports: { default: async },
        additional_derives: [Clone, PartialEq, serde::Serialize, serde::Deserialize],
        with: {
            "issuer:plugin/types": super::claim_source::issuer::plugin::types,
            "issuer:plugin/log": super::claim_source::issuer::plugin::log,
            "issuer:plugin/config": super::claim_source::issuer::plugin::config,
            "issuer:plugin/secrets": super::claim_source::issuer::plugin::secrets,
            "issuer:plugin/http": super::claim_source::issuer::plugin::http,
            "issuer:plugin/cache": super::claim_source::issuer::plugin::cache,
            "issuer:plugin/clock": super::claim_source::issuer::plugin::clock,
            "issuer:plugin/random": super::claim_source::issuer::plugin::random,
        },
    });
}

pub use auth_hook::exports::issuer::plugin::auth::{
    AuthContext, Enrichment, Form, FormField, Gate, Redirection, Step, Verdict,
};
pub use claim_source::exports::issuer::plugin::claims::{ClaimContext, ClaimSet, Outcome, Pending};
pub use claim_source::exports::issuer::plugin::lifecycle::{Need, PluginInfo};
pub use claim_source::issuer::plugin::http::{HeaderValue, HttpError, Request, Response, SecretHeader};
pub use claim_source::issuer::plugin::types::{
    ClaimDescription, CredentialConfiguration, Denial, Identity, Offer, PathSegment, PluginError, RetryHint, Wallet,
};
