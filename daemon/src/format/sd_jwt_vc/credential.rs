//! The credential: prepare the disclosures and the JWT to sign, then complete it with the signature. Each copy is prepared on its own,
//! with its own salts and decoys.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as B64};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::disclosure::{Disclosure, decoy};
use super::mapping::{MappedClaims, Node, Part};
use crate::base::key::PublicKey;
use crate::base::random::{NoEntropy, Random};
use crate::base::secret::sha256;
use crate::format::{StatusReference, Validity};
use crate::wire::jwk;

/// `typ` of an SD-JWT VC (2.2.1).
const TYPE: &str = "dc+sd-jwt";

/// What goes into an SD-JWT VC.
#[derive(Clone, Copy)]
pub struct SdJwtVcRequest<'a> {
    /// `iss`, where keys are published under it.
    pub issuer: &'a str,
    /// `vct`
    pub vct: &'a str,
    /// `vct#integrity`, when the type metadata is not going to change.
    pub vct_integrity: Option<&'a str>,
    /// The claims.
    pub claims: &'a MappedClaims,
    /// Decoy digests in each object that has disclosures, besides those that stand in for claims without a value.
    pub decoys: usize,
    /// The holder's key; `None` for a credential that whoever has it may show.
    pub holder_key: Option<&'a PublicKey>,
    /// `iat`, `nbf` and `exp`
    pub validity: Validity,
    /// Where its status is found; `None` for a credential that cannot be revoked.
    pub status: Option<StatusReference<'a>>,
    /// `alg` of the signature to come, such as `ES256`.
    pub algorithm: &'a str,
    /// `kid`, under which the key is published.
    pub key_id: &'a str,
    /// DER certificates of the signer: its own first, without the trust anchor.
    pub certificates: &'a [&'a [u8]],
}

/// Why an SD-JWT VC can't be prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PrepareError {
    /// No random bytes for the salts.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
    /// There is no claim.
    #[error("an SD-JWT VC needs at least one claim")]
    NoClaims,
    /// The times are in the wrong order.
    #[error("an SD-JWT VC must be valid for some time, from the time of signing at the earliest")]
    Validity,
    /// There is no certificate of the signer.
    #[error("an SD-JWT VC needs the certificate of its signer")]
    NoCertificate,
    /// The holder's key cannot be written.
    #[error("the holder's key is no JWK")]
    Key,
}

/// An SD-JWT VC that waits for its signature.
pub struct PreparedSdJwtVc {
    /// Header and payload.
    to_be_signed: String,
    disclosures: Vec<String>,
    digests: BTreeMap<String, String>,
}

impl fmt::Debug for PreparedSdJwtVc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedSdJwtVc").finish_non_exhaustive()
    }
}

/// A signed SD-JWT VC.
pub struct SdJwtVc {
    /// The credential as it is handed over: JWT and disclosures, each with a tilde behind it.
    pub compact: String,
    /// SHA-256 of the JWT.
    pub jwt_hash: [u8; 32],
    /// Digest of each disclosure by the JSON Pointer (RFC 6901) of its claim.
    pub digests: BTreeMap<String, String>,
}

impl fmt::Debug for SdJwtVc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SdJwtVc").finish_non_exhaustive()
    }
}

/// Makes disclosures with fresh salts, and the bytes to sign.
pub fn prepare(request: &SdJwtVcRequest<'_>, random: &dyn Random) -> Result<PreparedSdJwtVc, PrepareError> {
    let Validity { signed, valid_from, valid_until } = request.validity;
    if valid_from.as_second() < signed.as_second() || valid_until.as_second() <= valid_from.as_second() {
        return Err(PrepareError::Validity);
    }
    if request.certificates.is_empty() {
        return Err(PrepareError::NoCertificate);
    }
    if request.claims.is_empty() {
        return Err(PrepareError::NoClaims);
    }
    let decoys = request.decoys;
    let mut making = Making { random, decoys, disclosures: Vec::new(), digests: BTreeMap::new(), has_digests: false };
    let claims = making.object(request.claims, "")?;
    let payload = payload(request, claims, making.has_digests)?;
    let to_be_signed = format!("{}.{}", B64.encode(header(request).to_string()), B64.encode(payload.to_string()));
    Ok(PreparedSdJwtVc { to_be_signed, disclosures: making.disclosures, digests: making.digests })
}

impl PreparedSdJwtVc {
    /// The bytes to sign (RFC 7515 5.1).
    #[must_use]
    pub fn to_be_signed(&self) -> &[u8] {
        self.to_be_signed.as_bytes()
    }

    /// The credential with its signature: r and s one after the other for ECDSA (RFC 7518 3.4). No key binding follows the last
    /// tilde: that is the holder's to add.
    #[must_use]
    pub fn complete(self, signature: &[u8]) -> SdJwtVc {
        let mut compact = self.to_be_signed;
        compact.push('.');
        B64.encode_string(signature, &mut compact);
        let jwt_hash = sha256(compact.as_bytes());
        compact.push('~');
        for disclosure in &self.disclosures {
            compact.push_str(disclosure);
            compact.push('~');
        }
        SdJwtVc { compact, jwt_hash, digests: self.digests }
    }
}

/// The key is known by its certificate, which is in the protected header, and under its `kid` by `iss` (SD-JWT VC 2.5).
fn header(request: &SdJwtVcRequest<'_>) -> Value {
    let chain: Vec<_> = request.certificates.iter().map(|certificate| STANDARD.encode(certificate)).collect();
    json!({ "alg": request.algorithm, "typ": TYPE, "kid": request.key_id, "x5c": chain })
}

fn payload(request: &SdJwtVcRequest<'_>, claims: Map<String, Value>, selective: bool) -> Result<Value, PrepareError> {
    let mut payload = claims;
    let mut set = |name: &str, value: Value| drop(payload.insert(name.to_owned(), value));
    set("iss", request.issuer.into());
    set("vct", request.vct.into());
    set("iat", seconds(request.validity.signed));
    set("nbf", seconds(request.validity.valid_from));
    set("exp", seconds(request.validity.valid_until));
    if let Some(integrity) = request.vct_integrity {
        set("vct#integrity", integrity.into());
    }
    if let Some(key) = request.holder_key {
        let jwk: Value = serde_json::from_str(&jwk::print(key)).map_err(|_| PrepareError::Key)?;
        set("cnf", json!({ "jwk": jwk }));
    }
    if let Some(status) = request.status {
        set("status", json!({ "status_list": { "idx": status.index, "uri": status.uri } }));
    }
    if selective {
        set("_sd_alg", "sha-256".into());
    }
    Ok(payload.into())
}

/// A `NumericDate` without fractions.
fn seconds(at: Timestamp) -> Value {
    at.as_second().into()
}

struct Making<'a> {
    random: &'a dyn Random,
    decoys: usize,
    disclosures: Vec<String>,
    digests: BTreeMap<String, String>,
    /// Whether there is one in the credential, if only of decoys: `_sd_alg` must not tell which.
    has_digests: bool,
}

impl Making<'_> {
    /// An object whose selective members are digests in `_sd`, sorted, so that their order tells nothing of the claims. Where there are
    /// decoys their number does not either: a claim without a value has one in its place.
    fn object(&mut self, claims: &MappedClaims, at: &str) -> Result<Map<String, Value>, NoEntropy> {
        let (mut object, mut digests) = (Map::new(), Vec::new());
        for member in &claims.members {
            let at = format!("{at}/{}", member.name.replace('~', "~0").replace('/', "~1"));
            let value = self.node(&member.part.node, &at)?;
            if member.part.selective {
                let made = Disclosure::of_member(&member.name, &value, self.random)?;
                digests.push(self.keep(made, at));
            } else {
                object.insert(member.name.clone(), value);
            }
        }
        if self.decoys > 0 && claims.selective > 0 {
            let missing = (claims.selective + self.decoys).saturating_sub(digests.len());
            for _ in 0..missing {
                digests.push(decoy(self.random)?);
            }
        }
        digests.sort_unstable();
        if !digests.is_empty() {
            self.has_digests = true;
            object.insert("_sd".to_owned(), digests.into());
        }
        Ok(object)
    }

    fn node(&mut self, node: &Node, at: &str) -> Result<Value, NoEntropy> {
        match node {
            Node::Value(value) => Ok(value.clone()),
            Node::Object(claims) => Ok(self.object(claims, at)?.into()),
            Node::Array(parts) => self.array(parts, at),
        }
    }

    fn array(&mut self, parts: &[Part], at: &str) -> Result<Value, NoEntropy> {
        let mut items = Vec::with_capacity(parts.len());
        for (place, part) in parts.iter().enumerate() {
            let at = format!("{at}/{place}");
            let value = self.node(&part.node, &at)?;
            if part.selective {
                let made = Disclosure::of_item(&value, self.random)?;
                items.push(json!({ "...": self.keep(made, at) }));
            } else {
                items.push(value);
            }
        }
        Ok(items.into())
    }

    fn keep(&mut self, made: Disclosure, at: String) -> String {
        self.has_digests = true;
        self.disclosures.push(made.encoded);
        self.digests.insert(at, made.digest.clone());
        made.digest
    }
}
