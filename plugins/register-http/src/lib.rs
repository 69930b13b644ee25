//! Claims from a REST API that answers with JSON.

mod config;
mod mapping;
mod url;

use issuerd_plugin::prelude::*;
use serde_json::Value;

use config::Config;

/// The claim source.
pub struct RegisterHttp;

impl ClaimSource for RegisterHttp {
    type Config = Config;
    const DESCRIPTION: &'static str = "Claims from a REST API, by one GET request";
    const CONFIG_SCHEMA: &'static str = include_str!("../config.schema.json");

    fn needs() -> Vec<Need> {
        vec![
            Need::origin("config:url", "to look the holder up"),
            Need::secret("api-token", "to be let in by the API; named by `secret`").optional(),
            Need::cache("to keep answers for `cache_seconds`").optional(),
        ]
    }

    fn check(config: &Config) -> std::result::Result<(), Vec<String>> {
        let problems: Vec<_> = url::check(&config.url).into_iter().chain(mapping::check(config)).collect();
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    fn fetch(config: Config, ctx: ClaimContext) -> Result<Outcome> {
        let url = url::filled(&config.url, &ctx)?;
        let record = record(&config, &url)?;
        let claims = mapping::claims(&config, &record)?;
        let mut set = ClaimSet::new(&claims)?;
        if let Some(pointer) = &config.record_ref
            && let Some(key) = record.pointer(pointer).and_then(mapping::text)
            && key.len() <= 256
        {
            set = set.record_ref(key);
        }
        Ok(set.into())
    }
}

/// The record, from the cache or the API.
fn record(config: &Config, url: &str) -> Result<Value> {
    if config.cache_seconds > 0
        && let Some(kept) = cache::get_json(url)
    {
        return Ok(kept);
    }
    let record = ask(config, url)?;
    if config.cache_seconds > 0 {
        // A cache that is full or absent makes it slower, not wrong.
        if let Err(error) = cache::set_json(url, &record, config.cache_seconds) {
            issuerd_plugin::debug!("the answer is not kept: {error}");
        }
    }
    Ok(record)
}

fn ask(config: &Config, url: &str) -> Result<Value> {
    let mut request = http::get(url).header("accept", "application/json");
    for (name, value) in &config.headers {
        request = request.header(name, value);
    }
    if let Some(secret) = &config.secret {
        request = request.header_secret(&config.secret_header, &config.secret_prefix, secret);
    }
    if let Some(timeout) = config.timeout_ms {
        request = request.timeout_ms(timeout);
    }
    let answer: Value = request.send()?.found()?.json().map_err(|_| Error::unavailable("the API answered no JSON"))?;
    let record = match &config.record {
        Some(pointer) => answer.pointer(pointer).cloned().unwrap_or(Value::Null),
        None => answer,
    };
    match record {
        Value::Null => Err(Error::NotFound("the answer has no record".to_owned())),
        record => Ok(record),
    }
}

issuerd_plugin::export!(claim_source: RegisterHttp);
