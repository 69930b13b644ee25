//! Questions to registers, and what their answers mean.

use super::http::{MOST_BYTES, Trouble};
use super::reading::{oauth, register};
use super::*;
use crate::base::clock::{Clock as _, after};
use crate::domain::configuration::Configuration;
use crate::domain::context::Known;
use crate::domain::event::{Operation, start};
use std::time::Duration;

const URL: &str = "https://register.example/people";
const TOKEN: &str = "https://login.example/token";
const ASKED: &str = "https://register.example/people?employee=1042&tenant=7&type=org.example.";

impl Bench {
    async fn configuration(&self) -> Arc<Configuration> {
        let id = self.configure(&json!(self.source(&register()).await)).await.unwrap();
        self.configurations.find(id).unwrap()
    }

    fn gives_tokens(&self) {
        self.network.answer(TOKEN, 200, &json!({ "access_token": "t", "token_type": "Bearer", "expires_in": 3600 }));
    }

    /// A source that is asked without parameters, with an access token.
    async fn plain(&self) -> Uuid {
        let mut body = oauth();
        body["requestParameters"] = json!({});
        self.source(&body).await
    }

    async fn source(&self, body: &Value) -> Uuid {
        id(&self.made(body).await)
    }

    async fn ask(&self, source: Uuid, configuration: &Configuration) -> Result<Value, Trouble> {
        let known =
            Known { claims: map(&json!({ "employee": "1042", "address": { "zip": "8000" } })), ..Known::default() };
        self.ask_of(source, configuration, &known).await
    }

    async fn ask_of(&self, source: Uuid, configuration: &Configuration, known: &Known) -> Result<Value, Trouble> {
        let found = self.sources.find(source).unwrap();
        let Kind::Http(http) = &found.kind else { panic!("a plugin") };
        let authorizing = || start(Arc::new(Unheard), Operation::OpenidClaimSourceAuthorization);
        self.sources.errand(source, http, &authorizing).run(known, configuration).await.map(Value::from)
    }
}

fn failed(answer: Result<Value, Trouble>) -> String {
    match answer {
        Err(Trouble::Failed(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

fn unavailable(answer: Result<Value, Trouble>) -> String {
    match answer {
        Err(Trouble::Unavailable { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn parameters_are_sent_in_the_query_or_as_an_object() {
    let bench = bench().await;
    let configuration = bench.configuration().await;
    let kind = configuration.credential_type();
    let mut body = register();
    let source = bench.source(&body).await;
    let url = format!("{URL}?employee=1042&tenant=7&type={kind}");
    bench.network.answer(&url, 200, &json!({ "name": "Mika" }));
    assert_eq!(bench.ask(source, &configuration).await, Ok(json!({ "name": "Mika" })));
    assert_eq!(bench.network.asked(), [(url, None, Some("the-key".into()))]);

    body["requestMethod"] = json!("POST");
    let source = bench.source(&body).await;
    bench.network.answer(URL, 200, &json!({}));
    assert_eq!(bench.ask(source, &configuration).await, Ok(json!({})));
    let (url, sent, _) = bench.network.asked().remove(0);
    let sent: Value = serde_json::from_str(&sent.unwrap()).unwrap();
    assert_eq!((url.as_str(), sent), (URL, json!({ "employee": "1042", "tenant": 7, "type": kind })));
}

#[tokio::test]
async fn a_parameter_has_its_value_its_default_or_is_left_out() {
    let bench = bench().await;
    let configuration = bench.configuration().await;
    let mut body = register();
    body["requestMethod"] = json!("POST");
    body["requestParameters"] = json!({
        "deep": { "mapFrom": "claims.address.zip" },
        "gone": { "mapFrom": "claims.unknown" },
        "fallback": { "mapFrom": "claims.unknown", "defaultValue": [1] },
        "who": { "mapFrom": "authenticationProvider.subjectId" },
        "where": { "mapFrom": "authenticationProvider.url", "defaultValue": "nowhere" },
        "format": { "mapFrom": "credentialConfiguration.format" },
        "id": { "mapFrom": "credentialConfiguration.id" },
    });
    let source = bench.source(&body).await;
    bench.network.answer(URL, 200, &json!({}));
    let mut expected = json!({
        "deep": "8000", "fallback": [1], "where": "nowhere", "format": "mso_mdoc", "id": configuration.id,
    });
    bench.ask(source, &configuration).await.unwrap();
    let sent = bench.network.asked().remove(0).1.unwrap();
    assert_eq!(serde_json::from_str::<Value>(&sent).unwrap(), expected);
    let known = Known {
        claims: map(&json!({ "address": { "zip": "8000" } })),
        authentication_provider: map(&json!({ "subjectId": "4711", "url": "https://login.example" })),
        // What auth hooks say of the holder is something else.
        identity: None,
    };
    bench.ask_of(source, &configuration, &known).await.unwrap();
    expected["who"] = json!("4711");
    expected["where"] = json!("https://login.example");
    let sent = bench.network.asked().remove(0).1.unwrap();
    assert_eq!(serde_json::from_str::<Value>(&sent).unwrap(), expected);
}

#[tokio::test]
async fn a_value_cannot_become_another_parameter() {
    let bench = bench().await;
    let configuration = bench.configuration().await;
    let mut body = register();
    body["requestParameters"] = json!({ "employee": { "mapFrom": "claims.employee" } });
    let source = bench.source(&body).await;
    let known = Known { claims: map(&json!({ "employee": "1042&admin=1#x" })), ..Known::default() };
    bench.ask_of(source, &configuration, &known).await.unwrap_err();
    assert_eq!(bench.network.asked()[0].0, format!("{URL}?employee=1042%26admin%3D1%23x"));
}

#[tokio::test]
async fn only_one_json_object_is_an_answer() {
    let bench = bench().await;
    let configuration = bench.configuration().await;
    let mut body = register();
    body["requestParameters"] = json!({});
    let source = bench.source(&body).await;
    let says = async |status, media_type, text: &str| {
        bench.network.text(URL, status, media_type, text);
        bench.ask(source, &configuration).await
    };
    for (status, media_type) in [(200, "application/json"), (201, "application/json"), (200, "application/ld+json")] {
        assert_eq!(says(status, media_type, "{\"a\":1}").await, Ok(json!({ "a": 1 })));
    }
    for text in ["", "[]", "null", "{", "{} {}", "{\"a\":1,\"a\":2}"] {
        assert!(failed(says(200, "application/json", text).await).starts_with("its answer"), "{text}");
    }
    for media_type in ["", "text/html", "text/plain", "application/jsonp"] {
        assert_eq!(failed(says(200, media_type, "{}").await), "its answer is not application/json");
    }
    for status in [404, 410] {
        assert_eq!(says(status, "application/json", "{}").await, Err(Trouble::NotFound));
    }
    for status in [400, 401, 403, 405, 304, 302] {
        assert_eq!(failed(says(status, "application/json", "{}").await), format!("it has status {status}"));
    }
    for status in [408, 425, 429, 500, 502, 503, 599] {
        assert_eq!(unavailable(says(status, "application/json", "{}").await), format!("it has status {status}"));
    }
    bench.network.down(URL);
    assert_eq!(unavailable(bench.ask(source, &configuration).await), "no answer");
    assert_eq!(MOST_BYTES, 65_536);
}

#[tokio::test]
async fn a_token_is_kept_until_shortly_before_its_end() {
    let bench = bench().await;
    let configuration = bench.configuration().await;
    let url = format!("{ASKED}{}", configuration.credential_type().trim_start_matches("org.example."));
    let source = bench.source(&oauth()).await;
    bench.network.answer(&url, 200, &json!({}));
    let token = |text: &str, life: u64| json!({ "access_token": text, "token_type": "bearer", "expires_in": life });
    bench.network.answer(TOKEN, 200, &token("one", 300));
    bench.ask(source, &configuration).await.unwrap();
    bench.ask(source, &configuration).await.unwrap();
    let basic = "Basic aXNzdWVyZDp0aGUrc2VjcmV0".to_owned();
    let asked = bench.network.asked();
    assert_eq!(asked[0], (TOKEN.into(), Some("grant_type=client_credentials".into()), Some(basic)));
    let with = |text: &str| (url.clone(), None, Some(format!("Bearer {text}")));
    assert_eq!(asked[1..], [with("one"), with("one")]);
    bench.network.answer(TOKEN, 200, &token("two", 300));
    bench.clock.set(after(bench.clock.now(), Duration::from_secs(269)));
    bench.ask(source, &configuration).await.unwrap();
    assert_eq!(bench.network.asked(), [with("one")]);
    bench.clock.set(after(bench.clock.now(), Duration::from_secs(2)));
    bench.ask(source, &configuration).await.unwrap();
    assert_eq!(bench.network.asked()[1], with("two"));
}

#[tokio::test]
async fn a_token_that_is_not_taken_any_more_is_asked_for_once_again() {
    let bench = bench().await;
    let configuration = bench.configuration().await;
    let mut body = oauth();
    body["requestParameters"] = json!({});
    body["authorization"]["tokenEndpointAuthMethod"] = json!("client_secret_post");
    body["authorization"]["audience"] = json!("https://register.example");
    let source = bench.source(&body).await;
    bench.gives_tokens();
    bench.network.text(URL, 401, "", "");
    // A fresh one is not asked for twice.
    assert_eq!(failed(bench.ask(source, &configuration).await), "it has status 401");
    let asked = bench.network.asked();
    let form = "grant_type=client_credentials&audience=https%3A%2F%2Fregister.example&client_id=issuerd&client_secret=the+secret";
    assert_eq!(asked[0], (TOKEN.into(), Some(form.into()), None));
    assert_eq!(asked.len(), 2);
    assert_eq!(failed(bench.ask(source, &configuration).await), "it has status 401");
    let places: Vec<_> = bench.network.asked().into_iter().map(|asked| asked.0).collect();
    assert_eq!(places, [URL, TOKEN, URL]);
}

#[tokio::test]
async fn of_many_at_once_one_asks_for_the_token() {
    let bench = bench().await;
    let configuration = bench.configuration().await;
    let source = bench.plain().await;
    bench.gives_tokens();
    bench.network.answer(URL, 200, &json!({}));
    let all = (0..100).map(|_| bench.ask(source, &configuration));
    assert!(futures_util::future::join_all(all).await.iter().all(Result::is_ok));
    assert_eq!(bench.network.asked().iter().filter(|asked| asked.0 == TOKEN).count(), 1);
}

// Nobody waits for one who waits: a token endpoint that is down is asked once for all.
#[tokio::test]
async fn many_at_once_share_a_failure_as_well() {
    let bench = bench().await;
    let configuration = bench.configuration().await;
    let source = bench.source(&oauth()).await;
    bench.network.down(TOKEN);
    let all = (0..20).map(|_| bench.ask(source, &configuration));
    for answer in futures_util::future::join_all(all).await {
        assert_eq!(unavailable(answer), "its token endpoint: no answer");
    }
    assert_eq!(bench.network.asked().len(), 1);
}

// It keeps the answer although who asked has given up.
#[tokio::test]
async fn who_gives_up_waiting_leaves_the_token_to_the_next() {
    let bench = bench().await;
    let configuration = bench.configuration().await;
    let source = bench.plain().await;
    bench.gives_tokens();
    bench.network.answer(URL, 200, &json!({}));
    let asking = bench.ask(source, &configuration);
    assert!(futures_util::FutureExt::now_or_never(asking).is_none());
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    bench.ask(source, &configuration).await.unwrap();
    let places: Vec<_> = bench.network.asked().into_iter().map(|asked| asked.0).collect();
    assert_eq!(places, [TOKEN, URL]);
}

#[tokio::test]
async fn a_token_response_that_cannot_be_used_is_a_failure() {
    let bench = bench().await;
    let configuration = bench.configuration().await;
    let source = bench.source(&oauth()).await;
    for (status, body) in [
        (200, json!({ "access_token": "t" })),
        (200, json!({ "access_token": "t", "token_type": "mac" })),
        (200, json!({ "access_token": "a\nb", "token_type": "Bearer" })),
        (200, json!({ "access_token": "", "token_type": "Bearer" })),
        (200, json!([])),
        (400, json!({ "error": "invalid_client", "error_description": "a secret" })),
        (302, json!({})),
    ] {
        bench.network.answer(TOKEN, status, &body);
        let reason = failed(bench.ask(source, &configuration).await);
        assert!(reason.starts_with("its token") && !reason.contains("secret"), "{reason}");
    }
    for status in [429, 500, 503] {
        bench.network.answer(TOKEN, status, &json!({}));
        assert_eq!(
            unavailable(bench.ask(source, &configuration).await),
            format!("its token endpoint has status {status}")
        );
    }
    assert!(bench.network.asked().iter().all(|asked| asked.0 == TOKEN));
}

// SEC-SSRF-02
#[tokio::test]
async fn a_redirect_leads_only_where_a_source_may_be_and_carries_no_secret_elsewhere() {
    let bench = bench().await;
    let configuration = bench.configuration().await;
    let mut body = register();
    body["requestParameters"] = json!({});
    let get = bench.source(&body).await;
    body["requestMethod"] = json!("POST");
    let post = bench.source(&body).await;
    let (same, other) = ("https://register.example/v2", "https://other.example/people");
    let key = || Some("the-key".to_owned());
    bench.network.answer(same, 200, &json!({ "at": "same" }));
    bench.network.answer(other, 200, &json!({ "at": "other" }));
    for status in [301, 302, 303, 307, 308] {
        bench.network.redirect(URL, status, same);
        assert_eq!(bench.ask(get, &configuration).await, Ok(json!({ "at": "same" })));
        assert_eq!(bench.network.asked()[1], (same.into(), None, key()));
        bench.ask(post, &configuration).await.unwrap();
        let body = matches!(status, 307 | 308).then(|| "{}".to_owned());
        assert_eq!(bench.network.asked()[1], (same.into(), body, key()), "{status}");
        bench.network.redirect(URL, status, other);
        bench.ask(get, &configuration).await.unwrap();
        assert_eq!(bench.network.asked()[1], (other.into(), None, None));
        let posted = bench.ask(post, &configuration).await;
        assert_eq!(posted.is_ok(), !matches!(status, 307 | 308), "{status}");
        bench.network.asked();
    }
    for hostile in [
        "http://register.example/people",
        "https://127.0.0.1/people",
        "https://[::1]/people",
        "https://2130706433/",
        "https://169.254.169.254/latest",
        "https://localhost/",
        "https://register.example@evil.example/",
        "file:///etc/passwd",
    ] {
        bench.network.redirect(URL, 302, hostile);
        assert!(failed(bench.ask(get, &configuration).await).starts_with("it redirects"), "{hostile}");
        assert_eq!(bench.network.asked().len(), 1, "{hostile}");
    }
    // On the way back the path is one that others chose.
    bench.network.redirect(URL, 302, other);
    bench.network.redirect(other, 302, same);
    bench.ask(get, &configuration).await.unwrap();
    assert_eq!(bench.network.asked()[2], (same.into(), None, None));
    bench.network.redirect(URL, 302, URL);
    assert_eq!(failed(bench.ask(get, &configuration).await), "it redirects more than 3 times");
    assert_eq!(bench.network.asked().len(), 4);
}
