//! The stored interaction hook, and the body that sets it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::wire::fields::{Detail, Fields, read_body};
use crate::wire::url::WebUrl;

/// Time for the hook when the request names none, in seconds.
const TIME: u64 = 1_200;
/// Longest time, in seconds.
const MOST_TIME: u64 = 3_600;
/// Most claims that a hook is told.
const MOST_CLAIMS: usize = 100;

/// The hook as it is stored. Holds a secret: sealed.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Hook {
    /// The page.
    pub(super) url: String,
    /// Claims that it is told.
    pub(super) claims: Vec<String>,
    /// Time until the browser must be back, in seconds.
    pub(super) timeout: u64,
    /// Whether it is switched off.
    pub(super) disabled: bool,
    /// Key of the tokens both ways.
    pub(super) secret: Vec<u8>,
}

/// What a request says; `None` for no hook.
pub(super) fn read(body: &Map<String, Value>, secret: Vec<u8>, local: bool) -> Result<Option<Hook>, Vec<Detail>> {
    read_body(body, |fields| {
        if fields.value("interactionHook").is_none() {
            return Some(None);
        }
        fields.nested("interactionHook", |fields| {
            // A hook that was read and is sent back carries it; the secret is made here.
            fields.value("secret");
            let url = url(fields, local);
            let claims = fields.strings("claims").unwrap_or_default();
            if claims.len() > MOST_CLAIMS {
                fields.mistake("claims", format!("must have at most {MOST_CLAIMS} names"));
            }
            let claims = claims.into_iter().map(str::to_owned).collect();
            let timeout = fields.integer("sessionTimeoutInSec", 1, MOST_TIME).unwrap_or(TIME);
            let disabled = fields.boolean("disabled").unwrap_or(false);
            Some(Hook { url, claims, timeout, disabled, secret })
        })
    })
}

/// `local`: this issuer is on a loopback host, for development, and so may the hook be.
fn url(fields: &mut Fields<'_>, local: bool) -> String {
    let text = fields.text("url", 1, 1_000);
    let Some(text) = fields.required("url", text) else { return String::new() };
    match WebUrl::parse(text) {
        Err(error) => fields.mistake("url", error.to_string()),
        Ok(url) if url.query => fields.mistake("url", "must have no query"),
        Ok(url) if local && url.is_loopback() => return url.text.to_owned(),
        Ok(url) if !url.secure => fields.mistake("url", "must be https"),
        Ok(url) if url.is_numeric() => fields.mistake("url", "must have a name as its host"),
        Ok(url) => return url.text.to_owned(),
    }
    String::new()
}

impl Hook {
    /// As the management API shows it.
    pub(super) fn shown(&self) -> Value {
        json!({
            "url": self.url,
            "claims": self.claims,
            "sessionTimeoutInSec": self.timeout,
            "disabled": self.disabled,
            "secret": STANDARD.encode(&self.secret),
        })
    }
}
