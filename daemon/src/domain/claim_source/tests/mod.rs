//! The catalogue of claim sources and the configurations that name them.

mod asking;
mod reading;

use serde_json::{Map, Value, json};

use super::catalog::{ClaimSources, Saved, SourceParts};
use super::*;
use crate::base::clock::ManualClock;
use crate::base::random::SystemRandom;
use crate::base::secret::Secret;
use crate::domain::configuration::catalog::{Configurations, Saved as SavedConfiguration};
use crate::domain::event::Unheard;
use crate::domain::outbound::Reach;
use crate::domain::outbound::testing::Network;
use crate::domain::roster::{LiveRoster, Places};
use crate::domain::testing::{Told, ready};
use crate::plugin::contract::Gate;
use crate::store::Store;
use crate::store::memory::MemoryEngine;
use crate::store::named::Deleted;
use crate::store::seal::Sealer;

struct Bench {
    sources: ClaimSources,
    configurations: Configurations,
    store: Store,
    network: Arc<Network>,
    clock: Arc<ManualClock>,
}

async fn sources(store: Store, clock: &Arc<ManualClock>, network: &Arc<Network>) -> ClaimSources {
    let told = Told::default();
    told.source("hr", Ok(ready(&json!({}))));
    told.source("crm", Ok(ready(&json!({}))));
    told.hook("pin", Ok(Gate::Abstain));
    let parts = SourceParts {
        store,
        clock: clock.clone(),
        random: Arc::new(SystemRandom::default()),
        roster: LiveRoster::new(Places::default(), Arc::new(told)),
        events: Arc::new(Unheard),
        outbound: network.clone(),
        reach: Reach::default(),
    };
    ClaimSources::load(parts).await.unwrap()
}

async fn bench() -> Bench {
    let (clock, random) = (Arc::new(ManualClock::new(jiff::Timestamp::UNIX_EPOCH)), Arc::new(SystemRandom::default()));
    let sealer = Arc::new(Sealer::new(&Secret::new(vec![7; 32])));
    let store = Store::new(Arc::new(MemoryEngine::new(clock.clone())), sealer, random.clone(), clock.clone());
    let configurations = Configurations::load(store.clone(), clock.clone(), random).await.unwrap();
    let network = Arc::new(Network::default());
    Bench { sources: sources(store.clone(), &clock, &network).await, configurations, store, network, clock }
}

fn map(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn id(shown: &Value) -> Uuid {
    shown["id"].as_str().unwrap().parse().unwrap()
}

fn body(name: &str, plugin: &str) -> Value {
    json!({ "name": name, "type": "plugin", "plugin": plugin })
}

impl Bench {
    /// Makes one: what is shown of it.
    async fn made(&self, body: &Value) -> Value {
        match self.sources.create(&map(body)).await.unwrap() {
            Saved::Saved(shown) => shown,
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
    let shown = bench.made(&body("Register", "hr")).await;
    let id = id(&shown);
    let expected = json!({
        "id": id, "name": "Register", "type": "plugin", "plugin": "hr", "pluginState": "loaded",
        "createdAt": "1970-01-01T00:00:00Z",
    });
    assert_eq!(shown, expected);
    assert_eq!(bench.sources.show(&bench.sources.find(id).unwrap()), expected);
    // What was read may be sent back.
    let mut changed = shown.clone();
    changed["plugin"] = json!("crm");
    assert!(matches!(bench.sources.replace(id, &map(&changed)).await.unwrap(), Saved::Saved(_)));
    // Another process that opens the same store sees it.
    let other = sources(bench.store.clone(), &bench.clock, &bench.network).await;
    assert_eq!(other.show(&other.find(id).unwrap())["plugin"], "crm");
    assert!(matches!(bench.sources.replace(Uuid::nil(), &map(&changed)).await.unwrap(), Saved::Unknown));
    assert_eq!(bench.sources.delete(id).await.unwrap(), Deleted::Done);
    assert_eq!(bench.sources.delete(id).await.unwrap(), Deleted::Unknown);
    assert!(bench.sources.all().is_empty());
}

#[tokio::test]
async fn each_mistake_names_its_field() {
    let bench = bench().await;
    assert_eq!(bench.wrong(&json!({ "type": "plugin" })).await, ["name", "plugin"]);
    for (field, values) in [
        ("name", vec![json!(""), json!(1), json!("x".repeat(256)), json!(null)]),
        ("type", vec![json!("https"), json!("Plugin")]),
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
    let source = id(&bench.made(&body("Register", "hr")).await);
    let configuration = bench.configure(&json!(source)).await.unwrap();
    let kept = bench.configurations.find(configuration).unwrap();
    assert_eq!(kept.claim_source_id, Some(source));
    assert_eq!(bench.sources.delete(source).await.unwrap(), Deleted::InUse(configuration));
    assert!(bench.sources.find(source).is_some());
    assert!(bench.configurations.delete(configuration).await.unwrap());
    assert_eq!(bench.sources.delete(source).await.unwrap(), Deleted::Done);
}
