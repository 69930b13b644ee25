//! A wallet that makes good proofs, and every way to change one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::proof::{DpopError, Good, ProofOf, Rules, check_proof};
use super::super::*;
use crate::base::secret::sha256;
use crate::domain::proof::tests::support::{Wallet, set};
use crate::wire::jwk::print;

pub(super) const ISSUER: &str = "https://issuer.example/acme";
pub(super) const TOKEN_URI: &str = "https://issuer.example/acme/v1/oauth/token";
pub(super) const NOW: i64 = 1_795_392_000;
pub(super) const TOKEN: &str = "a-token";

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(super) fn rules() -> DpopRules {
    let (nonce_lifetime, max_age) = (Duration::from_mins(5), Duration::from_mins(2));
    DpopRules { require_nonce: false, nonce_lifetime, max_age }
}

/// A wallet's key and what it asks.
pub(super) struct Scene {
    pub(super) wallet: Wallet,
    pub(super) nonces: Nonces,
    pub(super) rules: DpopRules,
    pub(super) access_token: Option<&'static str>,
}

impl Scene {
    pub(super) fn new() -> Self {
        Self::with(crate::signer::Algorithm::Es256)
    }

    pub(super) fn with(algorithm: crate::signer::Algorithm) -> Self {
        let nonces = Nonces::new(&Secret::new(vec![7; 32]), ISSUER, rules().nonce_lifetime);
        Self { wallet: Wallet::new(algorithm), nonces, rules: rules(), access_token: None }
    }

    pub(super) fn header(&self) -> Value {
        let jwk: Value = serde_json::from_str(&print(self.wallet.key())).unwrap();
        json!({ "typ": "dpop+jwt", "alg": self.wallet.algorithm().jose(), "jwk": jwk })
    }

    pub(super) fn claims(&self) -> Value {
        let mut claims = json!({ "jti": "one", "htm": "POST", "htu": TOKEN_URI, "iat": NOW });
        if let Some(token) = self.access_token {
            claims["ath"] = B64.encode(sha256(token.as_bytes())).into();
        }
        claims
    }

    pub(super) fn sign(&self, header: &Value, claims: &Value) -> String {
        self.wallet.sign(&header.to_string(), &claims.to_string())
    }

    pub(super) fn check_text(&self, proofs: &[&str], now: i64) -> Result<Good, DpopError> {
        let rules = Rules {
            nonces: &self.nonces,
            require_nonce: self.rules.require_nonce,
            max_age: self.rules.max_age,
            now: at(now),
        };
        let request = ProofOf { proofs, method: "POST", uri: TOKEN_URI, access_token: self.access_token };
        check_proof(&request, &rules)
    }

    pub(super) fn check(&self, header: &Value, claims: &Value) -> Result<Good, DpopError> {
        self.check_text(&[&self.sign(header, claims)], NOW)
    }

    /// The good proof with one member of the header set, or removed by `null`.
    pub(super) fn with_header(&self, name: &str, value: Value) -> Result<Good, DpopError> {
        self.check(&set(self.header(), name, value), &self.claims())
    }

    /// The good proof with one claim set, or removed by `null`.
    pub(super) fn with_claim(&self, name: &str, value: Value) -> Result<Good, DpopError> {
        self.check(&self.header(), &set(self.claims(), name, value))
    }
}
