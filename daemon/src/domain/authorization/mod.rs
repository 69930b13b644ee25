//! The authorization code grant: what a person approved becomes a code, the code becomes tokens, and a refresh token more of them
//! (RFC 6749 4.1 and 6, `OpenID4VCI` sections 5 and 6).
//!
//! An authorization is an offer to the person who logged in: the credential endpoint serves both alike.

pub mod code;
mod hooks;
pub mod offers;
pub mod refresh;
pub mod revocation;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde_json::Value;
use uuid::Uuid;

pub use crate::store::authorization::ApprovedClaims;
pub use crate::store::authorization::asked::{AskedClaim, AskedClaims};

use super::Failure;
use super::claims::Steps;
use super::configuration::catalog::Configurations;
use super::hook::Hooks;
use super::site::Site;
use crate::base::clock::{Clock, after};
use crate::base::id::ordered_uuid;
use crate::base::random::{Random, bytes};
use crate::base::secret::{Secret, sha256};
use crate::plugin::contract::Identity;
use crate::store::Store;
use crate::store::authorization::{AuthorizationCode, NewAuthorization};
use crate::store::offer::{Offer, OfferState};

/// Wrong code verifiers until a code is locked: a wallet knows its own, so each is a mistake or a guess.
const VERIFIER_TRIES: u8 = 5;
/// How long a code that was not redeemed is remembered, without anything personal.
const KEEP_UNUSED: Duration = Duration::from_mins(10);

/// Grants and redeems authorizations.
pub struct Authorizations {
    /// Where they are kept.
    pub store: Store,
    /// The issuer.
    pub site: Arc<Site>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Codes and tokens.
    pub random: Arc<dyn Random>,
    /// Configurations.
    pub configurations: Arc<Configurations>,
    /// Plugins that decide who may go on.
    pub hooks: Arc<Hooks>,
    /// Key from which the successor of a refresh token is derived.
    pub refresh_key: Secret,
}

/// What a person has approved, to a client that may have a code for it.
#[derive(Debug, Clone)]
pub struct Approved {
    /// The client.
    pub client_id: String,
    /// Where the code is sent.
    pub redirect_uri: String,
    /// `code_challenge`, of the method S256.
    pub code_challenge: String,
    /// Thumbprint of the key to which the code is bound: `dpop_jkt`, or the key of the proof at the pushed request.
    pub dpop_jkt: Option<[u8; 32]>,
    /// Thumbprint of the key of the attested wallet instance that the code is for.
    pub instance_key: Option<[u8; 32]>,
    /// The person.
    pub user_id: Uuid,
    /// What was approved, each configuration once.
    pub configurations: Vec<Uuid>,
    /// Whether it was asked for by `authorization_details`.
    pub identified: bool,
    /// The scope that was approved, when one was asked for.
    pub scope: Option<String>,
    /// What is known of the person from the login on.
    pub claims: ApprovedClaims,
}

impl Authorizations {
    /// Makes a code for what was approved: 256 random bits, of which a hash is to be stored. The interaction that ends with it stores
    /// both in the batch that ends it.
    pub fn prepare(&self, approved: Approved) -> Result<(String, NewAuthorization), Failure> {
        let now = self.clock.now();
        let id = ordered_uuid(now, self.random.as_ref())?;
        let code = B64.encode(bytes::<32>(self.random.as_ref())?);
        let expires_at = after(now, self.site.code_flow.code_lifetime);
        let authorization = Offer {
            id,
            user_id: approved.user_id,
            served: vec![0; approved.configurations.len()],
            configurations: approved.configurations,
            created_at: now,
            expires_at,
            state: OfferState::Open,
            redeemed_at: None,
            issued_at: None,
            ended_at: None,
            tx_code: None,
            attempts_left: VERIFIER_TRIES,
        };
        let record = AuthorizationCode {
            authorization: id,
            client_id: approved.client_id,
            redirect_uri: approved.redirect_uri,
            code_challenge: approved.code_challenge,
            dpop_jkt: approved.dpop_jkt,
            identified: approved.identified,
            scope: approved.scope,
            expires_at,
            used: false,
        };
        let keep_until = after(expires_at, KEEP_UNUSED);
        let (claims, hash, instance_key) = (approved.claims, sha256(code.as_bytes()), approved.instance_key);
        Ok((code, NewAuthorization { authorization, claims, code: hash, record, instance_key, keep_until }))
    }

    /// A code without an interaction, for tests of what comes after.
    #[cfg(test)]
    pub(crate) async fn grant(&self, approved: Approved) -> Result<String, Failure> {
        let (code, new) = self.prepare(approved)?;
        self.store.authorization_grant(&new).await?;
        Ok(code)
    }

    /// The configurations of `granted` that exist and whose scope value is in `scope`.
    fn of_scope(&self, granted: &[Uuid], scope: &str) -> Vec<Uuid> {
        let named = |id: &Uuid| {
            let found = self.configurations.find(*id);
            found.is_some_and(|one| scope.split(' ').any(|value| value == one.scope()))
        };
        granted.iter().copied().filter(|id| named(id)).collect()
    }

    /// What is left of `scope` for these configurations; `None` for no value.
    fn scope_of(&self, configurations: &[Uuid], scope: &str) -> Option<String> {
        let values: Vec<_> =
            configurations.iter().filter_map(|id| Some(self.configurations.find(*id)?.scope())).collect();
        let kept: Vec<_> = scope.split(' ').filter(|value| values.iter().any(|one| one == value)).collect();
        (!kept.is_empty()).then(|| kept.join(" "))
    }

    /// What the wallet asked for, for a token response with identifiers (RFC 9396 7).
    async fn asked(&self, authorization: Uuid, identifiers: &[(String, Uuid)]) -> Result<AskedClaims, Failure> {
        if identifiers.is_empty() {
            return Ok(AskedClaims::new());
        }
        Ok(self.store.authorization_claims(authorization).await?.map(|claims| claims.asked).unwrap_or_default())
    }

    fn secret<const N: usize>(&self) -> Result<String, Failure> {
        Ok(B64.encode(bytes::<N>(self.random.as_ref())?))
    }
}

/// Who logged in, in the form in which it is kept for plugins.
#[must_use]
pub fn holder(identity: &Identity) -> Option<Value> {
    serde_json::to_value(identity).ok()
}

/// What an authorization contributes to the claims of a credential, who its holder is, and what the wallet asked for.
pub(super) fn approved_steps(claims: ApprovedClaims) -> (Steps, Option<Value>, AskedClaims) {
    let ApprovedClaims { identity, hooks, authentication_provider, holder, asked } = claims;
    (Steps { identity, authorization_hooks: hooks, authentication_provider, ..Steps::default() }, holder, asked)
}
