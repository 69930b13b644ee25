//! The interaction hook, with a hook that signs as the reference's sample does.

use std::time::Duration;

use super::*;
use crate::base::clock::ManualClock;
use crate::base::random::SystemRandom;
use crate::domain::login::testing::site;
use crate::store::memory::MemoryEngine;
use crate::store::seal::Sealer;
use crate::wire::json::Json;
use crate::wire::jws::Jws;

const START: i64 = 1_800_000_000;

struct Bench {
    hooks: InteractionHooks,
    clock: Arc<ManualClock>,
}

fn bench_at(issuer: &str) -> Bench {
    let clock = Arc::new(ManualClock::new(Timestamp::from_second(START).unwrap()));
    let random = Arc::new(SystemRandom::default());
    let engine = Arc::new(MemoryEngine::new(clock.clone()));
    let store = Store::new(engine, Arc::new(Sealer::new(&Secret::new(vec![7; 32]))), random.clone(), clock.clone());
    Bench { hooks: InteractionHooks::new(store, Arc::new(site(issuer)), clock.clone(), random), clock }
}

fn bench() -> Bench {
    bench_at("https://issuer.example")
}

fn map(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

impl Bench {
    async fn set(&self, hook: &Value) -> Result<Value, Vec<String>> {
        match self.hooks.set(&map(hook)).await.unwrap() {
            Set::Saved(shown) => Ok(shown),
            Set::Invalid(details) => Err(details.into_iter().map(|detail| detail.param).collect()),
        }
    }

    /// Sets a hook; its secret.
    async fn with_hook(&self) -> Vec<u8> {
        let hook = json!({ "url": "https://hook.example/page", "claims": ["email"], "sessionTimeoutInSec": 120 });
        let shown = self.set(&json!({ "interactionHook": hook })).await.unwrap();
        base64::engine::general_purpose::STANDARD.decode(shown["interactionHook"]["secret"].as_str().unwrap()).unwrap()
    }

    /// The payload of the token that a browser brings to the hook.
    async fn told(&self) -> Value {
        let claims = map(&json!({ "email": "mika@example.org", "family_name": "Sommer" }));
        let session = HookSession { id: "session-1", redirect_url: "https://issuer.example/back", claims: &claims };
        let location = self.hooks.begin(&session).await.unwrap().unwrap();
        let token = location.strip_prefix("https://hook.example/page?session_token=").unwrap();
        Json::Object(Jws::decode(token).unwrap().claims().unwrap()).into_value()
    }

    fn answer(&self, state: &Value) -> Value {
        let now = self.hooks.clock.now().as_second();
        json!({
            "iss": "https://hook.example/page", "aud": "https://issuer.example", "iat": now, "exp": now + 60,
            "state": state, "claims": { "license": "B" }, "claimsToPersist": ["license", "other"],
        })
    }

    async fn finish(&self, secret: &[u8], answer: &Value) -> Result<HookAnswer, HookError> {
        self.hooks.finish(&sign(secret, answer)).await.unwrap()
    }
}

#[tokio::test]
async fn the_hook_is_told_and_answers_once() {
    let bench = bench();
    let secret = bench.with_hook().await;
    assert_eq!(secret.len(), 32);
    let told = bench.told().await;
    for (member, value) in [
        ("iss", json!("https://issuer.example")),
        ("aud", json!("https://hook.example/page")),
        ("iat", json!(START)),
        ("exp", json!(START + 120)),
        ("redirectUrl", json!("https://issuer.example/back")),
        ("claims", json!({ "email": "mika@example.org" })),
    ] {
        assert_eq!(told[member], value);
    }
    let answer = bench.answer(&told["state"]);
    let said = bench.finish(&secret, &answer).await.ok().unwrap();
    assert_eq!(said.session_id, "session-1");
    assert_eq!(said.claims, map(&json!({ "license": "B" })));
    assert_eq!(said.persist, map(&json!({ "license": "B" })));
    // The same session with another token is a replay as well.
    let mut again = answer.clone();
    again["claims"] = json!({ "license": "C" });
    for replayed in [&answer, &again] {
        assert_eq!(bench.finish(&secret, replayed).await.err(), Some(HookError::Replayed));
    }
}

#[tokio::test]
async fn each_defect_of_a_token_is_refused() {
    let bench = bench();
    let secret = bench.with_hook().await;
    let state = bench.told().await["state"].clone();
    let good = bench.answer(&state);
    for (member, value) in [
        ("iss", json!("https://evil.example")),
        ("iss", Value::Null),
        ("aud", json!("https://other.example")),
        ("aud", json!(["https://issuer.example", "https://other.example"])),
        ("iat", json!(START + 61)),
        ("iat", json!("now")),
        ("exp", json!(START - 60)),
        ("exp", json!(1e308)),
        ("exp", Value::Null),
        ("state", json!("session-1")),
        ("state", json!(format!("{START}.c2Vzc2lvbi0x.AAAA"))),
        ("state", Value::Null),
        ("claims", json!([])),
        ("claimsToPersist", json!("license")),
        ("claimsToPersist", json!([1])),
    ] {
        let mut wrong = good.clone();
        wrong[member] = value;
        let refused = bench.finish(&secret, &wrong).await.err();
        assert!(matches!(refused, Some(HookError::Invalid(_))), "{member}: {refused:?}");
    }
    let wrong_key = bench.finish(&[0; 32], &good).await.err();
    assert_eq!(wrong_key, Some(HookError::Invalid("has a wrong signature")));
    assert!(bench.finish(&secret, &good).await.is_ok());
}

// SEC-PROOF: no other algorithm than HS256, and the token that was sent out is no answer.
#[tokio::test]
async fn tokens_of_other_kinds_are_refused() {
    let bench = bench();
    let secret = bench.with_hook().await;
    let told = bench.told().await;
    let payload = B64.encode(bench.answer(&told["state"]).to_string());
    for header in [
        r#"{"alg":"none"}"#,
        r#"{"alg":"HS512"}"#,
        r#"{"alg":"HS256","typ":"at+jwt"}"#,
        r#"{"alg":"HS256","crit":[]}"#,
        "{}",
    ] {
        let signed = format!("{}.{payload}", B64.encode(header));
        for signature in [Vec::new(), hmac(&secret, &[signed.as_bytes()]).to_vec()] {
            let token = format!("{signed}.{}", B64.encode(signature));
            assert!(matches!(bench.hooks.finish(&token).await.unwrap(), Err(HookError::Invalid(_))), "{header}");
        }
    }
    let reflected = bench.finish(&secret, &told).await.err();
    assert!(matches!(reflected, Some(HookError::Invalid(_))));
    for nonsense in ["", ".", "..", "a.b.c"] {
        assert!(bench.hooks.finish(nonsense).await.unwrap().is_err());
    }
}

#[tokio::test]
async fn who_comes_back_late_is_refused() {
    let bench = bench();
    let secret = bench.with_hook().await;
    let state = bench.told().await["state"].clone();
    bench.clock.advance(Duration::from_secs(119));
    let early = bench.told().await["state"].clone();
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.finish(&secret, &bench.answer(&state)).await.err(), Some(HookError::TimedOut));
    assert!(bench.finish(&secret, &bench.answer(&early)).await.is_ok());
}

#[tokio::test]
async fn a_hook_is_set_switched_off_and_taken_away() {
    let bench = bench();
    assert_eq!(bench.hooks.show().await.unwrap(), json!({}));
    let secret = bench.with_hook().await;
    let shown = bench.hooks.show().await.unwrap();
    assert_eq!(shown["interactionHook"]["claims"], json!(["email"]));
    // What was read may be sent back, and the secret stays.
    assert_eq!(bench.set(&shown).await.unwrap(), shown);
    let state = bench.told().await["state"].clone();
    let mut off = shown.clone();
    off["interactionHook"]["disabled"] = json!(true);
    bench.set(&off).await.unwrap();
    let claims = Map::new();
    let session = HookSession { id: "s", redirect_url: "https://issuer.example/back", claims: &claims };
    assert_eq!(bench.hooks.begin(&session).await.unwrap(), None);
    assert_eq!(bench.finish(&secret, &bench.answer(&state)).await.err(), Some(HookError::NoHook));
    assert_eq!(bench.set(&json!({})).await.unwrap(), json!({}));
    assert_ne!(bench.with_hook().await, secret);
}

#[tokio::test]
async fn each_mistake_names_its_field() {
    let bench = bench();
    for (hook, field) in [
        (json!({}), "url"),
        (json!({ "url": "http://hook.example" }), "url"),
        (json!({ "url": "https://hook.example?a=b" }), "url"),
        (json!({ "url": "https://10.0.0.1" }), "url"),
        (json!({ "url": "http://127.0.0.1" }), "url"),
        (json!({ "url": "https://hook.example", "claims": "email" }), "claims"),
        (json!({ "url": "https://hook.example", "sessionTimeoutInSec": 0 }), "sessionTimeoutInSec"),
        (json!({ "url": "https://hook.example", "sessionTimeoutInSec": 3_601 }), "sessionTimeoutInSec"),
        (json!({ "url": "https://hook.example", "disabled": "no" }), "disabled"),
        (json!({ "url": "https://hook.example", "sessionTimeout": 1 }), "sessionTimeout"),
    ] {
        let mistakes = bench.set(&json!({ "interactionHook": hook })).await.unwrap_err();
        assert_eq!(mistakes, [format!("interactionHook.{field}")], "{hook}");
    }
    let local = bench_at("http://127.0.0.1:8080");
    assert!(local.set(&json!({ "interactionHook": { "url": "http://127.0.0.1:9000/hook" } })).await.is_ok());
}
