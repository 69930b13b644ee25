//! One copy of an SD-JWT VC.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;

use super::{Common, Own, Signed};
use crate::domain::Failure;
use crate::domain::configuration::SdJwtVcBody;
use crate::domain::event::{Operation, start};
use crate::domain::issuance::Issuer;
use crate::format::sd_jwt_vc::{MappedClaims, PrepareError, SdJwtVcRequest, prepare};
use crate::store::issued::Digests;
use crate::wire::jwk::thumbprint;

impl Issuer {
    /// The compact form, as it is (`OpenID4VCI` A.3.4).
    pub(super) async fn sign_sd_jwt_vc(
        &self,
        common: &Common<'_>,
        body: &SdJwtVcBody,
        claims: &MappedClaims,
        own: Own<'_>,
    ) -> Result<Signed, Failure> {
        let running = start(Arc::clone(&self.events), Operation::SdJwtCredentialSign);
        let signer = &common.signer;
        let request = SdJwtVcRequest {
            issuer: &self.site.issuer,
            vct: &body.vct,
            vct_integrity: body.integrity.as_deref(),
            claims,
            decoys: body.decoys.into(),
            holder_key: own.key,
            validity: common.content.validity,
            status: own.status,
            algorithm: signer.key.algorithm().jose(),
            key_id: &thumbprint(signer.key.public_key()),
            certificates: &[&signer.certificate],
        };
        let prepared = prepare(&request, self.random.as_ref()).map_err(unprepared)?;
        let signature = self.sign(signer, prepared.to_be_signed()).await?;
        let credential = prepared.complete(&signature);
        running.succeed();
        let digests = Digests::SdJwtVc { jwt_hash: B64.encode(credential.jwt_hash), disclosures: credential.digests };
        Ok((credential.compact, digests))
    }
}

fn unprepared(error: PrepareError) -> Failure {
    match error {
        PrepareError::NoEntropy(error) => error.into(),
        error => {
            tracing::error!(%error, "an SD-JWT VC could not be prepared");
            Failure::Signing
        }
    }
}
