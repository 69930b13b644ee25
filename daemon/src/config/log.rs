//! `[log]`: what is logged.

use serde::{Deserialize, Serialize};

/// `[log]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: String,
    /// `json` or `text`.
    pub format: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".into(), format: "text".into() }
    }
}

impl Log {
    pub(super) fn check(&self, mistakes: &mut Vec<String>) {
        if !["error", "warn", "info", "debug", "trace"].contains(&self.level.as_str()) {
            mistakes.push("`log.level` must be error, warn, info, debug or trace".into());
        }
        if !["json", "text"].contains(&self.format.as_str()) {
            mistakes.push("`log.format` must be json or text".into());
        }
    }
}
