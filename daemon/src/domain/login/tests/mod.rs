//! Logins at a provider that is told what to answer.

mod catalog;
mod refused;
mod rotation;

use base64::Engine as _;
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::testing::{Bench, URL};
use super::{Begun, Identity, LoginAnswer, LoginError};
use crate::base::secret::sha256;

pub(super) const GOOD: LoginAnswer<'static> =
    LoginAnswer { provider: uuid::Uuid::nil(), code: Some("the-code"), error: None, iss: None };

/// Parameters of a location.
pub(super) fn query(location: &str) -> BTreeMap<String, String> {
    let (_, query) = location.split_once('?').unwrap();
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// Brings an answer to the callback that the login has named.
pub(super) async fn finish(bench: &Bench, begun: &Begun, answer: &LoginAnswer<'_>) -> Result<Identity, LoginError> {
    let answer = LoginAnswer { provider: begun.pending.provider, ..*answer };
    bench.providers.finish(&begun.pending, &answer).await.unwrap()
}

/// A login whose ID token is changed.
pub(super) async fn login(bench: &Bench, begun: &Begun, change: impl Fn(&mut Value)) -> Result<Identity, LoginError> {
    let mut claims = bench.claims(&begun.pending.nonce);
    change(&mut claims);
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    bench.hand_out(&bench.sign(&claims));
    finish(bench, begun, &GOOD).await
}

fn map(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

// UPS-01
#[tokio::test]
async fn the_request_has_state_nonce_and_pkce_and_what_is_configured() {
    let bench = Bench::new().await;
    let changes = json!({
        "staticRequestParameters": { "max_age": 10_000, "claims": { "id_token": {} }, "prompt": "consent" },
        "forwardedRequestParameters": ["login_hint", "prompt", "ui_locales", "absent"],
    });
    let provider = bench.provider(&changes).await;
    let (first, second) = (bench.begin(provider).await, bench.begin(provider).await);
    assert!(first.location.starts_with("https://login.example/authorize?"));
    let mut sent = query(&first.location);
    let mut drawn = |name: &str| sent.remove(name).unwrap();
    let (nonce, challenge) = (drawn("nonce"), drawn("code_challenge"));
    assert!(nonce == first.pending.nonce && nonce.len() >= 22 && nonce != second.pending.nonce);
    assert_ne!(first.pending.verifier, second.pending.verifier);
    let hashed = sha256(first.pending.verifier.as_bytes());
    assert_eq!(challenge, base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(hashed));
    let callback = format!("https://issuer.example/v1/oauth/login/callback/{provider}");
    let expected = [
        ("response_type", "code"),
        ("client_id", "issuerd"),
        ("redirect_uri", callback.as_str()),
        ("scope", "openid profile email"),
        ("state", "the-state"),
        ("code_challenge_method", "S256"),
        ("login_hint", "wallet"),
        ("prompt", "consent"),
        ("ui_locales", "de en"),
        ("max_age", "10000"),
        ("claims", r#"{"id_token":{}}"#),
    ];
    assert_eq!(sent, expected.into_iter().map(|(name, value)| (name.into(), value.into())).collect());
}

#[tokio::test]
async fn an_endpoint_with_a_query_keeps_it() {
    let bench = Bench::new().await;
    bench.discover(&json!({ "authorization_endpoint": "https://login.example/authorize?tenant=a" }));
    let begun = bench.begin(bench.provider(&json!({})).await).await;
    assert!(begun.location.starts_with("https://login.example/authorize?tenant=a&response_type=code&"));
}

#[tokio::test]
async fn a_login_gives_the_claims_of_id_token_and_userinfo() {
    let bench = Bench::new().await;
    let provider = bench.provider(&json!({ "claimsToPersist": ["email", "phone"] })).await;
    let begun = bench.begin(provider).await;
    bench.network.asked();
    let identity = login(&bench, &begun, |_| ()).await.ok().unwrap();
    assert_eq!((identity.issuer.as_str(), identity.subject.as_str()), (URL, "mika"));
    let claims = json!({ "sub": "mika", "given_name": "Mika", "email": "mika@example.org" });
    assert_eq!(identity.claims, map(&claims));
    assert_eq!(identity.persist, map(&json!({ "email": "mika@example.org" })));
    assert_eq!((identity.acr.as_deref(), identity.amr.as_slice()), (Some("gold"), ["pwd".to_owned()].as_slice()));
    assert_eq!(identity.authenticated_at.unwrap().as_second(), super::testing::START - 5);
    let asked = bench.network.asked();
    let urls: Vec<_> = asked.iter().map(|(url, _, _)| url.as_str()).collect();
    assert_eq!(urls, ["https://login.example/token", "https://login.example/keys", "https://login.example/me"]);
    // RFC 6749 2.3.1: both halves are form-encoded.
    let pair = base64::engine::general_purpose::STANDARD.encode("issuerd:a+secret%3A%25");
    assert_eq!(asked[0].2, Some(format!("Basic {pair}")));
    let form: BTreeMap<String, String> =
        form_urlencoded::parse(asked[0].1.as_ref().unwrap().as_bytes()).into_owned().collect();
    assert_eq!(form["code_verifier"], begun.pending.verifier);
    assert_eq!((form["code"].as_str(), form["grant_type"].as_str()), ("the-code", "authorization_code"));
    assert_eq!(asked[2].2.as_deref(), Some("Bearer at"));
}

#[tokio::test]
async fn what_the_id_token_says_goes_before_userinfo() {
    let bench = Bench::new().await;
    let begun = bench.begin(bench.provider(&json!({})).await).await;
    bench.network.answer("https://login.example/me", 200, &json!({ "sub": "mika", "given_name": "Other", "a": 1 }));
    let identity = login(&bench, &begun, |_| ()).await.ok().unwrap();
    assert_eq!(identity.claims, map(&json!({ "sub": "mika", "given_name": "Mika", "a": 1 })));
    // Nobody asks for more where only the subject is wanted.
    let begun = bench.begin(bench.provider(&json!({ "scope": ["openid"] })).await).await;
    let identity = login(&bench, &begun, |_| ()).await.ok().unwrap();
    assert_eq!(identity.claims, map(&json!({ "sub": "mika", "given_name": "Mika" })));
}

#[tokio::test]
async fn this_issuer_authenticates_as_configured() {
    let bench = Bench::new().await;
    for (method, secret, expected) in [
        ("client_secret_post", json!("s"), vec!["client_id", "client_secret"]),
        ("private_key_jwt", json!(null), vec!["client_assertion", "client_assertion_type", "client_id"]),
        ("none", json!(null), vec!["client_id"]),
    ] {
        let changes = json!({ "tokenEndpointAuthMethod": method, "clientSecret": secret });
        let provider = bench.provider(&changes).await;
        let begun = bench.begin(provider).await;
        bench.network.asked();
        assert!(login(&bench, &begun, |_| ()).await.is_ok(), "{method}");
        let (_, form, authorization) = bench.network.asked().remove(0);
        assert_eq!(authorization, None);
        let form: BTreeMap<String, String> = form_urlencoded::parse(form.unwrap().as_bytes()).into_owned().collect();
        let client: Vec<_> = form.keys().filter(|name| name.starts_with("client")).map(String::as_str).collect();
        assert_eq!(client, expected);
        if let Some(assertion) = form.get("client_assertion") {
            let shown = bench.providers.show(&bench.providers.find(provider).unwrap()).unwrap();
            assert_assertion(assertion, &shown["clientJwk"]);
        }
    }
}

fn assert_assertion(assertion: &str, shown: &Value) {
    use crate::wire::json::Json;
    use crate::wire::jws::Jws;
    let text = shown.to_string();
    let key = crate::wire::jwk::parse(&Json::parse(text.as_bytes()).unwrap()).unwrap();
    let jws = Jws::decode(assertion).unwrap();
    assert!(crate::signer::verify(&key, jws.signed(), jws.signature()));
    let claims = Json::Object(jws.claims().unwrap()).into_value();
    for member in ["iss", "sub"] {
        assert_eq!(claims[member], "issuerd");
    }
    assert_eq!(claims["aud"], URL);
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 60);
}

#[test]
fn a_pending_login_survives_its_storage_and_shows_nothing() {
    let identity = Identity::of(&super::TestUser { name: "Mika Sommer".into(), claims: Map::new() });
    assert_eq!(identity.document(), json!({ "url": "urn:issuerd:test-users", "subjectId": "Mika Sommer" }));
}
