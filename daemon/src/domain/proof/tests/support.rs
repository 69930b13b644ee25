//! A wallet that makes good proofs, and every way to change one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde_json::{Value, json};

use super::super::*;
use crate::base::random::SystemRandom;
use crate::base::secret::Secret;
use crate::signer::{Signer, SoftwareKey};
use crate::wire::jwk::{self};

pub(crate) const ISSUER: &str = "https://issuer.example/acme";
pub(crate) const NOW: i64 = 1_795_392_000;

/// A holder's key.
pub(crate) struct Wallet(pub(super) SoftwareKey);

impl Wallet {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        Self::of(algorithm, &SoftwareKey::generate_pkcs8(algorithm).unwrap())
    }

    pub(super) fn of(algorithm: Algorithm, pkcs8: &Secret) -> Self {
        Self(SoftwareKey::from_pkcs8(algorithm, pkcs8).unwrap())
    }

    pub(crate) fn key(&self) -> &PublicKey {
        self.0.public_key()
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.0.algorithm()
    }

    pub(super) fn jwk(&self) -> Value {
        serde_json::from_str(&jwk::print(self.key())).unwrap()
    }

    pub(crate) fn header(&self) -> Value {
        json!({"typ": TYPE, "alg": self.0.algorithm().jose(), "jwk": self.jwk()})
    }

    /// Signs any header and payload.
    pub(crate) fn sign(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", B64.encode(header), B64.encode(claims));
        let signature = self.0.sign_now(signed.as_bytes()).unwrap();
        format!("{signed}.{}", B64.encode(signature))
    }

    /// A good proof.
    pub(crate) fn prove(&self, issuer: &str, nonce: &str, now: Timestamp) -> String {
        let claims = json!({"aud": issuer, "iat": now.as_second(), "nonce": nonce});
        self.sign(&self.header().to_string(), &claims.to_string())
    }
}

/// A wallet, an issuer and a fresh nonce.
pub(crate) struct Scene {
    pub(crate) wallet: Wallet,
    pub(crate) nonces: NonceIssuer,
    pub(crate) nonce: String,
    pub(crate) client_id: Option<&'static str>,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::with(Algorithm::Es256)
    }

    pub(crate) fn with(algorithm: Algorithm) -> Self {
        let nonces = NonceIssuer::new(Secret::new(vec![7; 32]), ISSUER, Duration::from_mins(5));
        let nonce = nonces.issue(at(NOW), &SystemRandom::default()).unwrap();
        Self { wallet: Wallet::new(algorithm), nonces, nonce, client_id: None }
    }

    pub(crate) fn rules(&self, now: i64) -> ProofRules<'_> {
        ProofRules {
            issuer: ISSUER,
            client_id: self.client_id,
            batch_size: 5,
            nonces: &self.nonces,
            attestation: None,
            now: at(now),
        }
    }

    pub(crate) fn claims(&self) -> Value {
        json!({"aud": ISSUER, "iat": NOW, "nonce": self.nonce})
    }

    pub(super) fn check(&self, header: &Value, claims: &Value) -> Result<Proven, ProofError> {
        self.check_text(&self.wallet.sign(&header.to_string(), &claims.to_string()))
    }

    pub(super) fn check_text(&self, proof: &str) -> Result<Proven, ProofError> {
        check_proof(proof, &self.rules(NOW))
    }

    /// The good proof with one member of the header set, or removed by `null`.
    pub(crate) fn header(&self, name: &str, value: Value) -> Result<Proven, ProofError> {
        self.check(&set(self.wallet.header(), name, value), &self.claims())
    }

    /// The good proof with one claim set, or removed by `null`.
    pub(super) fn claim(&self, name: &str, value: Value) -> Result<Proven, ProofError> {
        self.check(&self.wallet.header(), &set(self.claims(), name, value))
    }
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(crate) fn set(mut object: Value, name: &str, value: Value) -> Value {
    let members = object.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.into(), value);
    }
    object
}
