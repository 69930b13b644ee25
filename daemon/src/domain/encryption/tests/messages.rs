//! What is opened and closed, and what is not.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use miniz_oxide::deflate::compress_to_vec;
use serde_json::Value;

use super::super::agreement::AgreementKey;
use super::*;
use crate::wire::jwe::ContentEncryption;
use crate::wire::{fuzz, json};

/// A recipient like a wallet, with its private key.
fn wallet(encryption: ContentEncryption, compressed: bool) -> (AgreementKey, Recipient) {
    let key = AgreementKey::generate(&SystemRandom::default()).unwrap();
    let recipient = Recipient { key: key.public().unwrap(), kid: None, encryption, compressed };
    (key, recipient)
}

/// A request as a wallet encrypts it: for the key in use.
fn request(house: &House, plain: &[u8], encryption: ContentEncryption, compressed: bool) -> String {
    let keys = house.encryption.keys();
    let current = keys.current().unwrap();
    let recipient = Recipient { key: current.public, kid: Some(current.kid.clone()), encryption, compressed };
    house.encryption.close(plain, &recipient).unwrap()
}

fn opened(text: &str, key: &AgreementKey) -> Option<Vec<u8>> {
    let message = Jwe::decode(text).unwrap();
    let header = serde_json::from_slice::<Value>(&B64.decode(message.protected).unwrap()).unwrap();
    // A wallet's key may have no kid, which a reader of requests insists on.
    let named = header["kid"].is_string();
    assert!(named || message.header().is_err());
    let encryption = ContentEncryption::named(header["enc"].as_str().unwrap()).unwrap();
    let epk = header["epk"].to_string();
    let header = crate::wire::jwe::Header {
        encryption,
        kid: String::new(),
        ephemeral: crate::wire::jwk::p256(&json::Json::parse(epk.as_bytes()).unwrap()).unwrap(),
        apu: Vec::new(),
        apv: Vec::new(),
        compressed: header["zip"] == "DEF",
    };
    message::open(message, &header, key, 1 << 20)
}

// JWE-7518-01, VCI-10-03, VCI-10-04
#[tokio::test]
async fn what_is_closed_is_opened_with_each_kind_of_content_encryption() {
    let house = House::new(policy()).await;
    for encryption in ContentEncryption::ALL {
        for compressed in [false, true] {
            let plain = br#"{"credentials":[]}"#.repeat(50);
            let text = request(&house, &plain, encryption, compressed);
            assert_eq!(house.encryption.open(&text).unwrap(), plain);
            assert_eq!(text.len() < plain.len(), compressed);
            let (key, recipient) = wallet(encryption, compressed);
            let text = house.encryption.close(&plain, &recipient).unwrap();
            assert_eq!(opened(&text, &key).unwrap(), plain);
            let (other, _) = wallet(encryption, compressed);
            assert_eq!(opened(&text, &other), None);
        }
    }
}

// VCI-10-03
#[tokio::test]
async fn the_key_id_of_the_recipient_is_sent_back_as_it_came() {
    let house = House::new(policy()).await;
    let (_, mut recipient) = wallet(ContentEncryption::A128Gcm, false);
    let header = |recipient: &Recipient| {
        let text = house.encryption.close(b"{}", recipient).unwrap();
        serde_json::from_slice::<Value>(&B64.decode(text.split('.').next().unwrap()).unwrap()).unwrap()
    };
    assert!(header(&recipient).get("kid").is_none());
    assert!(header(&recipient).get("zip").is_none());
    for kid in ["w1", "a \"quoted\" \\ key\n", "é"] {
        recipient.kid = Some(kid.into());
        assert_eq!(header(&recipient)["kid"], kid);
    }
}

// JWE-7516-03
#[tokio::test]
async fn no_two_messages_share_a_key_or_an_initialization_vector() {
    let house = House::new(policy()).await;
    let (_, recipient) = wallet(ContentEncryption::A256Gcm, false);
    let mut seen = HashSet::new();
    for _ in 0..100 {
        let text = house.encryption.close(b"{}", &recipient).unwrap();
        for part in text.split('.').filter(|part| !part.is_empty()).take(2) {
            assert!(seen.insert(part.to_owned()));
        }
    }
}

// JWE-7516-02, SEC-ERR-01
#[tokio::test]
async fn whatever_cannot_be_decrypted_is_the_same() {
    let house = House::new(policy()).await;
    let good = request(&house, b"{}", ContentEncryption::A128Gcm, false);
    let parts: Vec<_> = good.split('.').map(|part| B64.decode(part).unwrap()).collect();
    for (part, bit) in [(2, 0), (3, 0), (4, 0), (4, 127)] {
        let mut parts = parts.clone();
        parts[part][bit / 8] ^= 1 << (bit % 8);
        let text = parts.iter().map(|part| B64.encode(part)).collect::<Vec<_>>().join(".");
        assert_eq!(house.encryption.open(&text), Err(OpenError::Unreadable), "{part} {bit}");
    }
    // Another agreement, other parties, other content encryption: each changes the key.
    let other = request(&house, b"{}", ContentEncryption::A128Gcm, false);
    let (header, rest) = (other.split_once('.').unwrap().0, good.split_once('.').unwrap().1);
    assert_eq!(house.encryption.open(&format!("{header}.{rest}")), Err(OpenError::Unreadable));
    // Decrypted, but not to be inflated.
    let keys = house.encryption.keys();
    let current = keys.current().unwrap();
    let recipient = Recipient {
        key: current.public,
        kid: Some(current.kid.clone()),
        encryption: ContentEncryption::A128Gcm,
        compressed: true,
    };
    let broken = message::close_as_is(b"\xff\xff\xff".to_vec(), &recipient, &SystemRandom::default()).unwrap();
    assert_eq!(house.encryption.open(&broken), Err(OpenError::Unreadable));
}

// VCI-10-02
#[tokio::test]
async fn a_request_names_a_key_in_use() {
    let house = House::new(EncryptionPolicy { compression: false, ..policy() }).await;
    let text = request(&house, b"{}", ContentEncryption::A128Gcm, false);
    assert!(house.encryption.open(&text).is_ok());
    let compressed = request(&house, b"{}", ContentEncryption::A128Gcm, true);
    assert_eq!(house.encryption.open(&compressed), Err(OpenError::Compression));
    house.encryption.rotate().await.unwrap();
    assert!(house.encryption.open(&text).is_ok(), "still accepted");
    house.later(DAY);
    assert_eq!(house.encryption.open(&text), Err(OpenError::UnknownKey));
    for text in ["", "x", "{}", "a.b.c"] {
        assert!(matches!(house.encryption.open(text), Err(OpenError::Message(_))), "{text}");
    }
}

// SEC-ZIP-01
#[tokio::test]
async fn a_bomb_is_refused_at_the_limit() {
    let house = House::new(policy()).await;
    let most = house.encryption.policy().most_content;
    for (size, good) in [(most, true), (most + 1, false), (64 << 20, false)] {
        let text = request(&house, &vec![b' '; size], ContentEncryption::A128Gcm, true);
        assert!(text.len() < 128 * 1024);
        assert_eq!(house.encryption.open(&text).is_ok(), good, "{size}");
    }
    // A bomb in a bomb is inflated once.
    let inner = compress_to_vec(&vec![0; 16 << 20], 9);
    let text = request(&house, &inner, ContentEncryption::A256Gcm, true);
    assert_eq!(house.encryption.open(&text).unwrap(), inner);
    let plain = request(&house, &vec![b' '; most + 1], ContentEncryption::A128Gcm, false);
    assert_eq!(house.encryption.open(&plain), Err(OpenError::Unreadable));
}

// VCI-8.2-15, VCI-8.2-16, VCI-10-06
#[tokio::test]
async fn the_policy_says_what_is_permitted() {
    let ask = |compressed| Ok(Some(wallet(ContentEncryption::A128Gcm, compressed).1));
    let house = |change: fn(&mut EncryptionPolicy)| async move {
        let mut policy = policy();
        change(&mut policy);
        House::new(policy).await.encryption
    };
    let free = house(|_| {}).await;
    assert_eq!(free.permit(Ok(None), false), Ok(None));
    assert_eq!(free.permit(Ok(None), true), Ok(None));
    assert!(free.permit(ask(true), true).unwrap().is_some());
    assert_eq!(free.permit(ask(false), false), Err(EncryptionFault::PlainRequest));
    assert_eq!(free.permit(Err(EncryptionFault::Key), true), Err(EncryptionFault::Key));
    let plain = house(|policy| policy.compression = false).await;
    assert_eq!(plain.permit(ask(true), true), Err(EncryptionFault::Compression));
    let strict = house(|policy| policy.response_required = true).await;
    assert_eq!(strict.permit(Ok(None), true), Err(EncryptionFault::ResponseRequired));
    assert!(strict.permit(ask(false), true).is_ok());
    let requests = house(|policy| policy.request_required = true).await;
    assert_eq!(requests.permit(Ok(None), false), Err(EncryptionFault::RequestRequired));
    assert_eq!(requests.permit(Ok(None), true), Ok(None));
    let off = house(|policy| policy.offered = false).await;
    assert_eq!(off.permit(ask(false), true), Err(EncryptionFault::NotOffered));
}

// SEC-PANIC-01, SEC-ZIP-01
#[tokio::test]
async fn mutated_requests_never_panic_and_never_decrypt() {
    let house = House::new(policy()).await;
    let text = request(&house, br#"{"credential_identifier":"a"}"#, ContentEncryption::A128Gcm, true);
    fuzz::mutate(&[text.as_bytes()], 2_000, |input| {
        let Ok(input) = std::str::from_utf8(input) else { return };
        assert_eq!(house.encryption.open(input).is_ok(), input == text, "{input}");
    });
}
