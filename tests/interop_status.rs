//! Status lists, read by others: the JWT by the `OpenWallet` Foundation's library, the CWT by the crate coset.

use std::io::Read as _;

use coset::iana::{Algorithm, EnumI64 as _};
use coset::{CoseSign1, Label, RegisteredLabelWithPrivate, TaggedCborSerializable as _, cbor};
use issuerd_tests::Daemon;
use issuerd_tests::Request;
use issuerd_tests::certificate::Certificate;
use issuerd_tests::offer::path;
use issuerd_tests::status::{STATUS_LISTS, reference};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::{Value, json};

use super::node;

/// The statuses at `indices` as the foreign library has them.
fn by_npm(daemon: &Daemon, uri: &str, indices: &[u32]) -> Value {
    let request = Request::get(&path(uri)).header("Accept", "application/statuslist+jwt");
    let jwt = daemon.wallet().send(&request).expect(200).text();
    let input = json!({ "iaca": daemon.management().iaca().pem(), "jwt": jwt, "indices": indices });
    let read = node("verify-status.mjs", &[], &input.to_string()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(read["sub"], uri);
    read
}

/// The same of the CWT.
fn by_coset(daemon: &Daemon, uri: &str, bits: u32, indices: &[u32]) -> Vec<u8> {
    let cwt = daemon.wallet().get(&path(uri)).expect(200).body;
    let token = CoseSign1::from_tagged_slice(&cwt).expect("a tagged COSE_Sign1");
    let header = &token.protected.header;
    assert_eq!(header.alg, Some(RegisteredLabelWithPrivate::Assigned(Algorithm::ES256)));
    assert_eq!(Algorithm::ES256.to_i64(), -7);
    let rest = |label: i64| {
        let found = header.rest.iter().find(|(key, _)| *key == Label::Int(label));
        found.unwrap_or_else(|| panic!("no {label} in the protected header")).1.clone()
    };
    assert_eq!(rest(16).into_text().unwrap(), "application/statuslist+cwt");
    let certificate = Certificate::from_der(&rest(33).into_bytes().unwrap());
    daemon.management().iaca().signed(&certificate);
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, certificate.public_key());
    token.verify_signature(b"", |signature, message| key.verify(message, signature)).expect("a good signature");
    let claims: cbor::Value = cbor::from_reader(token.payload.as_deref().unwrap()).unwrap();
    let claims = claims.into_map().unwrap();
    let claim = |label: i64| claims.iter().find(|(key, _)| *key == label.into()).map(|(_, value)| value).unwrap();
    assert_eq!(claim(2).as_text(), Some(uri));
    assert!(claim(4).is_integer() && claim(6).is_integer() && claim(65_534).is_integer());
    let list = claim(65_533).as_map().unwrap();
    let compressed = list.iter().find(|(key, _)| key.as_text() == Some("lst")).unwrap().1.as_bytes().unwrap();
    let mut entries = Vec::new();
    flate2::read::ZlibDecoder::new(compressed.as_slice()).read_to_end(&mut entries).unwrap();
    indices
        .iter()
        .map(|index| (entries[(index * bits / 8) as usize] >> (index * bits % 8)) & ((1 << bits) - 1))
        .collect()
}

// TSL-5.1-01, TSL-5.2-01, TSL-4.1-01
#[test]
fn foreign_libraries_read_both_forms_of_a_status_list() {
    for bits in [1, 2] {
        let daemon = Daemon::start();
        let management = daemon.management();
        let kept = json!({ "docType": "org.example.card", "timeToLiveDuration": {"hours": 1}, "expiryDuration": {"days": 7},
            "bits": bits, "listSize": 100_000 });
        management.post(&format!("{STATUS_LISTS}/configurations"), &kept).expect(201);
        let issued = daemon.issue(&daemon.revocable("org.example.card"), 12);
        let (uri, _) = reference(&issued[0].0);
        let mut expected = vec![0_u8; 12];
        for place in [0, 3, 7] {
            daemon.set_status(&issued[place].1, "invalid").expect(201);
            expected[place] = 1;
        }
        if bits == 2 {
            daemon.set_status(&issued[5].1, "suspended").expect(201);
            expected[5] = 2;
        }
        for (place, (mdoc, _)) in issued.iter().enumerate() {
            daemon.until_published(mdoc, expected[place]);
        }
        let indices: Vec<_> = issued.iter().map(|(mdoc, _)| reference(mdoc).1).collect();
        let read = by_npm(&daemon, &uri, &indices);
        assert_eq!(
            (&read["statuses"], &read["size"], &read["ttl"]),
            (&json!(expected), &json!(100_000), &json!(3_600))
        );
        assert_eq!(by_coset(&daemon, &uri, bits, &indices), expected);
    }
}
