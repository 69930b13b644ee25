//! Refuses users that the operator lists, and has nothing to say of anybody else.

use issuerd_plugin::prelude::*;
use serde::Deserialize;

/// `[plugin.{{name}}.config]` of issuer.toml.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    denied_users: Vec<String>,
}

struct DeniedUsers;

impl AuthHook for DeniedUsers {
    type Config = Config;
    const DESCRIPTION: &'static str = "Refuses listed users";

    fn check(config: &Config) -> std::result::Result<(), Vec<String>> {
        if config.denied_users.iter().any(String::is_empty) {
            return Err(vec!["denied_users has an empty name".to_owned()]);
        }
        Ok(())
    }

    fn admit(config: Config, ctx: AuthContext, phase: Phase) -> Result<Gate> {
        let listed = ctx.subject().is_some_and(|user| config.denied_users.iter().any(|denied| denied == user));
        if phase == Phase::TokenRequest && listed {
            return Ok(Gate::deny("the user is on the list", "Please contact the office."));
        }
        Ok(Gate::Abstain)
    }
}

issuerd_plugin::export!(auth_hook: DeniedUsers);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_pass() {
        issuerd_plugin::testing::auth_hook_cases::<DeniedUsers>("cases");
    }
}
