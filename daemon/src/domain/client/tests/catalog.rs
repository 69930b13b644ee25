//! Registered clients.

use serde_json::{Value, json};
use uuid::Uuid;

use super::super::catalog::{Deleted, Saved};
use super::super::registered::{Registered, Source};
use super::support::{Key, Scene, map};
use crate::signer::Algorithm;

fn body(id: &str) -> Value {
    json!({ "clientId": id, "authentication": "none", "redirectUris": ["https://wallet.example/cb"] })
}

async fn wrong(scene: &Scene, body: &Value) -> Vec<String> {
    match scene.clients.create(&map(body)).await.unwrap() {
        Saved::Invalid(mistakes) => mistakes.into_iter().map(|mistake| mistake.param).collect(),
        other => panic!("{other:?}: {body}"),
    }
}

#[tokio::test]
async fn a_client_is_registered_replaced_found_and_removed() {
    let scene = Scene::new().await;
    let made = scene.saved(&body("w")).await;
    assert_eq!(scene.clients.by_id(made.id).unwrap(), made);
    assert!(matches!(scene.clients.create(&map(&body("w"))).await.unwrap(), Saved::Taken));
    // What was read may be sent back.
    let mut changed = json!(*made);
    changed["name"] = json!("Wallet");
    assert!(matches!(scene.clients.replace(made.id, &map(&changed)).await.unwrap(), Saved::Saved(_)));
    assert_eq!(scene.clients.by_id(made.id).unwrap().name.as_deref(), Some("Wallet"));
    changed["clientId"] = json!("x");
    assert!(matches!(scene.clients.replace(made.id, &map(&changed)).await.unwrap(), Saved::Invalid(_)));
    assert!(matches!(scene.clients.replace(Uuid::nil(), &map(&body("x"))).await.unwrap(), Saved::Unknown));
    assert_eq!(scene.clients.delete(made.id).await.unwrap(), Deleted::Deleted);
    assert_eq!(scene.clients.delete(made.id).await.unwrap(), Deleted::Unknown);
    assert!(scene.clients.by_id(made.id).is_none());
}

#[tokio::test]
async fn a_client_of_the_file_is_shown_and_not_changed() {
    let scene = Scene::new().await;
    let id = Registered::id_of("bank");
    let shown = scene.clients.by_id(id).unwrap();
    assert_eq!((shown.source, shown.created_at), (Source::Configuration, None));
    assert_eq!(json!(*shown)["source"], "issuer.toml");
    assert!(matches!(scene.clients.create(&map(&body("bank"))).await.unwrap(), Saved::Taken));
    assert!(matches!(scene.clients.replace(id, &map(&body("bank"))).await.unwrap(), Saved::ReadOnly));
    assert_eq!(scene.clients.delete(id).await.unwrap(), Deleted::ReadOnly);
    assert_eq!(scene.clients.all().len(), 1);
}

#[tokio::test]
async fn keys_are_read_again_from_the_store() {
    let scene = Scene::new().await;
    let (old, new) = (Key::new(Algorithm::Es256), Key::new(Algorithm::EdDsa));
    let with_kid = |key: &Key, kid: &str| {
        let mut jwk = key.jwk();
        jwk["kid"] = json!(kid);
        jwk
    };
    let jwks = json!({ "keys": [with_kid(&old, "1"), with_kid(&new, "2")] });
    scene.saved(&json!({ "clientId": "w", "authentication": "private_key_jwt", "jwks": jwks })).await;
    let claims = || {
        let mut claims = scene.assertion_claims();
        (claims["iss"], claims["sub"]) = (json!("w"), json!("w"));
        claims
    };
    for (key, kid, good) in [(&old, "1", true), (&new, "2", true), (&old, "2", false), (&new, "3", false)] {
        let assertion = key.sign(&json!({ "alg": key.alg(), "kid": kid }), &claims());
        assert_eq!(scene.assert(&assertion).await.is_ok(), good, "{kid}");
    }
    // Of several keys a kid says which.
    assert!(scene.assert(&old.sign(&json!({ "alg": "ES256" }), &claims())).await.is_err());
}

#[tokio::test]
async fn each_mistake_names_its_field() {
    let scene = Scene::new().await;
    assert_eq!(wrong(&scene, &json!({})).await, ["clientId", "authentication"]);
    let jwks = json!({ "keys": [Key::new(Algorithm::Es256).jwk()] });
    let private = {
        let mut jwk = Key::new(Algorithm::Es256).jwk();
        jwk["d"] = json!("AA");
        json!({ "keys": [jwk] })
    };
    for (member, value, named) in [
        ("clientId", json!(""), "clientId"),
        ("clientId", json!("é"), "clientId"),
        ("authentication", json!("client_secret_basic"), "authentication"),
        ("authentication", json!("mtls"), "authentication"),
        ("authentication", json!("private_key_jwt"), "jwks"),
        ("jwks", jwks, "jwks"),
        ("certificateDns", json!("w.example"), "authentication"),
        ("certificateSha256", json!(["00"]), "certificateSha256"),
        ("certificateSubject", json!("wallet"), "certificateSubject"),
        ("redirectUris", json!([]), "redirectUris"),
        ("redirectUris", json!(["javascript:alert(1)"]), "redirectUris"),
        ("redirectUris", json!("https://wallet.example"), "redirectUris"),
        ("requireDpop", json!("yes"), "requireDpop"),
        ("clientSecret", json!("x"), "clientSecret"),
    ] {
        let mut changed = body("w");
        changed[member] = value;
        let found = wrong(&scene, &changed).await;
        assert!(found.iter().any(|name| name == named), "{changed}: {found:?}");
    }
    // SEC-KEY-02: a private key is not stored.
    let body = json!({ "clientId": "w", "authentication": "private_key_jwt", "jwks": private });
    assert_eq!(wrong(&scene, &body).await, ["jwks"]);
    assert_eq!(scene.clients.all().len(), 1);
}
