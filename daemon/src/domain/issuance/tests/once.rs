//! A nonce and an offer serve once.

use futures_util::future::join_all;
use serde_json::json;

use super::super::*;
use super::house::*;

// VCI-13.8-02, SEC-PROOF-01, VCI-14.3-01
#[tokio::test]
async fn a_nonce_and_an_offer_serve_once() {
    let house = House::new().await;
    let first = house.token(&[house.pass], json!({"name": "A"})).await;
    let second = house.token(&[house.pass], json!({"name": "B"})).await;
    let request = house.request(&wallets(1), &house.nonce());
    house.issued(&first, &request).await;
    assert_eq!(house.refused(&second, &request).await, Refusal::NonceTaken);
    let fresh = house.request(&wallets(1), &house.nonce());
    assert_eq!(house.refused(&first, &fresh).await, Refusal::AlreadyIssued);
    house.issued(&second, &fresh).await;
    assert_eq!(house.records().await.len(), 2);
}

// SEC-PROOF-01: a nonce is remembered beyond its end, since a request may have begun before it.
#[tokio::test]
async fn a_taken_nonce_stays_taken_at_its_end() {
    let house = House::with(|site| site.requests_per_offer = 10).await;
    let token = house.token(&[house.pass], json!({"name": "A"})).await;
    let request = house.request(&wallets(1), &house.nonce());
    house.clock.advance(Duration::from_secs(299));
    let authorized = house.issuer.authorize(&token).await.unwrap().unwrap();
    assert!(matches!(
        house.issuer.issue(&authorized, &request, &Caller::default()).await,
        Ok(IssuanceOutcome::Issued(_))
    ));
    assert_eq!(
        house.issuer.issue(&authorized, &request, &Caller::default()).await.unwrap(),
        IssuanceOutcome::Refused(Refusal::NonceTaken)
    );
    let configuration = house.issuer.configurations.find(house.pass).unwrap();
    let nonces = nonces(&house.issuer.proven(&authorized.token, &request, &configuration).ok().unwrap());
    house.clock.advance(Duration::from_mins(5));
    let issuance = Issuance {
        origin: Origin::PreAuthorized,
        offer: authorized.offer.id,
        configuration: house.pass,
        nonces: &nonces,
        records: &[],
        statuses: &[],
        requests_allowed: 10,
        register_key: None,
        enriched: false,
    };
    assert_eq!(house.issuer.store.issuance_record(&issuance).await.unwrap(), Issue::NonceTaken);
}

// SEC-BATCH-01, VCI-8.2-13
#[tokio::test]
async fn of_many_requests_at_once_one_is_served() {
    let house = House::with(|site| site.requests_per_offer = 100).await;
    let token = house.token(&[house.pass], json!({"name": "Mika"})).await;
    let request = house.request(&wallets(1), &house.nonce());
    let outcomes = join_all((0..50).map(|_| house.ask(&token, &request))).await;
    let issued = outcomes.iter().filter(|outcome| matches!(outcome, Ok(IssuanceOutcome::Issued(_)))).count();
    let refused = IssuanceOutcome::Refused(Refusal::NonceTaken);
    assert_eq!(issued, 1);
    assert_eq!(outcomes.iter().filter(|outcome| outcome.as_ref().is_ok_and(|outcome| *outcome == refused)).count(), 49);
    assert_eq!(house.records().await.len(), 1);
}
