//! Golden bytes: with fixed salts a whole credential never changes by a byte unnoticed.

use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::support::{Sequence, hex, request, to_hex};
use crate::base::key::PublicKey;
use crate::base::random::{NoEntropy, Random};
use crate::format::mdoc::mapping::{MappedElement, MappedNamespace, Mappings, map_claims};
use crate::format::mdoc::{MdocRequest, prepare};

/// The example of the standard's notation: one licence with the elements that have a type of their own.
const GOLDEN: &str = include_str!("../testdata/issuer_signed.hex");

fn licence() -> Vec<MappedNamespace> {
    let mapping = json!({ "org.iso.18013.5.1": {
        "family_name": { "mapFrom": "claims.family_name", "type": "string", "required": true },
        "birth_date": { "mapFrom": "claims.birth_date", "type": "date", "required": true },
        "driving_privileges": { "mapFrom": "claims.driving_privileges", "type": "array", "required": true },
        "portrait": { "mapFrom": "claims.portrait", "type": "binary", "required": true },
        "age_over_18": { "mapFrom": "claims.age_over_18", "type": "boolean" },
        "issue_date": { "defaultValue": "2026-01-01T12:30:00+01:00" },
        "sex": { "defaultValue": 9, "type": "number" },
    }});
    let mappings: Mappings = serde_json::from_value(mapping).unwrap();
    let claims: Value = json!({ "claims": {
        "family_name": "Sommer",
        "birth_date": "1984-02-29",
        "portrait": "/9j/4AAQSkZJRg==",
        "age_over_18": true,
        "driving_privileges": [{ "vehicle_category_code": "B", "issue_date": "2004-05-01", "codes": [{ "code": "95" }] }],
    }});
    map_claims("org.iso.18013.5.1.mDL", &mappings, &claims).unwrap()
}

// MDC-IS-01, MDC-IS-02, MDC-IS-03, MDC-MSO-01, MDC-MSO-02, COS-9052-01, CBR-8949-01
#[test]
fn a_licence_with_fixed_salts_has_the_golden_bytes() {
    let namespaces = licence();
    let request = MdocRequest { doc_type: "org.iso.18013.5.1.mDL", ..request(&namespaces) };
    let mdoc = prepare(&request, &Sequence::new(1)).unwrap().complete(&[0x5a; 64]);
    let lines: Vec<_> = mdoc.issuer_signed.chunks(60).map(to_hex).collect();
    assert_eq!(lines.join("\n"), GOLDEN.trim_end(), "if this change is meant, this is the new file");
}

/// Salts that count from a0, and draws of zero.
struct Counting;

impl Random for Counting {
    fn fill(&self, dest: &mut [u8]) -> Result<(), NoEntropy> {
        dest.fill(0);
        (0xa0..=0xbf).zip(dest).for_each(|(value, place)| *place = value);
        Ok(())
    }
}

// MDC-MSO-05, MDC-IS-08: the digest is taken over tag, head and salt, and over nothing less.
#[test]
fn the_digest_covers_the_tagged_bytes_as_transmitted() {
    let mut value = Vec::new();
    crate::format::mdoc::cbor::text(&mut value, "Sommer");
    let elements = vec![MappedElement { identifier: "family_name".to_owned(), value }];
    let namespaces = [MappedNamespace { name: "org.iso.18013.5.1".to_owned(), elements }];
    let mdoc = prepare(&request(&namespaces), &Counting).unwrap().complete(&[]);
    let salt: Vec<u8> = (0xa0..=0xbf).collect();
    let item = [
        hex("d8185866a4686469676573744944006672616e646f6d5820"),
        salt,
        hex("71656c656d656e744964656e7469666965726b66616d696c795f6e616d656c656c656d656e7456616c756566536f6d6d6572"),
    ]
    .concat();
    assert!(mdoc.issuer_signed.windows(item.len()).any(|window| window == item));
    let (_, element, id, bytes) = mdoc.digests.each(&namespaces).next().unwrap();
    assert_eq!((element, id), ("family_name", 0));
    assert_eq!(bytes, digest(&SHA256, &item).as_ref());
    assert_ne!(bytes, digest(&SHA256, &item[4..]).as_ref());
}

// MDC-MSO-05: the item of the standard's published shape, with a 16-byte salt, hashes to the known digest.
#[test]
fn the_published_item_has_its_known_digest() {
    let item = hex(concat!(
        "d8185855a4686469676573744944076672616e646f6d50a0a1a2a3a4a5a6a7a8a9aaabacadaeaf71656c656d656e744964656e746966",
        "6965726b66616d696c795f6e616d656c656c656d656e7456616c756566536f6d6d6572"
    ));
    let salt: Vec<u8> = (0xa0..=0xaf).collect();
    let mut ours = Vec::new();
    crate::format::mdoc::issuer_signed::write_item(
        &mut ours,
        7,
        &salt,
        &super::support::element("family_name", "Sommer"),
    );
    assert_eq!(ours, item);
    let known = "6eaf89bb5a50e861faa1cf25eaaf3749318babae71d629eb3558d57315623ab7";
    assert_eq!(to_hex(digest(&SHA256, &ours).as_ref()), known);
}

// MDC-MSO-08, MDC-MSO-09
#[test]
fn device_keys_are_cose_keys_with_full_coordinates() {
    let (mut x, mut y) = ([7; 32], [8; 32]);
    (x[0], y[0], y[1]) = (0, 0, 0);
    let (x_hex, y_hex) = (to_hex(&x), to_hex(&y));
    for (key, encoded) in [
        (PublicKey::P256 { x, y }, format!("a401022001215820{x_hex}225820{y_hex}")),
        (
            PublicKey::P384 { x: [0; 48], y: [9; 48] },
            format!("a401022002215830{}225830{}", to_hex(&[0; 48]), to_hex(&[9; 48])),
        ),
        (PublicKey::Ed25519 { x }, format!("a301012006215820{x_hex}")),
    ] {
        let namespaces = [super::support::namespace("n", 1)];
        let prepared = prepare(&MdocRequest { device_key: &key, ..request(&namespaces) }, &Counting).unwrap();
        let encoded = [hex("6d6465766963654b6579496e666fa1696465766963654b6579"), hex(&encoded)].concat();
        assert!(prepared.to_be_signed().windows(encoded.len()).any(|window| window == encoded), "{key:?}");
    }
}
