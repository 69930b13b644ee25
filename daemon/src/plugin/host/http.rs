//! `http`

use http::{HeaderMap, Method};
use reqwest::Url;
use tokio::time::{Duration, timeout};
use zeroize::Zeroizing;

use crate::base::clock::Stopwatch;
use crate::plugin::contract::claim_source::issuer::plugin::http::{HeaderValue, Host, HttpError, Request, Response};
use crate::plugin::outbound::headers::Headers;
use crate::plugin::outbound::place;
use crate::plugin::room::{Outgoing, Room, Stage};
use crate::plugin::secrets::Masks;

/// Longest prefix of a secret in a header, in bytes.
const LONGEST_PREFIX: usize = 256;

impl Host for Room {
    async fn send(&mut self, request: Request) -> wasmtime::Result<Result<Response, HttpError>> {
        let watch = Stopwatch::start();
        let asked = self.transcript.is_some().then(|| masked(request.clone(), self.granted.masks()));
        let (grant, answer) = self.exchange(request).await;
        let origin = grant.map_or("", |grant| self.granted.origin(grant));
        self.granted.observer().requested(self.granted.name(), origin, outcome(&answer), watch.seconds());
        if let (Some(asked), Some(transcript)) = (asked, &mut self.transcript) {
            let masks = self.granted.masks();
            transcript.http.push((asked, answer.clone().map(|response| hidden(response, masks))));
        }
        Ok(answer)
    }
}

impl Room {
    /// The answer to a request, and which grant allowed it.
    async fn exchange(&mut self, request: Request) -> (Option<usize>, Result<Response, HttpError>) {
        let time = self.time(&request);
        let outgoing = match self.outgoing(request) {
            Ok(outgoing) => outgoing,
            Err(error) => return (None, Err(error)),
        };
        let grant = outgoing.grant;
        let answer = match timeout(time, self.outside.http(outgoing)).await {
            Ok(answer) => answer.map(|response| hidden(response, self.granted.masks_for_plugin())),
            Err(_) => Err(HttpError::Timeout),
        };
        (Some(grant), answer)
    }

    fn time(&self, request: &Request) -> Duration {
        let own = request.timeout_ms.map_or(Duration::MAX, |millis| Duration::from_millis(millis.into()));
        own.min(self.granted.limits().http_timeout).min(self.left())
    }

    /// Checks a request against everything, and puts secrets into it.
    fn outgoing(&mut self, asked: Request) -> Result<Outgoing, HttpError> {
        if !self.is_call() {
            return Err(HttpError::Denied("a plugin that describes itself sends no requests".to_owned()));
        }
        if self.used.requests >= self.granted.limits().http_requests {
            return Err(HttpError::Quota);
        }
        self.used.requests += 1;
        let method = method(&asked.method)?;
        let url = place::parse(&asked.url).map_err(HttpError::InvalidRequest)?;
        let grant = self.granted.may_request(&method, &url).map_err(HttpError::Denied)?;
        if asked.body.as_ref().is_some_and(|body| body.len() > self.granted.limits().http_request) {
            return Err(HttpError::InvalidRequest("the body is larger than the limit http_request_bytes".to_owned()));
        }
        let headers = self.headers(&asked, &url)?;
        Ok(Outgoing { asked, grant, method, url, headers, most: self.granted.limits().http_response })
    }

    fn headers(&mut self, asked: &Request, url: &Url) -> Result<HeaderMap, HttpError> {
        let mut headers = Headers::default();
        for (name, value) in &asked.headers {
            match value {
                HeaderValue::Text(text) => headers.add(name, text.as_bytes(), false),
                HeaderValue::Secret(secret) => {
                    let value = self.secret_header(&secret.name, &secret.prefix, &place::origin(url))?;
                    headers.add(name, &value, true)
                }
            }
            .map_err(HttpError::InvalidRequest)?;
        }
        let request_id = match &self.stage {
            Stage::Call { request_id, .. } => request_id.as_str(),
            Stage::Describe => "",
        };
        Ok(headers.finish(request_id))
    }

    fn secret_header(&mut self, name: &str, prefix: &str, origin: &str) -> Result<Zeroizing<Vec<u8>>, HttpError> {
        if prefix.len() > LONGEST_PREFIX {
            return Err(HttpError::InvalidRequest("the prefix of a secret is too long".to_owned()));
        }
        self.ask_secret(name).map_err(|_| HttpError::Quota)?;
        let secret = self.granted.may_send_secret(name, origin).map_err(HttpError::Denied)?;
        Ok(Zeroizing::new([prefix.as_bytes(), secret.expose()].concat()))
    }
}

fn method(text: &str) -> Result<Method, HttpError> {
    Method::from_bytes(text.to_ascii_uppercase().as_bytes())
        .ok()
        // They are for proxies and show what the host put into the request.
        .filter(|method| !matches!(*method, Method::CONNECT | Method::TRACE))
        .ok_or_else(|| HttpError::InvalidRequest("there is no such method".to_owned()))
}

/// An answer without secrets: a server may repeat what it was sent.
fn hidden(response: Response, masks: &Masks) -> Response {
    Response {
        status: response.status,
        headers: response.headers.into_iter().map(|(name, value)| (name, masks.text(value))).collect(),
        body: masks.bytes(response.body),
    }
}

/// A request without secrets, for a transcript.
fn masked(request: Request, masks: &Masks) -> Request {
    let value = |value: HeaderValue| match value {
        HeaderValue::Text(text) => HeaderValue::Text(masks.text(text)),
        named @ HeaderValue::Secret(_) => named,
    };
    Request {
        url: masks.text(request.url),
        headers: request.headers.into_iter().map(|(name, text)| (name, value(text))).collect(),
        body: request.body.map(|body| masks.bytes(body)),
        ..request
    }
}

/// The label of an outcome.
fn outcome(answer: &Result<Response, HttpError>) -> &'static str {
    match answer {
        Ok(Response { status: 200..=299, .. }) => "2xx",
        Ok(Response { status: 300..=399, .. }) => "3xx",
        Ok(Response { status: 400..=499, .. }) => "4xx",
        Ok(Response { status: 500..=599, .. }) => "5xx",
        Ok(_) | Err(HttpError::Other(_)) => "other",
        Err(HttpError::Denied(_)) => "denied",
        Err(HttpError::InvalidRequest(_)) => "invalid",
        Err(HttpError::Timeout) => "timeout",
        Err(HttpError::Connect(_)) => "connect",
        Err(HttpError::TooLarge(_)) => "too_large",
        Err(HttpError::Quota) => "quota",
    }
}
