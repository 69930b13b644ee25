//! The claim sources of the issuer: kept in the store, read from a snapshot in memory.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{ClaimSource, Kind, Origin, PluginState, Source};
use crate::base::clock::Clock;
use crate::base::id::random_uuid;
use crate::base::random::Random;
use crate::domain::Failure;
use crate::domain::configuration::Configuration;
use crate::domain::event::Events;
use crate::domain::mirror::Mirror;
use crate::domain::roster::LiveRoster;
use crate::store::Store;
pub use crate::store::claim_source::ClaimSourceDelete;
use crate::store::tables::CLAIM_SOURCE;
use crate::wire::fields::{Detail, Fields, read_body};

/// Creates, replaces, deletes and finds claim sources, and asks them.
pub struct ClaimSources {
    store: Store,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    pub(super) events: Arc<dyn Events>,
    roster: LiveRoster,
    mirror: Mirror<Vec<Arc<ClaimSource>>>,
}

/// How saving ended.
pub type Saved = crate::domain::saved::Saved<ClaimSource>;

impl ClaimSources {
    /// Loads all from the store.
    pub async fn load(
        store: Store,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        roster: LiveRoster,
        events: Arc<dyn Events>,
    ) -> Result<Self, Failure> {
        let loaded = Self { store, clock, random, events, roster, mirror: Mirror::default() };
        loaded.refresh().await?;
        Ok(loaded)
    }

    async fn refresh(&self) -> Result<(), Failure> {
        let read = async {
            let all = self.store.document_list::<ClaimSource>(CLAIM_SOURCE).await?;
            let mut all: Vec<_> = all.into_iter().map(|((source, _), _)| Arc::new(source)).collect();
            all.sort_by_key(|source| (source.created_at, source.id));
            Ok(all)
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
        let roster = self.roster.now();
        let origin = match configuration.claim_source_id {
            Some(id) => self.find(id).map_or(Origin::Gone(id), Origin::Named),
            None => Origin::Bound(roster.places.bindings.get(configuration.credential_type())?.clone()),
        };
        Some(Source { origin, roster })
    }

    /// Whether the plugin of a source can be asked now.
    #[must_use]
    pub fn plugin_state(&self, source: &ClaimSource) -> PluginState {
        PluginState::of(&*self.roster.now().calls, &source.plugin)
    }

    /// Tells the log of each source whose plugin cannot be asked.
    pub fn tell_unusable(&self) {
        for source in self.all().iter() {
            let (id, plugin, state) = (source.id, &source.plugin, self.plugin_state(source));
            if state != PluginState::Loaded {
                tracing::warn!(claim_source = %id, plugin, ?state, "the plugin of a claim source cannot be asked");
            }
        }
    }

    /// Creates one.
    pub async fn create(&self, body: &Map<String, Value>) -> Result<Saved, Failure> {
        let id = random_uuid(self.random.as_ref())?;
        // Milliseconds, as all times of the management API.
        let now = Timestamp::from_millisecond(self.clock.now().as_millisecond()).unwrap_or(Timestamp::MAX);
        self.save(body, id, now, false).await
    }

    /// Replaces one.
    pub async fn replace(&self, id: Uuid, body: &Map<String, Value>) -> Result<Saved, Failure> {
        match self.find(id) {
            None => Ok(Saved::Unknown),
            Some(old) => self.save(body, id, old.created_at, true).await,
        }
    }

    async fn save(
        &self,
        body: &Map<String, Value>,
        id: Uuid,
        created_at: Timestamp,
        replace: bool,
    ) -> Result<Saved, Failure> {
        let source = match self.read(body, id, created_at) {
            Ok(source) => source,
            Err(mistakes) => return Ok(Saved::Invalid(mistakes)),
        };
        let saved = self.store.claim_source_save(id, &source, replace).await?;
        self.refresh().await?;
        Ok(if saved { Saved::Saved(source) } else { Saved::Unknown })
    }

    fn read(&self, body: &Map<String, Value>, id: Uuid, created_at: Timestamp) -> Result<ClaimSource, Vec<Detail>> {
        read_body(body, |fields| {
            // A source that was read and is sent back carries them; they say nothing new.
            fields.value("id");
            fields.value("createdAt");
            fields.value("pluginState");
            let name = fields.text("name", 1, 255);
            let name = fields.required("name", name).unwrap_or_default().to_owned();
            let kind = fields.text("type", 1, 32);
            if fields.required("type", kind).is_some_and(|kind| kind != "plugin") {
                fields.mistake("type", "must be plugin: this version has no other claim sources");
            }
            let plugin = self.plugin(fields);
            Some(ClaimSource { id, name, kind: Kind::Plugin, plugin, created_at })
        })
    }

    fn plugin(&self, fields: &mut Fields<'_>) -> String {
        let plugin = fields.text("plugin", 1, 255);
        let Some(plugin) = fields.required("plugin", plugin) else { return String::new() };
        match PluginState::of(&*self.roster.now().calls, plugin) {
            PluginState::Loaded => {}
            PluginState::NoClaimSource => fields.mistake("plugin", "is an auth hook, not a claim source"),
            PluginState::Missing => {
                fields.mistake("plugin", "no plugin of this name is loaded; add [plugin.NAME] to issuer.toml");
            }
        }
        plugin.to_owned()
    }

    /// Deletes one that no configuration names.
    pub async fn delete(&self, id: Uuid) -> Result<ClaimSourceDelete, Failure> {
        let deleted = self.store.claim_source_delete(id).await?;
        self.refresh().await?;
        Ok(deleted)
    }
}
