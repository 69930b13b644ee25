//! Who can log in at `issuerd dev` without an authentication provider.

use serde_json::{Value, json};

use crate::config::{Config, TestUserSection};
use crate::wire::url::WebUrl;

/// Lets providers on this machine be used, and where nobody else can reach the issuer the test users log in.
pub(super) fn admit(config: &mut Config) {
    config.login.allow_private = true;
    let local = WebUrl::parse(&config.server.issuer).is_ok_and(|url| url.is_loopback());
    if local && config.login.test_user.is_empty() {
        config.login.test_user = users();
    }
}

fn users() -> Vec<TestUserSection> {
    let user = |given: &str, family: &str, born: &str, mail: &str| {
        let claims = json!({
            "given_name": given, "family_name": family, "birth_date": born, "birthdate": born, "email": mail,
        });
        let claims = match claims {
            Value::Object(claims) => claims,
            _ => serde_json::Map::new(),
        };
        TestUserSection { name: format!("{given} {family}"), claims }
    };
    vec![
        user("Mika", "Sommer", "1990-04-01", "mika.sommer@example.org"),
        user("Robin", "Sommer", "2009-11-23", "robin.sommer@example.org"),
    ]
}
