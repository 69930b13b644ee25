//! Hostile guests, written as text, and what the host makes of them.

mod crowd;
mod hooks;
mod hostile;
mod load;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use super::contract::claim_source::issuer::plugin::http::{HttpError, Response};
use super::contract::{ClaimContext, CredentialConfiguration, Outcome, Wallet};
use super::registry::Plugins;
use super::room::{Outgoing, Outside};
use super::secrets::Secrets;
use super::settings::{HttpGrant, Limits, PluginSettings, Settings};
use super::{CallError, CallFigures, HostParts, PluginCalls, PluginObserver};
use crate::base::clock::ManualClock;
use crate::base::random::{NoEntropy, SystemRandom};
use crate::base::secret::Secret;

const CONTRACT: &str = include_str!("../../../../sdk/wit/issuer-plugin-1.0.0/plugin.wit");
const BASE: &str = include_str!("guests/base.wat");

/// A component of a world of `wit`, made of a guest and what all guests have in common.
fn component(guest: &str, base: &str, wit: &str, world: &str) -> Vec<u8> {
    // Imports must come first in a module.
    let (imports, rest): (Vec<_>, Vec<_>) = expressions(guest).into_iter().partition(|it| it.starts_with("(import"));
    let text = format!("(module\n{}\n{base}\n{})", imports.join("\n"), rest.join("\n"));
    let mut module = wat::parse_str(text).unwrap();
    let mut resolve = Resolve::default();
    let package = resolve.push_str("plugin.wit", wit).unwrap();
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).unwrap();
    let mut encoder = ComponentEncoder::default();
    encoder.module(&module).unwrap();
    encoder.encode().unwrap()
}

/// The top-level expressions of a guest, without comments.
fn expressions(text: &str) -> Vec<String> {
    let text: String = text.lines().filter(|line| !line.starts_with(";;")).collect::<Vec<_>>().join("\n");
    let (mut all, mut depth, mut quoted, mut escaped) = (vec![String::new()], 0, false, false);
    for character in text.chars() {
        all.last_mut().unwrap().push(character);
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ => continue,
        }
        if depth == 0 && !quoted && !escaped {
            all.push(String::new());
        }
    }
    all.into_iter().map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()).collect()
}

fn guest(text: &str) -> Vec<u8> {
    component(text, BASE, CONTRACT, "claim-source")
}

/// What the observer was told.
#[derive(Default)]
struct Told {
    calls: Mutex<Vec<(String, &'static str, &'static str, CallFigures)>>,
    lines: Mutex<(u64, u64)>,
    loaded: Mutex<Vec<(String, bool)>>,
    in_flight: Mutex<(usize, usize)>,
}

impl PluginObserver for Told {
    fn called(&self, plugin: &str, export: &'static str, outcome: &'static str, call: &CallFigures) {
        self.calls.lock().unwrap().push((plugin.to_owned(), export, outcome, *call));
    }
    fn queued(&self, _: &str, _: f64) {}
    fn in_flight(&self, _: &str, running: usize, waiting: usize) {
        let mut most = self.in_flight.lock().unwrap();
        *most = (most.0.max(running), most.1.max(waiting));
    }
    fn requested(&self, _: &str, _: &str, _: &'static str, _: f64) {}
    fn logged(&self, _: &str, kept: u64, dropped: u64) {
        let mut lines = self.lines.lock().unwrap();
        *lines = (lines.0 + kept, lines.1 + dropped);
    }
    fn loaded(&self, plugin: &str, _: &str, good: bool, _: f64) {
        self.loaded.lock().unwrap().push((plugin.to_owned(), good));
    }
}

impl Told {
    fn outcomes(&self) -> Vec<&'static str> {
        self.calls.lock().unwrap().iter().map(|call| call.2).collect()
    }

    fn last(&self) -> (&'static str, CallFigures) {
        let calls = self.calls.lock().unwrap();
        let last = calls.last().unwrap();
        (last.2, last.3)
    }
}

/// A world whose servers never answer.
struct Silence;

impl Outside for Silence {
    fn now(&self) -> u64 {
        1_700_000_000_000
    }
    fn random(&self, length: usize) -> Result<Vec<u8>, NoEntropy> {
        Ok(vec![4; length])
    }
    fn http(&self, _: Outgoing) -> BoxFuture<'_, Result<Response, HttpError>> {
        Box::pin(std::future::pending())
    }
}

/// An installation with plugins, in a folder of its own.
struct Site {
    folder: tempfile::TempDir,
    settings: Settings,
    told: Arc<Told>,
    clock: Arc<ManualClock>,
    key: u8,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings {
            cache_dir: folder.path().join("code"),
            max_concurrent: 16,
            plugins: BTreeMap::new(),
            secrets: BTreeMap::new(),
        };
        let clock = Arc::new(ManualClock::new(Timestamp::from_second(1_700_000_000).unwrap()));
        Self { folder, settings, told: Arc::default(), clock, key: 7 }
    }

    /// With a plugin `name` of this component.
    fn with(mut self, name: &str, component: &[u8]) -> Self {
        self.put(name, component);
        self
    }

    fn put(&mut self, name: &str, component: &[u8]) {
        let file = self.file(name);
        std::fs::write(&file, component).unwrap();
        let limits = Limits { wall: Duration::from_secs(2), ..Limits::default() };
        let made = PluginSettings { name: name.to_owned(), file, limits, ..PluginSettings::default() };
        self.settings.plugins.insert(name.to_owned(), made);
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.wasm"))
    }

    fn cache(&self) -> &Path {
        &self.settings.cache_dir
    }

    fn plugin(&mut self, name: &str) -> &mut PluginSettings {
        self.settings.plugins.get_mut(name).unwrap()
    }

    fn parts(&self) -> HostParts {
        HostParts {
            clock: self.clock.clone(),
            random: Arc::new(SystemRandom::default()),
            observer: self.told.clone(),
            code_key: Secret::new(vec![self.key; 32]),
        }
    }

    async fn start(&self) -> Result<Arc<Plugins>, Vec<String>> {
        Plugins::start_in(&self.settings, self.parts(), &Secrets::default(), Some(Arc::new(Silence))).await
    }
}

fn register() -> HttpGrant {
    HttpGrant {
        origin: "https://register.example".to_owned(),
        methods: vec!["GET".to_owned()],
        path: None,
        private: false,
        ca_file: None,
    }
}

/// What a plugin is asked with; guests attack when the request id begins with an x.
fn context(request_id: &str) -> ClaimContext {
    ClaimContext {
        request_id: request_id.to_owned(),
        credential_issuer: "https://issuer.example".to_owned(),
        offer: None,
        wallet: Wallet { client_id: None, attested: false, attester: None },
        identity: None,
        claims: "{}".to_owned(),
        configuration: CredentialConfiguration {
            id: "person".to_owned(),
            format: "dc+sd-jwt".to_owned(),
            credential_type: "https://issuer.example/person".to_owned(),
            scope: None,
            claims: vec![],
        },
        credential_identifier: None,
        holder_keys: vec![],
        locales: vec![],
        deadline: 0,
        extra: "{}".to_owned(),
    }
}

async fn ask(plugins: &Plugins, name: &str, request_id: &str) -> Result<Outcome, CallError> {
    plugins.serving().fetch(name, context(request_id)).await
}

fn is_good(outcome: &Result<Outcome, CallError>) -> bool {
    matches!(outcome, Ok(Outcome::Ready(set)) if set.claims == r#"{"given_name":"Mika","family_name":"Sommer"}"#)
}
