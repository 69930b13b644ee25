//! Offers by reference.

use issuerd_tests::daemon::MDL;
use issuerd_tests::{Daemon, HolderKey, Offer, Request};
use serde_json::json;

fn made(daemon: &Daemon) -> Offer {
    let management = daemon.management();
    management.offer_of(daemon.configuration(MDL), &issuerd_tests::claims::mdl(&management.country()))
}

// VCI-4.1.3-01
#[test]
fn vci_4_1_3_01_the_reference_gives_the_offer_itself() {
    let daemon = Daemon::start();
    let offer = made(&daemon);
    assert!(offer.reference.starts_with(&daemon.ready.issuer), "{}", offer.reference);
    let answer = daemon.wallet().get(&offer.reference_path()).expect(200);
    assert_eq!(answer.media_type(), "application/json");
    assert_eq!(answer.json(), offer.object);
    // VCI-4.1.3-03
    assert!(answer.lists("cache-control", "no-store"));
    // HTP-SEC-01
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
}

// VCI-4.1.3-08
#[test]
fn vci_4_1_3_08_looking_at_an_offer_does_not_use_it_up() {
    let daemon = Daemon::start();
    let (wallet, offer) = (daemon.wallet(), made(&daemon));
    for _ in 0..5 {
        wallet.get(&offer.reference_path()).expect(200);
    }
    let head = wallet.send(&Request::new("HEAD", &offer.reference_path())).expect(200);
    assert!(head.body.is_empty());
    assert_eq!(wallet.claim(&offer, &[HolderKey::es256()]).len(), 1);
}

// VCI-4.1.3-06
#[test]
fn vci_4_1_3_06_the_reference_ends_with_the_code() {
    let daemon = Daemon::start();
    let (wallet, offer) = (daemon.wallet(), made(&daemon));
    wallet.redeem(&offer);
    let ended = wallet.get(&offer.reference_path());
    let path = wallet.path("/v1/openid/offers/AAAAAAAAAAAAAAAAAAAAAA/credential_offer");
    let unknown = wallet.get(&path);
    // VCI-4.1.3-04: an ended offer looks like one that never was.
    assert_eq!(unknown.status, 404);
    assert_eq!((ended.status, &ended.body), (unknown.status, &unknown.body));
    assert!(!ended.text().contains(&offer.code));
}

// VCI-4.1.3-02
#[test]
fn vci_4_1_3_02_an_offer_is_never_a_jwt() {
    let daemon = Daemon::start();
    let offer = made(&daemon);
    let request = Request::get(&offer.reference_path()).header("Accept", "application/jwt");
    let answer = daemon.wallet().send(&request);
    assert!(answer.status == 406 || answer.expect(200).media_type() == "application/json");
}

// VCI-15.4.2-01
#[test]
fn vci_15_4_2_01_the_id_of_an_offer_is_not_its_reference() {
    let daemon = Daemon::start();
    let (wallet, offer) = (daemon.wallet(), made(&daemon));
    let by_id = wallet.path(&format!("/v1/openid/offers/{}/credential_offer", offer.id));
    wallet.get(&by_id).expect(404);
    // OPS-03: the operator's view is not on the public listener.
    for path in [
        format!("/v1/openid/offers/{}", offer.id),
        "/v1/openid/offers".into(),
        "/metrics".into(),
        "/oauth/token".into(),
    ] {
        wallet.get(&wallet.path(&path)).expect(404);
        wallet.get(&path).expect(404);
    }
}

#[test]
fn the_link_by_value_and_by_reference_are_the_same_offer() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let body = json!({ "credentials": [daemon.configuration(MDL)], "transactionCodeConfiguration":
        { "inputMode": "numeric", "length": 8, "description": "From our letter" } });
    let offer = management.offer(&body);
    let fetched = daemon.wallet().get(&offer.reference_path()).expect(200).json();
    assert_eq!(fetched, offer.object);
    let code = &fetched["grants"][issuerd_tests::offer::PRE_AUTHORIZED]["tx_code"];
    // VCI-4.1.1-12
    assert_eq!(code, &json!({ "input_mode": "numeric", "length": 8, "description": "From our letter" }));
    assert_eq!(offer.tx_code.unwrap().len(), 8);
}
