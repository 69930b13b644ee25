//! What a credential request can choose, and what it cannot.

use issuerd_tests::claims::mdl;
use issuerd_tests::configurations::membership;
use issuerd_tests::daemon::MDL;
use issuerd_tests::wallet::{credentials, request_body};
use issuerd_tests::{Daemon, HolderKey, Mdoc, Proof};
use serde_json::{Value, json};

/// Elements and values, without what differs between copies.
fn data_set(mdoc: &Mdoc) -> Vec<(String, String)> {
    let mut all: Vec<_> =
        mdoc.elements.iter().map(|element| (element.identifier.clone(), format!("{:?}", element.value))).collect();
    all.sort();
    all
}

// VCI-8-02
#[test]
fn vci_8_02_one_request_is_for_one_configuration_and_one_data_set() {
    let daemon = Daemon::start();
    let (wallet, management, licence) = (daemon.wallet(), daemon.management(), daemon.configuration(MDL));
    let club = management.create_configuration(&membership("org.example.club"));
    let mut claims = mdl(&management.country());
    claims["name"] = "Mika Sommer".into();
    let offer = management.offer(&json!({ "credentials": [licence, club], "claims": claims }));
    let token = wallet.redeem(&offer);
    let key = HolderKey::es256();
    let proof = || json!({ "jwt": [wallet.proof(&key).sign(&key)] });
    for body in [
        json!({ "credential_configuration_id": [licence, club], "proofs": proof() }),
        json!({ "credential_configuration_ids": [licence, club], "proofs": proof() }),
        json!({ "credential_identifier": [licence], "proofs": proof() }),
        json!([{ "credential_configuration_id": licence, "proofs": proof() },
            { "credential_configuration_id": club, "proofs": proof() }]),
    ] {
        wallet.credential(&token, &body).expect_error(400, "invalid_credential_request");
    }
    // Three keys, one configuration: three copies of one data set and nothing of the other configuration.
    let keys: Vec<_> = (0..3).map(|_| HolderKey::es256()).collect();
    let copies = credentials(&wallet.ask(&token, licence, &keys).expect(200));
    assert_eq!(copies.len(), 3);
    assert!(copies.iter().all(|copy| copy.doc_type() == MDL && data_set(copy) == data_set(&copies[0])));
    assert_eq!(management.offer_state(&offer.id), "redeemed");
}

// SEC-ALG-02
#[test]
fn sec_alg_02_the_algorithm_of_a_credential_is_the_issuer_s_choice() {
    let daemon = Daemon::start();
    let (wallet, management, id) = (daemon.wallet(), daemon.management(), daemon.configuration(MDL));
    let shown = &wallet.metadata()["credential_configurations_supported"][id];
    assert_eq!(shown["credential_signing_alg_values_supported"], json!([-7]));
    let claims = mdl(&management.country());
    let wishes: [Value; 4] = [
        json!({ "credential_signing_alg_values_supported": [-8] }),
        json!({ "alg": -35, "cose_alg": -35 }),
        json!({ "credential_signing_alg": "EdDSA", "digestAlgorithm": "SHA-512" }),
        json!({ "issuerAuth": { "1": 5 }, "algorithm": "none" }),
    ];
    for (key, wish) in
        [HolderKey::es256(), HolderKey::es384(), HolderKey::eddsa(), HolderKey::es256()].iter().zip(wishes)
    {
        let token = wallet.redeem(&management.offer_of(id, &claims));
        let proof = Proof::new(key, &wallet.issuer, &wallet.nonce()).header("credential_signing_alg", "EdDSA");
        let mut body = request_body(id, &[proof.sign(key)]);
        body.as_object_mut().unwrap().extend(wish.as_object().unwrap().clone());
        let mdoc = credentials(&wallet.credential(&token, &body).expect(200)).remove(0);
        assert_eq!(mdoc.algorithm, -7, "{wish}");
        assert_eq!(mdoc.mso("digestAlgorithm").as_text(), Some("SHA-256"), "{wish}");
        mdoc.verify(&management.iaca());
    }
}
