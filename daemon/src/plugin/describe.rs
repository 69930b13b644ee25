//! From machine code to a plugin that may serve: its world, what it says of itself, its configuration, its grants.

use std::sync::Arc;

use serde_json::{Map, Value};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::World;
use super::answer::{Answer, Ask};
use super::call::{Budget, Caller, Exports, Report};
use super::contract::PluginInfo;
use super::contract::auth_hook::exports::issuer::plugin::auth;
use super::contract::claim_source::exports::issuer::plugin::{claims, lifecycle};
use super::engine::Machine;
use super::grants::Granted;
use super::room::Outside;

/// The contract that this daemon offers.
const OFFERED: &str = "issuer:plugin@1.0.0, worlds claim-source and auth-hook, and WASI 0.2 without wasi:http";
/// Longest JSON Schema, in bytes.
const LONGEST_SCHEMA: usize = 256 << 10;

/// Finds the functions of a component, whose world it exports.
pub(super) fn exports(machine: &Machine, component: &Component) -> Result<(World, Exports), String> {
    let (world, wanted) = world(&machine.engine, component)?;
    let found = |error: wasmtime::Error| format!("{wanted}; this daemon offers {OFFERED}: {error:#}");
    let pre = machine.linker.instantiate_pre(component).map_err(found)?;
    let (claims, auth) = match world {
        World::ClaimSource => (Some(claims::GuestIndices::new(&pre).map_err(found)?), None),
        World::AuthHook => (None, Some(auth::GuestIndices::new(&pre).map_err(found)?)),
    };
    let lifecycle = lifecycle::GuestIndices::new(&pre).map_err(found)?;
    Ok((world, Exports { pre, lifecycle, claims, auth }))
}

/// Which world a component is of, and what it wants in words.
fn world(engine: &Engine, component: &Component) -> Result<(World, String), String> {
    let kind = component.component_type();
    let exports: Vec<_> = kind.exports(engine).map(|(name, _)| name.to_owned()).collect();
    let imports: Vec<_> = kind.imports(engine).map(|(name, _)| name.to_owned()).collect();
    let wanted = format!("it exports {} and imports {}", list(&exports), list(&imports));
    let has = |interface: &str| exports.iter().any(|name| offered(name, interface));
    match (has("claims"), has("auth")) {
        (true, false) => Ok((World::ClaimSource, wanted)),
        (false, true) => Ok((World::AuthHook, wanted)),
        (true, true) => Err("it is both a claim source and an auth hook; make two components of it".to_owned()),
        (false, false) => Err(format!("{wanted}; this daemon offers {OFFERED}")),
    }
}

/// Whether a name is that of an interface of version 1 of the contract.
fn offered(name: &str, interface: &str) -> bool {
    name.strip_prefix("issuer:plugin/")
        .and_then(|rest| rest.strip_prefix(interface))
        .and_then(|rest| rest.strip_prefix("@1."))
        .is_some_and(|rest| !rest.contains('-'))
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

/// Asks a plugin what it is and whether it can work. The errors are sentences.
pub(super) async fn describe(
    exports: &Exports,
    granted: &Arc<Granted>,
    outside: Arc<dyn Outside>,
    before: Option<&Granted>,
) -> Result<PluginInfo, Vec<String>> {
    let budget = Budget::of_load(granted.limits());
    let caller = Caller { exports, granted, outside, budget, recording: false };
    let told = caller.call(Ask::Describe, "").await;
    let Some(Answer::Info(info)) = told.answer else { return Err(vec![failed("describe", &told)]) };
    let mut problems = configuration(&info.config_schema, granted.config());
    problems.extend(granted.missing(&info));
    if !problems.is_empty() {
        return Err(problems);
    }
    granted.settle(&info.version, before);
    let checked = caller.call(Ask::Check, "load").await;
    match checked.answer {
        Some(Answer::Checked(Ok(()))) => Ok(info),
        Some(Answer::Checked(Err(problems))) if !problems.is_empty() => {
            Err(problems.into_iter().map(|problem| granted.masks().beginning(problem, 1024)).collect())
        }
        _ => Err(vec![failed("check", &checked)]),
    }
}

fn failed(export: &str, report: &Report) -> String {
    let error = report.error.as_deref().unwrap_or("it refuses to work and does not say why");
    let said = [report.output.as_str()].into_iter().chain(report.ending.last_log_lines.iter().map(String::as_str));
    let said: Vec<_> = said.filter(|line| !line.is_empty()).collect();
    let said = if said.is_empty() { String::new() } else { format!(" (it wrote: {})", said.join(" | ")) };
    format!("`{export}` ended with {}: {error}{said}", report.outcome)
}

/// Every mistake in a configuration, with its place.
fn configuration(schema: &str, config: &Map<String, Value>) -> Vec<String> {
    if schema.is_empty() {
        return Vec::new();
    }
    if schema.len() > LONGEST_SCHEMA {
        return vec![format!("its config-schema is longer than {LONGEST_SCHEMA} bytes")];
    }
    let schema = match serde_json::from_str::<Value>(schema) {
        Ok(schema) => schema,
        Err(error) => return vec![format!("its config-schema is not JSON: {error}")],
    };
    let validator = match jsonschema::validator_for(&schema) {
        Ok(validator) => validator,
        Err(error) => return vec![format!("its config-schema is not a JSON Schema: {error}")],
    };
    let config = Value::Object(config.clone());
    validator.iter_errors(&config).map(|error| format!("config{}: {error}", error.instance_path())).collect()
}
