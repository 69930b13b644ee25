//! `[[auth_hook]]`: when a plugin is asked whether a request may go on.

use toml::{Table, Value};

use crate::config::table::Reader;
use crate::plugin::Phase;

/// `[[auth_hook]]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthHook {
    /// The plugin that is asked.
    pub plugin: String,
    /// When it is asked.
    pub phases: Vec<Phase>,
    /// For which credential types; empty for all.
    pub credentials: Vec<String>,
    /// Whether a request goes on when the plugin gives no answer.
    pub abstain_on_error: bool,
}

/// Takes the hooks out of `given`.
pub(super) fn take(given: &mut Table, mistakes: &mut Vec<String>) -> Vec<AuthHook> {
    let items = match given.remove("auth_hook") {
        None => return Vec::new(),
        Some(Value::Array(items)) => items,
        Some(_) => {
            mistakes.push("`auth_hook` must be a list of tables: write `[[auth_hook]]`".into());
            return Vec::new();
        }
    };
    let read = |(place, item)| read(Reader::new(format!("auth_hook[{place}]"), item, mistakes));
    items.into_iter().enumerate().map(read).collect()
}

fn read(mut reader: Reader<'_>) -> AuthHook {
    let plugin = reader.required("plugin", "the name of a `[plugin.NAME]`");
    let phases = reader.parsed_list("phases", phase);
    if phases.as_ref().is_none_or(Vec::is_empty) {
        reader.mistake("phases", "must have one or more of `authorize`, `token-request` and `credential-request`");
    }
    let credentials = reader.parsed_list("credentials", super::entry::credential).unwrap_or_default();
    let on_error = reader.parsed("on_error", |text| match text {
        "deny" => Ok(false),
        "abstain" => Ok(true),
        _ => Err("must be `deny` or `abstain`".into()),
    });
    reader.finish();
    AuthHook { plugin, phases: phases.unwrap_or_default(), credentials, abstain_on_error: on_error.unwrap_or(false) }
}

fn phase(text: &str) -> Result<Phase, String> {
    let all = [Phase::Authorize, Phase::TokenRequest, Phase::CredentialRequest];
    let known = all.into_iter().find(|phase| phase.name() == text);
    known.ok_or_else(|| "is none of `authorize`, `token-request` and `credential-request`".into())
}
