//! Operations on IACAs.

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::model::{Blob, Iaca, Managed, key_place};
use super::renewal::CrlNeed;
use super::request::{NewIaca, iaca_update, new_iaca};
use super::view::IacaView;
use super::{Change, MAX_IACAS, Trust};
use crate::base::id::random_uuid;
use crate::domain::Failure;
use crate::pki::Validity;
use crate::pki::issue::{Content, Subject, iaca};
use crate::pki::key::CertificateKey;
use crate::signer::{Algorithm, SoftwareKey};

/// The CRL of a managed IACA as it is to be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentCrl {
    /// DER.
    pub der: Vec<u8>,
    /// When a newer one will be there at the latest.
    pub next_update: Timestamp,
}

impl Trust {
    /// Makes a managed IACA or registers an unmanaged one; inactive either way.
    pub async fn iaca_create(&self, body: &Map<String, Value>) -> Result<Change<IacaView>, Failure> {
        self.create(body, false).await
    }

    /// The same, active from the start: for the first IACA of an installation, which nobody knows yet.
    pub async fn create_active(&self, body: &Map<String, Value>) -> Result<Change<IacaView>, Failure> {
        self.create(body, true).await
    }

    /// Makes an active IACA with the defaults of the site when no active one is unexpired.
    pub async fn ensure_active(&self) -> Result<(), Failure> {
        let now = self.clock.now();
        for iaca in &self.snapshot().document.iacas {
            if iaca.active && now < iaca.facts()?.validity.not_after {
                return self.maintain().await;
            }
        }
        match self.create_active(&Map::new()).await? {
            Change::Done(_) => Ok(()),
            Change::Invalid(mistakes) => {
                let named: Vec<_> =
                    mistakes.iter().map(|mistake| format!("{} {}", mistake.param, mistake.msg)).collect();
                Err(Failure::Certificate(named.join("; ")))
            }
            Change::Unknown | Change::Full(_) => Err(Failure::NoSigner),
        }
    }

    async fn create(&self, body: &Map<String, Value>, active: bool) -> Result<Change<IacaView>, Failure> {
        self.change(|document, now| {
            let request = match new_iaca(body, &self.site, now) {
                Ok(request) => request,
                Err(mistakes) => return Ok(Change::Invalid(mistakes)),
            };
            if let NewIaca::Unmanaged(der) = &request
                && document.iacas.iter().any(|known| known.certificate.0 == *der)
            {
                return Ok(Change::invalid("certificatePem", "is registered already"));
            }
            if document.iacas.len() >= MAX_IACAS {
                return Ok(Change::Full(MAX_IACAS));
            }
            let made = self.make_iaca(request, active, now)?;
            let view = IacaView::of(&made)?;
            document.iacas.push(made);
            Ok(Change::Done(view))
        })
        .await
    }

    fn make_iaca(&self, request: NewIaca, active: bool, now: Timestamp) -> Result<Iaca, Failure> {
        let id = random_uuid(self.random.as_ref())?;
        let (certificate, managed) = match request {
            NewIaca::Unmanaged(der) => (der, None),
            NewIaca::Managed { subject, validity } => {
                let (der, managed) = self.make_root(id, &subject, validity)?;
                (der, Some(managed))
            }
        };
        let certificate = Blob(certificate);
        let mut made = Iaca {
            id,
            created_at: now,
            active,
            certificate,
            managed,
            signers: Vec::new(),
            status_signers: Vec::new(),
            sd_jwt_signers: Vec::new(),
        };
        // Verifiers may ask for the CRL as soon as they know the certificate.
        self.tend(&mut made, now, CrlNeed::Now)?;
        Ok(made)
    }

    fn make_root(&self, id: Uuid, subject: &Subject, validity: Validity) -> Result<(Vec<u8>, Managed), Failure> {
        let pkcs8 = SoftwareKey::generate_pkcs8(Algorithm::Es256)?;
        let content = Content { subject, validity, links: &self.links(id) };
        let certificate = iaca(&CertificateKey::from_pkcs8(&pkcs8)?, &content, self.random.as_ref())?;
        let key = Blob(self.store.seal_key(&key_place(id), &pkcs8)?);
        Ok((certificate, Managed { key, crl: None, revoked: Vec::new() }))
    }

    /// All IACAs, oldest first.
    pub fn iacas(&self) -> Result<Vec<IacaView>, Failure> {
        self.snapshot().document.iacas.iter().map(IacaView::of).collect()
    }

    /// One IACA.
    pub fn iaca(&self, id: Uuid) -> Result<Option<IacaView>, Failure> {
        self.snapshot().document.iaca(id).map(IacaView::of).transpose()
    }

    /// Activates or deactivates an IACA. A managed one that becomes active gets a document signer with it.
    pub async fn iaca_update(&self, id: Uuid, body: &Map<String, Value>) -> Result<Change<IacaView>, Failure> {
        self.change(|document, now| {
            let Some(iaca) = document.iaca_mut(id) else { return Ok(Change::Unknown) };
            let active = match iaca_update(body) {
                Ok(active) => active,
                Err(mistakes) => return Ok(Change::Invalid(mistakes)),
            };
            if active && iaca.facts()?.validity.not_after <= now {
                return Ok(Change::invalid("active", "the IACA has expired"));
            }
            iaca.active = active;
            self.tend(iaca, now, CrlNeed::WhenDue)?;
            Ok(Change::Done(IacaView::of(iaca)?))
        })
        .await
    }

    /// Deletes an IACA with its signers, their keys and its CRL; active or not, as the way to retire one.
    pub async fn iaca_delete(&self, id: Uuid) -> Result<Change<()>, Failure> {
        self.change(|document, _| {
            let before = document.iacas.len();
            document.iacas.retain(|iaca| iaca.id != id);
            Ok(if document.iacas.len() < before { Change::Done(()) } else { Change::Unknown })
        })
        .await
    }

    /// The CRL of a managed IACA; `None` for others.
    #[must_use]
    pub fn crl(&self, id: Uuid) -> Option<CurrentCrl> {
        let snapshot = self.snapshot();
        let crl = snapshot.document.iaca(id)?.managed.as_ref()?.crl.as_ref()?;
        Some(CurrentCrl { der: crl.der.0.clone(), next_update: crl.next_update })
    }

    /// The root certificates, DER, that credentials of this issuer may chain to: of every unexpired IACA that is active, or that
    /// is not any more while a document signer it certified has not expired. One that was never active is not yet among them.
    pub fn anchors(&self, now: Timestamp) -> Result<Vec<Vec<u8>>, Failure> {
        let mut anchors = Vec::new();
        for iaca in &self.snapshot().document.iacas {
            if now < iaca.facts()?.validity.not_after && (iaca.active || has_living_signer(iaca, now)?) {
                anchors.push(iaca.certificate.0.clone());
            }
        }
        Ok(anchors)
    }
}

fn has_living_signer(iaca: &Iaca, now: Timestamp) -> Result<bool, Failure> {
    for signer in iaca.signers.iter().chain(&iaca.sd_jwt_signers) {
        if signer.facts()?.is_some_and(|facts| now < facts.validity.not_after) {
            return Ok(true);
        }
    }
    Ok(false)
}
