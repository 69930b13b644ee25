use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as B64};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use ring::rand::SecureRandom as _;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::{Value, json};

use crate::key::random;
use crate::proof::seconds_now;
use crate::{HolderKey, Proof, Request};

/// A wallet provider with a certificate under an authority of its own.
pub struct WalletProvider {
    authority: String,
    leaf: Vec<u8>,
    key: KeyPair,
}

impl WalletProvider {
    /// One with fresh keys.
    pub fn new() -> Self {
        let named = |name: &str, usage: KeyUsagePurpose| {
            let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
            params.distinguished_name.push(DnType::CommonName, name);
            params.key_usages = vec![usage];
            params
        };
        let mut authority = named("Example CA", KeyUsagePurpose::KeyCertSign);
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let (above, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let pem = authority.self_signed(&above).unwrap().der().to_vec();
        let pem = pem::encode(&pem::Pem::new("CERTIFICATE", pem));
        let issuer = Issuer::from_params(&authority, &above);
        let leaf = named("Example Wallets", KeyUsagePurpose::DigitalSignature).signed_by(&key, &issuer).unwrap();
        Self { authority: pem, leaf: leaf.der().to_vec(), key }
    }

    /// The certificate of its authority.
    pub fn anchor(&self) -> &str {
        &self.authority
    }

    /// A good attestation of a wallet instance, not signed yet.
    pub fn attestation(&self, client_id: &str, instance: &HolderKey) -> Proof {
        let now = seconds_now();
        Proof {
            header: json!({
                "typ": "oauth-client-attestation+jwt", "alg": "ES256", "x5c": [STANDARD.encode(&self.leaf)],
            }),
            claims: json!({
                "sub": client_id, "iat": now, "exp": now + 3600, "cnf": { "jwk": instance.jwk() },
                "wallet_name": "Example Wallet",
            }),
        }
    }

    /// Signs it.
    pub fn sign(&self, attestation: &Proof) -> String {
        let random = random();
        let der = self.key.serialize_der();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, &random).unwrap();
        let part = |value: &Value| B64.encode(value.to_string());
        let signed = format!("{}.{}", part(&attestation.header), part(&attestation.claims));
        attestation.with_signature(key.sign(&random, signed.as_bytes()).unwrap().as_ref())
    }

    /// Its private key (PKCS#8 DER), for wallets that others wrote.
    pub fn pkcs8(&self) -> Vec<u8> {
        self.key.serialize_der()
    }

    /// Its certificate.
    pub fn certificate(&self) -> &[u8] {
        &self.leaf
    }

    /// A section of `issuer.toml` that trusts it; writes its anchor into `folder`.
    pub fn trusted(&self, folder: &Path, more: &str) -> String {
        let file = folder.join("wallet-providers.pem");
        std::fs::write(&file, &self.authority).unwrap();
        format!("[wallet_attestation]\ntrust_anchors = [\"{}\"]\n{more}\n", file.display())
    }
}

impl Default for WalletProvider {
    fn default() -> Self {
        Self::new()
    }
}

/// 128 random bits as text.
fn id() -> String {
    let mut id = [0; 16];
    random().fill(&mut id).unwrap();
    B64.encode(id)
}

impl Proof {
    /// A good proof of possession of an attested key, not signed yet.
    pub fn attestation_pop(instance: &HolderKey, issuer: &str) -> Self {
        Self {
            header: json!({ "typ": "oauth-client-attestation-pop+jwt", "alg": instance.alg() }),
            claims: json!({ "aud": issuer, "jti": id(), "iat": seconds_now() }),
        }
    }

    /// A good client assertion (`private_key_jwt`), not signed yet.
    pub fn assertion(key: &HolderKey, client_id: &str, issuer: &str) -> Self {
        let now = seconds_now();
        Self {
            header: json!({ "alg": key.alg() }),
            claims: json!({ "iss": client_id, "sub": client_id, "aud": issuer, "jti": id(), "iat": now, "exp": now + 60 }),
        }
    }
}

impl Request {
    /// Adds the headers of an attested wallet.
    #[must_use]
    pub fn attested(self, attestation: &str, pop: &str) -> Self {
        self.header("OAuth-Client-Attestation", attestation).header("OAuth-Client-Attestation-PoP", pop)
    }
}
