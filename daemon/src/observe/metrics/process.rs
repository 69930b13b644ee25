//! The process metrics that Prometheus' own clients export, read from `/proc` when scraped. The `prometheus` crate has a collector for
//! them, but counts CPU time in whole seconds, too coarse to see what a request costs.

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Counter, Gauge};
use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Resource, getrlimit};

/// Reads `/proc/self`; what cannot be read keeps its last value.
pub(super) struct ProcessMeters {
    cpu: Counter,
    resident: Gauge,
    virtual_: Gauge,
    open_fds: Gauge,
    max_fds: Gauge,
    threads: Gauge,
    start: Gauge,
}

impl ProcessMeters {
    pub(super) fn new() -> Result<Self, prometheus::Error> {
        let meters = Self {
            cpu: Counter::new("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.")?,
            resident: Gauge::new("process_resident_memory_bytes", "Resident memory size in bytes.")?,
            virtual_: Gauge::new("process_virtual_memory_bytes", "Virtual memory size in bytes.")?,
            open_fds: Gauge::new("process_open_fds", "Number of open file descriptors.")?,
            max_fds: Gauge::new("process_max_fds", "Maximum number of open file descriptors.")?,
            threads: Gauge::new("process_threads", "Number of threads in the process.")?,
            start: Gauge::new(
                "process_start_time_seconds",
                "Start time of the process since the Unix epoch in seconds.",
            )?,
        };
        if let Some(start) = start_time() {
            meters.start.set(start);
        }
        Ok(meters)
    }

    fn refresh(&self) {
        if let Some(stat) = Stat::read() {
            self.cpu.inc_by((stat.cpu_seconds - self.cpu.get()).max(0.0));
            self.resident.set(stat.resident_bytes);
            self.virtual_.set(stat.virtual_bytes);
            self.threads.set(stat.threads);
        }
        if let Ok(entries) = std::fs::read_dir("/proc/self/fd") {
            // One of them is the directory being read.
            self.open_fds.set(float(entries.count().saturating_sub(1) as u64));
        }
        self.max_fds.set(getrlimit(Resource::Nofile).current.map_or(f64::INFINITY, float));
    }

    fn all(&self) -> [&dyn Collector; 7] {
        [&self.cpu, &self.resident, &self.virtual_, &self.open_fds, &self.max_fds, &self.threads, &self.start]
    }
}

impl Collector for ProcessMeters {
    fn desc(&self) -> Vec<&Desc> {
        self.all().into_iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.refresh();
        self.all().into_iter().flat_map(Collector::collect).collect()
    }
}

/// What is needed of `/proc/self/stat` (proc(5)).
struct Stat {
    cpu_seconds: f64,
    threads: f64,
    start_ticks: f64,
    virtual_bytes: f64,
    resident_bytes: f64,
}

impl Stat {
    fn read() -> Option<Self> {
        Self::parse(&std::fs::read_to_string("/proc/self/stat").ok()?)
    }

    /// Fields count from 3 (the state) after the name, which is in parentheses and may hold anything.
    fn parse(text: &str) -> Option<Self> {
        let (_, rest) = text.rsplit_once(") ")?;
        let fields: Vec<_> = rest.split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number - 3).and_then(|text| text.parse().ok()).map(float);
        Some(Self {
            cpu_seconds: (field(14)? + field(15)?) / ticks(),
            threads: field(20)?,
            start_ticks: field(22)?,
            virtual_bytes: field(23)?,
            resident_bytes: field(24)? * float(page_size() as u64),
        })
    }
}

fn start_time() -> Option<f64> {
    let system = std::fs::read_to_string("/proc/stat").ok()?;
    let boot = system.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok().map(float)?;
    Some(boot + Stat::read()?.start_ticks / ticks())
}

fn ticks() -> f64 {
    float(clock_ticks_per_second())
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus values are doubles")]
fn float(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_name_with_spaces_and_parentheses_is_read_past() {
        let text =
            "7 (a b) c) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 9 0 12345 1048576 512 18446744073709551615";
        let stat = Stat::parse(text).unwrap();
        assert!((stat.cpu_seconds - 300.0 / ticks()).abs() < 1e-9);
        assert!((stat.threads - 9.0).abs() < 1e-9);
        assert!((stat.start_ticks - 12_345.0).abs() < 1e-9);
        assert!((stat.resident_bytes - 512.0 * float(page_size() as u64)).abs() < 1e-9);
    }

    #[test]
    fn this_process_is_measured() {
        let meters = ProcessMeters::new().unwrap();
        meters.refresh();
        assert!(meters.resident.get() > 1_000_000.0);
        assert!(meters.open_fds.get() >= 3.0);
        assert!(meters.max_fds.get() >= meters.open_fds.get());
        assert!(meters.start.get() > 1_600_000_000.0);
    }
}
