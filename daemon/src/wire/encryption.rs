//! `credential_response_encryption` of a credential or deferred credential request (`OpenID4VCI` 8.2): for whom and how the response is
//! to be encrypted.

use super::json::{Json, Object};
use super::jwe::{ContentEncryption, DEFLATE, ECDH_ES};
use super::jwk;
use crate::base::key::PublicKey;

/// Longest `kid` of a wallet's key, in bytes; it is sent back.
const MOST_KEY_ID: usize = 512;

/// Whom a response is encrypted for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// Their key, on P-256.
    pub key: PublicKey,
    /// Its `kid`, which is sent back.
    pub kid: Option<String>,
    /// How the content is encrypted.
    pub encryption: ContentEncryption,
    /// Whether it is compressed before.
    pub compressed: bool,
}

/// What is wrong with the encryption of a request, or with what it asks for its response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncryptionFault {
    /// Not an object.
    #[error("credential_response_encryption must be an object")]
    NotAnObject,
    /// `jwk` is no public key on P-256 that may be encrypted to.
    #[error("credential_response_encryption.jwk must be a public key for encryption: EC, P-256, use enc")]
    Key,
    /// `alg` of the key is missing or another one.
    #[error("credential_response_encryption.jwk must have alg {ECDH_ES}")]
    Algorithm,
    /// `kid` of the key is no string, or too long.
    #[error("credential_response_encryption.jwk has a kid that is not a string of at most {MOST_KEY_ID} bytes")]
    KeyId,
    /// `enc` is missing or another one.
    #[error("credential_response_encryption.enc must be A128GCM or A256GCM")]
    Encryption,
    /// `zip` is not one that is offered.
    #[error("credential_response_encryption.zip is not supported")]
    Compression,
    /// Nothing is encrypted here.
    #[error("encryption is not offered")]
    NotOffered,
    /// An encrypted response is asked for in a request that is not encrypted (8.2).
    #[error("a request for an encrypted response must itself be encrypted")]
    PlainRequest,
    /// All requests must be encrypted.
    #[error("requests must be encrypted, with a key of credential_request_encryption")]
    RequestRequired,
    /// All responses must be encrypted.
    #[error("credential_response_encryption is required")]
    ResponseRequired,
}

/// Takes the parameters out of a request; `None` when a plain response is asked for.
pub fn take(request: &mut Object<'_>) -> Result<Option<Recipient>, EncryptionFault> {
    request.take("credential_response_encryption").map(|value| read(&value)).transpose()
}

fn read(value: &Json<'_>) -> Result<Recipient, EncryptionFault> {
    let parameters = value.as_object().ok_or(EncryptionFault::NotAnObject)?;
    let key = parameters.get("jwk").ok_or(EncryptionFault::Key)?;
    let members = key.as_object().ok_or(EncryptionFault::Key)?;
    if members.get("alg").and_then(Json::as_str) != Some(ECDH_ES) {
        return Err(EncryptionFault::Algorithm);
    }
    let kid = match members.get("kid") {
        None => None,
        Some(Json::Text(kid)) if kid.len() <= MOST_KEY_ID => Some(kid.clone().into_owned()),
        Some(_) => return Err(EncryptionFault::KeyId),
    };
    let encryption = parameters.get("enc").and_then(Json::as_str).and_then(ContentEncryption::named);
    let compressed = match parameters.get("zip") {
        None => false,
        Some(zip) if zip.as_str() == Some(DEFLATE) => true,
        Some(_) => return Err(EncryptionFault::Compression),
    };
    Ok(Recipient {
        key: jwk::recipient(members).ok_or(EncryptionFault::Key)?,
        kid,
        encryption: encryption.ok_or(EncryptionFault::Encryption)?,
        compressed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::fuzz;

    const GOOD: &str = r#"{"credential_response_encryption":{"jwk":{"kty":"EC","crv":"P-256","alg":"ECDH-ES","use":"enc","kid":"w1","x":"BMCopyAbyi3IE0MGT1O3Z7Lf_rMpbLNw9XEWSUizC8U","y":"98Ba9A84UUJ6jajWXyZDoPr6Y28x6gAO6h5B0zUoG5o"},"enc":"A128GCM"}}"#;

    fn parse(text: &str) -> Result<Option<Recipient>, EncryptionFault> {
        take(&mut Object::parse(text.as_bytes()).unwrap())
    }

    fn changed(from: &str, to: &str) -> Result<Option<Recipient>, EncryptionFault> {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD, "{from}");
        parse(&text)
    }

    #[test]
    fn the_parameters_are_read() {
        let read = parse(GOOD).unwrap().unwrap();
        assert_eq!(
            (read.kid.as_deref(), read.encryption, read.compressed),
            (Some("w1"), ContentEncryption::A128Gcm, false)
        );
        assert_eq!(parse("{}"), Ok(None));
        let read = changed(r#""enc":"A128GCM""#, r#""enc":"A256GCM","zip":"DEF","x":1"#).unwrap().unwrap();
        assert_eq!((read.encryption, read.compressed), (ContentEncryption::A256Gcm, true));
        assert_eq!(changed(r#","kid":"w1""#, "").unwrap().unwrap().kid, None);
        assert!(changed(r#""use":"enc""#, r#""key_ops":["deriveBits"]"#).is_ok());
        // As WebCrypto exports it.
        assert!(changed(r#""use":"enc""#, r#""key_ops":[],"ext":true"#).is_ok());
    }

    // VCI-8.2-17, JWE-JWK-01
    #[test]
    fn parameters_that_do_not_work_are_refused() {
        for (from, to, fault) in [
            (r#""alg":"ECDH-ES","#, "", EncryptionFault::Algorithm),
            (r#""ECDH-ES""#, r#""RSA-OAEP-256""#, EncryptionFault::Algorithm),
            (r#""ECDH-ES""#, r#""ECDH-ES+A128KW""#, EncryptionFault::Algorithm),
            (r#""A128GCM""#, r#""A128CBC-HS256""#, EncryptionFault::Encryption),
            (r#","enc":"A128GCM""#, "", EncryptionFault::Encryption),
            (r#""enc":"A128GCM""#, r#""enc":"A128GCM","zip":"XYZ""#, EncryptionFault::Compression),
            (r#""w1""#, "7", EncryptionFault::KeyId),
            (r#""use":"enc""#, r#""use":"sig""#, EncryptionFault::Key),
            (r#""use":"enc""#, r#""key_ops":["sign"]"#, EncryptionFault::Key),
            (r#""use":"enc""#, r#""d":"AA""#, EncryptionFault::Key),
            (r#""P-256""#, r#""P-384""#, EncryptionFault::Key),
            ("BMCopyAb", "AMCopyAb", EncryptionFault::Key),
            (r#""jwk""#, r#""jwks""#, EncryptionFault::Key),
        ] {
            assert_eq!(changed(from, to), Err(fault), "{to}");
        }
        let long = format!(r#""{}""#, "k".repeat(MOST_KEY_ID + 1));
        assert_eq!(changed(r#""w1""#, &long), Err(EncryptionFault::KeyId));
        for value in ["null", "[]", "true", "\"x\""] {
            let text = format!(r#"{{"credential_response_encryption":{value}}}"#);
            assert_eq!(parse(&text), Err(EncryptionFault::NotAnObject), "{value}");
        }
    }

    // SEC-PANIC-01
    #[test]
    fn mutated_parameters_never_panic() {
        fuzz::mutate(&[GOOD.as_bytes()], 20_000, |input| {
            if let Ok(mut object) = Object::parse(input) {
                let _ = take(&mut object);
            }
        });
    }
}
