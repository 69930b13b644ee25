//! Replays cases: the real engine and the real limits, in a world that answers as the case says.

mod world;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};
use wasmtime::component::Component;

use super::answer::{Answer, Ask};
use super::call::{Budget, Caller, Exports, Report};
use super::case::{Case, Export, Question, said};
use super::contract::PluginInfo;
use super::describe;
use super::engine::Machine;
use super::grants::Granted;
use super::room::Outside;
use super::settings::Limits;
use super::{CallFigures, Phase};
use world::World;

/// Calls at a time.
const CALLS: usize = 1;

/// A plugin, ready to replay cases.
pub(crate) struct Replay {
    exports: Exports,
    limits: Limits,
}

/// How a case went.
#[derive(Debug)]
pub(crate) struct Replayed {
    /// What the plugin said, in the form in which a case expects it.
    pub(crate) said: Map<String, Value>,
    /// What it asked for that the case does not have.
    pub(crate) unrecorded: Vec<String>,
    /// What it cost.
    pub(crate) figures: CallFigures,
    /// Requests that it made.
    pub(crate) http_requests: u32,
    /// Secrets that it asked for.
    pub(crate) secrets: usize,
    /// Lines that it logged.
    pub(crate) log_lines: u32,
    /// Why it gave no answer, and its last log lines.
    pub(crate) report: Vec<String>,
}

impl Replay {
    /// Compiles a plugin. The error is a sentence.
    pub(crate) fn new(component: &[u8]) -> Result<Self, String> {
        let machine = Machine::new(CALLS)?;
        let component = Component::new(&machine.engine, component)
            .map_err(|error| format!("it is no component that this daemon can run: {error:#}"))?;
        let (_, exports) = describe::exports(&machine, &component)?;
        Ok(Self { exports, limits: Limits::default() })
    }

    /// What the plugin says of itself.
    pub(crate) async fn describe(&self) -> Result<PluginInfo, String> {
        let world = Arc::new(World::of(&empty())?);
        let granted = world.granted(&self.limits)?;
        let budget = Budget::of_load(&self.limits);
        let caller = Caller { exports: &self.exports, granted: &granted, outside: world, budget, recording: false };
        let report = caller.call(Ask::Describe, "").await;
        match report.answer {
            Some(Answer::Info(info)) => Ok(info),
            _ => Err(format!("describe ended with {}: {}", report.outcome, report.error.unwrap_or_default())),
        }
    }

    /// Replays one case. The error says why it could not even begin.
    pub(crate) async fn replay(&self, case: &Case) -> Result<Replayed, String> {
        let world = Arc::new(World::of(case)?);
        let granted = world.granted(&self.limits)?;
        fill_cache(&granted, case)?;
        let outside: Arc<dyn Outside> = world.clone();
        let budget = Budget::of(&self.limits);
        let caller = Caller { exports: &self.exports, granted: &granted, outside, budget, recording: true };
        Ok(replayed(&world, caller.call(ask(case)?, "case").await))
    }
}

fn ask(case: &Case) -> Result<Ask, String> {
    Ok(match case.question()? {
        Question::Fetch(context) => Ask::Fetch(context),
        Question::Resume(context, state) => Ask::Resume(context, state),
        Question::Admit(context, phase) => {
            let phases = [Phase::TokenRequest, Phase::CredentialRequest];
            let known = phases.into_iter().find(|known| known.name() == phase);
            Ask::Admit(context, known.ok_or_else(|| format!("there is no phase {phase}"))?)
        }
        Question::Authorize(context, step) => Ask::Authorize(context, step),
        Question::Check => Ask::Check,
    })
}

/// A case in which nothing is said.
fn empty() -> Case {
    Case {
        export: Export::Check,
        title: None,
        config: Map::new(),
        context: Map::new(),
        phase: None,
        step: None,
        state: None,
        now: None,
        random: None,
        secrets: BTreeMap::new(),
        http: Vec::new(),
        cache: BTreeMap::new(),
        expected: Map::new(),
    }
}

fn fill_cache(granted: &Granted, case: &Case) -> Result<(), String> {
    granted.settle("0", None);
    for (key, value) in &case.cache {
        if !granted.keep(key, value.clone().into_bytes()) {
            return Err(format!("the cache cannot hold {key}"));
        }
    }
    Ok(())
}

fn replayed(world: &World, report: Report) -> Replayed {
    let ending = report.ending;
    let transcript = ending.transcript.unwrap_or_default();
    let said = as_said(report.answer, report.outcome);
    let written = [report.error.unwrap_or_default(), report.output].into_iter().filter(|text| !text.is_empty());
    Replayed {
        said,
        unrecorded: world.unrecorded(&transcript),
        figures: report.figures,
        http_requests: ending.http_requests,
        secrets: transcript.secrets.len(),
        log_lines: ending.kept + ending.dropped,
        report: written.chain(ending.last_log_lines).collect(),
    }
}

/// What a plugin said, or how the call ended without an answer that may be used.
pub(super) fn as_said(answer: Option<Answer>, outcome: &'static str) -> Map<String, Value> {
    match answer {
        Some(Answer::Claims(Ok(answer))) => said::outcome(answer),
        Some(Answer::Gate(Ok(gate))) => said::gate(gate),
        Some(Answer::Verdict(Ok(verdict))) => said::verdict(verdict),
        Some(Answer::Claims(Err(error)) | Answer::Gate(Err(error)) | Answer::Verdict(Err(error))) => said::error(error),
        Some(Answer::Checked(checked)) => said::check(checked),
        Some(Answer::Info(_)) | None => Map::from_iter([("outcome".to_owned(), outcome.into())]),
    }
}

#[cfg(test)]
mod tests;
