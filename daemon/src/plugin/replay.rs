//! Replays cases: the real engine and the real limits, in a world that answers as the case says.

mod world;

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::CallFigures;
use super::case::{Case, said};
use super::contract::PluginInfo;
use super::grants::Granted;
use super::rehearsal::{Answer, Machine};
use super::room::Ending;
use super::settings::Limits;
use world::World;

/// A plugin, ready to replay cases.
pub(crate) struct Replay {
    machine: Machine,
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
        Ok(Self { machine: Machine::new(component)?, limits: Limits::default() })
    }

    /// The limits that cases are replayed with.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What the plugin says of itself.
    pub(crate) async fn describe(&self) -> Result<PluginInfo, String> {
        let world = Arc::new(World::of(&empty())?);
        let granted = world.granted(&self.limits)?;
        self.machine.describe(granted, world).await
    }

    /// Replays one case. The error says why it could not even begin.
    pub(crate) async fn replay(&self, case: &Case) -> Result<Replayed, String> {
        let world = Arc::new(World::of(case)?);
        let granted = world.granted(&self.limits)?;
        fill_cache(&granted, case)?;
        let (answer, figures, ending) = self.machine.call(granted, world.clone(), case.question()?).await;
        Ok(replayed(&world, answer, figures, ending))
    }
}

fn empty() -> Case {
    Case {
        export: super::case::Export::Check,
        title: None,
        config: Map::new(),
        context: Map::new(),
        phase: None,
        step: None,
        state: None,
        now: None,
        random: None,
        secrets: std::collections::BTreeMap::new(),
        http: Vec::new(),
        cache: std::collections::BTreeMap::new(),
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

fn replayed(
    world: &World,
    answer: Result<Answer, (&'static str, String)>,
    figures: CallFigures,
    ending: Ending,
) -> Replayed {
    let transcript = ending.transcript.unwrap_or_default();
    let mut report = Vec::new();
    let said = match answer {
        Ok(Answer::Claims(Ok(outcome))) => said::outcome(outcome),
        Ok(Answer::Gate(Ok(gate))) => said::gate(gate),
        Ok(Answer::Verdict(Ok(verdict))) => said::verdict(verdict),
        Ok(Answer::Claims(Err(error)) | Answer::Gate(Err(error)) | Answer::Verdict(Err(error))) => said::error(error),
        Ok(Answer::Check(checked)) => said::check(checked),
        Err((outcome, why)) => {
            report.push(why);
            said::ended(outcome)
        }
    };
    report.extend(ending.last_log_lines);
    Replayed {
        said,
        unrecorded: world.unrecorded(&transcript),
        figures,
        http_requests: ending.http_requests,
        secrets: transcript.secrets.len(),
        log_lines: ending.kept + ending.dropped,
        report,
    }
}

#[cfg(test)]
mod tests;
