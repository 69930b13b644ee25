use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as B64};
use ciborium::Value as Cbor;
use flate2::read::ZlibDecoder;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::{Value, json};

use crate::cbor::{array, bytes, encode, integer, map, member, members, strict, tagged, text};
use crate::certificate::Certificate;
use crate::configurations::membership;
use crate::offer::path;
use crate::wait::until;
use crate::{Answer, Daemon, HolderKey, Mdoc, Request};

/// Path of status lists.
pub const STATUS_LISTS: &str = "/v2/credentials/mobile/status-lists";
/// Path of the records of mdocs.
pub const RECORDS: &str = "/v2/credentials/mobile";
/// Path of bulk revocations.
pub const REVOCATIONS: &str = "/v2/credentials/revocations";

/// A status list that was loaded and verified.
#[derive(Debug, Clone, PartialEq)]
pub struct StatusList {
    /// Bits of an entry.
    pub bits: u32,
    /// The packed entries.
    pub entries: Vec<u8>,
    /// `sub`
    pub uri: String,
    /// `iat`, `exp` and `ttl`
    pub times: [i64; 3],
    /// `aggregation_uri`
    pub aggregation_uri: String,
    /// Serial number of the certificate that signed it.
    pub signer: Vec<u8>,
}

/// Where a credential's status is: `status_list` of its MSO.
#[track_caller]
pub fn reference(mdoc: &Mdoc) -> (String, u32) {
    let status = mdoc.mso("status");
    // MDC-MSO-17, TSL-6.3-01
    assert_eq!(members(status).len(), 1, "{status:?}");
    let list = member(status, "status_list");
    assert_eq!(members(list).len(), 2, "{list:?}");
    (text(member(list, "uri")).to_owned(), u32::try_from(integer(member(list, "idx"))).unwrap())
}

/// What a certificate in a status list must be: a signer below the IACA that signs nothing else.
#[track_caller]
fn signer(der: &[u8], iaca: &Certificate) -> Certificate {
    let certificate = Certificate::from_der(der);
    iaca.signed(&certificate);
    let parsed = certificate.parsed();
    // CRT-SL-01, CRT-SL-02, HAIP-6.1-01
    let usage = parsed.key_usage().unwrap().unwrap();
    assert!(usage.critical && usage.value.flags == 1, "{}", usage.value);
    assert!(
        parsed.extended_key_usage().unwrap().is_none()
            && parsed.basic_constraints().unwrap().is_none_or(|it| !it.value.ca)
    );
    let (from, until) = certificate.validity();
    assert!(until - from <= 1_187 * 86_400);
    assert_ne!(parsed.issuer().as_raw(), parsed.subject().as_raw());
    certificate
}

#[track_caller]
fn verify(certificate: &Certificate, message: &[u8], signature: &[u8]) {
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, certificate.public_key());
    key.verify(message, signature).expect("a good signature");
}

fn inflate(compressed: &[u8]) -> Vec<u8> {
    let mut entries = Vec::new();
    // TSL-4.1-01: a zlib container.
    ZlibDecoder::new(compressed).take(1 << 20).read_to_end(&mut entries).unwrap();
    entries
}

impl StatusList {
    /// Verifies the JWT form.
    #[track_caller]
    pub fn from_jwt(jwt: &str, iaca: &Certificate) -> Self {
        let (signed, signature) = jwt.rsplit_once('.').unwrap();
        let (header, payload) = signed.split_once('.').unwrap();
        let read = |part: &str| -> Value { serde_json::from_slice(&B64.decode(part).unwrap()).unwrap() };
        let (header, payload) = (read(header), read(payload));
        // TSL-5.1-01
        assert_eq!((&header["typ"], &header["alg"]), (&json!("statuslist+jwt"), &json!("ES256")));
        assert_eq!(header["x5c"].as_array().unwrap().len(), 1);
        let certificate = signer(&STANDARD.decode(header["x5c"][0].as_str().unwrap()).unwrap(), iaca);
        verify(&certificate, signed.as_bytes(), &B64.decode(signature).unwrap());
        let number = |name: &str| payload[name].as_i64().unwrap();
        let list = &payload["status_list"];
        Self {
            bits: u32::try_from(list["bits"].as_u64().unwrap()).unwrap(),
            entries: inflate(&B64.decode(list["lst"].as_str().unwrap()).unwrap()),
            uri: payload["sub"].as_str().unwrap().into(),
            times: [number("iat"), number("exp"), number("ttl")],
            aggregation_uri: list["aggregation_uri"].as_str().unwrap().into(),
            signer: certificate.serial(),
        }
        .checked()
    }

    /// Verifies the CWT form.
    #[track_caller]
    pub fn from_cwt(cwt: &[u8], iaca: &Certificate) -> Self {
        let outer = strict(cwt);
        // TSL-5.2-01
        let [protected, unprotected, payload, signature] = array(tagged(&outer, 18)) else { panic!("no COSE_Sign1") };
        assert!(map(unprotected).is_empty());
        let header = strict(bytes(protected));
        let claims = strict(bytes(payload));
        let of = |object: &Cbor, label: i64| -> Cbor {
            let found = map(object).iter().find(|(key, _)| integer(key) == label);
            found.unwrap_or_else(|| panic!("no {label} in {object:?}")).1.clone()
        };
        assert_eq!((integer(&of(&header, 1)), text(&of(&header, 16))), (-7, "application/statuslist+cwt"));
        // TSL-5.2-03: protected, and one certificate is a byte string.
        let certificate = signer(bytes(&of(&header, 33)), iaca);
        let parts = vec!["Signature1".into(), protected.clone(), Cbor::Bytes(vec![]), payload.clone()];
        verify(&certificate, &encode(&Cbor::Array(parts)), bytes(signature));
        let list = of(&claims, 65_533);
        let number = |label| integer(&of(&claims, label));
        Self {
            bits: u32::try_from(integer(member(&list, "bits"))).unwrap(),
            entries: inflate(bytes(member(&list, "lst"))),
            uri: text(&of(&claims, 2)).to_owned(),
            times: [number(6), number(4), number(65_534)],
            aggregation_uri: text(member(&list, "aggregation_uri")).to_owned(),
            signer: certificate.serial(),
        }
        .checked()
    }

    #[track_caller]
    fn checked(self) -> Self {
        let [issued, expires, ttl] = self.times;
        // TSL-5.1-03
        assert!(ttl > 0 && ttl <= expires - issued, "{:?}", self.times);
        self
    }

    /// The entry at a place.
    #[track_caller]
    pub fn at(&self, index: u32) -> u8 {
        let at = index * self.bits;
        // TSL-4-01
        let byte = self.entries.get(at as usize / 8).copied().unwrap_or_else(|| panic!("{index} is outside"));
        (byte >> (at % 8)) & ((1 << self.bits) - 1)
    }
}

impl Daemon {
    /// A configuration whose credentials can be revoked; returns its id.
    #[track_caller]
    pub fn revocable(&self, doc_type: &str) -> String {
        let mut body = membership(doc_type);
        body["includeStatus"] = json!(true);
        self.management().create_configuration(&body)
    }

    /// Issues copies of a configuration and returns them with the ids of their records.
    #[track_caller]
    pub fn issue(&self, configuration: &str, copies: usize) -> Vec<(Mdoc, String)> {
        let management = self.management();
        let offer = management.offer_of(configuration, &json!({ "name": "Mika" }));
        let keys: Vec<_> = (0..copies).map(|_| HolderKey::es256()).collect();
        let mdocs = self.wallet().claim(&offer, &keys);
        let records = management.list(&format!("{RECORDS}?offerId={}", offer.id));
        let id = |key: &HolderKey| {
            let found = records.iter().find(|record| record["devicePublicKeyThumbprint"] == json!(key.thumbprint()));
            found.expect("a record")["id"].as_str().unwrap().to_owned()
        };
        mdocs.into_iter().zip(keys.iter().map(id)).collect()
    }

    /// Sets the status of a credential.
    #[track_caller]
    pub fn set_status(&self, credential: &str, status: &str) -> Answer {
        self.management().post(&format!("{RECORDS}/{credential}/status"), &json!({ "status": status }))
    }

    /// Loads and verifies a list.
    #[track_caller]
    pub fn status_list(&self, uri: &str) -> StatusList {
        let iaca = self.management().iaca();
        let list = StatusList::from_cwt(&self.wallet().get(&path(uri)).expect(200).body, &iaca);
        // TSL-5.1-02: byte for byte.
        assert_eq!(list.uri, uri);
        list
    }

    /// The same in its JWT form.
    #[track_caller]
    pub fn status_list_jwt(&self, uri: &str) -> StatusList {
        let request = Request::get(&path(uri)).header("Accept", "application/statuslist+jwt");
        let answer = self.wallet().send(&request).expect(200);
        assert_eq!(answer.media_type(), "application/statuslist+jwt");
        StatusList::from_jwt(&answer.text(), &self.management().iaca())
    }

    /// Waits until the published list says it of a credential.
    #[track_caller]
    pub fn until_published(&self, mdoc: &Mdoc, expected: u8) -> StatusList {
        let (uri, index) = reference(mdoc);
        until("the status is published", || Some(self.status_list(&uri)).filter(|list| list.at(index) == expected))
    }
}
