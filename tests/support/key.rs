use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
};
use serde_json::{Value, json};

/// A source of randomness.
#[expect(clippy::disallowed_methods, reason = "keys of fake wallets may come from ambient randomness")]
pub fn random() -> SystemRandom {
    SystemRandom::new()
}

enum Pair {
    Es256(EcdsaKeyPair),
    Es384(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
}

/// A key of a wallet.
pub struct HolderKey {
    pair: Pair,
    pkcs8: Vec<u8>,
}

impl HolderKey {
    /// P-256.
    pub fn es256() -> Self {
        let random = random();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
        Self { pair: Pair::Es256(pair), pkcs8: pkcs8.as_ref().to_vec() }
    }

    /// P-384.
    pub fn es384() -> Self {
        let random = random();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
        Self { pair: Pair::Es384(pair), pkcs8: pkcs8.as_ref().to_vec() }
    }

    /// Ed25519.
    pub fn eddsa() -> Self {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&random()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
        Self { pair: Pair::EdDsa(pair), pkcs8: pkcs8.as_ref().to_vec() }
    }

    /// P-256 with an x coordinate that starts with a zero byte (about 256 tries).
    pub fn es256_with_leading_zero() -> Self {
        std::iter::repeat_with(Self::es256).find(|key| key.x()[0] == 0).unwrap()
    }

    /// JOSE algorithm.
    pub fn alg(&self) -> &'static str {
        match self.pair {
            Pair::Es256(_) => "ES256",
            Pair::Es384(_) => "ES384",
            Pair::EdDsa(_) => "EdDSA",
        }
    }

    /// The private key.
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The public key as ring and X.509 write it.
    pub fn public(&self) -> &[u8] {
        match &self.pair {
            Pair::Es256(pair) | Pair::Es384(pair) => pair.public_key().as_ref(),
            Pair::EdDsa(pair) => pair.public_key().as_ref(),
        }
    }

    /// x, or the whole public key of Ed25519.
    pub fn x(&self) -> &[u8] {
        match self.pair {
            Pair::Es256(_) => &self.public()[1..33],
            Pair::Es384(_) => &self.public()[1..49],
            Pair::EdDsa(_) => self.public(),
        }
    }

    /// y; empty for Ed25519.
    pub fn y(&self) -> &[u8] {
        match self.pair {
            Pair::Es256(_) => &self.public()[33..],
            Pair::Es384(_) => &self.public()[49..],
            Pair::EdDsa(_) => &[],
        }
    }

    /// The public key as a JWK.
    pub fn jwk(&self) -> Value {
        let (x, y) = (B64.encode(self.x()), B64.encode(self.y()));
        match self.pair {
            Pair::Es256(_) => json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y }),
            Pair::Es384(_) => json!({ "kty": "EC", "crv": "P-384", "x": x, "y": y }),
            Pair::EdDsa(_) => json!({ "kty": "OKP", "crv": "Ed25519", "x": x }),
        }
    }

    /// Thumbprint of the public key (RFC 7638, SHA-256), base64url.
    pub fn thumbprint(&self) -> String {
        // In order of the names, as they are hashed.
        let required = ["crv", "kty", "x", "y"].map(|name| (name, self.jwk()[name].clone()));
        let required: serde_json::Map<_, _> = required
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.into(), value))
            .collect();
        B64.encode(ring::digest::digest(&ring::digest::SHA256, Value::Object(required).to_string().as_bytes()))
    }

    /// `did:jwk` with the fragment of its one key.
    pub fn did_jwk(&self) -> String {
        format!("did:jwk:{}#0", B64.encode(self.jwk().to_string()))
    }

    /// `did:key` with the fragment of its one key.
    pub fn did_key(&self) -> String {
        // Multicodec p256-pub, p384-pub and ed25519-pub as varints; EC points are compressed.
        let compressed = || [&[2 + (self.y()[self.y().len() - 1] & 1)], self.x()].concat();
        let bytes = match self.pair {
            Pair::Es256(_) => [vec![0x80, 0x24], compressed()].concat(),
            Pair::Es384(_) => [vec![0x81, 0x24], compressed()].concat(),
            Pair::EdDsa(_) => [&[0xed, 0x01], self.x()].concat(),
        };
        let multibase = format!("z{}", bs58::encode(bytes).into_string());
        format!("did:key:{multibase}#{multibase}")
    }

    /// A self-signed certificate, DER.
    pub fn certificate(&self) -> Vec<u8> {
        let algorithm = match self.pair {
            Pair::Es256(_) => &rcgen::PKCS_ECDSA_P256_SHA256,
            Pair::Es384(_) => &rcgen::PKCS_ECDSA_P384_SHA384,
            Pair::EdDsa(_) => &rcgen::PKCS_ED25519,
        };
        let pair = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&self.pkcs8.as_slice().into(), algorithm).unwrap();
        let parameters = rcgen::CertificateParams::new(vec!["wallet.example".to_owned()]).unwrap();
        parameters.self_signed(&pair).unwrap().der().to_vec()
    }

    /// Signs; ECDSA signatures are r and s, fixed length.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.pair {
            Pair::Es256(pair) | Pair::Es384(pair) => pair.sign(&random(), message).unwrap().as_ref().to_vec(),
            Pair::EdDsa(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }
}
