//! The catalogue of claim sources and the configurations that name them.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::ClaimSource;
use super::catalog::{ClaimSourceDelete, ClaimSources, Saved};
use crate::base::clock::ManualClock;
use crate::base::random::SystemRandom;
use crate::base::secret::Secret;
use crate::domain::configuration::catalog::{Configurations, Saved as SavedConfiguration};
use crate::domain::event::Unheard;
use crate::domain::roster::{LiveRoster, Places};
use crate::domain::testing::{Told, ready};
use crate::plugin::contract::Gate;
use crate::store::Store;
use crate::store::memory::MemoryEngine;
use crate::store::seal::Sealer;

struct Bench {
    sources: ClaimSources,
    configurations: Configurations,
    store: Store,
}

async fn sources(store: Store) -> ClaimSources {
    let told = Told::default();
    told.source("hr", Ok(ready(&json!({}))));
    told.source("crm", Ok(ready(&json!({}))));
    told.hook("pin", Ok(Gate::Abstain));
    let (clock, random) = (Arc::new(ManualClock::new(jiff::Timestamp::UNIX_EPOCH)), Arc::new(SystemRandom::default()));
    let roster = LiveRoster::new(Places::default(), Arc::new(told));
    ClaimSources::load(store, clock, random, roster, Arc::new(Unheard)).await.unwrap()
}

async fn bench() -> Bench {
    let (clock, random) = (Arc::new(ManualClock::new(jiff::Timestamp::UNIX_EPOCH)), Arc::new(SystemRandom::default()));
    let sealer = Arc::new(Sealer::new(&Secret::new(vec![7; 32])));
    let store = Store::new(Arc::new(MemoryEngine::new(clock.clone())), sealer, random.clone(), clock.clone());
    let configurations = Configurations::load(store.clone(), clock, random).await.unwrap();
    Bench { sources: sources(store.clone()).await, configurations, store }
}

fn map(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn body(name: &str, plugin: &str) -> Value {
    json!({ "name": name, "type": "plugin", "plugin": plugin })
}

impl Bench {
    async fn made(&self, body: &Value) -> ClaimSource {
        match self.sources.create(&map(body)).await.unwrap() {
            Saved::Saved(source) => source,
            Saved::Invalid(mistakes) => panic!("{mistakes:?}"),
            Saved::Unknown => panic!("unknown"),
        }
    }

    async fn wrong(&self, body: &Value) -> Vec<String> {
        match self.sources.create(&map(body)).await.unwrap() {
            Saved::Invalid(mistakes) => mistakes.into_iter().map(|mistake| mistake.param).collect(),
            _ => panic!("{body}"),
        }
    }

    /// A new configuration that names a source; its id, or the mistakes.
    async fn configure(&self, claim_source: &Value) -> Result<Uuid, Value> {
        let body = json!({
            "type": format!("org.example.{}", claim_source.as_str().unwrap_or_default()),
            "claimMappings": {"org.example": {"name": {"mapFrom": "claims.name", "type": "string"}}},
            "expiresIn": {"days": 1},
            "claimSourceId": claim_source,
        });
        match self.configurations.create(crate::format::CredentialFormat::MsoMdoc, &map(&body)).await.unwrap() {
            SavedConfiguration::Saved(saved) => Ok(saved.id),
            SavedConfiguration::Invalid(mistakes) => Err(json!(mistakes)),
            SavedConfiguration::Unknown => panic!("unknown"),
        }
    }
}

#[tokio::test]
async fn a_source_is_made_replaced_found_and_deleted() {
    let bench = bench().await;
    let made = bench.made(&body("Register", "hr")).await;
    assert_eq!(*bench.sources.find(made.id).unwrap(), made);
    let shown = json!({
        "id": made.id, "name": "Register", "type": "plugin", "plugin": "hr", "createdAt": "1970-01-01T00:00:00Z",
    });
    assert_eq!(json!(made), shown);
    // What was read may be sent back.
    let mut changed = shown.clone();
    changed["plugin"] = json!("crm");
    assert!(matches!(bench.sources.replace(made.id, &map(&changed)).await.unwrap(), Saved::Saved(_)));
    // Another process that opens the same store sees it.
    assert_eq!(sources(bench.store.clone()).await.find(made.id).unwrap().plugin, "crm");
    assert!(matches!(bench.sources.replace(Uuid::nil(), &map(&changed)).await.unwrap(), Saved::Unknown));
    assert_eq!(bench.sources.delete(made.id).await.unwrap(), ClaimSourceDelete::Deleted);
    assert_eq!(bench.sources.delete(made.id).await.unwrap(), ClaimSourceDelete::Unknown);
    assert!(bench.sources.all().is_empty());
}

#[tokio::test]
async fn each_mistake_names_its_field() {
    let bench = bench().await;
    assert_eq!(bench.wrong(&json!({})).await, ["name", "type", "plugin"]);
    for (field, values) in [
        ("name", vec![json!(""), json!(1), json!("x".repeat(256)), json!(null)]),
        ("type", vec![json!("http"), json!("Plugin"), json!({})]),
        ("plugin", vec![json!("pin"), json!("unknown"), json!("HR"), json!("")]),
        ("url", vec![json!("https://register.example")]),
    ] {
        for value in values {
            let mut wrong = body("Register", "hr");
            wrong[field] = value;
            assert_eq!(bench.wrong(&wrong).await, [field], "{wrong}");
        }
    }
    assert!(bench.sources.all().is_empty());
}

#[tokio::test]
async fn a_configuration_names_a_source_that_is_there_and_keeps_it() {
    let bench = bench().await;
    let unknown = Uuid::from_u128(7).to_string();
    let mistake = bench.configure(&json!(unknown)).await.unwrap_err();
    let expected = json!([
        {"location": "body", "param": "claimSourceId", "msg": "Resource Not Found", "value": unknown}
    ]);
    assert_eq!(mistake, expected);
    assert_eq!(bench.configure(&json!("nonsense")).await.unwrap_err()[0]["param"], "claimSourceId");
    let source = bench.made(&body("Register", "hr")).await;
    let configuration = bench.configure(&json!(source.id)).await.unwrap();
    let kept = bench.configurations.find(configuration).unwrap();
    assert_eq!(kept.claim_source_id, Some(source.id));
    assert_eq!(bench.sources.delete(source.id).await.unwrap(), ClaimSourceDelete::InUse(configuration));
    assert!(bench.sources.find(source.id).is_some());
    assert!(bench.configurations.delete(configuration).await.unwrap());
    assert_eq!(bench.sources.delete(source.id).await.unwrap(), ClaimSourceDelete::Deleted);
}
