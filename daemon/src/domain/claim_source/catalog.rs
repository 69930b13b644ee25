//! The claim sources of the issuer: kept in the store, read from a snapshot in memory.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::http::{Errand, Gates, HttpSource, Tokens};
use super::read::{Surroundings, read, shown};
use super::{ClaimSource, Kind, Origin, PluginState, Source};
use crate::base::clock::Clock;
use crate::base::id::random_uuid;
use crate::base::random::Random;
use crate::domain::Failure;
use crate::domain::configuration::Configuration;
use crate::domain::event::{Events, Operation, Running, start};
use crate::domain::mirror::Mirror;
use crate::domain::outbound::{Outbound, Reach};
use crate::domain::roster::LiveRoster;
use crate::store::Store;
use crate::store::named::{CLAIM_SOURCES, Deleted};
use crate::wire::fields::Detail;

/// What [`ClaimSources`] are made of.
pub struct SourceParts {
    /// Where they are kept.
    pub store: Store,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids.
    pub random: Arc<dyn Random>,
    /// The plugins.
    pub roster: LiveRoster,
    /// Who is told.
    pub events: Arc<dyn Events>,
    /// The network.
    pub outbound: Arc<dyn Outbound>,
    /// Which registers may be reached.
    pub reach: Reach,
}

/// Creates, replaces, deletes and finds claim sources, and asks them.
pub struct ClaimSources {
    parts: SourceParts,
    tokens: Tokens,
    gates: Gates,
    mirror: Mirror<Vec<Arc<ClaimSource>>>,
}

/// How saving ended.
pub type Saved = crate::domain::saved::Saved<Value>;

impl ClaimSources {
    /// Loads all from the store.
    pub async fn load(parts: SourceParts) -> Result<Self, Failure> {
        let loaded = Self { parts, tokens: Tokens::default(), gates: Gates::default(), mirror: Mirror::default() };
        loaded.refresh().await?;
        Ok(loaded)
    }

    async fn refresh(&self) -> Result<(), Failure> {
        let read = async {
            let mut all: Vec<ClaimSource> = self.parts.store.named_list(CLAIM_SOURCES).await?;
            all.sort_by_key(|source| (source.created_at, source.id));
            Ok(all.into_iter().map(Arc::new).collect())
        };
        self.mirror.follow(read).await
    }

    /// All, oldest first.
    #[must_use]
    pub fn all(&self) -> Arc<Vec<Arc<ClaimSource>>> {
        self.mirror.get()
    }

    /// One by id.
    #[must_use]
    pub fn find(&self, id: Uuid) -> Option<Arc<ClaimSource>> {
        self.all().iter().find(|source| source.id == id).cloned()
    }

    /// Where the claims of a configuration come from, besides its offers.
    #[must_use]
    pub fn of(&self, configuration: &Configuration) -> Option<Source> {
        let roster = self.parts.roster.now();
        let origin = match configuration.claim_source_id {
            Some(id) => self.find(id).map_or(Origin::Gone(id), Origin::Named),
            None => Origin::Bound(roster.places.bindings.get(configuration.credential_type())?.clone()),
        };
        Some(Source { origin, roster })
    }

    fn state(&self, plugin: &str) -> PluginState {
        PluginState::of(&*self.parts.roster.now().calls, plugin)
    }

    /// A source as the management API shows it, without its secret; of a plugin with whether it can be asked now.
    #[must_use]
    pub fn show(&self, source: &ClaimSource) -> Value {
        shown(source, |plugin| self.state(plugin))
    }

    pub(super) fn announced(&self, operation: Operation) -> Running {
        start(Arc::clone(&self.parts.events), operation)
    }

    /// A question to a register.
    pub(super) fn errand<'a>(
        &'a self,
        id: Uuid,
        source: &'a HttpSource,
        authorizing: &'a (dyn Fn() -> Running + Sync),
    ) -> Errand<'a> {
        let SourceParts { clock, outbound, reach, .. } = &self.parts;
        let (tokens, gates) = (&self.tokens, &self.gates);
        Errand { id, source, outbound, reach, gates, tokens, clock, authorizing }
    }

    /// Tells the log of each source whose plugin cannot be asked.
    pub fn tell_unusable(&self) {
        for source in self.all().iter() {
            let Kind::Plugin { plugin } = &source.kind else { continue };
            let (id, state) = (source.id, self.state(plugin));
            if state != PluginState::Loaded {
                tracing::warn!(claim_source = %id, plugin, ?state, "the plugin of a claim source cannot be asked");
            }
        }
    }

    /// Creates one.
    pub async fn create(&self, body: &Map<String, Value>) -> Result<Saved, Failure> {
        let id = random_uuid(self.parts.random.as_ref())?;
        self.save(body, id, None).await
    }

    /// Replaces one.
    pub async fn replace(&self, id: Uuid, body: &Map<String, Value>) -> Result<Saved, Failure> {
        match self.find(id) {
            None => Ok(Saved::Unknown),
            Some(old) => self.save(body, id, Some(&old)).await,
        }
    }

    async fn save(&self, body: &Map<String, Value>, id: Uuid, old: Option<&ClaimSource>) -> Result<Saved, Failure> {
        let (name, kind) = match self.read(body, old) {
            Ok(read) => read,
            Err(mistakes) => return Ok(Saved::Invalid(mistakes)),
        };
        // Milliseconds, as all times of the management API.
        let now = || Timestamp::from_millisecond(self.parts.clock.now().as_millisecond()).unwrap_or(Timestamp::MAX);
        let source = ClaimSource { id, name, kind, created_at: old.map_or_else(now, |old| old.created_at) };
        let saved = self.parts.store.named_save(CLAIM_SOURCES, id, &source, old.is_some()).await?;
        self.refresh().await?;
        self.tokens.forget(id);
        Ok(if saved { Saved::Saved(self.show(&source)) } else { Saved::Unknown })
    }

    fn read(&self, body: &Map<String, Value>, old: Option<&ClaimSource>) -> Result<(String, Kind), Vec<Detail>> {
        read(body, &Surroundings { old, reach: &self.parts.reach, state: &|plugin| self.state(plugin) })
    }

    /// Deletes one that no configuration names.
    pub async fn delete(&self, id: Uuid) -> Result<Deleted, Failure> {
        let deleted = self.parts.store.named_delete(CLAIM_SOURCES, id).await?;
        self.refresh().await?;
        self.tokens.forget(id);
        self.gates.forget(id);
        Ok(deleted)
    }
}
