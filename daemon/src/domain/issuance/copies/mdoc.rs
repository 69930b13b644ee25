//! One copy of an mdoc.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;

use super::{Common, Own, Signed};
use crate::domain::Failure;
use crate::domain::configuration::MdocBody;
use crate::domain::event::{Operation, start};
use crate::domain::issuance::Issuer;
use crate::format::mdoc::mapping::MappedNamespace;
use crate::format::mdoc::{DigestAlgorithm, Mdoc, MdocRequest, PrepareError, prepare};
use crate::store::issued::Digests;

impl Issuer {
    /// base64url of `IssuerSigned` (`OpenID4VCI` A.2.4).
    pub(super) async fn sign_mdoc(
        &self,
        common: &Common<'_>,
        body: &MdocBody,
        namespaces: &[MappedNamespace],
        own: Own<'_>,
    ) -> Result<Signed, Failure> {
        let running = start(Arc::clone(&self.events), Operation::MobileCredentialSign);
        let signer = &common.signer;
        let request = MdocRequest {
            doc_type: &body.doc_type,
            namespaces,
            device_key: own.key.ok_or(Failure::Signing)?,
            validity: common.content.validity,
            status: own.status,
            digest: DigestAlgorithm::Sha256,
            algorithm: signer.key.algorithm().cose(),
            certificates: &[&signer.certificate],
        };
        let prepared = prepare(&request, self.random.as_ref()).map_err(unprepared)?;
        let signature = self.sign(signer, prepared.to_be_signed()).await?;
        let mdoc = prepared.complete(&signature);
        running.succeed();
        Ok((B64.encode(&mdoc.issuer_signed), digests(&mdoc, namespaces)))
    }
}

fn digests(mdoc: &Mdoc, mapped: &[MappedNamespace]) -> Digests {
    let mut namespaces: BTreeMap<String, BTreeMap<String, (u64, String)>> = BTreeMap::new();
    for (namespace, element, id, digest) in mdoc.digests.each(mapped) {
        let elements = namespaces.entry(namespace.to_owned()).or_default();
        elements.insert(element.to_owned(), (id.into(), B64.encode(digest)));
    }
    Digests::Mdoc { mso_hash: B64.encode(mdoc.mso_hash), namespaces }
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
