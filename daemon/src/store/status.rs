//! Status lists, and the status of each credential that can be revoked.
//!
//! A list gives out its indices in blocks: one small commit moves its mark on before any index of the block is used, so that issuers
//! never wait for each other and an index lost in a crash is never given again. What a credential is, is one record, and a status that
//! is not valid is one more entry under the list; both change in one batch, and no two credentials share an entry.

use futures_util::future::FutureExt as _;
use jiff::Timestamp;
use jiff::fmt::serde::timestamp::microsecond::{optional, required};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::engine::{Batch, Entry};
use super::tables::{CREDENTIAL_STATUS, STATUS_ENTRY, STATUS_LIST, STATUS_TOKEN};
use super::{Decision, Found, Store, StoreError, codec};

/// Which credentials a list is for. The order of the variants is part of the stored form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ListKind {
    /// mdocs.
    Mobile,
    /// SD-JWT VCs.
    SdJwt,
}

/// The status of a credential. The order of the variants is part of the stored form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    /// Good.
    Valid,
    /// Revoked, for good.
    Invalid,
    /// Not good for now.
    Suspended,
}

/// A status list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusList {
    /// Its id; part of its URI.
    pub id: Uuid,
    /// What it is for.
    pub kind: ListKind,
    /// docType or `vct` of its credentials.
    pub credential_type: String,
    /// The configuration it was opened under.
    pub configuration_id: Uuid,
    /// The IACA that signs both the credentials and the list.
    pub iaca_id: Uuid,
    /// Bits of an entry: 1 or 2.
    pub bits: u8,
    /// Entries.
    pub size: u32,
    /// How many indices are given out, or in hand to be.
    pub reserved: u32,
    /// When it was opened.
    #[serde(with = "required")]
    pub created_at: Timestamp,
    /// When its last index was taken in hand.
    #[serde(with = "optional")]
    pub closed_at: Option<Timestamp>,
}

/// What is known of a credential that can be revoked: where its status is, and what it is found by. No claim value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialStatus {
    /// The list.
    pub list: Uuid,
    /// Its place there.
    pub index: u32,
    /// The status.
    pub state: State,
    /// When it was last changed.
    #[serde(with = "optional")]
    pub changed_at: Option<Timestamp>,
    /// Why, in the operator's words.
    pub reason: Option<String>,
    /// The user.
    pub user_id: Uuid,
    /// The offer, or the authorization.
    pub offer_id: Uuid,
    /// The configuration.
    pub configuration_id: Uuid,
    /// The document signer.
    pub document_signer_id: Uuid,
    /// The wallet's `client_id`.
    pub client_id: Option<String>,
    /// The wallet provider, when the wallet was attested.
    pub wallet_provider: Option<String>,
    /// RFC 7638 thumbprint of the holder's key; `None` for a credential that is bound to none.
    pub key_thumbprint: Option<String>,
    /// When it was issued.
    #[serde(with = "required")]
    pub issued_at: Timestamp,
}

/// A list as it was last signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedList {
    /// The JWT form.
    pub jwt: String,
    /// The CWT form.
    pub cwt: Vec<u8>,
    /// `iat`
    #[serde(with = "required")]
    pub issued_at: Timestamp,
    /// `exp`
    #[serde(with = "required")]
    pub expires_at: Timestamp,
    /// `ttl`, seconds.
    pub ttl: u64,
}

/// How setting a status ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusSet {
    /// It is what was asked for.
    Set {
        /// The list, which must be published again.
        list: Uuid,
        /// Whether it was something else before.
        changed: bool,
    },
    /// It is revoked, and stays so.
    Final,
    /// Its list has no place for a suspension.
    NotSuspendable,
    /// It was issued without a status.
    NotRevocable,
    /// There is no such credential.
    Unknown,
}

fn entry_key(list: Uuid, index: u32) -> [u8; 20] {
    let mut key = [0; 20];
    let (id, place) = key.split_at_mut(16);
    id.copy_from_slice(list.as_bytes());
    place.copy_from_slice(&index.to_be_bytes());
    key
}

/// Adds to `batch` that the entry of `status` says what `status` does.
pub(super) fn entering(status: &CredentialStatus, batch: Batch) -> Batch {
    let key = entry_key(status.list, status.index);
    match status.state {
        State::Valid => batch.delete(STATUS_ENTRY, &key),
        State::Invalid => batch.put(STATUS_ENTRY, &key, vec![1], None),
        State::Suspended => batch.put(STATUS_ENTRY, &key, vec![2], None),
    }
}

impl Store {
    /// Opens a list; `false` when its id is taken.
    pub async fn status_list_open(&self, list: &StatusList) -> Result<bool, StoreError> {
        let key = list.id.as_bytes();
        self.commit(Batch::default().check(STATUS_LIST, key, None).put(STATUS_LIST, key, codec::pack(list)?, None))
            .await
    }

    /// All lists, by id.
    pub async fn status_lists(&self) -> Result<Vec<StatusList>, StoreError> {
        let entries = self.scan_all(STATUS_LIST).await?;
        entries.iter().map(|(_, entry)| codec::unpack(&entry.value, "status list")).collect()
    }

    /// Takes up to `count` places of a list in hand for good; the list as it is then, and the first of the places. A list that is
    /// full gives none.
    pub async fn status_list_reserve(&self, id: Uuid, count: u32) -> Result<Option<(StatusList, u32)>, StoreError> {
        self.decide(|| self.reservation(id, count).boxed()).await
    }

    async fn reservation(&self, id: Uuid, count: u32) -> Result<Decision<Option<(StatusList, u32)>>, StoreError> {
        let found = self.find::<StatusList>(STATUS_LIST, id.as_bytes(), "status list").await?;
        let Some(Found { record: mut list, version, .. }) = found else { return Ok(Decision::Answer(None)) };
        let first = list.reserved;
        list.reserved = first.saturating_add(count).min(list.size);
        if list.reserved == first {
            return Ok(Decision::Answer(None));
        }
        if list.reserved == list.size {
            list.closed_at = Some(self.now());
        }
        let batch = Batch::default().check(STATUS_LIST, id.as_bytes(), Some(version));
        Ok(Decision::Write(batch.put(STATUS_LIST, id.as_bytes(), codec::pack(&list)?, None), Some((list, first))))
    }

    /// The entries of a list that are not valid, a page in the order of their indices.
    pub async fn status_entries(
        &self,
        list: Uuid,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<(Vec<(u32, State)>, Option<Vec<u8>>), StoreError> {
        let page = self.engine.scan(STATUS_ENTRY, list.as_bytes(), after, limit).await?;
        let entries = page.entries.iter().map(read_entry).collect::<Option<_>>();
        Ok((entries.ok_or(StoreError::Unreadable("status entry"))?, page.next_after))
    }

    /// What is known of a credential's status; `None` when it has none.
    pub async fn status_find(&self, credential: Uuid) -> Result<Option<CredentialStatus>, StoreError> {
        let found = self.find(CREDENTIAL_STATUS, credential.as_bytes(), "credential status").await?;
        Ok(found.map(|found| found.record))
    }

    /// Sets the status of a credential. A revoked one stays revoked.
    pub async fn status_set(
        &self,
        credential: Uuid,
        state: State,
        reason: Option<&str>,
    ) -> Result<StatusSet, StoreError> {
        self.decide(|| self.setting(credential, state, reason).boxed()).await
    }

    async fn setting(
        &self,
        credential: Uuid,
        state: State,
        reason: Option<&str>,
    ) -> Result<Decision<StatusSet>, StoreError> {
        let key = credential.as_bytes();
        let Some(found) = self.find::<CredentialStatus>(CREDENTIAL_STATUS, key, "credential status").await? else {
            let known = self.issued_find(credential).await?.is_some();
            return Ok(Decision::Answer(if known { StatusSet::NotRevocable } else { StatusSet::Unknown }));
        };
        let Found { record: mut status, version, .. } = found;
        if status.state == state {
            return Ok(Decision::Answer(StatusSet::Set { list: status.list, changed: false }));
        }
        if status.state == State::Invalid {
            return Ok(Decision::Answer(StatusSet::Final));
        }
        if state == State::Suspended && self.status_list(status.list).await?.is_none_or(|list| list.bits < 2) {
            return Ok(Decision::Answer(StatusSet::NotSuspendable));
        }
        status.state = state;
        status.changed_at = Some(self.now());
        status.reason = reason.map(str::to_owned);
        let batch = Batch::default().check(CREDENTIAL_STATUS, key, Some(version));
        let batch = entering(&status, batch.put(CREDENTIAL_STATUS, key, codec::pack(&status)?, None));
        Ok(Decision::Write(batch, StatusSet::Set { list: status.list, changed: true }))
    }

    /// One list.
    pub async fn status_list(&self, id: Uuid) -> Result<Option<StatusList>, StoreError> {
        Ok(self.find(STATUS_LIST, id.as_bytes(), "status list").await?.map(|found| found.record))
    }

    /// The list as it was last signed.
    pub async fn signed_list(&self, id: Uuid) -> Result<Option<SignedList>, StoreError> {
        Ok(self.find(STATUS_TOKEN, id.as_bytes(), "signed status list").await?.map(|found| found.record))
    }

    /// Keeps a list as it was signed, for when its signer is away.
    pub async fn signed_list_put(&self, id: Uuid, signed: &SignedList) -> Result<(), StoreError> {
        let batch = Batch::default().put(STATUS_TOKEN, id.as_bytes(), codec::pack(signed)?, Some(signed.expires_at));
        self.commit(batch).await.map(drop)
    }
}

fn read_entry((key, entry): &(Vec<u8>, Entry)) -> Option<(u32, State)> {
    let index = u32::from_be_bytes(key.get(16..)?.try_into().ok()?);
    let state = match entry.value.as_slice() {
        [1] => State::Invalid,
        [2] => State::Suspended,
        _ => return None,
    };
    Some((index, state))
}

#[cfg(test)]
impl Store {
    /// Puts a status as an issuance would.
    pub(crate) async fn status_plant(&self, credential: Uuid, status: &CredentialStatus) {
        let batch = Batch::default();
        let planted = batch.put(CREDENTIAL_STATUS, credential.as_bytes(), codec::pack(status).unwrap(), None);
        let planted = planted.put(
            super::tables::USER_ISSUED,
            &super::user::user_issued_key(status.user_id, credential),
            vec![],
            None,
        );
        assert!(self.commit(planted).await.unwrap());
    }
}
