//! Puts together where claims come from.

use std::sync::Arc;

use super::login::reach;
use crate::base::clock::Clock;
use crate::base::random::Random;
use crate::config::ClaimSourcesSection;
use crate::domain::Failure;
use crate::domain::claim_source::catalog::{ClaimSources, SourceParts};
use crate::domain::event::Events;
use crate::domain::outbound::Private;
use crate::domain::roster::LiveRoster;
use crate::outbound::Web;
use crate::store::Store;

/// What many parts are made of.
type Common = (Store, Arc<dyn Clock>, Arc<dyn Random>, Arc<dyn Events>);

/// The claim sources.
pub(super) async fn load(
    section: &ClaimSourcesSection,
    (store, clock, random, events): Common,
    roster: LiveRoster,
) -> Result<Arc<ClaimSources>, Failure> {
    let reach = reach(Private::Origins(section.private_origins.iter().cloned().collect()), &section.ca_file);
    let outbound = Arc::new(Web::new(&reach));
    let parts = SourceParts { store, clock, random, roster, events, outbound, reach };
    Ok(Arc::new(ClaimSources::load(parts).await?))
}
