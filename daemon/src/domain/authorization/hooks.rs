//! Auth hooks at the token requests of this grant: asked when code or refresh token were found good, and before they are used.

use std::sync::Arc;

use serde_json::Map;
use uuid::Uuid;

use super::{Authorizations, approved_steps};
use crate::domain::caller::Caller;
use crate::domain::configuration::Configuration;
use crate::domain::context::{Known, Subject};
use crate::domain::grant::{Entry, Stop, Who};
use crate::plugin::Phase;
use crate::store::offer::Offer;
use crate::store::token::Origin;

impl Authorizations {
    /// Asks the hooks that concern one of `wanted`; `None` for what was wanted and not granted.
    pub(super) async fn ask_hooks(
        &self,
        offer: &Offer,
        wanted: Option<Vec<Uuid>>,
        who: &Who<'_>,
        caller: &Caller<'_>,
    ) -> Result<Entry, Stop> {
        let found = |ids: Vec<Uuid>| ids.into_iter().map(|id| self.configurations.find(id)).collect::<Option<Vec<_>>>();
        let Some(found) = wanted.and_then(found) else { return Ok(Entry::NotGood) };
        let concerned = |one: &Arc<Configuration>| self.hooks.covers(Phase::TokenRequest, one.credential_type());
        if !found.iter().any(concerned) {
            return Ok(Entry::Unasked);
        }
        let Some(claims) = self.store.authorization_claims(offer.id).await? else { return Ok(Entry::NotGood) };
        let (mut steps, holder, _) = approved_steps(claims);
        steps.persisted = self.store.user_claims(offer.user_id).await?;
        let (none, keys) = (Map::new(), []);
        let subject = Subject {
            issuer: &self.site.issuer,
            caller,
            origin: Origin::AuthorizationCode,
            offer,
            offer_claims: &none,
            client_id: who.client_id,
            wallet: who.wallet,
            holder_keys: &keys,
        };
        let identity = holder.and_then(|holder| serde_json::from_value(holder).ok());
        let known = Known { claims: steps.so_far(), identity, ..Known::default() };
        let admission = self.hooks.admit(Phase::TokenRequest, &subject, known, found).await;
        Ok(Entry::admitted(admission.map_err(Stop::Blocked)?))
    }
}
