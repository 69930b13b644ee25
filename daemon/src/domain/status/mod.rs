//! Status lists (Token Status List, ISO/IEC 18013-5 second edition 12.3.6): which place a credential gets, what stands there, and the
//! signed lists that tell verifiers.
//!
//! `configuration` says how lists of a credential type are kept, `allocation` gives out their places in the order of `permutation`,
//! `publish` generates and signs them, `set` changes one status and `bulk` many. A list that is served is a copy in memory of what was
//! signed last: verifiers get it whatever becomes of the store and of the keys, until it expires.

mod allocation;
pub mod bulk;
pub mod configuration;
mod permutation;
mod publish;
mod set;
#[cfg(test)]
mod tests;
mod view;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::Failure;
use super::event::Events;
use super::mirror::Mirror;
use super::site::Site;
use super::trust::Trust;
use crate::base::clock::Clock;
use crate::base::random::Random;
use crate::base::secret::Secret;
use crate::store::Store;
use crate::store::status::{ListKind, State, StatusList};
use allocation::Pool;
use configuration::StatusListConfiguration;

pub use crate::format::status_list::{CWT_TYPE, JWT_TYPE, Status};
pub use allocation::Allocated;
pub use publish::{Form, Published, Served};
pub use set::SetOutcome;
pub use view::{ListView, status_name, status_named};

/// How long a list that is full stays published: longer than any credential of it may live (3620 days).
const RETIRED_AFTER: SignedDuration = SignedDuration::from_hours(3_650 * 24);

/// Where the status of a credential is, as the credential says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The list.
    pub uri: String,
    /// The place in it.
    pub index: u32,
}

/// How lists are kept whose credential type has no configuration of its own yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Defaults {
    /// Entries of a list.
    pub list_size: u32,
    /// How long a verifier may keep one, seconds.
    pub ttl: u64,
    /// How long a signed one is good, seconds.
    pub expiry: u64,
}

/// Who is told in numbers of what happens to statuses. Called on the hot path: must neither block nor fail.
pub trait StatusMeters: Send + Sync + 'static {
    /// So many credentials got this status.
    fn changed(&self, status: Status, count: u64);

    /// A list was generated and signed in so many seconds, or could not be.
    fn published(&self, seconds: Option<f64>);
}

/// What is watched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Levels {
    /// Lists with places left.
    pub open: u64,
    /// Lists without, which are still published.
    pub full: u64,
    /// Places left for the credential type that has the fewest; `None` while there is no list.
    pub places_left: Option<u64>,
    /// Seconds until the first list expires that verifiers may still ask for; `None` while there is no list.
    pub expires_in: Option<i64>,
}

/// Which credentials share lists: those of one type that one IACA answers for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ListFor {
    /// The format.
    pub kind: ListKind,
    /// docType or `vct`.
    pub credential_type: String,
    /// The IACA of the credential's signer.
    pub iaca_id: Uuid,
}

/// What everything here stands on.
pub struct StatusParts {
    /// Where all of it is kept.
    pub store: Store,
    /// The issuer.
    pub site: Arc<Site>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids.
    pub random: Arc<dyn Random>,
    /// Status list signers.
    pub trust: Arc<Trust>,
    /// Who is told of what happens without a request for it.
    pub events: Arc<dyn Events>,
    /// Who is told in numbers.
    pub meters: Arc<dyn StatusMeters>,
    /// How lists are kept unless somebody says otherwise.
    pub defaults: Defaults,
}

/// Status lists and the statuses in them.
pub struct Statuses {
    parts: StatusParts,
    /// Makes the order of places; whoever has it could tell the order of issuance from the places.
    key: Secret,
    configurations: Mirror<Vec<StatusListConfiguration>>,
    /// Every list, followed after each change of ours.
    lists: Mutex<BTreeMap<Uuid, StatusList>>,
    /// Places in hand.
    pools: Mutex<HashMap<ListFor, Pool>>,
    /// One at a time opens lists, takes places in hand and changes configurations.
    turn: tokio::sync::Mutex<()>,
    published: ArcSwap<BTreeMap<Uuid, Arc<Published>>>,
    /// One at a time publishes, so that an older array cannot replace a newer.
    publishing: tokio::sync::Mutex<()>,
    /// Lists that say something else now than what is published.
    stale: Mutex<BTreeSet<Uuid>>,
    /// Lists that could not be signed, and when that is tried again.
    retries: Mutex<BTreeMap<Uuid, Timestamp>>,
}

impl Statuses {
    /// Loads all from the store. Every list counts as changed: what was changed last may not have been published.
    pub async fn load(parts: StatusParts) -> Result<Self, Failure> {
        let lists: BTreeMap<_, _> = parts.store.status_lists().await?.into_iter().map(|list| (list.id, list)).collect();
        let stale = lists.keys().copied().collect();
        let loaded = Self {
            key: parts.store.derive_key("status_index"),
            configurations: Mirror::default(),
            lists: Mutex::new(lists),
            pools: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            published: ArcSwap::default(),
            publishing: tokio::sync::Mutex::default(),
            stale: Mutex::new(stale),
            retries: Mutex::default(),
            parts,
        };
        loaded.follow_configurations().await?;
        loaded.restore_published().await?;
        Ok(loaded)
    }

    /// What is watched, now.
    #[must_use]
    pub fn levels(&self) -> Levels {
        let now = self.now();
        let (mut levels, mut left) = (Levels::default(), BTreeMap::<_, u64>::new());
        for list in self.all().into_iter().filter(|list| is_alive(list, now)) {
            let places = u64::from(list.size - list.reserved.min(list.size));
            if places > 0 {
                levels.open += 1;
            } else {
                levels.full += 1;
            }
            *left.entry(list_for(&list)).or_default() += places;
        }
        levels.places_left = left.into_values().min();
        let published = self.published.load();
        // A list that is to be served and is not has expired.
        let left = |list: &StatusList| {
            published.get(&list.id).map_or(0, |published| published.expires_at.as_second() - now.as_second())
        };
        levels.expires_in = self.all().iter().filter(|list| is_alive(list, now)).map(left).min();
        levels
    }

    fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// All lists, oldest first.
    fn all(&self) -> Vec<StatusList> {
        let mut all: Vec<_> = lock(&self.lists).values().cloned().collect();
        all.sort_by_key(|list| (list.created_at, list.id));
        all
    }

    /// Where a list is found.
    fn uri(&self, list: &StatusList) -> String {
        self.parts.site.url(&format!("{}/{}/token", path(list.kind), list.id))
    }

    /// Notes that a list must be published again.
    fn mark(&self, list: Uuid) {
        lock(&self.stale).insert(list);
    }
}

/// Where the lists of a kind are, below the issuer.
fn path(kind: ListKind) -> &'static str {
    match kind {
        ListKind::Mobile => "/v2/credentials/mobile/status-lists",
        ListKind::SdJwt => "/v2/credentials/sd-jwt/status-lists",
    }
}

fn list_for(list: &StatusList) -> ListFor {
    ListFor { kind: list.kind, credential_type: list.credential_type.clone(), iaca_id: list.iaca_id }
}

/// Whether a credential of the list may still be valid (TSL-13.4-01).
fn is_alive(list: &StatusList, now: Timestamp) -> bool {
    list.closed_at.is_none_or(|closed| now < closed.saturating_add(RETIRED_AFTER).unwrap_or(Timestamp::MAX))
}

/// What is stored, as lists say it.
fn status_of(state: State) -> Status {
    match state {
        State::Valid => Status::Valid,
        State::Invalid => Status::Invalid,
        State::Suspended => Status::Suspended,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
