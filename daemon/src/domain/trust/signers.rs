//! Operations on document signers and status list signers: made by hand under unmanaged IACAs, revoked under managed ones.

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::model::{Blob, Iaca, LeafSigner, Revoked, key_place};
use super::renewal::CrlNeed;
use super::request::{SignerUpdate, new_signer, nothing, signer_update, whole_seconds};
use super::view::SignerView;
use super::{Change, Trust, most_unmanaged};
use crate::base::id::random_uuid;
use crate::domain::Failure;
use crate::pki::certificate::Facts;
use crate::pki::check;
use crate::pki::issue::{Leaf, leaf_request};
use crate::pki::key::CertificateKey;
use crate::signer::{Algorithm, SoftwareKey};
use crate::wire::fields::Detail;

const MANAGED: &str = "signers of a managed IACA are made and renewed automatically";

impl Trust {
    /// Makes the key and the certificate request of a signer under an unmanaged IACA.
    pub async fn signer_create(&self, of: Leaf, body: &Map<String, Value>) -> Result<Change<SignerView>, Failure> {
        self.change(|document, now| {
            let id = match new_signer(body) {
                Ok(id) => id,
                Err(mistakes) => return Ok(Change::Invalid(mistakes)),
            };
            let unmanaged = document.signers(of).filter(|(iaca, _)| iaca.managed.is_none()).count();
            let Some(iaca) = document.iaca_mut(id) else { return Ok(Change::invalid("iacaId", "Resource Not Found")) };
            if iaca.managed.is_some() {
                return Ok(Change::invalid("iacaId", MANAGED));
            }
            if unmanaged >= most_unmanaged(of) {
                return Ok(Change::Full(most_unmanaged(of)));
            }
            let signer = self.make_request(of, iaca, now)?;
            let view = SignerView::of(iaca, &signer)?;
            iaca.signers_mut(of).push(signer);
            Ok(Change::Done(view))
        })
        .await
    }

    fn make_request(&self, of: Leaf, iaca: &Iaca, now: Timestamp) -> Result<LeafSigner, Failure> {
        let id = random_uuid(self.random.as_ref())?;
        let pkcs8 = SoftwareKey::generate_pkcs8(Algorithm::Es256)?;
        let subject = self.signer_subject(of, &iaca.facts()?);
        let request = leaf_request(of, &CertificateKey::from_pkcs8(&pkcs8)?, &subject)?;
        Ok(LeafSigner {
            id,
            created_at: now,
            active: false,
            key: Some(Blob(self.store.seal_key(&key_place(id), &pkcs8)?)),
            request: Some(Blob(request)),
            certificate: None,
            revoked_at: None,
        })
    }

    /// All signers of a kind, by age of their IACA and their own.
    pub fn signers(&self, of: Leaf) -> Result<Vec<SignerView>, Failure> {
        self.snapshot().document.signers(of).map(|(iaca, signer)| SignerView::of(iaca, signer)).collect()
    }

    /// One signer.
    pub fn find_signer(&self, of: Leaf, id: Uuid) -> Result<Option<SignerView>, Failure> {
        let snapshot = self.snapshot();
        let found = snapshot.document.signers(of).find(|(_, signer)| signer.id == id);
        found.map(|(iaca, signer)| SignerView::of(iaca, signer)).transpose()
    }

    /// Takes the certificate of an unmanaged IACA's signer, and activates or deactivates it.
    pub async fn signer_update(
        &self,
        of: Leaf,
        id: Uuid,
        body: &Map<String, Value>,
    ) -> Result<Change<SignerView>, Failure> {
        self.change(|document, now| {
            let Some(iaca) = document.iaca_of_mut(of, id) else { return Ok(Change::Unknown) };
            let update = match signer_update(body) {
                Ok(update) => update,
                Err(mistakes) => return Ok(Change::Invalid(mistakes)),
            };
            if iaca.managed.is_some() {
                return Ok(Change::unfit(of, id, MANAGED));
            }
            let root = iaca.certificate.0.clone();
            let Some(signer) = iaca.signer_mut(of, id) else { return Ok(Change::Unknown) };
            if let Some(invalid) = self.update(of, (signer, &root), update, now)? {
                return Ok(invalid);
            }
            let signer = signer.clone();
            Ok(Change::Done(SignerView::of(iaca, &signer)?))
        })
        .await
    }

    /// Changes the signer, or names what is wrong.
    fn update(
        &self,
        of: Leaf,
        (signer, root): (&mut LeafSigner, &[u8]),
        update: SignerUpdate,
        now: Timestamp,
    ) -> Result<Option<Change<SignerView>>, Failure> {
        if let Some(der) = update.certificate {
            let mistakes = self.mistakes(of, (signer, &der), root, now)?;
            if !mistakes.is_empty() {
                let named = mistakes.into_iter().map(|mistake| Detail::body("certificatePem", mistake));
                return Ok(Some(Change::Invalid(named.collect())));
            }
            signer.certificate = Some(Blob(der));
        }
        let active = update.active.unwrap_or(signer.active);
        match signer.facts()? {
            None if active => return Ok(Some(Change::invalid("active", "needs a certificate: give certificatePem"))),
            Some(facts) if active && facts.validity.not_after <= now => {
                return Ok(Some(Change::invalid("active", "the certificate has expired")));
            }
            _ => signer.active = active,
        }
        Ok(None)
    }

    fn mistakes(
        &self,
        of: Leaf,
        (signer, der): (&LeafSigner, &[u8]),
        root: &[u8],
        now: Timestamp,
    ) -> Result<Vec<&'static str>, Failure> {
        let Some(sealed) = &signer.key else { return Err(Failure::Signing) };
        let key = SoftwareKey::from_pkcs8(Algorithm::Es256, &self.store.open_key(&key_place(signer.id), &sealed.0)?)?;
        let mut mistakes = check::leaf(of, der, root, key.public_key());
        if Facts::read(der).is_ok_and(|facts| facts.validity.not_after <= now) {
            mistakes.push("has expired");
        }
        Ok(mistakes)
    }

    /// Deletes a signer of an unmanaged IACA and its key.
    pub async fn signer_delete(&self, of: Leaf, id: Uuid) -> Result<Change<()>, Failure> {
        self.change(|document, _| {
            let Some(iaca) = document.iaca_of_mut(of, id) else { return Ok(Change::Unknown) };
            if iaca.managed.is_some() {
                return Ok(Change::unfit(of, id, MANAGED));
            }
            iaca.signers_mut(of).retain(|signer| signer.id != id);
            Ok(Change::Done(()))
        })
        .await
    }

    /// Revokes a signer of a managed IACA: its key is gone, its serial number on the CRL, another signer in its place.
    /// Revoking it again changes nothing. The outcome is when it was revoked.
    pub async fn signer_revoke(
        &self,
        of: Leaf,
        id: Uuid,
        body: &Map<String, Value>,
    ) -> Result<Change<Timestamp>, Failure> {
        self.change(|document, now| {
            let Some(iaca) = document.iaca_of_mut(of, id) else { return Ok(Change::Unknown) };
            if let Err(mistakes) = nothing(body) {
                return Ok(Change::Invalid(mistakes));
            }
            if iaca.managed.is_none() {
                return Ok(Change::unfit(of, id, "the IACA's own CA revokes signers of an unmanaged IACA"));
            }
            let before = iaca.signers(of).iter().find(|signer| signer.id == id).and_then(|signer| signer.revoked_at);
            match before {
                Some(at) => Ok(Change::Done(at)),
                None => self.revoke(of, iaca, id, whole_seconds(now)).map(Change::Done),
            }
        })
        .await
    }

    fn revoke(&self, of: Leaf, iaca: &mut Iaca, id: Uuid, now: Timestamp) -> Result<Timestamp, Failure> {
        if let Some(signer) = iaca.signer_mut(of, id) {
            signer.active = false;
            signer.key = None;
            signer.revoked_at = Some(now);
            let facts = signer.facts()?;
            if let (Some(facts), Some(managed)) = (facts, &mut iaca.managed) {
                let (serial, not_after) = (Blob(facts.serial), facts.validity.not_after);
                managed.revoked.push(Revoked { serial, at: now, not_after });
            }
        }
        self.tend(iaca, now, CrlNeed::Now)?;
        Ok(now)
    }
}
