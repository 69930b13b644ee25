//! What happens by itself to a managed IACA: signers are made and renewed, their keys forgotten, the CRL kept fresh.
//!
//! Nothing here reads or writes the store: each step changes the document in hand, which is then written whole or not at all.

use jiff::Timestamp;

use super::Trust;
use super::model::{Blob, Crl, Iaca, LeafSigner, Managed, key_place};
use super::request::{named_after, whole_seconds};
use crate::base::id::random_uuid;
use crate::domain::Failure;
use crate::pki::certificate::Facts;
use crate::pki::crl::{CrlContent, RevokedCertificate, make};
use crate::pki::issue::{Authority, Content, Leaf, Subject, leaf};
use crate::pki::key::CertificateKey;
use crate::pki::{DOCUMENT_SIGNER_DAYS, STATUS_SIGNER_DAYS, Validity, days_after};
use crate::signer::{Algorithm, SoftwareKey};

/// How long a document signer signs before its successor does. An mDL may be valid for 427 days and not longer than its signer,
/// which lives 457; so for 30 days a new signer can sign an mDL of full length. It also bounds what one key signs.
const SIGNING_DAYS: i64 = 30;
/// How long a status list signer signs before its successor does. Lists live for days, so a year of its 1187 days is a matter of how
/// much one key signs and nothing else.
const STATUS_SIGNING_DAYS: i64 = 365;
/// How long before its start a successor is made, and how long after it a predecessor keeps its key: a week without
/// maintenance, or a clock set back by a week, leaves a signer.
const OVERLAP_DAYS: i64 = 7;
/// How long a CRL may be relied on.
const CRL_DAYS: i64 = 7;
/// Age at which a CRL is renewed.
const CRL_RENEWAL_DAYS: i64 = 1;

/// Whether a CRL must be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CrlNeed {
    /// When the last one gets old.
    WhenDue,
    /// Since what it lists has changed.
    Now,
}

/// An unsealed IACA.
struct Root {
    key: CertificateKey,
    facts: Facts,
}

impl Trust {
    /// Brings a managed IACA up to `now`; leaves unmanaged ones alone. Doing it twice changes nothing more.
    pub(super) fn tend(&self, iaca: &mut Iaca, now: Timestamp, crl: CrlNeed) -> Result<(), Failure> {
        let Some(managed) = &iaca.managed else { return Ok(()) };
        let (now, facts) = (whole_seconds(now), iaca.facts()?);
        let key = CertificateKey::from_pkcs8(&self.store.open_key(&key_place(iaca.id), &managed.key.0)?)?;
        drop_expired(iaca, now)?;
        if facts.validity.not_after <= now {
            return Ok(());
        }
        let root = Root { key, facts };
        if iaca.active {
            self.renew(Leaf::Document, iaca, &root, now)?;
            self.renew(Leaf::SdJwt, iaca, &root, now)?;
        }
        // What an IACA has issued outlives its being active, and so do the lists that tell whether it is still good.
        if iaca.active || !iaca.status_signers.is_empty() {
            self.renew(Leaf::StatusList, iaca, &root, now)?;
        }
        renew_crl(iaca, &root, now, crl)
    }

    fn renew(&self, of: Leaf, iaca: &mut Iaca, root: &Root, now: Timestamp) -> Result<(), Failure> {
        if let Some(start) = next_start(of, iaca.signers(of), root.facts.validity, now)? {
            let signer = self.make_signer(of, iaca, root, start, now)?;
            iaca.signers_mut(of).push(signer);
        }
        retire(iaca.signers_mut(of), now)
    }

    fn make_signer(
        &self,
        of: Leaf,
        iaca: &Iaca,
        root: &Root,
        start: Timestamp,
        now: Timestamp,
    ) -> Result<LeafSigner, Failure> {
        let id = random_uuid(self.random.as_ref())?;
        let pkcs8 = SoftwareKey::generate_pkcs8(Algorithm::Es256)?;
        let subject = self.signer_subject(of, &root.facts);
        let not_after = days_after(start, life_days(of)).min(root.facts.validity.not_after);
        let validity = Validity { not_before: start, not_after };
        let content = Content { subject: &subject, validity, links: &self.links(iaca.id) };
        let authority = Authority { certificate: &iaca.certificate.0, key: &root.key };
        let key = CertificateKey::from_pkcs8(&pkcs8)?;
        let certificate = leaf(of, &authority, &key, &content, self.random.as_ref())?;
        Ok(LeafSigner {
            id,
            created_at: now,
            active: true,
            key: Some(Blob(self.store.seal_key(&key_place(id), &pkcs8)?)),
            request: None,
            certificate: Some(Blob(certificate)),
            revoked_at: None,
        })
    }

    /// The subject of a signer: the place of its IACA (Table B.3), and a name.
    pub(super) fn signer_subject(&self, of: Leaf, iaca: &Facts) -> Subject {
        let role = match of {
            Leaf::Document => "document signer",
            Leaf::StatusList => "status list signer",
            Leaf::SdJwt => "SD-JWT VC signer",
        };
        Subject {
            country: iaca.country.clone().unwrap_or_default(),
            state_or_province: iaca.state_or_province.clone(),
            common_name: named_after(&self.site, role),
        }
    }
}

fn life_days(of: Leaf) -> i64 {
    match of {
        Leaf::Document | Leaf::SdJwt => DOCUMENT_SIGNER_DAYS,
        Leaf::StatusList => STATUS_SIGNER_DAYS,
    }
}

fn signing_days(of: Leaf) -> i64 {
    match of {
        Leaf::Document | Leaf::SdJwt => SIGNING_DAYS,
        Leaf::StatusList => STATUS_SIGNING_DAYS,
    }
}

fn drop_expired(iaca: &mut Iaca, now: Timestamp) -> Result<(), Failure> {
    for of in Leaf::ALL {
        let mut kept = Vec::with_capacity(iaca.signers(of).len());
        for signer in iaca.signers_mut(of).drain(..) {
            if signer.facts()?.is_none_or(|facts| now < facts.validity.not_after) {
                kept.push(signer);
            }
        }
        *iaca.signers_mut(of) = kept;
    }
    Ok(())
}

/// When each signer that can sign may do so.
fn usable(signers: &[LeafSigner]) -> Result<Vec<Validity>, Failure> {
    let mut all = Vec::new();
    for signer in signers.iter().filter(|signer| signer.active && signer.key.is_some()) {
        all.extend(signer.facts()?.map(|facts| facts.validity));
    }
    Ok(all)
}

/// The start of the one that signs at `now`.
fn current(usable: &[Validity], now: Timestamp) -> Option<Timestamp> {
    usable.iter().filter(|validity| validity.contains(now)).map(|validity| validity.not_before).max()
}

/// When a signer that is still to be made starts; `None` while none is needed.
fn next_start(of: Leaf, signers: &[LeafSigner], root: Validity, now: Timestamp) -> Result<Option<Timestamp>, Failure> {
    let (usable, now) = (usable(signers)?, now.max(root.not_before));
    let start = match current(&usable, now) {
        None => now,
        Some(current) => {
            let start = days_after(current, signing_days(of)).max(now);
            let successor = usable.iter().any(|other| current < other.not_before && other.not_before <= start);
            if successor || days_after(now, OVERLAP_DAYS) < start {
                return Ok(None);
            }
            start
        }
    };
    Ok(Some(start).filter(|start| *start < root.not_after))
}

/// Forgets the keys of signers whose successor has been signing for a while. Their certificates stay listed until they expire.
fn retire(signers: &mut [LeafSigner], now: Timestamp) -> Result<(), Failure> {
    let Some(current) = current(&usable(signers)?, now) else { return Ok(()) };
    if now < days_after(current, OVERLAP_DAYS) {
        return Ok(());
    }
    for signer in signers {
        if signer.facts()?.is_some_and(|facts| facts.validity.not_before < current) {
            signer.active = false;
            signer.key = None;
        }
    }
    Ok(())
}

fn renew_crl(iaca: &mut Iaca, root: &Root, now: Timestamp, need: CrlNeed) -> Result<(), Failure> {
    let Some(managed) = &mut iaca.managed else { return Ok(()) };
    let fresh = managed.crl.as_ref().is_some_and(|crl| {
        // A CRL from the future comes from a clock that was set back since.
        crl.this_update <= now && now < days_after(crl.this_update, CRL_RENEWAL_DAYS)
    });
    if fresh && need == CrlNeed::WhenDue {
        return Ok(());
    }
    forget_revoked(managed);
    let authority = Authority { certificate: &iaca.certificate.0, key: &root.key };
    managed.crl = Some(next_crl(managed, &authority, now)?);
    Ok(())
}

/// An expired certificate leaves the CRL once it was on one made after its end (RFC 5280 3.3).
fn forget_revoked(managed: &mut Managed) {
    if let Some(last) = managed.crl.as_ref().map(|crl| crl.this_update) {
        managed.revoked.retain(|revoked| last <= revoked.not_after);
    }
}

fn next_crl(managed: &Managed, authority: &Authority<'_>, now: Timestamp) -> Result<Crl, Failure> {
    let number = managed.crl.as_ref().map_or(1, |last| last.number.saturating_add(1));
    let next_update = days_after(now, CRL_DAYS);
    let revoked =
        managed.revoked.iter().map(|revoked| RevokedCertificate { serial: &revoked.serial.0, at: revoked.at });
    let revoked: Vec<_> = revoked.collect();
    let der = make(authority, &CrlContent { number, this_update: now, next_update, revoked: &revoked })?;
    Ok(Crl { number, this_update: now, next_update, der: Blob(der) })
}
