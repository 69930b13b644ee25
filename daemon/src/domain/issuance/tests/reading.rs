//! Reads a credential as a verifier does.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use ciborium::Value as Cbor;

use super::house::NAMESPACE;
use crate::base::key::PublicKey;
use crate::signer::verify;
/// What a verifier reads in a credential.
pub(super) struct Seen {
    pub(super) elements: BTreeMap<String, Cbor>,
    pub(super) device_key: PublicKey,
    pub(super) validity: BTreeMap<String, String>,
    pub(super) salts: Vec<Vec<u8>>,
    pub(super) verified: bool,
}

pub(super) fn member<'a>(map: &'a Cbor, name: &str) -> &'a Cbor {
    let found = map.as_map().unwrap().iter().find(|(key, _)| key.as_text() == Some(name));
    &found.unwrap().1
}

pub(super) fn tagged(value: &Cbor) -> Cbor {
    let Cbor::Tag(24, inner) = value else { panic!("{value:?}") };
    ciborium::from_reader(inner.as_bytes().unwrap().as_slice()).unwrap()
}

pub(super) fn read(credential: &str, signer: &PublicKey) -> Seen {
    let issuer_signed: Cbor = ciborium::from_reader(B64.decode(credential).unwrap().as_slice()).unwrap();
    let items = member(member(&issuer_signed, "nameSpaces"), NAMESPACE).as_array().unwrap();
    let items: Vec<_> = items.iter().map(tagged).collect();
    let auth = member(&issuer_signed, "issuerAuth").as_array().unwrap();
    let structure = Cbor::Array(vec!["Signature1".into(), auth[0].clone(), Cbor::Bytes(vec![]), auth[2].clone()]);
    let mut message = Vec::new();
    ciborium::into_writer(&structure, &mut message).unwrap();
    let object = tagged(&ciborium::from_reader(auth[2].as_bytes().unwrap().as_slice()).unwrap());
    let validity = member(&object, "validityInfo").as_map().unwrap().iter();
    Seen {
        elements: items
            .iter()
            .map(|item| {
                (member(item, "elementIdentifier").as_text().unwrap().into(), member(item, "elementValue").clone())
            })
            .collect(),
        device_key: device_key(member(member(&object, "deviceKeyInfo"), "deviceKey")),
        validity: validity
            .map(|(name, time)| {
                let Cbor::Tag(0, time) = time else { panic!("{time:?}") };
                (name.as_text().unwrap().to_owned(), time.as_text().unwrap().to_owned())
            })
            .collect(),
        salts: items.iter().map(|item| member(item, "random").as_bytes().unwrap().clone()).collect(),
        verified: verify(signer, &message, auth[3].as_bytes().unwrap()),
    }
}

pub(super) fn device_key(key: &Cbor) -> PublicKey {
    let part = |label: i64| {
        let found = key.as_map().unwrap().iter().find(|(name, _)| *name == Cbor::from(label));
        found.map(|(_, value)| value.as_bytes().unwrap().clone())
    };
    match (part(-2).unwrap(), part(-3)) {
        (x, None) => PublicKey::Ed25519 { x: x.try_into().unwrap() },
        (x, Some(y)) if x.len() == 32 => PublicKey::P256 { x: x.try_into().unwrap(), y: y.try_into().unwrap() },
        (x, Some(y)) => PublicKey::P384 { x: x.try_into().unwrap(), y: y.try_into().unwrap() },
    }
}
