//! Demonstrating Proof of Possession (RFC 9449): a request is signed with the key that its access token is bound to, so that a
//! stolen token is worth nothing without the key.
//!
//! `proof` holds a proof against the request, `uri` compares the request's URI, `nonce` makes and knows the server's nonces. What
//! remains is here: a proof is accepted once.

mod nonce;
mod proof;
#[cfg(test)]
mod tests;
mod uri;

use std::sync::Arc;
use std::time::Duration;

use super::Failure;
use crate::base::clock::Clock;
use crate::base::secret::Secret;
use crate::store::Store;
use crate::store::seen::Space;
use nonce::Nonces;
pub use proof::{DpopError, ProofOf};
use proof::{Rules, check_proof};

/// SHA-256 thumbprint of a key (RFC 7638): what a token is bound to.
pub type Thumbprint = [u8; 32];

/// Who gets access tokens that are bound to a key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DpopPolicy {
    /// Those that send a proof.
    pub enabled: bool,
    /// A pre-authorized code gives no other token.
    pub required: bool,
    /// An authorization code gives no other token.
    pub required_for_authorization_code: bool,
}

/// How strict the check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DpopRules {
    /// Whether each proof must have a nonce of ours.
    pub require_nonce: bool,
    /// How long a nonce is accepted at least; a new one is given out as often.
    pub nonce_lifetime: Duration,
    /// How old a proof without a nonce may be.
    pub max_age: Duration,
}

/// Checks proofs and gives out nonces.
pub struct Dpop {
    store: Store,
    clock: Arc<dyn Clock>,
    nonces: Nonces,
    rules: DpopRules,
}

impl Dpop {
    /// Checks of `issuer`; `key` may serve other purposes too.
    #[must_use]
    pub fn new(store: Store, clock: Arc<dyn Clock>, key: &Secret, issuer: &str, rules: DpopRules) -> Self {
        Self { store, clock, nonces: Nonces::new(key, issuer, rules.nonce_lifetime), rules }
    }

    /// The key that a proof shows, once: the same proof is refused the next time, also after a restart.
    ///
    /// Its `jti` is written before anything else of the request: a batch of one entry, which shares its flush to the disk with what
    /// others commit meanwhile. A request that fails after that is sent again with a new proof.
    pub async fn check(&self, proof: &ProofOf<'_>) -> Result<Result<Thumbprint, DpopError>, Failure> {
        let rules = Rules {
            nonces: &self.nonces,
            require_nonce: self.rules.require_nonce,
            max_age: self.rules.max_age,
            now: self.clock.now(),
        };
        let good = match check_proof(proof, &rules) {
            Ok(good) => good,
            Err(error) => return Ok(Err(error)),
        };
        let id = [good.thumbprint.as_slice(), good.jti.as_bytes()].concat();
        let first = self.store.seen_once(Space::DpopProof, &id, good.until).await?;
        Ok(if first { Ok(good.thumbprint) } else { Err(DpopError::Replayed) })
    }

    /// The nonce of now, for the `DPoP-Nonce` header (section 8).
    #[must_use]
    pub fn nonce(&self) -> String {
        self.nonces.issue(self.clock.now())
    }
}
