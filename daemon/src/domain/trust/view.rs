//! What is shown of IACAs and document signers, in the form of the management API.

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::model::{Iaca, LeafSigner};
use crate::domain::Failure;
use crate::pki::certificate::{Facts, fingerprint};
use crate::pki::pem;

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateData {
    /// `commonName` of the subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub common_name: Option<String>,
    /// `countryName` of the subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// `stateOrProvinceName` of the subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_or_province_name: Option<String>,
    /// From when it is valid.
    pub not_before: Timestamp,
    /// Until when it is valid.
    pub not_after: Timestamp,
}

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateView {
    /// PEM.
    pub certificate_pem: String,
    /// What it says.
    pub certificate_data: CertificateData,
    /// SHA-256 of the DER bytes, hexadecimal.
    pub certificate_fingerprint: String,
}

/// An IACA.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IacaView {
    /// Its id.
    pub id: Uuid,
    /// Whether its document signers may sign.
    pub active: bool,
    /// Its certificate.
    #[serde(flatten)]
    pub certificate: CertificateView,
    /// Whether its key is held here.
    pub is_managed: bool,
}

/// A document signer, or a status list signer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignerView {
    /// Its id.
    pub id: Uuid,
    /// The IACA it belongs to.
    pub iaca_id: Uuid,
    /// Whether it may sign while its IACA is active and both are valid.
    pub active: bool,
    /// The request to be signed by an unmanaged IACA, until a certificate was uploaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csr_pem: Option<String>,
    /// Its certificate.
    #[serde(flatten)]
    pub certificate: Option<CertificateView>,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revocation_date: Option<Timestamp>,
}

impl CertificateView {
    fn of(der: &[u8]) -> Result<Self, Failure> {
        let facts = Facts::read(der)?;
        let certificate_data = CertificateData {
            common_name: facts.common_name,
            country: facts.country,
            state_or_province_name: facts.state_or_province,
            not_before: facts.validity.not_before,
            not_after: facts.validity.not_after,
        };
        Ok(Self { certificate_pem: pem::certificate(der), certificate_data, certificate_fingerprint: fingerprint(der) })
    }
}

impl IacaView {
    pub(super) fn of(iaca: &Iaca) -> Result<Self, Failure> {
        let certificate = CertificateView::of(&iaca.certificate.0)?;
        Ok(Self { id: iaca.id, active: iaca.active, certificate, is_managed: iaca.managed.is_some() })
    }
}

impl SignerView {
    pub(super) fn of(iaca: &Iaca, signer: &LeafSigner) -> Result<Self, Failure> {
        let certificate = signer.certificate.as_ref().map(|der| CertificateView::of(&der.0)).transpose()?;
        let request = signer.request.as_ref().filter(|_| certificate.is_none());
        Ok(Self {
            id: signer.id,
            iaca_id: iaca.id,
            active: signer.active,
            csr_pem: request.map(|der| pem::request(&der.0)),
            certificate,
            revocation_date: signer.revoked_at,
        })
    }
}
