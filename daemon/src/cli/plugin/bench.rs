//! `issuerd plugin bench`: what a call costs.

use std::path::PathBuf;

use clap::Args;

use super::super::{Failed, runtime};
use super::{cases, test};
use crate::base::clock::Stopwatch;
use crate::plugin::case::Case;
use crate::plugin::replay::Replay;

/// Calls before the measurement: the first ones read the code into memory.
const WARM_UP: u32 = 20;

/// `issuerd plugin bench`
#[derive(Debug, Args)]
pub(in crate::cli) struct Bench {
    /// The plugin.
    file: PathBuf,
    /// The case that is replayed.
    #[arg(long = "case", value_name = "FILE")]
    case: PathBuf,
    /// How long to measure.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=600), value_name = "N")]
    seconds: u32,
}

pub(super) fn run(bench: &Bench) -> Result<(), Failed> {
    let replay = test::open(&bench.file)?;
    let cases = cases::read(std::slice::from_ref(&bench.case))?;
    let (_, case) = cases.first().ok_or("there is no case")?;
    let mut measured = runtime()?.block_on(measure(&replay, case, f64::from(bench.seconds)))?;
    measured.sort_by(f64::total_cmp);
    let rate = 1.0 / mean(&measured);
    let micros = |part| quantile(&measured, part) * 1e6;
    say!("{} calls, a fresh instance each, one after the other", measured.len());
    say!("p50 {:.0} µs, p99 {:.0} µs, {rate:.0} calls/s", micros(0.5), micros(0.99));
    Ok(())
}

/// Seconds of each call.
async fn measure(replay: &Replay, case: &Case, seconds: f64) -> Result<Vec<f64>, Failed> {
    for _ in 0..WARM_UP {
        let replayed = replay.replay(case).await?;
        if let Some(problem) = replayed.unrecorded.first() {
            return Err(problem.clone().into());
        }
    }
    let watch = Stopwatch::start();
    let mut measured = Vec::new();
    while watch.seconds() < seconds {
        measured.push(replay.replay(case).await?.figures.seconds);
    }
    Ok(measured)
}

#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 calls")]
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The value below which `part` of the sorted values are.
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 calls")]
fn quantile(sorted: &[f64], part: f64) -> f64 {
    let found = sorted.iter().enumerate().find(|(index, _)| (index + 1) as f64 >= part * sorted.len() as f64);
    found.map_or(0.0, |(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let sorted: Vec<f64> = (1..=100).map(f64::from).collect();
        let found = [0.5, 0.99, 1.0].map(|part| quantile(&sorted, part).to_string());
        assert_eq!(found, ["50", "99", "100"]);
        assert_eq!(quantile(&[7.0], 0.99).to_string(), "7");
        assert_eq!(quantile(&[], 0.5).to_string(), "0");
    }
}
