//! The copies of a batch: each is prepared, signed and completed in its format, and described for the record that is kept of it.

mod mdoc;
mod sd_jwt_vc;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::content::{Claims, Content, content};
use super::outcome::Stop;
use super::validity::Hints;
use super::{Authorized, Issuer};
use crate::base::id::ordered_uuid;
use crate::base::key::PublicKey;
use crate::domain::Failure;
use crate::domain::configuration::Configuration;
use crate::domain::status::{Allocated, ListFor};
use crate::domain::trust::ActiveSigner;
use crate::format::{CredentialFormat, StatusReference};
use crate::signer::verify;
use crate::store::issued::{Digests, Issued};
use crate::store::status::{CredentialStatus, ListKind, State};
use crate::store::token::Token;
use crate::wire::jwk::thumbprint;

/// A signed copy that has not left yet.
pub(super) struct SignedCopy {
    /// The credential as it is handed over.
    pub(super) credential: String,
    /// What is kept of it.
    pub(super) record: Issued,
    /// Where its status is, when it can be revoked.
    pub(super) status: Option<CredentialStatus>,
}

/// What all copies of a batch share: one data set, one validity, one signer (`OpenID4VCI` 3.3.2).
struct Common<'a> {
    authorized: &'a Authorized,
    configuration: &'a Configuration,
    content: Content<'a>,
    signer: Arc<ActiveSigner>,
    now: Timestamp,
}

/// What one copy has for itself.
#[derive(Clone, Copy)]
struct Own<'a> {
    /// The key that it is bound to; `None` for a credential that is bound to none.
    key: Option<&'a PublicKey>,
    /// Where its status is found; `None` for one that cannot be revoked.
    status: Option<StatusReference<'a>>,
}

/// A credential, and its digests for the record.
type Signed = (String, Digests);

impl Issuer {
    /// Signs a copy for each key, in the order of the keys; one for nobody where credentials are bound to none.
    pub(super) async fn sign_copies(
        &self,
        authorized: &Authorized,
        configuration: &Configuration,
        document: &Value,
        hints: Hints,
        keys: &[PublicKey],
    ) -> Result<Vec<SignedCopy>, Stop> {
        let now = self.clock.now();
        let signer = self.trust.signer_of(configuration.format(), now).ok_or(Failure::NoSigner)?;
        let content = content(configuration, document, now, &signer, hints)?;
        let common = Common { authorized, configuration, content, signer, now };
        let keys: Vec<_> = if configuration.is_bound() { keys.iter().map(Some).collect() } else { vec![None] };
        let places = self.places(&common, keys.len()).await?;
        let mut copies = Vec::with_capacity(keys.len());
        for (key, place) in keys.into_iter().zip(places) {
            copies.push(self.sign_copy(&common, key, place).await?);
        }
        Ok(copies)
    }

    /// A place in a status list for each copy, of its own and never used before (TSL-13.2-01).
    async fn places(&self, common: &Common<'_>, copies: usize) -> Result<Vec<Option<Allocated>>, Failure> {
        if !common.configuration.include_status {
            return Ok(vec![None; copies]);
        }
        let kind = match common.configuration.format() {
            CredentialFormat::MsoMdoc => ListKind::Mobile,
            CredentialFormat::DcSdJwt => ListKind::SdJwt,
        };
        let credential_type = common.configuration.credential_type().to_owned();
        let of = ListFor { kind, credential_type, iaca_id: common.signer.iaca_id };
        Ok(self.statuses.allocate(&of, copies).await?.into_iter().map(Some).collect())
    }

    async fn sign_copy(
        &self,
        common: &Common<'_>,
        key: Option<&PublicKey>,
        place: Option<Allocated>,
    ) -> Result<SignedCopy, Failure> {
        let reference = place.as_ref().map(|place| &place.reference);
        let reference = reference.map(|place| StatusReference { index: place.index.into(), uri: &place.uri });
        let own = Own { key, status: reference };
        let (credential, digests) = match &common.content.claims {
            Claims::Mdoc(body, namespaces) => self.sign_mdoc(common, body, namespaces, own).await?,
            Claims::SdJwtVc(body, claims) => self.sign_sd_jwt_vc(common, body, claims, own).await?,
        };
        let offer = &common.authorized.offer;
        let record = Issued {
            id: ordered_uuid(common.now, self.random.as_ref())?,
            user_id: offer.user_id,
            offer_id: offer.id,
            configuration_id: common.configuration.id,
            credential_type: common.configuration.credential_type().to_owned(),
            key_thumbprint: own.key.map(thumbprint),
            digests,
            document_signer_id: common.signer.id,
            issued_at: common.now,
            valid_from: common.content.validity.valid_from,
            valid_until: common.content.validity.valid_until,
        };
        let status = place.map(|place| status(&record, place, &common.authorized.token));
        Ok(SignedCopy { credential, record, status })
    }

    async fn sign(&self, signer: &ActiveSigner, message: &[u8]) -> Result<Vec<u8>, Failure> {
        let signature = signer.key.sign(message).await.map_err(|_| Failure::Signing)?;
        if self.verify_signatures && !verify(signer.key.public_key(), message, &signature) {
            return Err(Failure::Signing);
        }
        Ok(signature)
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
        key_thumbprint: record.key_thumbprint.clone(),
        issued_at: record.issued_at,
    }
}
