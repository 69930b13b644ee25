//! Prometheus metrics. Names and labels are a contract: `golden.txt` holds them, and label values are always from a fixed set.
//!
//! Counters of the hot path are resolved once; counting is an atomic addition.

mod http;
mod plugin;
mod process;
mod status;

use std::sync::Arc;

use prometheus::{
    Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

pub use http::{ConnectionMeters, RouteMeters};

use crate::domain::configuration::CredentialFormat;
use crate::domain::event::{Events, Operation, Phase};
use crate::store::engine::CommitObserver;
use http::HttpMeters;
use plugin::PluginMeters;
use status::ListMeters;

/// Upper bounds of durable commits in seconds: a fast disk takes 0.3 ms, a slow one 30 ms.
const COMMIT_SECONDS: &[f64] = &[0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0];
/// Upper bounds of batches in one commit.
const COMMIT_BATCHES: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// A state that an offer entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferChange {
    /// It was made.
    Created,
    /// Its code was exchanged for a token.
    Redeemed,
    /// All that it offers was issued.
    Issued,
    /// Too many wrong transaction codes.
    Locked,
    /// An operator ended it. Offers that end with a configuration or by time are not counted: nothing is written then.
    Deleted,
}

impl OfferChange {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Created, "created"),
        (Self::Redeemed, "redeemed"),
        (Self::Issued, "issued"),
        (Self::Locked, "locked"),
        (Self::Deleted, "deleted"),
    ];
}

/// What a wallet can say became of a credential (`OpenID4VCI` 11.1).
const NOTIFICATIONS: [&str; 3] = ["credential_accepted", "credential_failure", "credential_deleted"];

/// All metrics of the process. Made once by `boot`.
pub struct Metrics {
    registry: Registry,
    /// By operation, then phase; both index by declaration order.
    events: Vec<[IntCounter; 3]>,
    offers: Vec<IntCounter>,
    tx_code_failures: IntCounter,
    credentials: Vec<IntCounter>,
    notifications: IntCounterVec,
    store: StoreMeters,
    http: HttpMeters,
    plugins: PluginMeters,
    status: ListMeters,
    signer_expiry: IntGaugeVec,
    ready: IntGauge,
}

struct StoreMeters {
    commits: IntCounter,
    batches: Histogram,
    seconds: Histogram,
    failures: IntCounter,
}

impl Metrics {
    /// Registers every metric, each known label value at 0.
    pub fn new() -> Result<Arc<Self>, prometheus::Error> {
        let registry = Registry::new();
        build_info(&registry)?;
        registry.register(Box::new(process::ProcessMeters::new()?))?;
        let offers = counters(&registry, "issuerd_offers_total", "Offers that entered a state.", "state")?;
        let credentials = counters(
            &registry,
            "issuerd_credentials_issued_total",
            "Credentials issued, each copy counted.",
            "format",
        )?;
        let notifications = counters(
            &registry,
            "issuerd_credential_notifications_total",
            "What wallets said became of credentials, each response counted.",
            "event",
        )?;
        for event in NOTIFICATIONS {
            notifications.with_label_values(&[event]);
        }
        Ok(Arc::new(Self {
            notifications,
            events: events(&registry)?,
            offers: OfferChange::ALL.iter().map(|(_, name)| offers.with_label_values(&[name])).collect(),
            tx_code_failures: counter(&registry, "issuerd_tx_code_failures_total", "Wrong transaction codes.")?,
            credentials: CredentialFormat::ALL
                .iter()
                .map(|one| credentials.with_label_values(&[one.identifier()]))
                .collect(),
            store: StoreMeters::new(&registry)?,
            http: HttpMeters::new(&registry)?,
            plugins: PluginMeters::new(&registry)?,
            status: ListMeters::new(&registry)?,
            signer_expiry: signer_expiry(&registry)?,
            ready: gauge(&registry, "issuerd_ready", "1 while the issuer can issue, else 0.")?,
            registry,
        }))
    }

    /// The Prometheus text format, version 0.0.4.
    #[must_use]
    pub fn render(&self) -> String {
        TextEncoder::new().encode_to_string(&self.registry.gather()).unwrap_or_else(|error| {
            tracing::error!(%error, "metrics cannot be rendered");
            String::new()
        })
    }

    /// Says whether the issuer can issue.
    pub fn set_ready(&self, ready: bool) {
        self.ready.set(ready.into());
    }

    /// Says how many seconds the certificates in use have left, by kind (`iaca`, `document_signer`, `status_list_signer`); negative once expired. A kind that
    /// is not named has none in use and is not exported.
    pub fn set_signer_expiries(&self, expiries: &[(&'static str, i64)]) {
        self.signer_expiry.reset();
        for (kind, seconds) in expiries {
            self.signer_expiry.with_label_values(&[kind]).set(*seconds);
        }
    }

    /// Counts an offer that entered a state.
    pub fn offer(&self, change: OfferChange) {
        self.offers(change, 1);
    }

    /// Counts offers that entered a state together.
    pub fn offers(&self, change: OfferChange, count: u64) {
        if let Some(counter) = self.offers.get(change as usize) {
            counter.inc_by(count);
        }
    }

    /// Counts a wrong transaction code.
    pub fn tx_code_failed(&self) {
        self.tx_code_failures.inc();
    }

    /// Counts the copies of a credential that was issued.
    pub fn credential_issued(&self, format: CredentialFormat, copies: usize) {
        if let Some(counter) = self.credentials.get(format as usize) {
            counter.inc_by(copies as u64);
        }
    }

    /// Counts what a wallet said; `event` is one of the three of the standard.
    pub fn credential_notified(&self, event: &'static str) {
        self.notifications.with_label_values(&[event]).inc();
    }

    /// The meters of one endpoint, resolved once.
    #[must_use]
    pub fn route(&self, listener: &'static str, route: &'static str, method: &'static str) -> RouteMeters {
        self.http.route(listener, route, method)
    }

    /// The meters of one listener.
    #[must_use]
    pub fn connections(&self, listener: &'static str) -> ConnectionMeters {
        self.http.connections(listener)
    }

    /// Says when the certificate of a listener expires, in seconds of Unix time.
    pub fn certificate_expires(&self, listener: &str, unix: i64) {
        self.http.certificate_expires(listener, unix);
    }
}

impl Events for Metrics {
    fn emit(&self, operation: Operation, phase: Phase) {
        if let Some(counter) = self.events.get(operation as usize).and_then(|phases| phases.get(phase as usize)) {
            counter.inc();
        }
    }
}

impl CommitObserver for Metrics {
    fn committed(&self, batches: usize, seconds: f64) {
        self.store.commits.inc();
        #[expect(clippy::cast_precision_loss, reason = "a group has far fewer than 2^52 batches")]
        self.store.batches.observe(batches as f64);
        self.store.seconds.observe(seconds);
    }

    fn failed(&self) {
        self.store.failures.inc();
    }
}

impl StoreMeters {
    fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        Ok(Self {
            commits: counter(registry, "issuerd_store_commits_total", "Durable commits of the store.")?,
            batches: histogram(registry, "issuerd_store_commit_batches", "Batches in one commit.", COMMIT_BATCHES)?,
            seconds: histogram(
                registry,
                "issuerd_store_commit_duration_seconds",
                "Time of one durable commit.",
                COMMIT_SECONDS,
            )?,
            failures: counter(registry, "issuerd_store_failures_total", "Commits of the store that failed.")?,
        })
    }
}

fn events(registry: &Registry) -> Result<Vec<[IntCounter; 3]>, prometheus::Error> {
    let name = "issuerd_analytics_events_total";
    let help = "Analytics events by name: operations that started, succeeded or failed.";
    let events = counters(registry, name, help, "event")?;
    let phases = |operation: &Operation| Phase::ALL.map(|phase| events.with_label_values(&[operation.event(phase)]));
    Ok(Operation::ALL.iter().map(phases).collect())
}

fn build_info(registry: &Registry) -> Result<(), prometheus::Error> {
    let opts = Opts::new("issuerd_build_info", "Always 1; the label says which build runs.");
    let info = IntGaugeVec::new(opts, &["version"])?;
    info.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
    registry.register(Box::new(info))
}

fn signer_expiry(registry: &Registry) -> Result<IntGaugeVec, prometheus::Error> {
    let help = "Seconds until the certificate in use expires, by kind.";
    let gauges = IntGaugeVec::new(Opts::new("issuerd_signer_expiry_seconds", help), &["kind"])?;
    registry.register(Box::new(gauges.clone()))?;
    Ok(gauges)
}

fn counter(registry: &Registry, name: &str, help: &str) -> Result<IntCounter, prometheus::Error> {
    let counter = IntCounter::new(name, help)?;
    registry.register(Box::new(counter.clone()))?;
    Ok(counter)
}

fn counters(registry: &Registry, name: &str, help: &str, label: &str) -> Result<IntCounterVec, prometheus::Error> {
    let counters = IntCounterVec::new(Opts::new(name, help), &[label])?;
    registry.register(Box::new(counters.clone()))?;
    Ok(counters)
}

fn gauge(registry: &Registry, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
    let gauge = IntGauge::new(name, help)?;
    registry.register(Box::new(gauge.clone()))?;
    Ok(gauge)
}

fn histogram(registry: &Registry, name: &str, help: &str, bounds: &[f64]) -> Result<Histogram, prometheus::Error> {
    let histogram = Histogram::with_opts(HistogramOpts::new(name, help).buckets(bounds.to_vec()))?;
    registry.register(Box::new(histogram.clone()))?;
    Ok(histogram)
}

#[cfg(test)]
mod tests;
