//! What a reload that changes where plugins act means for requests.

use std::sync::Arc;

use serde_json::json;

use super::super::*;
use super::house::*;
use super::reading::*;
use crate::domain::blocked::Blocked;
use crate::domain::caller::Caller;
use crate::domain::claim_source::Answered;
use crate::domain::configuration::Configuration;
use crate::domain::context::{Known, Subject};
use crate::domain::grant::{Granted, Who};
use crate::domain::hook::{AuthHookRule, OnError};
use crate::domain::offer::Created;
use crate::domain::roster::Places;
use crate::domain::testing::*;
use crate::domain::token::{Grant, TokenRequest};
use crate::plugin::contract::Gate;
use crate::plugin::{NoPlugins, Phase};
use crate::store::token::Origin;
use crate::wire::credential::Selector;

const PASS: &str = "org.example.pass";

fn hook(plugin: &str, phase: Phase) -> Places {
    let rule =
        AuthHookRule { plugin: plugin.into(), phases: vec![phase], credentials: vec![], on_error: OnError::Deny };
    Places { rules: vec![rule], ..Places::default() }
}

fn bound(plugin: &str) -> Places {
    Places { bindings: [(PASS.to_owned(), plugin.to_owned())].into(), ..Places::default() }
}

#[tokio::test]
async fn the_next_request_is_asked_of_the_plugins_that_are_named_now() {
    let house = House::new().await;
    house.plugins.source("hr", Ok(ready(&json!({"name": "Mika"}))));
    house.plugins.hook("gate", Ok(Gate::Abstain));
    for (places, asked) in [
        (bound("hr"), "fetch hr"),
        (hook("gate", Phase::CredentialRequest), "credential-request gate"),
        (Places::default(), ""),
    ] {
        house.roster.exchange(places, house.plugins.clone());
        let token = house.token(&[house.pass], json!({"name": "Old"})).await;
        house.issued(&token, &house.request(&wallets(1), &house.nonce())).await;
        assert_eq!(house.plugins.asked().join(""), asked);
    }
}

#[tokio::test]
async fn a_request_that_found_its_source_asks_it_although_a_reload_removes_it() {
    let house = House::with_plugins(|_| {}, Vec::new(), bound("hr").bindings).await;
    house.plugins.source("hr", Ok(ready(&json!({"name": "Mika"}))));
    let configuration: Arc<Configuration> = house.issuer.configurations.find(house.pass).unwrap();
    let sources = &house.issuer.claim_sources;
    let source = sources.of(&configuration).unwrap();
    house.roster.exchange(Places::default(), Arc::new(NoPlugins));
    assert!(sources.of(&configuration).is_none());
    let token = house.token(&[house.pass], json!({})).await;
    let authorized = house.issuer.authorize(&token).await.unwrap().unwrap();
    let claims = serde_json::Map::new();
    let subject = Subject {
        issuer: ISSUER,
        origin: Origin::PreAuthorized,
        caller: &Caller::default(),
        offer: &authorized.offer,
        offer_claims: &claims,
        client_id: None,
        wallet: None,
        holder_keys: &[],
    };
    let known = Known { claims: claims.clone(), ..Known::default() };
    let fetched = sources.fetch(&source, &subject, &known, &configuration, None, None).await.unwrap();
    let Answered::Ready(fetched) = fetched else { panic!("not ready") };
    assert_eq!(fetched.claims["name"], "Mika");
}

#[tokio::test]
async fn what_a_hook_added_to_a_token_counts_although_a_reload_removed_the_hook() {
    let house = House::with_plugins(|_| {}, hook("gate", Phase::TokenRequest).rules, [].into()).await;
    house.plugins.hook("gate", Ok(Gate::Allow(enrichment(&json!({"name": "Mika"})))));
    let body = json!({"credentials": [house.pass], "claims": {"name": "Old"}});
    let Created::Made(made) = house.offer(body).await else { panic!("no offer") };
    let request = TokenRequest { code: &made.1.code, tx_code: None, who: Who::default(), selected: None };
    let granted = house.tokens().redeem(&request, &Caller::default()).await.unwrap();
    let Grant::Granted(Granted { access_token, .. }) = granted else { panic!("not granted") };
    for _ in 0..2 {
        house.roster.exchange(Places::default(), house.plugins.clone());
    }
    let credentials = house.issued(&access_token, &house.request(&wallets(1), &house.nonce())).await;
    let signer = house.issuer.trust.signer(house.clock.now()).unwrap();
    let seen = read(&credentials[0], signer.key.public_key());
    assert_eq!(seen.elements["name"].as_text(), Some("Mika"));
}

// Nobody but the operator can help, and nothing is used up meanwhile.
#[tokio::test]
async fn a_source_whose_plugin_is_gone_is_shown_and_its_requests_wait() {
    let house = House::new().await;
    house.plugins.source("hr", Ok(ready(&json!({"name": "Mika"}))));
    house.plugins.hook("gate", Ok(Gate::Abstain));
    let source = house.claim_source(json!({"name": "Register", "type": "plugin", "plugin": "hr"})).await;
    let configuration = house.configure_from("org.example.named", Some(source)).await;
    let sources = &house.issuer.claim_sources;
    let state = || sources.show(&sources.find(source).unwrap())["pluginState"].clone();
    let token = house.token(&[configuration], json!({})).await;
    let request = CredentialRequest {
        selector: Selector::Configuration(configuration.to_string().into()),
        ..house.request(&wallets(1), &house.nonce())
    };
    assert_eq!(state(), "loaded");
    let wait = Refusal::Blocked(Blocked::Unavailable { retry_after: None });
    house.roster.exchange(Places::default(), Arc::new(NoPlugins));
    assert_eq!(state(), "missing");
    assert_eq!(house.refused(&token, &request).await, wait);
    // A plugin of that name is there again, but it is an auth hook.
    let other = Arc::new(Told::default());
    other.hook("hr", Ok(Gate::Abstain));
    house.roster.exchange(Places::default(), other);
    assert_eq!(state(), "no-claim-source");
    assert_eq!(house.refused(&token, &request).await, wait);
    house.roster.exchange(Places::default(), house.plugins.clone());
    assert_eq!(house.issued(&token, &request).await.len(), 1);
}
