//! Claims from a table in the config: for the smallest installations, and for trying things out.

mod config;
mod table;

use issuerd_plugin::prelude::*;
use serde_json::{Map, Value};

use config::{Config, KeyFrom};

/// The claim source.
pub struct RegisterCsv;

impl ClaimSource for RegisterCsv {
    type Config = Config;
    const DESCRIPTION: &'static str = "Claims from a table in the config, found by one column";
    const CONFIG_SCHEMA: &'static str = include_str!("../config.schema.json");

    fn check(config: &Config) -> std::result::Result<(), Vec<String>> {
        table::check(config)
    }

    fn fetch(config: Config, ctx: ClaimContext) -> Result<Outcome> {
        let key = key(&config, &ctx)?;
        let Some(claims) = table::find(&config, &key)? else {
            return Err(Error::NotFound("no row has this key".to_owned()));
        };
        Ok(ClaimSet::new(&claims)?.record_ref(shortened(&key)).into())
    }
}

/// The text that is looked for in the key column.
fn key(config: &Config, ctx: &ClaimContext) -> Result<String> {
    let missing = || Error::NotFound("the key is not known".to_owned());
    let claims: Map<String, Value> = match config.key_from {
        KeyFrom::Subject => return ctx.subject().map(str::to_owned).ok_or_else(missing),
        KeyFrom::Offer => ctx.offer_claims()?,
        KeyFrom::Holder => ctx.claims()?,
    };
    match claims.get(config.key_claim()) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        _ => Err(missing()),
    }
}

/// A record reference may have 256 bytes.
fn shortened(key: &str) -> &str {
    key.get(..key.floor_char_boundary(256)).unwrap_or(key)
}

issuerd_plugin::export!(claim_source: RegisterCsv);
