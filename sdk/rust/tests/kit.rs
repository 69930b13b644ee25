//! What the crate makes of configs, errors and cases.

use issuerd_plugin::prelude::*;
use issuerd_plugin::testing::{Host, claim_context, claim_source_cases};
use issuerd_plugin::{PluginError, RetryHint};
use serde_json::json;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    url: String,
}

struct Source;

impl ClaimSource for Source {
    type Config = Config;
    const DESCRIPTION: &'static str = "Whatever the upstream says";

    fn fetch(config: Config, _: ClaimContext) -> Result<Outcome> {
        let claims: serde_json::Value = http::get(config.url).send()?.found()?.json()?;
        if claims.get("denied").is_some() {
            return Err(Error::denied("upstream", "Sorry."));
        }
        ready(&claims)
    }
}

const URL: &str = "https://register.example/7";

fn host() -> Host {
    Host::new().config(json!({ "url": URL }))
}

fn fetch(mut host: Host) -> std::result::Result<Outcome, PluginError> {
    host.fetch::<Source>(claim_context(json!({})))
}

#[test]
fn a_config_that_does_not_parse_is_misconfigured() {
    for config in [json!({}), json!({ "url": 1 }), json!({ "url": URL, "ulr": URL })] {
        let said = fetch(Host::new().config(config.clone()));
        assert!(matches!(said, Err(PluginError::Misconfigured(_))), "{config}: {said:?}");
        assert!(Host::new().config(config).check_source::<Source>().is_err());
    }
    assert_eq!(host().check_source::<Source>(), Ok(()));
}

#[test]
fn every_status_has_its_outcome() {
    for status in [404, 410] {
        assert!(matches!(fetch(host().answers("GET", URL, status, "")), Err(PluginError::NotFound(_))), "{status}");
    }
    for status in [301, 400, 401, 403] {
        let said = fetch(host().answers("GET", URL, status, ""));
        assert!(matches!(said, Err(PluginError::Misconfigured(_))), "{status}");
    }
    for status in [408, 429, 500, 503] {
        let said = fetch(host().answers_with("GET", URL, status, &[("Retry-After", "7")], ""));
        assert!(
            matches!(said, Err(PluginError::Unavailable(RetryHint { retry_after_seconds: Some(7), .. }))),
            "{status}"
        );
    }
}

#[test]
fn every_failure_has_its_outcome() {
    for error in ["timeout", "connect", "other"] {
        assert!(matches!(fetch(host().fails("GET", URL, error)), Err(PluginError::Unavailable(_))), "{error}");
    }
    for error in ["denied", "invalid-request", "too-large", "quota"] {
        assert!(matches!(fetch(host().fails("GET", URL, error)), Err(PluginError::Misconfigured(_))), "{error}");
    }
}

#[test]
fn an_error_tells_no_value() {
    for body in [r#"{"family_name": "Sommer""#, r#""Sommer""#] {
        let said = fetch(host().answers("GET", URL, 200, body));
        assert!(matches!(&said, Err(PluginError::Internal(text)) if !text.contains("Sommer")), "{said:?}");
    }
}

#[test]
fn a_denial_as_an_error_is_an_answer() {
    let said = fetch(host().answers("GET", URL, 200, r#"{"denied": true}"#));
    assert_eq!(said, Ok(denied("upstream", "Sorry.")));
}

#[test]
fn what_is_not_implemented_is_a_bug() {
    let said = host().resume::<Source>(claim_context(json!({})), "state");
    assert!(matches!(said, Err(PluginError::Internal(_))), "{said:?}");
}

#[test]
fn a_text_stays_one_segment() {
    assert_eq!(http::encode("a/b ?ä~"), "a%2Fb%20%3F%C3%A4~");
}

#[test]
#[should_panic(expected = "claims.family_name: expected \"Winter\", said \"Sommer\"")]
fn a_case_that_differs_fails() {
    claim_source_cases::<Source>("tests/differing");
}

#[test]
#[should_panic(expected = "No such file")]
fn a_folder_without_cases_fails() {
    claim_source_cases::<Source>("tests/nothing");
}
