//! The credential endpoint's rules (`OpenID4VCI` section 8): from an access token and a request to signed and recorded credentials.
//!
//! The order is that of the errors: what is asked for, then its form, the proofs, the offer, and only then the claims, for which
//! plugins may be asked: first those that decide, then the one that knows. Everything that may fail on our side comes before the one
//! batch that takes the nonce, advances the offer and writes the records; so after a failure of ours the same request may be sent
//! again, and after that batch the credential leaves or is lost, and never exists twice.

pub mod content;
mod copies;
pub mod deferral;
mod gather;
mod outcome;
pub mod select;
pub mod validity;
mod wanted;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

pub use outcome::{IssuanceOutcome, Issuances, Refusal};

use super::Failure;
use super::authorization::{AskedClaims, approved_steps};
use super::caller::Caller;
use super::claim_source::catalog::ClaimSources;
use super::claims::Steps;
use super::configuration::Configuration;
use super::configuration::catalog::Configurations;
use super::dpop::Thumbprint;
use super::event::{Events, Operation, Running, start};
use super::hook::Hooks;
use super::nonce::NonceIssuer;
use super::proof::attestation::AttestationRules;
use super::proof::{ProofRules, Proven, check_proofs};
use super::site::Site;
use super::status::Statuses;
use super::trust::Trust;
use crate::base::clock::{Clock, after};
use crate::base::random::{Random, bytes};
use crate::base::secret::sha256;
use crate::format::CredentialFormat;
use crate::pki::chain::Anchors;
use crate::store::Store;
use crate::store::deferred::Deferred;
use crate::store::issued::{Beside, Issuance, Issue, Issued, more_allowed};
use crate::store::offer::{Offer, OfferState};
use crate::store::token::{Origin, Token};
use crate::wire::credential::CredentialRequest;
use copies::SignedCopy;
use gather::{Asked, Gathered};
use outcome::Stop;
use select::{SelectionError, select};
use wanted::{complete, narrowed};

/// How much longer than it lives a taken nonce is remembered, so that a request which began just before its end cannot be repeated
/// just after it.
const NONCE_MARGIN: Duration = Duration::from_mins(10);

/// Issues credentials.
pub struct Issuer {
    /// Where offers, tokens and records are kept.
    pub store: Store,
    /// The issuer.
    pub site: Arc<Site>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Salts and ids.
    pub random: Arc<dyn Random>,
    /// Nonces.
    pub nonces: Arc<NonceIssuer>,
    /// Configurations.
    pub configurations: Arc<Configurations>,
    /// Plugins that decide who may go on.
    pub hooks: Arc<Hooks>,
    /// Plugins that know claims of holders.
    pub claim_sources: Arc<ClaimSources>,
    /// Document signers.
    pub trust: Arc<Trust>,
    /// Places in status lists.
    pub statuses: Arc<Statuses>,
    /// Who may attest keys.
    pub attesters: Anchors,
    /// Who is told of signatures and records.
    pub events: Arc<dyn Events>,
    /// Whether each signature is verified before its credential leaves. It finds a faulty processor or a key service that answers
    /// with another key, and costs as much as checking a proof. That a key in memory fits its certificate is known since it was loaded.
    pub verify_signatures: bool,
}

/// An access token that was found good, with its offer as it was then.
pub struct Authorized {
    token: Token,
    offer: Offer,
    /// SHA-256 of the token.
    hash: [u8; 32],
}

impl Authorized {
    /// Thumbprint of the key that the token is bound to.
    #[must_use]
    pub fn jkt(&self) -> Option<Thumbprint> {
        self.token.jkt
    }

    /// The grant that it came from.
    #[must_use]
    pub fn grant(&self) -> (Origin, Uuid) {
        (self.token.origin, self.token.offer)
    }
}

impl Issuer {
    /// What an access token stands for; `None` for an unknown, expired or revoked one.
    pub async fn authorize(&self, token: &str) -> Result<Option<Authorized>, Failure> {
        let found = self.store.token_find(token).await?;
        Ok(found.map(|(record, offer)| Authorized { token: record, offer, hash: sha256(token.as_bytes()) }))
    }

    /// Serves a credential request.
    pub async fn issue(
        &self,
        authorized: &Authorized,
        request: &CredentialRequest<'_>,
        caller: &Caller<'_>,
    ) -> Result<IssuanceOutcome, Failure> {
        match self.try_issue(authorized, request, caller).await {
            Ok(outcome) => Ok(outcome),
            Err(Stop::Refused(refusal)) => {
                log(&refusal, &authorized.offer);
                Ok(IssuanceOutcome::Refused(refusal))
            }
            Err(Stop::Failed(failure)) => Err(failure),
        }
    }

    async fn try_issue(
        &self,
        authorized: &Authorized,
        request: &CredentialRequest<'_>,
        caller: &Caller<'_>,
    ) -> Result<IssuanceOutcome, Stop> {
        let configuration = self.selected(authorized, request)?;
        request.encryption.as_ref().map_err(|fault| *fault)?;
        let proven = if configuration.is_bound() {
            self.proven(&authorized.token, request, &configuration)?
        } else {
            // Proofs of keys that nothing is bound to are not looked at.
            Vec::new()
        };
        if self.is_served(authorized, configuration.id) {
            return Err(self.why_spent(authorized, &proven).await?.into());
        }
        let Some((steps, holder, wanted)) = self.claims(authorized).await? else {
            return Err(self.why_spent(authorized, &proven).await?.into());
        };
        let wanted = wanted.get(&configuration.id).map(Vec::as_slice);
        let configuration = narrowed(configuration, wanted);
        let asked = Asked { authorized, request, caller, configuration: &configuration, wanted, proven: &proven };
        let mut gathered = self.gather(&asked, steps, holder).await?;
        if let Some(wait) = gathered.wait.take() {
            return self.defer(&asked, gathered, wait).await;
        }
        let Gathered { steps, hints, register_key, enriched, .. } = gathered;
        let document = complete(steps, &configuration, wanted)?;
        let keys: Vec<_> = proven.iter().map(|proven| proven.key).collect();
        let copies = self.sign_copies(authorized, &configuration, &document, hints, &keys).await?;
        let nonces = nonces(&proven);
        let issuance = Issuance {
            origin: authorized.token.origin,
            offer: authorized.offer.id,
            configuration: configuration.id,
            nonces: &nonces,
            records: &[],
            statuses: &[],
            requests_allowed: self.site.requests_allowed(authorized.token.origin),
            register_key: register_key.as_deref(),
            enriched,
        };
        let recorded = self.record(issuance, copies, (configuration.format(), None)).await?;
        recorded.map(IssuanceOutcome::Issued).ok_or_else(|| Refusal::OfferEnded.into())
    }

    fn selected(&self, authorized: &Authorized, request: &CredentialRequest<'_>) -> Result<Arc<Configuration>, Stop> {
        let all = self.configurations.all();
        let id = select(&request.selector, &authorized.token, |id| all.iter().any(|known| known.id == id))?;
        let found = all.iter().find(|known| known.id == id);
        Ok(Arc::clone(found.ok_or(SelectionError::UnknownConfiguration)?))
    }

    fn proven(
        &self,
        token: &Token,
        request: &CredentialRequest<'_>,
        configuration: &Configuration,
    ) -> Result<Vec<Proven>, Stop> {
        let needed = configuration.key_attestation.as_ref();
        let rules = ProofRules {
            issuer: &self.site.issuer,
            client_id: token.client_id.as_deref(),
            batch_size: self.site.batch_size,
            nonces: &self.nonces,
            attestation: needed.map(|needed| AttestationRules { attesters: &self.attesters, needed }),
            now: self.clock.now(),
        };
        Ok(check_proofs(request.proofs.as_ref().map_err(|error| *error)?, &rules)?)
    }

    /// Whether the offer had issued all that it may of this configuration when the token was read.
    fn is_served(&self, authorized: &Authorized, configuration: Uuid) -> bool {
        let Authorized { token, offer, .. } = authorized;
        let allowed = self.site.requests_allowed(token.origin);
        let mut served = offer.configurations.iter().zip(&offer.served);
        served.any(|(id, count)| *id == configuration && !more_allowed(*count, allowed))
    }

    /// All that is known of the holder, who that is, when somebody logged in, and what the wallet asked for; `None` once the offer needs
    /// its claims no more.
    async fn claims(&self, authorized: &Authorized) -> Result<Option<(Steps, Option<Value>, AskedClaims)>, Failure> {
        let Authorized { token, offer, .. } = authorized;
        let (mut steps, holder, wanted) = match token.origin {
            Origin::PreAuthorized => {
                let Some(secrets) = self.store.offer_secrets(offer.id).await? else { return Ok(None) };
                (Steps { offer: secrets.claims, ..Steps::default() }, None, AskedClaims::new())
            }
            Origin::AuthorizationCode => {
                let Some(claims) = self.store.authorization_claims(offer.id).await? else { return Ok(None) };
                approved_steps(claims)
            }
        };
        let user = self.store.user_find(offer.user_id).await?;
        // Who logged in is known until deleted, and then is nobody any more.
        if user.is_none() && token.origin == Origin::AuthorizationCode {
            return Ok(None);
        }
        steps.persisted = user.map(|user| user.claims).unwrap_or_default();
        Ok(Some((steps, holder, wanted)))
    }

    /// Why an offer has nothing left to issue.
    async fn why_spent(&self, authorized: &Authorized, proven: &[Proven]) -> Result<Refusal, Failure> {
        if self.store.nonce_taken(&nonces(proven)).await? {
            return Ok(Refusal::NonceTaken);
        }
        let Authorized { token, offer, .. } = authorized;
        let found = match token.origin {
            Origin::PreAuthorized => self.store.offer_find(offer.id).await?,
            Origin::AuthorizationCode if self.store.user_find(offer.user_id).await?.is_none() => None,
            Origin::AuthorizationCode => self.store.authorization_find(offer.id).await?,
        };
        Ok(match found {
            Some((_, OfferState::Redeemed | OfferState::Issued)) => Refusal::AlreadyIssued,
            _ => Refusal::OfferEnded,
        })
    }

    /// Takes the nonces, advances the offer and writes the records in one batch; only then are the credentials given out. `None` when the
    /// deferred transaction that they are of has ended meanwhile.
    async fn record(
        &self,
        issuance: Issuance<'_>,
        copies: Vec<SignedCopy>,
        (format, deferred): (CredentialFormat, Option<&Deferred>),
    ) -> Result<Option<Issuances>, Stop> {
        let statuses: Vec<_> = copies.iter().filter_map(|copy| Some((copy.record.id, copy.status.clone()?))).collect();
        let (credentials, records): (Vec<_>, Vec<_>) =
            copies.into_iter().map(|copy| (copy.credential, copy.record)).unzip();
        let announce = |_: &Issued| start(Arc::clone(&self.events), Operation::UserCredentialCreate);
        let running: Vec<_> = records.iter().map(announce).collect();
        let issuance = Issuance { records: &records, statuses: &statuses, ..issuance };
        let offered = issuance.origin == Origin::PreAuthorized;
        let notification_id = self.notification_id()?;
        let hash = notification_id.as_ref().map(|id| sha256(id.as_bytes()));
        let beside = Beside { notification: hash.as_ref(), deferred };
        match self.store.issuance_record_with(&issuance, &beside).await.map_err(Failure::from)? {
            Issue::Recorded { completed } => {
                let completed = completed && offered;
                running.into_iter().for_each(Running::succeed);
                Ok(Some(Issuances { credentials, completed, format, notification_id }))
            }
            Issue::NonceTaken => Err(Refusal::NonceTaken.into()),
            Issue::AlreadyIssued => Err(Refusal::AlreadyIssued.into()),
            Issue::NotOffered => Err(SelectionError::NotGranted.into()),
            Issue::OfferEnded => Err(Refusal::OfferEnded.into()),
            Issue::ConfigurationGone => Err(Refusal::ConfigurationGone.into()),
            Issue::TransactionEnded => Ok(None),
        }
    }

    /// What the wallet names the response by when it says what became of it (section 11); `None` where it is not asked to.
    fn notification_id(&self) -> Result<Option<String>, Failure> {
        if !self.site.notifications {
            return Ok(None);
        }
        Ok(Some(B64.encode(bytes::<16>(self.random.as_ref())?)))
    }
}

/// Tells the operator which data of an offer is not good for a credential; everything else is the wallet's affair.
fn log(refusal: &Refusal, offer: &Offer) {
    match refusal {
        Refusal::Claim(problem) => {
            tracing::warn!(offer = %offer.id, %problem, "a credential was denied for its claims");
        }
        Refusal::Validity(problem) => {
            tracing::warn!(offer = %offer.id, %problem, "a credential was denied for its validity");
        }
        Refusal::NoClaims => tracing::warn!(offer = %offer.id, "a credential was denied for want of claims"),
        _ => {}
    }
}

/// The nonces to take, those of attestations among them: proofs that share one take it once.
fn nonces(proven: &[Proven]) -> Vec<([u8; 16], Timestamp)> {
    let all = proven.iter().flat_map(|proven| [Some(proven.nonce), proven.attestation]);
    let mut nonces: Vec<_> = all.flatten().map(|nonce| (nonce.id, nonce.expires_at)).collect();
    nonces.sort_unstable();
    nonces.dedup();
    for (_, ends) in &mut nonces {
        *ends = after(*ends, NONCE_MARGIN);
    }
    nonces
}

#[cfg(test)]
mod tests;
