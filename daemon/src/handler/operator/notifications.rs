//! What wallets said became of a credential, as a member of its record.

use serde_json::{Map, Value};

use super::millis;
use crate::store::notification::Told;

/// The record with `notifications`, in the order in which they came; without the member when nothing was said.
pub(super) fn with_notifications(mut record: Value, told: &[Told]) -> Value {
    if let Some(members) = record.as_object_mut().filter(|_| !told.is_empty()) {
        members.insert("notifications".into(), told.iter().map(view).collect());
    }
    record
}

fn view(told: &Told) -> Value {
    let mut view = Map::from_iter([
        ("event".to_owned(), told.event.name().into()),
        ("receivedAt".to_owned(), millis(told.at).into()),
    ]);
    view.extend(told.description.clone().map(|text| ("description".to_owned(), text.into())));
    view.into()
}
