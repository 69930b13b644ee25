//! Bodies of sources over HTTP, and what is shown of them.

use super::*;

const URL: &str = "https://register.example/people";

pub(super) fn register() -> Value {
    json!({
        "name": "Register",
        "url": URL,
        "requestParameters": {
            "employee": { "mapFrom": "claims.employee" },
            "type": { "mapFrom": "credentialConfiguration.type", "defaultValue": "none" },
            "tenant": { "defaultValue": 7 },
        },
        "authorization": { "type": "api-key", "value": "the-key" },
    })
}

pub(super) fn oauth() -> Value {
    let mut body = register();
    body["authorization"] = json!({
        "type": "oauth-client-credentials",
        "tokenEndpoint": "https://login.example/token",
        "clientId": "issuerd",
        "clientSecret": "the secret",
    });
    body
}

#[tokio::test]
async fn a_register_is_shown_without_its_secret() {
    let bench = bench().await;
    let mut expected = register();
    let shown = bench.made(&register()).await;
    expected["id"] = shown["id"].clone();
    expected["type"] = json!("http");
    expected["requestMethod"] = json!("GET");
    expected["onFailure"] = json!("refuse");
    expected["authorization"]["value"] = json!("********");
    expected["createdAt"] = json!("1970-01-01T00:00:00Z");
    assert_eq!(shown, expected);
    let shown = bench.made(&oauth()).await;
    let mut expected = oauth()["authorization"].clone();
    expected["clientSecret"] = json!("********");
    expected["tokenEndpointAuthMethod"] = json!("client_secret_basic");
    assert_eq!(shown["authorization"], expected);
}

#[tokio::test]
async fn a_masked_secret_is_kept_for_its_url_only() {
    let bench = bench().await;
    for (body, place, secret) in [(register(), "url", "value"), (oauth(), "tokenEndpoint", "clientSecret")] {
        let shown = bench.made(&body).await;
        let id = id(&shown);
        let mut renamed = shown.clone();
        renamed["name"] = json!("Another name");
        assert!(matches!(bench.sources.replace(id, &map(&renamed)).await.unwrap(), Saved::Saved(_)));
        let kept = json!(*bench.sources.find(id).unwrap());
        assert_eq!(kept["authorization"][secret], body["authorization"][secret]);
        for place in ["url", place] {
            let mut moved = shown.clone();
            let target = if place == "url" { &mut moved["url"] } else { &mut moved["authorization"][place] };
            *target = json!("https://evil.example/people");
            let saved = bench.sources.replace(id, &map(&moved)).await.unwrap();
            let Saved::Invalid(mistakes) = saved else { panic!("saved") };
            assert_eq!(mistakes[0].param, format!("authorization.{secret}"));
        }
        // There is nothing to keep in a new one.
        assert_eq!(bench.wrong(&shown).await, [format!("authorization.{secret}")]);
    }
}

#[tokio::test]
async fn each_mistake_of_a_register_names_its_field() {
    let bench = bench().await;
    let required = ["name", "url", "requestParameters", "authorization"];
    assert_eq!(bench.wrong(&json!({})).await, required);
    let parameter = |value: Value| json!({ "x": value });
    let key = |value: Value| json!({ "type": "api-key", "value": value });
    for (field, value, named) in [
        ("url", json!("http://register.example"), "url"),
        ("url", json!("https://register.example/?a=b"), "url"),
        ("url", json!("https://10.0.0.1/people"), "url"),
        ("url", json!("https://0x7f.1/"), "url"),
        ("url", json!("https://localhost/"), "url"),
        ("url", json!("https://user@register.example/"), "url"),
        ("url", json!("register.example"), "url"),
        ("requestMethod", json!("PUT"), "requestMethod"),
        ("requestMethod", json!("get"), "requestMethod"),
        ("onFailure", json!("ignore"), "onFailure"),
        ("requestParameters", json!([]), "requestParameters"),
        ("requestParameters", parameter(json!({})), "requestParameters.x"),
        ("requestParameters", parameter(json!("claims.x")), "requestParameters.x"),
        ("requestParameters", parameter(json!({ "mapFrom": "claims" })), "requestParameters.x.mapFrom"),
        ("requestParameters", parameter(json!({ "mapFrom": "claims.a..b" })), "requestParameters.x.mapFrom"),
        ("requestParameters", parameter(json!({ "mapFrom": "offer.id" })), "requestParameters.x.mapFrom"),
        ("requestParameters", parameter(json!({ "defaultValue": 1, "default": 1 })), "requestParameters.x.default"),
        ("requestParameters", json!({ "": { "defaultValue": 1 } }), "requestParameters"),
        ("authorization", json!({}), "authorization.type"),
        ("authorization", json!({ "type": "basic" }), "authorization.type"),
        ("authorization", json!({ "type": "api-key" }), "authorization.value"),
        ("authorization", key(json!("schlüssel")), "authorization.value"),
        ("authorization", key(json!("")), "authorization.value"),
        ("plugin", json!("hr"), "plugin"),
    ] {
        let mut wrong = register();
        wrong[field] = value;
        assert_eq!(bench.wrong(&wrong).await, [named], "{wrong}");
    }
    for (member, value) in [
        ("tokenEndpoint", json!("http://login.example/token")),
        ("clientId", json!("")),
        ("clientSecret", json!(7)),
        ("tokenEndpointAuthMethod", json!("private_key_jwt")),
        ("audience", json!("")),
        ("resource", json!("x")),
    ] {
        let mut wrong = oauth();
        wrong["authorization"][member] = value;
        assert_eq!(bench.wrong(&wrong).await, [format!("authorization.{member}")]);
    }
    let many: Map<_, _> = (0..101).map(|n| (n.to_string(), json!({ "defaultValue": n }))).collect();
    let mut wrong = register();
    wrong["requestParameters"] = many.into();
    assert_eq!(bench.wrong(&wrong).await, ["requestParameters"]);
}
