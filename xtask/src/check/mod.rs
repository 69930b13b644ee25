//! `cargo xtask test`: every check of the project, in the order in which mistakes are cheapest to find.

mod steps;
mod targets;
pub(crate) mod tools;

use std::time::{Duration, Instant};

use clap::Args;

use crate::Result;
use steps::{STEPS, Step};

/// Options of `cargo xtask test`.
#[derive(Args)]
pub(crate) struct Options {
    /// Run only this step; may be given several times
    #[arg(long, value_name = "STEP")]
    only: Vec<String>,
    /// List the steps and what each does
    #[arg(long)]
    list: bool,
    /// Also check the dependencies against the advisory database, which needs the internet
    #[arg(long)]
    advisories: bool,
}

/// Runs the chosen steps and stops at the first that fails.
pub(crate) fn run(options: &Options) -> Result {
    if options.list {
        for step in STEPS {
            println!("{:10} {}", step.name, step.about);
        }
        return Ok(());
    }
    let steps = chosen(options)?;
    let started = Instant::now();
    let mut times = Vec::with_capacity(steps.len());
    for (at, step) in steps.iter().enumerate() {
        println!("\n==> {} ({} of {}): {}", step.name, at + 1, steps.len(), step.about);
        let begun = Instant::now();
        tools::ensure(step.needs)
            .and_then(|()| (step.run)())
            .map_err(|error| format!("step `{0}`: {error}\nrepeat it with: cargo xtask test --only {0}", step.name))?;
        println!("    {} took {}", step.name, seconds(begun.elapsed()));
        times.push((step.name, begun.elapsed()));
    }
    summary(&times, started.elapsed());
    Ok(())
}

fn chosen(options: &Options) -> Result<Vec<&'static Step>> {
    let names: Vec<_> = STEPS.iter().map(|step| step.name).collect();
    if let Some(unknown) = options.only.iter().find(|name| !names.contains(&name.as_str())) {
        return Err(format!("no step is named `{unknown}`\nhint: {}", names.join(", ")).into());
    }
    let wanted = |step: &&Step| {
        let chosen = options.only.iter().any(|name| name == step.name);
        chosen || (step.always && options.only.is_empty()) || (step.name == "advisories" && options.advisories)
    };
    Ok(STEPS.iter().filter(wanted).collect())
}

fn summary(times: &[(&str, Duration)], whole: Duration) {
    println!();
    for (name, took) in times {
        println!("    {name:10} {:>8}", seconds(*took));
    }
    println!("all steps passed in {}", seconds(whole));
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(only: &[&str], advisories: bool) -> Result<Vec<&'static str>> {
        let only = only.iter().map(|name| (*name).to_owned()).collect();
        Ok(chosen(&Options { only, list: false, advisories })?.iter().map(|step| step.name).collect())
    }

    #[test]
    fn advisories_run_only_when_asked_for() {
        assert!(!names(&[], false).unwrap().contains(&"advisories"));
        assert!(names(&[], true).unwrap().contains(&"advisories"));
        assert_eq!(names(&["advisories"], false).unwrap(), ["advisories"]);
    }

    #[test]
    fn only_names_steps_and_refuses_others() {
        assert_eq!(names(&["docs", "fmt"], false).unwrap(), ["fmt", "docs"]);
        assert!(names(&["fmtt"], false).unwrap_err().to_string().contains("`fmtt`"));
    }
}
