//! Deferred credentials (`OpenID4VCI` section 9): a request that cannot be answered yet becomes a transaction, and the wallet comes back for
//! its credentials.
//!
//! Nonces are taken and proofs are checked when the transaction is opened; claims, validity and status are those of the time at which the
//! credentials are made. A transaction is served by one request at a time and issues once: its end is part of the batch that records the
//! credentials.

mod opening;

use std::time::Duration;

use jiff::Timestamp;

use super::gather::{Gathered, Wait};
use super::outcome::Stop;
use super::wanted::{complete, narrowed};
use super::{Authorized, Issuances, Issuer, Refusal, log};
use crate::base::clock::after;
use crate::base::key::PublicKey;
use crate::base::secret::sha256;
use crate::domain::Failure;
use crate::domain::blocked::{Blocked, UserMessage};
use crate::domain::caller::Caller;
use crate::domain::claim_source::Patience;
use crate::domain::claims::Steps;
use crate::domain::configuration::Configuration;
use crate::domain::context::Known;
use crate::store::StoreError;
use crate::store::deferred::{Deferred, DeferredState, SourceState};
use crate::store::issued::Issuance;
use crate::store::token::Origin;
use crate::wire::json::Json;
use crate::wire::jwk;

/// How long a request that serves a transaction keeps others from it: longer than any request takes.
const LEASE: Duration = Duration::from_mins(1);
/// After a failure of ours the wallet may try again so soon.
const SOON: Duration = Duration::from_secs(5);
/// The longest wait that is asked for: a day.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// A transaction that was opened, or is still open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deferral {
    /// `transaction_id`
    pub transaction_id: String,
    /// When to come back.
    pub interval: Duration,
}

/// How a deferred credential request ended.
#[derive(Debug, PartialEq)]
pub enum Retrieval {
    /// Credentials are signed and recorded, and the transaction has ended.
    Issued(Issuances),
    /// Not yet.
    Pending(Deferral),
    /// There is no such transaction for this grant, or it has ended.
    Unknown,
    /// Nothing was issued.
    Refused(Refusal),
}

/// What became of one attempt.
enum Attempt {
    Issued(Issuances),
    Later(Patience),
    /// Somebody else ended the transaction.
    Ended,
}

impl Issuer {
    /// What an access token stands for at the deferred endpoint: also one that has expired since, while a transaction of it is open.
    pub async fn authorize_deferred(&self, token: &str) -> Result<Option<Authorized>, Failure> {
        if let Some(authorized) = self.authorize(token).await? {
            return Ok(Some(authorized));
        }
        let kept = self.store.deferred_token(token).await?;
        Ok(kept.map(|(record, offer)| Authorized { token: record, offer, hash: sha256(token.as_bytes()) }))
    }

    /// Serves a deferred credential request.
    pub async fn retrieve(
        &self,
        authorized: &Authorized,
        transaction_id: &str,
        caller: &Caller<'_>,
    ) -> Result<Retrieval, Failure> {
        let found = self.store.deferred_find(transaction_id).await?;
        let Some((mut deferred, version)) = found.filter(|(deferred, _)| authorized.began(deferred)) else {
            return Ok(Retrieval::Unknown);
        };
        let pending = |interval| {
            let transaction_id = transaction_id.to_owned();
            Retrieval::Pending(Deferral { transaction_id, interval })
        };
        match &deferred.state {
            DeferredState::Approval => return Ok(pending(self.site.deferral.interval)),
            DeferredState::Denied { message } => return Ok(Retrieval::Refused(denied(message.as_deref()))),
            DeferredState::Ready => {}
        }
        let now = self.clock.now();
        if now < deferred.busy_until {
            return Ok(pending(until(now, deferred.busy_until)));
        }
        // From here on other requests wait, so that nobody is asked twice and nothing is signed in vain.
        deferred.busy_until = after(now, LEASE);
        if !self.store.deferred_save(&deferred, version).await? {
            return Ok(pending(SOON));
        }
        let attempt = self.attempt(authorized, &deferred, caller).await;
        self.settle(authorized, &deferred, attempt, pending).await
    }

    /// Ends the turn of a request, and says how it ended.
    async fn settle(
        &self,
        authorized: &Authorized,
        deferred: &Deferred,
        attempt: Result<Attempt, Stop>,
        pending: impl Fn(Duration) -> Retrieval,
    ) -> Result<Retrieval, Failure> {
        match attempt {
            Ok(Attempt::Issued(mut issued)) => {
                // Who has no token any more, and cannot get one, has nothing to notify with.
                let token = &authorized.token;
                if token.origin == Origin::PreAuthorized && token.expires_at <= self.clock.now() {
                    issued.notification_id = None;
                }
                Ok(Retrieval::Issued(issued))
            }
            Ok(Attempt::Ended) => Ok(Retrieval::Unknown),
            Ok(Attempt::Later(patience)) => {
                let interval = self.wait_for(&Wait::Source(patience.clone()));
                let left = SourceState { source: patience.source, state: patience.state };
                self.conclude(deferred, interval, |deferred| deferred.source = Some(left)).await?;
                Ok(pending(interval))
            }
            Err(Stop::Refused(Refusal::Blocked(Blocked::Unavailable { retry_after }))) => {
                let interval = retry_after.unwrap_or(SOON).clamp(SOON, LONGEST_WAIT);
                self.conclude(deferred, interval, |_| ()).await?;
                Ok(pending(interval))
            }
            Err(Stop::Refused(refusal)) => {
                log(&refusal, &authorized.offer);
                let end = |deferred: &mut Deferred| {
                    if let Some(state) = final_state(&refusal) {
                        deferred.state = state;
                    }
                };
                self.conclude(deferred, SOON, end).await?;
                Ok(Retrieval::Refused(refusal))
            }
            Err(Stop::Failed(failure)) => {
                // When the store is what failed, the transaction is free again after its lease.
                if self.conclude(deferred, Duration::ZERO, |_| ()).await.is_err() {
                    tracing::warn!(deferred = %deferred.id, "a deferred transaction could not be freed");
                }
                Err(failure)
            }
        }
    }

    /// Changes a transaction that this request serves, if it still does, and frees it for those who come after `wait`.
    async fn conclude(
        &self,
        served: &Deferred,
        wait: Duration,
        change: impl FnOnce(&mut Deferred),
    ) -> Result<(), Failure> {
        let Some((mut deferred, version)) = self.store.deferred_get(served.id).await? else { return Ok(()) };
        if deferred.busy_until == served.busy_until && deferred.state == DeferredState::Ready {
            deferred.busy_until = after(self.clock.now(), wait);
            change(&mut deferred);
            // Who was faster, an operator, has the last word.
            self.store.deferred_save(&deferred, version).await?;
        }
        Ok(())
    }

    /// Asks the claim source, if there is one, and issues.
    async fn attempt(
        &self,
        authorized: &Authorized,
        deferred: &Deferred,
        caller: &Caller<'_>,
    ) -> Result<Attempt, Stop> {
        let configuration = self.configurations.find(deferred.configuration).ok_or(Refusal::ConfigurationGone)?;
        if self.is_served(authorized, configuration.id) {
            return Err(Refusal::AlreadyIssued.into());
        }
        let configuration = narrowed(configuration, deferred.wanted.as_deref());
        let keys = keys(deferred).ok_or_else(unreadable)?;
        // It was bound to nobody when it was asked for.
        if configuration.is_bound() && keys.is_empty() {
            return Err(Refusal::ConfigurationGone.into());
        }
        let mut gathered = self.resumed(authorized, deferred).await?;
        let identifier = deferred.identifier.as_deref();
        if let Some(source) = self.claim_sources.of(&configuration) {
            let mut claims = gathered.steps.so_far();
            claims.extend(gathered.steps.credential_hooks.clone());
            let authentication_provider = gathered.steps.authentication_provider.clone();
            let known = Known { claims, identity: gathered.identity.clone(), authentication_provider };
            let offer_claims = gathered.steps.offer.clone();
            let thumbprints: Vec<_> = keys.iter().map(jwk::thumbprint).collect();
            let subject = self.subject(authorized, caller, &offer_claims, &thumbprints);
            let left = deferred.source.as_ref();
            let answered =
                self.claim_sources.fetch(&source, &subject, &known, &configuration, identifier, left).await?;
            if let Some(patience) = gathered.take(answered) {
                return Ok(Attempt::Later(patience));
            }
        }
        self.make(authorized, deferred, &configuration, gathered, &keys).await
    }

    /// What was known when the request was deferred, with what is kept of the user now.
    async fn resumed(&self, authorized: &Authorized, deferred: &Deferred) -> Result<Gathered, Stop> {
        let mut steps: Steps = serde_json::from_value(deferred.claims.clone()).map_err(|_| unreadable())?;
        let user = self.store.user_find(authorized.offer.user_id).await.map_err(Failure::from)?;
        if user.is_none() && deferred.origin == Origin::AuthorizationCode {
            return Err(Refusal::OfferEnded.into());
        }
        steps.persisted = user.map(|user| user.claims).unwrap_or_default();
        let identity = deferred.identity.clone().and_then(|identity| serde_json::from_value(identity).ok());
        Ok(Gathered { identity, ..Gathered::of(steps, true) })
    }

    async fn make(
        &self,
        authorized: &Authorized,
        deferred: &Deferred,
        configuration: &Configuration,
        gathered: Gathered,
        keys: &[PublicKey],
    ) -> Result<Attempt, Stop> {
        let Gathered { steps, hints, register_key, enriched, .. } = gathered;
        let document = complete(steps, configuration, deferred.wanted.as_deref())?;
        let copies = self.sign_copies(authorized, configuration, &document, hints, keys).await?;
        let issuance = Issuance {
            origin: deferred.origin,
            offer: deferred.offer,
            configuration: deferred.configuration,
            nonces: &[],
            records: &[],
            statuses: &[],
            requests_allowed: self.site.requests_allowed(deferred.origin),
            register_key: register_key.as_deref(),
            enriched,
        };
        let recorded = self.record(issuance, copies, (configuration.format(), Some(deferred))).await?;
        Ok(recorded.map_or(Attempt::Ended, Attempt::Issued))
    }
}

impl Authorized {
    /// Whether a transaction came from this token, or from an earlier one of the same wallet under the same grant.
    fn began(&self, deferred: &Deferred) -> bool {
        let grant = (self.token.origin, self.token.offer) == (deferred.origin, deferred.offer);
        let sender = self.token.jkt == deferred.jkt && self.token.client_id == deferred.client_id;
        let successor = deferred.origin == Origin::AuthorizationCode && sender;
        grant && (self.hash == deferred.token || successor)
    }
}

fn unreadable() -> Failure {
    StoreError::Unreadable("deferred transaction").into()
}

fn keys(deferred: &Deferred) -> Option<Vec<PublicKey>> {
    deferred.keys.iter().map(|text| jwk::parse(&Json::parse(text.as_bytes()).ok()?).ok()).collect()
}

fn denied(message: Option<&str>) -> Refusal {
    Blocked::Denied { message: message.and_then(UserMessage::new) }.into()
}

/// What ends a transaction for good, with what the person may be told; `None` for what may be mended.
fn final_state(refusal: &Refusal) -> Option<DeferredState> {
    let message = match refusal {
        Refusal::Blocked(Blocked::Denied { message }) => message.as_ref().map(|message| message.text().to_owned()),
        Refusal::Blocked(Blocked::NotFound) | Refusal::AlreadyIssued => None,
        _ => return None,
    };
    Some(DeferredState::Denied { message })
}

/// Whole seconds until `then`, at least one.
fn until(now: Timestamp, then: Timestamp) -> Duration {
    let millis = then.as_millisecond().saturating_sub(now.as_millisecond());
    Duration::from_secs(u64::try_from(millis).unwrap_or(0).div_ceil(1000).max(1))
}
