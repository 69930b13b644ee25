//! The verbs of deferred transactions.

use futures_util::future::FutureExt as _;
use jiff::Timestamp;
use uuid::Uuid;

use super::{Deferred, DeferredOpen, DeferredState};
use crate::base::secret::sha256;
use crate::store::engine::{Batch, Version};
use crate::store::issued::{more_allowed, nonce_key};
use crate::store::offer::{Offer, OfferState};
use crate::store::tables::{DEFERRED, DEFERRED_INDEX, NONCE};
use crate::store::token::Token;
use crate::store::{Decision, Store, StoreError, codec};

/// How long the offer outlives a transaction, so that the last request for it finds both.
const MARGIN: std::time::Duration = std::time::Duration::from_mins(10);

/// Most transactions of one token: one for each configuration of its grant.
const MOST_OF_ONE_TOKEN: usize = 1_000;

fn context(id: Uuid) -> Vec<u8> {
    [b"deferred/", id.as_bytes().as_slice()].concat()
}

/// Keys of the index: what a transaction is found by.
fn by_transaction(hash: &[u8; 32]) -> Vec<u8> {
    [b"t".as_slice(), hash].concat()
}

fn by_credential(offer: Uuid, configuration: Uuid) -> Vec<u8> {
    [b"c".as_slice(), offer.as_bytes(), configuration.as_bytes()].concat()
}

fn by_token(hash: &[u8; 32]) -> Vec<u8> {
    [b"k".as_slice(), hash].concat()
}

/// One for each transaction of a token: the end of one leaves the token to the others.
fn by_token_of(deferred: &Deferred) -> Vec<u8> {
    [by_token(&deferred.token).as_slice(), deferred.id.as_bytes()].concat()
}

impl Store {
    /// Takes the nonces and opens a transaction, in place of one that is open for the same credential of the same grant: a wallet that
    /// lost its `transaction_id` asks again. An operator's word for that one counts for this one. The access token is kept for it when it or the credential is
    /// bound to a key.
    pub async fn deferred_open(
        &self,
        new: &Deferred,
        token: &Token,
        nonces: &[([u8; 16], Timestamp)],
        requests_allowed: u32,
    ) -> Result<DeferredOpen, StoreError> {
        self.decide(|| self.deferred_opening(new, token, nonces, requests_allowed).boxed()).await
    }

    async fn deferred_opening(
        &self,
        new: &Deferred,
        token: &Token,
        nonces: &[([u8; 16], Timestamp)],
        requests_allowed: u32,
    ) -> Result<Decision<DeferredOpen>, StoreError> {
        let (table, offer_id) = (new.origin.table(), new.offer.as_bytes());
        let Some(offer) = self.find::<Offer>(table, offer_id, "offer").await? else {
            return Ok(Decision::Answer(DeferredOpen::OfferEnded));
        };
        if self.nonce_taken(nonces).await? {
            return Ok(Decision::Answer(DeferredOpen::NonceTaken));
        }
        if !matches!(offer.record.state, OfferState::Redeemed | OfferState::Issued) {
            return Ok(Decision::Answer(DeferredOpen::OfferEnded));
        }
        let place = offer.record.configurations.iter().position(|id| *id == new.configuration);
        let served = place.and_then(|place| offer.record.served.get(place)).copied();
        if served.is_none_or(|served| !more_allowed(served, requests_allowed)) {
            return Ok(Decision::Answer(DeferredOpen::AlreadyIssued));
        }
        let needed = crate::base::clock::after(new.expires_at, MARGIN);
        let kept = offer.expires_at.map(|ends| ends.max(needed));
        let mut batch = Batch::default().check(table, offer_id, Some(offer.version)).put(
            table,
            offer_id,
            codec::pack(&offer.record)?,
            kept,
        );
        for (id, end) in nonces {
            let nonce = nonce_key(id, *end);
            batch = batch.check(NONCE, &nonce, None).put(NONCE, &nonce, Vec::new(), Some(*end));
        }
        let batch = self.deferred_replacing(new, token, batch).await?;
        Ok(Decision::Write(batch, DeferredOpen::Opened))
    }

    /// Adds the entries of `new` to a batch, and the end of one that it replaces.
    async fn deferred_replacing(&self, new: &Deferred, token: &Token, batch: Batch) -> Result<Batch, StoreError> {
        let credential = by_credential(new.offer, new.configuration);
        let open = self.engine.get(DEFERRED_INDEX, &credential).await?;
        let mut batch = batch.check(DEFERRED_INDEX, &credential, open.as_ref().map(|entry| entry.version));
        let mut record = new.clone();
        let before = open.and_then(|entry| Uuid::from_slice(&entry.value).ok());
        if let Some((before, version)) = self.deferred_by_id(before).await? {
            let approved = before.state == DeferredState::Ready && before.source.is_none();
            if approved || matches!(before.state, DeferredState::Denied { .. }) {
                record.state.clone_from(&before.state);
            }
            batch = batch.check(DEFERRED, before.id.as_bytes(), Some(version)).delete(DEFERRED, before.id.as_bytes());
            batch = batch.delete(DEFERRED_INDEX, &by_transaction(&before.transaction));
            batch = batch.delete(DEFERRED_INDEX, &by_token_of(&before));
        }
        let (id, ends) = (new.id.as_bytes(), Some(new.expires_at));
        let batch = batch
            .put(DEFERRED, id, self.seal_at(&context(new.id), &record)?, ends)
            .put(DEFERRED_INDEX, &by_transaction(&new.transaction), id.to_vec(), ends)
            .put(DEFERRED_INDEX, &credential, id.to_vec(), ends);
        // A token that whoever has it could use, for a credential that whoever has it could show, does not live longer.
        let bound = token.jkt.is_some() || !new.keys.is_empty();
        Ok(if bound { batch.put(DEFERRED_INDEX, &by_token_of(new), codec::pack(token)?, ends) } else { batch })
    }

    async fn deferred_by_id(&self, id: Option<Uuid>) -> Result<Option<(Deferred, Version)>, StoreError> {
        match id {
            None => Ok(None),
            Some(id) => self.deferred_get(id).await,
        }
    }

    /// A transaction by its `transaction_id`.
    pub async fn deferred_find(&self, transaction_id: &str) -> Result<Option<(Deferred, Version)>, StoreError> {
        let key = by_transaction(&sha256(transaction_id.as_bytes()));
        let found = self.engine.get(DEFERRED_INDEX, &key).await?;
        self.deferred_by_id(found.and_then(|entry| Uuid::from_slice(&entry.value).ok())).await
    }

    /// A transaction by its id.
    pub async fn deferred_get(&self, id: Uuid) -> Result<Option<(Deferred, Version)>, StoreError> {
        let Some(entry) = self.engine.get(DEFERRED, id.as_bytes()).await? else { return Ok(None) };
        Ok(Some((self.open_at(&context(id), &entry.value, "deferred transaction")?, entry.version)))
    }

    /// A page of transactions in the order of their ids.
    pub async fn deferred_list(
        &self,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<(Vec<Deferred>, Option<Vec<u8>>), StoreError> {
        let page = self.engine.scan(DEFERRED, b"", after, limit).await?;
        let read = |(key, entry): &(Vec<u8>, crate::store::engine::Entry)| {
            let id = Uuid::from_slice(key).map_err(|_| StoreError::Unreadable("deferred transaction"))?;
            self.open_at(&context(id), &entry.value, "deferred transaction")
        };
        Ok((page.entries.iter().map(read).collect::<Result<_, _>>()?, page.next_after))
    }

    /// Writes a transaction if it still has the version that was read; `false` when somebody else was faster, or it has ended.
    pub async fn deferred_save(&self, deferred: &Deferred, version: Version) -> Result<bool, StoreError> {
        let id = deferred.id.as_bytes();
        let sealed = self.seal_at(&context(deferred.id), deferred)?;
        let batch = Batch::default().check(DEFERRED, id, Some(version));
        self.commit(batch.put(DEFERRED, id, sealed, Some(deferred.expires_at))).await
    }

    /// The access token that an open transaction keeps, with its offer; it serves at the deferred endpoint alone.
    pub async fn deferred_token(&self, token: &str) -> Result<Option<(Token, Offer)>, StoreError> {
        let found = self.engine.scan(DEFERRED_INDEX, &by_token(&sha256(token.as_bytes())), None, 1).await?;
        let Some((_, entry)) = found.entries.first() else { return Ok(None) };
        let token: Token = codec::unpack(&entry.value, "token")?;
        let (table, id) = (token.origin.table(), token.offer);
        let Some(offer) = self.find::<Offer>(table, id.as_bytes(), "offer").await? else { return Ok(None) };
        let alive = matches!(offer.record.state, OfferState::Redeemed | OfferState::Issued);
        Ok(alive.then_some((token, offer.record)))
    }

    /// The access token with this hash as open transactions keep it, and `batch` with the end of that: they serve it no more.
    pub(in crate::store) async fn deferred_tokens_ending(
        &self,
        hash: &[u8; 32],
        mut batch: Batch,
    ) -> Result<(Option<Token>, Batch), StoreError> {
        let kept = self.engine.scan(DEFERRED_INDEX, &by_token(hash), None, MOST_OF_ONE_TOKEN).await?.entries;
        for (key, entry) in &kept {
            batch = batch.check(DEFERRED_INDEX, key, Some(entry.version)).delete(DEFERRED_INDEX, key);
        }
        let first = kept.first().map(|(_, entry)| codec::unpack(&entry.value, "token")).transpose()?;
        Ok((first, batch))
    }

    /// Adds to `batch` the end of a transaction whose credentials are issued; `None` when it is not the caller's to end any more: it has
    /// ended, was denied, or another request serves it.
    pub(in crate::store) async fn deferred_ending(
        &self,
        deferred: &Deferred,
        batch: Batch,
    ) -> Result<Option<Batch>, StoreError> {
        let Some((found, version)) = self.deferred_get(deferred.id).await? else { return Ok(None) };
        if found.state != DeferredState::Ready || found.busy_until != deferred.busy_until {
            return Ok(None);
        }
        let id = deferred.id.as_bytes();
        let batch = batch.check(DEFERRED, id, Some(version)).delete(DEFERRED, id);
        let batch = batch.delete(DEFERRED_INDEX, &by_transaction(&deferred.transaction));
        let batch = batch.delete(DEFERRED_INDEX, &by_credential(deferred.offer, deferred.configuration));
        Ok(Some(batch.delete(DEFERRED_INDEX, &by_token_of(deferred))))
    }
}
