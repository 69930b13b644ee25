//! A plugin with grants, and a call of it, for tests.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde_json::json;
use tokio::time::{Duration, Instant};

use super::Granted;
use crate::base::clock::ManualClock;
use crate::base::random::SystemRandom;
use crate::base::secret::Secret;
use crate::plugin::outbound::Lookup;
use crate::plugin::room::{Room, Stage};
use crate::plugin::secrets::Secrets;
use crate::plugin::settings::{
    CacheGrant, HttpGrant, Limits, PluginSettings, SecretGrant, SecretPlace, SecretSettings, SecretUse,
};
use crate::plugin::{CallFigures, HostParts, PluginObserver};

/// What the observer was told.
#[derive(Default)]
pub(in crate::plugin) struct Told {
    pub(in crate::plugin) requests: Mutex<Vec<(String, &'static str)>>,
    pub(in crate::plugin) lines: Mutex<Vec<(u64, u64)>>,
}

impl PluginObserver for Told {
    fn called(&self, _: &str, _: &'static str, _: &'static str, _: &CallFigures) {}
    fn queued(&self, _: &str, _: f64) {}
    fn in_flight(&self, _: &str, _: usize, _: usize) {}
    fn requested(&self, _: &str, origin: &str, outcome: &'static str, _: f64) {
        self.requests.lock().unwrap().push((origin.to_owned(), outcome));
    }
    fn logged(&self, _: &str, kept: u64, dropped: u64) {
        self.lines.lock().unwrap().push((kept, dropped));
    }
    fn loaded(&self, _: &str, _: &str, _: bool, _: f64) {}
}

/// Gives every name the same addresses.
pub(in crate::plugin) struct Same(pub(in crate::plugin) Vec<IpAddr>);

impl Lookup for Same {
    fn lookup(&self, _: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let addresses = self.0.clone();
        Box::pin(async move { Ok(addresses) })
    }
}

/// A plugin that is being set up.
pub(in crate::plugin) struct House {
    pub(in crate::plugin) settings: PluginSettings,
    pub(in crate::plugin) secrets: BTreeMap<String, SecretSettings>,
    pub(in crate::plugin) addresses: Vec<IpAddr>,
    pub(in crate::plugin) told: Arc<Told>,
    pub(in crate::plugin) clock: Arc<ManualClock>,
}

impl House {
    /// A plugin without any grant.
    pub(in crate::plugin) fn new() -> Self {
        let config = json!({ "people_url": "https://register.example/v1/people", "level": 2 });
        let settings = PluginSettings {
            name: "hr".to_owned(),
            config: config.as_object().unwrap().clone(),
            limits: Limits { http_timeout: Duration::from_secs(2), ..Limits::default() },
            ..PluginSettings::default()
        };
        let clock = Arc::new(ManualClock::new(Timestamp::from_second(1_700_000_000).unwrap()));
        let addresses = vec!["127.0.0.1".parse().unwrap()];
        Self { settings, secrets: BTreeMap::new(), addresses, told: Arc::default(), clock }
    }

    /// Adds a secret, whose value is `value-of-NAME`.
    pub(in crate::plugin) fn secret(mut self, name: &str, uses: &[SecretUse], origins: &[&str]) -> Self {
        let section = format!("{name}-section");
        let origins = origins.iter().map(ToString::to_string).collect();
        let from = SecretPlace::Environment("NOT_READ".to_owned());
        self.secrets.insert(section.clone(), SecretSettings { from, origins });
        let uses = uses.iter().copied().collect();
        self.settings.secrets.push(SecretGrant { name: name.to_owned(), secret: section, uses });
        self
    }

    /// Allows requests.
    pub(in crate::plugin) fn http(mut self, origin: &str, methods: &[&str], path: Option<&str>, private: bool) -> Self {
        self.settings.http.push(HttpGrant {
            origin: origin.to_owned(),
            methods: methods.iter().map(ToString::to_string).collect(),
            path: path.map(ToOwned::to_owned),
            private,
            ca_file: None,
        });
        self
    }

    /// Allows to keep something.
    pub(in crate::plugin) fn cache(mut self) -> Self {
        self.settings.cache = Some(CacheGrant { bytes: 1_000, entries: 10 });
        self
    }

    /// Its grants, or what is wrong with them.
    pub(in crate::plugin) fn try_granted(&self) -> Result<Granted, Vec<String>> {
        let secrets =
            Secrets::made_up(&self.secrets, |section| format!("value-of-{}", section.trim_end_matches("-section")));
        let parts = HostParts {
            clock: self.clock.clone(),
            random: Arc::new(SystemRandom::default()),
            observer: self.told.clone(),
            code_key: Secret::new(vec![7; 32]),
        };
        let lookup: Arc<dyn Lookup> = Arc::new(Same(self.addresses.clone()));
        Granted::with_lookup(&self.settings, &secrets, &parts, &lookup)
    }

    /// Its grants, after it described itself as version 1.0.0.
    pub(in crate::plugin) fn granted(&self) -> Arc<Granted> {
        let granted = self.try_granted().unwrap();
        granted.settle("1.0.0", None);
        Arc::new(granted)
    }

    /// A call that may take five seconds.
    pub(in crate::plugin) fn room(&self) -> Room {
        call(&self.granted(), Duration::from_secs(5))
    }
}

/// A call.
pub(in crate::plugin) fn call(granted: &Arc<Granted>, time: Duration) -> Room {
    let stage = Stage::Call { request_id: "0123456789abcdef".to_owned(), deadline: Instant::now() + time };
    Room::new(granted.clone(), granted.outside(), stage)
}
