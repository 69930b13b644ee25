//! The pre-authorized code grant (`OpenID4VCI` section 6): what a token request asks, and what comes of it.
//!
//! Auth hooks are asked when code and transaction code were found good, and before the one batch that spends the code. A hook that
//! denies or fails spends nothing. A wrong transaction code reaches no hook, and is counted by that batch.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde_json::Value;
use uuid::Uuid;

use super::Failure;
use super::authorization::AskedClaims;
use super::blocked::Blocked;
use super::caller::Caller;
use super::claims::Steps;
use super::configuration::Configuration;
use super::configuration::catalog::Configurations;
use super::context::{Known, Subject};
use super::grant::{Entry, Granted, Stop, Who, identifiers};
use super::hook::Hooks;
use super::site::Site;
use crate::base::clock::{Clock, after};
use crate::base::random::{Random, bytes};
use crate::base::secret::{Secret, sha256};
use crate::plugin::Phase;
use crate::store::offer::Offer;
use crate::store::redeem::{Redeem, Redemption, TxCode};
use crate::store::token::{Origin, Token};
use crate::store::{Store, StoreError};

/// Redeems codes.
pub struct Tokens {
    /// Where they are kept.
    pub store: Store,
    /// The issuer.
    pub site: Arc<Site>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Tokens.
    pub random: Arc<dyn Random>,
    /// Key of the hashes of transaction codes.
    pub tx_code_key: Secret,
    /// Configurations.
    pub configurations: Arc<Configurations>,
    /// Plugins that decide who may go on.
    pub hooks: Arc<Hooks>,
}

/// A token request of the pre-authorized grant.
pub struct TokenRequest<'a> {
    /// `pre-authorized_code`
    pub code: &'a str,
    /// `tx_code`
    pub tx_code: Option<&'a str>,
    /// Who sent it.
    pub who: Who<'a>,
    /// Configurations named by `authorization_details`, when that was sent.
    pub selected: Option<Vec<Uuid>>,
}

/// How a token request ended.
pub enum Grant {
    /// A token.
    Granted(Granted),
    /// Not granted.
    Refused(Redeem),
    /// A plugin stands in the way; the code can be used again.
    Blocked(Blocked),
}

impl Tokens {
    /// Redeems a code for an access token.
    pub async fn redeem(&self, request: &TokenRequest<'_>, caller: &Caller<'_>) -> Result<Grant, Failure> {
        let entry = match self.admit(request, caller).await {
            Ok(entry) => entry,
            Err(Stop::Blocked(blocked)) => return Ok(Grant::Blocked(blocked)),
            Err(Stop::Failed(failure)) => return Err(failure),
        };
        let (access_token, suffix) =
            (B64.encode(bytes::<32>(self.random.as_ref())?), B64.encode(bytes::<12>(self.random.as_ref())?));
        let redemption = Redemption {
            code: request.code,
            tx_code: self.tx_code(request),
            token: sha256(access_token.as_bytes()),
            enrichment: entry.enrichment(),
        };
        let now = self.clock.now();
        let expires_at = after(now, self.site.token_lifetime);
        let record = |offer: &Offer| {
            let configurations = entry.wanted(wanted(offer, request))?;
            Some(token_record(offer, request, configurations, expires_at, &suffix))
        };
        match self.store.offer_redeem(&redemption, record).await? {
            Redeem::Redeemed(offer) => Ok(Grant::Granted(Granted {
                identifiers: record(&offer).map(|token| token.identifiers).unwrap_or_default(),
                access_token,
                expires_in: self.site.token_lifetime.as_secs(),
                bound: request.who.jkt.is_some(),
                refresh_token: None,
                scope: None,
                asked: AskedClaims::new(),
            })),
            refused => Ok(Grant::Refused(refused)),
        }
    }

    fn tx_code<'a>(&'a self, request: &TokenRequest<'a>) -> Option<TxCode<'a>> {
        request.tx_code.map(|value| TxCode { value, key: self.tx_code_key.expose() })
    }

    /// The offer of a code that is good at this moment, with the configurations that the request is for.
    async fn look(&self, request: &TokenRequest<'_>) -> Result<Option<(Offer, Vec<Arc<Configuration>>)>, StoreError> {
        let good = self.store.offer_redeemable(request.code, self.tx_code(request).as_ref()).await?;
        Ok(good.and_then(|offer| {
            let wanted = wanted(&offer, request)?;
            let found = wanted.iter().map(|id| self.configurations.find(*id)).collect::<Option<Vec<_>>>()?;
            Some((offer, found))
        }))
    }

    /// Asks the auth hooks, after a look at the code and before it is spent. Without hooks nothing is read.
    async fn admit(&self, request: &TokenRequest<'_>, caller: &Caller<'_>) -> Result<Entry, Stop> {
        if !self.hooks.has(Phase::TokenRequest) {
            return Ok(Entry::Unasked);
        }
        let Some((offer, found)) = self.look(request).await? else { return Ok(Entry::NotGood) };
        if !found.iter().any(|one| self.hooks.covers(Phase::TokenRequest, one.credential_type())) {
            return Ok(Entry::Unasked);
        }
        let Some(secrets) = self.store.offer_secrets(offer.id).await? else { return Ok(Entry::NotGood) };
        let persisted = self.store.user_claims(offer.user_id).await?;
        let subject = Subject {
            issuer: &self.site.issuer,
            caller,
            origin: Origin::PreAuthorized,
            offer: &offer,
            offer_claims: &secrets.claims,
            client_id: request.who.client_id,
            wallet: request.who.wallet,
            holder_keys: &[],
        };
        let steps = Steps { persisted, offer: secrets.claims.clone(), ..Steps::default() };
        let known = Known { claims: steps.so_far(), ..Known::default() };
        let admission = self.hooks.admit(Phase::TokenRequest, &subject, known, found).await;
        Ok(Entry::admitted(admission.map_err(Stop::Blocked)?))
    }
}

/// What a request asks for; `None` when that was not offered.
fn wanted(offer: &Offer, request: &TokenRequest<'_>) -> Option<Vec<Uuid>> {
    match &request.selected {
        None => Some(offer.configurations.clone()),
        Some(selected) if selected.iter().all(|id| offer.configurations.contains(id)) => Some(selected.clone()),
        Some(_) => None,
    }
}

fn token_record(
    offer: &Offer,
    request: &TokenRequest<'_>,
    configurations: Vec<Uuid>,
    expires_at: jiff::Timestamp,
    suffix: &str,
) -> Token {
    let identified = if request.selected.is_some() { configurations.as_slice() } else { &[] };
    Token {
        origin: Origin::PreAuthorized,
        offer: offer.id,
        jkt: request.who.jkt,
        client_id: request.who.client_id.map(str::to_owned),
        wallet: request.who.wallet.cloned(),
        identifiers: identifiers(identified, suffix),
        configurations,
        expires_at,
    }
}

/// Reads `authorization_details` of a token request: the configurations it names, each once (5.1.1, 6.1).
#[must_use]
pub fn selected_configurations(details: &Value) -> Option<Vec<Uuid>> {
    let mut selected = Vec::new();
    for detail in details.as_array().filter(|array| !array.is_empty() && array.len() <= 20)? {
        let fits = detail.get("type")? == "openid_credential";
        let id = Uuid::try_parse(detail.get("credential_configuration_id")?.as_str()?).ok()?;
        if !fits || selected.contains(&id) {
            return None;
        }
        selected.push(id);
    }
    Some(selected)
}
