//! `config`

use serde_json::Value;

use crate::plugin::contract::claim_source::issuer::plugin::config::Host;
use crate::plugin::room::Room;

impl Host for Room {
    async fn get(&mut self, key: String) -> wasmtime::Result<Option<String>> {
        Ok(self.granted.config().get(&key).map(|value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }))
    }

    async fn all(&mut self) -> wasmtime::Result<String> {
        Ok(serde_json::to_string(self.granted.config())?)
    }
}
