//! What is refused, and in which order.

use serde_json::json;

use super::super::*;
use super::house::*;
use crate::domain::proof::ProofError;
use crate::wire::credential::{ProofsError, Selector};
use crate::wire::encryption::EncryptionFault;

// VCI-8.2-05, VCI-8.2-07, VCI-8.2-09, VCI-8.2-12, VCI-8.2-15, VCI-8.3.1.2-06
#[tokio::test]
async fn refusals_come_in_the_order_of_the_request() {
    let house = House::new().await;
    let other = house.configure("org.example.other").await;
    let token = house.token(&[house.pass], json!({"name": "Mika"})).await;
    let good = house.request(&wallets(1), &house.nonce());
    let asking =
        |id: Uuid| CredentialRequest { selector: Selector::Configuration(id.to_string().into()), ..good.clone() };
    let no_proofs = CredentialRequest { proofs: Err(ProofsError::Missing), ..good.clone() };

    let unknown = asking(Uuid::nil());
    assert_eq!(house.refused(&token, &unknown).await, Refusal::Selection(SelectionError::UnknownConfiguration));
    assert_eq!(house.refused(&token, &asking(other)).await, Refusal::Selection(SelectionError::NotGranted));
    let unknown_and_bad =
        CredentialRequest { encryption: Err(EncryptionFault::Key), selector: unknown.selector, ..no_proofs.clone() };
    assert_eq!(house.refused(&token, &unknown_and_bad).await, Refusal::Selection(SelectionError::UnknownConfiguration));
    let encrypted = CredentialRequest { encryption: Err(EncryptionFault::Key), ..no_proofs.clone() };
    assert_eq!(house.refused(&token, &encrypted).await, Refusal::Encryption(EncryptionFault::Key));
    assert_eq!(house.refused(&token, &no_proofs).await, Refusal::Proofs(ProofsError::Missing));
    let six = house.request(&wallets(6), &house.nonce());
    assert_eq!(house.refused(&token, &six).await, Refusal::Proof(ProofError::TooMany));
    let stale = house.request(&wallets(1), "stale");
    assert_eq!(house.refused(&token, &stale).await, Refusal::Proof(ProofError::NonceUnknown));

    assert!(house.records().await.is_empty(), "nothing was recorded");
    assert_eq!(house.events.taken(), [""; 0], "nothing was signed");
    assert_eq!(house.issued(&token, &good).await.len(), 1);
}

// BRR-3.1-01, F2-5.3.4-01
#[tokio::test]
async fn tokens_end_with_their_time_and_their_offer() {
    let house = House::new().await;
    let token = house.token(&[house.pass], json!({"name": "Mika"})).await;
    assert!(house.issuer.authorize("unknown").await.unwrap().is_none());
    assert!(house.issuer.authorize("").await.unwrap().is_none());
    let authorized = house.issuer.authorize(&token).await.unwrap().unwrap();
    house.issuer.store.offer_delete(authorized.offer.id).await.unwrap();
    assert!(house.issuer.authorize(&token).await.unwrap().is_none());
    let request = house.request(&wallets(1), &house.nonce());
    let late = house.issuer.issue(&authorized, &request, &Caller::default()).await.unwrap();
    assert_eq!(late, IssuanceOutcome::Refused(Refusal::OfferEnded));

    let second = house.token(&[house.pass], json!({"name": "Mika"})).await;
    house.clock.advance(Duration::from_secs(299));
    assert!(house.issuer.authorize(&second).await.unwrap().is_some());
    house.clock.advance(Duration::from_secs(1));
    assert!(house.issuer.authorize(&second).await.unwrap().is_none());
}

#[tokio::test]
async fn a_deleted_configuration_issues_nothing() {
    let house = House::new().await;
    let token = house.token(&[house.pass], json!({"name": "Mika"})).await;
    let request = house.request(&wallets(1), &house.nonce());
    // Deleted behind the back of the snapshot: as if between the selection and the record.
    house.issuer.store.configuration_delete(house.pass).await.unwrap();
    assert_eq!(house.refused(&token, &request).await, Refusal::ConfigurationGone);
    house.issuer.configurations.delete(house.pass).await.unwrap();
    let refused = house.refused(&token, &request).await;
    assert!(matches!(refused, Refusal::Selection(SelectionError::UnknownConfiguration) | Refusal::ConfigurationGone));
    assert!(house.records().await.is_empty());
}

// HTP-ERR-02, VCI-8.3.1.2-05: what cannot be issued is denied without a word of the data.
#[tokio::test]
async fn claims_that_do_not_make_a_credential_are_denied() {
    let house = House::new().await;
    for (claims, wanted) in [
        (json!({}), "Claim"),
        (json!({"name": null}), "Claim"),
        (json!({"name": {"MARKER": 1}}), "Claim"),
        (json!({"name": "MARKER", "until": "2020-01-01"}), "Validity(Empty)"),
        (json!({"name": "MARKER", "until": "MARKER"}), "Validity(NotATime"),
    ] {
        let token = house.token(&[house.pass], claims.clone()).await;
        let refusal = house.refused(&token, &house.request(&wallets(1), &house.nonce())).await;
        let shown = format!("{refusal:?} {refusal}");
        assert!(shown.starts_with(wanted), "{claims} {shown}");
        assert!(!shown.contains("MARKER"), "{shown}");
    }
    assert!(house.records().await.is_empty());
}
