use std::collections::{BTreeMap, BTreeSet};

use ciborium::Value;
use jiff::Timestamp;
use ring::digest;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, UnparsedPublicKey, VerificationAlgorithm,
};

use crate::HolderKey;
use crate::cbor::{array, bytes, encode, integer, map, member, members, strict, tagged, tdate, text};
use crate::certificate::Certificate;
use crate::proof::seconds_now;

/// An issuer-signed data element.
#[derive(Debug, Clone)]
pub struct Element {
    /// Namespace.
    pub namespace: String,
    /// `digestID`
    pub digest_id: u64,
    /// `random`
    pub random: Vec<u8>,
    /// `elementIdentifier`
    pub identifier: String,
    /// `elementValue`
    pub value: Value,
    /// The tagged bytes that the digest is made of.
    pub tagged: Vec<u8>,
}

/// An `IssuerSigned`, strictly decoded; nothing verified yet.
#[derive(Debug, Clone)]
pub struct Mdoc {
    /// The bytes of the credential.
    pub bytes: Vec<u8>,
    /// Data elements.
    pub elements: Vec<Element>,
    /// The mobile security object.
    pub mso: Value,
    /// COSE algorithm of the issuer's signature.
    pub algorithm: i64,
    /// `x5chain`, leaf first.
    pub chain: Vec<Certificate>,
    /// The issuer's signature.
    pub signature: Vec<u8>,
    protected: Vec<u8>,
    payload: Vec<u8>,
}

impl Mdoc {
    /// Decodes and checks all that concerns the form.
    #[track_caller]
    pub fn decode(credential: &[u8]) -> Self {
        let outer = strict(credential);
        // MDC-IS-01
        let names: BTreeSet<_> = members(&outer).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, BTreeSet::from(["nameSpaces", "issuerAuth"]));
        let elements: Vec<_> = members(member(&outer, "nameSpaces")).into_iter().flat_map(namespace).collect();
        // COS-9052-01: untagged, four members.
        let [protected, unprotected, payload, signature] = array(member(&outer, "issuerAuth")) else {
            panic!("issuerAuth is no COSE_Sign1");
        };
        let (protected, payload) = (bytes(protected).to_vec(), bytes(payload).to_vec());
        Self {
            bytes: credential.to_vec(),
            elements,
            // MDC-MSO-01
            mso: strict(bytes(tagged(&strict(&payload), 24))),
            algorithm: algorithm(&protected),
            chain: chain(unprotected),
            signature: bytes(signature).to_vec(),
            protected,
            payload,
        }
    }

    /// A member of the mobile security object.
    #[track_caller]
    pub fn mso(&self, name: &str) -> &Value {
        member(&self.mso, name)
    }

    /// The docType.
    pub fn doc_type(&self) -> &str {
        text(self.mso("docType"))
    }

    /// `signed`, `validFrom` and `validUntil`.
    pub fn validity(&self) -> [Timestamp; 3] {
        let info = self.mso("validityInfo");
        ["signed", "validFrom", "validUntil"].map(|name| tdate(member(info, name)))
    }

    /// An element's value.
    pub fn find(&self, identifier: &str) -> Option<&Value> {
        self.elements.iter().find(|element| element.identifier == identifier).map(|element| &element.value)
    }

    /// An element's value, which must be there.
    #[track_caller]
    pub fn value(&self, identifier: &str) -> &Value {
        self.find(identifier).unwrap_or_else(|| panic!("no {identifier}"))
    }

    /// The document signer.
    pub fn signer(&self) -> &Certificate {
        &self.chain[0]
    }

    /// The device key by COSE label.
    pub fn device_key(&self) -> BTreeMap<i64, Value> {
        let key = member(self.mso("deviceKeyInfo"), "deviceKey");
        map(key).iter().map(|(label, value)| (integer(label), value.clone())).collect()
    }

    /// Whether the credential is bound to this key (MDC-MSO-08, MDC-MSO-09, VCI-8.3-04).
    pub fn is_bound_to(&self, key: &HolderKey) -> bool {
        let bytes = |bytes: &[u8]| Value::Bytes(bytes.to_vec());
        let number = |number: i64| Value::Integer(number.into());
        let mut expected = BTreeMap::from([(-2, bytes(key.x()))]);
        match key.alg() {
            "EdDSA" => expected.extend([(1, number(1)), (-1, number(6))]),
            alg => expected.extend([
                (1, number(2)),
                (-1, number(if alg == "ES256" { 1 } else { 2 })),
                (-3, bytes(key.y())),
            ]),
        }
        self.device_key() == expected
    }

    /// Verifies digests, signature, chain and validity as a reader does that trusts `iaca`.
    #[track_caller]
    pub fn verify(&self, iaca: &Certificate) {
        self.verify_digests();
        self.verify_signature();
        // COS-9052-04: the leaf only, never the root.
        assert_eq!(self.chain.len(), 1);
        iaca.signed(self.signer());
        let [signed, from, until] = self.validity().map(Timestamp::as_second);
        let (not_before, not_after) = self.signer().validity();
        // MDC-MSO-11, MDC-MSO-12, MDC-MSO-13
        assert!(signed <= from && from < until, "{signed} {from} {until}");
        assert!((not_before..=not_after).contains(&signed), "signed outside the document signer's validity");
        assert!(until <= not_after, "valid longer than the document signer");
        assert!((from..until).contains(&seconds_now()), "not valid now");
    }

    #[track_caller]
    fn verify_digests(&self) {
        // MDC-MSO-03
        let (algorithm, length) = match text(self.mso("digestAlgorithm")) {
            "SHA-256" => (&digest::SHA256, 32),
            "SHA-384" => (&digest::SHA384, 48),
            "SHA-512" => (&digest::SHA512, 64),
            other => panic!("digest algorithm {other}"),
        };
        let mut digests = BTreeMap::new();
        for (namespace, values) in members(self.mso("valueDigests")) {
            for (id, value) in map(values) {
                assert_eq!(bytes(value).len(), length);
                digests.insert((namespace.to_owned(), integer(id)), bytes(value).to_vec());
            }
        }
        // MDC-MSO-04: one digest for each item.
        assert!(digests.len() >= self.elements.len());
        for element in &self.elements {
            let id = (element.namespace.clone(), i64::try_from(element.digest_id).unwrap());
            // MDC-MSO-05: over the tagged bytes as transmitted.
            assert_eq!(digests[&id], digest::digest(algorithm, &element.tagged).as_ref(), "{}", element.identifier);
        }
    }

    #[track_caller]
    fn verify_signature(&self) {
        // COS-9052-05, COS-9053-01, COS-9053-02
        let (algorithm, length): (&dyn VerificationAlgorithm, usize) = match self.algorithm {
            -7 => (&ECDSA_P256_SHA256_FIXED, 64),
            -35 => (&ECDSA_P384_SHA384_FIXED, 96),
            -8 => (&ED25519, 64),
            other => panic!("algorithm {other}"),
        };
        assert_eq!(self.signature.len(), length);
        let structure = encode(&Value::Array(vec![
            Value::Text("Signature1".into()),
            Value::Bytes(self.protected.clone()),
            Value::Bytes(Vec::new()),
            Value::Bytes(self.payload.clone()),
        ]));
        let key = UnparsedPublicKey::new(algorithm, self.signer().public_key());
        key.verify(&structure, &self.signature).expect("the issuer's signature");
    }
}

#[track_caller]
fn namespace((name, items): (&str, &Value)) -> Vec<Element> {
    // MDC-IS-02
    assert!(!array(items).is_empty(), "namespace {name} is empty");
    let elements: Vec<_> = array(items).iter().map(|item| element(name, item)).collect();
    let identifiers: BTreeSet<_> = elements.iter().map(|element| &element.identifier).collect();
    let ids: BTreeSet<_> = elements.iter().map(|element| element.digest_id).collect();
    // MDC-IS-04, MDC-IS-05
    assert_eq!(identifiers.len(), elements.len(), "an element twice in {name}");
    assert_eq!(ids.len(), elements.len(), "a digestID twice in {name}");
    elements
}

#[track_caller]
fn element(namespace: &str, item: &Value) -> Element {
    let inner = strict(bytes(tagged(item, 24)));
    // MDC-IS-03
    let names: BTreeSet<_> = members(&inner).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, BTreeSet::from(["digestID", "random", "elementIdentifier", "elementValue"]));
    let digest_id = u64::try_from(integer(member(&inner, "digestID"))).unwrap();
    // MDC-IS-05
    assert!(digest_id < 1 << 31);
    let random = bytes(member(&inner, "random")).to_vec();
    // MDC-IS-07
    assert_eq!(random.len(), 32);
    Element {
        namespace: namespace.into(),
        digest_id,
        random,
        identifier: text(member(&inner, "elementIdentifier")).into(),
        value: member(&inner, "elementValue").clone(),
        tagged: encode(item),
    }
}

#[track_caller]
fn algorithm(protected: &[u8]) -> i64 {
    let header = strict(protected);
    // COS-9052-02: `alg` alone.
    let [(label, algorithm)] = map(&header) else { panic!("protected header: {header:?}") };
    assert_eq!(integer(label), 1);
    integer(algorithm)
}

#[track_caller]
fn chain(unprotected: &Value) -> Vec<Certificate> {
    // COS-9052-03: one certificate is a byte string, several are an array.
    let [(label, chain)] = map(unprotected) else { panic!("unprotected header: {unprotected:?}") };
    assert_eq!(integer(label), 33);
    match chain {
        Value::Bytes(der) => vec![Certificate::from_der(der)],
        Value::Array(chain) if chain.len() > 1 => chain.iter().map(|der| Certificate::from_der(bytes(der))).collect(),
        other => panic!("x5chain: {other:?}"),
    }
}
