//! The issuer's part of the trust framework: IACAs, their document signers, status list signers and CRLs.
//!
//! `model` is what is kept, `renewal` what happens by itself, `iacas` and `signers` are the operations of the management API,
//! `snapshot` is what signing uses. A change reads the document, decides, and writes it if nobody else did in between.

mod iacas;
mod metadata;
mod model;
mod renewal;
mod request;
mod signers;
mod snapshot;
#[cfg(test)]
mod tests;
mod view;

use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use uuid::Uuid;

use super::Failure;
use super::event::{Events, Operation, start};
use super::site::Site;
use crate::base::clock::Clock;
use crate::base::key::PublicKey;
use crate::base::random::Random;
use crate::format::CredentialFormat;
use crate::pki::PkiError;
use crate::pki::issue::Links;
use crate::signer::SigningError;
use crate::store::engine::Version;
use crate::store::tables::TRUST;
use crate::store::{Store, StoreError};
use crate::wire::fields::Detail;
use model::Document;
use renewal::CrlNeed;
use snapshot::Snapshot;

pub use crate::pki::issue::Leaf;
pub use iacas::CurrentCrl;
pub use metadata::Certified;
pub use snapshot::ActiveSigner;
pub use view::{CertificateData, CertificateView, IacaView, SignerView};

/// Most IACAs.
pub const MAX_IACAS: usize = 3;
/// Most document signers of unmanaged IACAs, all together.
pub const MAX_UNMANAGED_SIGNERS: usize = 5;
/// Most status list signers of unmanaged IACAs, all together.
pub const MAX_UNMANAGED_STATUS_SIGNERS: usize = 3;

fn most_unmanaged(of: Leaf) -> usize {
    match of {
        Leaf::Document => MAX_UNMANAGED_SIGNERS,
        Leaf::StatusList => MAX_UNMANAGED_STATUS_SIGNERS,
        Leaf::SdJwt => MAX_UNMANAGED_SIGNERS,
    }
}

/// Where the document is kept in its table.
const PLACE: Uuid = Uuid::nil();
/// How often a change is decided again after another one came first. Changes are made by hand or by maintenance.
const ROUNDS: usize = 32;

impl From<PkiError> for Failure {
    fn from(error: PkiError) -> Self {
        Self::Certificate(error.to_string())
    }
}

impl From<SigningError> for Failure {
    fn from(_: SigningError) -> Self {
        Self::Signing
    }
}

/// How a change ended.
#[derive(Debug, PartialEq)]
#[must_use]
pub enum Change<T> {
    /// Made and durable.
    Done(T),
    /// The request is wrong.
    Invalid(Vec<Detail>),
    /// There is no such IACA or signer.
    Unknown,
    /// There are as many as there may be: this many.
    Full(usize),
}

impl<T> Change<T> {
    fn invalid(param: &str, msg: &str) -> Self {
        Self::Invalid(vec![Detail::body(param, msg)])
    }

    /// The operation does not apply to the signer of this id.
    fn unfit(of: Leaf, signer: Uuid, msg: &str) -> Self {
        let param = match of {
            Leaf::Document => "documentSignerId",
            Leaf::StatusList => "statusListSignerId",
            Leaf::SdJwt => "signerId",
        };
        let value = Some(signer.to_string());
        Self::Invalid(vec![Detail { location: "params", param: param.to_owned(), msg: msg.to_owned(), value }])
    }
}

/// IACAs, document signers and CRLs.
pub struct Trust {
    store: Store,
    site: Arc<Site>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    /// Who is told of what happens without a request for it: signers made, keys destroyed.
    events: Arc<dyn Events>,
    /// Follows the store after each change; held only to swap or clone the `Arc`.
    snapshot: RwLock<Arc<Snapshot>>,
}

impl Trust {
    /// Loads all from the store.
    pub async fn load(
        store: Store,
        site: Arc<Site>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        events: Arc<dyn Events>,
    ) -> Result<Self, Failure> {
        let (document, _) = read(&store).await?;
        let snapshot = RwLock::new(Arc::new(Snapshot::of(document, &store)));
        Ok(Self { store, site, clock, random, events, snapshot })
    }

    /// The document signer to sign with at `now`: of the active IACA that became valid last, the one that became valid last.
    /// `None` when none is valid.
    #[must_use]
    pub fn signer(&self, now: Timestamp) -> Option<Arc<ActiveSigner>> {
        self.snapshot().signers.iter().find(|signer| signer.may_sign(now)).cloned()
    }

    /// The signer of credentials of this format at `now`.
    #[must_use]
    pub fn signer_of(&self, format: CredentialFormat, now: Timestamp) -> Option<Arc<ActiveSigner>> {
        match format {
            CredentialFormat::MsoMdoc => self.signer(now),
            CredentialFormat::DcSdJwt => {
                self.snapshot().sd_jwt_signers.iter().find(|signer| signer.may_sign(now)).cloned()
            }
        }
    }

    /// Public keys of the signers of this format whose certificates have neither expired nor been revoked: what they signed may
    /// still be shown, and those to come are known in time.
    pub fn published_keys(&self, format: CredentialFormat, now: Timestamp) -> Result<Vec<PublicKey>, Failure> {
        let snapshot = self.snapshot();
        let mut keys = Vec::new();
        let of = match format {
            CredentialFormat::MsoMdoc => Leaf::Document,
            CredentialFormat::DcSdJwt => Leaf::SdJwt,
        };
        let signers = snapshot.document.signers(of);
        for (_, signer) in signers.filter(|(_, signer)| signer.revoked_at.is_none()) {
            let facts = signer.facts()?.filter(|facts| now < facts.validity.not_after);
            keys.extend(facts.and_then(|facts| facts.key));
        }
        Ok(keys)
    }

    /// The status list signer to sign the lists of this IACA with at `now`, whether or not the IACA is active. `None` when none is valid.
    #[must_use]
    pub fn status_signer(&self, iaca: Uuid, now: Timestamp) -> Option<Arc<ActiveSigner>> {
        let snapshot = self.snapshot();
        snapshot.status_signers.iter().find(|signer| signer.iaca_id == iaca && signer.may_sign(now)).cloned()
    }

    /// Seconds until the certificates in use expire; 0 when there is nothing to sign with.
    #[must_use]
    pub fn expiries(&self, now: Timestamp) -> Vec<(&'static str, i64)> {
        let signer = self.signer(now);
        let left = |end: Option<Timestamp>| end.map_or(0, |end| end.as_second().saturating_sub(now.as_second()));
        let iaca = signer.as_ref().map(|signer| signer.iaca_validity.not_after);
        let status = signer.as_ref().and_then(|signer| self.status_signer(signer.iaca_id, now));
        let sd_jwt = self.signer_of(CredentialFormat::DcSdJwt, now);
        vec![
            ("iaca", left(iaca)),
            ("document_signer", left(signer.map(|signer| signer.not_after))),
            ("status_list_signer", left(status.map(|signer| signer.not_after))),
            ("sd_jwt_signer", left(sd_jwt.map(|signer| signer.not_after))),
        ]
    }

    /// Makes and renews document signers and CRLs of managed IACAs as far as it is due. May run at any time and twice at once.
    /// An IACA that cannot be renewed does not keep the others from it; the first failure is the outcome.
    pub async fn maintain(&self) -> Result<(), Failure> {
        let change = self.change(|document, now| {
            let mut first = None;
            for iaca in &mut document.iacas {
                let mut tended = iaca.clone();
                match self.tend(&mut tended, now, CrlNeed::WhenDue) {
                    Ok(()) => *iaca = tended,
                    Err(failure) => {
                        tracing::error!(iaca = %iaca.id, error = %failure, "an IACA could not be renewed");
                        first.get_or_insert(failure);
                    }
                }
            }
            Ok(Change::Done(first))
        });
        match change.await? {
            Change::Done(Some(failure)) => Err(failure),
            _ => Ok(()),
        }
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Decides on the document as it is and writes what [`Change::Done`] left in it, again and again until nobody came first.
    async fn change<T>(
        &self,
        decide: impl Fn(&mut Document, Timestamp) -> Result<Change<T>, Failure>,
    ) -> Result<Change<T>, Failure> {
        for _ in 0..ROUNDS {
            let (before, version) = read(&self.store).await?;
            let mut after = before.clone();
            let outcome = decide(&mut after, self.clock.now())?;
            if after == before || !matches!(outcome, Change::Done(_)) {
                self.publish(before);
                return Ok(outcome);
            }
            after.revision = before.revision + 1;
            if self.store.document_put(TRUST, PLACE, &after, version).await? {
                self.announce(&before, &after);
                self.publish(after);
                return Ok(outcome);
            }
        }
        Err(StoreError::Contended.into())
    }

    /// Signs from `document` on, unless a newer one is in use already: a slow reader must not bring back a revoked signer.
    fn publish(&self, document: Document) {
        if document.revision <= self.snapshot().document.revision {
            return;
        }
        let new = Arc::new(Snapshot::of(document, &self.store));
        let mut current = self.snapshot.write().unwrap_or_else(PoisonError::into_inner);
        if current.document.revision < new.document.revision {
            *current = new;
        }
    }

    /// Tells of signers that were made for managed IACAs and of keys that are gone. Requests have events of their own.
    fn announce(&self, before: &Document, after: &Document) {
        for of in Leaf::ALL {
            self.announce_signers(of, before, after);
        }
        for iaca in before.iacas.iter().filter(|iaca| iaca.managed.is_some() && after.iaca(iaca.id).is_none()) {
            tracing::info!(iaca = %iaca.id, "destroyed the key of an IACA");
            self.tell(Operation::MobileCredentialIacaKeyDelete);
        }
    }

    fn announce_signers(&self, of: Leaf, before: &Document, after: &Document) {
        let (made, gone) = match of {
            Leaf::Document => {
                (Operation::MobileCredentialDocumentSignerCreate, Operation::MobileCredentialDocumentSignerKeyDelete)
            }
            Leaf::StatusList => (
                Operation::MobileCredentialStatusListSignerCreate,
                Operation::MobileCredentialStatusListSignerKeyDelete,
            ),
            Leaf::SdJwt => (Operation::SdJwtCredentialSignerCreate, Operation::SdJwtCredentialSignerKeyDelete),
        };
        let new = |id| before.signers(of).all(|(_, known)| known.id != id);
        for (iaca, signer) in after.signers(of).filter(|(iaca, signer)| iaca.managed.is_some() && new(signer.id)) {
            tracing::info!(iaca = %iaca.id, signer = %signer.id, kind = ?of, "made a signer");
            self.tell(made);
        }
        let keyless = |id| after.signers(of).all(|(_, signer)| signer.id != id || signer.key.is_none());
        for (_, signer) in before.signers(of).filter(|(_, signer)| signer.key.is_some() && keyless(signer.id)) {
            tracing::info!(signer = %signer.id, kind = ?of, "destroyed the key of a signer");
            self.tell(gone);
        }
    }

    fn tell(&self, operation: Operation) {
        start(Arc::clone(&self.events), operation).succeed();
    }

    fn links(&self, iaca: Uuid) -> Links {
        let crl = self.site.url(&format!("/v2/credentials/mobile/iacas/{iaca}/crl"));
        Links { issuer: self.site.issuer.clone(), crl }
    }
}

async fn read(store: &Store) -> Result<(Document, Option<Version>), Failure> {
    let found = store.document_find::<Document>(TRUST, PLACE).await?;
    Ok(found.map_or_else(Default::default, |(document, version)| (document, Some(version))))
}
