//! What an offer must bring when plugins may add claims later.

use serde_json::{Value, json};

use super::super::*;
use super::house::*;
use crate::domain::hook::{AuthHookRule, OnError};
use crate::domain::offer::Created;
use crate::domain::testing::*;
use crate::plugin::Phase;

const PASS: &str = "org.example.pass";

/// The claim that is wrong in an offer of the pass with these claims, if one is.
async fn mistake(house: &House, claims: Value) -> Option<String> {
    match house.offer(json!({"credentials": [house.pass], "claims": claims})).await {
        Created::Made(_) => None,
        Created::Unmappable(mistakes) => Some(mistakes[0].param.clone()),
        _ => panic!("{claims}"),
    }
}

#[tokio::test]
async fn claims_may_be_missing_where_plugins_add_some_and_never_wrong() {
    let rule = |phase| {
        let (plugin, on_error) = ("gate".to_owned(), OnError::Deny);
        vec![AuthHookRule { plugin, phases: vec![phase], credentials: vec![PASS.into()], on_error }]
    };
    let bound = [(PASS.to_owned(), "hr".to_owned())].into();
    let houses = [
        House::with_plugins(|_| {}, Vec::new(), bound).await,
        House::with_plugins(|_| {}, rule(Phase::TokenRequest), [].into()).await,
        House::with_plugins(|_| {}, rule(Phase::CredentialRequest), [].into()).await,
    ];
    for house in &houses {
        let past = json!({"name": "Mika", "until": "2020-01-01"});
        for claims in [json!({}), json!({"level": "gold"}), json!({"name": null}), past] {
            assert_eq!(mistake(house, claims.clone()).await, None, "{claims}");
        }
        for (claims, wrong) in [
            (json!({"level": 1}), "claims.level"),
            (json!({"name": true, "level": "gold"}), "claims.name"),
            (json!({"until": "tomorrow"}), "claims.until"),
        ] {
            assert_eq!(mistake(house, claims.clone()).await.as_deref(), Some(wrong), "{claims}");
        }
        assert!(house.plugins.asked().is_empty());
    }
    let without = House::new().await;
    assert_eq!(mistake(&without, json!({})).await.as_deref(), Some("claims.name"));
    let past = json!({"name": "Mika", "until": "2020-01-01"});
    assert_eq!(mistake(&without, past).await.as_deref(), Some("claims.until"));
}

#[tokio::test]
async fn the_source_that_a_configuration_names_wins() {
    let house = House::with_plugins(|_| {}, Vec::new(), [("other".into(), "bound".into())].into()).await;
    house.plugins.source("bound", Ok(ready(&json!({"name": "Bound"}))));
    house.plugins.source("named", Ok(ready(&json!({"name": "Named"}))));
    let source = house.claim_source(json!({"name": "Register", "type": "plugin", "plugin": "named"})).await;
    let configuration = house.configure_from("other", Some(source)).await;
    let selector = || crate::wire::credential::Selector::Configuration(configuration.to_string().into());
    let token = house.token(&[configuration], json!({})).await;
    let request = CredentialRequest { selector: selector(), ..house.request(&wallets(1), &house.nonce()) };
    house.issued(&token, &request).await;
    assert_eq!(house.plugins.asked(), ["fetch named"]);
    let all = house.issuer.configurations.find(configuration).unwrap();
    assert_eq!(serde_json::to_value(&*all).unwrap()["claimSourceId"], json!(source));
    let mut without: Value = serde_json::to_value(&*all).unwrap();
    without.as_object_mut().unwrap().remove("claimSourceId");
    house
        .issuer
        .configurations
        .replace(crate::format::CredentialFormat::MsoMdoc, configuration, &map(without))
        .await
        .unwrap();
    let token = house.token(&[configuration], json!({})).await;
    let request = CredentialRequest { selector: selector(), ..house.request(&wallets(1), &house.nonce()) };
    house.issued(&token, &request).await;
    assert_eq!(house.plugins.asked(), ["fetch bound"]);
}
