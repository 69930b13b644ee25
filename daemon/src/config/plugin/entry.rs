//! `[plugin.NAME]`: one plugin.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json};
use toml::{Table, Value};

use super::{grant, limits};
use crate::config::table::Reader;
use crate::plugin::settings::{Limits, PluginSettings};

/// Longest credential type.
const LONGEST_TYPE: usize = 256;

pub(super) fn read(name: &str, mut reader: Reader<'_>) -> PluginSettings {
    let file = reader.required("file", "the plugin's file, below `plugins.dir` or absolute").into();
    let sha256 = reader.parsed("sha256", sha256);
    let public_key = reader.parsed("public_key", public_key);
    let table = reader.free("config");
    let config = object("config", table, &mut reader);
    let secrets = reader.each("secret", grant::secret);
    for (place, one) in secrets.iter().enumerate() {
        if secrets.iter().take(place).any(|other| other.name == one.name) {
            reader.mistake("secret", &format!("has `{}` twice", one.name));
        }
    }
    let settings = PluginSettings {
        name: name.to_owned(),
        file,
        sha256,
        public_key,
        optional: reader.flag("optional"),
        credentials: reader.parsed_list("credentials", credential).unwrap_or_default(),
        config,
        secrets,
        http: reader.each("http", grant::http),
        redirect_origins: reader.parsed_list("redirect_origins", grant::origin).unwrap_or_default(),
        cache: reader.below("cache").map(limits::cache),
        limits: reader.below("limits").map_or_else(Limits::default, limits::read),
    };
    reader.finish();
    settings
}

/// A credential type, as a configuration names it.
pub(super) fn credential(text: &str) -> Result<String, String> {
    let good = (1..=LONGEST_TYPE).contains(&text.len()) && text.chars().all(|sign| sign.is_ascii_graphic());
    if good { Ok(text.to_owned()) } else { Err("is not a credential type".into()) }
}

fn sha256(text: &str) -> Result<[u8; 32], String> {
    let wrong = || "must be 64 hex digits".to_owned();
    let mut digest = [0; 32];
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    for (byte, pair) in digest.iter_mut().zip(text.as_bytes().chunks(2)) {
        let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
        *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
    }
    Ok(digest)
}

fn public_key(text: &str) -> Result<[u8; 32], String> {
    let key = STANDARD.decode(text).ok().and_then(|key| key.try_into().ok());
    key.ok_or_else(|| "must be an Ed25519 key: 32 bytes in base64".into())
}

/// A table as JSON.
pub(in crate::config) fn json_object(table: Table, reader: &mut Reader<'_>) -> Map<String, Json> {
    object("jwks", table, reader)
}

/// TOML as the JSON that plugins read.
fn object(path: &str, table: Table, reader: &mut Reader<'_>) -> Map<String, Json> {
    let mut found = Map::new();
    for (key, value) in table {
        let value = json(&format!("{path}.{key}"), value, reader);
        found.insert(key, value);
    }
    found
}

fn json(path: &str, value: Value, reader: &mut Reader<'_>) -> Json {
    match value {
        Value::String(text) => text.into(),
        Value::Integer(number) => number.into(),
        Value::Boolean(flag) => flag.into(),
        Value::Datetime(time) => time.to_string().into(),
        Value::Float(number) => serde_json::Number::from_f64(number).map_or_else(
            || {
                reader.mistake(path, "must be a finite number: plugins read JSON");
                Json::Null
            },
            Json::Number,
        ),
        Value::Array(items) => {
            let items = items.into_iter().enumerate();
            items.map(|(place, item)| json(&format!("{path}[{place}]"), item, reader)).collect::<Vec<_>>().into()
        }
        Value::Table(table) => object(path, table, reader).into(),
    }
}
