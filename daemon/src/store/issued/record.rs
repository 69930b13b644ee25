//! The record of an issued credential, and how it is written: credentials of all formats in format 2, mdocs of before in format 1.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::fmt::serde::timestamp::microsecond::required;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::store::{StoreError, codec};

/// Format of records with digests by format.
const FORMAT: u8 = 2;
/// What a record is called in errors.
const WHAT: &str = "credential";

/// A record of one issued credential: metadata and digests, no claim value, no credential.
///
/// It is read from the store by `unpack` alone, which knows the older format too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Issued {
    /// The credential's id.
    pub id: Uuid,
    /// The user it was issued to.
    pub user_id: Uuid,
    /// The offer it came from.
    pub offer_id: Uuid,
    /// The configuration it follows.
    pub configuration_id: Uuid,
    /// Its docType, or its `vct`.
    pub credential_type: String,
    /// RFC 7638 thumbprint of the holder's key; `None` for a credential that is bound to none.
    pub key_thumbprint: Option<String>,
    /// What tells it from all others.
    pub digests: Digests,
    /// The signer that signed it.
    pub document_signer_id: Uuid,
    /// When it was issued.
    #[serde(with = "required")]
    pub issued_at: Timestamp,
    /// Start of its validity.
    #[serde(with = "required")]
    pub valid_from: Timestamp,
    /// End of its validity.
    #[serde(with = "required")]
    pub valid_until: Timestamp,
}

/// Digests of a credential, base64url, by its format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Digests {
    /// `mso_mdoc`
    Mdoc {
        /// SHA-256 of the mobile security object.
        mso_hash: String,
        /// namespace → element → digest id and digest.
        namespaces: BTreeMap<String, BTreeMap<String, (u64, String)>>,
    },
    /// `dc+sd-jwt`
    SdJwtVc {
        /// SHA-256 of the issuer-signed JWT.
        jwt_hash: String,
        /// JSON Pointer of a claim → digest of its disclosure.
        disclosures: BTreeMap<String, String>,
    },
}

/// A record of format 1, from when there were mdocs only.
#[derive(Deserialize)]
#[cfg_attr(test, derive(Serialize))]
struct MdocRecord {
    id: Uuid,
    user_id: Uuid,
    offer_id: Uuid,
    configuration_id: Uuid,
    doc_type: String,
    key_thumbprint: String,
    mso_hash: String,
    namespaces: BTreeMap<String, BTreeMap<String, (u64, String)>>,
    document_signer_id: Uuid,
    #[serde(with = "required")]
    issued_at: Timestamp,
    #[serde(with = "required")]
    valid_from: Timestamp,
    #[serde(with = "required")]
    valid_until: Timestamp,
}

impl From<MdocRecord> for Issued {
    fn from(record: MdocRecord) -> Self {
        Self {
            id: record.id,
            user_id: record.user_id,
            offer_id: record.offer_id,
            configuration_id: record.configuration_id,
            credential_type: record.doc_type,
            key_thumbprint: Some(record.key_thumbprint),
            digests: Digests::Mdoc { mso_hash: record.mso_hash, namespaces: record.namespaces },
            document_signer_id: record.document_signer_id,
            issued_at: record.issued_at,
            valid_from: record.valid_from,
            valid_until: record.valid_until,
        }
    }
}

impl Issued {
    /// The bytes to store.
    pub(in crate::store) fn pack(&self) -> Result<Vec<u8>, StoreError> {
        codec::pack_as(FORMAT, self)
    }

    /// Reads stored bytes.
    pub(in crate::store) fn unpack(bytes: &[u8]) -> Result<Self, StoreError> {
        match bytes.first() {
            Some(&FORMAT) => codec::unpack_as(FORMAT, bytes, WHAT),
            _ => Ok(codec::unpack::<MdocRecord>(bytes, WHAT)?.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn namespaces() -> BTreeMap<String, BTreeMap<String, (u64, String)>> {
        [("org.example.pass".to_owned(), [("name".to_owned(), (7, "digest".to_owned()))].into())].into()
    }

    fn issued(digests: Digests, key_thumbprint: Option<String>) -> Issued {
        let [id, user_id, offer_id, configuration_id, document_signer_id] = [1, 2, 3, 4, 5].map(Uuid::from_u128);
        let at = |second| Timestamp::from_second(second).unwrap();
        Issued {
            id,
            user_id,
            offer_id,
            configuration_id,
            credential_type: "org.example.pass".into(),
            key_thumbprint,
            digests,
            document_signer_id,
            issued_at: at(10),
            valid_from: at(11),
            valid_until: at(12),
        }
    }

    #[test]
    fn records_of_all_formats_are_read_as_they_were_written() {
        let disclosures = [("/name".to_owned(), "digest".to_owned())].into();
        for digests in [
            Digests::Mdoc { mso_hash: "hash".into(), namespaces: namespaces() },
            Digests::SdJwtVc { jwt_hash: "hash".into(), disclosures },
        ] {
            for thumbprint in [None, Some("thumbprint".to_owned())] {
                let written = issued(digests.clone(), thumbprint);
                assert_eq!(Issued::unpack(&written.pack().unwrap()).unwrap(), written);
            }
        }
    }

    #[test]
    fn a_record_from_before_other_formats_is_that_of_an_mdoc() {
        let expected =
            issued(Digests::Mdoc { mso_hash: "hash".into(), namespaces: namespaces() }, Some("thumbprint".into()));
        let old = MdocRecord {
            id: expected.id,
            user_id: expected.user_id,
            offer_id: expected.offer_id,
            configuration_id: expected.configuration_id,
            doc_type: "org.example.pass".into(),
            key_thumbprint: "thumbprint".into(),
            mso_hash: "hash".into(),
            namespaces: namespaces(),
            document_signer_id: expected.document_signer_id,
            issued_at: expected.issued_at,
            valid_from: expected.valid_from,
            valid_until: expected.valid_until,
        };
        assert_eq!(Issued::unpack(&codec::pack(&old).unwrap()).unwrap(), expected);
        assert!(matches!(Issued::unpack(&[3, 0]), Err(StoreError::Unreadable(WHAT))));
    }
}
