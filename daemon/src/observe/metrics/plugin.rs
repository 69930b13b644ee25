//! Calls of plugins: how many, how long, how much, and what they asked of others.
//!
//! Labels are bounded: plugins and origins are those of `issuer.toml`, exports, outcomes and kinds are fixed sets, and one version of
//! a plugin is exported at a time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arc_swap::ArcSwap;
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};

use super::Metrics;
use crate::plugin::{CallFigures, OUTCOMES, PluginObserver};

/// What is called.
const EXPORTS: [&str; 6] = ["fetch", "resume", "admit", "authorize", "describe", "check"];
/// Upper bounds of calls in seconds: a small plugin takes 50 µs, the longest 30 s.
const CALL_SECONDS: &[f64] = &[
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
    10.0, 30.0,
];
/// Upper bounds of the wait for a turn in seconds; most calls do not wait.
const QUEUE_SECONDS: &[f64] = &[0.000_1, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// Upper bounds of outgoing requests in seconds.
const HTTP_SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// Upper bounds of loads in seconds: precompiled code takes milliseconds, a compilation seconds.
const LOAD_SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// Longest version that is shown.
const LONGEST_VERSION: usize = 64;

/// The families, and the meters of each plugin.
pub(super) struct PluginMeters {
    families: Families,
    /// Resolved when a plugin is first heard of.
    known: ArcSwap<HashMap<String, Arc<OnePlugin>>>,
}

#[derive(Clone)]
struct Families {
    calls: IntCounterVec,
    seconds: HistogramVec,
    cpu_ticks: IntCounterVec,
    memory: IntGaugeVec,
    running: IntGaugeVec,
    waiting: IntGaugeVec,
    queue: HistogramVec,
    requests: IntCounterVec,
    request_seconds: HistogramVec,
    log_lines: IntCounterVec,
    loads: IntCounterVec,
    load_seconds: HistogramVec,
    info: IntGaugeVec,
}

/// The meters of one plugin.
struct OnePlugin {
    /// By export; resolved when first called, so that only what happens is exported.
    exports: [OnceLock<OneExport>; EXPORTS.len()],
    cpu_ticks: IntCounter,
    memory: IntGauge,
    peak: AtomicI64,
    running: IntGauge,
    waiting: IntGauge,
    queue: Histogram,
    kept: IntCounter,
    dropped: IntCounter,
    /// The version that is exported.
    version: Mutex<Option<String>>,
}

struct OneExport {
    seconds: Histogram,
    outcomes: Vec<OnceLock<IntCounter>>,
}

impl OneExport {
    fn new(families: &Families, plugin: &str, export: &str) -> Self {
        let seconds = families.seconds.with_label_values(&[plugin, export]);
        Self { seconds, outcomes: OUTCOMES.iter().map(|_| OnceLock::new()).collect() }
    }

    fn ended(&self, families: &Families, labels: [&str; 3], seconds: f64) {
        self.seconds.observe(seconds);
        let place = OUTCOMES.iter().position(|known| *known == labels[2]);
        if let Some(outcome) = place.and_then(|place| self.outcomes.get(place)) {
            outcome.get_or_init(|| families.calls.with_label_values(&labels)).inc();
        }
    }
}

impl PluginMeters {
    pub(super) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        Ok(Self { families: Families::new(registry)?, known: ArcSwap::default() })
    }

    fn of(&self, plugin: &str) -> Arc<OnePlugin> {
        if let Some(known) = self.known.load().get(plugin) {
            return Arc::clone(known);
        }
        let made = Arc::new(OnePlugin::new(&self.families, plugin));
        self.known.rcu(|known| {
            let mut more = HashMap::clone(known);
            more.entry(plugin.to_owned()).or_insert_with(|| Arc::clone(&made));
            more
        });
        self.known.load().get(plugin).map_or(made, Arc::clone)
    }

    fn called(&self, plugin: &str, export: &'static str, outcome: &'static str, call: &CallFigures) {
        let one = self.of(plugin);
        one.cpu_ticks.inc_by(call.cpu_ticks);
        let bytes = i64::try_from(call.memory_bytes).unwrap_or(i64::MAX);
        if one.peak.fetch_max(bytes, Ordering::Relaxed) < bytes {
            one.memory.set(one.peak.load(Ordering::Relaxed));
        }
        let place = EXPORTS.iter().position(|known| *known == export);
        if let Some(called) = place.and_then(|place| one.exports.get(place)) {
            called.get_or_init(|| OneExport::new(&self.families, plugin, export)).ended(
                &self.families,
                [plugin, export, outcome],
                call.seconds,
            );
        }
    }

    fn loaded(&self, plugin: &str, version: &str, good: bool, seconds: f64) {
        let outcome = if good { "success" } else { "failure" };
        self.families.loads.with_label_values(&[plugin, outcome]).inc();
        self.families.load_seconds.with_label_values(&[plugin]).observe(seconds);
        if good {
            self.of(plugin).serves(&self.families, plugin, version);
        }
    }
}

impl OnePlugin {
    fn new(families: &Families, plugin: &str) -> Self {
        Self {
            exports: [const { OnceLock::new() }; EXPORTS.len()],
            cpu_ticks: families.cpu_ticks.with_label_values(&[plugin]),
            memory: families.memory.with_label_values(&[plugin]),
            peak: AtomicI64::new(0),
            running: families.running.with_label_values(&[plugin]),
            waiting: families.waiting.with_label_values(&[plugin]),
            queue: families.queue.with_label_values(&[plugin]),
            kept: families.log_lines.with_label_values(&[plugin, "kept"]),
            dropped: families.log_lines.with_label_values(&[plugin, "dropped"]),
            version: Mutex::new(None),
        }
    }

    /// A version took over: the one before is exported no longer, and the peak of memory begins anew.
    fn serves(&self, families: &Families, plugin: &str, version: &str) {
        let version: String = version.chars().filter(char::is_ascii_graphic).take(LONGEST_VERSION).collect();
        let mut shown = self.version.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = shown.as_ref().filter(|before| **before != version) {
            // It is gone already when somebody else was quicker.
            let _absent = families.info.remove_label_values(&[plugin, before]);
        }
        families.info.with_label_values(&[plugin, &version]).set(1);
        *shown = Some(version);
        self.peak.store(0, Ordering::Relaxed);
        self.memory.set(0);
    }

    /// No version serves.
    fn ends(&self, families: &Families, plugin: &str) {
        if let Some(version) = self.version.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // It is gone already when somebody else was quicker.
            let _absent = families.info.remove_label_values(&[plugin, &version]);
        }
    }
}

impl PluginObserver for Metrics {
    fn called(&self, plugin: &str, export: &'static str, outcome: &'static str, call: &CallFigures) {
        self.plugins.called(plugin, export, outcome, call);
    }

    fn queued(&self, plugin: &str, seconds: f64) {
        self.plugins.of(plugin).queue.observe(seconds);
    }

    fn in_flight(&self, plugin: &str, running: usize, waiting: usize) {
        let one = self.plugins.of(plugin);
        one.running.set(i64::try_from(running).unwrap_or(i64::MAX));
        one.waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
    }

    fn requested(&self, plugin: &str, origin: &str, outcome: &'static str, seconds: f64) {
        self.plugins.families.requests.with_label_values(&[plugin, origin, outcome]).inc();
        self.plugins.families.request_seconds.with_label_values(&[plugin, origin]).observe(seconds);
    }

    fn logged(&self, plugin: &str, kept: u64, dropped: u64) {
        let one = self.plugins.of(plugin);
        one.kept.inc_by(kept);
        one.dropped.inc_by(dropped);
    }

    fn loaded(&self, plugin: &str, version: &str, good: bool, seconds: f64) {
        self.plugins.loaded(plugin, version, good, seconds);
    }

    fn unloaded(&self, plugin: &str) {
        self.plugins.of(plugin).ends(&self.plugins.families, plugin);
    }
}

impl Families {
    fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let counters = |name: &str, help: &str, labels: &[&str]| {
            let family = IntCounterVec::new(Opts::new(format!("issuerd_plugin_{name}"), help), labels)?;
            registry.register(Box::new(family.clone())).map(|()| family)
        };
        let gauges = |name: &str, help: &str, labels: &[&str]| {
            let family = IntGaugeVec::new(Opts::new(format!("issuerd_plugin_{name}"), help), labels)?;
            registry.register(Box::new(family.clone())).map(|()| family)
        };
        let histograms = |name: &str, help: &str, labels: &[&str], bounds: &[f64]| {
            let opts = HistogramOpts::new(format!("issuerd_plugin_{name}"), help).buckets(bounds.to_vec());
            let family = HistogramVec::new(opts, labels)?;
            registry.register(Box::new(family.clone())).map(|()| family)
        };
        let plugin = &["plugin"];
        let (call, request) = (["plugin", "export", "outcome"], ["plugin", "origin", "outcome"]);
        Ok(Self {
            calls: counters("calls_total", "Calls of plugins by how they ended.", &call)?,
            seconds: histograms(
                "call_duration_seconds",
                "Time of one call, without the wait for its turn.",
                &["plugin", "export"],
                CALL_SECONDS,
            )?,
            cpu_ticks: counters("cpu_ticks_total", "Ticks of 10 ms that calls ran through.", plugin)?,
            memory: gauges("memory_peak_bytes", "Most linear memory of one call of this version.", plugin)?,
            running: gauges("running", "Calls that run.", plugin)?,
            waiting: gauges("waiting", "Calls that wait for their turn.", plugin)?,
            queue: histograms("queue_seconds", "Time that calls waited for their turn.", plugin, QUEUE_SECONDS)?,
            requests: counters("http_requests_total", "Outgoing requests by how they ended.", &request)?,
            request_seconds: histograms(
                "http_duration_seconds",
                "Time of one outgoing request.",
                &["plugin", "origin"],
                HTTP_SECONDS,
            )?,
            log_lines: counters("log_lines_total", "Log lines of plugins, kept or dropped.", &["plugin", "kind"])?,
            loads: counters("loads_total", "Loads and reloads of plugins.", &["plugin", "outcome"])?,
            load_seconds: histograms("load_seconds", "Time of one load.", plugin, LOAD_SECONDS)?,
            info: gauges("info", "Always 1; the labels say which version serves.", &["plugin", "version"])?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(memory_bytes: usize) -> CallFigures {
        CallFigures { seconds: 0.000_07, cpu_ticks: 2, memory_bytes }
    }

    #[track_caller]
    fn shows(metrics: &Metrics, lines: &[&str]) {
        let text = metrics.render();
        for line in lines {
            assert!(text.contains(&format!("issuerd_plugin_{line}\n")), "{line} in\n{text}");
        }
    }

    #[test]
    fn calls_are_counted_by_export_and_outcome_with_their_cost() {
        let metrics = Metrics::new().unwrap();
        metrics.called("hr", "fetch", "ready", &figures(2048));
        metrics.called("hr", "fetch", "ready", &figures(1024));
        metrics.called("hr", "fetch", "trap", &figures(0));
        metrics.queued("hr", 0.02);
        metrics.in_flight("hr", 3, 1);
        metrics.logged("hr", 5, 2);
        metrics.requested("hr", "https://a.example", "2xx", 0.003);
        shows(
            &metrics,
            &[
                "calls_total{export=\"fetch\",outcome=\"ready\",plugin=\"hr\"} 2",
                "calls_total{export=\"fetch\",outcome=\"trap\",plugin=\"hr\"} 1",
                "call_duration_seconds_bucket{export=\"fetch\",plugin=\"hr\",le=\"0.00005\"} 0",
                "call_duration_seconds_bucket{export=\"fetch\",plugin=\"hr\",le=\"0.0001\"} 3",
                "cpu_ticks_total{plugin=\"hr\"} 6",
                "memory_peak_bytes{plugin=\"hr\"} 2048",
                "running{plugin=\"hr\"} 3",
                "waiting{plugin=\"hr\"} 1",
                "queue_seconds_bucket{plugin=\"hr\",le=\"0.025\"} 1",
                "log_lines_total{kind=\"kept\",plugin=\"hr\"} 5",
                "log_lines_total{kind=\"dropped\",plugin=\"hr\"} 2",
                "http_requests_total{origin=\"https://a.example\",outcome=\"2xx\",plugin=\"hr\"} 1",
                "http_duration_seconds_count{origin=\"https://a.example\",plugin=\"hr\"} 1",
            ],
        );
    }

    #[test]
    fn what_is_no_label_of_ours_makes_no_series() {
        let metrics = Metrics::new().unwrap();
        metrics.called("hr", "unheard", "ready", &figures(0));
        metrics.called("hr", "fetch", "unheard", &figures(0));
        let text = metrics.render();
        assert!(!text.contains("unheard") && !text.contains("issuerd_plugin_calls_total"), "{text}");
    }

    #[test]
    fn one_version_is_shown_and_a_failed_load_keeps_it() {
        let metrics = Metrics::new().unwrap();
        metrics.loaded("hr", "1.0.0", true, 0.002);
        metrics.called("hr", "fetch", "ready", &figures(4096));
        metrics.loaded("hr", "", false, 0.1);
        shows(&metrics, &["info{plugin=\"hr\",version=\"1.0.0\"} 1", "memory_peak_bytes{plugin=\"hr\"} 4096"]);
        metrics.loaded("hr", &format!("2.0 \"\n{}", "x".repeat(100)), true, 0.002);
        let version = format!("2.0\\\"{}", "x".repeat(LONGEST_VERSION - 4));
        shows(
            &metrics,
            &[
                &format!("info{{plugin=\"hr\",version=\"{version}\"}} 1"),
                "memory_peak_bytes{plugin=\"hr\"} 0",
                "loads_total{outcome=\"success\",plugin=\"hr\"} 2",
                "loads_total{outcome=\"failure\",plugin=\"hr\"} 1",
                "load_seconds_count{plugin=\"hr\"} 3",
            ],
        );
        assert!(!metrics.render().contains("version=\"1.0.0\""));
    }
}
