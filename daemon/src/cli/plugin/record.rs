//! `issuerd plugin record`: calls of a running daemon as cases, without personal values.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::super::api::{Api, Session};
use super::super::{Failed, runtime};
use super::cases;
use crate::plugin::case::Case;

/// How often the daemon is asked.
const PACE: Duration = Duration::from_secs(1);

/// `issuerd plugin record`
#[derive(Debug, Args)]
pub(in crate::cli) struct Record {
    /// Name of the plugin in issuer.toml.
    name: String,
    /// Folder that the cases are written to; made when it is not there.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Calls to record.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=20), value_name = "N")]
    calls: u32,
    /// How long to wait for them, in seconds; the daemon waits 600 at most.
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=600), value_name = "SECONDS")]
    wait: u64,
    #[command(flatten)]
    api: Api,
}

pub(super) fn run(record: &Record) -> Result<(), Failed> {
    fs::create_dir_all(&record.out).map_err(|error| format!("cannot make {}: {error}", record.out.display()))?;
    let session = record.api.session()?;
    let path = format!("/v1/plugins/{}/recording", segment(&record.name));
    session.call("POST", &path, Some(&json!({ "calls": record.calls })))?;
    say!("recording the next {} calls of {}; use it now", record.calls, record.name);
    let found = wait(record, &session, &path)?;
    let cases = parsed(&found)?;
    for (number, case) in cases.iter().enumerate() {
        let file = free_name(record, number + 1);
        cases::write(&file, case)?;
        say!("{}", file.display());
    }
    if cases.len() < record.calls as usize {
        return Err(format!("{} of {} calls came in time", cases.len(), record.calls).into());
    }
    say!(
        "Read the cases before you share them: placeholders stand for what looks personal, and no program can be sure."
    );
    Ok(())
}

/// Asks until every call is there, or the time is over.
fn wait(record: &Record, session: &Session, path: &str) -> Result<Value, Failed> {
    runtime()?.block_on(async {
        let mut pace = tokio::time::interval(PACE);
        for _ in 0..record.wait {
            pace.tick().await;
            let found = session.call("GET", path, None)?;
            if found.get("recorded").and_then(Value::as_u64) >= Some(record.calls.into()) {
                return Ok(found);
            }
        }
        session.call("GET", path, None)
    })
}

fn parsed(found: &Value) -> Result<Vec<Case>, Failed> {
    let cases = found.get("cases").and_then(Value::as_array).ok_or("the daemon answered without cases")?;
    let read =
        |case: &Value| Case::parse(&case.to_string()).map_err(|error| format!("the daemon's case: {error}").into());
    cases.iter().map(read).collect()
}

/// A name that no case has: earlier recordings stay.
fn free_name(record: &Record, number: usize) -> PathBuf {
    let mut taken = 0;
    loop {
        let file = record.out.join(format!("{}-{:02}.json", record.name, number + taken));
        if !file.exists() {
            return file;
        }
        taken += 1;
    }
}

fn segment(name: &str) -> String {
    form_urlencoded::byte_serialize(name.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_of_the_daemon_are_read() {
        let found = json!({"recorded": 1, "cases": [{"export": "fetch", "expected": {"outcome": "ready"}}]});
        let cases = parsed(&found).unwrap();
        assert_eq!(cases[0].expected["outcome"], "ready");
        assert!(parsed(&json!({})).is_err());
        assert!(parsed(&json!({"cases": [{"export": "nothing"}]})).is_err());
    }
}
