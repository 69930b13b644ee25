//! The end of a login: from the provider's answer to an identity.

use serde_json::{Map, Value};

use super::catalog::Providers;
use super::discovery::Discovery;
use super::exchange::{Exchange, Tokens, known_error};
use super::id_token::{Expected, Said, Unverified, check, with_userinfo};
use super::provider::Provider;
use super::upstream::Upstream;
use super::{Identity, LoginAnswer, LoginError, PendingLogin};
use crate::domain::Failure;

impl Providers {
    pub(super) async fn answered(
        &self,
        upstream: &Upstream,
        pending: &PendingLogin,
        answer: &LoginAnswer<'_>,
    ) -> Result<Result<Identity, LoginError>, Failure> {
        let parts = &self.parts;
        let (provider, now) = (&upstream.provider, parts.clock.now());
        let discovery = match upstream.discovery(parts.outbound.as_ref(), &parts.reach, now).await {
            Ok(discovery) => discovery,
            Err(error) => return Ok(Err(error)),
        };
        let code = match code(answer, &discovery) {
            Ok(code) => code,
            Err(error) => return Ok(Err(error)),
        };
        let (outbound, random) = (parts.outbound.as_ref(), parts.random.as_ref());
        let exchange = Exchange { provider, issuer: &discovery.issuer, outbound, random, now };
        let tokens = match exchange.tokens(&discovery.token_endpoint, code, pending).await? {
            Ok(tokens) => tokens,
            Err(error) => return Ok(Err(error)),
        };
        let said = self.believed(upstream, &discovery, pending, &tokens).await;
        let said = match said {
            Ok(said) => with_more(&exchange, &discovery, &tokens, said).await,
            Err(error) => Err(error),
        };
        Ok(said.map(|said| identity(provider, &discovery, said)))
    }

    /// What the ID token says, once it is believed.
    async fn believed(
        &self,
        upstream: &Upstream,
        discovery: &Discovery,
        pending: &PendingLogin,
        tokens: &Tokens,
    ) -> Result<Said, LoginError> {
        let token = Unverified::read(&tokens.id_token).map_err(LoginError::Unacceptable)?;
        let now = self.parts.clock.now();
        upstream.verify(&token, &discovery.jwks_uri, self.parts.outbound.as_ref(), now).await?;
        let expected = Expected {
            issuer: &discovery.issuer,
            client_id: &upstream.provider.client_id,
            pending,
            access_token: tokens.access_token.as_deref(),
            algorithm: token.algorithm,
            now,
        };
        check(&token, &expected).map_err(LoginError::Unacceptable)
    }
}

/// The code of an answer. First whose answer it is (RFC 9207 2.4), then what it says.
fn code<'a>(answer: &LoginAnswer<'a>, discovery: &Discovery) -> Result<&'a str, LoginError> {
    let from_another = match answer.iss {
        Some(issuer) => issuer != discovery.issuer,
        None => discovery.names_itself,
    };
    if from_another {
        return Err(LoginError::Unacceptable("the answer is from another provider".into()));
    }
    if let Some(error) = answer.error {
        return Err(refused(known_error(error)));
    }
    let code = answer.code.filter(|code| !code.is_empty());
    code.ok_or_else(|| LoginError::Unacceptable("it sent neither a code nor an error".into()))
}

fn refused(error: &'static str) -> LoginError {
    match error {
        "access_denied"
        | "login_required"
        | "interaction_required"
        | "consent_required"
        | "account_selection_required" => LoginError::Denied(error),
        "server_error" | "temporarily_unavailable" => LoginError::Unavailable(format!("it answered with {error}")),
        _ => LoginError::Unacceptable(format!("it answered with {error}")),
    }
}

/// Adds what userinfo says, where more than the subject was asked for: providers put the claims of scopes there.
async fn with_more(
    exchange: &Exchange<'_>,
    discovery: &Discovery,
    tokens: &Tokens,
    mut said: Said,
) -> Result<Said, LoginError> {
    let more = exchange.provider.scope.iter().any(|scope| scope != "openid");
    if let (true, Some(endpoint), Some(token)) = (more, &discovery.userinfo_endpoint, &tokens.access_token) {
        let userinfo = exchange.userinfo(endpoint, token).await?;
        with_userinfo(&mut said, userinfo).map_err(LoginError::Unacceptable)?;
    }
    Ok(said)
}

fn identity(provider: &Provider, discovery: &Discovery, said: Said) -> Identity {
    let kept = said.claims.iter().filter(|(name, _)| provider.claims_to_persist.contains(name));
    let persist: Map<String, Value> = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
    Identity {
        provider: provider.id,
        issuer: discovery.issuer.clone(),
        subject: said.subject,
        claims: said.claims,
        persist,
        authenticated_at: said.authenticated_at,
        acr: said.acr,
        amr: said.amr,
    }
}
