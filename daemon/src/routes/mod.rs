//! Which path is served by which handler, one table an audience.
//!
//! A row names its operation, so no endpoint can forget its events. What is common to all endpoints (request id, body limit, deadlines,
//! events, metrics, the log line, headers) happens in `endpoint`, around the handler.

mod audience;
mod browser;
mod endpoint;
mod operator;
mod refusal;
mod table;
mod wallet;

use std::sync::Arc;

pub use operator::operator;
pub use wallet::wallet;

use crate::app::App;
use crate::domain::event::Events;
use crate::lifecycle::Tasks;
use crate::observe::log::RequestIds;
use crate::observe::metrics::Metrics;

/// What every endpoint uses besides its handler.
struct Edge {
    metrics: Arc<Metrics>,
    events: Arc<dyn Events>,
    tasks: Tasks,
    ids: RequestIds,
    /// Whether browsers are told to come by https only.
    strict: bool,
}

impl Edge {
    fn new(app: &App, tasks: &Tasks) -> Arc<Self> {
        let metrics = Arc::clone(&app.metrics);
        let ids = RequestIds::new(app.random.as_ref());
        let strict = audience::is_strict(&app.site.issuer);
        Arc::new(Self { events: metrics.clone(), metrics, tasks: tasks.clone(), ids, strict })
    }
}

#[cfg(test)]
mod tests;
