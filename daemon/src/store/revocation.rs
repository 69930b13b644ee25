//! Bulk revocations: which credentials, how far it has come, and the step that revokes some and moves on in one batch.
//!
//! A step is cut nowhere: the credentials it revokes, their entries in the lists and the place to go on are one commit, so a
//! revocation goes on after a kill as if nothing had been, and counts each credential once.

use futures_util::future::FutureExt as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::{Builder, Uuid};

use super::engine::{Batch, Version};
use super::status::{CredentialStatus, State, entering};
use super::tables::{CREDENTIAL_STATUS, REVOCATION, USER_ISSUED};
use super::{Decision, Store, StoreError, codec};

/// Credentials looked at in one step: a commit of so many takes some 20 ms, for which issuance waits at most.
const STEP: usize = 1_000;

/// Which credentials: those that fit everything that is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
// One that a later version wrote with a criterion of its own must not revoke more here.
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RevocationFilter {
    /// Issued to this user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Uuid>,
    /// Issued for this offer, or authorization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer_id: Option<Uuid>,
    /// By this configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_configuration_id: Option<Uuid>,
    /// Signed by this document signer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_signer_id: Option<Uuid>,
    /// To the wallet with this `client_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// To a wallet that this provider attested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallet_provider: Option<String>,
    /// Bound to the key with this RFC 7638 thumbprint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_thumbprint: Option<String>,
    /// Issued at this time or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_from: Option<Timestamp>,
    /// Issued before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_before: Option<Timestamp>,
}

/// How far a bulk revocation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RevocationState {
    /// Going on.
    Running,
    /// Done.
    Completed,
}

/// What a filter finds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Findings {
    /// Credentials that fit.
    pub matched: u64,
    /// Of those, how many are revoked already.
    pub already_revoked: u64,
}

/// A bulk revocation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Revocation {
    /// Its id.
    pub id: Uuid,
    /// What it is about.
    pub filter: RevocationFilter,
    /// Why, in the operator's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The management client that asked for it.
    pub requested_by: String,
    /// When.
    pub created_at: Timestamp,
    /// Whether it goes on.
    pub state: RevocationState,
    /// What there was to do when it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Findings>,
    /// Credentials looked at so far.
    pub examined: u64,
    /// Credentials it has revoked so far.
    pub revoked: u64,
    /// Credentials that fit and were revoked before.
    pub already_revoked: u64,
    /// The last credential it has looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Uuid>,
    /// When it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
}

/// A step that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stepped {
    /// The revocation after it.
    pub revocation: Revocation,
    /// How many it revoked.
    pub revoked: u64,
    /// The lists that must be published again.
    pub lists: Vec<Uuid>,
}

impl RevocationFilter {
    /// Whether a credential fits.
    #[must_use]
    pub fn fits(&self, status: &CredentialStatus) -> bool {
        fn is<T: PartialEq>(wanted: Option<&T>, found: &T) -> bool {
            wanted.is_none_or(|wanted| wanted == found)
        }
        is(self.user_id.as_ref(), &status.user_id)
            && is(self.offer_id.as_ref(), &status.offer_id)
            && is(self.credential_configuration_id.as_ref(), &status.configuration_id)
            && is(self.document_signer_id.as_ref(), &status.document_signer_id)
            && (self.key_thumbprint.is_none() || self.key_thumbprint == status.key_thumbprint)
            && (self.client_id.is_none() || self.client_id == status.client_id)
            && (self.wallet_provider.is_none() || self.wallet_provider == status.wallet_provider)
            && self.issued_from.is_none_or(|from| from <= status.issued_at)
            && self.issued_before.is_none_or(|end| status.issued_at < end)
    }

    /// Where to begin in the order of credential ids, which begin with the milliseconds of their time.
    fn start(&self) -> Option<Uuid> {
        let millis = u64::try_from(self.issued_from?.as_millisecond()).ok()?.checked_sub(1)?;
        Some(Builder::from_unix_timestamp_millis(millis, &[0xff; 10]).into_uuid())
    }

    /// Whether a credential of this id, and all behind it, were issued too late to fit.
    fn ends_before(&self, id: Uuid) -> bool {
        let millis = id
            .get_timestamp()
            .map(|at| at.to_unix())
            .map(|(seconds, nanos)| seconds * 1_000 + u64::from(nanos) / 1_000_000);
        let end = self.issued_before.and_then(|end| u64::try_from(end.as_millisecond()).ok());
        end.zip(millis).is_some_and(|(end, millis)| end < millis)
    }
}

/// Credentials that were looked at.
struct Looked {
    /// Those that fit, with the version of their record.
    fitting: Vec<(Uuid, CredentialStatus, Version)>,
    examined: u64,
    /// Where to go on.
    next: Option<Uuid>,
}

impl Store {
    /// Looks at some credentials after `after`, those of the user when one is named.
    async fn look(&self, filter: &RevocationFilter, after: Option<Uuid>) -> Result<Looked, StoreError> {
        let mut looked = Looked { fitting: Vec::new(), examined: 0, next: None };
        let after = after.max(filter.start());
        let (entries, next) = if let Some(user) = filter.user_id {
            self.of_user(user, after).await?
        } else {
            let start = after.as_ref().map(|id| id.as_bytes().as_slice());
            let page = self.engine.scan(CREDENTIAL_STATUS, b"", start, STEP).await?;
            (page.entries, page.next_after)
        };
        for (key, entry) in entries {
            let id = credential(&key)?;
            if filter.ends_before(id) {
                return Ok(looked);
            }
            looked.examined += 1;
            let status: CredentialStatus = codec::unpack(&entry.value, "credential status")?;
            if filter.fits(&status) {
                looked.fitting.push((id, status, entry.version));
            }
        }
        looked.next = next.map(|key| credential(&key)).transpose()?;
        Ok(looked)
    }

    async fn of_user(
        &self,
        user: Uuid,
        after: Option<Uuid>,
    ) -> Result<(Vec<(Vec<u8>, super::engine::Entry)>, Option<Vec<u8>>), StoreError> {
        let after = after.map(|after| [*user.as_bytes(), *after.as_bytes()].concat());
        let page = self.engine.scan(USER_ISSUED, user.as_bytes(), after.as_deref(), STEP).await?;
        let own = |key: &[u8]| key.get(16..).unwrap_or_default().to_vec();
        let mut entries = Vec::with_capacity(page.entries.len());
        for (key, _) in &page.entries {
            let id = own(key);
            entries.extend(self.engine.get(CREDENTIAL_STATUS, &id).await?.map(|entry| (id, entry)));
        }
        Ok((entries, page.next_after.map(|key| own(&key))))
    }

    /// What a filter finds among the credentials behind `after`, and where to go on; a call looks at a thousand.
    pub async fn revocation_count(
        &self,
        filter: &RevocationFilter,
        after: Option<Uuid>,
    ) -> Result<(Findings, Option<Uuid>), StoreError> {
        let looked = self.look(filter, after).await?;
        let revoked = looked.fitting.iter().filter(|(_, status, _)| status.state == State::Invalid).count();
        Ok((Findings { matched: looked.fitting.len() as u64, already_revoked: revoked as u64 }, looked.next))
    }

    /// Begins a bulk revocation.
    pub async fn revocation_begin(&self, new: &Revocation) -> Result<(), StoreError> {
        let batch = Batch::default().check(REVOCATION, new.id.as_bytes(), None);
        self.commit(batch.put(REVOCATION, new.id.as_bytes(), codec::to_json(new)?, None)).await.map(drop)
    }

    /// Notes what there is to do.
    pub async fn revocation_expect(&self, id: Uuid, expected: Findings) -> Result<(), StoreError> {
        self.decide(|| self.expecting(id, expected).boxed()).await
    }

    async fn expecting(&self, id: Uuid, expected: Findings) -> Result<Decision<()>, StoreError> {
        let Some((mut revocation, version)) = self.document_find::<Revocation>(REVOCATION, id).await? else {
            return Ok(Decision::Answer(()));
        };
        revocation.expected = Some(expected);
        let batch = Batch::default().check(REVOCATION, id.as_bytes(), Some(version));
        Ok(Decision::Write(batch.put(REVOCATION, id.as_bytes(), codec::to_json(&revocation)?, None), ()))
    }

    /// Revokes some more credentials; `None` when there is nothing to go on with.
    pub async fn revocation_step(&self, id: Uuid) -> Result<Option<Stepped>, StoreError> {
        self.decide(|| self.step(id).boxed()).await
    }

    async fn step(&self, id: Uuid) -> Result<Decision<Option<Stepped>>, StoreError> {
        let Some((mut revocation, version)) = self.document_find::<Revocation>(REVOCATION, id).await? else {
            return Ok(Decision::Answer(None));
        };
        if revocation.state == RevocationState::Completed {
            return Ok(Decision::Answer(None));
        }
        let looked = self.look(&revocation.filter, revocation.cursor).await?;
        let mut batch = Batch::default().check(REVOCATION, id.as_bytes(), Some(version));
        let (mut revoked, mut lists) = (0, Vec::new());
        for (credential, mut status, version) in looked.fitting {
            if status.state == State::Invalid {
                revocation.already_revoked += 1;
                continue;
            }
            status.state = State::Invalid;
            status.changed_at = Some(self.now());
            status.reason.clone_from(&revocation.reason);
            batch = batch.check(CREDENTIAL_STATUS, credential.as_bytes(), Some(version));
            batch = batch.put(CREDENTIAL_STATUS, credential.as_bytes(), codec::pack(&status)?, None);
            batch = entering(&status, batch);
            revoked += 1;
            lists.push(status.list);
        }
        lists.sort_unstable();
        lists.dedup();
        revocation.examined += looked.examined;
        revocation.revoked += revoked;
        if let Some(next) = looked.next {
            revocation.cursor = Some(next);
        } else {
            revocation.state = RevocationState::Completed;
            revocation.completed_at = Some(self.now());
        }
        let batch = batch.put(REVOCATION, id.as_bytes(), codec::to_json(&revocation)?, None);
        Ok(Decision::Write(batch, Some(Stepped { revocation, revoked, lists })))
    }

    /// All bulk revocations, oldest first.
    pub async fn revocations(&self) -> Result<Vec<Revocation>, StoreError> {
        let all = self.document_list::<Revocation>(REVOCATION).await?;
        Ok(all.into_iter().map(|((revocation, _), _)| revocation).collect())
    }

    /// One bulk revocation.
    pub async fn revocation_find(&self, id: Uuid) -> Result<Option<Revocation>, StoreError> {
        Ok(self.document_find::<Revocation>(REVOCATION, id).await?.map(|(revocation, _)| revocation))
    }
}

fn credential(key: &[u8]) -> Result<Uuid, StoreError> {
    Uuid::from_slice(key).map_err(|_| StoreError::Unreadable("credential status"))
}
