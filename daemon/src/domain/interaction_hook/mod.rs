//! The interaction hook: a web page of the organisation between login and consent, to which the browser is sent with a signed
//! token and from which it comes back with another (reference API, section 7.2).

use std::sync::Arc;

use serde_json::{Map, Value};

use super::Failure;
use super::site::Site;
use crate::base::clock::Clock;
use crate::base::random::Random;
use crate::store::Store;

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
    /// Where it is kept.
    pub store: Store,
    /// The issuer.
    pub site: Arc<Site>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The secret.
    pub random: Arc<dyn Random>,
}

impl InteractionHooks {
    /// Where the browser goes; `None` when there is no hook, or it is switched off.
    pub async fn begin(&self, _session: &HookSession<'_>) -> Result<Option<String>, Failure> {
        Ok(None)
    }

    /// What the hook said, when its token is good, in time and the first for its session.
    pub async fn finish(&self, _token: &str) -> Result<Result<HookAnswer, HookError>, Failure> {
        Ok(Err(HookError::NoHook))
    }
}
