//! Requests of the daemon itself to servers that an operator has named, as the domain asks for them: bounded in time and size, with
//! no redirect followed, and to no address that is not allowed, whatever a name resolves to.

use std::time::Duration;

use futures_util::future::BoxFuture;
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, LOCATION, RETRY_AFTER};

use crate::domain::outbound::{Answer, Ask, Body, NoAnswer, Outbound, Reach};
use crate::plugin::outbound::{guarded, reason, target};
use crate::wire::url::WebUrl;

/// The network.
pub struct Web {
    /// For servers with a public address, or why there is no client: an issuer that asks nobody needs none.
    public: Result<reqwest::Client, String>,
    /// For those that may have another one.
    private: Result<reqwest::Client, String>,
    reach: Reach,
}

impl Web {
    /// A way to the network within `reach`.
    #[must_use]
    pub fn new(reach: &Reach) -> Self {
        let client = |private| guarded(private, reach.ca_file.clone());
        Self { public: client(false), private: client(true), reach: reach.clone() }
    }

    fn request(&self, ask: &Ask<'_>) -> Result<reqwest::RequestBuilder, NoAnswer> {
        let lasting = |reason| NoAnswer { reason, lasting: true };
        let private = WebUrl::parse(ask.url).is_ok_and(|url| self.reach.may_be_private(&url));
        let client = if private { &self.private } else { &self.public };
        let client = client.as_ref().map_err(|problem| lasting(problem.clone()))?;
        let url = target(ask.url, private).map_err(lasting)?;
        let mut request = match &ask.body {
            None => client.get(url),
            Some(Body::Form(form)) => post(client, url, "application/x-www-form-urlencoded", form),
            Some(Body::Json(json)) => post(client, url, "application/json", json),
        };
        if let Some((name, secret)) = &ask.header {
            let mut value = http::HeaderValue::from_bytes(secret.expose())
                .map_err(|_| lasting("the secret cannot be sent in a header".into()))?;
            value.set_sensitive(true);
            request = request.header(HeaderName::from_static(name), value);
        }
        Ok(request.header(ACCEPT, "application/json").timeout(ask.bounds.time))
    }

    async fn send(&self, ask: Ask<'_>) -> Result<Answer, NoAnswer> {
        let sent = self.request(&ask)?.send().await;
        let mut answer = sent.map_err(|error| no_answer(&error))?;
        let most = ask.bounds.bytes;
        let mut read = Answer {
            status: answer.status().as_u16(),
            media_type: media_type(answer.headers()),
            location: header(answer.headers(), &LOCATION).and_then(|to| Some(answer.url().join(to).ok()?.to_string())),
            retry_after: header(answer.headers(), &RETRY_AFTER)
                .and_then(|wait| wait.parse().ok().map(Duration::from_secs)),
            body: Vec::new(),
        };
        while let Some(chunk) = answer.chunk().await.map_err(|error| no_answer(&error))? {
            if read.body.len() + chunk.len() > most {
                let reason = format!("the answer has more than {most} bytes");
                return Err(NoAnswer { reason, lasting: false });
            }
            read.body.extend_from_slice(&chunk);
        }
        Ok(read)
    }
}

fn no_answer(error: &reqwest::Error) -> NoAnswer {
    let (reason, lasting) = reason(error);
    NoAnswer { reason, lasting }
}

fn post(client: &reqwest::Client, url: reqwest::Url, media_type: &str, body: &str) -> reqwest::RequestBuilder {
    client.post(url).header(CONTENT_TYPE, media_type).body(body.to_owned())
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn media_type(headers: &HeaderMap) -> String {
    let named = header(headers, &CONTENT_TYPE).unwrap_or_default();
    named.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

impl Outbound for Web {
    fn ask<'a>(&'a self, ask: Ask<'a>) -> BoxFuture<'a, Result<Answer, NoAnswer>> {
        Box::pin(self.send(ask))
    }
}

#[cfg(test)]
mod tests;
