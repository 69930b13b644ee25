//! Access tokens for registers (RFC 6749 4.4), kept while they are good.
//!
//! One request to the token endpoint is under way for each source, with a time of its own: all who need a token meanwhile share what comes
//! of it, a failure as well, and whoever gives up waiting ends nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::{Authorization, BOUNDS, SecretMethod, Trouble};
use crate::base::clock::{Clock, after};
use crate::base::secret::Secret;
use crate::domain::outbound::{Answer, Ask, Body, Outbound, basic, bearer};
use crate::wire::json::parse_object;

/// Longest access token, in bytes; it goes into a header.
const MOST_TOKEN: usize = 16 * 1024;
/// A token is used no longer than until so long before its end, since the request has a way to go; one with a short life until half of it.
const MARGIN: Duration = Duration::from_secs(30);
/// How long a token is used whose life is not told, and the longest that any is.
const UNTOLD: Duration = Duration::from_mins(1);
const LONGEST: Duration = Duration::from_hours(24);

/// The `Authorization` header of a token.
type Header = Arc<Secret>;
type Pending = Shared<BoxFuture<'static, Result<Header, Trouble>>>;

/// What there is of one source's token. Both are good only for what they were asked for with: another client has another token.
enum Slot {
    Asking(Authorization, Pending),
    Kept(Authorization, Header, Timestamp),
}

/// The tokens of all sources.
#[derive(Clone, Default)]
pub(in crate::domain::claim_source) struct Tokens(Arc<Mutex<HashMap<Uuid, Slot>>>);

impl Tokens {
    fn slots(&self) -> MutexGuard<'_, HashMap<Uuid, Slot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets a source.
    pub(in crate::domain::claim_source) fn forget(&self, source: Uuid) {
        self.slots().remove(&source);
    }

    /// A token for a source, and whether it was kept from before. `refused` is one that the register did not take.
    pub(super) async fn token(
        &self,
        source: Uuid,
        authorization: &Authorization,
        refused: Option<&Header>,
        (outbound, clock): (&Arc<dyn Outbound>, &Arc<dyn Clock>),
    ) -> Result<(Header, bool), Trouble> {
        let pending = {
            let mut slots = self.slots();
            match slots.get(&source) {
                Some(Slot::Kept(of, token, until))
                    if of == authorization
                        && clock.now() < *until
                        && refused.is_none_or(|refused| !Arc::ptr_eq(refused, token)) =>
                {
                    return Ok((Arc::clone(token), true));
                }
                Some(Slot::Asking(of, pending)) if of == authorization => pending.clone(),
                _ => {
                    let pending = self.ask(source, authorization.clone(), Arc::clone(outbound), Arc::clone(clock));
                    slots.insert(source, Slot::Asking(authorization.clone(), pending.clone()));
                    pending
                }
            }
        };
        Ok((pending.await?, false))
    }

    /// Begins to ask, and keeps what comes of it unless the source was changed meanwhile.
    fn ask(
        &self,
        source: Uuid,
        authorization: Authorization,
        outbound: Arc<dyn Outbound>,
        clock: Arc<dyn Clock>,
    ) -> Pending {
        let tokens = self.clone();
        #[expect(clippy::disallowed_methods, reason = "it ends within its bounds, and a shutdown loses nothing by it")]
        let asked = tokio::spawn(async move {
            let granted = granted(outbound.as_ref(), &authorization).await;
            let mut slots = tokens.slots();
            let ours = matches!(slots.get(&source), Some(Slot::Asking(of, _)) if *of == authorization);
            let (token, life) = match granted {
                Ok(granted) => granted,
                Err(trouble) => {
                    if ours {
                        slots.remove(&source);
                    }
                    return Err(trouble);
                }
            };
            let token = Arc::new(token);
            if ours {
                let until = after(clock.now(), life.saturating_sub(MARGIN).max(life / 2));
                slots.insert(source, Slot::Kept(authorization, Arc::clone(&token), until));
            }
            Ok(token)
        });
        let ended = |_| Err(Trouble::unavailable("its token endpoint was not asked to the end".into(), None));
        asked.map(move |asked| asked.unwrap_or_else(ended)).boxed().shared()
    }
}

/// Asks for a token: its header, and how long it is good.
async fn granted(outbound: &dyn Outbound, authorization: &Authorization) -> Result<(Secret, Duration), Trouble> {
    let Authorization::OauthClientCredentials { token_endpoint, .. } = authorization else {
        return Err(Trouble::Failed("it takes no access token".into()));
    };
    let (form, header) = request(authorization);
    let answer = outbound.ask(Ask::post(token_endpoint, Body::Form(form), BOUNDS).authorized(header)).await;
    match answer.map_err(|error| Trouble::of("its token endpoint: ", error))? {
        Answer { status: 200, body, .. } => read(&body).map_err(|problem| Trouble::Failed(problem.into())),
        Answer { status: status @ (408 | 425 | 429 | 500..), retry_after, .. } => {
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
    Ok((bearer(token), life.min(LONGEST)))
}
