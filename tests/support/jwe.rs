use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;
use ring::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::digest::{SHA256, digest};
use ring::rand::SecureRandom as _;
use serde_json::{Value, json};

use crate::key::random;
use crate::{Answer, Request, Wallet};

/// Encrypted messages, with another implementation of the agreement than the daemon's.
#[derive(Debug, Clone)]
pub struct Jwe {
    /// The header; `epk` is added.
    pub header: Value,
    /// What is encrypted, compressed already if `zip` says so.
    pub content: Vec<u8>,
}

impl Jwe {
    /// A good message for the key that the metadata has.
    #[track_caller]
    pub fn for_issuer(metadata: &Value, enc: &str, content: &Value) -> (Self, Value) {
        let jwk = metadata["credential_request_encryption"]["jwks"]["keys"][0].clone();
        let header = json!({ "alg": jwk["alg"], "enc": enc, "kid": jwk["kid"] });
        (Self { header, content: content.to_string().into_bytes() }, jwk)
    }

    /// Sets a header member, or removes it with `null`.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        let members = self.header.as_object_mut().unwrap();
        match value.into() {
            Value::Null => drop(members.remove(name)),
            value => drop(members.insert(name.to_owned(), value)),
        }
        self
    }

    /// Compresses the content.
    #[must_use]
    pub fn compressed(mut self) -> Self {
        self.content = compress_to_vec(&self.content, 9);
        self.header("zip", "DEF")
    }

    /// The compact form, encrypted for this JWK.
    pub fn encrypt(&self, recipient: &Value) -> String {
        let private = EphemeralPrivateKey::generate(&ECDH_P256, &random()).unwrap();
        let public = private.compute_public_key().unwrap();
        let mut header = self.header.clone();
        header.as_object_mut().unwrap().entry("epk").or_insert_with(|| point_jwk(public.as_ref()));
        let protected = B64.encode(header.to_string());
        let key = agreed(private, recipient, &header);
        let mut iv = [0; 12];
        random().fill(&mut iv).unwrap();
        let mut content = self.content.clone();
        let nonce = Nonce::assume_unique_for_key(iv);
        let tag = key.seal_in_place_separate_tag(nonce, Aad::from(protected.as_bytes()), &mut content).unwrap();
        format!("{protected}..{}.{}.{}", B64.encode(iv), B64.encode(content), B64.encode(tag))
    }
}

/// A key to which one response is encrypted.
pub struct ResponseKey {
    private: EphemeralPrivateKey,
    jwk: Value,
}

impl ResponseKey {
    /// A fresh key.
    pub fn new() -> Self {
        let private = EphemeralPrivateKey::generate(&ECDH_P256, &random()).unwrap();
        let mut jwk = point_jwk(private.compute_public_key().unwrap().as_ref());
        jwk.as_object_mut().unwrap().extend([("alg".to_owned(), "ECDH-ES".into()), ("use".to_owned(), "enc".into())]);
        Self { private, jwk }
    }

    /// The same with a `kid`.
    #[must_use]
    pub fn named(mut self, kid: &str) -> Self {
        self.jwk["kid"] = kid.into();
        self
    }

    /// `credential_response_encryption` that asks for it.
    pub fn parameters(&self, enc: &str) -> Value {
        json!({ "jwk": self.jwk, "enc": enc })
    }

    /// Header and content of a response.
    #[track_caller]
    pub fn open(self, text: &str) -> (Value, Value) {
        let parts: Vec<_> = text.split('.').collect();
        let [protected, key, iv, content, tag] = parts.as_slice() else { panic!("{text}") };
        assert!(key.is_empty());
        let header: Value = serde_json::from_slice(&B64.decode(protected).unwrap()).unwrap();
        let key = agreed(self.private, &header["epk"], &header);
        let nonce = Nonce::try_assume_unique_for_key(&B64.decode(iv).unwrap()).unwrap();
        let mut sealed = [B64.decode(content).unwrap(), B64.decode(tag).unwrap()].concat();
        let plain = key.open_in_place(nonce, Aad::from(protected.as_bytes()), &mut sealed).expect("the response opens");
        let plain = match header.get("zip") {
            None => plain.to_vec(),
            Some(_) => decompress_to_vec_with_limit(plain, 1 << 20).unwrap(),
        };
        (header, serde_json::from_slice(&plain).unwrap())
    }

    /// The same of an answer, whose media type and caching are checked.
    #[track_caller]
    pub fn open_answer(self, answer: &Answer) -> (Value, Value) {
        // VCI-10-01, VCI-8.3-10
        assert_eq!(answer.media_type(), "application/jwt", "{}", answer.text());
        assert!(answer.lists("cache-control", "no-store"), "{:?}", answer.headers);
        self.open(&answer.text())
    }
}

impl Default for ResponseKey {
    fn default() -> Self {
        Self::new()
    }
}

impl Wallet {
    /// A credential request, encrypted for the key of the metadata.
    #[track_caller]
    pub fn encrypted_request(&self, token: &str, body: &Value) -> Request {
        let (jwe, jwk) = Jwe::for_issuer(&self.metadata(), "A128GCM", body);
        self.encrypted(token, &jwe.encrypt(&jwk))
    }

    /// A credential request with this content, labelled as encrypted.
    pub fn encrypted(&self, token: &str, content: &str) -> Request {
        Request::new("POST", &self.credential_path()).bearer(token).content("application/jwt", content)
    }
}

fn point_jwk(point: &[u8]) -> Value {
    json!({ "kty": "EC", "crv": "P-256", "x": B64.encode(&point[1..33]), "y": B64.encode(&point[33..]) })
}

/// The key of a message (RFC 7518 4.6.2).
fn agreed(private: EphemeralPrivateKey, other: &Value, header: &Value) -> LessSafeKey {
    let coordinate = |name: &str| B64.decode(other[name].as_str().unwrap()).unwrap();
    let point = [vec![4], coordinate("x"), coordinate("y")].concat();
    let (algorithm, length) = match header["enc"].as_str().unwrap() {
        "A256GCM" => (&AES_256_GCM, 32_usize),
        _ => (&AES_128_GCM, 16),
    };
    let party = |name: &str| header[name].as_str().map(|text| B64.decode(text).unwrap()).unwrap_or_default();
    let info = [header["enc"].as_str().unwrap().as_bytes().to_vec(), party("apu"), party("apv")];
    let key = agree_ephemeral(private, &UnparsedPublicKey::new(&ECDH_P256, point), |shared| {
        let mut input = [&1_u32.to_be_bytes(), shared].concat();
        for part in info {
            input.extend(u32::try_from(part.len()).unwrap().to_be_bytes());
            input.extend(part);
        }
        input.extend(u32::try_from(length * 8).unwrap().to_be_bytes());
        digest(&SHA256, &input).as_ref()[..length].to_vec()
    });
    LessSafeKey::new(UnboundKey::new(algorithm, &key.unwrap()).unwrap())
}
