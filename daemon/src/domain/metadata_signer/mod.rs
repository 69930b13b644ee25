//! Who signs the metadata (`OpenID4VCI` 12.2.3): a key of its own, that signs nothing else, with a certificate of the IACA or with one that
//! the operator brought, such as an access certificate of the EUDI framework.

#[cfg(test)]
mod tests;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::Failure;
use super::trust::Trust;
use crate::base::clock::{Clock, after};
use crate::base::secret::Secret;
use crate::pki::Validity;
use crate::signer::{Algorithm, Signer, SoftwareKey};
use crate::store::Store;
use crate::store::tables::METADATA_SIGNER;

/// The type of a signed metadata document, spelled as the standard does.
const TYPE: &str = "openidvci-issuer-metadata+jwt";
/// Where the signer is kept in its table.
const PLACE: Uuid = Uuid::nil();
/// Where its sealed key belongs.
const KEY_PLACE: &str = "metadata_signer";
/// How long before its end a certificate is replaced.
const RENEWAL: Duration = Duration::from_hours(30 * 24);

/// Signs metadata.
pub struct MetadataSigner {
    source: Source,
    clock: Arc<dyn Clock>,
    /// How long a signed document is valid; zero for none.
    lifetime: Duration,
}

enum Source {
    /// Of the operator.
    Given(Arc<Identity>),
    /// Made under the IACA.
    Managed(Managed),
}

struct Managed {
    store: Store,
    trust: Arc<Trust>,
    current: RwLock<Option<(Uuid, Arc<Identity>)>>,
    /// Held while a new one is made, so that one is made at a time.
    making: Mutex<()>,
}

/// A key with its certificate.
pub struct Identity {
    key: Arc<dyn Signer>,
    /// DER: its own first, no trust anchor.
    chain: Vec<Vec<u8>>,
    validity: Validity,
}

/// What is kept of a managed signer.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    iaca: Uuid,
    /// DER, base64.
    certificate: String,
    not_before: Timestamp,
    not_after: Timestamp,
    /// PKCS#8, sealed, base64.
    key: String,
}

/// A signed document.
pub struct Signed {
    /// The compact JWS.
    pub jws: String,
    /// When it should be signed anew.
    pub fresh_until: Timestamp,
}

impl Identity {
    /// `chain` is DER, the certificate of `key` first, no trust anchor.
    #[must_use]
    pub fn new(key: Arc<dyn Signer>, chain: Vec<Vec<u8>>, validity: Validity) -> Self {
        Self { key, chain, validity }
    }
}

impl MetadataSigner {
    /// One that signs with a key and a certificate of the operator.
    #[must_use]
    pub fn given(identity: Identity, clock: Arc<dyn Clock>, lifetime: Duration) -> Self {
        Self { source: Source::Given(Arc::new(identity)), clock, lifetime }
    }

    /// One with a key of its own and a certificate of the IACA, both made when they are first needed.
    #[must_use]
    pub fn managed(store: Store, trust: Arc<Trust>, clock: Arc<dyn Clock>, lifetime: Duration) -> Self {
        let managed = Managed { store, trust, current: RwLock::default(), making: Mutex::default() };
        Self { source: Source::Managed(managed), clock, lifetime }
    }

    /// Who signs now; `None` when metadata is not signed, or nobody can.
    pub async fn identity(&self) -> Result<Option<Arc<Identity>>, Failure> {
        let now = self.clock.now();
        if self.lifetime.is_zero() {
            return Ok(None);
        }
        match &self.source {
            Source::Given(identity) => Ok(identity.validity.contains(now).then(|| Arc::clone(identity))),
            Source::Managed(managed) => managed.identity(now).await,
        }
    }

    /// Signs a metadata document: all its members, with `sub`, `iat` and `exp`.
    pub async fn sign(&self, identity: &Identity, metadata: &Map<String, Value>) -> Result<Signed, Failure> {
        let now = self.clock.now();
        let mut claims = metadata.clone();
        let issuer = claims.get("credential_issuer").cloned().unwrap_or_default();
        let ends = after(now, self.lifetime).min(identity.validity.not_after);
        claims.extend([
            ("sub".to_owned(), issuer),
            ("iat".to_owned(), now.as_second().into()),
            ("exp".to_owned(), ends.as_second().into()),
        ]);
        let chain: Vec<_> = identity.chain.iter().map(|der| STANDARD.encode(der)).collect();
        let header = json!({ "alg": identity.key.algorithm().jose(), "typ": TYPE, "x5c": chain });
        let part = |value: String| URL_SAFE_NO_PAD.encode(value);
        let mut jws = format!("{}.{}", part(header.to_string()), part(Value::from(claims).to_string()));
        let signature = identity.key.sign(jws.as_bytes()).await?;
        jws.push('.');
        jws.push_str(&URL_SAFE_NO_PAD.encode(signature));
        // What is taken now is good for half of its life at least.
        Ok(Signed { jws, fresh_until: after(now, self.lifetime / 2).min(ends) })
    }
}

impl Managed {
    async fn identity(&self, now: Timestamp) -> Result<Option<Arc<Identity>>, Failure> {
        let Some(iaca) = self.trust.certifier(now) else { return Ok(None) };
        if let Some(identity) = self.known(iaca, now) {
            return Ok(Some(identity));
        }
        let _making = self.making.lock().await;
        if let Some(identity) = self.known(iaca, now) {
            return Ok(Some(identity));
        }
        let found = self.store.document_find::<Stored>(METADATA_SIGNER, PLACE).await?;
        let version = found.as_ref().map(|(_, version)| *version);
        if let Some((stored, _)) = found
            && stored.iaca == iaca
            && now < renewal(stored.not_after)
        {
            return self.take(&stored).map(Some);
        }
        let Some(stored) = self.make(now)? else { return Ok(None) };
        // When another one was faster, that one is taken at the next request.
        let landed = self.store.document_put(METADATA_SIGNER, PLACE, &stored, version).await?;
        if landed { self.take(&stored).map(Some) } else { Ok(None) }
    }

    fn known(&self, iaca: Uuid, now: Timestamp) -> Option<Arc<Identity>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        let (of, identity) = current.as_ref()?;
        (*of == iaca && now < renewal(identity.validity.not_after)).then(|| Arc::clone(identity))
    }

    fn make(&self, now: Timestamp) -> Result<Option<Stored>, Failure> {
        let key = SoftwareKey::generate_pkcs8(Algorithm::Es256)?;
        let Some(certified) = self.trust.certify_metadata_signer(&key, now)? else { return Ok(None) };
        tracing::info!(iaca = %certified.iaca, "made a metadata signer");
        Ok(Some(Stored {
            iaca: certified.iaca,
            certificate: STANDARD.encode(certified.certificate),
            not_before: certified.validity.not_before,
            not_after: certified.validity.not_after,
            key: STANDARD.encode(self.store.seal_key(KEY_PLACE, &key)?),
        }))
    }

    fn take(&self, stored: &Stored) -> Result<Arc<Identity>, Failure> {
        let decode = |text: &str| STANDARD.decode(text).map_err(|_| Failure::Signing);
        let key: Secret = self.store.open_key(KEY_PLACE, &decode(&stored.key)?)?;
        let key = Arc::new(SoftwareKey::from_pkcs8(Algorithm::Es256, &key)?);
        let validity = Validity { not_before: stored.not_before, not_after: stored.not_after };
        let identity = Arc::new(Identity::new(key, vec![decode(&stored.certificate)?], validity));
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Some((stored.iaca, Arc::clone(&identity)));
        Ok(identity)
    }
}

/// When a certificate that ends at `not_after` is replaced.
fn renewal(not_after: Timestamp) -> Timestamp {
    not_after.checked_sub(RENEWAL).unwrap_or(not_after)
}
