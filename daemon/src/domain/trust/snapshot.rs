//! What signing needs, in memory, made anew after each change.

use std::cmp::Reverse;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::model::{Document, Iaca, LeafSigner, key_place};
use crate::domain::Failure;
use crate::format::mdoc::SignerPlace;
use crate::pki::certificate::Facts;
use crate::pki::issue::Leaf;
use crate::pki::{Validity, check};
use crate::signer::{Algorithm, Signer, SoftwareKey};
use crate::store::Store;

/// A signer of any kind that may sign while it is valid.
pub struct ActiveSigner {
    /// Its id.
    pub id: Uuid,
    /// The IACA that certified it.
    pub iaca_id: Uuid,
    /// Its key.
    pub key: Arc<dyn Signer>,
    /// Its certificate, DER.
    pub certificate: Vec<u8>,
    /// From when it may sign.
    pub not_before: Timestamp,
    /// Until when: the earlier of its own end and the IACA's.
    pub not_after: Timestamp,
    /// `countryName`, which an mDL's `issuing_country` must equal.
    pub country: String,
    /// `stateOrProvinceName`, which an mDL's `issuing_jurisdiction` must equal when it has one.
    pub state_or_province: Option<String>,
    /// The IACA's validity.
    pub iaca_validity: Validity,
}

impl ActiveSigner {
    /// Whether it may sign at `now`.
    #[must_use]
    pub fn may_sign(&self, now: Timestamp) -> bool {
        Validity { not_before: self.not_before, not_after: self.not_after }.contains(now)
    }

    /// Where its certificate says it is, which an mDL must not contradict.
    #[must_use]
    pub fn place(&self) -> SignerPlace<'_> {
        SignerPlace { country: &self.country, state_or_province: self.state_or_province.as_deref() }
    }
}

/// The trust document as it was at one revision.
pub(super) struct Snapshot {
    pub(super) document: Document,
    /// Document signers; the first that is valid is the one to sign with.
    pub(super) signers: Vec<Arc<ActiveSigner>>,
    /// Status list signers in the same order, those of inactive IACAs among them.
    pub(super) status_signers: Vec<Arc<ActiveSigner>>,
    /// Signers of SD-JWT VCs in the same order.
    pub(super) sd_jwt_signers: Vec<Arc<ActiveSigner>>,
}

impl Snapshot {
    pub(super) fn of(document: Document, store: &Store) -> Self {
        let [signers, status_signers, sd_jwt_signers] = Leaf::ALL.map(|of| active(of, &document, store));
        Self { signers, status_signers, sd_jwt_signers, document }
    }
}

fn active(of: Leaf, document: &Document, store: &Store) -> Vec<Arc<ActiveSigner>> {
    let active = document.signers(of).filter(|(iaca, signer)| signer.active && (iaca.active || of == Leaf::StatusList));
    let mut signers: Vec<_> = active
        .filter_map(|(iaca, signer)| match open(of, iaca, signer, store) {
            Ok(opened) => opened,
            Err(failure) => {
                tracing::error!(signer = %signer.id, error = %failure, "a signer is left out");
                None
            }
        })
        .map(|opened| (order(document, &opened), Arc::new(opened)))
        .collect();
    signers.sort_by_key(|(order, _)| *order);
    signers.into_iter().map(|(_, signer)| signer).collect()
}

/// The signer of the IACA that became valid last, and of its signers the one that became valid last.
fn order(document: &Document, signer: &ActiveSigner) -> impl Ord + Copy + use<> {
    let iaca = document.iaca(signer.iaca_id).map(|iaca| iaca.created_at);
    (Reverse(signer.iaca_validity.not_before), Reverse(iaca), Reverse(signer.not_before), signer.id)
}

/// `None` for a signer that has no certificate yet or no key any more. A certificate outside its profile, or one that does not
/// fit its key, is an error.
fn open(of: Leaf, iaca: &Iaca, signer: &LeafSigner, store: &Store) -> Result<Option<ActiveSigner>, Failure> {
    let (Some(certificate), Some(sealed)) = (&signer.certificate, &signer.key) else { return Ok(None) };
    let (facts, root) = (Facts::read(&certificate.0)?, iaca.facts()?);
    let public = facts.key.ok_or_else(|| Failure::Certificate("the public key is of an unknown kind".into()))?;
    let pkcs8 = store.open_key(&key_place(signer.id), &sealed.0)?;
    let key = SoftwareKey::from_pkcs8(Algorithm::of(&public), &pkcs8).map_err(|_| Failure::Signing)?;
    if let Some(mistake) = check::leaf(of, &certificate.0, &iaca.certificate.0, key.public_key()).first() {
        return Err(Failure::Certificate((*mistake).into()));
    }
    Ok(Some(ActiveSigner {
        id: signer.id,
        iaca_id: iaca.id,
        key: Arc::new(key),
        certificate: certificate.0.clone(),
        not_before: facts.validity.not_before.max(root.validity.not_before),
        not_after: facts.validity.not_after.min(root.validity.not_after),
        country: facts.country.unwrap_or_default(),
        state_or_province: facts.state_or_province,
        iaca_validity: root.validity,
    }))
}

#[cfg(test)]
impl super::Trust {
    /// Signs with `key` from now on, until the next change; the certificates stay what they are.
    pub(crate) fn sign_with(&self, key: &Arc<dyn Signer>) {
        let mut snapshot = self.snapshot.write().unwrap();
        let replaced = |old: &Arc<ActiveSigner>| {
            Arc::new(ActiveSigner {
                key: Arc::clone(key),
                certificate: old.certificate.clone(),
                country: old.country.clone(),
                state_or_province: old.state_or_province.clone(),
                ..**old
            })
        };
        let signers = snapshot.signers.iter().map(replaced).collect();
        let status_signers = snapshot.status_signers.clone();
        let sd_jwt_signers = snapshot.sd_jwt_signers.clone();
        let document = snapshot.document.clone();
        *snapshot = Arc::new(Snapshot { document, signers, status_signers, sd_jwt_signers });
    }
}
