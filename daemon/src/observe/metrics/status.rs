//! What becomes of statuses and their lists, in numbers.

use prometheus::{Histogram, IntCounter, IntGauge, IntGaugeVec, Opts, Registry};

use super::{Metrics, counters, gauge, histogram};
use crate::domain::status::{Levels, Status, StatusMeters, status_name};

/// Upper bounds of the generation of a list in seconds: 1000000 entries take 10 to 100 ms.
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];
const STATUSES: [Status; 3] = [Status::Valid, Status::Invalid, Status::Suspended];

pub(super) struct ListMeters {
    changes: Vec<(Status, IntCounter)>,
    published: IntCounter,
    failed: IntCounter,
    seconds: Histogram,
    lists: IntGaugeVec,
    places_left: IntGauge,
    expiry: IntGauge,
}

impl ListMeters {
    pub(super) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let changes =
            counters(registry, "issuerd_status_changes_total", "Credentials that got a status, by status.", "status")?;
        let published = counters(
            registry,
            "issuerd_status_list_publications_total",
            "Status lists that were generated and signed, or could not be, by outcome.",
            "outcome",
        )?;
        let lists = Opts::new("issuerd_status_lists", "Status lists by state: open with places left, full without.");
        let lists = IntGaugeVec::new(lists, &["state"])?;
        registry.register(Box::new(lists.clone()))?;
        Ok(Self {
            changes: STATUSES.map(|status| (status, changes.with_label_values(&[status_name(status)]))).into(),
            published: published.with_label_values(&["success"]),
            failed: published.with_label_values(&["failure"]),
            seconds: histogram(
                registry,
                "issuerd_status_list_publication_duration_seconds",
                "Time to generate and sign a status list.",
                SECONDS,
            )?,
            lists,
            places_left: gauge(
                registry,
                "issuerd_status_list_places_left",
                "Places left in open status lists of the credential type that has the fewest; -1 without a list.",
            )?,
            expiry: gauge(
                registry,
                "issuerd_status_list_expiry_seconds",
                "Seconds until the first published status list expires; -1 without a list.",
            )?,
        })
    }
}

impl StatusMeters for Metrics {
    fn changed(&self, status: Status, count: u64) {
        if let Some((_, counter)) = self.status.changes.iter().find(|(of, _)| *of == status) {
            counter.inc_by(count);
        }
    }

    fn published(&self, seconds: Option<f64>) {
        match seconds {
            Some(seconds) => {
                self.status.published.inc();
                self.status.seconds.observe(seconds);
            }
            None => self.status.failed.inc(),
        }
    }
}

impl Metrics {
    /// Says what is watched of status lists.
    pub fn set_status_levels(&self, levels: Levels) {
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.status.lists.with_label_values(&["open"]).set(number(levels.open));
        self.status.lists.with_label_values(&["full"]).set(number(levels.full));
        self.status.places_left.set(levels.places_left.map_or(-1, number));
        self.status.expiry.set(levels.expires_in.unwrap_or(-1));
    }
}
