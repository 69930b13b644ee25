//! Pushed authorization requests (RFC 9126).

use super::parties::{Offered, Wallet};
use super::request::{AuthorizationRequest, Parameters, RequestCode, RequestError, Rules};
use super::{INTERACTION_LIFETIME, Interactions};
use crate::base::clock::after;
use crate::domain::Failure;
use crate::domain::site::SignedRequests;

/// What every request URI of ours begins with (2.2).
pub const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// A pushed request, as it is kept.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Pushed {
    pub(super) wallet: Wallet,
    pub(super) request: AuthorizationRequest,
}

/// How a push ended.
#[derive(Debug)]
pub enum Push {
    /// It is kept.
    Kept {
        /// What the wallet opens it with.
        request_uri: String,
        /// For how many seconds it can.
        expires_in: u64,
    },
    /// The request is wrong.
    Refused(RequestError),
}

impl Interactions {
    /// Keeps the request of a wallet that has proven who it is as far as it must. `key` is the thumbprint of the key that its `DPoP`
    /// proof was made with.
    pub async fn push(&self, wallet: &Wallet, parameters: &Parameters, key: Option<[u8; 32]>) -> Result<Push, Failure> {
        let request = match self.validated(wallet, parameters).await? {
            Ok(request) => bound(request, key),
            Err(error) => Err(error),
        };
        let request = match request {
            Ok(request) => request,
            Err(error) => return Ok(Push::Refused(error)),
        };
        let reference = self.secret::<32>()?;
        let until = after(self.clock.now(), self.rules.pushed_lifetime);
        let pushed = Pushed { wallet: wallet.clone(), request };
        self.store.pushed_keep(&reference, &pushed, until, after(until, INTERACTION_LIFETIME)).await?;
        let expires_in = self.rules.pushed_lifetime.as_secs();
        Ok(Push::Kept { request_uri: format!("{PREFIX}{reference}"), expires_in })
    }

    /// The request object of a request, as far as there may or must be one (RFC 9101 5 and 10.5). A request is in one place: a
    /// `request_uri` is never pushed, and with an object what stands beside it is not looked at.
    pub fn object<'a>(&self, sent: &'a Parameters) -> Result<Option<&'a str>, RequestError> {
        if sent.contains_key("request_uri") {
            return Err(RequestError::invalid("request_uri cannot be pushed"));
        }
        match (self.site.code_flow.signed_requests, sent.get("request")) {
            (SignedRequests::Refused, Some(_)) => {
                let why = "signed request objects are not supported";
                Err(RequestError::new(RequestCode::RequestNotSupported, why))
            }
            (SignedRequests::Required, None) => {
                Err(RequestError::invalid("request is required: send the parameters in a signed request object"))
            }
            (_, object) => Ok(object.map(String::as_str)),
        }
    }

    async fn validated(
        &self,
        wallet: &Wallet,
        parameters: &Parameters,
    ) -> Result<Result<AuthorizationRequest, RequestError>, Failure> {
        if !self.site.code_flow.enabled {
            let why = "this issuer gives no credentials by an authorization code";
            return Ok(Err(RequestError::new(RequestCode::UnauthorizedClient, why)));
        }
        if parameters.get("client_id").is_some_and(|id| *id != wallet.id) {
            return Ok(Err(RequestError::invalid("client_id is not that of the client that proved who it is")));
        }
        self.read(wallet, parameters).await
    }

    /// Reads a request, and the offer that led to it.
    pub(super) async fn read(
        &self,
        wallet: &Wallet,
        parameters: &Parameters,
    ) -> Result<Result<AuthorizationRequest, RequestError>, Failure> {
        let offer = match parameters.get("issuer_state") {
            None => None,
            Some(state) => match self.grants.offer(state).await? {
                None => return Ok(Err(RequestError::invalid("issuer_state is not that of an offer that is open"))),
                found => found,
            },
        };
        Ok(self.read_with(wallet, parameters, offer.as_ref()))
    }

    fn read_with(
        &self,
        wallet: &Wallet,
        parameters: &Parameters,
        offer: Option<&Offered>,
    ) -> Result<AuthorizationRequest, RequestError> {
        let configurations = self.configurations.all();
        self.rules_on(&configurations).read(parameters, wallet, offer)
    }

    pub(super) fn rules_on<'a>(
        &'a self,
        configurations: &'a [std::sync::Arc<crate::domain::configuration::Configuration>],
    ) -> Rules<'a> {
        Rules { issuer: &self.site.issuer, redirects: &self.rules.redirects, configurations }
    }
}

/// A proof and `dpop_jkt` must name the same key (RFC 9449 10.1).
fn bound(mut request: AuthorizationRequest, key: Option<[u8; 32]>) -> Result<AuthorizationRequest, RequestError> {
    match (key, request.dpop_jkt) {
        (Some(key), Some(named)) if key != named => {
            Err(RequestError::invalid("dpop_jkt is not the key of the DPoP proof"))
        }
        (key, named) => {
            request.dpop_jkt = key.or(named);
            Ok(request)
        }
    }
}
