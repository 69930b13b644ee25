//! Claims of the holder from a register: asks `<register>/<user id>` and gives what it finds.

use issuerd_plugin::prelude::*;
use serde::Deserialize;

/// `[plugin.{{name}}.config]` of issuer.toml.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    register: String,
}

/// What the register says of a person.
#[derive(Deserialize)]
struct Person {
    id: String,
    first: String,
    last: String,
}

struct Register;

impl ClaimSource for Register {
    type Config = Config;
    const DESCRIPTION: &'static str = "Claims of the holder from a register";

    fn needs() -> Vec<Need> {
        vec![Need::origin("config:register", "the register is asked there")]
    }

    fn fetch(config: Config, ctx: ClaimContext) -> Result<Outcome> {
        let user = ctx.subject().ok_or_else(|| Error::NotFound("nobody is named".to_owned()))?;
        let url = format!("{}/{}", config.register, http::encode(user));
        // 404 becomes "no such person", 503 "try again later"; `?` says so to the wallet and to the operator.
        let person: Person = http::get(url).send()?.found()?.json()?;
        let claims = serde_json::json!({ "family_name": person.last, "given_name": person.first });
        Ok(ClaimSet::new(&claims)?.record_ref(person.id).into())
    }
}

issuerd_plugin::export!(claim_source: Register);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_pass() {
        issuerd_plugin::testing::claim_source_cases::<Register>("cases");
    }
}
