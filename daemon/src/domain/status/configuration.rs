//! How the lists of a credential type are kept: how long they are good, how many entries they have, and of how many bits.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::{Builder, Uuid};

use super::{Statuses, lock};
use crate::base::secret::sha256;
use crate::domain::Failure;
use crate::domain::saved::Saved;
use crate::format::status_list::Bits;
use crate::store::status::{ListKind, StatusList};
use crate::store::tables::STATUS_LIST_CONFIGURATION;
use crate::wire::fields::{Detail, Fields, read_body, unit_seconds};

const UNITS: [&str; 7] = ["years", "months", "weeks", "days", "hours", "minutes", "seconds"];
/// Fewest and most entries of a list. Few entries hide a holder badly among the others (Token Status List 12.5).
pub const LIST_SIZES: std::ops::RangeInclusive<u64> = 100..=1_000_000;
/// Longest time that a signed list may be good, seconds: 366 days.
const LONGEST_EXPIRY: u64 = 366 * 86_400;

/// A duration by unit, as the management API writes it.
pub type Duration = BTreeMap<String, u64>;

/// A status list configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusListConfiguration {
    /// Its id.
    pub id: Uuid,
    /// Which credentials it is for.
    pub kind: ListKind,
    /// docType or `vct`.
    pub credential_type: String,
    /// How long verifiers may keep a list before they load it again.
    pub time_to_live_duration: Duration,
    /// How long a signed list is good.
    pub expiry_duration: Duration,
    /// Bits of an entry, of lists to come.
    pub bits: u8,
    /// Entries of lists to come.
    pub list_size: u32,
    /// When it was created.
    pub created_at: Timestamp,
}

/// How a deletion ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletion {
    /// It is gone.
    Deleted,
    /// A status list was opened under it.
    InUse,
    /// There is no such configuration.
    Unknown,
}

impl StatusListConfiguration {
    /// In the form of the management API.
    #[must_use]
    pub fn view(&self) -> Value {
        let mut view = serde_json::json!({
            "id": self.id,
            "timeToLiveDuration": self.time_to_live_duration,
            "expiryDuration": self.expiry_duration,
            "bits": self.bits,
            "listSize": self.list_size,
        });
        if let Some(object) = view.as_object_mut() {
            object.insert(member(self.kind).into(), self.credential_type.clone().into());
        }
        view
    }
}

/// What the management API calls the credential type.
fn member(kind: ListKind) -> &'static str {
    match kind {
        ListKind::Mobile => "docType",
        ListKind::SdJwt => "vct",
    }
}

/// Made from what the configuration is for, so that the store cannot hold two for the same.
fn id_of(kind: ListKind, credential_type: &str) -> Uuid {
    let hash = sha256(format!("{}/{credential_type}", member(kind)).as_bytes());
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    Builder::from_custom_bytes(bytes).into_uuid()
}

fn seconds(duration: &Duration) -> u64 {
    let parts = duration.iter().map(|(unit, count)| count.saturating_mul(unit_seconds(unit)));
    parts.fold(0, u64::saturating_add)
}

impl Statuses {
    pub(super) async fn follow_configurations(&self) -> Result<(), Failure> {
        let read = async {
            let all = self.parts.store.document_list::<StatusListConfiguration>(STATUS_LIST_CONFIGURATION).await?;
            let mut all: Vec<_> = all.into_iter().map(|((one, _), _)| one).collect();
            all.sort_by_key(|one| (one.created_at, one.id));
            Ok(all)
        };
        self.configurations.follow(read).await
    }

    /// All configurations of a kind, oldest first.
    #[must_use]
    pub fn configurations(&self, kind: ListKind) -> Vec<StatusListConfiguration> {
        self.configurations.get().iter().filter(|one| one.kind == kind).cloned().collect()
    }

    /// One of them.
    #[must_use]
    pub fn configuration(&self, kind: ListKind, id: Uuid) -> Option<StatusListConfiguration> {
        self.configurations.get().iter().find(|one| one.kind == kind && one.id == id).cloned()
    }

    /// Time to live and expiry of a list, seconds.
    pub(super) fn times(&self, list: &StatusList) -> (u64, u64) {
        let found = self.configuration(list.kind, list.configuration_id);
        found.map_or((self.parts.defaults.ttl, self.parts.defaults.expiry), |one| {
            (seconds(&one.time_to_live_duration), seconds(&one.expiry_duration))
        })
    }

    /// The configuration for a credential type, made with the defaults when there is none. The caller has the turn.
    pub(super) async fn configuration_for(
        &self,
        kind: ListKind,
        credential_type: &str,
    ) -> Result<StatusListConfiguration, Failure> {
        let id = id_of(kind, credential_type);
        if let Some(found) = self.configuration(kind, id) {
            return Ok(found);
        }
        let plain = |seconds: u64| [("seconds".to_owned(), seconds)].into();
        let defaults = &self.parts.defaults;
        let made = StatusListConfiguration {
            id,
            kind,
            credential_type: credential_type.to_owned(),
            time_to_live_duration: plain(defaults.ttl),
            expiry_duration: plain(defaults.expiry),
            bits: 1,
            list_size: defaults.list_size,
            created_at: self.now(),
        };
        self.put_configuration(&made, false).await?;
        Ok(made)
    }

    /// `false` when there is one already, or none to replace.
    async fn put_configuration(&self, new: &StatusListConfiguration, replace: bool) -> Result<bool, Failure> {
        let store = &self.parts.store;
        let old = store.document_find::<StatusListConfiguration>(STATUS_LIST_CONFIGURATION, new.id).await?;
        if old.is_some() != replace {
            return Ok(false);
        }
        let version = old.map(|(_, version)| version);
        let put = store.document_put(STATUS_LIST_CONFIGURATION, new.id, new, version).await?;
        self.follow_configurations().await?;
        Ok(put)
    }

    /// Creates one.
    pub async fn configuration_create(
        &self,
        kind: ListKind,
        body: &Map<String, Value>,
    ) -> Result<Saved<Value>, Failure> {
        let _turn = self.turn.lock().await;
        let read = read_body(body, |fields| {
            let given = fields.text(member(kind), 1, 1024);
            let credential_type = fields.required(member(kind), given).unwrap_or_default().to_owned();
            self.read(fields, kind, credential_type, self.now())
        });
        let new = match read {
            Ok(new) => new,
            Err(mistakes) => return Ok(Saved::Invalid(mistakes)),
        };
        if self.put_configuration(&new, false).await? {
            return Ok(Saved::Saved(new.view()));
        }
        let taken = Detail::body(member(kind), "a status list configuration for it exists");
        Ok(Saved::Invalid(vec![taken.with_value(new.credential_type)]))
    }

    /// Changes one: what lists are signed with from now on, and how big the next ones are.
    pub async fn configuration_replace(
        &self,
        kind: ListKind,
        id: Uuid,
        body: &Map<String, Value>,
    ) -> Result<Saved<Value>, Failure> {
        let _turn = self.turn.lock().await;
        let Some(old) = self.configuration(kind, id) else { return Ok(Saved::Unknown) };
        let read = read_body(body, |fields| {
            // One that was read and is sent back carries them.
            fields.value("id");
            if fields.text(member(kind), 1, 1024).is_some_and(|given| given != old.credential_type) {
                fields.mistake(member(kind), "must not change");
            }
            self.read(fields, kind, old.credential_type.clone(), old.created_at)
        });
        let new = match read {
            Ok(new) => new,
            Err(mistakes) => return Ok(Saved::Invalid(mistakes)),
        };
        if !self.put_configuration(&new, true).await? {
            return Ok(Saved::Unknown);
        }
        for list in self.all().into_iter().filter(|list| list.configuration_id == id) {
            self.mark(list.id);
        }
        Ok(Saved::Saved(new.view()))
    }

    fn read(
        &self,
        fields: &mut Fields<'_>,
        kind: ListKind,
        credential_type: String,
        created_at: Timestamp,
    ) -> Option<StatusListConfiguration> {
        let ttl = duration(fields, "timeToLiveDuration");
        let expiry = duration(fields, "expiryDuration");
        if let (Some(ttl), Some(expiry)) = (&ttl, &expiry)
            && seconds(ttl) > seconds(expiry)
        {
            fields.mistake("timeToLiveDuration", "must not be above expiryDuration");
        }
        let bits = fields.integer("bits", 1, 2).unwrap_or(1);
        let (least, most) = (*LIST_SIZES.start(), *LIST_SIZES.end());
        let size = fields.integer("listSize", least, most).unwrap_or(self.parts.defaults.list_size.into());
        Some(StatusListConfiguration {
            id: id_of(kind, &credential_type),
            kind,
            credential_type,
            time_to_live_duration: ttl?,
            expiry_duration: expiry?,
            bits: Bits::of(bits)?.count(),
            list_size: u32::try_from(size).ok()?,
            created_at,
        })
    }

    /// Deletes one that no list was opened under.
    pub async fn configuration_delete(&self, kind: ListKind, id: Uuid) -> Result<Deletion, Failure> {
        let _turn = self.turn.lock().await;
        if self.configuration(kind, id).is_none() {
            return Ok(Deletion::Unknown);
        }
        if lock(&self.lists).values().any(|list| list.configuration_id == id) {
            return Ok(Deletion::InUse);
        }
        let deleted = self.parts.store.document_delete(STATUS_LIST_CONFIGURATION, id).await?;
        self.follow_configurations().await?;
        Ok(if deleted { Deletion::Deleted } else { Deletion::Unknown })
    }
}

fn duration(fields: &mut Fields<'_>, member: &'static str) -> Option<Duration> {
    let parts = fields.nested(member, |inner| {
        let read = UNITS.iter().filter_map(|unit| Some(((*unit).to_owned(), inner.integer(unit, 0, 1_000_000_000)?)));
        read.collect::<Duration>()
    });
    let parts = fields.required(member, parts)?;
    if (1..=LONGEST_EXPIRY).contains(&seconds(&parts)) {
        return Some(parts);
    }
    fields.mistake(member, "must be a Duration of 1 second to 366 days");
    None
}
