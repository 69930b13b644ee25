//! Status lists of a running issuer, and what keeps them up to date.

use std::sync::Arc;
use std::time::Duration;

use crate::app::Shared;
use crate::base::clock::Clock;
use crate::base::random::Random;
use crate::config::Config;
use crate::domain::Failure;
use crate::domain::event::Events;
use crate::domain::site::Site;
use crate::domain::status::{Defaults, StatusParts, Statuses};
use crate::domain::trust::Trust;
use crate::lifecycle::Tasks;
use crate::observe::metrics::Metrics;
use crate::store::Store;

/// How often changed lists are published: a revocation is public so soon, and a flood of them costs one signature each time.
const PUBLISH: Duration = Duration::from_millis(500);
/// How often a bulk revocation that was begun is looked for.
const REVOKE: Duration = Duration::from_millis(500);

pub(super) async fn load(
    config: &Config,
    store: &Store,
    (site, clock, random): (&Arc<Site>, &Arc<dyn Clock>, &Arc<dyn Random>),
    trust: &Arc<Trust>,
    metrics: &Arc<Metrics>,
) -> Result<Arc<Statuses>, Failure> {
    let section = &config.status;
    let parts = StatusParts {
        store: store.clone(),
        site: Arc::clone(site),
        clock: Arc::clone(clock),
        random: Arc::clone(random),
        trust: Arc::clone(trust),
        events: Arc::clone(metrics) as Arc<dyn Events>,
        meters: Arc::clone(metrics) as _,
        defaults: Defaults { list_size: section.list_size, ttl: section.ttl, expiry: section.expiry },
    };
    Ok(Arc::new(Statuses::load(parts).await?))
}

pub(super) fn background(app: &Shared, tasks: &Tasks) {
    let publishing = Arc::clone(app);
    tasks.every(PUBLISH, move || {
        let app = Arc::clone(&publishing);
        async move {
            let published = app.statuses.publish_due().await;
            published.and(app.statuses.open_in_time().await)
        }
    });
    let (revoking, stop) = (Arc::clone(app), tasks.clone());
    tasks.every(REVOKE, move || {
        let (app, stop) = (Arc::clone(&revoking), stop.clone());
        async move { app.statuses.bulk_run(|| stop.is_stopping()).await }
    });
}
