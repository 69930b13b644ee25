//! What is kept: one document with every IACA and its signers.
//!
//! One document, because the rules reach across: at most so many IACAs, a revocation and its CRL, an activation and the signer
//! made with it. One version guards it, so each change lands whole or not at all. It stays small: three IACAs with a dozen
//! signers each are some 50 kB.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as B64;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::Failure;
use crate::pki::certificate::Facts;
use crate::pki::issue::Leaf;

/// Bytes, base64 in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(super) struct Blob(pub(super) Vec<u8>);

impl From<Blob> for String {
    fn from(blob: Blob) -> Self {
        B64.encode(blob.0)
    }
}

impl TryFrom<String> for Blob {
    type Error = base64::DecodeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        B64.decode(text).map(Self)
    }
}

/// All there is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Document {
    /// One more with each change; tells which of two snapshots is newer.
    pub(super) revision: u64,
    /// Oldest first.
    pub(super) iacas: Vec<Iaca>,
}

/// An IACA.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Iaca {
    pub(super) id: Uuid,
    pub(super) created_at: Timestamp,
    pub(super) active: bool,
    /// DER.
    pub(super) certificate: Blob,
    /// `None` for an IACA whose key is held elsewhere.
    pub(super) managed: Option<Managed>,
    /// Document signers, oldest first.
    pub(super) signers: Vec<LeafSigner>,
    /// Status list signers, oldest first.
    #[serde(default)]
    pub(super) status_signers: Vec<LeafSigner>,
    /// Signers of SD-JWT VCs, oldest first.
    #[serde(default)]
    pub(super) sd_jwt_signers: Vec<LeafSigner>,
}

/// What comes with an IACA whose key is here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Managed {
    /// PKCS#8, sealed.
    pub(super) key: Blob,
    /// `None` only until the first is made, in the change that makes the IACA.
    pub(super) crl: Option<Crl>,
    /// Serial numbers on the CRL.
    pub(super) revoked: Vec<Revoked>,
}

/// The latest CRL of a managed IACA.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Crl {
    pub(super) number: u64,
    pub(super) this_update: Timestamp,
    pub(super) next_update: Timestamp,
    /// DER.
    pub(super) der: Blob,
}

/// A revoked certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Revoked {
    pub(super) serial: Blob,
    pub(super) at: Timestamp,
    /// End of the certificate, after which it leaves the CRL.
    pub(super) not_after: Timestamp,
}

/// A document signer, a status list signer or a signer of SD-JWT VCs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LeafSigner {
    pub(super) id: Uuid,
    pub(super) created_at: Timestamp,
    /// Whether it may sign, as far as itself is concerned.
    pub(super) active: bool,
    /// PKCS#8, sealed; `None` once it is not needed any more.
    pub(super) key: Option<Blob>,
    /// PKCS#10, DER; of an unmanaged IACA's signer only.
    pub(super) request: Option<Blob>,
    /// DER; of an unmanaged IACA's signer once it was uploaded.
    pub(super) certificate: Option<Blob>,
    pub(super) revoked_at: Option<Timestamp>,
}

impl Document {
    pub(super) fn iaca(&self, id: Uuid) -> Option<&Iaca> {
        self.iacas.iter().find(|iaca| iaca.id == id)
    }

    pub(super) fn iaca_mut(&mut self, id: Uuid) -> Option<&mut Iaca> {
        self.iacas.iter_mut().find(|iaca| iaca.id == id)
    }

    /// All signers of a kind with their IACA, by IACA and age.
    pub(super) fn signers(&self, of: Leaf) -> impl Iterator<Item = (&Iaca, &LeafSigner)> {
        self.iacas.iter().flat_map(move |iaca| iaca.signers(of).iter().map(move |signer| (iaca, signer)))
    }

    /// The IACA that has this signer.
    pub(super) fn iaca_of_mut(&mut self, of: Leaf, signer: Uuid) -> Option<&mut Iaca> {
        self.iacas.iter_mut().find(|iaca| iaca.signers(of).iter().any(|own| own.id == signer))
    }
}

impl Iaca {
    pub(super) fn facts(&self) -> Result<Facts, Failure> {
        Ok(Facts::read(&self.certificate.0)?)
    }

    pub(super) fn signers(&self, of: Leaf) -> &[LeafSigner] {
        match of {
            Leaf::Document => &self.signers,
            Leaf::StatusList => &self.status_signers,
            Leaf::SdJwt => &self.sd_jwt_signers,
        }
    }

    pub(super) fn signers_mut(&mut self, of: Leaf) -> &mut Vec<LeafSigner> {
        match of {
            Leaf::Document => &mut self.signers,
            Leaf::StatusList => &mut self.status_signers,
            Leaf::SdJwt => &mut self.sd_jwt_signers,
        }
    }

    pub(super) fn signer_mut(&mut self, of: Leaf, id: Uuid) -> Option<&mut LeafSigner> {
        self.signers_mut(of).iter_mut().find(|signer| signer.id == id)
    }
}

impl LeafSigner {
    /// What its certificate says, when it has one.
    pub(super) fn facts(&self) -> Result<Option<Facts>, Failure> {
        self.certificate.as_ref().map(|certificate| Facts::read(&certificate.0)).transpose().map_err(Failure::from)
    }
}

/// Where the sealed key of an IACA or a signer belongs; a key moved elsewhere does not open.
pub(super) fn key_place(id: Uuid) -> String {
    format!("trust/{id}")
}
