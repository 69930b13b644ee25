//! Prints what was measured, beside what the project aims at.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use super::code::STEPS as CODE_STEPS;
use super::stats::Run;

/// Microseconds of CPU that one durable issuance needs at least on the machine where the bound was worked out: ring's
/// verification and signature (53), four plain HTTP requests (27) and three durable store operations in groups (50).
const BOUND: f64 = 130.0;
/// The part of [`BOUND`] that ring takes there. The rest scales with the machine like it does.
const BOUND_RING: f64 = 53.0;

/// Resident memory of the daemon, in KiB.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) at_rest: u64,
    pub(super) with_offers: Option<u64>,
    pub(super) at_end: u64,
}

/// All that was measured.
pub(super) struct Report {
    pub(super) wallets: usize,
    pub(super) seconds: u64,
    /// Bytes of the portrait in each credential.
    pub(super) portrait: usize,
    /// Copies of each credential.
    pub(super) copies: u8,
    pub(super) runs: Vec<Run>,
    /// The same with claims from a plugin.
    pub(super) with_plugin: Option<Run>,
    /// After a login, with an authorization code and tokens that are bound to a key.
    pub(super) with_login: Option<Run>,
    pub(super) memory: Memory,
    /// From start to ready on the data that the measurement left.
    pub(super) ready_after: Duration,
    /// Microseconds of one verification and one signature, measured on the daemon's core before and after.
    pub(super) limit: f64,
}

impl Report {
    pub(super) fn errors(&self) -> usize {
        self.runs.iter().chain(&self.with_plugin).chain(&self.with_login).map(|run| run.errors.len()).sum()
    }

    /// What ring alone takes for one issuance, in microseconds: each copy has a proof and a signature.
    fn ring(&self) -> f64 {
        self.limit * f64::from(self.copies)
    }

    /// The bound for one durable issuance on this machine, in microseconds.
    fn bound(&self) -> f64 {
        (BOUND - BOUND_RING) * self.limit / BOUND_RING + self.ring()
    }

    /// Issuances per second of a machine that is faster by as much as ring is where the bound was worked out.
    fn scaled(&self, run: &Run) -> f64 {
        run.rate() * self.limit / BOUND_RING
    }

    /// Throughput with stored offers by throughput without.
    fn kept(&self) -> Option<f64> {
        match &self.runs[..] {
            [without, with] => Some(with.rate() / without.rate()),
            _ => None,
        }
    }

    /// Throughput with claims from a plugin by throughput without.
    fn kept_with_plugin(&self) -> Option<f64> {
        Some(self.with_plugin.as_ref()?.rate() / self.runs.first()?.rate())
    }

    /// The report as one object.
    pub(super) fn json(&self) -> Value {
        json!({
            "wallets": self.wallets,
            "seconds": self.seconds,
            "portrait_bytes": self.portrait,
            "copies": self.copies,
            "ring_us": self.limit,
            "bound_us": self.bound(),
            "ready_ms": self.ready_after.as_secs_f64() * 1e3,
            "rss_kib": { "at_rest": self.memory.at_rest, "with_offers": self.memory.with_offers, "at_end": self.memory.at_end },
            "throughput_kept": self.kept(),
            "throughput_kept_with_plugin": self.kept_with_plugin(),
            "with_plugin": self.with_plugin.as_ref().map(|run| self.run_json(run)),
            "with_login": self.with_login.as_ref().map(|run| self.run_json(run)),
            "runs": self.runs.iter().map(|run| self.run_json(run)).collect::<Vec<_>>(),
        })
    }

    fn run_json(&self, run: &Run) -> Value {
        let names = run.names.into_iter().chain(["whole"]);
        let latency: serde_json::Map<_, _> = names
            .zip(run.steps.percentiles())
            .map(|(name, (p50, p99))| (name.to_owned(), json!({ "p50_ms": p50, "p99_ms": p99 })))
            .collect();
        json!({
            "stored_offers": run.stored,
            "issuances": run.issued(),
            "issuances_per_second": run.rate(),
            "issuances_per_second_where_ring_takes_53_us": self.scaled(run),
            "cpu_us_per_issuance": run.cpu_each(),
            "fraction_of_ring": self.ring() / run.cpu_each(),
            "fraction_of_bound": self.bound() / run.cpu_each(),
            "client_busy": run.client_busy(),
            "commits": run.commits.durable,
            "batches_per_commit": run.commits.group_size(),
            "latency": latency,
            "errors": run.errors.len(),
            "first_error": run.errors.first(),
        })
    }

    fn write_run(&self, run: &Run, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if run.names != CODE_STEPS {
            writeln!(f, "with {} stored offers", run.stored)?;
        }
        let (rate, cpu) = match self.copies {
            1 if run.names == CODE_STEPS => ("at least 1000", ""),
            1 => ("at least 2500, aim 4500", "at most 400, aim 220"),
            _ => ("", ""),
        };
        writeln!(f, "  issuances          {:>10.0} /s      {rate}", run.rate())?;
        writeln!(f, "  on the other machine {:>8.0} /s      where ring takes {BOUND_RING} us", self.scaled(run))?;
        if self.copies > 1 {
            writeln!(
                f,
                "  copies             {:>10.0} /s      {} each",
                run.rate() * f64::from(self.copies),
                self.copies
            )?;
        }
        writeln!(f, "  daemon CPU each    {:>10.0} us      {cpu}", run.cpu_each())?;
        let (ring, bound) = (100.0 * self.ring() / run.cpu_each(), 100.0 * self.bound() / run.cpu_each());
        writeln!(
            f,
            "  fraction of limit  {ring:>10.0} %       of ring alone ({:.0} us); {bound:.0} % of the bound ({:.0} us)",
            self.ring(),
            self.bound()
        )?;
        Self::write_steps(run, f)
    }

    fn write_steps(run: &Run, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "  commits            {:>10.0}         {:.1} batches each",
            run.commits.durable,
            run.commits.group_size()
        )?;
        writeln!(f, "  wallets' core      {:>10.0} %       busy", 100.0 * run.client_busy())?;
        for (name, (p50, p99)) in run.names.into_iter().chain(["whole"]).zip(run.steps.percentiles()) {
            let aim = if name == "whole" { "   p99 at most 40, aim 15" } else { "" };
            writeln!(f, "  {name:<12} p50 {p50:>7.2} ms   p99 {p99:>7.2} ms{aim}")?;
        }
        writeln!(f, "  errors             {:>10}", run.errors.len())?;
        run.errors.first().map_or(Ok(()), |error| writeln!(f, "    the first: {error}"))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (wallets, seconds, portrait) = (self.wallets, self.seconds, self.portrait);
        writeln!(
            f,
            "{wallets} wallets, {seconds} s, portrait of {portrait} bytes, daemon on one core, wallets on another"
        )?;
        for run in &self.runs {
            self.write_run(run, f)?;
        }
        if let Some(kept) = self.kept() {
            writeln!(f, "throughput kept      {:>10.0} %       at least 80", 100.0 * kept)?;
        }
        if let (Some(run), Some(kept)) = (&self.with_plugin, self.kept_with_plugin()) {
            writeln!(f, "claims from the plugin register-csv,")?;
            self.write_run(run, f)?;
            writeln!(f, "throughput with it   {:>10.0} %       at least 70", 100.0 * kept)?;
        }
        if let Some(run) = &self.with_login {
            writeln!(f, "after a login, with an authorization code and DPoP,")?;
            self.write_run(run, f)?;
        }
        let mib = |kib: u64| kib.div_ceil(1024);
        writeln!(f, "memory at rest       {:>10} MiB     at most 60", mib(self.memory.at_rest))?;
        if let Some(with_offers) = self.memory.with_offers {
            writeln!(f, "memory, offers stored{:>10} MiB", mib(with_offers))?;
        }
        writeln!(f, "memory at end        {:>10} MiB", mib(self.memory.at_end))?;
        write!(f, "ready after restart  {:>10.0} ms      at most 300", self.ready_after.as_secs_f64() * 1e3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::stats::{Commits, Steps};
    use crate::bench::wallet::STEPS;

    fn run(stored: usize, issued: usize) -> Run {
        let mut steps = Steps::default();
        (0..issued).for_each(|_| steps.add([1000, 2000, 500, 4000, 7500]));
        let page = "issuerd_store_commits_total 10\nissuerd_store_commit_batches_sum 80\nissuerd_store_commit_batches_count 10\n";
        let commits = Commits::read(page).unwrap();
        {
            let cpu = Duration::from_millis(500);
            Run {
                names: STEPS,
                stored,
                took: Duration::from_secs(1),
                cpu,
                client_cpu: cpu,
                commits,
                steps,
                errors: vec![],
            }
        }
    }

    fn report(runs: Vec<Run>) -> Report {
        let memory = Memory { at_rest: 40 * 1024, with_offers: None, at_end: 50 * 1024 };
        let ready_after = Duration::from_millis(120);
        Report {
            wallets: 32,
            seconds: 1,
            portrait: 1024,
            copies: 1,
            runs,
            with_plugin: None,
            with_login: None,
            memory,
            ready_after,
            limit: 53.0,
        }
    }

    #[test]
    fn fractions_are_of_the_limit_measured_in_the_same_run() {
        let json = report(vec![run(0, 1000)]).json();
        let figure = |pointer: &str| json.pointer(pointer).and_then(Value::as_f64).unwrap();
        assert!((figure("/runs/0/cpu_us_per_issuance") - 500.0).abs() < 1e-9);
        assert!((figure("/runs/0/fraction_of_ring") - 0.106).abs() < 1e-9);
        assert!((figure("/runs/0/fraction_of_bound") - 0.26).abs() < 1e-9);
        assert!((figure("/runs/0/batches_per_commit") - 8.0).abs() < 1e-9);
        assert!((figure("/runs/0/latency/whole/p99_ms") - 7.5).abs() < 1e-9);
    }

    #[test]
    fn two_runs_tell_what_throughput_is_kept() {
        let report = report(vec![run(0, 1000), run(1_000_000, 900)]);
        assert!((report.kept().unwrap() - 0.9).abs() < 1e-9);
        assert!(report.to_string().contains("throughput kept              90 %"), "{report}");
    }
}
