//! What happens between an authorization request and its answer: a person logs in, passes auth hooks and a page of the operator,
//! and approves or refuses (RFC 6749 4.1, RFC 9126, `OpenID4VCI` section 5).
//!
//! The state is one sealed record for each interaction, named by an unguessable id in the URL and bound to the browser that began it by a
//! cookie. Each step is made on the record as it was read: of two that are made at once, one is not saved and finds out where the other
//! led. The last one ends the record, and the pushed request with it, in one batch; only who ended them gets a code.

mod ending;
pub mod granting;
pub mod open;
pub mod parties;
pub mod people;
pub mod push;
pub mod redirect;
pub mod request;
mod session;
mod steps;
mod wallets;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;

pub use session::Session;
pub use session::{Interaction, Shown, Stage};
pub use steps::{Choice, Move, Place};

use super::Failure;
use super::configuration::catalog::Configurations;
use super::hook::Hooks;
use super::site::Site;
use crate::base::clock::Clock;
use crate::base::random::{Random, bytes};
use crate::store::Store;
use parties::{Grants, Logins, Visits, Wallets};
use redirect::RedirectPolicy;

/// How long a person may take, from the request to the answer.
pub const INTERACTION_LIFETIME: Duration = Duration::from_mins(30);

/// What the operator has set.
#[derive(Debug, Clone)]
pub struct FlowRules {
    /// Whether a request must be pushed.
    pub require_pushed: bool,
    /// How long a pushed request can be opened.
    pub pushed_lifetime: Duration,
    /// Where wallets that have registered nothing may be answered.
    pub redirects: RedirectPolicy,
}

/// Interactions of all people.
pub struct Interactions {
    /// Where they are kept.
    pub store: Store,
    /// The issuer.
    pub site: Arc<Site>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// What can be asked for.
    pub configurations: Arc<Configurations>,
    /// Plugins that talk to people.
    pub hooks: Arc<Hooks>,
    /// Wallets.
    pub wallets: Arc<dyn Wallets>,
    /// Offers and codes.
    pub grants: Arc<dyn Grants>,
    /// Logins.
    pub logins: Arc<dyn Logins>,
    /// The operator's page.
    pub visits: Arc<dyn Visits>,
    /// What the operator has set.
    pub rules: FlowRules,
}

impl Interactions {
    /// An unguessable text of `N` random bytes.
    fn secret<const N: usize>(&self) -> Result<String, Failure> {
        Ok(B64.encode(bytes::<N>(self.random.as_ref())?))
    }
}

#[cfg(test)]
mod tests;
