//! One request and its answer.

use std::error::Error;

use super::resolve::NotAllowed;
use crate::plugin::contract::claim_source::issuer::plugin::http::{HttpError, Response};
use crate::plugin::room::Outgoing;

/// Longest text of an error, in characters.
const LONGEST_TEXT: usize = 200;

/// Sends a request and reads its answer, as far as it may be long.
pub(super) async fn exchange(client: &reqwest::Client, outgoing: Outgoing) -> Result<Response, HttpError> {
    let Outgoing { asked, method, url, headers, most, .. } = outgoing;
    let mut request = client.request(method, url).headers(headers);
    if let Some(body) = asked.body {
        request = request.body(body);
    }
    let answer = request.send().await.map_err(|error| failure(&error))?;
    let status = answer.status().as_u16();
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = answer.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    Ok(Response { status, headers, body: body(answer, most).await? })
}

async fn body(mut answer: reqwest::Response, most: usize) -> Result<Vec<u8>, HttpError> {
    let too_large = || HttpError::TooLarge(most as u64);
    // What is announced as too long is not read; what is not announced is counted.
    if answer.content_length().is_some_and(|length| length > most as u64) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| failure(&error))? {
        if body.len() + chunk.len() > most {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Why there is no answer, without the URL, which may hold what is nobody's business.
pub(super) fn failure(error: &reqwest::Error) -> HttpError {
    let mut cause: &(dyn Error + 'static) = error;
    loop {
        if cause.is::<NotAllowed>() {
            return HttpError::Denied(cause.to_string());
        }
        match cause.source() {
            Some(source) => cause = source,
            None => break,
        }
    }
    if error.is_timeout() {
        return HttpError::Timeout;
    }
    // The last cause says what happened; those before it say where.
    let text = if cause.is::<reqwest::Error>() { "no answer".to_owned() } else { cause.to_string() };
    let text = text.chars().filter(|character| !character.is_control()).take(LONGEST_TEXT).collect();
    if error.is_builder() {
        HttpError::InvalidRequest(text)
    } else if error.is_connect() {
        HttpError::Connect(text)
    } else {
        HttpError::Other(text)
    }
}
