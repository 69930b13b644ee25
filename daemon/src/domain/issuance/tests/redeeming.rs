//! What auth hooks do to a token request.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::super::*;
use super::house::*;
use super::reading::*;
use crate::domain::blocked::Blocked;
use crate::domain::grant::Who;
use crate::domain::hook::{AuthHookRule, OnError};
use crate::domain::offer::Created;
use crate::domain::testing::*;
use crate::domain::token::{Grant, TokenRequest};
use crate::plugin::contract::Gate;
use crate::plugin::{CallError, Phase};
use crate::store::redeem::Redeem;

const PASS: &str = "org.example.pass";

async fn house(credentials: &[&str]) -> House {
    let rule = |plugin: &str, phase| AuthHookRule {
        plugin: plugin.into(),
        phases: vec![phase],
        credentials: credentials.iter().map(|one| (*one).to_owned()).collect(),
        on_error: OnError::Deny,
    };
    let rules = vec![rule("gate", Phase::TokenRequest), rule("late", Phase::CredentialRequest)];
    let house = House::with_plugins(|_| {}, rules, [].into()).await;
    house.plugins.hook("gate", Ok(Gate::Abstain));
    house.plugins.hook("late", Ok(Gate::Abstain));
    house
}

/// An offer: its id, code and transaction code.
async fn offered(house: &House, configurations: &[Uuid], tx_code: bool) -> (Uuid, String, Option<String>) {
    let mut body = json!({"credentials": configurations, "claims": {"name": "Old", "level": "silver"}});
    if tx_code {
        body["transactionCodeConfiguration"] = json!({"inputMode": "numeric"});
    }
    let Created::Made(made) = house.offer(body).await else { panic!("no offer") };
    (made.0.id, made.1.code, made.1.transaction_code)
}

fn asks<'a>(code: &'a str, tx_code: Option<&'a str>) -> TokenRequest<'a> {
    TokenRequest { code, tx_code, who: Who::default(), selected: None }
}

async fn redeem(house: &House, request: &TokenRequest<'_>) -> Grant {
    house.tokens().redeem(request, &Caller { request_id: "r1", ..Caller::default() }).await.unwrap()
}

async fn granted(house: &House, request: &TokenRequest<'_>) -> (String, Vec<(String, Uuid)>) {
    match redeem(house, request).await {
        Grant::Granted(granted) => (granted.access_token, granted.identifiers),
        Grant::Refused(refused) => panic!("{refused:?}"),
        Grant::Blocked(blocked) => panic!("{blocked:?}"),
    }
}

async fn state(house: &House, offer: Uuid) -> (OfferState, u8) {
    let (offer, state) = house.issuer.store.offer_find(offer).await.unwrap().unwrap();
    (state, offer.attempts_left)
}

#[tokio::test]
async fn a_denial_or_failure_spends_nothing_however_often() {
    let house = house(&[]).await;
    let (offer, code, tx_code) = offered(&house, &[house.pass], true).await;
    let request = asks(&code, tx_code.as_deref());
    for gate in
        [Ok(Gate::Deny(denial(Some("Not you")))), Err(CallError::Failed), Err(down(None)), Err(CallError::NotFound)]
    {
        house.plugins.hook("gate", gate);
        let tokens = house.tokens();
        let caller = Caller::default();
        let grants = join_all((0..50).map(|_| tokens.redeem(&request, &caller))).await;
        assert!(grants.iter().all(|grant| matches!(grant, Ok(Grant::Blocked(_)))));
        assert_eq!(state(&house, offer).await, (OfferState::Open, 3));
    }
    house.plugins.hook("gate", Ok(Gate::Abstain));
    let (tokens, caller) = (house.tokens(), Caller::default());
    let grants = join_all((0..50).map(|_| tokens.redeem(&request, &caller))).await;
    let count = |fits: fn(&Grant) -> bool| grants.iter().filter(|grant| grant.as_ref().is_ok_and(fits)).count();
    assert_eq!(count(|grant| matches!(grant, Grant::Granted { .. })), 1);
    assert_eq!(count(|grant| matches!(grant, Grant::Refused(Redeem::AlreadyUsed))), 49);
}

// VCI-6.3-04, SEC-TX-01: hooks neither see a wrong transaction code nor keep it from being counted.
#[tokio::test]
async fn a_wrong_code_reaches_no_hook_and_is_counted() {
    let house = house(&[]).await;
    house.plugins.hook("gate", Ok(Gate::Deny(denial(None))));
    let (offer, code, tx_code) = offered(&house, &[house.pass], true).await;
    let wrong = if tx_code.as_deref() == Some("000000") { "000001" } else { "000000" };
    for (request, left) in [
        (asks("unknown", None), 3),
        (asks(&code, None), 3),
        (asks(&code, Some(wrong)), 2),
        (asks(&code, Some(wrong)), 1),
    ] {
        assert!(matches!(redeem(&house, &request).await, Grant::Refused(_)));
        assert_eq!(state(&house, offer).await, (OfferState::Open, left));
    }
    let elsewhere = TokenRequest { selected: Some(vec![Uuid::nil()]), ..asks(&code, tx_code.as_deref()) };
    assert!(matches!(redeem(&house, &elsewhere).await, Grant::Refused(Redeem::NotOffered)));
    assert!(house.plugins.asked().is_empty());
    assert!(matches!(redeem(&house, &asks(&code, tx_code.as_deref())).await, Grant::Blocked(_)));
    assert_eq!(house.plugins.asked(), ["token-request gate"]);
    assert!(matches!(redeem(&house, &asks(&code, Some(wrong))).await, Grant::Refused(Redeem::WrongCode { left: 0 })));
    assert!(matches!(redeem(&house, &asks(&code, tx_code.as_deref())).await, Grant::Refused(Redeem::Locked)));
    assert!(house.plugins.asked().is_empty());
}

#[tokio::test]
async fn what_hooks_add_is_sealed_and_goes_into_the_credential() {
    let house = house(&[PASS]).await;
    let mut added = enrichment(&json!({"name": "Mika", "salary": "MARKER"}));
    (added.subject, added.acr) = (Some("4711".into()), Some("high".into()));
    house.plugins.hook("gate", Ok(Gate::Allow(added)));
    let (offer, code, _) = offered(&house, &[house.pass], false).await;
    let request = TokenRequest { who: Who { client_id: Some("wallet"), ..Who::default() }, ..asks(&code, None) };
    granted(&house, &request).await;
    let told = house.plugins.admitted();
    assert_eq!(serde_json::from_str::<Value>(&told.claims).unwrap(), json!({"name": "Old", "level": "silver"}));
    assert_eq!((told.request_id.as_str(), told.wallet.client_id.as_deref()), ("r1", Some("wallet")));
    assert!(told.holder_keys.is_empty() && told.identity.is_none());
    assert_eq!(told.configurations.len(), 1);
    let kept = house.issuer.store.enrichment(offer).await.unwrap().unwrap();
    assert_eq!(Value::from(kept.claims), json!({"name": "Mika"}));

    let (offer, code, _) = offered(&house, &[house.pass], false).await;
    let (token, _) = granted(&house, &asks(&code, None)).await;
    let credentials = house.issued(&token, &house.request(&wallets(1), &house.nonce())).await;
    let signer = house.issuer.trust.signer(house.clock.now()).unwrap();
    let seen = read(&credentials[0], signer.key.public_key());
    let expected = [("level".to_owned(), "silver".into()), ("name".to_owned(), "Mika".into())];
    assert_eq!(seen.elements, expected.into());
    let told = house.plugins.admitted();
    assert_eq!(serde_json::from_str::<Value>(&told.claims).unwrap(), json!({"name": "Mika", "level": "silver"}));
    let identity = told.identity.unwrap();
    assert_eq!(
        (identity.subject.as_str(), identity.acr.as_deref(), identity.source.as_str()),
        ("4711", Some("high"), "gate")
    );
    // Gone with the last credential of the offer.
    assert!(house.issuer.store.enrichment(offer).await.unwrap().is_none());
}

#[tokio::test]
async fn what_hooks_add_ends_with_the_token_and_with_the_offer() {
    let house = house(&[]).await;
    house.plugins.hook("gate", Ok(Gate::Allow(enrichment(&json!({"name": "Mika"})))));
    let store = &house.issuer.store;
    let mut offers = Vec::new();
    for _ in 0..2 {
        let (offer, code, _) = offered(&house, &[house.pass], false).await;
        granted(&house, &asks(&code, None)).await;
        assert!(store.enrichment(offer).await.unwrap().is_some());
        offers.push(offer);
    }
    assert!(store.offer_delete(offers[0]).await.unwrap());
    assert!(store.enrichment(offers[0]).await.unwrap().is_none());
    house.clock.advance(Duration::from_mins(5));
    store.sweep(1000).await.unwrap();
    assert!(store.enrichment(offers[1]).await.unwrap().is_none());
}

#[tokio::test]
async fn hooks_narrow_down_what_a_token_is_for() {
    let house = house(&[]).await;
    let other = house.configure("org.example.other").await;
    let mut narrow = enrichment(&json!({}));
    narrow.narrow_to = Some(vec![other.to_string()]);
    house.plugins.hook("gate", Ok(Gate::Allow(narrow.clone())));
    let (_, code, _) = offered(&house, &[house.pass, other], false).await;
    let (token, _) = granted(&house, &asks(&code, None)).await;
    let refused = house.refused(&token, &house.request(&wallets(1), &house.nonce())).await;
    assert_eq!(refused, Refusal::Selection(SelectionError::NotGranted));
    let (_, code, _) = offered(&house, &[house.pass, other], false).await;
    let both = TokenRequest { selected: Some(vec![house.pass, other]), ..asks(&code, None) };
    let (_, identifiers) = granted(&house, &both).await;
    assert_eq!(identifiers.iter().map(|(_, id)| *id).collect::<Vec<_>>(), [other]);
    narrow.narrow_to = Some(Vec::new());
    house.plugins.hook("gate", Ok(Gate::Allow(narrow)));
    let (offer, code, _) = offered(&house, &[house.pass], false).await;
    assert!(matches!(redeem(&house, &asks(&code, None)).await, Grant::Blocked(Blocked::Denied { message: None })));
    assert_eq!(state(&house, offer).await, (OfferState::Open, 3));
}
