//! Access tokens for registers (RFC 6749 4.4), kept while they are good. One request at a time asks for a source's token; the others wait
//! for its answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::{Authorization, SecretMethod, Trouble};
use crate::base::clock::after;
use crate::base::secret::Secret;
use crate::domain::outbound::{Answer, Ask, Body, Bounds, Outbound, basic};
use crate::wire::json::parse_object;

/// Longest access token, in bytes; it goes into a header.
const MOST_TOKEN: usize = 16 * 1024;
/// A token is used no longer than until so long before its end: the request has a way to go.
const MARGIN: Duration = Duration::from_secs(30);
/// How long a token is used whose life is not told, and the longest that any is.
const UNTOLD: Duration = Duration::from_mins(1);
const LONGEST: Duration = Duration::from_hours(24);

/// The token of one source.
#[derive(Default)]
struct Slot {
    kept: Option<Kept>,
}

struct Kept {
    token: Arc<Secret>,
    /// What it was asked for with: another client or server has another token.
    authorization: Authorization,
    until: Timestamp,
}

/// The tokens of all sources.
#[derive(Default)]
pub(in crate::domain::claim_source) struct Tokens(Mutex<HashMap<Uuid, Arc<tokio::sync::Mutex<Slot>>>>);

impl Tokens {
    fn slot(&self, source: Uuid) -> Arc<tokio::sync::Mutex<Slot>> {
        Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(source).or_default())
    }

    /// Forgets a source.
    pub(in crate::domain::claim_source) fn forget(&self, source: Uuid) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&source);
    }

    /// A token for a source, and whether it was kept from before. `refused` is one that the register did not take.
    pub(super) async fn token(
        &self,
        source: Uuid,
        authorization: &Authorization,
        refused: Option<&Arc<Secret>>,
        (outbound, bounds, now): (&dyn Outbound, Bounds, Timestamp),
    ) -> Result<(Arc<Secret>, bool), Trouble> {
        let slot = self.slot(source);
        let mut slot = slot.lock().await;
        let good = |kept: &&Kept| {
            kept.authorization == *authorization
                && now < kept.until
                && refused.is_none_or(|refused| !Arc::ptr_eq(refused, &kept.token))
        };
        if let Some(kept) = slot.kept.as_ref().filter(good) {
            return Ok((Arc::clone(&kept.token), true));
        }
        slot.kept = None;
        let (token, life) = granted(outbound, authorization, bounds).await?;
        let token = Arc::new(token);
        let until = after(now, life.saturating_sub(MARGIN));
        slot.kept = Some(Kept { token: Arc::clone(&token), authorization: authorization.clone(), until });
        Ok((token, false))
    }
}

/// Asks for a token: its header, and how long it is good.
async fn granted(
    outbound: &dyn Outbound,
    authorization: &Authorization,
    bounds: Bounds,
) -> Result<(Secret, Duration), Trouble> {
    let Authorization::OauthClientCredentials { token_endpoint, .. } = authorization else {
        return Err(Trouble::Failed("it takes no access token".into()));
    };
    let (form, header) = request(authorization);
    let answer = outbound.ask(Ask::post(token_endpoint, Body::Form(form), bounds).authorized(header)).await;
    match answer.map_err(|error| Trouble::unavailable(format!("its token endpoint: {error}"), None))? {
        Answer { status: 200, body, .. } => read(&body).map_err(|problem| Trouble::Failed(problem.into())),
        Answer { status: status @ (429 | 500..), retry_after, .. } => {
            Err(Trouble::unavailable(format!("its token endpoint has status {status}"), retry_after))
        }
        Answer { status, .. } => Err(Trouble::Failed(format!("its token endpoint has status {status}"))),
    }
}

fn request(authorization: &Authorization) -> (String, Option<Secret>) {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials");
    let Authorization::OauthClientCredentials {
        client_id,
        client_secret,
        token_endpoint_auth_method,
        audience,
        scope,
        ..
    } = authorization
    else {
        return (form.finish(), None);
    };
    for (name, value) in [("audience", audience), ("scope", scope)] {
        if let Some(value) = value {
            form.append_pair(name, value);
        }
    }
    let header = match token_endpoint_auth_method {
        SecretMethod::ClientSecretBasic => Some(basic(client_id, client_secret)),
        SecretMethod::ClientSecretPost => {
            form.append_pair("client_id", client_id).append_pair("client_secret", client_secret);
            None
        }
    };
    (form.finish(), header)
}

/// The header that a token response gives (RFC 6749 5.1).
fn read(body: &[u8]) -> Result<(Secret, Duration), &'static str> {
    let body = parse_object(body).map_err(|_| "its token response is not a JSON object")?;
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    if !text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")) {
        return Err("its token response has a token_type other than Bearer");
    }
    let usable = |token: &&str| (1..=MOST_TOKEN).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_graphic());
    let token = text("access_token").filter(usable).ok_or("its token response has no access_token")?;
    let life = body.get("expires_in").and_then(Value::as_u64).map_or(UNTOLD, Duration::from_secs);
    Ok((Secret::new(format!("Bearer {token}").into_bytes()), life.min(LONGEST)))
}
