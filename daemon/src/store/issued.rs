//! What is kept of an issued credential, and the verb that records one: nonce taken, offer advanced and record written in one
//! batch, before the credential leaves the daemon.

mod record;

use std::collections::BTreeSet;

use futures_util::future::FutureExt as _;
use jiff::Timestamp;
use uuid::Uuid;

pub use record::{Digests, Issued};

use super::deferred::Deferred;
use super::engine::Batch;
use super::offer::{Offer, OfferState};
use super::status::CredentialStatus;
use super::tables::{
    CONFIGURATION, CREDENTIAL_NOTIFICATION, CREDENTIAL_STATUS, ENRICHMENT, ISSUED, NONCE, USER_ISSUED,
};
use super::token::Origin;
use super::user::user_issued_key;
use super::{Decision, Store, StoreError, codec};

/// What one credential request records.
pub struct Issuance<'a> {
    /// What the access token rests on.
    pub origin: Origin,
    /// The offer, or the authorization.
    pub offer: Uuid,
    /// The configuration.
    pub configuration: Uuid,
    /// Nonces taken: id and end of life.
    pub nonces: &'a [([u8; 16], Timestamp)],
    /// One record a copy.
    pub records: &'a [Issued],
    /// Credential id and status of each copy that can be revoked.
    pub statuses: &'a [(Uuid, CredentialStatus)],
    /// How many credential requests a configuration of the offer may have; `u32::MAX` for any number.
    pub requests_allowed: u32,
    /// Key of the record that the claims come from, in its register.
    pub register_key: Option<&'a str>,
    /// Whether auth hooks added something to the offer, which then ends with its secrets.
    pub enriched: bool,
}

/// What else happens in the batch that records an issuance.
#[derive(Clone, Copy, Default)]
pub struct Beside<'a> {
    /// SHA-256 of the `notification_id` of the response.
    pub notification: Option<&'a [u8; 32]>,
    /// The deferred transaction that ends with it.
    pub deferred: Option<&'a Deferred>,
}

/// How recording ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Issue {
    /// Recorded; the credential may leave.
    Recorded {
        /// Whether the offer has now issued all that it offers, and had not before.
        completed: bool,
    },
    /// A nonce was taken before.
    NonceTaken,
    /// The offer has issued this configuration as often as it may.
    AlreadyIssued,
    /// The offer does not name this configuration.
    NotOffered,
    /// The offer ended meanwhile, or was never redeemed.
    OfferEnded,
    /// The configuration was deleted meanwhile.
    ConfigurationGone,
    /// The deferred transaction ended meanwhile, or another request serves it.
    TransactionEnded,
}

impl Store {
    /// Takes the nonces, advances the offer and writes the records, or says why not.
    pub async fn issuance_record(&self, issuance: &Issuance<'_>) -> Result<Issue, StoreError> {
        self.issuance_record_with(issuance, &Beside::default()).await
    }

    /// The same with what happens beside it.
    pub async fn issuance_record_with(
        &self,
        issuance: &Issuance<'_>,
        beside: &Beside<'_>,
    ) -> Result<Issue, StoreError> {
        let nonces: BTreeSet<_> = issuance.nonces.iter().map(|(id, end)| (nonce_key(id, *end), *end)).collect();
        self.decide(|| self.recording(issuance, &nonces, beside).boxed()).await
    }

    async fn recording(
        &self,
        issuance: &Issuance<'_>,
        nonces: &BTreeSet<([u8; 24], Timestamp)>,
        beside: &Beside<'_>,
    ) -> Result<Decision<Issue>, StoreError> {
        let (id, configuration) = (issuance.offer.as_bytes(), issuance.configuration.as_bytes());
        let table = issuance.origin.table();
        let Some(mut found) = self.find::<Offer>(table, id, "offer").await? else {
            return Ok(Decision::Answer(Issue::OfferEnded));
        };
        // Before the offer is looked at: a repeated request learns that its nonce is spent (OpenID4VCI 13.8).
        if self.any_taken(nonces).await? {
            return Ok(Decision::Answer(Issue::NonceTaken));
        }
        let before = found.record.state;
        if let Err(refused) = advance(&mut found.record, issuance, self.now()) {
            return Ok(Decision::Answer(refused));
        }
        let completed = before != OfferState::Issued && found.record.state == OfferState::Issued;
        let Some(entry) = self.engine.get(CONFIGURATION, configuration).await? else {
            return Ok(Decision::Answer(Issue::ConfigurationGone));
        };
        let mut batch = Batch::default()
            .check(table, id, Some(found.version))
            .check(CONFIGURATION, configuration, Some(entry.version))
            .put(table, id, codec::pack(&found.record)?, found.expires_at);
        for (nonce, end) in nonces {
            batch = batch.check(NONCE, nonce, None).put(NONCE, nonce, Vec::new(), Some(*end));
        }
        let mut batch = self.with_records(batch, &found.record, issuance)?;
        if let Some(hash) = beside.notification {
            batch = Self::notifying(hash, issuance.origin, issuance.offer, issuance.records, batch)?;
        }
        if let Some(deferred) = beside.deferred {
            match self.deferred_ending(deferred, batch).await? {
                Some(ending) => batch = ending,
                None => return Ok(Decision::Answer(Issue::TransactionEnded)),
            }
        }
        Ok(Decision::Write(batch, Issue::Recorded { completed }))
    }

    async fn any_taken(&self, nonces: &BTreeSet<([u8; 24], Timestamp)>) -> Result<bool, StoreError> {
        for (nonce, _) in nonces {
            if self.engine.get(NONCE, nonce).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether one of these nonces (id, until when it is remembered) was taken.
    pub async fn nonce_taken(&self, nonces: &[([u8; 16], Timestamp)]) -> Result<bool, StoreError> {
        self.any_taken(&nonces.iter().map(|(id, end)| (nonce_key(id, *end), *end)).collect()).await
    }

    fn with_records(&self, mut batch: Batch, offer: &Offer, issuance: &Issuance<'_>) -> Result<Batch, StoreError> {
        for record in issuance.records {
            batch = batch.put(ISSUED, record.id.as_bytes(), record.pack()?, None);
            batch = batch.put(USER_ISSUED, &user_issued_key(record.user_id, record.id), Vec::new(), None);
            if let Some(register_key) = issuance.register_key {
                batch = self.registering(record, register_key, batch)?;
            }
        }
        for (credential, status) in issuance.statuses {
            batch = batch.put(CREDENTIAL_STATUS, credential.as_bytes(), codec::pack(status)?, None);
        }
        // Claims are kept no longer than a credential may still be made of them (OPS-08).
        if !offer.served.iter().any(|served| more_allowed(*served, issuance.requests_allowed)) {
            batch = batch.delete(issuance.origin.secrets(), offer.id.as_bytes());
            if issuance.enriched {
                batch = batch.delete(ENRICHMENT, offer.id.as_bytes());
            }
        }
        Ok(batch)
    }

    /// A page of records in the order of their ids.
    pub async fn issued_list(
        &self,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<(Vec<Issued>, Option<Vec<u8>>), StoreError> {
        let page = self.engine.scan(ISSUED, b"", after, limit).await?;
        let records = page.entries.iter().map(|(_, entry)| Issued::unpack(&entry.value));
        Ok((records.collect::<Result<_, _>>()?, page.next_after))
    }

    /// Removes all that is kept of a credential, for good; `false` when there is nothing. A status list goes on to say what it says.
    pub async fn issued_delete(&self, id: Uuid) -> Result<bool, StoreError> {
        self.decide(|| self.deletion_of_issued(id).boxed()).await
    }

    async fn deletion_of_issued(&self, id: Uuid) -> Result<Decision<bool>, StoreError> {
        let key = id.as_bytes();
        let Some(found) = self.engine.get(ISSUED, key).await? else { return Ok(Decision::Answer(false)) };
        let record = Issued::unpack(&found.value)?;
        let batch = Batch::default()
            .check(ISSUED, key, Some(found.version))
            .delete(ISSUED, key)
            .delete(USER_ISSUED, &user_issued_key(record.user_id, id))
            .delete(CREDENTIAL_STATUS, key)
            .delete(CREDENTIAL_NOTIFICATION, key);
        Ok(Decision::Write(self.unregistering(id, batch).await?, true))
    }

    /// The record of a credential.
    pub async fn issued_find(&self, id: Uuid) -> Result<Option<Issued>, StoreError> {
        let found = self.engine.get(ISSUED, id.as_bytes()).await?;
        found.map(|entry| Issued::unpack(&entry.value)).transpose()
    }
}

/// Nonces are sorted by their end, so that those of now lie together in the file.
pub(super) fn nonce_key(id: &[u8; 16], end: Timestamp) -> [u8; 24] {
    let mut key = [0; 24];
    let (time, rest) = key.split_at_mut(8);
    time.copy_from_slice(&end.as_second().to_be_bytes());
    rest.copy_from_slice(id);
    key
}

/// Whether one more credential request is allowed after `served`, of `allowed` in all (`u32::MAX`: any number).
#[must_use]
pub fn more_allowed(served: u32, allowed: u32) -> bool {
    allowed == u32::MAX || served < allowed
}

fn advance(offer: &mut Offer, issuance: &Issuance<'_>, now: Timestamp) -> Result<(), Issue> {
    if !matches!(offer.state, OfferState::Redeemed | OfferState::Issued) {
        return Err(Issue::OfferEnded);
    }
    let place = offer.configurations.iter().position(|id| *id == issuance.configuration);
    let served = place.and_then(|place| offer.served.get_mut(place)).ok_or(Issue::NotOffered)?;
    if !more_allowed(*served, issuance.requests_allowed) {
        return Err(Issue::AlreadyIssued);
    }
    *served = served.saturating_add(1);
    if offer.served.iter().all(|count| *count > 0) {
        offer.state = OfferState::Issued;
        offer.issued_at = Some(now);
    }
    Ok(())
}
