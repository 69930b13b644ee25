use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use serde_json::json;

use crate::proof::seconds_now;
use crate::{HolderKey, Proof};

/// Somebody who attests keys of wallets, certified by an authority of its own.
pub struct Attester {
    authority: String,
    key: HolderKey,
    certificate: Vec<u8>,
}

fn params(name: &str, usage: KeyUsagePurpose) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![usage];
    params
}

impl Attester {
    /// A new one.
    pub fn new() -> Self {
        let mut authority = params("Authority of attesters", KeyUsagePurpose::KeyCertSign);
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let (root, key) = (KeyPair::generate().unwrap(), HolderKey::es256());
        let pair = KeyPair::from_pkcs8_der_and_sign_algo(&key.pkcs8().into(), &rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let above = STANDARD.encode(authority.self_signed(&root).unwrap().der());
        let issuer = Issuer::new(authority, root);
        let leaf = params("Attester", KeyUsagePurpose::DigitalSignature).signed_by(&pair, &issuer).unwrap();
        let above = format!("-----BEGIN CERTIFICATE-----\n{above}\n-----END CERTIFICATE-----\n");
        Self { authority: above, key, certificate: leaf.der().to_vec() }
    }

    /// The certificate of its authority.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The key that signs attestations.
    pub fn key(&self) -> &HolderKey {
        &self.key
    }

    /// Its certificate.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// A good attestation of these keys, not signed yet.
    pub fn attest(&self, keys: &[&HolderKey], nonce: &str) -> Proof {
        let keys: Vec<_> = keys.iter().map(|key| key.jwk()).collect();
        Proof {
            header: json!({ "typ": "key-attestation+jwt", "alg": "ES256", "x5c": [STANDARD.encode(&self.certificate)] }),
            claims: json!({
                "iat": seconds_now(), "exp": seconds_now() + 600, "nonce": nonce, "attested_keys": keys,
                "key_storage": ["iso_18045_high"], "user_authentication": ["iso_18045_moderate"],
            }),
        }
    }
}

impl Default for Attester {
    fn default() -> Self {
        Self::new()
    }
}
