//! One defect at a time.

use serde_json::{Value, json};

use super::super::testing::{Bench, START, key, key_set, token};
use super::super::{LoginAnswer, LoginError};
use super::{GOOD, finish, login};
use crate::base::secret::hmac;
use crate::signer::Algorithm;

fn unacceptable(outcome: Option<LoginError>, what: &str) {
    match outcome {
        Some(LoginError::Unacceptable(_)) => {}
        other => panic!("{what}: {other:?}"),
    }
}

// UPS-04, UPS-12
#[tokio::test]
async fn each_defect_of_an_id_token_is_refused() {
    let bench = Bench::new().await;
    let begun = bench.begin(bench.provider(&json!({})).await).await;
    for (member, value) in [
        ("iss", json!("https://evil.example")),
        ("iss", json!("https://login.example/realm/")),
        ("iss", json!(null)),
        ("aud", json!("other")),
        ("aud", json!(["other"])),
        ("aud", json!(["issuerd", "other"])),
        ("aud", json!([])),
        ("aud", json!(null)),
        ("azp", json!("other")),
        ("azp", json!(1)),
        ("exp", json!(START - 60)),
        ("exp", json!("later")),
        ("exp", json!(1e308)),
        ("exp", json!(-1)),
        ("exp", json!(null)),
        ("iat", json!(START + 61)),
        ("iat", json!(START - 601)),
        ("iat", json!(null)),
        ("nbf", json!(START + 61)),
        ("nbf", json!("x")),
        ("nonce", json!("another")),
        ("nonce", json!("")),
        ("nonce", json!(null)),
        ("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA")),
        ("at_hash", json!(1)),
        ("sub", json!("")),
        ("sub", json!("x".repeat(256))),
        ("sub", json!(null)),
        ("auth_time", json!("then")),
    ] {
        let outcome = login(&bench, &begun, |claims| claims[member] = value.clone()).await;
        unacceptable(outcome.err(), &format!("{member} {value}"));
    }
    for good in [
        json!({}),
        json!({ "aud": ["issuerd"] }),
        json!({ "aud": ["issuerd", "other"], "azp": "issuerd" }),
        json!({ "exp": START - 59 }),
        json!({ "iat": START + 60, "exp": 1_800_000_090.5 }),
        json!({ "nbf": START + 60 }),
        // The left half of SHA-256 of "at".
        json!({ "at_hash": at_hash() }),
    ] {
        let changed = |claims: &mut Value| {
            claims.as_object_mut().unwrap().extend(good.as_object().unwrap().clone());
        };
        assert!(login(&bench, &begun, changed).await.is_ok(), "{good}");
    }
}

fn at_hash() -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&crate::base::secret::sha256(b"at")[..16])
}

// UPS-04
#[tokio::test]
async fn other_algorithms_and_keys_are_refused() {
    let bench = Bench::new().await;
    let begun = bench.begin(bench.provider(&json!({})).await).await;
    let claims = bench.claims(&begun.pending.nonce);
    let (stranger, own) = (key(Algorithm::Es256), |bytes: &[u8]| bench.key.sign_now(bytes).unwrap());
    let public = serde_json::to_vec(&key_set(&[("one", &bench.key)])["keys"][0]).unwrap();
    for id_token in [
        token(&json!({ "alg": "none" }), &claims, |_| Vec::new()),
        token(&json!({ "alg": "none", "kid": "one" }), &claims, own),
        token(&json!({ "alg": "HS256", "kid": "one" }), &claims, |bytes| hmac(b"a secret:%", &[bytes]).to_vec()),
        token(&json!({ "alg": "HS256", "kid": "one" }), &claims, |bytes| hmac(&public, &[bytes]).to_vec()),
        token(&json!({ "alg": "RS256", "kid": "one" }), &claims, own),
        token(&json!({ "alg": "ES384", "kid": "one" }), &claims, own),
        token(&json!({ "alg": "ES256", "kid": "two" }), &claims, own),
        token(&json!({ "alg": "ES256", "kid": 1 }), &claims, own),
        token(&json!({ "alg": "ES256", "kid": "one" }), &claims, |bytes| stranger.sign_now(bytes).unwrap()),
        token(&json!({ "alg": "ES256" }), &claims, |bytes| stranger.sign_now(bytes).unwrap()),
        token(&json!({ "alg": "ES256", "kid": "one", "typ": "at+jwt" }), &claims, own),
        token(&json!({ "alg": "ES256", "kid": "one", "crit": ["x"], "x": 1 }), &claims, own),
        token(&json!({ "kid": "one" }), &claims, own),
        "not a token".into(),
        format!("{}x", bench.sign(&claims)),
    ] {
        bench.hand_out(&id_token);
        unacceptable(finish(&bench, &begun, &GOOD).await.err(), &id_token);
    }
    bench.hand_out(&token(&json!({ "alg": "ES256" }), &claims, own));
    assert!(finish(&bench, &begun, &GOOD).await.is_ok(), "a token without a kid");
}

// UPS-03
#[tokio::test]
async fn an_answer_of_another_provider_is_refused_before_its_code_is_sent() {
    let bench = Bench::new().await;
    let provider = bench.provider(&json!({})).await;
    let begun = bench.begin(provider).await;
    bench.network.asked();
    for answer in [
        LoginAnswer { iss: Some("https://evil.example"), ..GOOD },
        LoginAnswer { iss: Some(""), ..GOOD },
        LoginAnswer { iss: Some("https://evil.example"), error: Some("access_denied"), ..LoginAnswer::default() },
    ] {
        unacceptable(finish(&bench, &begun, &answer).await.err(), "iss");
    }
    assert!(bench.network.asked().is_empty());
    bench.hand_out(&bench.sign(&bench.claims(&begun.pending.nonce)));
    assert!(finish(&bench, &begun, &LoginAnswer { iss: Some(super::URL), ..GOOD }).await.is_ok());
    // One that says that it names itself must.
    let other = Bench::new().await;
    other.discover(&json!({ "authorization_response_iss_parameter_supported": true }));
    let begun = other.begin(other.provider(&json!({})).await).await;
    other.network.asked();
    unacceptable(finish(&other, &begun, &GOOD).await.err(), "no iss");
    assert!(other.network.asked().is_empty());
}

// UPS-06
#[tokio::test]
async fn userinfo_of_another_subject_is_refused() {
    let bench = Bench::new().await;
    let begun = bench.begin(bench.provider(&json!({})).await).await;
    for body in [json!({ "sub": "robin" }), json!({}), json!({ "sub": 1 }), json!([])] {
        bench.network.answer("https://login.example/me", 200, &body);
        unacceptable(login(&bench, &begun, |_| ()).await.err(), &body.to_string());
    }
    bench.network.answer("https://login.example/me", 503, &json!({}));
    assert!(matches!(login(&bench, &begun, |_| ()).await.err(), Some(LoginError::Unavailable(_))));
}

// UPS-08
#[tokio::test]
async fn assurance_that_was_asked_for_is_checked() {
    let bench = Bench::new().await;
    let changes = json!({ "staticRequestParameters": { "acr_values": "gold platinum", "max_age": 300 } });
    let begun = bench.begin(bench.provider(&changes).await).await;
    for (member, value) in [
        ("acr", json!("silver")),
        ("acr", json!(null)),
        ("acr", json!(["gold"])),
        ("auth_time", json!(START - 361)),
        ("auth_time", json!(null)),
    ] {
        unacceptable(login(&bench, &begun, |claims| claims[member] = value.clone()).await.err(), member);
    }
    assert!(login(&bench, &begun, |claims| claims["auth_time"] = json!(START - 360)).await.is_ok());
}

#[tokio::test]
async fn errors_are_told_apart_and_unknown_ones_not_repeated() {
    let bench = Bench::new().await;
    let begun = bench.begin(bench.provider(&json!({})).await).await;
    let answered = |error| LoginAnswer { error: Some(error), ..LoginAnswer::default() };
    for error in ["access_denied", "login_required", "interaction_required", "consent_required"] {
        assert_eq!(finish(&bench, &begun, &answered(error)).await.err(), Some(LoginError::Denied(error)));
    }
    for error in ["server_error", "temporarily_unavailable"] {
        assert!(matches!(finish(&bench, &begun, &answered(error)).await.err(), Some(LoginError::Unavailable(_))));
    }
    let Some(LoginError::Unacceptable(text)) = finish(&bench, &begun, &answered("<script>")).await.err() else {
        panic!("accepted")
    };
    assert!(!text.contains("script"), "{text}");
    unacceptable(finish(&bench, &begun, &LoginAnswer::default()).await.err(), "nothing");
    unacceptable(finish(&bench, &begun, &LoginAnswer { code: Some(""), ..GOOD }).await.err(), "empty code");
    // UPS-09: what the token endpoint says does not go on.
    for (status, body) in
        [(400, json!({ "error": "invalid_grant", "error_description": "the-code" })), (200, json!({}))]
    {
        bench.network.answer("https://login.example/token", status, &body);
        let Some(LoginError::Unacceptable(text)) = finish(&bench, &begun, &GOOD).await.err() else {
            panic!("accepted")
        };
        assert!(!text.contains("the-code"), "{text}");
    }
    bench.network.answer("https://login.example/token", 500, &json!({}));
    assert!(matches!(finish(&bench, &begun, &GOOD).await.err(), Some(LoginError::Unavailable(_))));
}

// UPS-03, SEC-MIX-01: one provider sends the browser on to another, to get hold of the code that the other one gives it.
#[tokio::test]
async fn an_answer_at_the_callback_of_another_provider_is_refused_and_tells_nobody_the_code() {
    let bench = Bench::new().await;
    let (evil, honest) = (bench.provider(&json!({})).await, bench.provider(&json!({ "name": "Honest" })).await);
    let begun = bench.begin(evil).await;
    bench.network.asked();
    let answer = LoginAnswer { provider: honest, ..GOOD };
    unacceptable(bench.providers.finish(&begun.pending, &answer).await.unwrap().err(), "another callback");
    assert!(bench.network.asked().is_empty());
    assert_ne!(begun.pending.redirect_uri, bench.begin(honest).await.pending.redirect_uri);
}
