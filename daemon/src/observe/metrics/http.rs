//! Rate, errors and duration of requests by route, and connections by listener.

use std::sync::OnceLock;

use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};

/// Upper bounds of requests in seconds: reads take microseconds, an issuance milliseconds, the longest request 30 s.
const SECONDS: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Status codes with a label of their own; whatever else a handler invents is `other`. 499 is a client that hung up.
const STATUSES: [(u16, &str); 18] = [
    (200, "200"),
    (201, "201"),
    (204, "204"),
    (304, "304"),
    (400, "400"),
    (401, "401"),
    (403, "403"),
    (404, "404"),
    (405, "405"),
    (408, "408"),
    (409, "409"),
    (413, "413"),
    (415, "415"),
    (429, "429"),
    (499, "499"),
    (500, "500"),
    (503, "503"),
    (0, "other"),
];

/// The families.
pub(super) struct HttpMeters {
    requests: IntCounterVec,
    seconds: HistogramVec,
    open: IntGaugeVec,
    accepted: IntCounterVec,
    refused: IntCounterVec,
    handshakes_failed: IntCounterVec,
    certificate_expiry: IntGaugeVec,
}

impl HttpMeters {
    pub(super) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let by_listener = |name: &str, help: &str| IntCounterVec::new(Opts::new(name, help), &["listener"]);
        let meters = Self {
            requests: IntCounterVec::new(
                Opts::new("issuerd_http_requests_total", "Requests answered."),
                &["listener", "route", "method", "status"],
            )?,
            seconds: HistogramVec::new(
                HistogramOpts::new(
                    "issuerd_http_request_duration_seconds",
                    "Time from a request's head to its answer.",
                )
                .buckets(SECONDS.to_vec()),
                &["listener", "route"],
            )?,
            open: IntGaugeVec::new(Opts::new("issuerd_connections", "Open connections."), &["listener"])?,
            accepted: by_listener("issuerd_connections_accepted_total", "Connections accepted.")?,
            refused: by_listener(
                "issuerd_connections_refused_total",
                "Connections refused because too many were open.",
            )?,
            handshakes_failed: by_listener("issuerd_tls_handshakes_failed_total", "TLS handshakes that failed.")?,
            certificate_expiry: IntGaugeVec::new(
                Opts::new(
                    "issuerd_tls_certificate_expiry_timestamp_seconds",
                    "When the certificate of a listener expires, Unix time; only for listeners with TLS.",
                ),
                &["listener"],
            )?,
        };
        registry.register(Box::new(meters.requests.clone()))?;
        registry.register(Box::new(meters.seconds.clone()))?;
        registry.register(Box::new(meters.open.clone()))?;
        registry.register(Box::new(meters.accepted.clone()))?;
        registry.register(Box::new(meters.refused.clone()))?;
        registry.register(Box::new(meters.handshakes_failed.clone()))?;
        registry.register(Box::new(meters.certificate_expiry.clone()))?;
        Ok(meters)
    }

    pub(super) fn route(&self, listener: &'static str, route: &'static str, method: &'static str) -> RouteMeters {
        RouteMeters {
            requests: self.requests.clone(),
            labels: [listener, route, method],
            statuses: [const { OnceLock::new() }; STATUSES.len()],
            seconds: self.seconds.with_label_values(&[listener, route]),
        }
    }

    pub(super) fn connections(&self, listener: &'static str) -> ConnectionMeters {
        ConnectionMeters {
            open: self.open.with_label_values(&[listener]),
            accepted: self.accepted.with_label_values(&[listener]),
            refused: self.refused.with_label_values(&[listener]),
            handshakes_failed: self.handshakes_failed.with_label_values(&[listener]),
        }
    }

    pub(super) fn certificate_expires(&self, listener: &str, unix: i64) {
        self.certificate_expiry.with_label_values(&[listener]).set(unix);
    }
}

/// Counts the requests of one route and method.
pub struct RouteMeters {
    requests: IntCounterVec,
    labels: [&'static str; 3],
    /// Resolved when a status is first seen, so that only statuses that happen are exported.
    statuses: [OnceLock<IntCounter>; STATUSES.len()],
    seconds: Histogram,
}

impl RouteMeters {
    /// Counts a request that was answered with `status` after `seconds`.
    pub fn observe(&self, status: u16, seconds: f64) {
        let place = STATUSES.iter().position(|(known, _)| *known == status).unwrap_or(STATUSES.len() - 1);
        if let (Some(cell), Some((_, label))) = (self.statuses.get(place), STATUSES.get(place)) {
            let [listener, route, method] = self.labels;
            cell.get_or_init(|| self.requests.with_label_values(&[listener, route, method, label])).inc();
        }
        self.seconds.observe(seconds);
    }
}

/// Counts the connections of one listener.
#[derive(Debug, Clone)]
pub struct ConnectionMeters {
    open: IntGauge,
    accepted: IntCounter,
    refused: IntCounter,
    handshakes_failed: IntCounter,
}

impl ConnectionMeters {
    /// Counts a connection as open until the guard is dropped.
    #[must_use]
    pub fn opened(&self) -> OpenConnection {
        self.accepted.inc();
        self.open.inc();
        OpenConnection(self.open.clone())
    }

    /// Counts a connection that was turned away.
    pub fn refused(&self) {
        self.refused.inc();
    }

    /// Counts a TLS handshake that failed or was too slow.
    pub fn handshake_failed(&self) {
        self.handshakes_failed.inc();
    }
}

/// A connection that is open.
#[derive(Debug)]
pub struct OpenConnection(IntGauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}
