//! JSON Web Keys (RFC 7517, 7518, 8037): public keys of holders, read with every check that keeps a key from being mistaken for
//! another, and their thumbprints (RFC 7638).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;

use super::json::{Json, Object};
use super::point;
use crate::base::key::PublicKey;
use crate::base::secret::sha256;

/// Members that only private or symmetric keys have (RFC 7518 6.2.2, 6.3.2, 6.4).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Why a JWK is not an acceptable holder key. Says nothing of the key itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// Something else than an object.
    #[error("a key must be a JWK")]
    NotAnObject,
    /// Private key material was sent.
    #[error("a key must not have private members")]
    Private,
    /// `kty` and `crv` name no supported curve.
    #[error("a key must be EC P-256, EC P-384 or OKP Ed25519")]
    Unsupported,
    /// A coordinate is missing, is not base64url or has another length than the curve's.
    #[error("a coordinate of the key is malformed")]
    Coordinate,
    /// The coordinates name no usable point of the curve.
    #[error("the key is not a point of its curve")]
    Point,
    /// `use` or `key_ops` say that it is not for verifying signatures.
    #[error("the key is not meant for signatures")]
    Purpose,
    /// `alg` is not the algorithm of such a key.
    #[error("the key's alg does not fit its curve")]
    Algorithm,
}

/// Reads a public key that verifies signatures.
pub fn parse(jwk: &Json<'_>) -> Result<PublicKey, JwkError> {
    let jwk = jwk.as_object().ok_or(JwkError::NotAnObject)?;
    if PRIVATE.iter().any(|name| jwk.get(name).is_some()) {
        return Err(JwkError::Private);
    }
    check_purpose(jwk)?;
    let key = read(jwk)?;
    match jwk.get("alg") {
        Some(alg) if alg.as_str() != Some(algorithm(&key)) => Err(JwkError::Algorithm),
        _ => Ok(key),
    }
}

/// A public key on P-256, whatever it is for: the sender's half of a key agreement.
#[must_use]
pub fn p256(jwk: &Json<'_>) -> Option<PublicKey> {
    let members = jwk.as_object()?;
    let public = PRIVATE.iter().all(|name| members.get(name).is_none());
    read(members).ok().filter(|key| public && matches!(key, PublicKey::P256 { .. }))
}

/// A public key on P-256 that content may be encrypted to (RFC 7517 4.2, 4.3).
#[must_use]
pub fn recipient(jwk: &Object<'_>) -> Option<PublicKey> {
    let encrypts = jwk.get("use").is_none_or(|value| value.as_str() == Some("enc"));
    let derives = jwk.get("key_ops").is_none_or(|value| {
        let agrees = |name: &Json<'_>| matches!(name.as_str(), Some("deriveKey" | "deriveBits"));
        // WebCrypto exports the public half of a key agreement with none.
        value.as_array().is_some_and(|operations| operations.is_empty() || operations.iter().any(agrees))
    });
    let public = PRIVATE.iter().all(|name| jwk.get(name).is_none());
    read(jwk).ok().filter(|key| encrypts && derives && public && matches!(key, PublicKey::P256 { .. }))
}

fn check_purpose(jwk: &Object<'_>) -> Result<(), JwkError> {
    let usable = jwk.get("use").is_none_or(|value| value.as_str().is_some_and(|value| value != "enc"));
    let verifies = jwk.get("key_ops").is_none_or(|value| {
        value.as_array().is_some_and(|operations| operations.iter().any(|name| name.as_str() == Some("verify")))
    });
    if usable && verifies { Ok(()) } else { Err(JwkError::Purpose) }
}

fn read(jwk: &Object<'_>) -> Result<PublicKey, JwkError> {
    let text = |name: &str| jwk.get(name).and_then(Json::as_str);
    let point = match (text("kty"), text("crv")) {
        (Some("EC"), Some("P-256")) => point::p256(coordinate(text("x"))?, coordinate(text("y"))?),
        (Some("EC"), Some("P-384")) => point::p384(coordinate(text("x"))?, coordinate(text("y"))?),
        (Some("OKP"), Some("Ed25519")) => point::ed25519(coordinate(text("x"))?),
        _ => return Err(JwkError::Unsupported),
    };
    point.ok_or(JwkError::Point)
}

/// A coordinate of exactly `N` bytes, leading zeros included (RFC 7518 6.2.1.2).
fn coordinate<const N: usize>(text: Option<&str>) -> Result<[u8; N], JwkError> {
    let text = text.filter(|text| text.len() == (N * 4).div_ceil(3)).ok_or(JwkError::Coordinate)?;
    let mut out = [0; N];
    match B64.decode_slice(text, &mut out) {
        Ok(length) if length == N => Ok(out),
        _ => Err(JwkError::Coordinate),
    }
}

/// The JOSE name of the one algorithm that a key of this kind is used with.
#[must_use]
pub fn algorithm(key: &PublicKey) -> &'static str {
    match key {
        PublicKey::P256 { .. } => "ES256",
        PublicKey::P384 { .. } => "ES384",
        PublicKey::Ed25519 { .. } => "EdDSA",
    }
}

/// The JWK with its required members only, in the order of RFC 7638 3.
#[must_use]
pub fn print(key: &PublicKey) -> String {
    let ec = |curve: &str, x: &[u8], y: &[u8]| {
        format!(r#"{{"crv":"{curve}","kty":"EC","x":"{}","y":"{}"}}"#, B64.encode(x), B64.encode(y))
    };
    match key {
        PublicKey::P256 { x, y } => ec("P-256", x, y),
        PublicKey::P384 { x, y } => ec("P-384", x, y),
        PublicKey::Ed25519 { x } => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, B64.encode(x)),
    }
}

/// The SHA-256 thumbprint (RFC 7638), base64url.
#[must_use]
pub fn thumbprint(key: &PublicKey) -> String {
    B64.encode(thumbprint_bytes(key))
}

/// The same as 32 bytes.
#[must_use]
pub fn thumbprint_bytes(key: &PublicKey) -> [u8; 32] {
    sha256(print(key).as_bytes())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::wire::fuzz;

    /// The example wallet key of the specifications' style: EC P-256.
    pub(crate) const EXAMPLE: &str = r#"{"kty":"EC","crv":"P-256","x":"BMCopyAbyi3IE0MGT1O3Z7Lf_rMpbLNw9XEWSUizC8U","y":"98Ba9A84UUJ6jajWXyZDoPr6Y28x6gAO6h5B0zUoG5o"}"#;
    const P384: &str = r#"{"kty":"EC","crv":"P-384","x":"qofKIr6LBTeOscce8yCtdG4dO2KLp5uYWfdB4IJUKjhVAvJdv1UpbDpUXjhydgq3","y":"NhfeSpYmLG9dnpi_kpLcKfj0Hb0omhR86doxE7XwuMAKYLHOHX6BnXpDHXyQ6g5f"}"#;
    const ED25519: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

    fn read(text: &str) -> Result<PublicKey, JwkError> {
        parse(&Json::parse(text.as_bytes()).unwrap())
    }

    fn with(member: &str) -> String {
        EXAMPLE.replacen('{', &format!("{{{member},"), 1)
    }

    #[test]
    fn thumbprints_are_those_of_rfc_7638_and_8037() {
        let key = read(EXAMPLE).unwrap();
        assert_eq!(thumbprint(&key), "QYvu5lfI4lcWiMTXsMs6ZKE-e0wDcT-N3NW-7V5SNCA");
        assert_eq!(thumbprint(&read(ED25519).unwrap()), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    // SEC-KEY-05
    #[test]
    fn printing_and_reading_are_inverse_whatever_else_a_jwk_says() {
        for text in [EXAMPLE, P384, ED25519] {
            let key = read(text).unwrap();
            assert_eq!(read(&print(&key)), Ok(key));
        }
        let plain = read(EXAMPLE).unwrap();
        for member in
            [r#""alg":"ES256""#, r#""kid":"w1""#, r#""use":"sig""#, r#""key_ops":["verify"]"#, r#""ext":true"#]
        {
            assert_eq!(read(&with(member)), Ok(plain), "{member}");
        }
    }

    // VCI-F.1-05, SEC-KEY-02
    #[test]
    fn private_members_are_refused() {
        for name in PRIVATE {
            assert_eq!(read(&with(&format!(r#""{name}":"AA""#))), Err(JwkError::Private), "{name}");
            assert_eq!(read(&with(&format!(r#""{name}":null"#))), Err(JwkError::Private), "{name}");
        }
    }

    // VCI-F.1-17
    #[test]
    fn keys_for_other_purposes_are_refused() {
        for member in
            [r#""use":"enc""#, r#""use":1"#, r#""key_ops":["sign"]"#, r#""key_ops":[]"#, r#""key_ops":"verify""#]
        {
            assert_eq!(read(&with(member)), Err(JwkError::Purpose), "{member}");
        }
        for member in [r#""alg":"ES384""#, r#""alg":"none""#, r#""alg":"HS256""#, r#""alg":null"#, r#""alg":"es256""#] {
            assert_eq!(read(&with(member)), Err(JwkError::Algorithm), "{member}");
        }
    }

    // VCI-F.1-16, VCI-F.1-18, SEC-KEY-03
    #[test]
    fn malformed_keys_are_refused() {
        let x = "BMCopyAbyi3IE0MGT1O3Z7Lf_rMpbLNw9XEWSUizC8U";
        for (from, to, error) in [
            ("\"EC\"", "\"RSA\"", JwkError::Unsupported),
            ("\"EC\"", "\"OKP\"", JwkError::Unsupported),
            ("\"P-256\"", "\"P-521\"", JwkError::Unsupported),
            ("\"P-256\"", "\"secp256k1\"", JwkError::Unsupported),
            ("\"P-256\"", "null", JwkError::Unsupported),
            ("\"P-256\"", "\"P-384\"", JwkError::Coordinate),
            (x, "", JwkError::Coordinate),
            (x, "BMCopyAbyi3IE0MGT1O3Z7Lf_rMpbLNw9XEWSUizC8U=", JwkError::Coordinate),
            (x, "AATAqKcgG8otyBNDBk9Tt2ey3_6zKWyzcPVxFklIswvF", JwkError::Coordinate),
            (x, "wKinIBvKLcgTQwZPU7dnst_-syls s3D1cRZJSLMLxQ", JwkError::Coordinate),
            (x, "BMCopyAbyi3IE0MGT1O3Z7Lf/rMpbLNw9XEWSUizC8U", JwkError::Coordinate),
            (x, "BMCopyAbyi3IE0MGT1O3Z7Lf_rMpbLNw9XEWSUizC8V", JwkError::Coordinate),
            (x, "AMCopyAbyi3IE0MGT1O3Z7Lf_rMpbLNw9XEWSUizC8U", JwkError::Point),
            ("\"x\"", "\"X\"", JwkError::Coordinate),
        ] {
            assert_eq!(read(&EXAMPLE.replacen(from, to, 1)), Err(error), "{from} → {to}");
        }
        for text in ["[]", "null", "\"key\""] {
            assert_eq!(read(text), Err(JwkError::NotAnObject));
        }
        assert_eq!(read("{}"), Err(JwkError::Unsupported));
        assert_eq!(read(r#"{"kty":"oct","k":"AA"}"#), Err(JwkError::Private));
        let small_order = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, "A".repeat(43));
        assert_eq!(read(&small_order), Err(JwkError::Point));
    }

    // SEC-PANIC-01
    #[test]
    fn mutated_keys_never_panic() {
        fuzz::mutate(&[EXAMPLE.as_bytes(), P384.as_bytes(), ED25519.as_bytes()], 10_000, |input| {
            if let Ok(json) = Json::parse(input)
                && let Ok(key) = parse(&json)
            {
                assert_eq!(parse(&Json::parse(print(&key).as_bytes()).unwrap()), Ok(key));
            }
        });
    }
}
