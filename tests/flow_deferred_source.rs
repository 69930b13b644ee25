//! Credentials that are to be had later, since a claim source needs time.

use issuerd_tests::HolderKey;
use issuerd_tests::configurations::membership;
use issuerd_tests::guests::Hostile;
use issuerd_tests::wait::until;
use issuerd_tests::wallet::credentials;
use serde_json::json;

use crate::flow_deferred::{CLUB, DEFERRED, transaction};

/// A claim source that asks for patience.
fn patient() -> (Hostile, String) {
    let hostile = Hostile::claim_source(CLUB);
    let configuration = hostile.daemon.management().create_configuration(&membership(CLUB));
    hostile.set("", &[("mode", "pending"), ("text", "case-4711")]);
    (hostile, configuration)
}

// VCI-8.3-02, VCI-9.2-01, VCI-9-04
#[test]
fn a_claim_source_that_asks_for_patience_is_asked_again() {
    let (hostile, configuration) = patient();
    let daemon = &hostile.daemon;
    let (wallet, key) = (daemon.wallet(), HolderKey::es256());
    let offer = daemon.management().offer_of(&configuration, &json!({ "name": "Old" }));
    let token = wallet.redeem(&offer);
    let answer = wallet.ask(&token, &configuration, std::slice::from_ref(&key));
    assert_eq!(answer.json()["interval"], 7);
    let transaction_id = transaction(&answer);
    // Who comes too early does not disturb it.
    for _ in 0..5 {
        transaction(&wallet.send(&wallet.deferred_request(&token, &transaction_id)));
    }
    assert_eq!(hostile.calls("pending"), 1);
    let [waiting] = daemon.management().list(DEFERRED).try_into().unwrap();
    assert_eq!(waiting["state"], "awaiting-claim-source");
    assert!(!waiting.to_string().contains("case-4711"));
    let path = format!("{DEFERRED}/{}/approve", waiting["id"].as_str().unwrap());
    daemon.management().post(&path, &json!({})).expect(409);
    hostile.say(r#"{"name":"Mika Sommer"}"#);
    let answer = until("the claim source is asked again", || {
        let answer = wallet.send(&wallet.deferred_request(&token, &transaction_id));
        (answer.status != 202).then_some(answer)
    });
    let mdoc = credentials(&answer.expect(200)).remove(0);
    assert_eq!(mdoc.value("name").as_text(), Some("Mika Sommer"));
    assert!(mdoc.is_bound_to(&key));
    wallet.send(&wallet.deferred_request(&token, &transaction_id)).expect_error(400, "invalid_transaction_id");
}

// VCI-9.2-03
#[test]
fn a_claim_source_that_says_no_in_the_end_ends_the_transaction() {
    let (hostile, configuration) = patient();
    let wallet = hostile.daemon.wallet();
    let offer = hostile.daemon.management().offer_of(&configuration, &json!({ "name": "Old" }));
    let token = wallet.redeem(&offer);
    let transaction_id = transaction(&wallet.ask(&token, &configuration, &[HolderKey::es256()]));
    hostile.set("", &[("mode", "deny"), ("text", "Please visit the office.")]);
    let answer = until("the claim source is asked again", || {
        let answer = wallet.send(&wallet.deferred_request(&token, &transaction_id));
        (answer.status != 202).then_some(answer)
    });
    assert!(answer.text().contains("Please visit the office."), "{}", answer.text());
    answer.expect_error(400, "credential_request_denied");
    hostile.say(r#"{"name":"Mika Sommer"}"#);
    let again = wallet.send(&wallet.deferred_request(&token, &transaction_id));
    again.expect_error(400, "credential_request_denied");
}
