//! `[login]`: how holders log in.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::wire::url::WebUrl;

/// Most test users; a login page lists them all.
const MOST_TEST_USERS: usize = 50;
/// Longest name of a test user, in characters.
const LONGEST_NAME: usize = 100;

/// `[login]`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Login {
    /// Whether an authentication provider may have an address that is not public, and on this machine a URL without TLS.
    pub allow_private: bool,
    /// PEM file with certificates trusted besides those of the system. Empty for none.
    pub ca_file: String,
    /// Who may log in without a provider; only on a loopback host.
    pub test_user: Vec<TestUserSection>,
}

/// `[[login.test_user]]`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestUserSection {
    /// What the login page shows.
    pub name: String,
    /// Claims, as a provider would give them.
    #[serde(default)]
    pub claims: Map<String, Value>,
}

impl Login {
    pub(super) fn check(&self, issuer: &str, mistakes: &mut Vec<String>) {
        if !self.ca_file.is_empty() && !PathBuf::from(&self.ca_file).is_file() {
            mistakes.push(format!("`login.ca_file` names `{}`, which is no file", self.ca_file));
        }
        if self.test_user.is_empty() {
            return;
        }
        if !WebUrl::parse(issuer).is_ok_and(|url| url.is_loopback()) {
            mistakes.push("`login.test_user` lets anybody log in: it is for an issuer on a loopback host only".into());
        }
        if self.test_user.len() > MOST_TEST_USERS {
            mistakes.push(format!("`login.test_user` must have at most {MOST_TEST_USERS} users"));
        }
        for (place, user) in self.test_user.iter().enumerate() {
            let length = user.name.chars().count();
            if !(1..=LONGEST_NAME).contains(&length) || user.name.chars().any(char::is_control) {
                mistakes.push(format!("`login.test_user[{place}].name` must have 1 to {LONGEST_NAME} characters"));
            }
            if self.test_user.iter().take(place).any(|other| other.name == user.name) {
                mistakes.push(format!("`login.test_user[{place}].name` is that of another one"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::load::parse;

    const USER: &str =
        "[[login.test_user]]\nname = 'Mika Sommer'\nclaims = { given_name = 'Mika', age_over_18 = true }\n";

    #[test]
    fn test_users_are_for_a_loopback_host_only() {
        let config = parse(USER, &[], |_| ()).unwrap();
        assert_eq!(config.login.test_user[0].claims["age_over_18"], true);
        let error = parse(&format!("[server]\nissuer = 'https://issuer.example'\n{USER}"), &[], |_| ()).unwrap_err();
        assert_eq!(error.0.len(), 1);
        assert!(error.0[0].contains("login.test_user"), "{error}");
    }

    #[test]
    fn each_mistake_names_its_key() {
        for (text, key) in [
            ("[login]\nallow_privat = true\n", "allow_private"),
            ("[login]\nca_file = '/nowhere/ca.pem'\n", "login.ca_file"),
            ("[[login.test_user]]\nname = ''\n", "login.test_user[0].name"),
            ("[[login.test_user]]\nname = 'a'\nclaim = {}\n", "claim"),
            ("[[login.test_user]]\nclaims = {}\n", "name"),
            ("[login.test_user]\nname = 'a'\n", "test_user"),
        ] {
            let error = parse(text, &[], |_| ()).unwrap_err();
            assert!(error.0.iter().any(|line| line.contains(key)), "{text}: {error}");
        }
        let error = parse(&USER.repeat(2), &[], |_| ()).unwrap_err();
        assert!(error.0[0].contains("login.test_user[1].name"), "{error}");
    }
}
