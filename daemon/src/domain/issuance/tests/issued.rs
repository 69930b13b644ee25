//! What is issued, recorded and announced.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::Ordering;

use serde_json::json;

use super::super::*;
use super::house::*;
use super::reading::*;
use crate::store::issued::Digests;
use crate::store::offer::OfferState;
use crate::wire::credential::Selector;
use crate::wire::jwk::thumbprint;

// VCI-8.3-01, VCI-8.3-03, VCI-8.3-04, VCI-8.3-05, VCI-8.3-06, VCI-3.3.2-01, VCI-3.3.2-02, VCI-15.4.1-01, VCI-F.1-16, MDC-MSO-08
#[tokio::test]
async fn a_batch_gives_one_credential_for_each_key_in_their_order() {
    let house = House::new().await;
    let token = house.token(&[house.pass], json!({"name": "Mika", "level": "gold"})).await;
    let wallets = wallets(5);
    let credentials = house.issued(&token, &house.request(&wallets, &house.nonce())).await;
    let signer = house.issuer.trust.signer(house.clock.now()).unwrap();
    let seen: Vec<_> = credentials.iter().map(|text| read(text, signer.key.public_key())).collect();
    assert!(seen.iter().all(|copy| copy.verified));
    assert!(seen.iter().map(|copy| copy.device_key).eq(wallets.iter().map(|wallet| *wallet.key())));
    let elements = [("level".to_owned(), "gold".into()), ("name".to_owned(), "Mika".into())];
    assert!(seen.iter().all(|copy| copy.elements == BTreeMap::from(elements.clone())));
    assert!(seen.iter().all(|copy| copy.validity == seen[0].validity));
    assert_eq!(seen[0].validity["validUntil"], "2026-04-09T00:00:00Z");
    assert!(seen[0].validity["signed"].as_str() <= "2026-03-10T12:34:56Z");
    assert_eq!(seen.iter().flat_map(|copy| &copy.salts).collect::<HashSet<_>>().len(), 10);
}

// VCI-15.3-01, OPS-04: what is kept names keys and digests, and no claim.
#[tokio::test]
async fn records_hold_no_claims() {
    let house = House::new().await;
    let token = house.token(&[house.pass], json!({"name": "MARKER-1", "level": "MARKER-2"})).await;
    let wallets = wallets(2);
    house.issued(&token, &house.request(&wallets, &house.nonce())).await;
    let records = house.records().await;
    let kept: HashSet<_> = records.iter().map(|record| record.key_thumbprint.clone().unwrap()).collect();
    assert_eq!(kept, wallets.iter().map(|wallet| thumbprint(wallet.key())).collect());
    for record in &records {
        assert_eq!(record.configuration_id, house.pass);
        let Digests::Mdoc { namespaces, .. } = &record.digests else { panic!("{record:?}") };
        assert_eq!(namespaces[NAMESPACE].keys().collect::<Vec<_>>(), ["level", "name"]);
        assert!(!serde_json::to_string(record).unwrap().contains("MARKER"));
    }
}

#[tokio::test]
async fn every_copy_is_announced() {
    let house = House::new().await;
    let token = house.token(&[house.pass], json!({"name": "Mika"})).await;
    house.issued(&token, &house.request(&wallets(2), &house.nonce())).await;
    let sign = ["MOBILE_CREDENTIAL_SIGN_START", "MOBILE_CREDENTIAL_SIGN_SUCCESS"];
    let start = "USER_CREDENTIAL_CREATE_START";
    let success = "USER_CREDENTIAL_CREATE_SUCCESS";
    assert_eq!(house.events.taken(), [sign[0], sign[1], sign[0], sign[1], start, start, success, success]);
    let again = house.token(&[house.pass], json!({"name": "Mika"})).await;
    house.engine.down.store(true, Ordering::SeqCst);
    assert!(house.ask(&again, &house.request(&wallets(1), &house.nonce())).await.is_err());
    assert_eq!(house.events.taken(), [sign[0], sign[1], start, "USER_CREDENTIAL_CREATE_FAIL"]);
}

// VCI-8-03, VCI-14.3-02
#[tokio::test]
async fn one_token_serves_each_configuration_of_its_offer() {
    let house = House::new().await;
    let other = house.configure("org.example.other").await;
    let token = house.token(&[house.pass, other], json!({"name": "Mika"})).await;
    house.issued(&token, &house.request(&wallets(1), &house.nonce())).await;
    let selector = Selector::Configuration(other.to_string().into());
    let second = CredentialRequest { selector, ..house.request(&wallets(1), &house.nonce()) };
    house.issued(&token, &second).await;
    let authorized = house.issuer.authorize(&token).await.unwrap().unwrap();
    assert_eq!((authorized.offer.state, authorized.offer.served), (OfferState::Issued, vec![1, 1]));
}

#[tokio::test]
async fn claims_of_the_offer_come_after_those_of_the_user() {
    let house = House::new().await;
    let persist = json!({"name": "Old", "level": "silver"});
    let token = house.token_for(&[house.pass], json!({"name": "Mika"}), persist, None).await;
    let credentials = house.issued(&token, &house.request(&wallets(1), &house.nonce())).await;
    let signer = house.issuer.trust.signer(house.clock.now()).unwrap();
    let seen = read(&credentials[0], signer.key.public_key());
    let expected = [("level".to_owned(), "silver".into()), ("name".to_owned(), "Mika".into())];
    assert_eq!(seen.elements, expected.into());
}
