//! Certificates of metadata signers, from the IACA that documents are signed under.

use jiff::Timestamp;
use uuid::Uuid;

use super::Trust;
use super::model::{Iaca, key_place};
use super::request::{named_after, whole_seconds};
use crate::base::secret::Secret;
use crate::domain::Failure;
use crate::pki::issue::{Authority, Content, Subject};
use crate::pki::key::CertificateKey;
use crate::pki::metadata::{METADATA_SIGNER_DAYS, metadata_signer};
use crate::pki::{Validity, days_after};

/// A certificate that an IACA made for a metadata signer.
pub struct Certified {
    /// The IACA.
    pub iaca: Uuid,
    /// DER.
    pub certificate: Vec<u8>,
    /// When it may be used.
    pub validity: Validity,
}

impl Trust {
    /// The IACA that certifies a metadata signer at `now`: of the active ones whose key is here, the one that became valid last.
    #[must_use]
    pub fn certifier(&self, now: Timestamp) -> Option<Uuid> {
        self.snapshot().document.iacas.iter().filter_map(|iaca| eligible(iaca, now)).max().map(|(_, _, id)| id)
    }

    /// Certifies the metadata signer with this key (PKCS#8); `None` while no IACA can.
    pub fn certify_metadata_signer(&self, key: &Secret, now: Timestamp) -> Result<Option<Certified>, Failure> {
        let snapshot = self.snapshot();
        let id = self.certifier(now);
        let Some(iaca) = id.and_then(|id| snapshot.document.iaca(id)) else { return Ok(None) };
        let Some(managed) = &iaca.managed else { return Ok(None) };
        let (start, facts) = (whole_seconds(now), iaca.facts()?);
        let root = CertificateKey::from_pkcs8(&self.store.open_key(&key_place(iaca.id), &managed.key.0)?)?;
        let not_after = days_after(start, METADATA_SIGNER_DAYS).min(facts.validity.not_after);
        let validity = Validity { not_before: start, not_after };
        let subject = Subject {
            country: facts.country.unwrap_or_default(),
            state_or_province: facts.state_or_province,
            common_name: named_after(&self.site, "metadata signer"),
        };
        let content = Content { subject: &subject, validity, links: &self.links(iaca.id) };
        let authority = Authority { certificate: &iaca.certificate.0, key: &root };
        let key = CertificateKey::from_pkcs8(key)?;
        let certificate = metadata_signer(&authority, &key, &content, &self.site.issuer, self.random.as_ref())?;
        Ok(Some(Certified { iaca: iaca.id, certificate, validity }))
    }
}

fn eligible(iaca: &Iaca, now: Timestamp) -> Option<(Timestamp, Timestamp, Uuid)> {
    let validity = iaca.facts().ok()?.validity;
    let able = iaca.active && iaca.managed.is_some() && validity.contains(now);
    able.then_some((validity.not_before, iaca.created_at, iaca.id))
}
