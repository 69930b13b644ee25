//! Authorization code offers (`OpenID4VCI` 4.1.1): many people may claim one, each after a login of their own.
//!
//! One that needs nothing kept is only a link, as in the reference API: it names the configurations and the parameters for the login,
//! lasts for ever and cannot be taken back. One with `issuerState`, `expiresIn` or `singleUse` is kept here. Then the link carries an `issuer_state`
//! in the place of the parameters, which the authorization endpoint finds by it, so that the link says nothing about a person.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::base::clock::{Clock, after};
use crate::base::id::ordered_uuid;
use crate::base::random::{Random, bytes};
use crate::domain::Failure;
use crate::domain::offer::request::AuthorizationCodeRequest;
use crate::domain::site::Site;
use crate::store::Store;
pub use crate::store::code_offer::CodeOffer;

/// Makes, finds and ends authorization code offers.
pub struct CodeOffers {
    /// Where they are kept.
    pub store: Store,
    /// The issuer.
    pub site: Arc<Site>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Handles.
    pub random: Arc<dyn Random>,
}

impl CodeOffers {
    /// Keeps an offer, when the request needs that.
    pub async fn create(&self, request: &AuthorizationCodeRequest) -> Result<Option<CodeOffer>, Failure> {
        if !request.issuer_state && !request.single_use && request.expires_in.is_none() {
            return Ok(None);
        }
        let now = self.clock.now();
        let offer = CodeOffer {
            id: ordered_uuid(now, self.random.as_ref())?,
            configurations: request.credentials.clone(),
            request_parameters: request.request_parameters.clone().unwrap_or_default(),
            created_at: now,
            expires_at: request.expires_in.map(|seconds| after(now, Duration::from_secs(seconds))),
            issuer_state: B64.encode(bytes::<32>(self.random.as_ref())?),
            reference: B64.encode(bytes::<16>(self.random.as_ref())?),
            single_use: request.single_use,
        };
        self.store.code_offer_create(&offer).await?;
        Ok(Some(offer))
    }

    /// The offer that an authorization request with this `issuer_state` began with, while it lasts.
    pub async fn by_issuer_state(&self, state: &str) -> Result<Option<CodeOffer>, Failure> {
        Ok(self.store.code_offer_by_state(state).await?)
    }

    /// The offer object behind a reference, while the offer lasts.
    pub async fn by_reference(&self, reference: &str) -> Result<Option<Value>, Failure> {
        Ok(self.store.code_offer_by_reference(reference).await?.map(|offer| self.object(&offer)))
    }

    /// An offer that is kept.
    pub async fn find(&self, id: Uuid) -> Result<Option<CodeOffer>, Failure> {
        Ok(self.store.code_offer_find(id).await?)
    }

    /// Ends an offer; `false` when there is none to end.
    pub async fn delete(&self, id: Uuid) -> Result<bool, Failure> {
        Ok(self.store.code_offer_delete(id).await?)
    }

    /// The Credential Offer object of an offer that is kept.
    #[must_use]
    pub fn object(&self, offer: &CodeOffer) -> Value {
        let mut object = self.plain(&offer.configurations);
        let grants = json!({ "authorization_code": { "issuer_state": offer.issuer_state } });
        if let Some(object) = object.as_object_mut() {
            object.insert("grants".into(), grants);
        }
        object
    }

    /// The Credential Offer object of an offer that is only a link: no grant, so the wallet takes the one of the metadata.
    #[must_use]
    pub fn unkept_object(&self, request: &AuthorizationCodeRequest) -> Value {
        let mut object = self.plain(&request.credentials);
        if let (Some(parameters), Some(object)) = (&request.request_parameters, object.as_object_mut()) {
            object.insert("request_parameters".into(), parameters.clone().into());
        }
        object
    }

    fn plain(&self, configurations: &[Uuid]) -> Value {
        json!({
            "credential_issuer": self.site.issuer,
            "credentials": configurations,
            "credential_configuration_ids": configurations,
        })
    }

    /// Where the offer object can be fetched.
    #[must_use]
    pub fn reference_url(&self, offer: &CodeOffer) -> String {
        self.site.url(&format!("/v1/openid/offers/{}/credential_offer", offer.reference))
    }
}
