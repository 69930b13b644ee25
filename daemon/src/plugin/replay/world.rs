//! The world of a case: its clock stands still, its random bytes repeat, and its servers answer what is recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};

use crate::base::random::NoEntropy;
use crate::plugin::case::Case;
use crate::plugin::case::wire::Exchange;
use crate::plugin::contract::claim_source::issuer::plugin::http::{HttpError, Request, Response};
use crate::plugin::grants::Granted;
use crate::plugin::outbound::place;
use crate::plugin::room::{Outgoing, Outside, Transcript};
use crate::plugin::secrets::Secrets;
use crate::plugin::settings::{
    CacheGrant, HttpGrant, Limits, PluginSettings, SecretGrant, SecretPlace, SecretSettings, SecretUse,
};
use crate::plugin::{CallFigures, PluginObserver};

/// What a case says of the outside.
pub(super) struct World {
    case: Case,
    now: u64,
    random: Vec<u8>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    drawn: usize,
    /// Recorded requests that were made, by index.
    made: BTreeSet<usize>,
    unrecorded: Vec<String>,
}

impl World {
    /// The world of a case.
    pub(super) fn of(case: &Case) -> Result<Self, String> {
        Ok(Self { case: case.clone(), now: case.millis(), random: case.random()?, state: Mutex::default() })
    }

    /// What the plugin may do there: all that the case has, and a cache.
    pub(super) fn granted(self: &Arc<Self>, limits: &Limits) -> Result<Arc<Granted>, String> {
        let uses = BTreeSet::from([SecretUse::Reveal, SecretUse::Header, SecretUse::Hmac]);
        let grant = |name: &String| SecretGrant { name: name.clone(), secret: name.clone(), uses: uses.clone() };
        let settings = PluginSettings {
            name: "case".to_owned(),
            config: self.case.config.clone(),
            secrets: self.case.secrets.keys().map(grant).collect(),
            http: self.http()?,
            cache: Some(CacheGrant { bytes: 1 << 20, entries: 1024 }),
            limits: *limits,
            ..PluginSettings::default()
        };
        // The place is never read: the case has the values.
        let section = |name: &String| {
            let from = SecretPlace::Environment(String::new());
            (name.clone(), SecretSettings { from, origins: Vec::new() })
        };
        let sections: BTreeMap<_, _> = self.case.secrets.keys().map(section).collect();
        let value = |name: &str| self.case.secrets.get(name).cloned().unwrap_or_default();
        let secrets = Secrets::made_up(&sections, value);
        Granted::in_world(&settings, &secrets, Arc::new(Nobody), self.clone())
            .map(Arc::new)
            .map_err(|problems| problems.join("; "))
    }

    /// A grant for each origin that has a recorded request.
    fn http(&self) -> Result<Vec<HttpGrant>, String> {
        let mut methods: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for Exchange { request, .. } in &self.case.http {
            let url = place::parse(&request.url).map_err(|error| format!("{}: {error}", request.url))?;
            methods.entry(place::origin(&url)).or_default().insert(request.method.to_ascii_uppercase());
        }
        let grant = |(origin, methods): (String, BTreeSet<String>)| HttpGrant {
            origin,
            methods: methods.into_iter().collect(),
            path: None,
            private: true,
            ca_file: None,
        };
        Ok(methods.into_iter().map(grant).collect())
    }

    /// What the plugin asked for that the case does not have.
    pub(super) fn unrecorded(&self, transcript: &Transcript) -> Vec<String> {
        let mut unrecorded = self.state().unrecorded.clone();
        // A request to an origin without any recorded request ended at the gate.
        let refused = transcript.http.iter().filter(|(_, answer)| matches!(answer, Err(HttpError::Denied(_))));
        for (request, _) in refused.filter(|(request, _)| !self.has(request)) {
            unrecorded.push(told(request));
        }
        let secrets: BTreeSet<_> = transcript.secrets.iter().collect();
        let missing = secrets.into_iter().filter(|name| !self.case.secrets.contains_key(*name));
        unrecorded.extend(missing.map(|name| format!("the secret {name} is not in the case")));
        unrecorded
    }

    fn has(&self, request: &Request) -> bool {
        self.case.http.iter().any(|exchange| exchange.request.is(request))
    }

    fn answer(&self, request: &Request) -> Result<Response, HttpError> {
        let mut state = self.state();
        let mut fitting = self.case.http.iter().enumerate().filter(|(_, exchange)| exchange.request.is(request));
        // The same request may be recorded twice with two answers; each is given once.
        if let Some((index, exchange)) = fitting.find(|(index, _)| !state.made.contains(index)) {
            state.made.insert(index);
            return exchange.answer.given();
        }
        let told = told(request);
        state.unrecorded.push(told.clone());
        Err(HttpError::Other(told))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn told(request: &Request) -> String {
    format!("{} {} is not in the case, or not with these headers and body", request.method, request.url)
}

impl Outside for World {
    fn now(&self) -> u64 {
        self.now
    }

    fn random(&self, length: usize) -> Result<Vec<u8>, NoEntropy> {
        let mut state = self.state();
        let bytes =
            self.random.iter().copied().cycle().skip(state.drawn % self.random.len().max(1)).take(length).collect();
        state.drawn += length;
        Ok(bytes)
    }

    fn http(&self, outgoing: Outgoing) -> BoxFuture<'_, Result<Response, HttpError>> {
        ready(self.answer(&outgoing.asked)).boxed()
    }
}

/// Nobody counts the calls of a replay.
struct Nobody;

impl PluginObserver for Nobody {
    fn called(&self, _: &str, _: &'static str, _: &'static str, _: &CallFigures) {}
    fn queued(&self, _: &str, _: f64) {}
    fn in_flight(&self, _: &str, _: usize, _: usize) {}
    fn requested(&self, _: &str, _: &str, _: &'static str, _: f64) {}
    fn logged(&self, _: &str, _: u64, _: u64) {}
    fn loaded(&self, _: &str, _: &str, _: bool, _: f64) {}
}
