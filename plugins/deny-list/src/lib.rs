//! Refuses people, clients and keys that are on a list.

mod config;
mod fetched;

use issuerd_plugin::prelude::*;

use config::{Config, List};

/// The auth hook.
pub struct DenyList;

impl AuthHook for DenyList {
    type Config = Config;
    const DESCRIPTION: &'static str = "Refuses subjects, clients and keys of a list, which can be fetched over HTTP";
    const CONFIG_SCHEMA: &'static str = include_str!("../config.schema.json");

    fn needs() -> Vec<Need> {
        vec![
            Need::origin("config:url", "to fetch the list").optional(),
            Need::secret("list-token", "to be let in there; named by `secret`").optional(),
            Need::cache("to keep the fetched list").optional(),
        ]
    }

    fn check(config: &Config) -> std::result::Result<(), Vec<String>> {
        if config.url.is_some() && config.refresh_seconds == 0 {
            return Err(vec!["`refresh_seconds` has to be at least 1".to_owned()]);
        }
        Ok(())
    }

    fn authorize(config: Config, ctx: AuthContext, _: Step) -> Result<Verdict> {
        Ok(refusal(&config, &ctx)?.map_or(Verdict::Abstain, |reason| Verdict::deny(reason, config.message)))
    }

    fn admit(config: Config, ctx: AuthContext, _: Phase) -> Result<Gate> {
        Ok(refusal(&config, &ctx)?.map_or(Gate::Abstain, |reason| Gate::deny(reason, config.message)))
    }
}

/// Why a request is refused; first by the list that costs nothing.
fn refusal(config: &Config, ctx: &AuthContext) -> Result<Option<String>> {
    if let Some(reason) = on(&config.deny, ctx) {
        return Ok(Some(reason));
    }
    let Some(url) = &config.url else { return Ok(None) };
    Ok(on(&fetched::list(config, url)?, ctx))
}

fn on(list: &List, ctx: &AuthContext) -> Option<String> {
    let subject = ctx.identity.as_ref().map(|identity| &identity.subject);
    let user = ctx.offer.as_ref().map(|offer| &offer.user_id);
    let what = if subject.into_iter().chain(user).any(|name| list.subjects.contains(name)) {
        "subject"
    } else if ctx.wallet.client_id.as_ref().is_some_and(|client| list.clients.contains(client)) {
        "client"
    } else if ctx.holder_keys.iter().any(|key| list.keys.contains(key)) {
        "key"
    } else {
        return None;
    };
    Some(format!("the {what} is on the deny list"))
}

issuerd_plugin::export!(auth_hook: DenyList);
