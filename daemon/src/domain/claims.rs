//! The claims pipeline: one document for the mapping of a configuration, built from all that is known of the holder.
//!
//! **The one rule**: steps run in a fixed order, from the oldest knowledge to the nearest to the register, and a later step
//! replaces the claims of the same name as a whole; values are never merged into one another, so that no record is put together
//! from two sources. A step sets claims and nothing else: who authenticated the holder is said by the identity provider alone, and
//! validity, status, keys and issuer are not in this document at all.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What each step contributes, in the order in which they run. A new source of claims is a new field here and a new line in
/// [`Steps::document`].
#[derive(Default, Serialize, Deserialize)]
pub struct Steps {
    /// Claims that earlier offers kept on the user.
    pub persisted: Map<String, Value>,
    /// Claims that came with this offer.
    pub offer: Map<String, Value>,
    /// Claims of the identity provider at which the holder logged in.
    pub identity: Map<String, Value>,
    /// Claims that hooks added between the login and the consent.
    pub authorization_hooks: Map<String, Value>,
    /// Claims that auth hooks added when the code was redeemed.
    pub token_hooks: Map<String, Value>,
    /// Claims that auth hooks added to this credential request.
    pub credential_hooks: Map<String, Value>,
    /// Claims of the claim source.
    pub source: Map<String, Value>,
    /// Where the holder logged in: `url` and `subjectId`; not a claim, and no step but the login sets it.
    pub authentication_provider: Map<String, Value>,
}

impl Steps {
    /// The claims known before a credential request.
    #[must_use]
    pub fn so_far(&self) -> Map<String, Value> {
        let mut claims = self.persisted.clone();
        for later in [&self.offer, &self.identity, &self.authorization_hooks, &self.token_hooks] {
            claims.extend(later.clone());
        }
        claims
    }

    /// `{"claims": {…}, "authenticationProvider": {…}}`; the latter is empty where nobody logged in.
    #[must_use]
    pub fn document(self) -> Value {
        let mut claims = self.persisted;
        let authorized = [self.identity, self.authorization_hooks];
        for later in
            [self.offer].into_iter().chain(authorized).chain([self.token_hooks, self.credential_hooks, self.source])
        {
            claims.extend(later);
        }
        let mut document = Map::new();
        document.insert("claims".into(), claims.into());
        document.insert("authenticationProvider".into(), self.authentication_provider.into());
        document.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_later_step_replaces_whole_claims() {
        let persisted = map(&json!({"family_name": "Old", "address": {"city": "A", "street": "S"}, "kept": 1}));
        let offer = map(&json!({"family_name": "Sommer", "address": {"city": "B"}, "nothing": null}));
        let document = Steps { persisted, offer, ..Steps::default() }.document();
        let claims = json!({"family_name": "Sommer", "address": {"city": "B"}, "kept": 1, "nothing": null});
        assert_eq!(document, json!({"claims": claims, "authenticationProvider": {}}));
    }

    #[test]
    fn each_step_is_laid_over_the_one_before() {
        let step = |names: &str, says: &str| names.chars().map(|name| (name.to_string(), says.into())).collect();
        let steps = Steps {
            persisted: step("abcdefg", "user"),
            offer: step("bcdefg", "offer"),
            identity: step("cdefg", "login"),
            authorization_hooks: step("defg", "authorization"),
            token_hooks: step("efg", "token"),
            credential_hooks: step("fg", "credential"),
            source: step("g", "source"),
            authentication_provider: Map::new(),
        };
        let so_far = json!({"a": "user", "b": "offer", "c": "login", "d": "authorization", "e": "token", "f": "token", "g": "token"});
        assert_eq!(Value::from(steps.so_far()), so_far);
        let claims = json!({"a": "user", "b": "offer", "c": "login", "d": "authorization", "e": "token", "f": "credential", "g": "source"});
        assert_eq!(steps.document()["claims"], claims);
    }

    #[test]
    fn claims_cannot_pose_as_the_identity_provider() {
        let offer = map(&json!({"authenticationProvider": {"subjectId": "admin"}, "claims": {"x": 1}}));
        let document = Steps { offer, ..Steps::default() }.document();
        assert_eq!(document["authenticationProvider"], json!({}));
        assert_eq!(document["claims"]["authenticationProvider"]["subjectId"], "admin");
    }
}
