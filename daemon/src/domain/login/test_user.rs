//! Test users: a login without a provider, for an issuer on a loopback host.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::Identity;

/// Stands for an issuer identifier in the identities of test users; no provider can have it, since it is no URL.
const ISSUER: &str = "urn:issuerd:test-users";

/// `[[login.test_user]]`
#[derive(Clone, PartialEq)]
pub struct TestUser {
    /// What the login page shows; also the subject.
    pub name: String,
    /// Claims, as a provider would give them.
    pub claims: Map<String, Value>,
}

impl Identity {
    /// The identity of a test user who has logged in.
    #[must_use]
    pub fn of(user: &TestUser) -> Self {
        Self {
            provider: Uuid::nil(),
            issuer: ISSUER.to_owned(),
            subject: user.name.clone(),
            claims: user.claims.clone(),
            persist: Map::new(),
            authenticated_at: None,
            acr: None,
            amr: Vec::new(),
        }
    }
}
