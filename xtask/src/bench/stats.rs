//! The figures of one measurement.

use std::time::Duration;

use crate::Result;

/// Latencies of the steps and of the whole, in microseconds.
#[derive(Debug, Default)]
pub(super) struct Steps([Vec<u64>; 5]);

impl Steps {
    pub(super) fn add(&mut self, times: [u64; 5]) {
        for (step, time) in self.0.iter_mut().zip(times) {
            step.push(time);
        }
    }

    fn count(&self) -> usize {
        self.0.first().map_or(0, Vec::len)
    }

    /// Median and 99th percentile of each step and of the whole, in milliseconds.
    pub(super) fn percentiles(&self) -> [(f64, f64); 5] {
        self.0.each_ref().map(|times| {
            let mut times = times.clone();
            times.sort_unstable();
            (percentile(&times, 50), percentile(&times, 99))
        })
    }
}

/// The value that `percent` of the sorted microseconds don't exceed, in milliseconds.
fn percentile(sorted: &[u64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    let micros = sorted.get(rank - 1).copied().unwrap_or_default();
    Duration::from_micros(micros).as_secs_f64() * 1e3
}

/// Commits of the store, and batches in them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Commits {
    /// Durable commits, each with a group of batches.
    pub(super) durable: f64,
    batches: f64,
    groups: f64,
}

impl Commits {
    /// Reads them from the metrics page.
    pub(super) fn read(page: &str) -> Result<Self> {
        Ok(Self {
            durable: sum(page, "issuerd_store_commits_total")?,
            batches: sum(page, "issuerd_store_commit_batches_sum")?,
            groups: sum(page, "issuerd_store_commit_batches_count")?,
        })
    }

    pub(super) fn since(&self, earlier: &Self) -> Self {
        Self {
            durable: self.durable - earlier.durable,
            batches: self.batches - earlier.batches,
            groups: self.groups - earlier.groups,
        }
    }

    /// Mean number of batches in one durable commit.
    pub(super) fn group_size(&self) -> f64 {
        self.batches / self.groups.max(1.0)
    }
}

/// The sum of a metric over all its label values.
fn sum(page: &str, name: &str) -> Result<f64> {
    let of_name = |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']));
    let values: Vec<f64> =
        page.lines().filter(of_name).filter_map(|line| line.rsplit(' ').next()?.parse().ok()).collect();
    if values.is_empty() { Err(format!("/metrics has no {name}").into()) } else { Ok(values.iter().sum()) }
}

/// One measurement.
#[derive(Debug)]
pub(super) struct Run {
    /// Names of the steps.
    pub(super) names: [&'static str; 4],
    /// Open offers in the store before it began.
    pub(super) stored: usize,
    pub(super) took: Duration,
    /// CPU time of the daemon.
    pub(super) cpu: Duration,
    /// CPU time of the wallets.
    pub(super) client_cpu: Duration,
    pub(super) commits: Commits,
    pub(super) steps: Steps,
    pub(super) errors: Vec<String>,
}

impl Run {
    pub(super) fn issued(&self) -> usize {
        self.steps.count()
    }

    /// Issuances a second.
    pub(super) fn rate(&self) -> f64 {
        self.issued_f64() / self.took.as_secs_f64()
    }

    /// Microseconds of the daemon's CPU time for one issuance.
    pub(super) fn cpu_each(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.issued_f64().max(1.0)
    }

    /// How much of their core the wallets used; near 1 they are what limits the rate.
    pub(super) fn client_busy(&self) -> f64 {
        self.client_cpu.as_secs_f64() / self.took.as_secs_f64()
    }

    fn issued_f64(&self) -> f64 {
        u32::try_from(self.issued()).map_or(f64::INFINITY, f64::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let sorted: Vec<u64> = (1..=200).map(|n| n * 1000).collect();
        assert!((percentile(&sorted, 50) - 100.0).abs() < 1e-9);
        assert!((percentile(&sorted, 99) - 198.0).abs() < 1e-9);
        assert!((percentile(&[7000], 99) - 7.0).abs() < 1e-9);
        assert!(percentile(&[], 99).abs() < 1e-9);
    }

    #[test]
    fn group_size_is_batches_by_commits_of_the_window() {
        let page = |commits: u32, batches: u32| {
            format!(
                "# HELP issuerd_store_commits_total x\nissuerd_store_commits_total{{outcome=\"ok\"}} {commits}\n\
                 issuerd_store_commit_batches_sum {batches}\nissuerd_store_commit_batches_count {commits}\n"
            )
        };
        let window = Commits::read(&page(30, 500)).unwrap().since(&Commits::read(&page(10, 100)).unwrap());
        assert!((window.durable - 20.0).abs() < 1e-9);
        assert!((window.group_size() - 20.0).abs() < 1e-9);
        assert!(Commits::read("").is_err());
    }

    #[test]
    fn rate_and_cpu_are_by_issuance() {
        let mut steps = Steps::default();
        (0..1000).for_each(|_| steps.add([1, 2, 3, 4, 10]));
        let commits = Commits { durable: 1.0, batches: 1.0, groups: 1.0 };
        let (took, cpu) = (Duration::from_secs(2), Duration::from_millis(500));
        let run =
            Run { names: ["a", "b", "c", "d"], stored: 0, took, cpu, client_cpu: cpu, commits, steps, errors: vec![] };
        assert!((run.client_busy() - 0.25).abs() < 1e-9);
        assert!((run.rate() - 500.0).abs() < 1e-9);
        assert!((run.cpu_each() - 500.0).abs() < 1e-9);
    }
}
