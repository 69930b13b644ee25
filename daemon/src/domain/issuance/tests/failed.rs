//! After a failure of ours nothing is used up.

use std::sync::atomic::Ordering;

use serde_json::json;

use super::super::*;
use super::house::*;
use crate::domain::trust::Change;

// HTP-ERR-03, VCI-8.2-18
#[tokio::test]
async fn after_a_failure_of_ours_the_same_request_succeeds() {
    let house = House::new().await;
    let token = house.token(&[house.pass], json!({"name": "Mika"})).await;
    let request = house.request(&wallets(2), &house.nonce());
    house.engine.down.store(true, Ordering::SeqCst);
    assert!(matches!(house.ask(&token, &request).await, Err(Failure::Store(_))));
    assert!(house.records().await.is_empty());
    house.engine.down.store(false, Ordering::SeqCst);
    assert_eq!(house.issued(&token, &request).await.len(), 2);
}

#[tokio::test]
async fn without_a_document_signer_nothing_is_used_up() {
    let house = House::new().await;
    let token = house.token(&[house.pass], json!({"name": "Mika"})).await;
    let request = house.request(&wallets(1), &house.nonce());
    let iaca = house.issuer.trust.iacas().unwrap().remove(0).id;
    let active = |active: bool| map(json!({"active": active}));
    let off = house.issuer.trust.iaca_update(iaca, &active(false)).await.unwrap();
    assert!(matches!(off, Change::Done(_)));
    assert!(matches!(house.ask(&token, &request).await, Err(Failure::NoSigner)));
    let on = house.issuer.trust.iaca_update(iaca, &active(true)).await.unwrap();
    assert!(matches!(on, Change::Done(_)));
    assert_eq!(house.issued(&token, &request).await.len(), 1);
}
