//! What needs more than one call, and what `check` says.

use issuerd_plugin::testing::{Host, claim_context};
use register_http::RegisterHttp;
use serde_json::{Value, json};

const URL: &str = "https://crm.example.org/people/mika";

fn host(config: &Value) -> Host {
    Host::new().config(config.clone())
}

#[test]
fn an_answer_is_kept_as_long_as_the_config_says() {
    let config = json!({ "url": "https://crm.example.org/people/{subject}", "claims": { "family_name": "/last" }, "cache_seconds": 60 });
    let body = r#"{"last": "Sommer"}"#;
    let mut host = host(&config).answers("GET", URL, 200, body).answers("GET", URL, 200, body);
    let context = claim_context(json!({ "offer": { "user_id": "mika" } }));
    let first = host.fetch::<RegisterHttp>(context.clone()).unwrap();
    host.pass(59);
    assert_eq!(host.fetch::<RegisterHttp>(context.clone()).unwrap(), first);
    assert_eq!(host.requests().len(), 1);
    host.pass(1);
    assert_eq!(host.fetch::<RegisterHttp>(context).unwrap(), first);
    assert_eq!(host.requests().len(), 2);
}

#[test]
#[should_panic(expected = "no answer is recorded for GET https://crm.example.org/people/mika")]
fn a_request_that_is_not_recorded_fails_the_test() {
    let config = json!({ "url": "https://crm.example.org/people/{subject}", "claims": { "family_name": "/last" } });
    let _ = host(&config).fetch::<RegisterHttp>(claim_context(json!({ "offer": { "user_id": "mika" } })));
}

#[test]
fn mistakes_of_the_config_are_told() {
    for (config, part) in [
        (json!({ "url": "https://{offer.host}/x", "claims": { "a": "/a" } }), "fixed origin"),
        (json!({ "url": "https://a.example/{claim.}", "claims": { "a": "/a" } }), "none of"),
        (json!({ "url": "https://a.example/{claim.a", "claims": { "a": "/a" } }), "without }"),
        (json!({ "url": "https://a.example/", "claims": { "a": "a" } }), "no JSON pointer"),
        (json!({ "url": "https://a.example/", "claims": { "a": "/a" }, "required": ["b"] }), "not in `claims`"),
        (json!({ "url": "https://a.example/" }), "missing field `claims`"),
    ] {
        let problems = host(&config).check_source::<RegisterHttp>().unwrap_err();
        assert!(problems.iter().any(|problem| problem.contains(part)), "{config}: {problems:?}");
    }
    let right = json!({ "url": "https://a.example/{subject}", "claims": { "a": "/a" }, "record_ref": "" });
    assert_eq!(host(&right).check_source::<RegisterHttp>(), Ok(()));
}
