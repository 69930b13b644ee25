//! The resource of the management API.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use super::super::catalog::Saved;
use super::super::testing::Bench;
use crate::domain::configuration::catalog::Saved as SavedConfiguration;
use crate::store::named::Deleted;

async fn saved(bench: &Bench, changes: &Value) -> Result<Value, Vec<String>> {
    match bench.providers.create(&Bench::body(changes)).await.unwrap() {
        Saved::Saved(shown) => Ok(shown),
        Saved::Invalid(details) => Err(details.into_iter().map(|detail| detail.param).collect()),
        Saved::Unknown => panic!("unknown"),
    }
}

async fn configure(bench: &Bench, doc_type: &str, provider: Option<Uuid>) -> Result<Uuid, Value> {
    let mut body = json!({
        "type": doc_type,
        "claimMappings": {"org.example": {"name": {"mapFrom": "claims.name", "type": "string"}}},
        "expiresIn": {"days": 1},
    });
    if let Some(provider) = provider {
        body["authenticationProviderId"] = json!(provider);
    }
    match bench
        .configurations
        .create(crate::format::CredentialFormat::MsoMdoc, body.as_object().unwrap())
        .await
        .unwrap()
    {
        SavedConfiguration::Saved(made) => Ok(made.id),
        SavedConfiguration::Invalid(details) => Err(json!(details)),
        SavedConfiguration::Unknown => panic!("unknown"),
    }
}

#[tokio::test]
async fn a_provider_is_shown_as_the_reference_has_it_and_without_its_secret() {
    let bench = Bench::new().await;
    let shown = saved(&bench, &json!({ "claimsToPersist": ["email"] })).await.unwrap();
    let expected = json!({
        "id": shown["id"],
        "url": "https://login.example/realm",
        "scope": ["openid", "profile", "email"],
        "clientId": "issuerd",
        "clientSecret": "********",
        "tokenEndpointAuthMethod": "client_secret_basic",
        "staticRequestParameters": {},
        "forwardedRequestParameters": [],
        "claimsToPersist": ["email"],
        "onlyWhenNamed": false,
        "redirectUrl": format!("https://issuer.example/v1/oauth/login/callback/{}", shown["id"].as_str().unwrap()),
    });
    assert_eq!(shown, expected);
    // What was read may be sent back: the secret stays.
    let id: Uuid = shown["id"].as_str().unwrap().parse().unwrap();
    let Saved::Saved(again) = bench.providers.replace(id, shown.as_object().unwrap()).await.unwrap() else {
        panic!("not saved")
    };
    assert_eq!(again, shown);
    assert_eq!(bench.providers.find(id).unwrap().client_secret.as_deref(), Some("a secret:%"));
    assert!(matches!(bench.providers.replace(Uuid::nil(), &Bench::body(&json!({}))).await.unwrap(), Saved::Unknown));
}

#[tokio::test]
async fn a_client_key_is_made_and_kept() {
    let bench = Bench::new().await;
    let changes = json!({ "tokenEndpointAuthMethod": "private_key_jwt", "clientSecret": null });
    let shown = saved(&bench, &changes).await.unwrap();
    assert_eq!((&shown["clientJwk"]["crv"], &shown["clientSecret"]), (&json!("P-256"), &Value::Null));
    assert!(shown["clientJwk"].get("d").is_none());
    let id: Uuid = shown["id"].as_str().unwrap().parse().unwrap();
    let Saved::Saved(again) = bench.providers.replace(id, shown.as_object().unwrap()).await.unwrap() else {
        panic!("not saved")
    };
    assert_eq!(again["clientJwk"], shown["clientJwk"]);
}

// SEC-SSRF-03
#[tokio::test]
async fn each_mistake_names_its_field() {
    let bench = Bench::new().await;
    for (field, value) in [
        ("url", json!(null)),
        ("url", json!("http://login.example")),
        ("url", json!("https://login.example?a=b")),
        ("url", json!("https://10.0.0.1")),
        ("url", json!("https://localhost")),
        ("url", json!("https://lögin.example")),
        ("url", json!("https://user@login.example")),
        ("clientId", json!(null)),
        ("clientSecret", json!(null)),
        ("clientSecret", json!("********")),
        ("scope", json!(["profile"])),
        ("scope", json!(["openid", "a b"])),
        ("scope", json!("openid")),
        ("tokenEndpointAuthMethod", json!("client_secret_jwt")),
        ("staticRequestParameters", json!([])),
        ("forwardedRequestParameters", json!(["login_hint", "state"])),
        ("claimsToPersist", json!([1])),
        ("claimsToSync", json!([])),
        ("name", json!("")),
        ("name", json!("  ")),
        ("name", json!("a\nb")),
        ("name", json!("x".repeat(101))),
        ("onlyWhenNamed", json!("yes")),
    ] {
        let mistakes = saved(&bench, &json!({ field: value })).await.unwrap_err();
        assert_eq!(mistakes, [field], "{value}");
    }
    for (name, value) in [
        ("nonce", json!("x")),
        ("code_challenge", json!("x")),
        ("redirect_uri", json!("https://evil.example")),
        ("max_age", json!("soon")),
        ("long", json!("x".repeat(1_000))),
    ] {
        let mistakes = saved(&bench, &json!({ "staticRequestParameters": { name: value } })).await.unwrap_err();
        assert_eq!(mistakes, [format!("staticRequestParameters.{name}")]);
    }
    assert!(bench.providers.all().is_empty());
}

#[tokio::test]
async fn configurations_choose_their_providers_and_keep_them() {
    let bench = Bench::new().await;
    assert_eq!(bench.providers.of(&[Uuid::nil()]), []);
    let first = bench.provider(&json!({})).await;
    bench.clock.advance(Duration::from_secs(1));
    let second = bench.provider(&json!({ "url": "https://other.example:8443/x" })).await;
    bench.clock.advance(Duration::from_secs(1));
    let third = bench.provider(&json!({ "name": "Only the club", "onlyWhenNamed": true })).await;
    let plain = configure(&bench, "org.example.plain", None).await.unwrap();
    let named = configure(&bench, "org.example.named", Some(second)).await.unwrap();
    let same = configure(&bench, "org.example.same", Some(first)).await.unwrap();
    let club = configure(&bench, "org.example.club", Some(third)).await.unwrap();
    let of = |ids: &[Uuid]| bench.providers.of(ids).into_iter().map(|summary| summary.id).collect::<Vec<_>>();
    assert_eq!(of(&[plain]), [first, second]);
    assert_eq!(of(&[plain, same]), [first]);
    assert_eq!(of(&[named]), [second]);
    assert_eq!(of(&[plain, named]), [second]);
    assert!(of(&[same, named]).is_empty());
    assert_eq!(of(&[club]), [third]);
    // What every provider may lead to is not had by way of one that is kept for something else.
    assert!(of(&[plain, club]).is_empty());
    let mistake = configure(&bench, "org.example.gone", Some(Uuid::nil())).await.unwrap_err();
    assert_eq!(
        (&mistake[0]["param"], &mistake[0]["msg"]),
        (&json!("authenticationProviderId"), &json!("Resource Not Found"))
    );
    assert_eq!(bench.providers.delete(second).await.unwrap(), Deleted::InUse(named));
    bench.configurations.delete(named).await.unwrap();
    assert_eq!(bench.providers.delete(second).await.unwrap(), Deleted::Done);
    assert_eq!(bench.providers.delete(second).await.unwrap(), Deleted::Unknown);
}

#[tokio::test]
async fn no_two_providers_of_a_choice_have_the_same_name() {
    let bench = Bench::new().await;
    for changes in [
        json!({ "url": "https://login.example/realms/staff" }),
        json!({ "url": "https://login.example/realms/guests/" }),
        json!({ "url": "https://other.example:8443/x" }),
        json!({ "url": "https://one.example", "name": " Town hall " }),
        json!({ "url": "https://two.example", "name": "Town hall" }),
    ] {
        bench.provider(&changes).await;
        bench.clock.advance(Duration::from_secs(1));
    }
    let names: Vec<_> = bench.providers.of(&[]).into_iter().map(|summary| summary.name).collect();
    let expected = [
        "login.example/realms/staff",
        "login.example/realms/guests",
        "other.example",
        "Town hall (one.example)",
        "Town hall (two.example)",
    ];
    assert_eq!(names, expected);
}
