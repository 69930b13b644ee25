//! JSON Web Signatures in compact form (RFC 7515): split, decoded and read, not yet believed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;

use super::json::{Json, JsonError, Object};

/// Longest compact JWS that is read, in bytes: a proof with an attestation of a hundred keys and its chain of certificates has
/// 28 KiB, and larger ones would only buy work.
pub const MOST_BYTES: usize = 32 * 1024;

/// Why a text is not an acceptable JWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Longer than [`MOST_BYTES`].
    #[error("is larger than {MOST_BYTES} bytes")]
    TooLarge,
    /// Not three parts of base64url without padding.
    #[error("is not a compact JWS")]
    NotCompact,
    /// The header is not an acceptable JSON object.
    #[error("has a header that {0}")]
    Header(JsonError),
    /// The payload is not an acceptable JSON object.
    #[error("has a payload that {0}")]
    Payload(JsonError),
    /// The header has no `alg` string.
    #[error("has no alg in its header")]
    NoAlgorithm,
    /// The header names extensions that must be understood, or an unencoded payload; none is supported (RFC 7515 4.1.11, 7797).
    #[error("has a critical header parameter that is not supported")]
    Critical,
}

/// A decoded JWS. Its signature has not been checked.
#[derive(Clone)]
pub struct Jws<'a> {
    signed: &'a str,
    header: Vec<u8>,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// A read header.
pub struct Header<'a> {
    /// `alg`
    pub algorithm: &'a str,
    /// `typ`, when it is a string.
    pub typ: Option<&'a str>,
}

impl<'a> Jws<'a> {
    /// Splits and decodes a compact JWS.
    pub fn decode(text: &'a str) -> Result<Self, JwsError> {
        if text.len() > MOST_BYTES {
            return Err(JwsError::TooLarge);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(JwsError::NotCompact)?;
        let (header, payload) = signed.split_once('.').ok_or(JwsError::NotCompact)?;
        let part = |part: &str| B64.decode(part).map_err(|_| JwsError::NotCompact);
        Ok(Self { signed, header: part(header)?, payload: part(payload)?, signature: part(signature)? })
    }

    /// The header's members.
    pub fn header(&self) -> Result<Object<'_>, JwsError> {
        Object::parse(&self.header).map_err(JwsError::Header)
    }

    /// The payload as a set of claims.
    pub fn claims(&self) -> Result<Object<'_>, JwsError> {
        Object::parse(&self.payload).map_err(JwsError::Payload)
    }

    /// The bytes that are signed.
    #[must_use]
    pub fn signed(&self) -> &'a [u8] {
        self.signed.as_bytes()
    }

    /// The signature.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }
}

impl<'a> Header<'a> {
    /// Reads what every JWS has. `jku` and `x5u` are not looked at: nothing is ever fetched because a message says so.
    pub fn of(header: &'a Object<'_>) -> Result<Self, JwsError> {
        if header.get("crit").is_some() || header.get("b64").is_some() {
            return Err(JwsError::Critical);
        }
        let text = |name: &str| header.get(name).and_then(Json::as_str);
        Ok(Self { algorithm: text("alg").ok_or(JwsError::NoAlgorithm)?, typ: text("typ") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::fuzz;

    fn compact(header: &str, payload: &str, signature: &[u8]) -> String {
        format!("{}.{}.{}", B64.encode(header), B64.encode(payload), B64.encode(signature))
    }

    #[test]
    fn a_jws_is_split_and_read() {
        let text = compact(r#"{"alg":"ES256","typ":"x"}"#, r#"{"nonce":"n"}"#, b"sig");
        let jws = Jws::decode(&text).unwrap();
        let members = jws.header().unwrap();
        let header = Header::of(&members).unwrap();
        assert_eq!((header.algorithm, header.typ), ("ES256", Some("x")));
        assert_eq!(jws.claims().unwrap().get("nonce").and_then(super::super::json::Json::as_str), Some("n"));
        assert_eq!((jws.signature(), jws.signed()), (b"sig".as_slice(), text.rsplit_once('.').unwrap().0.as_bytes()));
    }

    // SEC-SIZE-01
    #[test]
    fn what_is_not_compact_is_refused() {
        for text in [
            "",
            ".",
            "..",
            "a.b",
            "e30.e30",
            "e30.e30.e30.e30",
            "e30=.e30.e30",
            "e30.e30.+/+/",
            "e30.e3.e31",
            " e30.e30.e30",
        ] {
            let read = Jws::decode(text).and_then(|jws| jws.header().map(drop));
            assert!(read.is_err(), "{text}");
        }
        let most = format!("e30.e30.{}", "A".repeat(MOST_BYTES - 8));
        assert!(Jws::decode(&most).is_ok());
        assert!(matches!(Jws::decode(&format!("{most}AAAA")), Err(JwsError::TooLarge)));
    }

    // VCI-F.1-15, HTP-JSON-02, SEC-DEPTH-01
    #[test]
    fn unsupported_and_ambiguous_headers_are_refused() {
        let header = |header: &str| {
            let text = compact(header, "{}", b"");
            let jws = Jws::decode(&text).unwrap();
            jws.header().and_then(|members| Header::of(&members).map(drop))
        };
        assert_eq!(header(r#"{"alg":"ES256"}"#), Ok(()));
        assert_eq!(header(r#"{"alg":"ES256","jku":"https://canary.example","x5u":"https://canary.example"}"#), Ok(()));
        assert_eq!(header(r#"{"alg":"ES256","crit":["exp"]}"#), Err(JwsError::Critical));
        assert_eq!(header(r#"{"alg":"ES256","crit":[]}"#), Err(JwsError::Critical));
        assert_eq!(header(r#"{"alg":"ES256","b64":false}"#), Err(JwsError::Critical));
        assert_eq!(header(r#"{"alg":"ES256","alg":"ES256"}"#), Err(JwsError::Header(JsonError::Duplicate)));
        assert_eq!(header(r#"{"typ":"JWT"}"#), Err(JwsError::NoAlgorithm));
        assert_eq!(header(r#"{"alg":null}"#), Err(JwsError::NoAlgorithm));
        assert_eq!(header("[]"), Err(JwsError::Header(JsonError::NotAnObject)));
        let deep = format!("{{\"alg\":\"ES256\",\"x\":{}}}", "[".repeat(1000));
        assert_eq!(header(&deep), Err(JwsError::Header(JsonError::TooDeep)));
    }

    // SEC-PANIC-01
    #[test]
    fn mutated_jws_never_panic() {
        let seed = compact(r#"{"alg":"ES256","jwk":{"kty":"EC"}}"#, r#"{"aud":"a","iat":1}"#, &[7; 64]);
        fuzz::mutate(&[seed.as_bytes()], 20_000, |input| {
            let Ok(text) = std::str::from_utf8(input) else { return };
            if let Ok(jws) = Jws::decode(text) {
                let _ = jws.header().and_then(|members| Header::of(&members).map(drop));
                let _ = jws.claims();
            }
        });
    }
}
