//! `issuerd plugin test`: recorded cases in the real engine.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

use super::super::{Failed, runtime};
use super::cases;
use crate::plugin::case::{Case, compare};
use crate::plugin::replay::{Replay, Replayed};

/// Longest file of a plugin, in bytes.
const LONGEST: u64 = 128 << 20;

/// `issuerd plugin test`
#[derive(Debug, Args)]
pub(in crate::cli) struct Test {
    /// The plugin.
    file: PathBuf,
    /// Case, or folder with cases; may be given several times.
    #[arg(long = "case", required = true, num_args = 1.., value_name = "DIR|FILE")]
    cases: Vec<PathBuf>,
    /// Value of the config table in every case, as KEY=VALUE; VALUE is JSON, or else a text.
    #[arg(long = "config-key", value_parser = pair, value_name = "KEY=VALUE")]
    config: Vec<(String, Value)>,
    /// Write what the plugin says into the cases, instead of comparing.
    #[arg(long)]
    update: bool,
}

pub(super) fn run(test: &Test) -> Result<(), Failed> {
    let replay = open(&test.file)?;
    let cases = cases::read(&test.cases)?;
    let failed = runtime()?.block_on(async {
        let mut failed = 0;
        for (file, case) in &cases {
            failed += u32::from(!one(test, &replay, file, case).await?);
        }
        Ok::<_, Failed>(failed)
    })?;
    if failed > 0 {
        return Err(format!("{failed} of {} cases failed", cases.len()).into());
    }
    say!("{} cases passed", cases.len());
    Ok(())
}

/// Reads and compiles a plugin.
pub(super) fn open(file: &Path) -> Result<Replay, Failed> {
    let bytes = read(file)?;
    Ok(Replay::new(&bytes).map_err(|error| format!("{}: {error}", file.display()))?)
}

/// Reads the file of a plugin.
pub(super) fn read(file: &Path) -> Result<Vec<u8>, Failed> {
    let told = |error| format!("cannot read {}: {error}", file.display());
    if fs::metadata(file).map_err(told)?.len() > LONGEST {
        return Err(format!("{} is longer than {LONGEST} bytes", file.display()).into());
    }
    Ok(fs::read(file).map_err(told)?)
}

async fn one(test: &Test, replay: &Replay, file: &Path, case: &Case) -> Result<bool, Failed> {
    let mut case = case.clone();
    let own = case.config.clone();
    case.config.extend(test.config.iter().cloned());
    let name = file.display();
    let replayed = match replay.replay(&case).await {
        Ok(replayed) => replayed,
        Err(error) => {
            say!("FAILED  {name}\n        {error}");
            return Ok(false);
        }
    };
    let mut problems = replayed.unrecorded.clone();
    if test.update {
        case.config = own;
        case.expected.clone_from(&replayed.said);
        cases::write(file, &case)?;
    } else {
        problems.extend(compare::differences(&case.expected, &replayed.said));
    }
    show(&name.to_string(), &replayed, &problems);
    Ok(problems.is_empty())
}

fn show(name: &str, replayed: &Replayed, problems: &[String]) {
    let word = if problems.is_empty() { "ok    " } else { "FAILED" };
    say!("{word}  {name}  {}", costs(replayed));
    for problem in problems {
        say!("        {problem}");
    }
    if !problems.is_empty() {
        replayed.report.iter().flat_map(|text| text.lines()).for_each(|line| say!("        | {line}"));
    }
}

fn costs(replayed: &Replayed) -> String {
    let figures = replayed.figures;
    format!(
        "{:.2} ms, {} CPU ticks, {} KiB, {} requests, {} secrets, {} log lines",
        figures.seconds * 1e3,
        figures.cpu_ticks,
        figures.memory_bytes.div_ceil(1024),
        replayed.http_requests,
        replayed.secrets,
        replayed.log_lines
    )
}

fn pair(text: &str) -> Result<(String, Value), String> {
    let (key, value) = text.split_once('=').ok_or("must be KEY=VALUE")?;
    Ok((key.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| value.into())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_of_the_config_are_json_or_texts() {
        assert_eq!(pair("a=1").unwrap(), ("a".to_owned(), json!(1)));
        assert_eq!(pair("url=https://a.example/?b=c").unwrap(), ("url".to_owned(), json!("https://a.example/?b=c")));
        assert_eq!(pair(r#"a=["x"]"#).unwrap(), ("a".to_owned(), json!(["x"])));
        assert!(pair("a").is_err());
    }
}
