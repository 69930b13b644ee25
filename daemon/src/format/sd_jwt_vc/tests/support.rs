//! Configurations, and a reader of credentials that shares nothing with the code that writes them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use ring::digest::{SHA256, digest};
use serde_json::{Map, Value};

use crate::format::sd_jwt_vc::mapping::{MappedClaims, Node, Part};
use crate::format::sd_jwt_vc::{Claims, SdJwtVc};

/// Claims as the management API has them.
pub(super) fn claims(body: Value) -> Claims {
    serde_json::from_value(body).unwrap()
}

/// What was mapped, as if nothing of it could be kept back.
pub(super) fn clear(mapped: &MappedClaims) -> Value {
    let members = mapped.members.iter().map(|member| (member.name.clone(), clear_part(&member.part)));
    members.collect::<Map<_, _>>().into()
}

fn clear_part(part: &Part) -> Value {
    match &part.node {
        Node::Value(value) => value.clone(),
        Node::Object(members) => clear(members),
        Node::Array(items) => items.iter().map(clear_part).collect(),
    }
}

/// A credential, taken apart.
pub(super) struct Seen {
    pub(super) header: Value,
    /// As it was signed.
    pub(super) payload: Value,
    /// Each disclosure with its digest.
    pub(super) disclosures: Vec<(String, Value)>,
}

impl Seen {
    pub(super) fn of(credential: &SdJwtVc) -> Self {
        let mut parts: Vec<_> = credential.compact.split('~').collect();
        // SDJ-4-01: it ends with a tilde, and nothing follows.
        assert_eq!(parts.pop(), Some(""));
        let jwt: Vec<_> = parts.remove(0).split('.').collect();
        let [header, payload, _] = jwt.as_slice() else { panic!("{jwt:?}") };
        let disclosures =
            parts.iter().map(|encoded| (B64.encode(digest(&SHA256, encoded.as_bytes())), decoded(encoded)));
        Self { header: decoded(header), payload: decoded(payload), disclosures: disclosures.collect() }
    }

    /// The claims with these disclosures put in, and each disclosure's count of uses (RFC 9901 7.1).
    pub(super) fn with(&self, shown: &[&(String, Value)]) -> (Value, Vec<usize>) {
        let mut used = vec![0; shown.len()];
        (resolve(&self.payload, shown, &mut used), used)
    }

    pub(super) fn whole(&self) -> (Value, Vec<usize>) {
        self.with(&self.disclosures.iter().collect::<Vec<_>>())
    }

    /// Salts of all disclosures.
    pub(super) fn salts(&self) -> Vec<String> {
        self.disclosures.iter().map(|(_, content)| content[0].as_str().unwrap().to_owned()).collect()
    }
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&B64.decode(part).unwrap()).unwrap()
}

fn resolve(value: &Value, shown: &[&(String, Value)], used: &mut [usize]) -> Value {
    let mut take = |digest: &Value| {
        let place = shown.iter().position(|(known, _)| digest == known)?;
        used[place] += 1;
        Some(&shown[place].1)
    };
    match value {
        Value::Array(items) => {
            let mut out = Vec::new();
            for item in items {
                match item.get("...") {
                    Some(digest) => {
                        if let Some(disclosure) = take(digest) {
                            out.push(disclosure[1].clone());
                        }
                    }
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
                if let Some(disclosure) = take(digest) {
                    let [_, name, value] = disclosure.as_array().unwrap().as_slice() else { panic!("{disclosure}") };
                    // SDJ-4.2.4-03: no clear claim of the same name.
                    assert!(out.insert(name.as_str().unwrap().to_owned(), value.clone()).is_none());
                }
            }
            out.into_iter().map(|(name, value)| (name, resolve(&value, shown, used))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}
