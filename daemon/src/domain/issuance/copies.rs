//! The copies of a batch: each is prepared, signed and completed, and described for the record that is kept of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use jiff::Timestamp;
use serde_json::Value;

use super::content::{Content, content};
use super::outcome::Stop;
use super::validity::Hints;
use super::{Authorized, Issuer};
use crate::base::id::ordered_uuid;
use crate::base::key::PublicKey;
use crate::domain::Failure;
use crate::domain::configuration::Configuration;
use crate::domain::event::{Operation, start};
use crate::domain::proof::Proven;
use crate::domain::status::{Allocated, ListFor};
use crate::domain::trust::ActiveSigner;
use crate::format::mdoc::mapping::MappedNamespace;
use crate::format::mdoc::{DigestAlgorithm, Mdoc, MdocRequest, PrepareError, StatusReference, Validity, prepare};
use crate::signer::verify;
use crate::store::issued::Issued;
use crate::store::status::{CredentialStatus, ListKind, State};
use crate::store::token::Token;
use crate::wire::jwk::thumbprint;

/// A signed copy that has not left yet.
pub(super) struct SignedCopy {
    /// base64url of `IssuerSigned`.
    pub(super) credential: String,
    /// What is kept of it.
    pub(super) record: Issued,
    /// Where its status is, when it can be revoked.
    pub(super) status: Option<CredentialStatus>,
}

/// What all copies of a batch share: one data set, one validity, one document signer (`OpenID4VCI` 3.3.2).
struct Common<'a> {
    authorized: &'a Authorized,
    configuration: &'a Configuration,
    namespaces: Vec<MappedNamespace>,
    validity: Validity,
    signer: Arc<ActiveSigner>,
    now: Timestamp,
}

impl Issuer {
    /// Signs a copy for each key, in the order of the keys.
    pub(super) async fn sign_copies(
        &self,
        authorized: &Authorized,
        configuration: &Configuration,
        document: &Value,
        hints: Hints,
        proven: &[Proven],
    ) -> Result<Vec<SignedCopy>, Stop> {
        let now = self.clock.now();
        let signer = self.trust.signer(now).ok_or(Failure::NoSigner)?;
        let Content { namespaces, validity } = content(configuration, document, now, &signer, hints)?;
        let common = Common { authorized, configuration, namespaces, validity, signer, now };
        let places = self.places(&common, proven.len()).await?;
        let mut copies = Vec::with_capacity(proven.len());
        for (proven, place) in proven.iter().zip(places) {
            copies.push(self.sign_copy(&common, &proven.key, place).await?);
        }
        Ok(copies)
    }

    /// A place in a status list for each copy, of its own and never used before (TSL-13.2-01).
    async fn places(&self, common: &Common<'_>, copies: usize) -> Result<Vec<Option<Allocated>>, Failure> {
        if !common.configuration.include_status {
            return Ok(vec![None; copies]);
        }
        let credential_type = common.configuration.doc_type.clone();
        let of = ListFor { kind: ListKind::Mobile, credential_type, iaca_id: common.signer.iaca_id };
        Ok(self.statuses.allocate(&of, copies).await?.into_iter().map(Some).collect())
    }

    async fn sign_copy(
        &self,
        common: &Common<'_>,
        key: &PublicKey,
        place: Option<Allocated>,
    ) -> Result<SignedCopy, Failure> {
        let running = start(Arc::clone(&self.events), Operation::MobileCredentialSign);
        let signer = &common.signer;
        let request = MdocRequest {
            doc_type: &common.configuration.doc_type,
            namespaces: &common.namespaces,
            device_key: key,
            validity: common.validity,
            digest: DigestAlgorithm::Sha256,
            algorithm: signer.key.algorithm().cose(),
            certificates: &[&signer.certificate],
            status: place
                .as_ref()
                .map(|place| StatusReference { index: place.reference.index.into(), uri: &place.reference.uri }),
        };
        let prepared = prepare(&request, self.random.as_ref()).map_err(unprepared)?;
        let signature = signer.key.sign(prepared.to_be_signed()).await.map_err(|_| Failure::Signing)?;
        if self.verify_signatures && !verify(signer.key.public_key(), prepared.to_be_signed(), &signature) {
            return Err(Failure::Signing);
        }
        let mdoc = prepared.complete(&signature);
        running.succeed();
        let record = self.describe(common, key, &mdoc)?;
        let status = place.map(|place| status(&record, place, &common.authorized.token));
        Ok(SignedCopy { credential: B64.encode(&mdoc.issuer_signed), record, status })
    }

    fn describe(&self, common: &Common<'_>, key: &PublicKey, mdoc: &Mdoc) -> Result<Issued, Failure> {
        let offer = &common.authorized.offer;
        let mut namespaces: BTreeMap<String, BTreeMap<String, (u64, String)>> = BTreeMap::new();
        for (namespace, element, id, digest) in mdoc.digests.each(&common.namespaces) {
            let elements = namespaces.entry(namespace.to_owned()).or_default();
            elements.insert(element.to_owned(), (id.into(), B64.encode(digest)));
        }
        Ok(Issued {
            id: ordered_uuid(common.now, self.random.as_ref())?,
            user_id: offer.user_id,
            offer_id: offer.id,
            configuration_id: common.configuration.id,
            doc_type: common.configuration.doc_type.clone(),
            key_thumbprint: thumbprint(key),
            mso_hash: B64.encode(mdoc.mso_hash),
            namespaces,
            document_signer_id: common.signer.id,
            issued_at: common.now,
            valid_from: common.validity.valid_from,
            valid_until: common.validity.valid_until,
        })
    }
}

/// What is kept of the status of a credential: good, and by what it is found when many are revoked.
fn status(record: &Issued, place: Allocated, token: &Token) -> CredentialStatus {
    CredentialStatus {
        list: place.list,
        index: place.reference.index,
        state: State::Valid,
        changed_at: None,
        reason: None,
        user_id: record.user_id,
        offer_id: record.offer_id,
        configuration_id: record.configuration_id,
        document_signer_id: record.document_signer_id,
        client_id: token.client_id.clone(),
        wallet_provider: token.wallet.as_ref().and_then(|wallet| wallet.provider.clone()),
        key_thumbprint: Some(record.key_thumbprint.clone()),
        issued_at: record.issued_at,
    }
}

fn unprepared(error: PrepareError) -> Failure {
    match error {
        PrepareError::NoEntropy(error) => error.into(),
        error => {
            tracing::error!(%error, "an mdoc could not be prepared");
            Failure::Signing
        }
    }
}
