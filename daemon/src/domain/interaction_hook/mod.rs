//! The interaction hook: a web page of the organisation between login and consent, to which the browser is sent with a signed
//! token and from which it comes back with another (reference API, section 7.2).

mod read;
mod token;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Failure;
use super::site::Site;
use crate::base::clock::Clock;
use crate::base::random::{Random, bytes};
use crate::base::secret::{Secret, hmac, same};
use crate::store::Store;
use crate::store::seen::Space;
use crate::wire::fields::Detail;
use crate::wire::url::WebUrl;
use read::{Hook, read};
use token::{sign, verify};

/// Bytes of a hook's secret.
const SECRET: usize = 32;

/// The session that a browser leaves to the hook.
#[derive(Clone, Copy)]
pub struct HookSession<'a> {
    /// What [`InteractionHooks::finish`] answers with, so that the session is found again.
    pub id: &'a str,
    /// Where the hook sends the browser back to.
    pub redirect_url: &'a str,
    /// What the provider says of the holder, of which the hook gets the claims that it names.
    pub claims: &'a Map<String, Value>,
}

/// What the hook said.
pub struct HookAnswer {
    /// The session that was left to the hook.
    pub session_id: String,
    /// Claims that it adds.
    pub claims: Map<String, Value>,
    /// Those of them that are kept on the user.
    pub persist: Map<String, Value>,
}

/// Why the hook's token is refused. The texts are for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HookError {
    /// There is no hook, or it is switched off.
    #[error("there is no interaction hook")]
    NoHook,
    /// The token is not one that the hook made for this issuer.
    #[error("the session token of the interaction hook {0}")]
    Invalid(&'static str),
    /// The browser came back too late.
    #[error("the session of the interaction hook timed out")]
    TimedOut,
    /// The session was answered before.
    #[error("the session of the interaction hook was answered before")]
    Replayed,
}

/// Keeps the interaction hook, and sends browsers there.
pub struct InteractionHooks {
    store: Store,
    site: Arc<Site>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    /// Key of the states, which name sessions.
    state_key: Secret,
}

/// How setting it ended.
pub enum Set {
    /// Stored; as the management API shows it.
    Saved(Value),
    /// The request is wrong.
    Invalid(Vec<Detail>),
}

impl InteractionHooks {
    /// The hook of this issuer.
    #[must_use]
    pub fn new(store: Store, site: Arc<Site>, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        let state_key = store.derive_key("interaction_hook_state");
        Self { store, site, clock, random, state_key }
    }

    async fn stored(&self) -> Result<Option<Hook>, Failure> {
        Ok(self.store.hook_find().await?)
    }

    /// Sets the hook. Its secret is made with it and stays until the hook is taken away.
    pub async fn set(&self, body: &Map<String, Value>) -> Result<Set, Failure> {
        let secret = match self.stored().await? {
            Some(old) => old.secret,
            None => bytes::<SECRET>(self.random.as_ref())?.to_vec(),
        };
        let hook = match read(body, secret, is_local(&self.site.issuer)) {
            Ok(hook) => hook,
            Err(mistakes) => return Ok(Set::Invalid(mistakes)),
        };
        self.store.hook_save(hook.as_ref()).await?;
        Ok(Set::Saved(shown(hook.as_ref())))
    }

    /// The hook as the management API shows it.
    pub async fn show(&self) -> Result<Value, Failure> {
        Ok(shown(self.stored().await?.as_ref()))
    }

    /// Where the browser goes; `None` when there is no hook, or it is switched off.
    pub async fn begin(&self, session: &HookSession<'_>) -> Result<Option<String>, Failure> {
        let Some(hook) = self.stored().await?.filter(|hook| !hook.disabled) else { return Ok(None) };
        let now = self.clock.now().as_second();
        let told = session.claims.iter().filter(|(name, _)| hook.claims.contains(name));
        let told: Map<String, Value> = told.map(|(name, value)| (name.clone(), value.clone())).collect();
        let payload = json!({
            "iss": self.site.issuer,
            "aud": hook.url,
            "iat": now,
            "exp": now.saturating_add(i64::try_from(hook.timeout).unwrap_or(i64::MAX)),
            "state": self.state(session.id, now),
            "redirectUrl": session.redirect_url,
            "claims": told,
        });
        Ok(Some(format!("{}?session_token={}", hook.url, sign(&hook.secret, &payload))))
    }

    /// What the hook said, when its token is good, in time and the first for its session.
    pub async fn finish(&self, token: &str) -> Result<Result<HookAnswer, HookError>, Failure> {
        let Some(hook) = self.stored().await?.filter(|hook| !hook.disabled) else { return Ok(Err(HookError::NoHook)) };
        let now = self.clock.now();
        let said = match verify(token, &hook.secret, &hook.url, &self.site.issuer, now.as_second()) {
            Ok(said) => said,
            Err(error) => return Ok(Err(error)),
        };
        let Some((session_id, begun)) = self.session(&said.state) else {
            return Ok(Err(HookError::Invalid("has a state that this issuer did not make")));
        };
        let until = begun.saturating_add(i64::try_from(hook.timeout).unwrap_or(i64::MAX));
        let until = Timestamp::from_second(until).unwrap_or(Timestamp::MAX);
        if until <= now {
            return Ok(Err(HookError::TimedOut));
        }
        if !self.store.seen_once(Space::HookToken, said.state.as_bytes(), until).await? {
            return Ok(Err(HookError::Replayed));
        }
        let kept = said.claims.iter().filter(|(name, _)| said.persist.contains(name));
        let persist = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
        Ok(Ok(HookAnswer { session_id, claims: said.claims, persist }))
    }

    /// Names a session and when it was left to the hook, so that nobody else can say that it was.
    fn state(&self, session: &str, now: i64) -> String {
        let begun = now.to_string();
        let mac = hmac(self.state_key.expose(), &[begun.as_bytes(), b".", session.as_bytes()]);
        format!("{begun}.{}.{}", B64.encode(session), B64.encode(mac))
    }

    fn session(&self, state: &str) -> Option<(String, i64)> {
        let (begun, rest) = state.split_once('.')?;
        let (session, _) = rest.split_once('.')?;
        let session = String::from_utf8(B64.decode(session).ok()?).ok()?;
        let begun = begun.parse().ok()?;
        same(self.state(&session, begun).as_bytes(), state.as_bytes()).then_some((session, begun))
    }
}

fn shown(hook: Option<&Hook>) -> Value {
    hook.map_or_else(|| json!({}), |hook| json!({ "interactionHook": hook.shown() }))
}

/// Whether the issuer is on a loopback host: for development.
fn is_local(issuer: &str) -> bool {
    WebUrl::parse(issuer).is_ok_and(|url| url.is_loopback())
}

#[cfg(test)]
mod tests;
