//! Runs case files.

use std::path::{Path, PathBuf};
use std::{fs, io};

use serde_json::{Map, Value};

use super::Host;
use super::case::{Case, Question, compare, said};
use super::state::{Entry, State};
use crate::export::glue;
use crate::{AuthHook, ClaimSource};

/// Runs every `*.json` of a folder, relative to the plugin's crate, against a claim source.
///
/// # Panics
/// When there is no case, a case cannot be read, or the plugin answers otherwise; every difference is told.
pub fn claim_source_cases<P: ClaimSource>(folder: &str) {
    run(folder, |question| match question {
        Question::Fetch(ctx) => Some(claims(glue::fetch::<P>(ctx))),
        Question::Resume(ctx, state) => Some(claims(glue::resume::<P>(ctx, state))),
        Question::Check => Some(said::check(glue::check_source::<P>())),
        Question::Admit(..) | Question::Authorize(..) => None,
    });
}

/// Runs every `*.json` of a folder, relative to the plugin's crate, against an auth hook.
///
/// # Panics
/// As [`claim_source_cases`].
pub fn auth_hook_cases<P: AuthHook>(folder: &str) {
    run(folder, |question| match question {
        Question::Admit(ctx, phase) => Some(glue::admit::<P>(ctx, &phase).map_or_else(said::error, said::gate)),
        Question::Authorize(ctx, step) => Some(glue::authorize::<P>(ctx, step).map_or_else(said::error, said::verdict)),
        Question::Check => Some(said::check(glue::check_hook::<P>())),
        Question::Fetch(..) | Question::Resume(..) => None,
    });
}

fn claims(answer: Result<crate::Outcome, crate::PluginError>) -> Map<String, Value> {
    answer.map_or_else(said::error, said::outcome)
}

#[expect(clippy::panic, reason = "this is how a test fails")]
fn run(folder: &str, call: impl Fn(Question) -> Option<Map<String, Value>>) {
    let files = files(Path::new(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    assert!(!files.is_empty(), "{folder} has no case");
    let problems: Vec<_> = files.iter().filter_map(|file| one(file, &call).err()).collect();
    assert!(problems.is_empty(), "{} of {} cases differ\n{}", problems.len(), files.len(), problems.join("\n"));
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files: Vec<_> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    Ok(files)
}

fn one(file: &Path, call: &impl Fn(Question) -> Option<Map<String, Value>>) -> Result<(), String> {
    let told = |error: String| format!("{}: {error}", file.display());
    let text = fs::read_to_string(file).map_err(|error| told(error.to_string()))?;
    let case = Case::parse(&text).map_err(told)?;
    let question = case.question().map_err(told)?;
    let mut host = host(&case).map_err(told)?;
    let (said, mut problems) = host.observe(|| call(question));
    let said = said.ok_or_else(|| told("the plugin has no such export".to_owned()))?;
    problems.extend(compare::differences(&case.expected, &said));
    if problems.is_empty() { Ok(()) } else { Err(told(problems.join("\n    "))) }
}

fn host(case: &Case) -> Result<Host, String> {
    let cache = case
        .cache
        .iter()
        .map(|(key, value)| (key.clone(), Entry { value: value.clone().into_bytes(), until: u64::MAX }));
    Ok(Host(State {
        config: Value::Object(case.config.clone()),
        now: case.millis(),
        random: case.random()?,
        secrets: case.secrets.clone(),
        http: case.http.clone(),
        cache: cache.collect(),
        ..State::default()
    }))
}
