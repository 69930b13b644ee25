//! What a wallet asks the authorization endpoint for: its parameters, validated (RFC 6749 4.1.1, RFC 7636, RFC 9396, `OpenID4VCI` 5.1).

mod asked;
mod claims;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::parties::{Offered, Wallet};
use super::redirect::{RedirectPolicy, RedirectProblem};
use crate::domain::authorization::AskedClaims;
use crate::domain::client::RequestObjectError;
use crate::domain::configuration::Configuration;

/// Longest `state` that is sent back, in bytes.
const LONGEST_STATE: usize = 2048;
/// Longest text of any other parameter that is kept, in bytes.
const LONGEST_TEXT: usize = 1024;
/// Most parameters that are kept for the identity provider.
const MOST_FORWARDED: usize = 20;

/// Parameters as they were sent; none is empty, none was sent twice.
pub type Parameters = BTreeMap<String, String>;

/// Error codes of an authorization request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestCode {
    /// RFC 6749 4.1.2.1
    InvalidRequest,
    /// RFC 6749 4.1.2.1
    UnsupportedResponseType,
    /// RFC 6749 4.1.2.1
    InvalidScope,
    /// RFC 9396 5
    InvalidAuthorizationDetails,
    /// RFC 8707 2
    InvalidTarget,
    /// RFC 6749 4.1.2.1
    UnauthorizedClient,
    /// RFC 9101 7
    RequestNotSupported,
    /// RFC 9101 7
    InvalidRequestObject,
}

impl RequestCode {
    /// The code on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidAuthorizationDetails => "invalid_authorization_details",
            Self::InvalidTarget => "invalid_target",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::RequestNotSupported => "request_not_supported",
            Self::InvalidRequestObject => "invalid_request_object",
        }
    }
}

/// Why a request is refused. The sentence is ours and names the parameter; nothing that was sent is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct RequestError {
    /// The code.
    pub code: RequestCode,
    /// For the wallet's developer.
    pub why: Cow<'static, str>,
}

impl RequestError {
    pub(super) fn new(code: RequestCode, why: impl Into<Cow<'static, str>>) -> Self {
        Self { code, why: why.into() }
    }

    pub(super) fn invalid(why: &'static str) -> Self {
        Self::new(RequestCode::InvalidRequest, why)
    }
}

impl From<RequestObjectError> for RequestError {
    fn from(error: RequestObjectError) -> Self {
        let code = match error {
            RequestObjectError::NoKeys => RequestCode::RequestNotSupported,
            _ => RequestCode::InvalidRequestObject,
        };
        Self::new(code, error.to_string())
    }
}

impl From<RedirectProblem> for RequestError {
    fn from(problem: RedirectProblem) -> Self {
        Self::invalid(match problem {
            RedirectProblem::Malformed => "redirect_uri is not a plain absolute URI without fragment and user",
            RedirectProblem::Scheme => "redirect_uri has a scheme that is not accepted here",
            RedirectProblem::PlainHttp => "redirect_uri must be https, except on the loopback address",
            RedirectProblem::NotRegistered => "redirect_uri is not one that the client has registered",
        })
    }
}

/// A request that was found good.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// The wallet.
    pub client_id: String,
    /// Where the answer goes.
    pub redirect_uri: String,
    /// Given back with the answer.
    pub state: Option<String>,
    /// `S256` challenge.
    pub code_challenge: String,
    /// RFC 7638 thumbprint of the key that the code is bound to.
    pub dpop_jkt: Option<[u8; 32]>,
    /// What was asked for, each once.
    pub configurations: Vec<Uuid>,
    /// The claims that were asked for, of each configuration of which not all were.
    #[serde(default)]
    pub claims: AskedClaims,
    /// Whether `authorization_details` asked for it.
    pub identified: bool,
    /// The values of `scope` that mean something here.
    pub scope: Option<String>,
    /// The offer that `issuer_state` leads to.
    pub offer: Option<Uuid>,
    /// Whether that offer ends with the first approval.
    #[serde(default)]
    pub offer_once: bool,
    /// `login_hint`, of the wallet or of the offer.
    pub login_hint: Option<String>,
    /// `prompt`, of the wallet or of the offer.
    pub prompt: Option<String>,
    /// `ui_locales`, the preferred one first.
    pub ui_locales: Vec<String>,
    /// Other parameters, for the identity provider if it is set up to get them.
    pub others: Parameters,
}

impl std::fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthorizationRequest").field("configurations", &self.configurations).finish_non_exhaustive()
    }
}

/// What a request is held against.
pub struct Rules<'a> {
    /// The Credential Issuer Identifier.
    pub issuer: &'a str,
    /// What unregistered redirect URIs may be.
    pub redirects: &'a RedirectPolicy,
    /// What can be asked for.
    pub configurations: &'a [Arc<Configuration>],
}

impl Rules<'_> {
    /// The redirect URI of a request, when it is safe to send a browser there.
    pub fn redirect_uri(&self, parameters: &Parameters, wallet: &Wallet) -> Result<String, RequestError> {
        let uri = parameters.get("redirect_uri").ok_or(RequestError::invalid("redirect_uri is required"))?;
        self.redirects.check(wallet.redirect_uris.as_deref(), uri)?;
        Ok(uri.clone())
    }

    /// Reads a request; `offer` is the one that `issuer_state` leads to.
    pub fn read(
        &self,
        parameters: &Parameters,
        wallet: &Wallet,
        offer: Option<&Offered>,
    ) -> Result<AuthorizationRequest, RequestError> {
        let redirect_uri = self.redirect_uri(parameters, wallet)?;
        let text = |name: &str| parameters.get(name).map(String::as_str);
        check_response(text("response_type"), text("response_mode"))?;
        let code_challenge = challenge(text("code_challenge"), text("code_challenge_method"))?;
        if text("resource").is_some_and(|resource| resource != self.issuer) {
            return Err(RequestError::new(RequestCode::InvalidTarget, "resource is not this credential issuer"));
        }
        let asked = self.asked(text("authorization_details"), text("scope"), offer)?;
        let hint = |name: &'static str, of_offer: Option<&String>| {
            kept(parameters, name, LONGEST_TEXT).map(|own| of_offer.cloned().or(own))
        };
        Ok(AuthorizationRequest {
            client_id: wallet.id.clone(),
            redirect_uri,
            state: kept(parameters, "state", LONGEST_STATE)?,
            code_challenge,
            dpop_jkt: text("dpop_jkt").map(thumbprint).transpose()?,
            configurations: asked.configurations,
            claims: asked.claims,
            identified: asked.identified,
            scope: asked.scope,
            offer: offer.map(|offer| offer.id),
            offer_once: offer.is_some_and(|offer| offer.once),
            login_hint: hint("login_hint", offer.and_then(|offer| offer.login_hint.as_ref()))?,
            prompt: hint("prompt", offer.and_then(|offer| offer.prompt.as_ref()))?,
            ui_locales: text("ui_locales").map(locales).unwrap_or_default(),
            others: others(parameters),
        })
    }
}

impl AuthorizationRequest {
    /// Whether the wallet wants an answer without the person being asked anything.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.prompt.as_deref().is_some_and(|prompt| prompt.split(' ').any(|word| word == "none"))
    }
}

fn check_response(kind: Option<&str>, mode: Option<&str>) -> Result<(), RequestError> {
    match (kind, mode) {
        (None, _) => Err(RequestError::invalid("response_type is required")),
        (Some("code"), None | Some("query")) => Ok(()),
        (Some("code"), Some(_)) => Err(RequestError::invalid("response_mode must be query")),
        (Some(_), _) => Err(RequestError::new(RequestCode::UnsupportedResponseType, "response_type must be code")),
    }
}

/// RFC 7636 4.3: `S256` alone, and a method left out would mean `plain`.
fn challenge(challenge: Option<&str>, method: Option<&str>) -> Result<String, RequestError> {
    let challenge = challenge.ok_or(RequestError::invalid("code_challenge is required"))?;
    if method != Some("S256") {
        return Err(RequestError::invalid("code_challenge_method must be S256"));
    }
    match digest(challenge) {
        Some(_) => Ok(challenge.to_owned()),
        None => Err(RequestError::invalid("code_challenge must be 43 characters of base64url")),
    }
}

fn thumbprint(jkt: &str) -> Result<[u8; 32], RequestError> {
    digest(jkt).ok_or(RequestError::invalid("dpop_jkt must be a SHA-256 thumbprint in base64url"))
}

/// 32 bytes in base64url without padding.
fn digest(text: &str) -> Option<[u8; 32]> {
    B64.decode(text).ok()?.try_into().ok()
}

fn kept(parameters: &Parameters, name: &'static str, most: usize) -> Result<Option<String>, RequestError> {
    match parameters.get(name) {
        None => Ok(None),
        Some(text) if text.len() <= most => Ok(Some(text.clone())),
        Some(_) => Err(RequestError::invalid(match name {
            "state" => "state is longer than 2048 bytes",
            "prompt" => "prompt is longer than 1024 bytes",
            _ => "login_hint is longer than 1024 bytes",
        })),
    }
}

fn locales(text: &str) -> Vec<String> {
    let tag = |tag: &&str| tag.len() <= 35 && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    text.split(' ').filter(|one| !one.is_empty()).filter(tag).take(10).map(str::to_owned).collect()
}

/// What has no meaning here, in case that the identity provider knows it.
fn others(parameters: &Parameters) -> Parameters {
    const OWN: &[&str] = &[
        "authorization_details",
        "client_assertion",
        "client_assertion_type",
        "client_id",
        "client_secret",
        "code_challenge",
        "code_challenge_method",
        "dpop_jkt",
        "issuer_state",
        "login_hint",
        "nonce",
        "prompt",
        "redirect_uri",
        "request",
        "request_uri",
        "resource",
        "response_mode",
        "response_type",
        "scope",
        "state",
        "ui_locales",
    ];
    let other = |(name, value): &(&String, &String)| {
        !OWN.contains(&name.as_str()) && name.len() <= 64 && value.len() <= LONGEST_TEXT
    };
    parameters.iter().filter(other).take(MOST_FORWARDED).map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests;
