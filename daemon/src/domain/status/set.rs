//! Sets and tells the status of one credential.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Statuses, lock, status_named, status_of};
use crate::domain::Failure;
use crate::format::status_list::Status;
use crate::store::status::{CredentialStatus, ListKind, State, StatusSet};
use crate::wire::fields::{Detail, read_body};

/// Longest reason that is kept, in characters.
pub(super) const MOST_REASON: usize = 256;

/// How setting a status ended.
#[derive(Debug, Clone, PartialEq)]
pub enum SetOutcome {
    /// It is this now.
    Set(Status),
    /// The request is wrong.
    Invalid(Vec<Detail>),
    /// It is revoked, and stays so.
    Final,
    /// It was issued without a status.
    NotRevocable,
    /// There is no such credential.
    Unknown,
}

impl Statuses {
    /// The status of a credential; `None` for one without.
    pub async fn status(&self, kind: ListKind, credential: Uuid) -> Result<Option<Status>, Failure> {
        let found = self.parts.store.status_find(credential).await?.filter(|found| self.is_of(kind, found));
        Ok(found.map(|found| status_of(found.state)))
    }

    fn is_of(&self, kind: ListKind, status: &CredentialStatus) -> bool {
        lock(&self.lists).get(&status.list).is_none_or(|list| list.kind == kind)
    }

    /// Sets the status of a credential as a request says. Verifiers see it as soon as the list is published, within a second or so,
    /// and at the latest when the copies that they may keep run out.
    pub async fn set(
        &self,
        kind: ListKind,
        credential: Uuid,
        body: &Map<String, Value>,
    ) -> Result<SetOutcome, Failure> {
        let request = read_body(body, |fields| {
            let name = fields.text("status", 1, 32);
            let status = fields.required("status", name).and_then(status_named);
            if name.is_some() && status.is_none() {
                fields.mistake("status", "must be valid, invalid or suspended");
            }
            let reason = fields.text("reason", 1, MOST_REASON).map(str::to_owned);
            Some((status?, reason))
        });
        let (status, reason) = match request {
            Ok(request) => request,
            Err(mistakes) => return Ok(SetOutcome::Invalid(mistakes)),
        };
        if self.parts.store.status_find(credential).await?.is_some_and(|found| !self.is_of(kind, &found)) {
            return Ok(SetOutcome::Unknown);
        }
        Ok(match self.parts.store.status_set(credential, state_of(status), reason.as_deref()).await? {
            StatusSet::Set { list, changed } => {
                // Also when nothing has changed: what was written before may be a change that nobody was told had landed.
                self.mark(list);
                if changed {
                    self.parts.meters.changed(status, 1);
                }
                SetOutcome::Set(status)
            }
            StatusSet::Final => SetOutcome::Final,
            StatusSet::NotSuspendable => {
                let why = "the credential's status list has one bit an entry, which cannot say suspended";
                SetOutcome::Invalid(vec![Detail::body("status", why)])
            }
            StatusSet::NotRevocable => SetOutcome::NotRevocable,
            StatusSet::Unknown => SetOutcome::Unknown,
        })
    }
}

fn state_of(status: Status) -> State {
    match status {
        Status::Valid => State::Valid,
        Status::Invalid => State::Invalid,
        Status::Suspended => State::Suspended,
    }
}
