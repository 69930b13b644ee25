//! A club that issues cards to members who log in.

use crate::browser::Browser;
use crate::configurations::membership;
use crate::login::{CLIENT, REDIRECT_URI, challenge};
use crate::{Answer, Daemon, Request};

const USERS: &str = "[[login.test_user]]\nname = \"mika\"\nclaims = { name = \"Mika Sommer\" }\n\
    [[login.test_user]]\nname = \"ada\"\nclaims = { name = \"Ada Winter\" }\n";
/// Scope of the card.
pub const SCOPE: &str = "mso_mdoc:org.example.club";
/// Where requests are pushed.
pub const PAR: &str = "/v1/oauth/par";

/// A daemon with the configuration of a club's card and two people who can log in.
pub struct Club {
    /// The daemon.
    pub daemon: Daemon,
    /// Id of the configuration.
    pub id: String,
}

impl Club {
    /// With the defaults.
    #[must_use]
    pub fn start() -> Self {
        Self::with("")
    }

    /// With this at the front of `issuer.toml`.
    #[must_use]
    pub fn with(config: &str) -> Self {
        let daemon = Daemon::installed(&format!("{config}{USERS}"));
        let id = daemon.management().create_configuration(&membership("org.example.club"));
        Self { daemon, id }
    }

    /// A push with these fields besides those of a good one, or in their place.
    #[track_caller]
    #[must_use]
    pub fn push(&self, fields: &[(&str, &str)]) -> Answer {
        self.push_request(fields).send(self.daemon.public())
    }

    /// Such a push, to be sent.
    #[must_use]
    pub fn push_request(&self, fields: &[(&str, &str)]) -> Request {
        let challenge = challenge();
        let good = [
            ("response_type", "code"),
            ("client_id", CLIENT),
            ("redirect_uri", REDIRECT_URI),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
            ("scope", SCOPE),
        ];
        let kept = good.into_iter().filter(|(name, _)| !fields.iter().any(|(other, _)| other == name));
        Request::post(PAR).form(kept.chain(fields.iter().copied()))
    }

    /// The reference of a push that is good.
    #[track_caller]
    #[must_use]
    pub fn request_uri(&self, fields: &[(&str, &str)]) -> String {
        self.push(fields).expect(201).json()["request_uri"].as_str().unwrap().to_owned()
    }

    /// Opens a pushed request in a browser, and follows to the login page.
    #[track_caller]
    pub fn open(&self, browser: &mut Browser, request_uri: &str, more: &str) -> Answer {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("client_id", CLIENT), ("request_uri", request_uri)])
            .finish();
        let login = browser.get(&format!("/v1/oauth/authorize?{query}{more}"));
        browser.follow(login)
    }

    /// A browser of somebody's own.
    #[must_use]
    pub fn browser(&self) -> Browser {
        Browser::new(self.daemon.public())
    }
}
