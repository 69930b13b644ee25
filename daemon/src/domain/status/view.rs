//! What is shown of status lists, in the form of the management API.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as B64;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Statuses, lock, status_of};
use crate::domain::Failure;
use crate::format::status_list::Status;
use crate::store::status::{ListKind, StatusList};

/// A status list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListView {
    /// Its id.
    pub id: Uuid,
    /// The IACA that it is signed under.
    pub iaca_id: Uuid,
    /// The configuration that it was opened under.
    pub status_list_configuration_id: Uuid,
    /// Entries.
    pub list_size: u32,
    /// Bits of an entry.
    pub bits: u8,
    /// Places that are given out, or in hand to be.
    pub used: u32,
    /// Where verifiers load it.
    pub uri: String,
    /// The signed list, of mdocs the CWT in base64, of SD-JWT VCs the JWT; absent until it is first signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
}

impl Statuses {
    /// All lists of a kind, oldest first.
    #[must_use]
    pub fn lists(&self, kind: ListKind) -> Vec<ListView> {
        self.all().iter().filter(|list| list.kind == kind).map(|list| self.view(list)).collect()
    }

    /// One of them.
    #[must_use]
    pub fn list(&self, kind: ListKind, id: Uuid) -> Option<ListView> {
        let found = lock(&self.lists).get(&id).filter(|list| list.kind == kind).cloned();
        found.map(|list| self.view(&list))
    }

    /// The members that a credential's record shows of its status; `None` when it was issued without one.
    pub async fn found(&self, credential: Uuid) -> Result<Option<Map<String, Value>>, Failure> {
        let Some(found) = self.parts.store.status_find(credential).await? else { return Ok(None) };
        let mut shown = Map::new();
        shown.insert("status".into(), status_name(status_of(found.state)).into());
        shown.insert("statusListId".into(), found.list.to_string().into());
        shown.insert("statusListIndex".into(), found.index.into());
        let changed = found.changed_at.map(|at| format!("{at:.3}").into());
        let optional = [
            ("statusChangedDate", changed),
            ("statusReason", found.reason.map(Value::from)),
            ("clientId", found.client_id.map(Value::from)),
            ("walletProvider", found.wallet_provider.map(Value::from)),
        ];
        shown.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        Ok(Some(shown))
    }

    fn view(&self, list: &StatusList) -> ListView {
        ListView {
            id: list.id,
            iaca_id: list.iaca_id,
            status_list_configuration_id: list.configuration_id,
            list_size: list.size,
            bits: list.bits,
            used: list.reserved,
            uri: self.uri(list),
            list: self.published.load().get(&list.id).map(|published| match list.kind {
                ListKind::Mobile => B64.encode(&published.cwt.body),
                ListKind::SdJwt => String::from_utf8_lossy(&published.jwt.body).into_owned(),
            }),
        }
    }
}

/// What the management API calls a status.
#[must_use]
pub fn status_name(status: Status) -> &'static str {
    match status {
        Status::Valid => "valid",
        Status::Invalid => "invalid",
        Status::Suspended => "suspended",
    }
}

/// The status with this name.
#[must_use]
pub fn status_named(name: &str) -> Option<Status> {
    [Status::Valid, Status::Invalid, Status::Suspended].into_iter().find(|status| status_name(*status) == name)
}
