//! Credentials whose claims come from a register over HTTP.

use serde_json::json;

use super::super::*;
use super::deferred::{issued, seconds};
use super::house::*;
use super::reading::read;
use crate::domain::blocked::Blocked;

const URL: &str = "https://register.example/people";

/// A house with a configuration of which a register at [`URL`] knows the names.
async fn house(on_failure: &str) -> (House, Uuid) {
    let house = House::new().await;
    let source = house.claim_source(json!({
        "name": "Register",
        "url": URL,
        "requestMethod": "POST",
        "requestParameters": { "employee": { "mapFrom": "claims.employee" } },
        "authorization": { "type": "api-key", "value": "the-key" },
        "onFailure": on_failure,
    }));
    let configuration = house.configure_from("org.example.named", Some(source.await)).await;
    (house, configuration)
}

const EVENTS: [&str; 2] = ["OPENID_CLAIM_SOURCE_RETRIEVE_START", "OPENID_CLAIM_SOURCE_RETRIEVE_SUCCESS"];
const FAILED: [&str; 2] = ["OPENID_CLAIM_SOURCE_RETRIEVE_START", "OPENID_CLAIM_SOURCE_RETRIEVE_FAIL"];

fn name(house: &House, credential: &str) -> String {
    let signer = house.issuer.trust.signer(house.clock.now()).unwrap();
    read(credential, signer.key.public_key()).elements["name"].as_text().unwrap().to_owned()
}

#[tokio::test]
async fn the_register_has_the_last_word_on_what_the_configuration_maps() {
    let (house, configuration) = house("refuse").await;
    // What no configuration maps is dropped, whatever it is called.
    let record = json!({ "name": "Mika", "salary": 1, "status": "active", "exp": 7 });
    house.network.answer(URL, 200, &record);
    let token = house.token(&[configuration], json!({ "name": "Old", "employee": "1042" })).await;
    house.events.taken();
    let credentials = house.issued(&token, &house.request_of(configuration)).await;
    assert_eq!(name(&house, &credentials[0]), "Mika");
    assert_eq!(house.network.asked()[0].1.as_deref(), Some("{\"employee\":\"1042\"}"));
    assert_eq!(house.events.taken()[..2], EVENTS);
}

#[tokio::test]
async fn a_failure_refuses_the_request_and_uses_nothing_up() {
    let (house, configuration) = house("refuse").await;
    let token = house.token(&[configuration], json!({ "name": "Old", "employee": "1042" })).await;
    let request = house.request_of(configuration);
    for (status, body, blocked) in [
        (503, json!({}), Blocked::Unavailable { retry_after: None }),
        (404, json!({}), Blocked::NotFound),
        (403, json!({}), Blocked::Failed),
        (200, json!([]), Blocked::Failed),
        (200, json!({ "name": { "_sd": ["x"] } }), Blocked::Failed),
    ] {
        house.network.answer(URL, status, &body);
        house.events.taken();
        assert_eq!(house.refused(&token, &request).await, Refusal::Blocked(blocked), "{status} {body}");
        assert_eq!(house.events.taken()[..2], FAILED);
    }
    house.network.answer(URL, 200, &json!({ "name": "Mika" }));
    assert_eq!(house.issued(&token, &request).await.len(), 1);
}

#[tokio::test]
async fn a_failure_may_leave_the_claims_as_they_are() {
    let (house, configuration) = house("empty").await;
    let token = house.token(&[configuration], json!({ "name": "Old" })).await;
    // That there is no record is an answer.
    house.network.answer(URL, 404, &json!({}));
    let request = house.request_of(configuration);
    assert_eq!(house.refused(&token, &request).await, Refusal::Blocked(Blocked::NotFound));
    house.network.down(URL);
    let credentials = house.issued(&token, &house.request_of(configuration)).await;
    assert_eq!(name(&house, &credentials[0]), "Old");
    // One that is required and missing refuses it then.
    let token = house.token(&[configuration], json!({})).await;
    assert!(matches!(house.refused(&token, &house.request_of(configuration)).await, Refusal::Claim(_)));
}

#[tokio::test]
async fn a_failure_may_defer_the_credential_until_the_register_answers() {
    let (house, configuration) = house("defer").await;
    house.network.down(URL);
    let token = house.token(&[configuration], json!({ "employee": "1042" })).await;
    let deferral = house.deferred(&token, &house.request_of(configuration)).await;
    assert_eq!(deferral.interval.as_secs(), 60);
    house.later(61);
    assert_eq!(seconds(&house.retrieve(&token, &deferral).await.unwrap()), 60);
    house.network.answer(URL, 200, &json!({ "name": "Mika" }));
    house.later(30);
    house.network.asked();
    assert_eq!(seconds(&house.retrieve(&token, &deferral).await.unwrap()), 30);
    assert!(house.network.asked().is_empty(), "nobody is asked before the time");
    house.later(31);
    assert!(issued(&house.retrieve(&token, &deferral).await.unwrap()));
    assert_eq!(house.network.asked()[0].1.as_deref(), Some("{\"employee\":\"1042\"}"));
}
