//! DID URLs that carry a key in themselves, `did:jwk` and `did:key`. No other method is known and nothing is ever fetched.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;

use super::json::Json;
use super::{jwk, point};
use crate::base::key::PublicKey;

/// Longest DID URL that is read, in bytes. A `did:jwk` of a P-384 key with a few more members has about 400.
const MOST_BYTES: usize = 2048;
/// Longest multibase text of a `did:key` of the supported kinds; base58 takes quadratic time.
const MOST_MULTIBASE: usize = 80;

/// Why a DID URL gives no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DidError {
    /// Not a DID URL of a supported method.
    #[error("kid must be a DID URL of did:jwk or did:key")]
    Method,
    /// The fragment does not name the key of the DID.
    #[error("the fragment of the DID URL does not name its key")]
    Fragment,
    /// The DID holds no key of a supported kind.
    #[error("the DID has no usable key")]
    Key,
}

/// The key that a DID URL names: `did:jwk:<key>#0` or `did:key:<key>#<key>`.
pub fn resolve(url: &str) -> Result<PublicKey, DidError> {
    if url.len() > MOST_BYTES {
        return Err(DidError::Method);
    }
    let (did, fragment) = url.split_once('#').ok_or(DidError::Fragment)?;
    if let Some(encoded) = did.strip_prefix("did:jwk:") {
        return if fragment == "0" { did_jwk(encoded) } else { Err(DidError::Fragment) };
    }
    match did.strip_prefix("did:key:") {
        Some(encoded) if encoded == fragment => did_key(encoded),
        Some(_) => Err(DidError::Fragment),
        None => Err(DidError::Method),
    }
}

fn did_jwk(encoded: &str) -> Result<PublicKey, DidError> {
    let bytes = B64.decode(encoded).map_err(|_| DidError::Key)?;
    let json = Json::parse(&bytes).map_err(|_| DidError::Key)?;
    jwk::parse(&json).map_err(|_| DidError::Key)
}

fn did_key(encoded: &str) -> Result<PublicKey, DidError> {
    // `z` is base58btc, the only base of did:key.
    let text = encoded.strip_prefix('z').filter(|text| text.len() <= MOST_MULTIBASE).ok_or(DidError::Key)?;
    let bytes = bs58::decode(text).into_vec().map_err(|_| DidError::Key)?;
    // Multicodec names as unsigned varints: p256-pub 0x1200, p384-pub 0x1201, ed25519-pub 0xed.
    let key = match bytes.as_slice() {
        [0x80, 0x24, key @ ..] if key.len() == 33 => point::p256_sec1(key),
        [0x81, 0x24, key @ ..] if key.len() == 49 => point::p384_sec1(key),
        [0xed, 0x01, key @ ..] => key.try_into().ok().and_then(point::ed25519),
        _ => None,
    };
    key.ok_or(DidError::Key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::fuzz;

    // Vectors of the did:key and did:jwk method specifications.
    const KEY_ED25519: &str = "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
    const KEY_P256: &str = "zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169";
    const KEY_P384: &str = "z82Lm1MpAkeJcix9K8TMiLd5NMAhnwkjjCBeWHXyu3U4oT2MVJJKXkcVBgjGhnLBn2Kaau9";
    const JWK_P256: &str = "eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6ImFjYklRaXVNczNpOF91c3pFakoydHBUdFJNNEVVM3l6OTFQSDZDZEgyVjAiLCJ5IjoiX0tjeUxqOXZXTXB0bm1LdG00NkdxRHo4d2Y3NEk1TEtncmwyR3pIM25TRSJ9";

    fn key_url(encoded: &str) -> String {
        format!("did:key:{encoded}#{encoded}")
    }

    // VCI-F.1-13
    #[test]
    fn keys_are_read_from_their_dids() {
        assert!(matches!(resolve(&key_url(KEY_ED25519)), Ok(PublicKey::Ed25519 { .. })));
        assert!(matches!(resolve(&key_url(KEY_P256)), Ok(PublicKey::P256 { .. })));
        assert!(matches!(resolve(&key_url(KEY_P384)), Ok(PublicKey::P384 { .. })));
        let PublicKey::P256 { x, .. } = resolve(&format!("did:jwk:{JWK_P256}#0")).unwrap() else { panic!() };
        assert_eq!(B64.encode(x), "acbIQiuMs3i8_uszEjJ2tpTtRM4EU3yz91PH6CdH2V0");
    }

    // VCI-F.1-13, SEC-SSRF-01, SEC-KEY-01
    #[test]
    fn other_methods_and_fragments_are_refused() {
        for (url, error) in [
            ("did:web:canary.example#0".to_owned(), DidError::Method),
            ("https://canary.example/key#0".to_owned(), DidError::Method),
            ("#0".to_owned(), DidError::Method),
            ("../../etc/passwd#0".to_owned(), DidError::Method),
            ("key-1".to_owned(), DidError::Fragment),
            (format!("did:jwk:{JWK_P256}"), DidError::Fragment),
            (format!("did:jwk:{JWK_P256}#1"), DidError::Fragment),
            (format!("did:jwk:{JWK_P256}#0#0"), DidError::Fragment),
            (format!("did:jwk:{JWK_P256}?x=1#0"), DidError::Key),
            (format!("did:key:{KEY_P256}"), DidError::Fragment),
            (format!("did:key:{KEY_P256}#0"), DidError::Fragment),
            (format!("did:key:{KEY_P256}#{KEY_P384}"), DidError::Fragment),
            (format!("DID:KEY:{KEY_P256}#{KEY_P256}"), DidError::Method),
            ("did:key:#".to_owned(), DidError::Key),
            (format!("did:jwk:{}#0", "A".repeat(5000)), DidError::Method),
        ] {
            assert_eq!(resolve(&url), Err(error), "{url}");
        }
    }

    // VCI-F.1-18, SEC-KEY-02, SEC-KEY-03
    #[test]
    fn dids_without_a_usable_key_are_refused() {
        let did_key = |bytes: &[u8]| {
            let encoded = format!("z{}", bs58::encode(bytes).into_string());
            resolve(&key_url(&encoded))
        };
        let point = bs58::decode(&KEY_P256[1..]).into_vec().unwrap();
        assert!(did_key(&point).is_ok());
        assert_eq!(did_key(&point[..34]), Err(DidError::Key));
        assert_eq!(did_key(&[point.as_slice(), &[0]].concat()), Err(DidError::Key));
        // secp256k1-pub, x25519-pub and rsa-pub
        for codec in [[0xe7, 0x01], [0xec, 0x01], [0x85, 0x24]] {
            assert_eq!(did_key(&[codec.as_slice(), &point[2..]].concat()), Err(DidError::Key));
        }
        assert_eq!(did_key(&[&[0xed, 0x01], [0; 32].as_slice()].concat()), Err(DidError::Key));
        assert_eq!(did_key(&[&[0x80, 0x24, 0x02], [0xff; 32].as_slice()].concat()), Err(DidError::Key));
        assert_eq!(resolve(&key_url(&KEY_P256.replacen('z', "u", 1))), Err(DidError::Key));
        assert_eq!(resolve(&key_url(&format!("z{}", "1".repeat(1000)))), Err(DidError::Key));
        let private =
            B64.encode(r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"AA"}"#);
        assert_eq!(resolve(&format!("did:jwk:{private}#0")), Err(DidError::Key));
    }

    // SEC-PANIC-01
    #[test]
    fn mutated_dids_never_panic() {
        let seeds = [key_url(KEY_P256), key_url(KEY_ED25519), key_url(KEY_P384), format!("did:jwk:{JWK_P256}#0")];
        let seeds: Vec<_> = seeds.iter().map(String::as_bytes).collect();
        fuzz::mutate(&seeds, 5_000, |input| {
            if let Ok(url) = std::str::from_utf8(input) {
                let _ = resolve(url);
            }
        });
    }
}
