//! Offers: made, shown, listed, ended (`OpenID4VCI` section 4).

pub mod request;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Failure;
use super::claim_source::catalog::ClaimSources;
use super::claims::Steps;
use super::configuration::Configuration;
use super::configuration::catalog::Configurations;
use super::hook::Hooks;
use super::issuance::content::{Unfit, check_values, claims, content};
use super::issuance::validity::{Hints, ValidityError};
use super::site::Site;
use super::trust::Trust;
use crate::base::clock::{Clock, after};
use crate::base::id::{ordered_uuid, random_uuid};
use crate::base::random::{Random, bytes, text};
use crate::base::secret::{Secret, hmac};
use crate::plugin::Phase;
use crate::store::Store;
use crate::store::offer::{NewOffer, Offer, OfferCreate, OfferSecrets, OfferState, Replay};
use crate::store::redeem::hash_tx_code;
use crate::wire::fields::Detail;
use request::{PreAuthorizedRequest, TxCodeSpec};

/// The grant type of pre-authorized codes.
pub const PRE_AUTHORIZED_GRANT: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";

/// Letters and digits that are not mistaken for one another when read aloud or typed.
const TEXT_ALPHABET: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// Makes and ends offers.
pub struct Offers {
    /// Where they are kept.
    pub store: Store,
    /// The issuer.
    pub site: Arc<Site>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Codes.
    pub random: Arc<dyn Random>,
    /// Configurations.
    pub configurations: Arc<Configurations>,
    /// Plugins that may add claims when an offer is claimed.
    pub hooks: Arc<Hooks>,
    /// Where more claims come from when an offer is claimed.
    pub claim_sources: Arc<ClaimSources>,
    /// Document signers, whose country claims must not contradict.
    pub trust: Arc<Trust>,
    /// Key of the hashes of transaction codes.
    pub tx_code_key: Secret,
    /// Key of the hashes of `Idempotency-Key`s and of what was sent with them.
    pub idempotency_key: Secret,
}

/// A request that can be repeated: its answer is that of the first, whatever has changed meanwhile.
#[derive(Clone, Copy)]
pub struct Repeatable<'a> {
    /// The client of the management API.
    pub client: &'a str,
    /// `Idempotency-Key`
    pub key: &'a str,
    /// The content, as it was sent.
    pub body: &'a [u8],
}

/// How a creation ended.
pub enum Created {
    /// The offer, as its creator sees it.
    Made(Box<(Offer, OfferSecrets)>),
    /// The offer of an earlier request with this `Idempotency-Key`.
    Replayed(Box<(Offer, OfferSecrets)>),
    /// The claims do not make the credentials.
    Unmappable(Vec<Detail>),
    /// The `Idempotency-Key` was used for another request.
    KeyReused,
    /// A configuration was deleted meanwhile.
    ConfigurationGone,
    /// The offer made under this `Idempotency-Key` has ended.
    ReplayEnded,
}

impl From<Replay> for Created {
    fn from(replay: Replay) -> Self {
        match replay {
            Replay::Same(earlier) => Self::Replayed(earlier),
            Replay::OtherRequest => Self::KeyReused,
            Replay::Ended => Self::ReplayEnded,
        }
    }
}

impl Offers {
    /// The answer to a request that was made before, if it was. To be asked before the request is read: what was right then gets the
    /// same answer when configurations or limits have changed.
    pub async fn repeated(&self, request: Repeatable<'_>) -> Result<Option<Created>, Failure> {
        let (key, digest) = self.idempotency(request);
        Ok(self.store.offer_repeated(&key, &digest).await?.map(Created::from))
    }

    /// Makes a pre-authorized offer; one that can be repeated was not made before, as far as [`Offers::repeated`] knew.
    pub async fn create(
        &self,
        request: &PreAuthorizedRequest,
        repeatable: Option<Repeatable<'_>>,
    ) -> Result<Created, Failure> {
        let mistakes = self.mistaken_claims(request).await?;
        if !mistakes.is_empty() {
            return Ok(Created::Unmappable(mistakes));
        }
        let new = self.prepare(request, repeatable)?;
        Ok(match self.store.offer_create(&new).await? {
            OfferCreate::Created => Created::Made(Box::new((new.offer, new.secrets))),
            OfferCreate::Repeated(replay) => replay.into(),
            OfferCreate::ConfigurationGone => Created::ConfigurationGone,
        })
    }

    /// Keyed hashes of the key and of the request. Nobody can try requests against a stolen file.
    fn idempotency(&self, request: Repeatable<'_>) -> ([u8; 32], [u8; 32]) {
        let secret = self.idempotency_key.expose();
        let key = hmac(secret, &[b"key\0", request.client.as_bytes(), b"/", request.key.as_bytes()]);
        (key, hmac(secret, &[b"request\0", request.body]))
    }

    /// Maps the claims for every configuration now, so that a redemption cannot fail for want of data. Where plugins may still add
    /// claims only what is there is looked at.
    async fn mistaken_claims(&self, request: &PreAuthorizedRequest) -> Result<Vec<Detail>, Failure> {
        let persisted = match request.user_id {
            Some(user) => self.store.user_claims(user).await?,
            None => Map::new(),
        };
        let document = Steps { persisted, offer: request.claims.clone(), ..Steps::default() }.document();
        let offered = request.credentials.iter().filter_map(|id| self.configurations.find(*id));
        Ok(offered.filter_map(|configuration| self.mistaken_claim(&configuration, &document)).collect())
    }

    fn mistaken_claim(&self, configuration: &Configuration, document: &Value) -> Option<Detail> {
        let now = self.clock.now();
        let trial = match self.trust.signer_of(configuration.format(), now) {
            _ if self.may_grow(configuration) => check_values(configuration, document),
            Some(signer) => content(configuration, document, now, &signer, Hints::default()).map(drop),
            None => claims(configuration, document).map(drop),
        };
        let kind = configuration.credential_type();
        let (source, mistake) = match trial.err()? {
            Unfit::Claim(unfit) => (unfit.map_from, format!("{} of {kind}: {}", unfit.name, unfit.problem)),
            Unfit::NoClaims => (None, format!("{kind}: no element has a value")),
            Unfit::Validity(error) => (source_of(configuration, error), format!("{kind}: {error}")),
        };
        Some(Detail::body(source.unwrap_or_else(|| "claims".into()), mistake))
    }

    /// Whether plugins may add claims to those of an offer.
    fn may_grow(&self, configuration: &Configuration) -> bool {
        let hooked = |phase| self.hooks.covers(phase, configuration.credential_type());
        self.claim_sources.of(configuration).is_some()
            || hooked(Phase::TokenRequest)
            || hooked(Phase::CredentialRequest)
    }

    fn prepare(&self, request: &PreAuthorizedRequest, repeatable: Option<Repeatable<'_>>) -> Result<NewOffer, Failure> {
        let now = self.clock.now();
        let id = ordered_uuid(now, self.random.as_ref())?;
        let code = request.tx_code.as_ref().map(|spec| self.transaction_code(spec)).transpose()?;
        let key = self.tx_code_key.expose();
        let lifetime = request.expires_in.map_or(self.site.offer_lifetime, Duration::from_secs);
        let expires_at = after(now, lifetime);
        let offer = Offer {
            id,
            user_id: request.user_id.map_or_else(|| random_uuid(self.random.as_ref()), Ok)?,
            configurations: request.credentials.clone(),
            created_at: now,
            expires_at,
            state: OfferState::Open,
            redeemed_at: None,
            issued_at: None,
            ended_at: None,
            tx_code: code.as_ref().map(|code| hash_tx_code(key, id, code)),
            attempts_left: self.site.tx_code_attempts,
            served: vec![0; request.credentials.len()],
        };
        let secrets = OfferSecrets {
            code: B64.encode(bytes::<32>(self.random.as_ref())?),
            reference: B64.encode(bytes::<16>(self.random.as_ref())?),
            transaction_code: code,
            tx_code: request.tx_code.as_ref().map(tx_code_object),
            claims: request.claims.clone(),
        };
        let persist = request.claims.iter().filter(|(name, _)| request.claims_to_persist.contains(name));
        Ok(NewOffer {
            offer,
            secrets,
            persist: persist.map(|(name, value)| (name.clone(), value.clone())).collect(),
            idempotency: repeatable.map(|request| self.idempotency(request)),
            secrets_until: after(expires_at, self.site.token_lifetime),
            keep_until: after(expires_at, self.site.keep_ended),
        })
    }

    fn transaction_code(&self, spec: &TxCodeSpec) -> Result<String, Failure> {
        let alphabet = if spec.numeric { b"0123456789" } else { TEXT_ALPHABET };
        Ok(text(self.random.as_ref(), alphabet, spec.length.into())?)
    }

    /// The Credential Offer object of a pre-authorized offer (4.1.1).
    #[must_use]
    pub fn object(&self, offer: &Offer, secrets: &OfferSecrets) -> Value {
        let mut grant = Map::new();
        grant.insert("pre-authorized_code".into(), secrets.code.clone().into());
        if let Some(tx_code) = &secrets.tx_code {
            grant.insert("tx_code".into(), tx_code.clone());
        }
        let mut grants = Map::new();
        grants.insert(PRE_AUTHORIZED_GRANT.into(), grant.into());
        json!({
            "credential_issuer": self.site.issuer,
            "credential_configuration_ids": offer.configurations,
            "grants": grants,
        })
    }

    /// Where the offer object can be fetched.
    #[must_use]
    pub fn reference_url(&self, secrets: &OfferSecrets) -> String {
        self.site.url(&format!("/v1/openid/offers/{}/credential_offer", secrets.reference))
    }

    /// The offer object behind a reference, while the offer is open.
    pub async fn by_reference(&self, reference: &str) -> Result<Option<Value>, Failure> {
        let found = self.store.offer_by_reference(reference).await?;
        Ok(found.map(|(offer, secrets)| self.object(&offer, &secrets)))
    }

    /// An offer with its state.
    pub async fn find(&self, id: Uuid) -> Result<Option<(Offer, OfferState)>, Failure> {
        Ok(self.store.offer_find(id).await?)
    }

    /// Ends an offer; `false` when there is none to end.
    pub async fn delete(&self, id: Uuid) -> Result<bool, Failure> {
        Ok(self.store.offer_delete(id).await?)
    }
}

/// The claim that makes a credential's validity what it is, if one does.
fn source_of(configuration: &Configuration, error: ValidityError) -> Option<String> {
    let (from, until) = (configuration.valid_from.as_ref(), configuration.valid_until.as_ref());
    let source = match error {
        ValidityError::NotATime("validFrom") => from,
        ValidityError::NotATime(_) => until,
        ValidityError::Empty => until.or(from),
    };
    source.map(|source| source.map_from.clone())
}

/// The link that carries an offer object; spaces are `%20`, never `+`.
#[must_use]
pub fn link(parameter: &str, value: &str) -> String {
    format!("openid-credential-offer://?{parameter}={}", percent_encode(value))
}

fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            out.push('%');
            for nibble in [byte >> 4, byte & 15] {
                out.push(HEX.get(usize::from(nibble)).map_or('0', |digit| char::from(*digit)));
            }
        }
    }
    out
}

fn tx_code_object(spec: &TxCodeSpec) -> Value {
    let mut object = Map::new();
    object.insert("input_mode".into(), if spec.numeric { "numeric" } else { "text" }.into());
    object.insert("length".into(), spec.length.into());
    if let Some(description) = &spec.description {
        object.insert("description".into(), description.clone().into());
    }
    object.into()
}
