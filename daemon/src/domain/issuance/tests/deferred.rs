//! Credentials that are to be had later.

use std::sync::atomic::Ordering;

use serde_json::json;
use tokio::task::JoinSet;

use super::super::deferral::{Deferral, Retrieval};
use super::super::*;
use super::house::*;
use crate::domain::blocked::Blocked;
use crate::domain::deferred::{Decided, Deferrals};
use crate::domain::testing::*;
use crate::plugin::CallError;
use crate::plugin::contract::Outcome;
use crate::store::authorization::revoke::{Revoke, Revoker};

const PASS: &str = "org.example.pass";

/// A house whose pass has the claim source `hr`, which asks for patience.
async fn patient() -> House {
    let house = House::with_plugins(|_| {}, Vec::new(), [(PASS.to_owned(), "hr".to_owned())].into()).await;
    house.plugins.source("hr", Ok(pending(60)));
    house
}

impl House {
    fn deferrals(&self) -> Deferrals {
        Deferrals { store: self.issuer.store.clone(), clock: self.clock.clone() }
    }

    pub(super) async fn deferred(&self, token: &str, request: &CredentialRequest<'_>) -> Deferral {
        match self.ask(token, request).await.unwrap() {
            IssuanceOutcome::Deferred(deferral) => deferral,
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn retrieve(&self, token: &str, transaction: &Deferral) -> Result<Retrieval, Failure> {
        let authorized = self.issuer.authorize_deferred(token).await?.expect("a token that serves");
        self.issuer.retrieve(&authorized, &transaction.transaction_id, &Caller::default()).await
    }

    pub(super) fn later(&self, seconds: u64) {
        self.clock.set(after(self.clock.now(), Duration::from_secs(seconds)));
    }

    /// A configuration that an operator must approve.
    async fn strict(&self) -> Uuid {
        self.strict_of("org.example.strict").await
    }

    async fn strict_of(&self, doc_type: &str) -> Uuid {
        let body = json!({
            "type": doc_type,
            "claimMappings": {NAMESPACE: {"name": {"mapFrom": "claims.name", "type": "string", "required": true}}},
            "expiresIn": {"days": 30},
            "approvalRequired": true,
        });
        let format = crate::format::CredentialFormat::MsoMdoc;
        match self.issuer.configurations.create(format, body.as_object().unwrap()).await.unwrap() {
            crate::domain::configuration::catalog::Saved::Saved(made) => made.id,
            _ => panic!("not saved"),
        }
    }

    pub(super) fn request_of(&self, configuration: Uuid) -> CredentialRequest<'static> {
        let selector = crate::wire::credential::Selector::Configuration(configuration.to_string().into());
        CredentialRequest { selector, ..self.request(&wallets(1), &self.nonce()) }
    }

    async fn waiting(&self) -> Vec<crate::store::deferred::Deferred> {
        self.issuer.store.deferred_list(None, 10).await.unwrap().0
    }
}

pub(super) fn seconds(retrieval: &Retrieval) -> u64 {
    match retrieval {
        Retrieval::Pending(deferral) => deferral.interval.as_secs(),
        other => panic!("{other:?}"),
    }
}

pub(super) fn issued(retrieval: &Retrieval) -> bool {
    matches!(retrieval, Retrieval::Issued(issued) if !issued.credentials.is_empty())
}

// VCI-9.2-01, VCI-9.2-02, VCI-9.2-04
#[tokio::test]
async fn a_claim_source_is_asked_again_with_what_it_left_and_not_too_often() {
    let house = patient().await;
    let token = house.token(&[house.pass], json!({"name": "Old"})).await;
    let request = house.request(&wallets(2), &house.nonce());
    let transaction = house.deferred(&token, &request).await;
    assert_eq!((transaction.interval.as_secs(), house.plugins.asked()), (60, vec!["fetch hr".to_owned()]));
    let first = house.plugins.fetched();
    house.later(59);
    assert_eq!(seconds(&house.retrieve(&token, &transaction).await.unwrap()), 1);
    assert!(house.plugins.asked().is_empty());
    house.later(1);
    assert_eq!(seconds(&house.retrieve(&token, &transaction).await.unwrap()), 60);
    assert_eq!(house.plugins.asked(), ["resume hr later"]);
    let again = house.plugins.fetched();
    assert_eq!((again.holder_keys, again.claims), (first.holder_keys, first.claims));
    assert_eq!(again.offer.map(|offer| offer.id), first.offer.map(|offer| offer.id));
    house.later(60);
    house.plugins.source("hr", Err(down(Some(30))));
    assert_eq!(seconds(&house.retrieve(&token, &transaction).await.unwrap()), 30);
    house.later(30);
    house.plugins.source("hr", Ok(ready(&json!({"name": "Mika"}))));
    assert!(issued(&house.retrieve(&token, &transaction).await.unwrap()));
    assert_eq!(house.records().await.len(), 2);
    assert!(house.waiting().await.is_empty());
}

// VCI-9.1-03, SEC-BATCH-01
#[tokio::test]
async fn of_a_hundred_that_come_back_at_once_one_is_served() {
    let house = Arc::new(patient().await);
    let token = house.token(&[house.pass], json!({})).await;
    let transaction = house.deferred(&token, &house.request(&wallets(1), &house.nonce())).await;
    house.plugins.asked();
    house.plugins.source("hr", Ok(ready(&json!({"name": "Mika"}))));
    house.later(60);
    let mut asking = JoinSet::new();
    for _ in 0..100 {
        let (house, token, transaction) = (Arc::clone(&house), token.clone(), transaction.clone());
        asking.spawn(async move { house.retrieve(&token, &transaction).await.unwrap() });
    }
    let answers = asking.join_all().await;
    assert_eq!(answers.iter().filter(|answer| issued(answer)).count(), 1);
    let others = |answer: &&Retrieval| matches!(answer, Retrieval::Pending(_) | Retrieval::Unknown);
    assert_eq!(answers.iter().filter(others).count(), 99);
    assert_eq!(house.plugins.asked().len(), 1);
    assert_eq!(house.records().await.len(), 1);
}

// VCI-9.2-03
#[tokio::test]
async fn a_denial_is_final_and_a_failure_is_not() {
    let house = patient().await;
    for (answer, last) in [
        (Ok(Outcome::Denied(denial(Some("No.")))), true),
        (Err(CallError::NotFound), true),
        (Err(CallError::Failed), false),
        // A claim that the credential needs is missing: the register may be mended.
        (Ok(ready(&json!({}))), false),
    ] {
        house.plugins.source("hr", Ok(pending(60)));
        let token = house.token(&[house.pass], json!({})).await;
        let transaction = house.deferred(&token, &house.request(&wallets(1), &house.nonce())).await;
        house.later(60);
        house.plugins.source("hr", answer);
        assert!(matches!(house.retrieve(&token, &transaction).await, Ok(Retrieval::Refused(_))));
        house.later(5);
        house.plugins.source("hr", Ok(ready(&json!({"name": "Mika"}))));
        let again = house.retrieve(&token, &transaction).await.unwrap();
        assert_eq!(matches!(again, Retrieval::Refused(Refusal::Blocked(Blocked::Denied { .. }))), last, "{again:?}");
        assert_eq!(issued(&again), !last);
    }
}

// HTP-ERR-03
#[tokio::test]
async fn a_failure_of_ours_leaves_the_transaction() {
    let house = patient().await;
    let token = house.token(&[house.pass], json!({})).await;
    let transaction = house.deferred(&token, &house.request(&wallets(1), &house.nonce())).await;
    house.later(60);
    house.plugins.source("hr", Ok(ready(&json!({"name": "Mika"}))));
    house.engine.down.store(true, Ordering::SeqCst);
    assert!(house.retrieve(&token, &transaction).await.is_err());
    house.engine.down.store(false, Ordering::SeqCst);
    assert!(issued(&house.retrieve(&token, &transaction).await.unwrap()));
}

// VCI-9-02
#[tokio::test]
async fn the_token_serves_its_transaction_after_its_end_and_nothing_else() {
    let house = House::new().await;
    let strict = house.strict().await;
    let token = house.token(&[strict], json!({"name": "Mika"})).await;
    let transaction = house.deferred(&token, &house.request_of(strict)).await;
    assert_eq!(transaction.interval, house.issuer.site.deferral.interval);
    house.later(6 * 24 * 3600);
    assert!(house.issuer.authorize(&token).await.unwrap().is_none());
    assert_eq!(seconds(&house.retrieve(&token, &transaction).await.unwrap()), 300);
    let [waiting] = house.waiting().await.try_into().unwrap();
    assert!(matches!(house.deferrals().approve(waiting.id).await.unwrap(), Decided::Done(_)));
    assert!(issued(&house.retrieve(&token, &transaction).await.unwrap()));
    // VCI-9-04: what is issued now is valid from now.
    let age = house.clock.now().as_second() - house.records().await[0].issued_at.as_second();
    assert_eq!(age, 0);
    assert!(house.issuer.authorize_deferred(&token).await.unwrap().is_none());
}

// VCI-9-02
#[tokio::test]
async fn the_end_of_one_transaction_leaves_the_token_to_the_others() {
    let (house, second) = (House::new().await, "org.example.second");
    let (strict, other) = (house.strict().await, house.strict_of(second).await);
    let token = house.token(&[strict, other], json!({"name": "Mika"})).await;
    let first = house.deferred(&token, &house.request_of(strict)).await;
    let second = house.deferred(&token, &house.request_of(other)).await;
    house.later(3600);
    assert!(house.issuer.authorize(&token).await.unwrap().is_none());
    for waiting in house.waiting().await {
        assert!(matches!(house.deferrals().approve(waiting.id).await.unwrap(), Decided::Done(_)));
    }
    assert!(issued(&house.retrieve(&token, &first).await.unwrap()));
    assert!(issued(&house.retrieve(&token, &second).await.unwrap()));
    assert!(house.issuer.authorize_deferred(&token).await.unwrap().is_none());
}

// SEC-TOK-03: also a token that serves nothing any more but its transactions.
#[tokio::test]
async fn a_revoked_token_serves_no_transaction() {
    for expired in [false, true] {
        let house = House::new().await;
        let strict = house.strict().await;
        let token = house.token(&[strict], json!({"name": "Mika"})).await;
        house.deferred(&token, &house.request_of(strict)).await;
        house.later(if expired { 3600 } else { 1 });
        assert!(house.issuer.authorize_deferred(&token).await.unwrap().is_some());
        let revoked = house.issuer.store.token_revoke(&token, Revoker::Operator).await.unwrap();
        assert_eq!(revoked, Revoke::AccessToken, "{expired}");
        assert!(house.issuer.authorize_deferred(&token).await.unwrap().is_none());
        assert_eq!(house.issuer.store.token_revoke(&token, Revoker::Operator).await.unwrap(), Revoke::Unknown);
    }
}

#[tokio::test]
async fn a_denial_counts_for_a_wallet_that_asks_again() {
    let house = House::new().await;
    let strict = house.strict().await;
    let token = house.token(&[strict], json!({"name": "Mika"})).await;
    house.deferred(&token, &house.request_of(strict)).await;
    let [waiting] = house.waiting().await.try_into().unwrap();
    assert!(matches!(house.deferrals().deny(waiting.id, Some("No.")).await.unwrap(), Decided::Done(_)));
    let again = house.deferred(&token, &house.request_of(strict)).await;
    let refused = house.retrieve(&token, &again).await.unwrap();
    assert!(matches!(refused, Retrieval::Refused(Refusal::Blocked(Blocked::Denied { message: Some(_) }))));
}

// Nothing is signed for what the grant has issued in another way meanwhile.
#[tokio::test]
async fn a_transaction_of_a_grant_that_is_spent_ends() {
    let house = patient().await;
    let token = house.token(&[house.pass], json!({})).await;
    let transaction = house.deferred(&token, &house.request(&wallets(1), &house.nonce())).await;
    house.plugins.source("hr", Ok(ready(&json!({"name": "Mika"}))));
    house.issued(&token, &house.request(&wallets(1), &house.nonce())).await;
    house.later(61);
    house.plugins.asked();
    for _ in 0..2 {
        assert!(matches!(house.retrieve(&token, &transaction).await.unwrap(), Retrieval::Refused(_)));
        house.later(60);
    }
    assert!(house.plugins.asked().is_empty());
    assert_eq!(house.records().await.len(), 1);
}

#[tokio::test]
async fn a_transaction_ends_by_itself() {
    let house = House::new().await;
    let strict = house.strict().await;
    let token = house.token(&[strict], json!({"name": "Mika"})).await;
    house.deferred(&token, &house.request_of(strict)).await;
    let [waiting] = house.waiting().await.try_into().unwrap();
    house.later(7 * 24 * 3600);
    assert!(house.issuer.authorize_deferred(&token).await.unwrap().is_none());
    assert!(matches!(house.deferrals().approve(waiting.id).await.unwrap(), Decided::Unknown));
    assert!(house.waiting().await.is_empty());
}

#[tokio::test]
async fn an_operator_has_the_last_word_while_a_request_serves() {
    let house = patient().await;
    let token = house.token(&[house.pass], json!({})).await;
    let transaction = house.deferred(&token, &house.request(&wallets(1), &house.nonce())).await;
    house.later(60);
    house.plugins.source("hr", Ok(ready(&json!({"name": "Mika"}))));
    let [waiting] = house.waiting().await.try_into().unwrap();
    // The claim source yields once, and the operator comes in between.
    let deferrals = house.deferrals();
    let (answer, denied) = tokio::join!(house.retrieve(&token, &transaction), deferrals.deny(waiting.id, None));
    assert!(matches!(denied.unwrap(), Decided::Done(_) | Decided::Unknown));
    let answer = answer.unwrap();
    let records = house.records().await.len();
    assert_eq!(usize::from(issued(&answer)), records, "{answer:?}");
    assert!(matches!(answer, Retrieval::Issued(_) | Retrieval::Unknown | Retrieval::Refused(_)));
}

// VCI-8.2-12: what has been issued as often as it may is not deferred.
#[tokio::test]
async fn what_is_issued_is_not_deferred_again() {
    let house = House::new().await;
    let strict = house.strict().await;
    let token = house.token(&[strict], json!({"name": "Mika"})).await;
    let transaction = house.deferred(&token, &house.request_of(strict)).await;
    let [waiting] = house.waiting().await.try_into().unwrap();
    let _ = house.deferrals().approve(waiting.id).await.unwrap();
    assert!(issued(&house.retrieve(&token, &transaction).await.unwrap()));
    assert_eq!(house.refused(&token, &house.request_of(strict)).await, Refusal::AlreadyIssued);
}
