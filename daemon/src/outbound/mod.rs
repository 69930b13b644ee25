//! Requests of the daemon itself to servers that an operator has named, as the domain asks for them: bounded in time and size, with
//! no redirect followed, and to no address that is not allowed, whatever a name resolves to.

use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::domain::login::outbound::{Answer, Ask, MOST_BYTES, NoAnswer, Outbound, Reach};
use crate::plugin::outbound::{guarded, reason, target};

/// Time for a request and its whole answer: somebody waits for a page.
const TIME: Duration = Duration::from_secs(5);

/// The network.
pub struct Web {
    /// Or why there is no client: an issuer without providers needs none.
    client: Result<reqwest::Client, String>,
    private: bool,
    time: Duration,
}

impl Web {
    /// A way to the network within `reach`.
    #[must_use]
    pub fn new(reach: &Reach) -> Self {
        Self { client: guarded(reach.allow_private, reach.ca_file.clone()), private: reach.allow_private, time: TIME }
    }

    async fn send(&self, ask: Ask<'_>) -> Result<Answer, NoAnswer> {
        let client = self.client.as_ref().map_err(|problem| NoAnswer(problem.clone()))?;
        let url = target(ask.url, self.private).map_err(NoAnswer)?;
        let mut request = match ask.form {
            None => client.get(url),
            Some(form) => client.post(url).header("content-type", "application/x-www-form-urlencoded").body(form),
        };
        if let Some(authorization) = ask.authorization {
            let mut value = http::HeaderValue::from_bytes(authorization.expose())
                .map_err(|_| NoAnswer("the secret cannot be sent in a header".into()))?;
            value.set_sensitive(true);
            request = request.header("authorization", value);
        }
        let sent = request.header("accept", "application/json").timeout(self.time).send().await;
        let mut answer = sent.map_err(|error| NoAnswer(reason(&error)))?;
        let (status, mut body) = (answer.status().as_u16(), Vec::new());
        while let Some(chunk) = answer.chunk().await.map_err(|error| NoAnswer(reason(&error)))? {
            if body.len() + chunk.len() > MOST_BYTES {
                return Err(NoAnswer(format!("the answer has more than {MOST_BYTES} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, body })
    }
}

impl Outbound for Web {
    fn ask<'a>(&'a self, ask: Ask<'a>) -> BoxFuture<'a, Result<Answer, NoAnswer>> {
        Box::pin(self.send(ask))
    }
}

#[cfg(test)]
mod tests;
