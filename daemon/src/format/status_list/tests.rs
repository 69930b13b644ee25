//! The standard's vectors, and both signed forms read by other decoders.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as B64};
use ciborium::Value;
use flate2::read::ZlibDecoder;

use super::*;

fn inflate(compressed: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    ZlibDecoder::new(compressed).read_to_end(&mut out).unwrap();
    out
}

fn array(bits: Bits, values: &[u8]) -> StatusArray {
    let mut array = StatusArray::new(bits, u32::try_from(values.len()).unwrap());
    let status = |number| [Status::Valid, Status::Invalid, Status::Suspended][usize::from(number)];
    for (index, number) in (0..).zip(values) {
        assert!(array.set(index, status(*number)));
    }
    array
}

// TSL-4.1-01: the list of 16 entries of Token Status List 4.1, and that of section 34.
#[test]
fn one_bit_arrays_are_those_of_the_standard() {
    let drawn = array(Bits::One, &[1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]);
    assert_eq!(drawn.bytes(), [0xb9, 0xa3]);
    assert_eq!(inflate(&B64.decode("eNrbuRgAAhcBXQ").unwrap()), drawn.bytes());
    let mut few = StatusArray::new(Bits::One, 16);
    assert!(few.set(3, Status::Invalid) && few.set(9, Status::Invalid));
    assert_eq!(few.bytes(), [0x08, 0x02]);
    assert_eq!(inflate(&B64.decode("eNrjYAIAABQACw").unwrap()), few.bytes());
}

// TSL-4.1-01: bytes c9 44 f9 of the standard, without its values 3, which nothing here means.
#[test]
fn two_bit_arrays_start_at_the_least_significant_bits() {
    let drawn = array(Bits::Two, &[1, 2, 0, 0, 0, 1, 0, 1, 1, 2, 0, 2]);
    assert_eq!(drawn.bytes(), [0b0000_1001, 0b0100_0100, 0b1000_1001]);
    assert_eq!(inflate(&B64.decode("eNo76fITAAPfAgc").unwrap()), [0xc9, 0x44, 0xf9]);
}

// TSL-13.1-03, TSL-4-01, TSL-7.1-03
#[test]
fn an_entry_changes_alone_and_only_to_what_it_can_say() {
    for (bits, size) in [(Bits::One, 41_u32), (Bits::Two, 41)] {
        for index in 0..size {
            let mut array = StatusArray::new(bits, size);
            assert!(array.set(index, Status::Invalid));
            let set: u32 = array.bytes().iter().map(|byte| byte.count_ones()).sum();
            assert_eq!(set, 1, "{bits:?} {index}");
            assert!(array.set(index, Status::Valid));
            assert_eq!(array, StatusArray::new(bits, size));
        }
    }
    let mut one = StatusArray::new(Bits::One, 16);
    assert!(!one.set(0, Status::Suspended) && !one.set(16, Status::Invalid) && !one.set(u32::MAX, Status::Invalid));
    assert_eq!(one, StatusArray::new(Bits::One, 16));
    let mut two = StatusArray::new(Bits::Two, 8);
    assert!(two.set(7, Status::Suspended) && two.set(7, Status::Invalid));
    assert_eq!(two.bytes(), [0, 0b0100_0000]);
}

// TSL-4.1-02, TSL-13.3-01
#[test]
fn a_fresh_list_of_a_million_is_small_and_a_zlib_stream_of_the_highest_level() {
    let fresh = StatusArray::new(Bits::One, 1_000_000);
    let compressed = fresh.compress().unwrap();
    assert_eq!(compressed[..2], [0x78, 0xda]);
    assert!(compressed.len() < 400, "{}", compressed.len());
    assert_eq!(inflate(&compressed), vec![0; 125_000]);
}

const KEY: PublicKey = PublicKey::P256 { x: [1; 32], y: [2; 32] };

fn claims(compressed: &[u8]) -> ListClaims<'_> {
    ListClaims {
        uri: "https://status.example/m/4",
        issued_at: 1_795_392_000,
        expires_at: 1_795_996_800,
        ttl: 3_600,
        bits: Bits::One,
        compressed,
        aggregation_uri: "https://status.example/m",
    }
}

fn signer() -> ListSigner<'static> {
    ListSigner { jose: "ES256", cose: -7, key: &KEY, certificate: b"certificate" }
}

// TSL-5.1-01, TSL-5.1-02, TSL-5.1-03, TSL-4.2-01, TSL-4.2-02, HAIP-6.1-01
#[test]
fn the_jwt_has_the_claims_of_the_standard() {
    let compressed = array(Bits::One, &[0, 1]).compress().unwrap();
    let prepared = prepare_jwt(&claims(&compressed), &signer());
    let signed = prepared.to_be_signed().to_vec();
    let token = prepared.complete(b"signature");
    assert_eq!(token.rsplit_once('.').unwrap(), (std::str::from_utf8(&signed).unwrap(), &*B64.encode(b"signature")));
    let part = |place| -> serde_json::Value {
        serde_json::from_slice(&B64.decode(token.split('.').nth(place).unwrap()).unwrap()).unwrap()
    };
    let header = part(0);
    assert_eq!(header["typ"], "statuslist+jwt");
    assert_eq!(header["alg"], "ES256");
    assert_eq!(header["x5c"], serde_json::json!([STANDARD.encode(b"certificate")]));
    assert_eq!((&header["jwk"]["kty"], header["jwk"].get("d")), (&serde_json::json!("EC"), None));
    let expected = serde_json::json!({
        "sub": "https://status.example/m/4", "iat": 1_795_392_000, "exp": 1_795_996_800, "ttl": 3600,
        "status_list": {
            "bits": 1, "lst": B64.encode(&compressed), "aggregation_uri": "https://status.example/m",
        },
    });
    assert_eq!(part(1), expected);
}

// TSL-5.2-01, TSL-5.2-02, TSL-5.2-03, COS-9052-05
#[test]
fn the_cwt_has_the_claims_and_headers_of_the_standard() {
    let compressed = array(Bits::One, &[0, 1]).compress().unwrap();
    let prepared = prepare_cwt(&claims(&compressed), &signer());
    let to_be_signed = prepared.to_be_signed().to_vec();
    let token = prepared.complete(&[7; 64]);
    assert_eq!(token[..2], [0xd2, 0x84]);
    let Value::Tag(18, inner) = ciborium::from_reader(token.as_slice()).unwrap() else { panic!("no COSE_Sign1") };
    let [protected, unprotected, payload, signature] = <[Value; 4]>::try_from(inner.into_array().unwrap()).unwrap();
    assert_eq!((unprotected, signature), (Value::Map(vec![]), Value::Bytes(vec![7; 64])));
    let sig_structure =
        Value::Array(vec!["Signature1".into(), protected.clone(), Value::Bytes(vec![]), payload.clone()]);
    let mut expected = Vec::new();
    ciborium::into_writer(&sig_structure, &mut expected).unwrap();
    assert_eq!(to_be_signed, expected);
    let read = |value: Value| -> Value { ciborium::from_reader(value.into_bytes().unwrap().as_slice()).unwrap() };
    let header: Vec<(Value, Value)> = vec![
        (1.into(), (-7).into()),
        (16.into(), "application/statuslist+cwt".into()),
        (33.into(), Value::Bytes(b"certificate".to_vec())),
    ];
    assert_eq!(read(protected), Value::Map(header));
    let list = Value::Map(vec![
        ("lst".into(), Value::Bytes(compressed.clone())),
        ("bits".into(), 1.into()),
        ("aggregation_uri".into(), "https://status.example/m".into()),
    ]);
    let body = Value::Map(vec![
        (2.into(), "https://status.example/m/4".into()),
        (4.into(), 1_795_996_800.into()),
        (6.into(), 1_795_392_000.into()),
        (65_533.into(), list),
        (65_534.into(), 3_600.into()),
    ]);
    assert_eq!(read(payload), body);
}
