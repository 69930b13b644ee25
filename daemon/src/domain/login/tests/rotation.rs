//! What is remembered of a provider, and for how long.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::super::testing::{Bench, URL, key, key_set, token};
use super::super::{LoginError, LoginRequest};
use super::{GOOD, finish, login};
use crate::signer::Algorithm;

fn count(bench: &Bench, url: &str) -> usize {
    bench.network.asked().iter().filter(|(asked, _, _)| asked == url).count()
}

const KEYS: &str = "https://login.example/keys";

// UPS-11
#[tokio::test]
async fn a_new_key_is_found_and_a_withdrawn_one_forgotten() {
    let bench = Bench::new().await;
    let begun = bench.begin(bench.provider(&json!({})).await).await;
    assert!(login(&bench, &begun, |_| ()).await.is_ok());
    bench.clock.advance(Duration::from_secs(31));
    let fresh = key(Algorithm::EdDsa);
    bench.network.answer(KEYS, 200, &key_set(&[("two", &fresh)]));
    let claims = bench.claims(&begun.pending.nonce);
    let rotated = token(&json!({ "alg": "EdDSA", "kid": "two" }), &claims, |bytes| fresh.sign_now(bytes).unwrap());
    bench.hand_out(&rotated);
    assert!(finish(&bench, &begun, &GOOD).await.is_ok());
    // The old one is gone with the set that it was in.
    assert!(login(&bench, &begun, |_| ()).await.is_err());
}

// UPS-11
#[tokio::test]
async fn unknown_keys_cost_one_look_each_half_minute() {
    let bench = Bench::new().await;
    let begun = bench.begin(bench.provider(&json!({})).await).await;
    let claims = bench.claims(&begun.pending.nonce);
    bench.network.asked();
    for number in 0..100 {
        let header = json!({ "alg": "ES256", "kid": format!("random-{number}") });
        bench.hand_out(&token(&header, &claims, |bytes| bench.key.sign_now(bytes).unwrap()));
        assert!(finish(&bench, &begun, &GOOD).await.is_err());
    }
    assert_eq!(count(&bench, KEYS), 1);
    bench.clock.advance(Duration::from_secs(30));
    assert!(finish(&bench, &begun, &GOOD).await.is_err());
    assert_eq!(count(&bench, KEYS), 1);
}

// UPS-13
#[tokio::test]
async fn a_provider_that_is_down_is_asked_once_by_many_and_again_later() {
    let bench = Bench::new().await;
    let provider = bench.provider(&json!({})).await;
    let discovery = format!("{URL}/.well-known/openid-configuration");
    bench.network.down(&discovery);
    let parameters = std::collections::BTreeMap::new();
    let request = LoginRequest { state: "s", login_hint: None, prompt: None, locales: &[], parameters: &parameters };
    let begin = || bench.providers.begin(provider, &request);
    for outcome in join_all((0..20).map(|_| begin())).await {
        assert!(matches!(outcome.unwrap().err(), Some(LoginError::Unavailable(_))));
    }
    assert_eq!(count(&bench, &discovery), 1);
    bench.discover(&json!({}));
    bench.clock.advance(Duration::from_secs(3));
    for outcome in join_all((0..20).map(|_| begin())).await {
        assert!(outcome.unwrap().is_ok());
    }
    assert_eq!(count(&bench, &discovery), 1);
}

// UPS-05
#[tokio::test]
async fn a_document_of_another_issuer_ends_the_login() {
    let bench = Bench::new().await;
    let provider = bench.provider(&json!({})).await;
    bench.discover(&json!({ "issuer": "https://evil.example" }));
    let parameters = std::collections::BTreeMap::new();
    let request = LoginRequest { state: "s", login_hint: None, prompt: None, locales: &[], parameters: &parameters };
    let outcome = bench.providers.begin(provider, &request).await.unwrap().err();
    assert!(matches!(outcome, Some(LoginError::Unacceptable(_))));
}

#[tokio::test]
async fn a_changed_provider_is_looked_at_anew_and_a_deleted_one_is_gone() {
    let bench = Bench::new().await;
    let provider = bench.provider(&json!({})).await;
    let begun = bench.begin(provider).await;
    let moved: Value = json!({ "authorization_endpoint": "https://login.example/other" });
    bench.discover(&moved);
    assert!(bench.begin(provider).await.location.starts_with("https://login.example/authorize?"));
    bench.providers.replace(provider, &Bench::body(&json!({ "clientId": "new" }))).await.unwrap();
    assert!(bench.begin(provider).await.location.starts_with("https://login.example/other?"));
    bench.providers.delete(provider).await.unwrap();
    assert_eq!(finish(&bench, &begun, &GOOD).await.err(), Some(LoginError::Gone));
}
