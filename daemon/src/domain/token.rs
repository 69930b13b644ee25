//! The pre-authorized code grant (`OpenID4VCI` section 6): what a token request asks, and what comes of it.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde_json::Value;
use uuid::Uuid;

use super::Failure;
use super::site::Site;
use crate::base::clock::{Clock, after};
use crate::base::random::{Random, bytes};
use crate::base::secret::{Secret, sha256};
use crate::store::Store;
use crate::store::offer::Offer;
use crate::store::redeem::{Redeem, Redemption, TxCode};
use crate::store::token::Token;

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
}

/// A token request of the pre-authorized grant.
pub struct TokenRequest<'a> {
    /// `pre-authorized_code`
    pub code: &'a str,
    /// `tx_code`
    pub tx_code: Option<&'a str>,
    /// `client_id`, which names the wallet; not authenticated.
    pub client_id: Option<&'a str>,
    /// Configurations named by `authorization_details`, when that was sent.
    pub selected: Option<Vec<Uuid>>,
}

/// How a token request ended.
pub enum Grant {
    /// A token.
    Granted {
        /// The access token.
        access_token: String,
        /// Its life in seconds.
        expires_in: u64,
        /// Credential identifiers, when `authorization_details` were sent.
        identifiers: Vec<(String, Uuid)>,
    },
    /// Not granted.
    Refused(Redeem),
}

impl Tokens {
    /// Redeems a code for an access token.
    pub async fn redeem(&self, request: &TokenRequest<'_>) -> Result<Grant, Failure> {
        let access_token = B64.encode(bytes::<32>(self.random.as_ref())?);
        let suffix = B64.encode(bytes::<12>(self.random.as_ref())?);
        let redemption = Redemption {
            code: request.code,
            tx_code: request.tx_code.map(|value| TxCode { value, key: self.tx_code_key.expose() }),
            token: sha256(access_token.as_bytes()),
        };
        let now = self.clock.now();
        let expires_at = after(now, self.site.token_lifetime);
        let record = |offer: &Offer| token_record(offer, request, expires_at, &suffix);
        match self.store.offer_redeem(&redemption, record).await? {
            Redeem::Redeemed(offer) => {
                let identifiers = token_record(&offer, request, expires_at, &suffix).map(|token| token.identifiers);
                Ok(Grant::Granted {
                    access_token,
                    expires_in: self.site.token_lifetime.as_secs(),
                    identifiers: identifiers.unwrap_or_default(),
                })
            }
            refused => Ok(Grant::Refused(refused)),
        }
    }
}

fn token_record(offer: &Offer, request: &TokenRequest<'_>, expires_at: jiff::Timestamp, suffix: &str) -> Option<Token> {
    let configurations = match &request.selected {
        None => offer.configurations.clone(),
        Some(selected) if selected.iter().all(|id| offer.configurations.contains(id)) => selected.clone(),
        Some(_) => return None,
    };
    let identified = request.selected.as_ref().map(|selected| selected.iter()).unwrap_or_default();
    Some(Token {
        offer: offer.id,
        client_id: request.client_id.map(str::to_owned),
        identifiers: identified.enumerate().map(|(place, id)| (format!("{suffix}{place}"), *id)).collect(),
        configurations,
        expires_at,
    })
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
