//! Revokes many credentials: a request says which, a revocation that is kept says how far it is, and runs step by step until it is
//! done, whatever happens in between.
//!
//! It covers every credential that had left the daemon when it was begun: those were recorded before, and its first look comes after.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::Statuses;
use super::set::MOST_REASON;
use crate::base::id::ordered_uuid;
use crate::domain::Failure;
use crate::domain::event::{Operation, start};
use crate::format::status_list::Status;
use crate::store::revocation::{Findings, Revocation, RevocationFilter, RevocationState};
use crate::wire::fields::{Detail, Fields, read_body};

/// A request to revoke many credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkRequest {
    /// Which.
    pub filter: RevocationFilter,
    /// Why, in the operator's words.
    pub reason: Option<String>,
    /// Whether they are only to be counted.
    pub dry_run: bool,
}

impl BulkRequest {
    /// From a body. A filter without any criterion is refused: it would be everything.
    pub fn read(body: &Map<String, Value>) -> Result<Self, Vec<Detail>> {
        read_body(body, |fields| {
            let filter = fields.nested("filter", filter);
            let filter = fields.required("filter", filter).unwrap_or_default();
            if filter == RevocationFilter::default() && body.get("filter").is_some_and(Value::is_object) {
                fields.mistake("filter", "must have at least one criterion");
            }
            let backwards = filter.issued_from.zip(filter.issued_before).is_some_and(|(from, end)| end <= from);
            if backwards {
                fields.mistake("filter.issuedBefore", "must be after issuedFrom");
            }
            let reason = fields.text("reason", 1, MOST_REASON).map(str::to_owned);
            let dry_run = fields.boolean("dryRun").unwrap_or(false);
            Some(Self { filter, reason, dry_run })
        })
    }
}

fn filter(fields: &mut Fields<'_>) -> RevocationFilter {
    let text = |fields: &mut Fields<'_>, member| fields.text(member, 1, 2_048).map(str::to_owned);
    RevocationFilter {
        user_id: fields.uuid("userId"),
        offer_id: fields.uuid("offerId"),
        credential_configuration_id: fields.uuid("credentialConfigurationId"),
        document_signer_id: fields.uuid("documentSignerId"),
        client_id: text(fields, "clientId"),
        wallet_provider: text(fields, "walletProvider"),
        key_thumbprint: text(fields, "keyThumbprint"),
        issued_from: instant(fields, "issuedFrom"),
        issued_before: instant(fields, "issuedBefore"),
    }
}

fn instant(fields: &mut Fields<'_>, member: &'static str) -> Option<Timestamp> {
    let read = fields.text(member, 1, 64)?.parse().ok();
    if read.is_none() {
        fields.mistake(member, "must be an RFC 3339 date-time");
    }
    read
}

impl Statuses {
    /// What a filter finds now.
    pub async fn bulk_count(&self, filter: &RevocationFilter) -> Result<Findings, Failure> {
        let (mut all, mut after) = (Findings::default(), None);
        loop {
            let (found, next) = self.parts.store.revocation_count(filter, after).await?;
            all.matched += found.matched;
            all.already_revoked += found.already_revoked;
            match next {
                Some(next) => after = Some(next),
                None => return Ok(all),
            }
            tokio::task::yield_now().await;
        }
    }

    /// Begins a revocation for the management client `requested_by`. It is durable when this answers, and carried out beside.
    pub async fn bulk_begin(&self, request: &BulkRequest, requested_by: String) -> Result<Revocation, Failure> {
        let now = self.now();
        let new = Revocation {
            id: ordered_uuid(now, self.parts.random.as_ref())?,
            filter: request.filter.clone(),
            reason: request.reason.clone(),
            requested_by,
            created_at: now,
            state: RevocationState::Running,
            expected: None,
            examined: 0,
            revoked: 0,
            already_revoked: 0,
            cursor: None,
            completed_at: None,
        };
        self.parts.store.revocation_begin(&new).await?;
        tracing::info!(revocation = %new.id, client = new.requested_by, "a bulk revocation was begun");
        Ok(new)
    }

    /// Carries out what was begun, as far as it is not done, until `stopping` says to leave it to the next start. One that fails keeps no
    /// other from it; the first failure is the outcome.
    pub async fn bulk_run(&self, stopping: impl Fn() -> bool + Send + Sync) -> Result<(), Failure> {
        let mut first = None;
        for revocation in self.parts.store.revocations().await? {
            if revocation.state != RevocationState::Running || stopping() {
                continue;
            }
            if let Err(failure) = self.carry_out(&revocation, &stopping).await {
                tracing::error!(revocation = %revocation.id, error = %failure, "a bulk revocation could not go on; it is tried again");
                // What it wrote last may have landed without an answer.
                self.all().iter().for_each(|list| self.mark(list.id));
                first.get_or_insert(failure);
            }
        }
        first.map_or(Ok(()), Err)
    }

    async fn carry_out(&self, begun: &Revocation, stopping: &(impl Fn() -> bool + Send + Sync)) -> Result<(), Failure> {
        if begun.expected.is_none() {
            let expected = self.bulk_count(&begun.filter).await?;
            self.parts.store.revocation_expect(begun.id, expected).await?;
        }
        let running = start(Arc::clone(&self.parts.events), Operation::CredentialRevocationRun);
        while !stopping() {
            let Some(stepped) = self.parts.store.revocation_step(begun.id).await? else { break };
            stepped.lists.iter().for_each(|list| self.mark(*list));
            self.parts.meters.changed(Status::Invalid, stepped.revoked);
            if stepped.revocation.state == RevocationState::Completed {
                let Revocation { id, revoked, already_revoked, requested_by, .. } = &stepped.revocation;
                tracing::info!(revocation = %id, client = requested_by, revoked, already_revoked, "a bulk revocation is done");
                running.succeed();
                break;
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// All bulk revocations, oldest first.
    pub async fn bulk_list(&self) -> Result<Vec<Revocation>, Failure> {
        Ok(self.parts.store.revocations().await?)
    }

    /// One bulk revocation.
    pub async fn bulk_find(&self, id: Uuid) -> Result<Option<Revocation>, Failure> {
        Ok(self.parts.store.revocation_find(id).await?)
    }
}
