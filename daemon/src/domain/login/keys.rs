//! The keys that a provider signs with (RFC 7517), and the algorithms that are accepted of it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use ring::digest::{Algorithm as Hash, SHA256, SHA384, SHA512};

use crate::base::key::PublicKey;
use crate::signer::rsa::{RsaKey, RsaScheme};
use crate::signer::{self, Algorithm};
use crate::wire::json::{Json, Object};
use crate::wire::jwk;

/// Most keys of a provider that are looked at.
const MOST_KEYS: usize = 50;

/// An algorithm of ID tokens that is accepted. `none` and the MACs are not: who knows the client secret could make them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenAlgorithm {
    Rsa(RsaScheme),
    Curve(Algorithm),
}

impl TokenAlgorithm {
    /// The algorithm of this JOSE name.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rsa(RsaScheme::Rs256)),
            "PS256" => Some(Self::Rsa(RsaScheme::Ps256)),
            // RFC 9864 names the curve.
            "Ed25519" => Some(Self::Curve(Algorithm::EdDsa)),
            _ => Algorithm::named(name).map(Self::Curve),
        }
    }

    /// The hash of `at_hash` (OIDC Core 3.1.3.6).
    pub(super) fn hash(self) -> &'static Hash {
        match self {
            Self::Rsa(_) | Self::Curve(Algorithm::Es256) => &SHA256,
            Self::Curve(Algorithm::Es384) => &SHA384,
            Self::Curve(Algorithm::EdDsa) => &SHA512,
        }
    }
}

enum Key {
    Rsa(RsaKey),
    Curve(PublicKey),
}

struct Named {
    kid: Option<String>,
    key: Key,
}

/// A key set, without the keys in it that can't be used here.
#[derive(Default)]
pub(super) struct KeySet(Vec<Named>);

impl KeySet {
    /// Reads a key set.
    pub(super) fn read(body: &[u8]) -> Result<Self, String> {
        let set = Object::parse(body).map_err(|error| format!("its key set {error}"))?;
        let keys = set.get("keys").and_then(Json::as_array).ok_or("its key set has no keys")?;
        Ok(Self(keys.iter().take(MOST_KEYS).filter_map(named).collect()))
    }

    /// Whether the set has a key for a token with this header.
    pub(super) fn has(&self, kid: Option<&str>, algorithm: TokenAlgorithm) -> bool {
        self.candidates(kid, algorithm).next().is_some()
    }

    /// Whether one of the keys that the header leaves made the signature.
    pub(super) fn verify(
        &self,
        kid: Option<&str>,
        algorithm: TokenAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        self.candidates(kid, algorithm).any(|key| match (key, algorithm) {
            (Key::Rsa(key), TokenAlgorithm::Rsa(scheme)) => key.verifies(scheme, message, signature),
            (Key::Curve(key), TokenAlgorithm::Curve(_)) => signer::verify(key, message, signature),
            _ => false,
        })
    }

    /// Keys of the kind that the algorithm needs; those with another `kid` are not meant.
    fn candidates(&self, kid: Option<&str>, algorithm: TokenAlgorithm) -> impl Iterator<Item = &Key> {
        let meant = move |named: &&Named| kid.is_none() || named.kid.as_deref() == kid;
        let fits = move |key: &&Key| match (key, algorithm) {
            (Key::Rsa(_), TokenAlgorithm::Rsa(_)) => true,
            (Key::Curve(key), TokenAlgorithm::Curve(algorithm)) => Algorithm::of(key) == algorithm,
            _ => false,
        };
        self.0.iter().filter(meant).map(|named| &named.key).filter(fits)
    }
}

fn named(json: &Json<'_>) -> Option<Named> {
    let object = json.as_object()?;
    let text = |name: &str| object.get(name).and_then(Json::as_str);
    let key = if text("kty") == Some("RSA") { Key::Rsa(rsa(object)?) } else { Key::Curve(curve(object)?) };
    Some(Named { kid: text("kid").map(str::to_owned), key })
}

fn curve(object: &Object<'_>) -> Option<PublicKey> {
    let mut object = object.clone();
    // The name of RFC 9864, where the reader of keys knows that of RFC 8037.
    if object.get("crv") == object.get("alg") {
        object.take("alg");
    }
    jwk::parse(&Json::Object(object)).ok()
}

fn rsa(object: &Object<'_>) -> Option<RsaKey> {
    let text = |name: &str| object.get(name).and_then(Json::as_str);
    if text("use").is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let number = |name: &str| B64.decode(text(name)?).ok();
    RsaKey::new(&number("n")?, &number("e")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CURVE: &str = r#"{"kty":"EC","crv":"P-256","kid":"one","x":"BMCopyAbyi3IE0MGT1O3Z7Lf_rMpbLNw9XEWSUizC8U","y":"98Ba9A84UUJ6jajWXyZDoPr6Y28x6gAO6h5B0zUoG5o"}"#;

    // UPS-04
    #[test]
    fn only_public_key_algorithms_are_accepted() {
        for name in ["RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"] {
            assert!(TokenAlgorithm::named(name).is_some(), "{name}");
        }
        for name in ["none", "None", "HS256", "HS512", "RS1", "RS512", "ES256K", "ES512", "rs256", ""] {
            assert!(TokenAlgorithm::named(name).is_none(), "{name}");
        }
    }

    #[test]
    fn a_key_of_either_name_of_its_algorithm_is_read() {
        let key = r#""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;
        let eddsa = TokenAlgorithm::named("EdDSA").unwrap();
        for (alg, read) in [("EdDSA", true), ("Ed25519", true), ("ES256", false)] {
            let set = KeySet::read(format!(r#"{{"keys":[{{{key},"alg":"{alg}"}}]}}"#).as_bytes()).unwrap();
            assert_eq!(set.has(None, eddsa), read, "{alg}");
        }
    }

    #[test]
    fn a_key_is_found_by_its_id_and_kind() {
        let symmetric = r#"{"kty":"oct","k":"AA","kid":"two"}"#;
        let set = KeySet::read(format!(r#"{{"keys":[{symmetric},{CURVE},null]}}"#).as_bytes()).unwrap();
        let (es256, rs256) = (TokenAlgorithm::named("ES256").unwrap(), TokenAlgorithm::named("RS256").unwrap());
        assert!(set.has(Some("one"), es256) && set.has(None, es256));
        assert!(!set.has(Some("two"), es256) && !set.has(Some("one"), rs256) && !set.has(None, rs256));
        for body in ["{}", "[]", r#"{"keys":{}}"#, "nonsense"] {
            assert!(KeySet::read(body.as_bytes()).is_err(), "{body}");
        }
    }
}
