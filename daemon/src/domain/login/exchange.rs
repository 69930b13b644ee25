//! The provider's token and userinfo endpoints.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::provider::{AuthMethod, Provider};
use super::{BOUNDS, LoginError, PendingLogin};
use crate::base::random::{Random, bytes};
use crate::base::secret::Secret;
use crate::domain::Failure;
use crate::domain::outbound::{Answer, Ask, Body, Outbound, basic, bearer};
use crate::signer::{Algorithm, SoftwareKey};
use crate::wire::json::parse_object;
use crate::wire::jwk;

/// How long a client assertion is good, in seconds.
const ASSERTION: i64 = 60;
/// The type of client assertions (RFC 7523 2.2).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Longest access token, in bytes; it goes into a header.
const MOST_ACCESS_TOKEN: usize = 16 * 1024;
/// Names of errors that may be told of in the log (RFC 6749 5.2, RFC 6749 4.1.2.1, OIDC Core 3.1.2.6).
const KNOWN_ERRORS: [&str; 16] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "access_denied",
    "unsupported_response_type",
    "server_error",
    "temporarily_unavailable",
    "interaction_required",
    "login_required",
    "account_selection_required",
    "consent_required",
    "invalid_request_uri",
    "request_not_supported",
];

/// The name of an error, if it is one that is known: what others send does not go into the log.
pub(super) fn known_error(sent: &str) -> &'static str {
    KNOWN_ERRORS.into_iter().find(|known| *known == sent).unwrap_or("an unknown error")
}

/// What a provider gave for a code.
pub(super) struct Tokens {
    /// The ID token.
    pub(super) id_token: String,
    /// The access token, for userinfo.
    pub(super) access_token: Option<String>,
}

/// An exchange: with whom, when.
pub(super) struct Exchange<'a> {
    pub(super) provider: &'a Provider,
    /// The provider's issuer identifier.
    pub(super) issuer: &'a str,
    pub(super) outbound: &'a dyn Outbound,
    pub(super) random: &'a dyn Random,
    pub(super) now: Timestamp,
}

impl Exchange<'_> {
    /// Exchanges a code.
    pub(super) async fn tokens(
        &self,
        endpoint: &str,
        code: &str,
        pending: &PendingLogin,
    ) -> Result<Result<Tokens, LoginError>, Failure> {
        let (form, authorization) = self.form(code, pending)?;
        let ask = Ask::post(endpoint, Body::Form(form), BOUNDS).authorized(authorization);
        Ok(match self.outbound.ask(ask).await {
            Ok(answer) => tokens(&answer),
            Err(error) => Err(LoginError::Unavailable(error.reason)),
        })
    }

    /// The body of the request, and a header with which this issuer authenticates.
    fn form(&self, code: &str, pending: &PendingLogin) -> Result<(String, Option<Secret>), Failure> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code");
        form.append_pair("code", code);
        form.append_pair("redirect_uri", &pending.redirect_uri);
        form.append_pair("code_verifier", &pending.verifier);
        let authorization = self.authenticate(&mut form)?;
        Ok((form.finish(), authorization))
    }

    /// Adds how this issuer authenticates; a header goes back to the caller.
    fn authenticate(&self, form: &mut form_urlencoded::Serializer<'_, String>) -> Result<Option<Secret>, Failure> {
        let client = self.provider.client_id.as_str();
        let secret = self.provider.client_secret.as_deref().unwrap_or_default();
        match self.provider.token_endpoint_auth_method {
            AuthMethod::ClientSecretBasic => return Ok(Some(basic(client, secret))),
            AuthMethod::ClientSecretPost => {
                form.append_pair("client_id", client).append_pair("client_secret", secret);
            }
            AuthMethod::PrivateKeyJwt => {
                form.append_pair("client_id", client).append_pair("client_assertion_type", ASSERTION_TYPE);
                form.append_pair("client_assertion", &self.assertion()?);
            }
            AuthMethod::None => {
                form.append_pair("client_id", client);
            }
        }
        Ok(None)
    }

    /// The audience is the issuer identifier alone: what is made for a token endpoint could be asked for by another provider that
    /// says it has the same (RFC 7523bis 4).
    fn assertion(&self) -> Result<String, Failure> {
        let key = client_key(self.provider)?;
        let (client, now) = (&self.provider.client_id, self.now.as_second());
        let header = json!({ "alg": "ES256", "typ": "JWT", "kid": jwk::thumbprint(key.public_key()) });
        let payload = json!({
            "iss": client, "sub": client, "aud": self.issuer, "jti": B64.encode(bytes::<16>(self.random)?),
            "iat": now, "exp": now + ASSERTION,
        });
        let signed = format!("{}.{}", B64.encode(header.to_string()), B64.encode(payload.to_string()));
        let signature = key.sign_now(signed.as_bytes()).map_err(|_| Failure::Signing)?;
        Ok(format!("{signed}.{}", B64.encode(signature)))
    }

    /// Asks for more claims.
    pub(super) async fn userinfo(&self, endpoint: &str, token: &str) -> Result<Map<String, Value>, LoginError> {
        let answer = self.outbound.ask(Ask::get(endpoint, BOUNDS).authorized(Some(bearer(token)))).await;
        match answer.map_err(|error| LoginError::Unavailable(error.reason))? {
            Answer { status: 200, body, .. } => {
                parse_object(&body).map_err(|error| LoginError::Unacceptable(format!("its userinfo {error}")))
            }
            Answer { status, .. } => Err(LoginError::Unavailable(format!("its userinfo has status {status}"))),
        }
    }
}

/// The private key with which this issuer authenticates.
pub(super) fn client_key(provider: &Provider) -> Result<SoftwareKey, Failure> {
    let pkcs8 = Secret::new(provider.client_key.clone().unwrap_or_default());
    SoftwareKey::from_pkcs8(Algorithm::Es256, &pkcs8).map_err(|_| Failure::Signing)
}

fn tokens(answer: &Answer) -> Result<Tokens, LoginError> {
    let unacceptable = |what: String| Err(LoginError::Unacceptable(what));
    match answer.status {
        200 => {}
        400..=499 => {
            let error = parse_object(&answer.body).ok();
            let error = error.as_ref().and_then(|body| body.get("error")).and_then(Value::as_str);
            return unacceptable(format!(
                "its token endpoint answered with {}",
                known_error(error.unwrap_or_default())
            ));
        }
        status => return Err(LoginError::Unavailable(format!("its token endpoint answered with status {status}"))),
    }
    let mut body = match parse_object(&answer.body) {
        Ok(body) => body,
        Err(error) => return unacceptable(format!("its token response {error}")),
    };
    let mut text = |name: &str| match body.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let bearer = text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("bearer"));
    let usable = |token: &String| token.len() <= MOST_ACCESS_TOKEN && token.bytes().all(|byte| byte.is_ascii_graphic());
    let access_token = text("access_token").filter(|token| bearer && usable(token));
    match text("id_token") {
        Some(id_token) => Ok(Tokens { id_token, access_token }),
        None => unacceptable("its token response has no id_token".into()),
    }
}
