//! Whole credentials.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::support::{Seen, claims};
use crate::base::key::PublicKey;
use crate::base::random::SystemRandom;
use crate::format::sd_jwt_vc::disclosure::{Disclosure, digest};
use crate::format::sd_jwt_vc::{MappedClaims, PrepareError, SdJwtVc, SdJwtVcRequest, map_claims, prepare};
use crate::format::{StatusReference, Validity};

const KEY: PublicKey = PublicKey::Ed25519 { x: [7; 32] };

fn validity() -> Validity {
    let at = |text: &str| text.parse().unwrap();
    Validity {
        signed: at("2026-03-10T00:00:00Z"),
        valid_from: at("2026-03-10T00:00:00Z"),
        valid_until: at("2026-04-09T00:00:00Z"),
    }
}

fn request(claims: &MappedClaims) -> SdJwtVcRequest<'_> {
    SdJwtVcRequest {
        issuer: "https://issuer.example/acme",
        vct: "urn:example:pass:1",
        vct_integrity: None,
        claims,
        decoys: 0,
        holder_key: Some(&KEY),
        validity: validity(),
        status: None,
        algorithm: "ES256",
        key_id: "key-1",
        certificates: &[b"leaf"],
    }
}

fn mapped(tree: Value, person: &Value) -> MappedClaims {
    map_claims(&claims(tree), &json!({ "claims": person })).unwrap()
}

fn issue(request: &SdJwtVcRequest<'_>) -> SdJwtVc {
    prepare(request, &SystemRandom::default()).unwrap().complete(&[1; 64])
}

fn text(name: &str) -> Value {
    json!({ "mapFrom": format!("claims.{name}"), "type": "string" })
}

/// Values, an object within an object, an array of objects.
fn tree() -> Value {
    json!({
        "name": text("name"),
        "issuing_country": { "defaultValue": "UT", "sd": "never" },
        "address": { "claims": {
            "city": text("city"),
            "geo": { "claims": { "lat": { "mapFrom": "claims.lat", "type": "number" } }, "sd": "never" },
        } },
        "degrees": { "mapFrom": "claims.degrees", "type": "array", "items": { "claims": {
            "title": { "mapFrom": "item.title", "type": "string" },
        } } },
    })
}

fn person() -> Value {
    json!({ "name": "Müller 😀", "city": "Lindenau", "lat": 51.3, "degrees": [{ "title": "BSc" }, { "title": "MSc" }] })
}

// SDJ-4.2.1-01, SDJ-4.2.2-01, SDJ-4.2.3-01: the vectors of the requirements.
#[test]
fn disclosures_and_digests_are_those_of_the_vectors() {
    let member = Disclosure::encode(&json!(["3n1FzYp0Xq5c8rT7uVwA2g", "family_name", "Sommer"]));
    assert_eq!(member.encoded, "WyIzbjFGellwMFhxNWM4clQ3dVZ3QTJnIiwiZmFtaWx5X25hbWUiLCJTb21tZXIiXQ");
    assert_eq!(member.digest, "i_nTbE9YV_NYtO1njMUeZ5PFQkeJPVDSlpFyb2tDymI");
    let item = Disclosure::encode(&json!(["Qm9b2xLk4sVt6yHn8wEo1A", "DE"]));
    assert_eq!(item.encoded, "WyJRbTliMnhMazRzVnQ2eUhuOHdFbzFBIiwiREUiXQ");
    assert_eq!(item.digest, "X6IePAeaFkRao3l0qiq5TKtvTh3283bOUr0gU7bS1pg");
    // RFC 9901 4.2.3: the example of the standard, whose JSON has spaces.
    let example = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0";
    assert_eq!(digest(example), "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0");
}

// SDJ-4-01, SDJ-4.2.6-01, SDJ-4.2-02, VCT-2.2.1-01, VCT-2.5-01
#[test]
fn what_is_disclosed_is_what_was_mapped() {
    let mapped = mapped(tree(), &person());
    let credential = issue(&request(&mapped));
    let seen = Seen::of(&credential);
    assert_eq!(seen.header, json!({ "alg": "ES256", "typ": "dc+sd-jwt", "kid": "key-1", "x5c": ["bGVhZg=="] }));
    let (whole, used) = seen.whole();
    // SDJ-4.2.4-03: each is used exactly once.
    assert!(used.iter().all(|count| *count == 1), "{used:?}");
    assert_eq!(
        whole,
        json!({
            "iss": "https://issuer.example/acme", "vct": "urn:example:pass:1",
            "iat": 1_773_100_800, "nbf": 1_773_100_800, "exp": 1_775_692_800,
            "cnf": { "jwk": { "kty": "OKP", "crv": "Ed25519", "x": "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc" } },
            "name": "Müller 😀", "issuing_country": "UT",
            "address": { "city": "Lindenau", "geo": { "lat": 51.3 } },
            "degrees": [{ "title": "BSc" }, { "title": "MSc" }],
        })
    );
    // Nothing is shown that is not disclosed.
    let (none, _) = seen.with(&[]);
    assert_eq!(none["issuing_country"], "UT");
    for name in ["name", "address", "degrees"] {
        assert!(none.get(name).is_none(), "{none}");
    }
    assert_eq!(seen.payload["_sd_alg"], "sha-256");
    let paths = ["/address", "/address/city", "/address/geo/lat", "/degrees", "/degrees/0", "/degrees/0/title"];
    let kept: Vec<_> = credential.digests.keys().map(String::as_str).collect();
    assert_eq!(kept, [paths.as_slice(), &["/degrees/1", "/degrees/1/title", "/name"]].concat());
    let digests: HashSet<_> = credential.digests.values().collect();
    assert_eq!(digests, seen.disclosures.iter().map(|(digest, _)| digest).collect());
}

// SDJ-4.2.4-01, SDJ-4.1.1-01, SDJ-4.2.1-01: digests are strings, sorted, all different; `_sd_alg` is at the top alone.
#[test]
fn digests_tell_nothing_of_the_order_of_claims() {
    let names: Vec<_> = (0..26).map(|number| format!("claim_{number:02}")).collect();
    let tree: Value = names.iter().map(|name| (name.clone(), text(name))).collect::<serde_json::Map<_, _>>().into();
    let values: Value = names.iter().map(|name| (name.clone(), json!("x"))).collect::<serde_json::Map<_, _>>().into();
    let mapped = mapped(tree, &values);
    let seen = Seen::of(&issue(&request(&mapped)));
    let digests: Vec<_> = seen.payload["_sd"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    assert_eq!(digests.len(), 26);
    assert!(digests.is_sorted());
    let in_order_of_claims: Vec<_> = seen.disclosures.iter().map(|(digest, _)| digest.as_str()).collect();
    assert_ne!(digests, in_order_of_claims);
}

// SDJ-9.3-01, SEC-LINK-01, VCI-3.3.2-02
#[test]
fn no_two_copies_share_a_salt_or_a_digest() {
    let mapped = mapped(tree(), &person());
    let (mut salts, mut digests) = (HashSet::new(), HashSet::new());
    for copy in 1..=20 {
        let seen = Seen::of(&issue(&SdJwtVcRequest { decoys: 3, ..request(&mapped) }));
        let own = seen.salts();
        assert!(own.iter().all(|salt| salt.len() == 22), "{own:?}");
        salts.extend(own);
        digests.extend(seen.payload["_sd"].as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()));
        assert_eq!((salts.len(), digests.len()), (copy * 9, copy * 6));
    }
}

// SDJ-4.2.5-01
#[test]
fn decoys_hide_how_many_claims_there_are() {
    let count = |seen: &Seen| seen.payload["_sd"].as_array().unwrap().len();
    for (claims, disclosed) in [(person(), 9), (json!({ "name": "Mika" }), 1), (json!({ "degrees": [] }), 1)] {
        let mapped = mapped(tree(), &claims);
        let seen = Seen::of(&issue(&SdJwtVcRequest { decoys: 2, ..request(&mapped) }));
        // Three that may be kept back, and two more.
        assert_eq!((count(&seen), seen.disclosures.len()), (5, disclosed));
        assert_eq!(seen.whole().1, vec![1; disclosed]);
        let plain = Seen::of(&issue(&request(&mapped)));
        assert!(count(&plain) <= 3);
    }
}

// SDJ-2.2-05
#[test]
fn a_credential_without_selective_claims_has_no_trace_of_them() {
    let mapped = mapped(json!({ "club": { "defaultValue": "Rowing", "sd": "never" } }), &json!({}));
    for decoys in [0, 5] {
        let credential = issue(&SdJwtVcRequest { decoys, ..request(&mapped) });
        let seen = Seen::of(&credential);
        assert!(seen.disclosures.is_empty() && credential.digests.is_empty());
        assert!(seen.payload.get("_sd").is_none() && seen.payload.get("_sd_alg").is_none());
    }
}

// VCT-2.2.2.3-02, VCT-2.2.2.3-04, VCT-6-01
#[test]
fn what_is_the_issuers_to_say_is_in_the_clear() {
    let mapped = mapped(tree(), &person());
    let status = Some(StatusReference { index: 40_117, uri: "https://status.example/j/2" });
    let with = SdJwtVcRequest { status, vct_integrity: Some("sha256-x"), ..request(&mapped) };
    let payload = Seen::of(&issue(&with)).payload;
    let list = json!({ "status_list": { "idx": 40_117, "uri": "https://status.example/j/2" } });
    assert_eq!(payload["status"], list);
    assert_eq!(payload["vct#integrity"], "sha256-x");
    let payload = Seen::of(&issue(&SdJwtVcRequest { holder_key: None, ..request(&mapped) })).payload;
    for absent in ["cnf", "status", "vct#integrity"] {
        assert!(payload.get(absent).is_none(), "{payload}");
    }
}

#[test]
fn names_are_escaped_in_pointers() {
    let mapped = mapped(json!({ "a/b~c": text("a") }), &json!({ "a": "x" }));
    assert_eq!(issue(&request(&mapped)).digests.keys().collect::<Vec<_>>(), ["/a~1b~0c"]);
}

#[test]
fn the_bytes_that_are_signed_are_those_that_are_sent() {
    let mapped = mapped(tree(), &person());
    let prepared = prepare(&request(&mapped), &SystemRandom::default()).unwrap();
    let signed = String::from_utf8(prepared.to_be_signed().to_vec()).unwrap();
    let credential = prepared.complete(&[0xfb, 0xff]);
    let jwt = credential.compact.split('~').next().unwrap();
    assert_eq!(jwt, format!("{signed}.-_8"));
    assert_eq!(credential.jwt_hash.as_slice(), ring::digest::digest(&ring::digest::SHA256, jwt.as_bytes()).as_ref());
}

#[test]
fn nothing_half_made_is_prepared() {
    let (full, empty) = (mapped(tree(), &person()), MappedClaims::default());
    let attempt = |request: SdJwtVcRequest<'_>| prepare(&request, &SystemRandom::default()).map(drop).unwrap_err();
    assert_eq!(attempt(request(&empty)), PrepareError::NoClaims);
    assert_eq!(attempt(SdJwtVcRequest { certificates: &[], ..request(&full) }), PrepareError::NoCertificate);
    let late = Validity { valid_from: validity().valid_until, ..validity() };
    assert_eq!(attempt(SdJwtVcRequest { validity: late, ..request(&full) }), PrepareError::Validity);
    let early = Validity { signed: validity().valid_until, ..validity() };
    assert_eq!(attempt(SdJwtVcRequest { validity: early, ..request(&full) }), PrepareError::Validity);
}

#[test]
fn debug_shows_no_claim() {
    let mapped = mapped(tree(), &person());
    let prepared = prepare(&request(&mapped), &SystemRandom::default()).unwrap();
    let shown = format!("{mapped:?} {prepared:?} {:?}", issue(&request(&mapped)));
    assert!(!shown.contains("Lindenau") && !shown.contains("eyJ"), "{shown}");
}
