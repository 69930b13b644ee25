//! One question to a register, and what its answer means.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::gates::Gates;
use super::parameters::{parameters, question};
use super::token::Tokens;
use super::{Authorization, BOUNDS, BUDGET, HttpSource};
use crate::base::clock::Clock;
use crate::base::secret::Secret;
use crate::domain::configuration::Configuration;
use crate::domain::context::Known;
use crate::domain::outbound::{Answer, Ask, NoAnswer, Outbound, Reach};
use crate::wire::json::parse_object;
use crate::wire::url::WebUrl;

/// Most redirects of one question.
const MOST_REDIRECTS: usize = 3;

/// Why a register gave no claims. The texts are for the log: they name neither a URL nor anything that somebody sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::domain::claim_source) enum Trouble {
    /// It has no record of the holder (status 404 or 410).
    #[error("it has no record")]
    NotFound,
    /// The same question may be answered later.
    #[error("{reason}")]
    Unavailable { reason: String, retry_after: Option<Duration> },
    /// It answered what it should not.
    #[error("{0}")]
    Failed(String),
}

impl Trouble {
    pub(super) fn unavailable(reason: String, retry_after: Option<Duration>) -> Self {
        Self::Unavailable { reason, retry_after }
    }

    /// There was no answer; `whose` begins the text.
    pub(super) fn of(whose: &str, error: NoAnswer) -> Self {
        let NoAnswer { reason, lasting } = error;
        let reason = format!("{whose}{reason}");
        if lasting { Self::Failed(reason) } else { Self::unavailable(reason, None) }
    }
}

/// A question, with all that asking takes.
pub(in crate::domain::claim_source) struct Errand<'a> {
    pub(in crate::domain::claim_source) id: Uuid,
    pub(in crate::domain::claim_source) source: &'a HttpSource,
    pub(in crate::domain::claim_source) outbound: &'a Arc<dyn Outbound>,
    pub(in crate::domain::claim_source) reach: &'a Reach,
    pub(in crate::domain::claim_source) gates: &'a Gates,
    pub(in crate::domain::claim_source) tokens: &'a Tokens,
    pub(in crate::domain::claim_source) clock: &'a Arc<dyn Clock>,
    /// Told when an access token is asked for, and whether there is one.
    pub(in crate::domain::claim_source) authorizing: &'a (dyn Fn() -> crate::domain::event::Running + Sync),
}

impl Errand<'_> {
    /// What the register says of the holder.
    pub(in crate::domain::claim_source) async fn run(
        &self,
        known: &Known,
        configuration: &Configuration,
    ) -> Result<Map<String, Value>, Trouble> {
        let parameters = parameters(self.source, known, configuration);
        let asked = async {
            let _turn = self.gates.turn(self.id).await;
            self.asked(&parameters).await
        };
        match tokio::time::timeout(BUDGET, asked).await {
            Ok(answer) => read(&answer?),
            Err(_) => Err(Trouble::unavailable(format!("it took longer than {} s", BUDGET.as_secs()), None)),
        }
    }

    /// Asks; once more with a fresh token, when one that was kept is not taken any more.
    async fn asked(&self, parameters: &Map<String, Value>) -> Result<Answer, Trouble> {
        let authorization = match &self.source.authorization {
            Authorization::ApiKey { value } => {
                let secret = Arc::new(Secret::new(value.clone().into_bytes()));
                return self.followed(parameters, ("x-api-key", &secret)).await;
            }
            oauth @ Authorization::OauthClientCredentials { .. } => oauth,
        };
        let (token, was_kept) = self.token(authorization, None).await?;
        let answer = self.followed(parameters, ("authorization", &token)).await?;
        if answer.status != 401 || !was_kept {
            return Ok(answer);
        }
        let (token, _) = self.token(authorization, Some(&token)).await?;
        self.followed(parameters, ("authorization", &token)).await
    }

    async fn token(
        &self,
        authorization: &Authorization,
        refused: Option<&Arc<Secret>>,
    ) -> Result<(Arc<Secret>, bool), Trouble> {
        let running = (self.authorizing)();
        let found = self.tokens.token(self.id, authorization, refused, (self.outbound, self.clock)).await?;
        running.succeed();
        Ok(found)
    }

    /// Asks, and follows redirects as far as each may be followed. To another origin the secret and a body do not go along, and the secret
    /// does not on the way back either: the path was chosen elsewhere.
    async fn followed(
        &self,
        parameters: &Map<String, Value>,
        (header, secret): (&'static str, &Arc<Secret>),
    ) -> Result<Answer, Trouble> {
        let (mut url, mut place) = (String::new(), String::new());
        let mut ask = question(self.source, parameters, &mut url, BOUNDS);
        let sent = || Some((header, Secret::new(secret.expose().to_vec())));
        ask.header = sent();
        let (mut body, mut at_home) = (ask.body.clone(), true);
        for _ in 0..=MOST_REDIRECTS {
            let answer = self.outbound.ask(ask).await.map_err(|error| Trouble::of("", error))?;
            let Some(location) = redirect(&answer) else { return Ok(answer) };
            at_home &= self.may_follow(location)?;
            // RFC 9110 15.4: of a POST, 307 and 308 keep the body, the others ask with GET.
            body = body.filter(|_| matches!(answer.status, 307 | 308));
            if body.is_some() && !at_home {
                return Err(Trouble::Failed("it redirects a POST to another origin".into()));
            }
            location.clone_into(&mut place);
            ask = Ask { url: &place, body: body.clone(), header: sent().filter(|_| at_home), bounds: BOUNDS };
        }
        Err(Trouble::Failed(format!("it redirects more than {MOST_REDIRECTS} times")))
    }

    /// Whether a redirect stays with the origin of the source; an error where it leads to a place that cannot be configured either.
    fn may_follow(&self, location: &str) -> Result<bool, Trouble> {
        let refused = |problem: &str| Trouble::Failed(format!("it redirects to a URL that {problem}"));
        let url = WebUrl::parse(location).map_err(|error| refused(&error.to_string()))?;
        self.reach.check(&url).map_err(refused)?;
        Ok(WebUrl::parse(&self.source.url).is_ok_and(|home| home.origin() == url.origin()))
    }
}

fn redirect(answer: &Answer) -> Option<&str> {
    answer.location.as_deref().filter(|_| matches!(answer.status, 301 | 302 | 303 | 307 | 308))
}

/// The claims of an answer.
fn read(answer: &Answer) -> Result<Map<String, Value>, Trouble> {
    match answer.status {
        200..=299 => {}
        404 | 410 => return Err(Trouble::NotFound),
        status @ (408 | 425 | 429 | 500..) => {
            return Err(Trouble::unavailable(format!("it has status {status}"), answer.retry_after));
        }
        status => return Err(Trouble::Failed(format!("it has status {status}"))),
    }
    let json = answer.media_type == "application/json" || answer.media_type.ends_with("+json");
    if !json {
        return Err(Trouble::Failed("its answer is not application/json".into()));
    }
    parse_object(&answer.body).map_err(|error| Trouble::Failed(format!("its answer {error}")))
}
