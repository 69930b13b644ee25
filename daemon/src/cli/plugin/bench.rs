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
    /// So many calls a second, each timed from the moment it was due, instead of one after the other.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000), value_name = "N")]
    rate: Option<u32>,
}

pub(super) fn run(bench: &Bench) -> Result<(), Failed> {
    let replay = test::open(&bench.file)?;
    let cases = cases::read(std::slice::from_ref(&bench.case))?;
    let (_, case) = cases.first().ok_or("there is no case")?;
    let mut measured = runtime()?.block_on(measure(&replay, case, bench))?;
    measured.sort_by(f64::total_cmp);
    let rate = bench.rate.map_or_else(|| 1.0 / mean(&measured), f64::from);
    let micros = |part| quantile(&measured, part) * 1e6;
    let how = if bench.rate.is_some() { "each from when it was due" } else { "one after the other" };
    say!("{} calls, a fresh instance each, {how}", measured.len());
    say!("p50 {:.0} µs, p99 {:.0} µs, {rate:.0} calls/s", micros(0.5), micros(0.99));
    Ok(())
}

/// Seconds of each call. With a rate, waiting for the calls before it counts.
async fn measure(replay: &Replay, case: &Case, bench: &Bench) -> Result<Vec<f64>, Failed> {
    for _ in 0..WARM_UP {
        let replayed = replay.replay(case).await?;
        if let Some(problem) = replayed.unrecorded.first() {
            return Err(problem.clone().into());
        }
    }
    let watch = Stopwatch::start();
    let mut measured = Vec::new();
    let mut due = 0.0;
    while watch.seconds().max(due) < f64::from(bench.seconds) {
        while watch.seconds() < due {
            std::hint::spin_loop();
        }
        let late = bench.rate.map_or(0.0, |_| watch.seconds() - due);
        measured.push(late + replay.replay(case).await?.figures.seconds);
        due += bench.rate.map_or(0.0, |rate| 1.0 / f64::from(rate));
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
