//! JSON Web Encryption in compact form (RFC 7516): split, decoded and read, not yet opened; and printed.
//!
//! Of the many algorithms two are read: ECDH-ES with P-256 for the key, without key wrapping (RFC 7518 4.6), and AES-GCM for the content.
//! All others, those with a shared key or a password among them, are refused before any work is done for them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;

use super::json::{Json, JsonError, Object};
use super::jwk;
use crate::base::key::PublicKey;

/// The one key agreement.
pub const ECDH_ES: &str = "ECDH-ES";
/// The one compression.
pub const DEFLATE: &str = "DEF";
/// Bytes of an initialization vector (RFC 7518 5.3).
pub const IV: usize = 12;
/// Bytes of an authentication tag.
pub const TAG: usize = 16;
/// Longest `apu` and `apv`, decoded: enough for a nonce, a name or a hash.
const MOST_PARTY: usize = 256;
/// Longest header, encoded: that of an `epk` and two parties is below 1,400 bytes.
const MOST_HEADER: usize = 4096;

/// How the content is encrypted (RFC 7518 5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentEncryption {
    /// `A128GCM`
    A128Gcm,
    /// `A256GCM`
    A256Gcm,
}

impl ContentEncryption {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::A128Gcm, Self::A256Gcm];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::A128Gcm => "A128GCM",
            Self::A256Gcm => "A256GCM",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// Bytes of its key.
    #[must_use]
    pub fn key_length(self) -> usize {
        match self {
            Self::A128Gcm => 16,
            Self::A256Gcm => 32,
        }
    }
}

/// Why a text is no JWE that could be opened here. All that is told rests on what everybody can read in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JweError {
    /// Not five parts of base64url without padding, or of lengths that AES-GCM has not.
    #[error("is not a compact JWE")]
    NotCompact,
    /// The header is not an acceptable JSON object.
    #[error("has a header that {0}")]
    Header(JsonError),
    /// The header names extensions that must be understood; none is supported (RFC 7516 4.1.13).
    #[error("has a critical header parameter that is not supported")]
    Critical,
    /// `alg` is another one.
    #[error("must have alg {ECDH_ES}")]
    Algorithm,
    /// `enc` is another one.
    #[error("must have enc A128GCM or A256GCM")]
    Encryption,
    /// `zip` is another one than `DEF`.
    #[error("has a zip that is not supported")]
    Compression,
    /// `kid` is missing or no string.
    #[error("must have the kid of a key of the metadata")]
    NoKeyId,
    /// `epk` is no public key on P-256 (RFC 7518 4.6.1.1).
    #[error("has an epk that is no public key on P-256")]
    EphemeralKey,
    /// `apu` or `apv` is no base64url, or too long.
    #[error("has an apu or apv that is not base64url of at most {MOST_PARTY} bytes")]
    Party,
}

/// A decoded JWE.
#[derive(Debug)]
pub struct Jwe<'a> {
    /// The encoded header, which is authenticated with the content.
    pub protected: &'a str,
    /// The decoded header.
    header: Vec<u8>,
    /// Initialization vector.
    pub iv: [u8; IV],
    /// Ciphertext, and the tag after it.
    pub ciphertext: Vec<u8>,
}

/// A read header.
#[derive(Debug)]
pub struct Header {
    /// How the content is encrypted.
    pub encryption: ContentEncryption,
    /// Which key it is for.
    pub kid: String,
    /// The sender's half of the agreement.
    pub ephemeral: PublicKey,
    /// `apu`, decoded; empty without one.
    pub apu: Vec<u8>,
    /// `apv`, decoded; empty without one.
    pub apv: Vec<u8>,
    /// Whether the content was compressed before it was encrypted.
    pub compressed: bool,
}

impl<'a> Jwe<'a> {
    /// Splits and decodes a compact JWE. Its length must be bounded by the caller.
    pub fn decode(text: &'a str) -> Result<Self, JweError> {
        let mut parts = text.split('.');
        let mut next = || parts.next().ok_or(JweError::NotCompact);
        let (protected, key, iv, content, tag) = (next()?, next()?, next()?, next()?, next()?);
        // ECDH-ES agrees on the key itself, so there is none to be sent (RFC 7516 5.1, step 5).
        if parts.next().is_some() || !key.is_empty() || protected.len() > MOST_HEADER {
            return Err(JweError::NotCompact);
        }
        let decode = |part: &str| B64.decode(part).map_err(|_| JweError::NotCompact);
        let (header, iv, mut ciphertext, tag) = (decode(protected)?, decode(iv)?, decode(content)?, decode(tag)?);
        let iv = iv.try_into().map_err(|_| JweError::NotCompact)?;
        if tag.len() != TAG {
            return Err(JweError::NotCompact);
        }
        ciphertext.extend(tag);
        Ok(Self { protected, header, iv, ciphertext })
    }

    /// Reads the header.
    pub fn header(&self) -> Result<Header, JweError> {
        let header = Object::parse(&self.header).map_err(JweError::Header)?;
        let text = |name: &str| header.get(name).and_then(Json::as_str);
        if header.get("crit").is_some() {
            return Err(JweError::Critical);
        }
        if text("alg") != Some(ECDH_ES) {
            return Err(JweError::Algorithm);
        }
        let encryption = text("enc").and_then(ContentEncryption::named).ok_or(JweError::Encryption)?;
        let compressed = match header.get("zip") {
            None => false,
            Some(zip) if zip.as_str() == Some(DEFLATE) => true,
            Some(_) => return Err(JweError::Compression),
        };
        let kid = text("kid").ok_or(JweError::NoKeyId)?.to_owned();
        let ephemeral = header.get("epk").and_then(jwk::p256).ok_or(JweError::EphemeralKey)?;
        Ok(Header { encryption, kid, ephemeral, apu: party(&header, "apu")?, apv: party(&header, "apv")?, compressed })
    }
}

fn party(header: &Object<'_>, name: &str) -> Result<Vec<u8>, JweError> {
    let Some(value) = header.get(name) else { return Ok(Vec::new()) };
    let decoded = value.as_str().and_then(|text| B64.decode(text).ok());
    decoded.filter(|bytes| bytes.len() <= MOST_PARTY).ok_or(JweError::Party)
}

/// Prints a header as it is authenticated. `kid` is that of the recipient's key, if it has one.
#[must_use]
pub fn print_header(
    encryption: ContentEncryption,
    ephemeral: &PublicKey,
    kid: Option<&str>,
    compressed: bool,
) -> String {
    use std::fmt::Write as _;
    let mut header = format!(r#"{{"alg":"{ECDH_ES}","enc":"{}","epk":{}"#, encryption.name(), jwk::print(ephemeral));
    if let Some(kid) = kid {
        // A wallet chose it, so it is escaped.
        let _ = write!(header, r#","kid":{}"#, serde_json::Value::from(kid));
    }
    if compressed {
        let _ = write!(header, r#","zip":"{DEFLATE}""#);
    }
    header.push('}');
    B64.encode(header)
}

/// Prints the compact form; `ciphertext` has the tag at its end.
#[must_use]
pub fn print(protected: &str, iv: &[u8; IV], ciphertext: &[u8]) -> String {
    let (content, tag) = ciphertext.split_at(ciphertext.len().saturating_sub(TAG));
    format!("{protected}..{}.{}.{}", B64.encode(iv), B64.encode(content), B64.encode(tag))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::fuzz;
    use crate::wire::jwk::tests::EXAMPLE;

    fn header(change: impl Fn(String) -> String) -> Result<Header, JweError> {
        let text = change(format!(r#"{{"alg":"ECDH-ES","enc":"A128GCM","kid":"k1","epk":{EXAMPLE}}}"#));
        let jwe = format!("{}..{}.{}.{}", B64.encode(text), B64.encode([0; IV]), B64.encode("x"), B64.encode([0; TAG]));
        Jwe::decode(&jwe)?.header()
    }

    fn with(member: &str) -> Result<Header, JweError> {
        header(|text| text.replacen('{', &format!("{{{member},"), 1))
    }

    #[test]
    fn a_header_is_read() {
        let read = with(r#""apu":"QWxpY2U","apv":"Qm9i","zip":"DEF","x":[1]"#).unwrap();
        assert_eq!((read.encryption, read.kid.as_str()), (ContentEncryption::A128Gcm, "k1"));
        assert_eq!((read.apu.as_slice(), read.apv.as_slice(), read.compressed), (&b"Alice"[..], &b"Bob"[..], true));
        assert!(!header(|text| text).unwrap().compressed);
    }

    // JWE-7518-02, JWE-7516-01, JWE-7518-03, SEC-P2C-01, HTP-JSON-02
    #[test]
    fn other_algorithms_and_ambiguous_headers_are_refused() {
        for alg in ["RSA1_5", "RSA-OAEP", "dir", "A128KW", "A256GCMKW", "PBES2-HS256+A128KW", "none", "ECDH-ES+A256KW"]
        {
            let error = header(|text| text.replace("\"ECDH-ES\"", &format!("\"{alg}\""))).unwrap_err();
            assert_eq!(error, JweError::Algorithm, "{alg}");
        }
        for enc in ["A192GCM", "A128CBC-HS256", "a128gcm", ""] {
            let error = header(|text| text.replace("A128GCM", enc)).unwrap_err();
            assert_eq!(error, JweError::Encryption, "{enc}");
        }
        for (member, error) in [
            (r#""crit":["exp"]"#, JweError::Critical),
            (r#""crit":[]"#, JweError::Critical),
            (r#""zip":"GZIP""#, JweError::Compression),
            (r#""zip":null"#, JweError::Compression),
            (r#""apu":"=""#, JweError::Party),
            (r#""apv":7"#, JweError::Party),
            (r#""alg":"ECDH-ES""#, JweError::Header(JsonError::Duplicate)),
        ] {
            assert_eq!(with(member).unwrap_err(), error, "{member}");
        }
        let long = format!(r#""apu":"{}""#, B64.encode([7; MOST_PARTY + 1]));
        assert_eq!(with(&long).unwrap_err(), JweError::Party);
        assert_eq!(header(|text| text.replace("\"kid\"", "\"kit\"")).unwrap_err(), JweError::NoKeyId);
        for (from, to) in [
            ("\"epk\"", "\"epc\""),
            ("P-256", "P-384"),
            ("BMCopyAb", "AMCopyAb"),
            ("\"kty\":\"EC\"", "\"kty\":\"EC\",\"d\":\"AA\""),
        ] {
            assert_eq!(header(|text| text.replacen(from, to, 1)).unwrap_err(), JweError::EphemeralKey, "{to}");
        }
    }

    // SEC-SIZE-01, SEC-DEPTH-01
    #[test]
    fn what_is_not_compact_is_refused() {
        let (iv, tag) = (B64.encode([0; IV]), B64.encode([0; TAG]));
        for text in [
            String::new(),
            "....".into(),
            format!("e30..{iv}.AA"),
            format!("e30..{iv}.AA.{tag}.AA"),
            format!("e30.AA.{iv}.AA.{tag}"),
            format!("e30..AA.AA.{tag}"),
            format!("e30..{iv}.AA.AA"),
            format!("e30=..{iv}.AA.{tag}"),
            format!("{}..{iv}.AA.{tag}", "A".repeat(MOST_HEADER + 4)),
        ] {
            assert_eq!(Jwe::decode(&text).unwrap_err(), JweError::NotCompact, "{text}");
        }
        let deep = format!("{}..{iv}.AA.{tag}", B64.encode("[".repeat(3000)));
        assert_eq!(Jwe::decode(&deep).unwrap().header().unwrap_err(), JweError::Header(JsonError::TooDeep));
    }

    // SEC-PANIC-01
    #[test]
    fn mutated_messages_never_panic() {
        let header =
            format!(r#"{{"alg":"ECDH-ES","enc":"A128GCM","kid":"k1","apu":"QWxpY2U","zip":"DEF","epk":{EXAMPLE}}}"#);
        let (iv, tag) = (B64.encode([0; IV]), B64.encode([0; TAG]));
        let whole = format!("{}..{iv}.{}.{tag}", B64.encode(&header), B64.encode("content"));
        fuzz::mutate(&[whole.as_bytes()], 10_000, |input| {
            let Ok(text) = std::str::from_utf8(input) else { return };
            let _ = Jwe::decode(text).and_then(|jwe| jwe.header().map(drop));
        });
        fuzz::mutate(&[header.as_bytes()], 10_000, |input| {
            let text = format!("{}..{iv}.AA.{tag}", B64.encode(input));
            let _ = Jwe::decode(&text).and_then(|jwe| jwe.header().map(drop));
        });
    }
}
