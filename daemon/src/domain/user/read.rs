//! Reads the bodies of requests about users.

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::domain::login::Providers;
use crate::store::user::{Linked, User};
use crate::wire::fields::{Detail, Fields, read_body};

/// Longest subject (OIDC Core 2), in characters.
const MOST_SUBJECT: usize = 255;

/// What a search is for: all that is given must fit.
pub struct Criteria {
    /// Claims that the user has; objects fit when their members do.
    claims: Map<String, Value>,
    /// Who the user is.
    pub(super) identity: Option<Sought>,
}

/// An identity that is sought.
pub(super) enum Sought {
    /// This one.
    One(Linked),
    /// Any of this subject.
    Subject(String),
    /// Any at this provider.
    Provider(Uuid),
}

impl Criteria {
    /// Whether a user fits.
    pub(super) fn fits(&self, user: &User) -> bool {
        let identity = user.identity.as_ref();
        let known = match &self.identity {
            // It was found by its identity.
            None | Some(Sought::One(_)) => true,
            Some(Sought::Subject(subject)) => identity.is_some_and(|linked| linked.subject == *subject),
            Some(Sought::Provider(id)) => identity.is_some_and(|linked| linked.provider == *id),
        };
        known && members_fit(&self.claims, &user.claims)
    }
}

fn members_fit(wanted: &Map<String, Value>, has: &Map<String, Value>) -> bool {
    wanted.iter().all(|(name, value)| has.get(name).is_some_and(|has| fits(value, has)))
}

fn fits(wanted: &Value, has: &Value) -> bool {
    match (wanted, has) {
        (Value::Object(wanted), Value::Object(has)) => members_fit(wanted, has),
        _ => wanted == has,
    }
}

/// Reads a user. `old` is the identity that it has; it may stay, even when its provider is gone.
pub(super) fn read(body: &Map<String, Value>, old: Option<Linked>, providers: &Providers) -> Result<User, Vec<Detail>> {
    read_body(body, |fields| {
        // A user that was read and is sent back carries it.
        fields.value("id");
        let claims = fields.object("claims").cloned().unwrap_or_default();
        let identity = fields.nested("authenticationProvider", |fields| linked(fields, old, providers)).flatten();
        Some(User { claims, identity })
    })
}

fn linked(fields: &mut Fields<'_>, old: Option<Linked>, providers: &Providers) -> Option<Linked> {
    fields.value("url");
    let provider = fields.uuid("providerId");
    let provider = fields.required("providerId", provider);
    let subject = fields.text("subjectId", 1, MOST_SUBJECT);
    let subject = fields.required("subjectId", subject);
    let (provider, subject) = (provider?, subject?);
    if let Some(same) = old.filter(|old| old.provider == provider && old.subject == subject) {
        return Some(same);
    }
    if let Some(found) = providers.find(provider) {
        return Some(Linked { provider, issuer: found.url.clone(), subject: subject.to_owned() });
    }
    let name = fields.name("providerId");
    fields.detail(Detail::body(name, "Resource Not Found").with_value(provider.to_string()));
    None
}

/// Reads a search; `limit` and `cursor` are the caller's.
pub(super) fn read_search(body: &Map<String, Value>, providers: &Providers) -> Result<Criteria, Vec<Detail>> {
    read_body(body, |fields| {
        fields.value("limit");
        fields.value("cursor");
        let claims = fields.object("claims").cloned().unwrap_or_default();
        let identity = fields.nested("authenticationProvider", |fields| {
            let (provider, subject) = (fields.uuid("providerId"), fields.text("subjectId", 1, MOST_SUBJECT));
            match (provider, subject.map(str::to_owned)) {
                (Some(provider), Some(subject)) => Some(match providers.find(provider) {
                    Some(found) => Sought::One(Linked { provider, issuer: found.url.clone(), subject }),
                    // Nobody can be found by an identity at a provider that is not there.
                    None => Sought::Provider(provider),
                }),
                (Some(provider), None) => Some(Sought::Provider(provider)),
                (None, Some(subject)) => Some(Sought::Subject(subject)),
                (None, None) => None,
            }
        });
        Some(Criteria { claims, identity: identity.flatten() })
    })
}
