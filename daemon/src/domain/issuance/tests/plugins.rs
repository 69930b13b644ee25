//! What auth hooks and claim sources do to a credential request.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::super::*;
use super::house::*;
use super::reading::*;
use crate::domain::blocked::Blocked;
use crate::domain::hook::{AuthHookRule, OnError};
use crate::domain::testing::*;
use crate::plugin::contract::{Gate, Outcome, PathSegment};
use crate::plugin::{CallError, Phase};
use crate::wire::jwk::thumbprint;

const PASS: &str = "org.example.pass";

fn rule(plugin: &str) -> AuthHookRule {
    let phases = vec![Phase::CredentialRequest];
    AuthHookRule { plugin: plugin.into(), phases, credentials: vec![PASS.into()], on_error: OnError::Deny }
}

/// A house whose pass has the claim source `hr`, with hooks.
async fn house(rules: Vec<AuthHookRule>) -> House {
    let house = House::with_plugins(|_| {}, rules, [(PASS.to_owned(), "hr".to_owned())].into()).await;
    house.plugins.source("hr", Ok(ready(&json!({"name": "Mika"}))));
    house
}

fn elements(house: &House, credential: &str) -> Vec<String> {
    let signer = house.issuer.trust.signer(house.clock.now()).unwrap();
    let seen = read(credential, signer.key.public_key());
    assert!(seen.verified);
    seen.elements.iter().map(|(name, value)| format!("{name}={}", value.as_text().unwrap())).collect()
}

async fn blocked(house: &House, token: &str, request: &CredentialRequest<'_>) -> Blocked {
    match house.refused(token, request).await {
        Refusal::Blocked(blocked) => blocked,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn hooks_are_asked_in_their_order_and_the_claim_source_last() {
    let of_another_type = AuthHookRule { credentials: vec!["x".into()], ..rule("x") };
    let house = house(vec![rule("first"), of_another_type, rule("second")]).await;
    house.plugins.hook("first", Ok(Gate::Allow(enrichment(&json!({"level": "gold", "salary": 1})))));
    house.plugins.hook("second", Ok(Gate::Abstain));
    let token = house.token(&[house.pass], json!({"name": "Old", "pin": 7})).await;
    let wallets = wallets(2);
    let credentials = house.issued(&token, &house.request(&wallets, &house.nonce())).await;
    assert_eq!(house.plugins.asked(), ["credential-request first", "credential-request second", "fetch hr"]);
    assert_eq!(elements(&house, &credentials[0]), ["level=gold", "name=Mika"]);
    let events = house.events.taken();
    let hook = ["OPENID_INTERACTION_HOOK_START", "OPENID_INTERACTION_HOOK_SUCCESS"];
    let source = ["OPENID_CLAIM_SOURCE_RETRIEVE_START", "OPENID_CLAIM_SOURCE_RETRIEVE_SUCCESS"];
    assert_eq!(events[..6], [hook[0], hook[1], hook[0], hook[1], source[0], source[1]]);
    let told = house.plugins.admitted();
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    // What was not mapped did not get past the firewall.
    assert_eq!(json(&told.claims), json!({"name": "Old", "pin": 7, "level": "gold"}));
    assert_eq!(told.holder_keys, wallets.iter().map(|wallet| thumbprint(wallet.key())).collect::<Vec<_>>());
    assert_eq!((told.wallet.client_id, told.wallet.attested), (None, false));
    let told = house.plugins.fetched();
    assert_eq!(json(&told.claims), json!({"name": "Old", "pin": 7, "level": "gold"}));
    assert_eq!(told.credential_issuer, ISSUER);
    let offer = told.offer.unwrap();
    assert_eq!((json(&offer.claims), offer.grant.as_str()), (json!({"name": "Old", "pin": 7}), "pre-authorized_code"));
    let configuration = told.configuration;
    assert_eq!((configuration.id, configuration.format.as_str()), (house.pass.to_string(), "mso_mdoc"));
    assert_eq!(configuration.credential_type, PASS);
    let name = configuration.claims.iter().find(|claim| claim.source.as_deref() == Some("name")).unwrap();
    let path = vec![PathSegment::Key(NAMESPACE.into()), PathSegment::Key("name".into())];
    assert!(name.mandatory && name.path == path);
}

// A denial, and a failure, use nothing up: the very same request is served once nothing stands in its way.
#[tokio::test]
async fn whatever_stands_in_the_way_the_same_request_is_served_afterwards() {
    let house = house(vec![rule("gate")]).await;
    let token = house.token(&[house.pass], json!({})).await;
    let request = house.request(&wallets(1), &house.nonce());
    let abstain = || Ok(Gate::Abstain);
    let named = || Ok(ready(&json!({"name": "Mika"})));
    let wait = |seconds| Blocked::Unavailable { retry_after: Some(Duration::from_secs(seconds)) };
    let deny = || denial(Some("Come back on Monday"));
    for (gate, source, expected) in [
        (Err(CallError::NotFound), named(), Blocked::NotFound),
        (Err(down(Some(9))), named(), wait(9)),
        (Err(down(None)), named(), Blocked::Unavailable { retry_after: None }),
        (Err(CallError::Failed), named(), Blocked::Failed),
        (Ok(Gate::Allow(enrichment(&json!({"iss": "x"})))), named(), Blocked::Failed),
        (Ok(Gate::Deny(denial(None))), named(), Blocked::Denied { message: None }),
        (abstain(), Err(CallError::NotFound), Blocked::NotFound),
        (abstain(), Err(down(Some(30))), wait(30)),
        (abstain(), Err(CallError::Failed), Blocked::Failed),
        (abstain(), Ok(Outcome::Denied(denial(None))), Blocked::Denied { message: None }),
        (abstain(), Ok(ready(&json!({"name": "Mika", "cnf": {}}))), Blocked::Failed),
        (abstain(), Ok(ready(&json!(["name"]))), Blocked::Failed),
    ] {
        house.plugins.hook("gate", gate);
        house.plugins.source("hr", source);
        assert_eq!(blocked(&house, &token, &request).await, expected);
    }
    for denied in [(Ok(Gate::Deny(deny())), named()), (abstain(), Ok(Outcome::Denied(deny())))] {
        house.plugins.hook("gate", denied.0);
        house.plugins.source("hr", denied.1);
        assert_eq!(blocked(&house, &token, &request).await.to_string(), "Come back on Monday");
    }
    let why = house.plugins.refused();
    let reserved = |name: &str| format!("it set {name}, which belongs to the issuer");
    let expected =
        [("gate", reserved("iss")), ("hr", reserved("cnf")), ("hr", "its claims are not a JSON object".into())];
    assert_eq!(why, expected.map(|(plugin, why)| format!("{plugin}: {why}")));
    assert!(house.records().await.is_empty());
    house.plugins.hook("gate", abstain());
    house.plugins.source("hr", named());
    assert_eq!(house.issued(&token, &request).await.len(), 1);
    // Sent again, it reaches no plugin.
    house.plugins.asked();
    let twice = house.token(&[house.pass], json!({})).await;
    assert_eq!(house.refused(&token, &request).await, Refusal::NonceTaken);
    assert_eq!(house.refused(&twice, &request).await, Refusal::NonceTaken);
    assert!(house.plugins.asked().is_empty());
}

#[tokio::test]
async fn an_error_of_a_hook_that_may_fail_is_passed_over() {
    let house = house(vec![AuthHookRule { on_error: OnError::Abstain, ..rule("gate") }]).await;
    for gate in [Err(CallError::Failed), Err(down(None)), Ok(Gate::Allow(enrichment(&json!({"level": 1, "exp": 1}))))] {
        house.plugins.hook("gate", gate);
        let token = house.token(&[house.pass], json!({})).await;
        let credentials = house.issued(&token, &house.request(&wallets(1), &house.nonce())).await;
        // Of an answer that breaks the rules nothing is used.
        assert_eq!(elements(&house, &credentials[0]), ["name=Mika"]);
    }
    house.plugins.hook("gate", Ok(Gate::Deny(denial(None))));
    let token = house.token(&[house.pass], json!({})).await;
    let denied = blocked(&house, &token, &house.request(&wallets(1), &house.nonce())).await;
    assert_eq!(denied, Blocked::Denied { message: None });
}

#[tokio::test]
async fn of_many_requests_at_once_one_is_served_after_its_plugins() {
    let house = house(vec![rule("gate")]).await;
    house.plugins.hook("gate", Ok(Gate::Abstain));
    let token = house.token(&[house.pass], json!({})).await;
    let request = house.request(&wallets(1), &house.nonce());
    let outcomes = futures_util::future::join_all((0..50).map(|_| house.ask(&token, &request))).await;
    assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, Ok(IssuanceOutcome::Issued(_)))).count(), 1);
    assert_eq!(house.records().await.len(), 1);
}

#[tokio::test]
async fn a_hook_may_forbid_the_configuration_and_name_the_holder() {
    let house = house(vec![rule("first"), rule("second")]).await;
    let mut named = enrichment(&json!({}));
    (named.subject, named.acr, named.amr) = (Some("4711".into()), Some("high".into()), vec!["pin".into()]);
    house.plugins.hook("first", Ok(Gate::Allow(named)));
    let mut narrow = enrichment(&json!({}));
    narrow.narrow_to = Some(vec!["nonsense".into(), Uuid::nil().to_string()]);
    house.plugins.hook("second", Ok(Gate::Allow(narrow.clone())));
    let token = house.token(&[house.pass], json!({})).await;
    let request = house.request(&wallets(1), &house.nonce());
    assert_eq!(blocked(&house, &token, &request).await, Blocked::Denied { message: None });
    let identity = house.plugins.admitted().identity.unwrap();
    assert_eq!((identity.subject.as_str(), identity.source.as_str()), ("4711", "first"));
    assert_eq!((identity.acr.as_deref(), identity.amr), (Some("high"), vec!["pin".to_owned()]));
    narrow.narrow_to = Some(vec![house.pass.to_string()]);
    house.plugins.hook("second", Ok(Gate::Allow(narrow)));
    assert_eq!(house.issued(&token, &request).await.len(), 1);
    assert_eq!(house.plugins.fetched().identity.unwrap().subject, "4711");
}

#[tokio::test]
async fn a_source_narrows_the_validity_and_leaves_its_key() {
    let house = house(Vec::new()).await;
    let millis = |text: &str| u64::try_from(text.parse::<Timestamp>().unwrap().as_millisecond()).ok();
    let mut set = claim_set(&json!({"name": "Mika"}));
    set.valid_from = millis("2026-03-20T00:00:00Z");
    set.valid_until = millis("2026-03-25T00:00:00Z");
    set.record_ref = Some("employee/4711".into());
    house.plugins.source("hr", Ok(Outcome::Ready(set.clone())));
    let token = house.token(&[house.pass], json!({})).await;
    house.issued(&token, &house.request(&wallets(2), &house.nonce())).await;
    let records = house.records().await;
    assert_eq!(records.len(), 2);
    let store = &house.issuer.store;
    let mut found = store.issued_from("employee/4711").await.unwrap();
    found.sort_unstable();
    assert_eq!(found, records.iter().map(|record| record.id).collect::<Vec<_>>());
    for record in records {
        assert_eq!(record.valid_from.to_string(), "2026-03-20T00:00:00Z");
        assert_eq!(record.valid_until.to_string(), "2026-03-25T00:00:00Z");
        assert_eq!(store.register_key(record.id).await.unwrap().as_deref(), Some("employee/4711"));
    }
    assert!(store.issued_from("employee/4712").await.unwrap().is_empty());
    let token = house.token(&[house.pass], json!({})).await;
    let request = house.request(&wallets(1), &house.nonce());
    set.record_ref = Some("x".repeat(257));
    house.plugins.source("hr", Ok(Outcome::Ready(set.clone())));
    assert_eq!(blocked(&house, &token, &request).await, Blocked::Failed);
    (set.record_ref, set.valid_until) = (None, millis("2026-03-01T00:00:00Z"));
    house.plugins.source("hr", Ok(Outcome::Ready(set)));
    assert!(matches!(house.refused(&token, &request).await, Refusal::Validity(_)));
}

// What the configuration needs is checked after the source, and a source cannot make up for a wrong value.
#[tokio::test]
async fn what_a_source_leaves_out_is_missing() {
    let house = house(Vec::new()).await;
    let token = house.token(&[house.pass], json!({})).await;
    let request = house.request(&wallets(1), &house.nonce());
    for claims in [json!({}), json!({"name": null}), json!({"name": 1}), json!({"level": "gold"})] {
        house.plugins.source("hr", Ok(ready(&claims)));
        assert!(matches!(house.refused(&token, &request).await, Refusal::Claim(_)), "{claims}");
    }
    house.plugins.source("hr", Ok(ready(&json!({"name": "Mika"}))));
    assert_eq!(house.issued(&token, &request).await.len(), 1);
}

#[tokio::test]
async fn plugins_of_other_types_cost_no_read_and_no_call() {
    let rules = vec![AuthHookRule { credentials: vec!["x".into()], ..rule("x") }];
    let mut reads = Vec::new();
    for house in [House::new().await, House::with_plugins(|_| {}, rules, [("x".into(), "hr".into())].into()).await] {
        let token = house.token(&[house.pass], json!({"name": "Mika"})).await;
        let request = house.request(&wallets(1), &house.nonce());
        house.engine.reads.store(0, Ordering::SeqCst);
        house.issued(&token, &request).await;
        reads.push(house.engine.reads.load(Ordering::SeqCst));
        assert!(house.plugins.asked().is_empty());
    }
    // Token, offer, its secrets, the user; then offer, nonce and configuration for the record.
    assert_eq!(reads, [7, 7]);
}
