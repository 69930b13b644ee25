//! What stands in place of the host's functions in a native test.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::state::with;
use crate::bindings::common::issuer::plugin::http::{HeaderValue, Request, Response};
use crate::cache::CacheError;
use crate::http::HttpError;
use crate::log::Level;
use crate::secrets::SecretError;

pub(crate) fn write(level: Level, message: &str, fields: &[(String, String)]) {
    let fields = fields.iter().map(|(name, value)| format!("{name}={value}"));
    let line: Vec<_> = std::iter::once(message.to_owned()).chain(fields).collect();
    with(|state| state.log.push((level, line.join(" "))));
}

pub(crate) fn config_all() -> String {
    with(|state| state.config.to_string())
}

pub(crate) fn config_get(key: &str) -> Option<String> {
    with(|state| {
        let value = state.config.get(key)?;
        Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    })
}

pub(crate) fn reveal(name: &str) -> Result<String, SecretError> {
    secret(name).ok_or(SecretError::NotGranted)
}

pub(crate) fn hmac_sha256(name: &str, data: &[u8]) -> Result<Vec<u8>, SecretError> {
    let secret = secret(name).ok_or(SecretError::NotGranted)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|_| SecretError::Unavailable)?;
    mac.update(data);
    Ok(mac.finalize().into_bytes().to_vec())
}

fn secret(name: &str) -> Option<String> {
    with(|state| {
        let secret = state.secrets.get(name).cloned();
        if secret.is_none() {
            state.fail(format!("the secret `{name}` is not recorded"));
        }
        secret
    })
}

pub(crate) fn send(request: &Request) -> Result<Response, HttpError> {
    for (_, value) in &request.headers {
        if let HeaderValue::Secret(used) = value
            && secret(&used.name).is_none()
        {
            return Err(HttpError::Denied(format!("the secret `{}` is not granted", used.name)));
        }
    }
    with(|state| {
        state.requests.push(format!("{} {}", request.method, request.url));
        let Some(at) = state.http.iter().position(|exchange| exchange.request.is(request)) else {
            state.fail(format!("no answer is recorded for {} {}", request.method, request.url));
            return Err(HttpError::Denied("not recorded".to_owned()));
        };
        state.http.remove(at).answer.given()
    })
}

pub(crate) fn get(key: &str) -> Option<Vec<u8>> {
    with(|state| state.live(key).map(|entry| entry.value.clone()))
}

pub(crate) fn set(key: &str, value: &[u8], ttl_seconds: u32) -> Result<(), CacheError> {
    with(|state| {
        state.put(key, value.to_vec(), ttl_seconds);
        Ok(())
    })
}

pub(crate) fn delete(key: &str) {
    with(|state| state.cache.remove(key));
}

pub(crate) fn increment(key: &str, delta: i64, ttl_seconds: u32) -> Result<i64, CacheError> {
    with(|state| {
        let number = state.live(key).and_then(|entry| std::str::from_utf8(&entry.value).ok()?.parse::<i64>().ok());
        let number = number.unwrap_or(0).saturating_add(delta);
        let value = number.to_string().into_bytes();
        match state.cache.get_mut(key).filter(|entry| entry.until > state.now) {
            Some(entry) => entry.value = value,
            None => state.put(key, value, ttl_seconds),
        }
        Ok(number)
    })
}

pub(crate) fn now() -> u64 {
    with(|state| state.now)
}

pub(crate) fn bytes(count: u32) -> Vec<u8> {
    with(|state| (0..count).filter_map(|_| state.random_byte()).collect())
}
