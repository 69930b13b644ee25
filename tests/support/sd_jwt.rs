use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as B64};
use ring::digest::{SHA256, digest};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::{Map, Value};

use crate::certificate::Certificate;
use crate::{Answer, HolderKey};

/// A disclosure.
#[derive(Debug, Clone)]
pub struct Disclosure {
    /// The digest that stands for it.
    pub digest: String,
    /// `[salt, name, value]`, or `[salt, value]` of an item of an array.
    pub content: Vec<Value>,
}

/// An SD-JWT VC, strictly decoded; nothing verified yet.
#[derive(Debug, Clone)]
pub struct SdJwt {
    /// The credential as it came.
    pub compact: String,
    /// The header of the issuer-signed JWT.
    pub header: Value,
    /// Its payload.
    pub payload: Value,
    /// `x5c`, leaf first.
    pub chain: Vec<Certificate>,
    /// All disclosures, in their order.
    pub disclosures: Vec<Disclosure>,
}

impl SdJwt {
    /// Decodes a credential and checks its form.
    #[track_caller]
    pub fn decode(compact: &str) -> Self {
        let mut parts: Vec<_> = compact.split('~').collect();
        // SDJ-4-01: the last tilde ends it, no key binding follows.
        assert_eq!(parts.pop(), Some(""), "{compact}");
        let jwt: Vec<_> = parts.remove(0).split('.').collect();
        let [header, payload, _] = jwt.as_slice() else { panic!("not a JWT: {jwt:?}") };
        let (header, payload) = (json_of(header), json_of(payload));
        // VCT-2.2.1-01, SDJ-4.1-01
        assert_eq!((&header["typ"], &header["alg"]), (&"dc+sd-jwt".into(), &"ES256".into()));
        // VCT-2.5-01: in the protected header.
        let chain = header["x5c"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| Certificate::from_der(&STANDARD.decode(one.as_str().unwrap()).unwrap()));
        let disclosures = parts.iter().map(|encoded| Disclosure {
            digest: B64.encode(digest(&SHA256, encoded.as_bytes())),
            content: json_of(encoded).as_array().unwrap().clone(),
        });
        let read = Self {
            compact: compact.to_owned(),
            chain: chain.collect(),
            disclosures: disclosures.collect(),
            header,
            payload,
        };
        read.check_form();
        read
    }

    #[track_caller]
    fn check_form(&self) {
        for disclosure in &self.disclosures {
            // SDJ-9.3-01: 128 bits.
            assert!(disclosure.content[0].as_str().unwrap().len() >= 22, "{disclosure:?}");
            assert!(matches!(disclosure.content.len(), 2 | 3), "{disclosure:?}");
            // SDJ-4.2.1-01
            assert!(disclosure.content.len() == 2 || !["_sd", "..."].iter().any(|name| disclosure.content[1] == *name));
        }
        let (_, used) = self.reveal(|_| true);
        // SDJ-4.2.4-03
        assert!(used.iter().all(|count| *count == 1), "{used:?}");
        // VCT-2.2.2.3-01, SDJ-9.7-01
        for name in ["iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "status"] {
            assert!(!self.disclosures.iter().any(|one| one.content.len() == 3 && one.content[1] == name), "{name}");
        }
        // VCT-2.2.2.4-02
        for time in ["iat", "nbf", "exp"] {
            assert!(self.payload[time].is_i64(), "{time}: {}", self.payload);
        }
        assert!(self.payload["nbf"].as_i64() < self.payload["exp"].as_i64());
    }

    /// The claims with the disclosures that `show` picks, and how often each disclosure is used.
    pub fn reveal(&self, show: impl Fn(&Disclosure) -> bool) -> (Value, Vec<usize>) {
        let mut used = vec![0; self.disclosures.len()];
        let shown: Vec<_> = self.disclosures.iter().map(|one| show(one).then_some(one)).collect();
        (resolve(&self.payload, &shown, &mut used), used)
    }

    /// The claims, all of them.
    pub fn claims(&self) -> Value {
        self.reveal(|_| true).0
    }

    /// What whoever sees it learns.
    pub fn clear(&self) -> Value {
        self.reveal(|_| false).0
    }

    /// The certificate of the signer.
    pub fn signer(&self) -> &Certificate {
        &self.chain[0]
    }

    /// Checks the chain to the IACA and the signature.
    #[track_caller]
    pub fn verify(&self, iaca: &Certificate) {
        // VCT-2.5-01, HAIP-6.1.1-01: the trust anchor is not in the chain.
        assert!(!self.chain.contains(iaca));
        iaca.signed(self.signer());
        let jwt = self.compact.split('~').next().unwrap();
        let (signed, signature) = jwt.rsplit_once('.').unwrap();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.signer().public_key());
        key.verify(signed.as_bytes(), &B64.decode(signature).unwrap()).expect("the issuer's signature");
    }

    /// Checks that it is bound to this key, and names no other (VCT-2.2.2.3-02).
    #[track_caller]
    pub fn is_for(&self, key: &HolderKey) {
        assert_eq!(self.payload["cnf"], serde_json::json!({ "jwk": key.jwk() }));
    }
}

fn json_of(part: &str) -> Value {
    serde_json::from_slice(&B64.decode(part).unwrap()).unwrap()
}

fn resolve(value: &Value, shown: &[Option<&Disclosure>], used: &mut [usize]) -> Value {
    let mut take = |digest: &Value| {
        let place = shown.iter().position(|one| one.is_some_and(|one| *digest == one.digest))?;
        used[place] += 1;
        shown[place]
    };
    match value {
        Value::Array(items) => {
            let mut out = Vec::new();
            for item in items {
                match item.get("...") {
                    Some(digest) => out.extend(take(digest).map(|one| one.content[1].clone())),
                    None => out.push(item.clone()),
                }
            }
            out.iter().map(|item| resolve(item, shown, used)).collect()
        }
        Value::Object(members) => {
            let mut out = members.clone();
            let digests = out.remove("_sd").unwrap_or(Value::Array(Vec::new()));
            out.remove("_sd_alg");
            for digest in digests.as_array().unwrap() {
                let Some(one) = take(digest) else { continue };
                assert!(out.insert(one.content[1].as_str().unwrap().to_owned(), one.content[2].clone()).is_none());
            }
            out.into_iter().map(|(name, value)| (name, resolve(&value, shown, used))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// The credentials of a response, each strictly decoded.
#[track_caller]
pub fn credentials(answer: &Answer) -> Vec<SdJwt> {
    let body = answer.json();
    // VCI-8.3-11
    let mut members = body.as_object().unwrap().keys();
    assert!(members.all(|name| ["credentials", "notification_id"].contains(&name.as_str())), "{body}");
    // VCI-8.3-07: the compact form, as it is.
    let read = |item: &Value| SdJwt::decode(item["credential"].as_str().unwrap());
    body["credentials"].as_array().unwrap().iter().map(read).collect()
}
