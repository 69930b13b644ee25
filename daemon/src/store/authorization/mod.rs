//! Authorizations: what somebody who logged in has approved, kept like an offer to that person; here how one is granted, and how it
//! ends with all that came from it.
//!
//! An authorization lives as long as anything that came from it: its code, then its access and refresh tokens. Ending it kills all of
//! them at once, since each of them is looked up together with it.

pub mod asked;
pub mod redeem;
pub mod refresh;
pub mod revoke;

use futures_util::future::FutureExt as _;
use jiff::Timestamp;
use jiff::fmt::serde::timestamp::microsecond::required;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::engine::Batch;
use super::offer::{Offer, OfferState};
use super::tables::{AUTHORIZATION, AUTHORIZATION_CODE, AUTHORIZATION_SECRETS, CODE_INSTANCE, ENRICHMENT};
use super::{Decision, Found, Store, StoreError, codec};
use asked::AskedClaims;

/// What is known of an authorization code.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AuthorizationCode {
    /// The authorization.
    pub authorization: Uuid,
    /// The client that asked for it.
    pub client_id: String,
    /// Where the code was sent.
    pub redirect_uri: String,
    /// `code_challenge` with the method S256 (RFC 7636 4.2).
    pub code_challenge: String,
    /// Thumbprint of the key that the code is bound to (RFC 9449 10).
    pub dpop_jkt: Option<[u8; 32]>,
    /// Whether credentials were asked for by `authorization_details`, so that the token response has identifiers.
    pub identified: bool,
    /// The scope that was granted, when one was asked for.
    pub scope: Option<String>,
    /// When it stops being redeemable.
    #[serde(with = "required")]
    pub expires_at: Timestamp,
    /// Whether it was redeemed.
    pub used: bool,
}

/// What is known of the holder from the login on; sealed at rest, gone when the authorization ends. What is kept on the user is not
/// in here: it is read when a credential is made.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ApprovedClaims {
    /// Claims of the identity provider.
    pub identity: Map<String, Value>,
    /// Claims that auth hooks and the interaction hook added, laid over those of the identity provider.
    pub hooks: Map<String, Value>,
    /// What mappings find at `authenticationProvider.…`: `url` and `subjectId`.
    pub authentication_provider: Map<String, Value>,
    /// Who the holder is, in the form in which plugins are told; see `domain::authorization::holder`.
    pub holder: Option<Value>,
    /// What the wallet asked for, where that is less than all.
    #[serde(skip_serializing_if = "AskedClaims::is_empty", default)]
    pub asked: AskedClaims,
}

impl std::fmt::Debug for ApprovedClaims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApprovedClaims(…)")
    }
}

/// An authorization to be stored.
pub struct NewAuthorization {
    /// The public part; `expires_at` is that of the code.
    pub authorization: Offer,
    /// The sealed part.
    pub claims: ApprovedClaims,
    /// SHA-256 of the code.
    pub code: [u8; 32],
    /// What is known of the code.
    pub record: AuthorizationCode,
    /// Thumbprint of the key of the attested wallet instance that the code is for.
    pub instance_key: Option<[u8; 32]>,
    /// Until when records without personal data stay, so that a late code has a reason.
    pub keep_until: Timestamp,
}

/// The context that binds sealed claims to their place.
fn claims_context(id: Uuid) -> Vec<u8> {
    [b"authorization_secrets/", id.as_bytes().as_slice()].concat()
}

impl Store {
    /// Stores an authorization with its code.
    #[cfg(test)]
    pub(crate) async fn authorization_grant(&self, new: &NewAuthorization) -> Result<(), StoreError> {
        // Without a check nothing can be in the way.
        self.commit(self.authorizing(new, Batch::default())?).await.map(drop)
    }

    /// How many authorizations are kept.
    #[cfg(test)]
    pub(crate) async fn authorizations(&self) -> usize {
        self.engine.scan(AUTHORIZATION, b"", None, 10_000).await.unwrap().entries.len()
    }

    /// Puts an authorization and its code into `batch`.
    pub(super) fn authorizing(&self, new: &NewAuthorization, batch: Batch) -> Result<Batch, StoreError> {
        let id = new.authorization.id;
        let claims = self.seal_at(&claims_context(id), &new.claims)?;
        let (kept, ends) = (Some(new.keep_until), Some(new.record.expires_at));
        let mut batch = batch
            .put(AUTHORIZATION, id.as_bytes(), codec::pack(&new.authorization)?, kept)
            .put(AUTHORIZATION_SECRETS, id.as_bytes(), claims, ends)
            .put(AUTHORIZATION_CODE, &new.code, codec::pack(&new.record)?, kept);
        if let Some(key) = new.instance_key {
            batch = batch.put(CODE_INSTANCE, &new.code, key.to_vec(), kept);
        }
        Ok(batch)
    }

    /// An authorization with its state now.
    pub async fn authorization_find(&self, id: Uuid) -> Result<Option<(Offer, OfferState)>, StoreError> {
        let found = self.find::<Offer>(AUTHORIZATION, id.as_bytes(), "authorization").await?;
        let Some(Found { record, .. }) = found else { return Ok(None) };
        let state = self.offer_state(&record).await?;
        Ok(Some((record, state)))
    }

    /// The claims of an authorization, while it has not ended.
    pub async fn authorization_claims(&self, id: Uuid) -> Result<Option<ApprovedClaims>, StoreError> {
        match self.engine.get(AUTHORIZATION_SECRETS, id.as_bytes()).await? {
            None => Ok(None),
            Some(entry) => self.open_at(&claims_context(id), &entry.value, "authorization").map(Some),
        }
    }

    /// Ends an authorization with every token from it; `false` when there is none to end.
    pub async fn authorization_end(&self, id: Uuid) -> Result<bool, StoreError> {
        self.decide(|| self.end(id, Batch::default(), true, false).boxed()).await
    }

    /// Decides to end an authorization, and to answer with `ended`, or with `nothing` when there is none to end.
    async fn end<T>(&self, id: Uuid, batch: Batch, ended: T, nothing: T) -> Result<Decision<T>, StoreError> {
        match self.find::<Offer>(AUTHORIZATION, id.as_bytes(), "authorization").await? {
            Some(found) if found.record.state != OfferState::Deleted => {
                Ok(Decision::Write(self.ending(found, OfferState::Deleted, batch)?, ended))
            }
            _ => Ok(Decision::Answer(nothing)),
        }
    }

    /// Adds to `batch` that an authorization ends with this state.
    fn ending(&self, found: Found<Offer>, state: OfferState, batch: Batch) -> Result<Batch, StoreError> {
        let Found { record: mut offer, version, expires_at } = found;
        offer.state = state;
        offer.ended_at = Some(self.now());
        let id = *offer.id.as_bytes();
        Ok(batch
            .check(AUTHORIZATION, &id, Some(version))
            .put(AUTHORIZATION, &id, codec::pack(&offer)?, expires_at)
            .delete(AUTHORIZATION_SECRETS, &id)
            .delete(ENRICHMENT, &id))
    }
}
