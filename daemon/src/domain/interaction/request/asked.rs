//! Which credentials a request is for: `authorization_details` (RFC 9396, `OpenID4VCI` 5.1.1), `scope` (5.1.2), or all of an offer.

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::{RequestCode, RequestError, Rules, claims};
use crate::domain::authorization::{AskedClaim, AskedClaims};
use crate::domain::configuration::Configuration;
use crate::domain::interaction::parties::Offered;
use crate::wire::json::parse_value;

/// Most entries of `authorization_details`.
const MOST_DETAILS: usize = 20;

/// What was asked for.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Asked {
    pub(super) configurations: Vec<Uuid>,
    pub(super) claims: AskedClaims,
    pub(super) identified: bool,
    pub(super) scope: Option<String>,
}

impl Rules<'_> {
    /// Each of the two ways stands for itself; a configuration that both name is asked for once, by its details and their claims (5.1.2). With neither
    /// it is what the offer has. An offer limits a request to what it has.
    pub(super) fn asked(
        &self,
        details: Option<&str>,
        scope: Option<&str>,
        offer: Option<&Offered>,
    ) -> Result<Asked, RequestError> {
        let mut asked = Asked::default();
        if let Some(details) = details {
            self.add_details(&mut asked, details, offer)?;
            asked.identified = true;
        }
        if let Some(scope) = scope {
            self.add_scope(&mut asked, scope, offer);
        }
        match offer {
            Some(offer) if details.is_none() && scope.is_none() => {
                let live = |id: &Uuid| self.configurations.iter().any(|one| one.id == *id);
                asked.configurations = offer.configurations.iter().copied().filter(live).collect();
            }
            _ => {}
        }
        if asked.configurations.is_empty() {
            let why = "neither scope nor authorization_details names a credential of this issuer";
            return Err(RequestError::new(RequestCode::InvalidScope, why));
        }
        Ok(asked)
    }

    /// Values that mean nothing here are ignored (5.1.2). A value is that of the metadata, or the id of a configuration.
    fn add_scope(&self, asked: &mut Asked, scope: &str, offer: Option<&Offered>) {
        let mut granted: Vec<String> = Vec::new();
        for value in scope.split(' ').filter(|value| !value.is_empty()) {
            let named = |one: &&Arc<Configuration>| one.scope() == value || one.id.to_string() == value;
            let Some(found) = self.configurations.iter().find(named) else { continue };
            // What is granted is named as in the metadata, however it was asked for.
            let scope = found.scope();
            if offer.is_some_and(|offer| !offer.configurations.contains(&found.id)) || granted.contains(&scope) {
                continue;
            }
            granted.push(scope);
            if !asked.configurations.contains(&found.id) {
                asked.configurations.push(found.id);
            }
        }
        asked.scope = (!granted.is_empty()).then(|| granted.join(" "));
    }

    fn add_details(&self, asked: &mut Asked, text: &str, offer: Option<&Offered>) -> Result<(), RequestError> {
        let wrong = |why| RequestError::new(RequestCode::InvalidAuthorizationDetails, why);
        let details = parse_value(text.as_bytes()).map_err(|_| wrong("authorization_details is not JSON"))?;
        let entries = details.as_array().filter(|entries| (1..=MOST_DETAILS).contains(&entries.len()));
        for entry in entries.ok_or(wrong("authorization_details must be an array of 1 to 20 objects"))? {
            let (id, claims) = self.detail(entry)?;
            if offer.is_some_and(|offer| !offer.configurations.contains(&id)) {
                return Err(wrong("authorization_details asks for something that the offer does not have"));
            }
            if asked.configurations.contains(&id) {
                return Err(wrong("authorization_details names a configuration twice"));
            }
            asked.configurations.push(id);
            asked.claims.extend(claims.map(|claims| (id, claims)));
        }
        Ok(())
    }

    /// The configuration that an entry names, and what it asks for of that, unless it is all.
    fn detail(&self, entry: &Value) -> Result<(Uuid, Option<Vec<AskedClaim>>), RequestError> {
        let wrong = |why| RequestError::new(RequestCode::InvalidAuthorizationDetails, why);
        if entry.get("type").and_then(Value::as_str) != Some("openid_credential") {
            return Err(wrong("authorization_details has a type other than openid_credential"));
        }
        let id = entry.get("credential_configuration_id").and_then(Value::as_str);
        let id = id.ok_or(wrong("authorization_details has an entry without credential_configuration_id"))?;
        let known = self.configurations.iter().find(|one| one.id.to_string() == id);
        let known = known
            .ok_or(wrong("authorization_details has a credential_configuration_id that is not in the metadata"))?;
        if let Some(locations) = entry.get("locations") {
            let here = |place: &Value| place.as_str() == Some(self.issuer);
            if !locations.as_array().is_some_and(|places| places.iter().any(here)) {
                return Err(wrong("authorization_details has locations without this credential issuer"));
            }
        }
        let Some(claims) = entry.get("claims") else { return Ok((known.id, None)) };
        let claims = known.askable(claims::read(claims).map_err(wrong)?);
        let claims =
            claims.map_err(|error| RequestError::new(RequestCode::InvalidAuthorizationDetails, error.to_string()))?;
        Ok((known.id, Some(claims)))
    }
}
