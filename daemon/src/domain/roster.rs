//! Which plugin acts where, and the plugins themselves. A reload exchanges all of it in one step; a request that has taken it goes on
//! with what it took.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::hook::AuthHookRule;
use crate::plugin::{Phase, PluginCalls};

/// Where plugins act, as `issuer.toml` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// Credential type → plugin that is its claim source.
    pub bindings: BTreeMap<String, String>,
    /// Auth hooks in the order in which they are asked.
    pub rules: Vec<AuthHookRule>,
}

impl Places {
    /// Whether any hook is asked in a phase.
    #[must_use]
    pub fn has(&self, phase: Phase) -> bool {
        self.rules.iter().any(|rule| rule.phases.contains(&phase))
    }
}

/// The places and the plugins of one moment.
pub struct Roster {
    /// Where plugins act.
    pub places: Places,
    /// The plugins.
    pub calls: Arc<dyn PluginCalls>,
    /// Whether a token may carry what hooks added when its code was redeemed: under this roster or one before it.
    pub(super) enriches: bool,
}

/// The roster in force. Clones share it.
#[derive(Clone)]
pub struct LiveRoster(Arc<ArcSwap<Roster>>);

impl LiveRoster {
    /// The first one.
    #[must_use]
    pub fn new(places: Places, calls: Arc<dyn PluginCalls>) -> Self {
        let enriches = places.has(Phase::TokenRequest);
        Self(Arc::new(ArcSwap::from_pointee(Roster { places, calls, enriches })))
    }

    /// The one in force now.
    #[must_use]
    pub fn now(&self) -> Arc<Roster> {
        self.0.load_full()
    }

    /// Puts another into force.
    pub fn exchange(&self, places: Places, calls: Arc<dyn PluginCalls>) {
        let enriches = places.has(Phase::TokenRequest) || self.0.load().enriches;
        self.0.store(Arc::new(Roster { places, calls, enriches }));
    }
}
