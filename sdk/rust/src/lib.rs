//! Write plugins for issuerd in Rust.
//!
//! A plugin is a claim source (it gives the claims that go into a credential) or an auth hook (it lets a request through, asks the
//! person something, or refuses). It is a library crate of type `cdylib` that implements one trait and says so with [`export!`]:
//!
//! ```
//! use issuerd_plugin::prelude::*;
//!
//! #[derive(serde::Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct Config {
//!     people_url: String,
//! }
//!
//! #[derive(serde::Deserialize)]
//! struct Employee {
//!     number: String,
//! }
//!
//! #[derive(serde::Deserialize)]
//! struct Person {
//!     first: String,
//!     last: String,
//! }
//!
//! struct Register;
//!
//! impl ClaimSource for Register {
//!     type Config = Config;
//!     const DESCRIPTION: &'static str = "Names from the register of people";
//!
//!     fn needs() -> Vec<Need> {
//!         vec![Need::origin("config:people_url", "to look people up"), Need::secret("crm-token", "to be let in")]
//!     }
//!
//!     fn fetch(config: Config, ctx: ClaimContext) -> Result<Outcome> {
//!         let employee: Employee = ctx.offer_claims()?;
//!         let url = format!("{}/{}", config.people_url, http::encode(&employee.number));
//!         let person: Person = http::get(url).bearer_secret("crm-token").send()?.found()?.json()?;
//!         ready(&serde_json::json!({ "given_name": person.first, "family_name": person.last }))
//!     }
//! }
//!
//! issuerd_plugin::export!(claim_source: Register);
//! # fn main() {}
//! ```
//!
//! Every call gets a fresh instance: a `static` does not outlive it, and what must be remembered goes into [`cache`]. `?` works on
//! everything that this crate returns and on `serde_json`; [`Error`] says what becomes of it.
//!
//! `std::time` and files do not exist in a plugin; use [`clock`] and [`random`]. Tests run natively with `cargo test`:
//! see `testing`.

mod answer;
#[doc(hidden)]
#[allow(
    missing_docs,
    unreachable_pub,
    unsafe_code,
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::allow_attributes_without_reason,
    clippy::allow_attributes,
    reason = "generated"
)]
pub mod bindings;
mod context;
mod error;
mod export;
mod hook;
pub mod host;
mod info;
mod source;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

pub use answer::{FieldKind, allow, denied, pending, ready};
pub use bindings::hook::exports::issuer::plugin::auth::{
    AuthContext, Enrichment, Form, FormField, Gate, Redirection, Step, Verdict,
};
pub use bindings::source::exports::issuer::plugin::claims::{ClaimContext, ClaimSet, Outcome, Pending};
pub use bindings::types::issuer::plugin::types::{
    ClaimDescription, CredentialConfiguration, Denial, Identity, Offer, PathSegment, PluginError, RetryHint, Wallet,
};
pub use error::{Error, Result};
#[doc(hidden)]
pub use export::{Described, glue};
pub use hook::{AuthHook, Phase};
pub use host::{cache, clock, config, http, log, random, secrets};
pub use info::{Need, PluginInfo};
pub use source::ClaimSource;

/// Everything that a plugin usually needs.
pub mod prelude {
    pub use crate::answer::{FieldKind, allow, denied, pending, ready};
    pub use crate::error::{Error, Result};
    pub use crate::hook::{AuthHook, Phase};
    pub use crate::host::{cache, clock, http, log, random, secrets};
    pub use crate::info::Need;
    pub use crate::source::ClaimSource;
    pub use crate::{
        AuthContext, ClaimContext, ClaimSet, Denial, Enrichment, Form, FormField, Gate, Outcome, Pending, Redirection,
        Step, Verdict,
    };
}
