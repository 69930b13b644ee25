//! Plugins that say what a test tells them, and remember what they were asked.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::plugin::contract::{
    AuthContext, ClaimContext, ClaimSet, Denial, Enrichment, Gate, Outcome, Pending, Step, Verdict,
};
use crate::plugin::{CallError, Phase, PluginCalls, World};

/// Plugins without a component: those with an answer to `fetch` are claim sources, those with one to `admit` auth hooks.
#[derive(Default)]
pub(crate) struct Told {
    sources: Mutex<HashMap<String, Result<Outcome, CallError>>>,
    hooks: Mutex<HashMap<String, Result<Gate, CallError>>>,
    fetched: Mutex<Vec<ClaimContext>>,
    admitted: Mutex<Vec<AuthContext>>,
    verdicts: Mutex<HashMap<String, VecDeque<Result<Verdict, CallError>>>>,
    steps: Mutex<Vec<(AuthContext, Step)>>,
    asked: Mutex<Vec<String>>,
    refused: Mutex<Vec<String>>,
}

impl Told {
    pub(crate) fn source(&self, plugin: &str, answer: Result<Outcome, CallError>) {
        self.sources.lock().unwrap().insert(plugin.to_owned(), answer);
    }

    pub(crate) fn hook(&self, plugin: &str, answer: Result<Gate, CallError>) {
        self.hooks.lock().unwrap().insert(plugin.to_owned(), answer);
    }

    /// What an auth hook answers to the next step with a person; the steps after it have the answers that are told after this one.
    pub(crate) fn verdict(&self, plugin: &str, answer: Result<Verdict, CallError>) {
        self.verdicts.lock().unwrap().entry(plugin.to_owned()).or_default().push_back(answer);
    }

    /// What the last step with a person was told.
    pub(crate) fn stepped(&self) -> (AuthContext, Step) {
        self.steps.lock().unwrap().last().expect("a step").clone()
    }

    /// Calls since the last look, as `fetch NAME` and `PHASE NAME`.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    /// Why answers were not used, since the last look.
    pub(crate) fn refused(&self) -> Vec<String> {
        std::mem::take(&mut self.refused.lock().unwrap())
    }

    /// What the last `fetch` was told.
    pub(crate) fn fetched(&self) -> ClaimContext {
        self.fetched.lock().unwrap().last().expect("a fetch").clone()
    }

    /// What the last `admit` was told.
    pub(crate) fn admitted(&self) -> AuthContext {
        self.admitted.lock().unwrap().last().expect("an admit").clone()
    }
}

impl PluginCalls for Told {
    fn world(&self, plugin: &str) -> Option<World> {
        let source = self.sources.lock().unwrap().contains_key(plugin).then_some(World::ClaimSource);
        source.or_else(|| self.hooks.lock().unwrap().contains_key(plugin).then_some(World::AuthHook))
    }

    fn fetch<'a>(&'a self, plugin: &'a str, context: ClaimContext) -> BoxFuture<'a, Result<Outcome, CallError>> {
        self.asked.lock().unwrap().push(format!("fetch {plugin}"));
        self.fetched.lock().unwrap().push(context);
        let answer = self.sources.lock().unwrap().get(plugin).cloned();
        Box::pin(async move {
            // Others have their turn, as during a real call.
            tokio::task::yield_now().await;
            answer.unwrap_or(Err(CallError::Failed))
        })
    }

    fn resume<'a>(
        &'a self,
        plugin: &'a str,
        context: ClaimContext,
        state: String,
    ) -> BoxFuture<'a, Result<Outcome, CallError>> {
        self.asked.lock().unwrap().push(format!("resume {plugin} {state}"));
        self.fetched.lock().unwrap().push(context);
        let answer = self.sources.lock().unwrap().get(plugin).cloned();
        Box::pin(async move {
            tokio::task::yield_now().await;
            answer.unwrap_or(Err(CallError::Failed))
        })
    }

    fn admit<'a>(
        &'a self,
        plugin: &'a str,
        context: AuthContext,
        phase: Phase,
    ) -> BoxFuture<'a, Result<Gate, CallError>> {
        self.asked.lock().unwrap().push(format!("{} {plugin}", phase.name()));
        self.admitted.lock().unwrap().push(context);
        let answer = self.hooks.lock().unwrap().get(plugin).cloned();
        Box::pin(async move {
            tokio::task::yield_now().await;
            answer.unwrap_or(Err(CallError::Failed))
        })
    }

    fn authorize<'a>(
        &'a self,
        plugin: &'a str,
        context: AuthContext,
        step: Step,
    ) -> BoxFuture<'a, Result<Verdict, CallError>> {
        self.asked.lock().unwrap().push(format!("authorize {plugin}"));
        self.steps.lock().unwrap().push((context, step));
        let answer = self.verdicts.lock().unwrap().get_mut(plugin).and_then(VecDeque::pop_front);
        Box::pin(async move {
            tokio::task::yield_now().await;
            answer.unwrap_or(Err(CallError::Failed))
        })
    }

    fn refuse_answer(&self, plugin: &str, why: &str) {
        self.refused.lock().unwrap().push(format!("{plugin}: {why}"));
    }
}

/// An answer with claims.
pub(crate) fn claim_set(claims: &Value) -> ClaimSet {
    ClaimSet { claims: claims.to_string(), valid_from: None, valid_until: None, record_ref: None, extra: None }
}

/// The same as an outcome.
pub(crate) fn ready(claims: &Value) -> Outcome {
    Outcome::Ready(claim_set(claims))
}

/// Patience is asked for.
pub(crate) fn pending(retry_after_seconds: u32) -> Outcome {
    Outcome::Pending(Pending { state: "later".into(), retry_after_seconds })
}

/// A refusal.
pub(crate) fn denial(user_message: Option<&str>) -> Denial {
    Denial { reason: "not today".into(), user_message: user_message.map(str::to_owned) }
}

/// An enrichment with claims.
pub(crate) fn enrichment(claims: &Value) -> Enrichment {
    Enrichment { claims: claims.to_string(), subject: None, acr: None, amr: Vec::new(), narrow_to: None, extra: None }
}

/// Something upstream is down.
pub(crate) fn down(seconds: Option<u64>) -> CallError {
    CallError::Unavailable { retry_after: seconds.map(Duration::from_secs) }
}
