//! Credentials of every size, read back by a strict reader of our own over ciborium, signature and digests checked by ring.

use std::collections::{BTreeMap, BTreeSet};

use ciborium::Value;
use ring::digest::digest;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

use super::support::{DEVICE_KEY, Dry, Key, Sequence, element, issue, namespace, request, validity};
use crate::base::key::PublicKey;
use crate::base::random::SystemRandom;
use crate::format::mdoc::mapping::{MappedElement, MappedNamespace};
use crate::format::mdoc::{DigestAlgorithm, Mdoc, MdocRequest, PrepareError, Validity, cbor, prepare};

fn decode(bytes: &[u8]) -> Value {
    let mut rest = bytes;
    let value: Value = ciborium::from_reader(&mut rest).unwrap();
    assert!(rest.is_empty(), "something follows the item");
    let mut again = Vec::new();
    ciborium::into_writer(&value, &mut again).unwrap();
    assert_eq!(again.len(), bytes.len(), "not the shortest form");
    value
}

fn entries(value: &Value) -> Vec<(&Value, &Value)> {
    let entries: Vec<_> = value.as_map().unwrap().iter().map(|(key, value)| (key, value)).collect();
    let keys: BTreeSet<_> = entries.iter().map(|(key, _)| format!("{key:?}")).collect();
    assert_eq!(keys.len(), entries.len(), "a key comes twice");
    entries
}

/// The values of a map that has exactly these text keys, in this order.
fn fields<'a, const N: usize>(value: &'a Value, names: [&str; N]) -> [&'a Value; N] {
    let entries = entries(value);
    assert_eq!(entries.iter().map(|(key, _)| key.as_text().unwrap()).collect::<Vec<_>>(), names);
    std::array::from_fn(|at| entries[at].1)
}

fn embedded(value: &Value) -> (&Vec<u8>, Value) {
    let (tag, inner) = value.as_tag().unwrap();
    assert_eq!(tag, 24);
    let bytes = inner.as_bytes().unwrap();
    (bytes, decode(bytes))
}

fn number(value: &Value) -> u64 {
    value.as_integer().unwrap().try_into().unwrap()
}

/// Checks the whole credential against what was asked, and returns its items: (namespace, element) → (digest id, salt).
fn check(mdoc: &Mdoc, request: &MdocRequest<'_>, key: &Key) -> BTreeMap<(String, String), (u64, Vec<u8>)> {
    let credential = decode(&mdoc.issuer_signed);
    let [name_spaces, issuer_auth] = fields(&credential, ["nameSpaces", "issuerAuth"]);
    let object = check_issuer_auth(issuer_auth, request, key);
    let [_, _, value_digests, ..] =
        fields(&object, ["version", "digestAlgorithm", "valueDigests", "deviceKeyInfo", "docType", "validityInfo"]);
    let value_digests = entries(value_digests);
    let mut items = BTreeMap::new();
    assert_eq!(entries(name_spaces).len(), request.namespaces.len());
    for (namespace, (name, content)) in request.namespaces.iter().zip(entries(name_spaces)) {
        assert_eq!(name.as_text(), Some(namespace.name.as_str()));
        let content = content.as_array().unwrap();
        let digests = value_digests.iter().find(|(key, _)| *key == name).unwrap().1;
        let digests: BTreeMap<u64, &Vec<u8>> =
            entries(digests).iter().map(|(id, digest)| (number(id), digest.as_bytes().unwrap())).collect();
        assert_eq!((content.len(), digests.len()), (namespace.elements.len(), namespace.elements.len()));
        for (element, item) in namespace.elements.iter().zip(content) {
            let (bytes, item) = embedded(item);
            let [id, salt, identifier, value] =
                fields(&item, ["digestID", "random", "elementIdentifier", "elementValue"]);
            assert_eq!((identifier.as_text(), value), (Some(element.identifier.as_str()), &decode(&element.value)));
            let mut tagged = vec![0xd8, 24];
            cbor::bytes(&mut tagged, bytes);
            assert_eq!(digests[&number(id)], digest(request.digest.ring(), &tagged).as_ref());
            let place = (namespace.name.clone(), element.identifier.clone());
            assert!(items.insert(place, (number(id), salt.as_bytes().unwrap().clone())).is_none());
        }
    }
    let told: Vec<_> = mdoc.digests.each(request.namespaces).collect();
    assert_eq!(told.len(), items.len());
    for (namespace, element, id, digest) in told {
        assert_eq!(items[&(namespace.to_owned(), element.to_owned())].0, u64::from(id));
        let digests = value_digests.iter().find(|(key, _)| key.as_text() == Some(namespace)).unwrap().1;
        let known = entries(digests).into_iter().find(|(key, _)| number(key) == u64::from(id)).unwrap().1;
        assert_eq!(known.as_bytes().unwrap(), digest);
    }
    items
}

/// Checks headers and signature; returns the mobile security object.
fn check_issuer_auth(issuer_auth: &Value, request: &MdocRequest<'_>, key: &Key) -> Value {
    let [protected, unprotected, payload, signature] = issuer_auth.as_array().unwrap().as_slice() else { panic!() };
    let header = decode(protected.as_bytes().unwrap());
    assert_eq!(entries(&header), [(&Value::from(1), &Value::from(request.algorithm))]);
    let chain: Vec<_> = request.certificates.iter().map(|certificate| Value::Bytes(certificate.to_vec())).collect();
    let chain = if chain.len() == 1 { chain[0].clone() } else { Value::Array(chain) };
    assert_eq!(entries(unprotected), [(&Value::from(33), &chain)]);
    let structure =
        Value::Array(vec!["Signature1".into(), protected.clone(), Value::Bytes(Vec::new()), payload.clone()]);
    let mut message = Vec::new();
    ciborium::into_writer(&structure, &mut message).unwrap();
    let signature = signature.as_bytes().unwrap();
    assert_eq!(signature.len(), 64);
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.point()).verify(&message, signature).unwrap();
    embedded(&decode(payload.as_bytes().unwrap())).1
}

// MDC-IS-01, MDC-IS-02, MDC-IS-03, MDC-IS-04, MDC-MSO-04, MDC-MSO-05, CBR-8949-01, CBR-8949-02, COS-9052-05, COS-9053-01
#[test]
fn a_credential_of_any_size_is_whole() {
    let key = Key::generate();
    for count in [1, 2, 23, 24, 25, 255, 256, 257, 500] {
        let namespaces = [namespace("org.example.card.1", count)];
        let request = request(&namespaces);
        let items = check(&issue(&request, &SystemRandom::default(), &key), &request, &key);
        // MDC-IS-05: unique and below 2^31.
        let ids: BTreeSet<_> = items.values().map(|(id, _)| *id).collect();
        assert!(ids.into_iter().eq(0..count as u64), "{count}");
    }
}

// MDC-IS-02, MDC-IS-04
#[test]
fn what_cannot_be_a_credential_is_refused() {
    let empty = MappedNamespace { name: "n".to_owned(), elements: vec![] };
    let twice = MappedNamespace {
        name: "n".to_owned(),
        elements: vec![element("b", "1"), element("a", "2"), element("b", "3")],
    };
    let refused = |namespaces: &[MappedNamespace]| prepare(&request(namespaces), &Sequence::new(0)).unwrap_err();
    assert_eq!(refused(&[]), PrepareError::NoElements);
    assert_eq!(refused(&[namespace("m", 1), empty]), PrepareError::NoElements);
    assert_eq!(refused(&[twice]), PrepareError::NotUnique("b".to_owned()));
    assert_eq!(
        refused(&[namespace("n", 1), namespace("m", 1), namespace("n", 1)]),
        PrepareError::NotUnique("n".to_owned())
    );
    let namespaces = [namespace("n", 1)];
    let without = MdocRequest { certificates: &[], ..request(&namespaces) };
    assert_eq!(prepare(&without, &Sequence::new(0)).unwrap_err(), PrepareError::NoCertificate);
    assert!(matches!(prepare(&request(&namespaces), &Dry).unwrap_err(), PrepareError::NoEntropy(_)));
}

#[test]
fn unsorted_names_are_fine_as_long_as_they_are_unique() {
    let namespaces = [
        namespace("n", 1),
        MappedNamespace { name: "m".to_owned(), elements: vec![element("b", "1"), element("a", "2")] },
    ];
    let key = Key::generate();
    let request = request(&namespaces);
    check(&issue(&request, &Sequence::new(0), &key), &request, &key);
}

// MDC-MSO-11
#[test]
fn times_are_ordered_and_without_fractions() {
    let namespaces = [namespace("n", 1)];
    let Validity { signed, valid_from, valid_until } = validity();
    let moved = |instant: jiff::Timestamp, millis| instant + jiff::SignedDuration::from_millis(millis);
    let attempt = |validity| prepare(&MdocRequest { validity, ..request(&namespaces) }, &Sequence::new(0));
    for wrong in [
        Validity { signed: moved(signed, 1_000), valid_from, valid_until },
        Validity { signed, valid_from, valid_until: valid_from },
        Validity { signed, valid_from, valid_until: moved(valid_from, 999) },
    ] {
        assert_eq!(attempt(wrong).unwrap_err(), PrepareError::Validity);
    }
    let fine = Validity { signed: moved(signed, 999), valid_from, valid_until: moved(valid_from, 1_999) };
    let mdoc = attempt(fine).unwrap().complete(&[0; 64]);
    let credential = decode(&mdoc.issuer_signed);
    let [_, issuer_auth] = fields(&credential, ["nameSpaces", "issuerAuth"]);
    let object = embedded(&decode(issuer_auth.as_array().unwrap()[2].as_bytes().unwrap())).1;
    let [version, algorithm, .., doc_type, validity] =
        fields(&object, ["version", "digestAlgorithm", "valueDigests", "deviceKeyInfo", "docType", "validityInfo"]);
    // MDC-MSO-02, MDC-MSO-03, MDC-MSO-07
    assert_eq!(
        [version, algorithm, doc_type].map(|value| value.as_text().unwrap()),
        ["1.0", "SHA-256", "org.example.card.1"]
    );
    let tdate = |text: &str| Value::Tag(0, Box::new(text.into()));
    let expected = [tdate("2026-01-05T00:00:00Z"), tdate("2026-01-05T00:00:00Z"), tdate("2026-01-05T00:00:01Z")];
    assert_eq!(fields(validity, ["signed", "validFrom", "validUntil"]), expected.each_ref());
}

// MDC-MSO-03, MDC-MSO-08, COS-9052-02, COS-9052-03, COS-9052-04: random sets of elements, algorithms, keys and chains.
#[test]
fn random_credentials_are_whole() {
    let key = Key::generate();
    let random = Sequence::new(20_260_105);
    for _ in 0..200 {
        let namespaces: Vec<_> = (0..=random.below(3)).map(|at| random_namespace(&random, at)).collect();
        let certificates: Vec<Vec<u8>> = (0..=random.below(3)).map(|_| bytes(&random, 900)).collect();
        let certificates: Vec<_> = certificates.iter().map(Vec::as_slice).collect();
        let digest = [DigestAlgorithm::Sha256, DigestAlgorithm::Sha384, DigestAlgorithm::Sha512][random.below(3)];
        let device_key = [DEVICE_KEY, PublicKey::P384 { x: [0; 48], y: [0xff; 48] }, PublicKey::Ed25519 { x: [0; 32] }]
            [random.below(3)];
        let request = MdocRequest {
            digest,
            device_key: &device_key,
            certificates: &certificates,
            algorithm: [-7, -35, -8][random.below(3)],
            ..request(&namespaces)
        };
        let mdoc = issue(&request, &random, &key);
        check(&mdoc, &request, &key);
        let unsigned = prepare(&request, &random).unwrap();
        let room = unsigned.complete(&[0; 132]).issuer_signed;
        assert!(room.len() <= room.capacity());
    }
}

fn bytes(random: &Sequence, most: usize) -> Vec<u8> {
    (0..=random.below(most)).map(|_| u8::try_from(random.below(256)).unwrap()).collect()
}

fn random_namespace(random: &Sequence, at: usize) -> MappedNamespace {
    let elements = (0..=random.below(40)).map(|at| {
        let mut value = Vec::new();
        match random.below(5) {
            0 => cbor::unsigned(&mut value, random.next()),
            1 => cbor::bytes(&mut value, &bytes(random, 70_000)),
            2 => cbor::boolean(&mut value, true),
            3 => cbor::float(&mut value, f64::from(u32::try_from(random.below(1 << 30)).unwrap()) / 8.0),
            _ => cbor::text(&mut value, &"ä".repeat(random.below(300))),
        }
        MappedElement { identifier: format!("{}{at:03}", "e".repeat(random.below(30))), value }
    });
    let mut elements: Vec<_> = elements.collect();
    elements.sort_by(|a, b| a.identifier.cmp(&b.identifier));
    MappedNamespace { name: format!("org.example.{at}"), elements }
}

// MDC-IS-06, MDC-IS-07
#[test]
fn salts_and_digest_ids_differ_from_copy_to_copy() {
    let key = Key::generate();
    let namespaces = [namespace("n", 15)];
    let request = request(&namespaces);
    let (mut salts, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..100 {
        let items = check(&issue(&request, &SystemRandom::default(), &key), &request, &key);
        for ((_, element), (id, salt)) in items {
            assert_eq!(salt.len(), 32);
            assert!(salts.insert(salt), "a salt came twice");
            ids.extend((element == "element_007").then_some(id));
        }
    }
    assert!(ids.len() > 10, "the digest id tells the element: {ids:?}");
}

// MDC-IS-06: each of the 24 orders of four elements comes up about as often as the others.
#[test]
fn digest_ids_are_an_unbiased_permutation() {
    let namespaces = [namespace("n", 4)];
    let request = request(&namespaces);
    let random = Sequence::new(7);
    let mut seen: BTreeMap<Vec<u32>, u32> = BTreeMap::new();
    for _ in 0..24_000 {
        let mdoc = prepare(&request, &random).unwrap().complete(&[]);
        *seen.entry(mdoc.digests.each(&namespaces).map(|(_, _, id, _)| id).collect()).or_default() += 1;
    }
    assert_eq!(seen.len(), 24);
    assert!(seen.values().all(|count| (850..1_150).contains(count)), "{seen:?}");
}

#[test]
fn the_hash_of_the_object_is_that_of_the_signed_payload() {
    let namespaces = [namespace("n", 3)];
    let prepared = prepare(&request(&namespaces), &Sequence::new(3)).unwrap();
    let structure = decode(prepared.to_be_signed());
    let payload = structure.as_array().unwrap()[3].as_bytes().unwrap().clone();
    assert_eq!(crate::base::secret::sha256(&payload), prepared.complete(&[]).mso_hash);
}

// No claim in what may reach a log.
#[test]
fn debug_output_has_no_values() {
    let namespaces = [MappedNamespace { name: "n".to_owned(), elements: vec![element("family_name", "Sommer")] }];
    let prepared = prepare(&request(&namespaces), &Sequence::new(3)).unwrap();
    let told = format!(
        "{namespaces:?} {prepared:?} {:?}",
        prepare(&request(&namespaces), &Sequence::new(3)).unwrap().complete(&[])
    );
    assert!(told.contains("family_name") && !told.contains("Sommer") && !told.contains("83, 111, 109"));
}
