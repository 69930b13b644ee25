//! The authorization request to a provider (OIDC Core 3.1.2.1).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use jiff::Timestamp;

use super::discovery::Discovery;
use super::provider::{Parameters, Provider};
use super::{Begun, LoginRequest, PendingLogin};
use crate::base::random::{NoEntropy, Random, bytes};
use crate::base::secret::sha256;
use crate::domain::outbound::printed;

/// Parameters that this issuer sets itself; a provider's document can neither set nor forward them.
pub(super) const OWN: [&str; 12] = [
    "response_type",
    "response_mode",
    "client_id",
    "client_secret",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "request",
    "request_uri",
];

/// Puts the request together.
pub(super) fn begin(
    provider: &Provider,
    discovery: &Discovery,
    (request, redirect_uri): (&LoginRequest<'_>, String),
    random: &dyn Random,
    now: Timestamp,
) -> Result<Begun, NoEntropy> {
    let chosen = chosen(provider, request);
    let pending = PendingLogin {
        provider: provider.id,
        nonce: B64.encode(bytes::<24>(random)?),
        verifier: B64.encode(bytes::<32>(random)?),
        redirect_uri,
        max_age: chosen.get("max_age").and_then(|age| age.parse().ok()),
        acr_values: chosen.get("acr_values").map(|all| all.split(' ').map(str::to_owned).collect()).unwrap_or_default(),
        begun_at: now.as_second(),
    };
    let challenge = B64.encode(sha256(pending.verifier.as_bytes()));
    let scope = provider.scope.join(" ");
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs([
        ("response_type", "code"),
        ("client_id", &provider.client_id),
        ("redirect_uri", &pending.redirect_uri),
        ("scope", &scope),
        ("state", request.state),
        ("nonce", &pending.nonce),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ]);
    query.extend_pairs(&chosen);
    let endpoint = &discovery.authorization_endpoint;
    let joint = if endpoint.contains('?') { '&' } else { '?' };
    Ok(Begun { location: format!("{endpoint}{joint}{}", query.finish()), pending })
}

/// What the provider's document adds: forwarded parameters, and over them the static ones.
fn chosen(provider: &Provider, request: &LoginRequest<'_>) -> Parameters {
    let mut chosen = Parameters::new();
    for name in provider.forwarded_request_parameters.iter().filter(|name| !OWN.contains(&name.as_str())) {
        let offered = match name.as_str() {
            "login_hint" => request.login_hint.map(str::to_owned),
            "prompt" => request.prompt.map(str::to_owned),
            _ => None,
        };
        let languages = || {
            let wanted = name == "ui_locales" && !request.locales.is_empty();
            wanted.then(|| request.locales.join(" "))
        };
        let value = offered.or_else(|| request.parameters.get(name).cloned()).or_else(languages);
        chosen.extend(value.map(|value| (name.clone(), value)));
    }
    let fixed = provider.static_request_parameters.iter().filter(|(name, _)| !OWN.contains(&name.as_str()));
    chosen.extend(fixed.map(|(name, value)| (name.clone(), printed(value))));
    chosen
}
