use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde_json::Value;

use crate::{Answer, Connection, HolderKey, Proof, Request, Wallet};

/// `code_verifier`
pub const VERIFIER: &str = "walnut-harbour-0123456789-violet-meadow-ABCDEFG";
/// `client_id` of a wallet that nobody knows.
pub const CLIENT: &str = "https://wallet.example/app";
/// Where its codes are sent.
pub const REDIRECT_URI: &str = "https://wallet.example/cb";
/// One of those who can log in at `issuerd dev`.
pub const PERSON: &str = "Mika Sommer";
/// The scope of a mobile driving licence.
pub const MDL_SCOPE: &str = "mso_mdoc:org.iso.18013.5.1.mDL";

/// What a wallet asks for.
#[derive(Debug, Clone, Default)]
pub struct Asking {
    /// `scope`
    pub scope: Option<String>,
    /// `authorization_details`
    pub details: Option<Value>,
    /// `issuer_state`
    pub issuer_state: Option<String>,
    /// `dpop_jkt`
    pub dpop_jkt: Option<String>,
}

impl Asking {
    /// An mDL, by its scope.
    pub fn mdl() -> Self {
        Self { scope: Some(MDL_SCOPE.into()), ..Self::default() }
    }

    /// Configurations, by `authorization_details`.
    pub fn details(configurations: &[&str]) -> Self {
        let detail = |id: &&str| serde_json::json!({ "type": "openid_credential", "credential_configuration_id": id });
        Self { details: Some(configurations.iter().map(detail).collect()), ..Self::default() }
    }
}

impl Wallet {
    /// Pushes a request, lets [`PERSON`] log in and approve in a browser without scripts, and returns the code.
    #[track_caller]
    pub fn log_in(&self, asking: &Asking) -> String {
        let request_uri = self.push(&mut Connection::open(self.address), asking);
        let location = self.approved(CLIENT, &request_uri, PERSON);
        assert!(location.starts_with(&format!("{REDIRECT_URI}?")), "{location}");
        code_of(&location)
    }

    /// Lets a person log in and approve what a client has pushed; where the browser is sent then.
    #[track_caller]
    pub fn approved(&self, client_id: &str, request_uri: &str, person: &str) -> String {
        let mut browser = Connection::open(self.address);
        let opened = browser.send(&self.open_request(client_id, request_uri)).expect(303);
        let approval = self.to_approval(&mut browser, &opened, person).unwrap();
        browser.send(&approval).expect(303).header("location").unwrap().to_owned()
    }

    /// Logs a person in, in the browser that opened a request: the form that approves, to be sent. An error when the daemon is gone.
    pub fn to_approval(&self, browser: &mut Connection, opened: &Answer, person: &str) -> std::io::Result<Request> {
        let cookie = opened.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        let login = Request::get(&self.below(opened)).header("Cookie", &cookie);
        let page = browser.try_send(&login)?.expect(200).text();
        let chosen = answer_of(&page, &self.path("/v1/oauth/login"), &cookie, ("user", person));
        let consent = self.below(&browser.try_send(&chosen)?.expect(303));
        let page = browser.try_send(&Request::get(&consent).header("Cookie", &cookie))?.expect(200).text();
        Ok(answer_of(&page, &self.path("/v1/oauth/consent"), &cookie, ("decision", "approve")))
    }

    /// Pushes a request: the path that a browser is to open.
    #[track_caller]
    pub fn authorize_path(&self, asking: &Asking) -> String {
        self.opening(CLIENT, &self.push(&mut Connection::open(self.address), asking))
    }

    /// The path by which a browser opens what was pushed.
    fn opening(&self, client_id: &str, request_uri: &str) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("client_id", client_id), ("request_uri", request_uri)])
            .finish();
        self.path(&format!("/v1/oauth/authorize?{query}"))
    }

    fn push(&self, browser: &mut Connection, asking: &Asking) -> String {
        let pushed = browser.send(&self.push_request(asking)).expect(201);
        pushed.json()["request_uri"].as_str().unwrap().to_owned()
    }

    /// A pushed authorization request.
    pub fn push_request(&self, asking: &Asking) -> Request {
        let challenge = challenge();
        let details = asking.details.as_ref().map(Value::to_string);
        let optional = [
            ("scope", asking.scope.as_deref()),
            ("authorization_details", details.as_deref()),
            ("issuer_state", asking.issuer_state.as_deref()),
            ("dpop_jkt", asking.dpop_jkt.as_deref()),
        ];
        let fields = [
            ("response_type", "code"),
            ("client_id", CLIENT),
            ("redirect_uri", REDIRECT_URI),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
            ("state", "state of the wallet"),
        ];
        let fields = fields.into_iter().chain(optional.into_iter().filter_map(|(name, value)| Some((name, value?))));
        Request::new("POST", &self.path("/v1/oauth/par")).form(fields)
    }

    /// What a browser asks for when a wallet sends it here with a pushed request.
    pub fn open_request(&self, client_id: &str, request_uri: &str) -> Request {
        Request::get(&self.opening(client_id, request_uri))
    }

    /// Where a redirect to the issuer leads.
    fn below(&self, answer: &Answer) -> String {
        let location = answer.header("location").unwrap();
        self.path(location.strip_prefix(&self.issuer).unwrap_or_else(|| panic!("{location}")))
    }

    /// A token request with a code, with a proof of the key.
    pub fn code_request(&self, code: &str, key: &HolderKey) -> Request {
        self.bound(
            &[
                ("grant_type", "authorization_code"),
                ("code", code),
                ("client_id", CLIENT),
                ("redirect_uri", REDIRECT_URI),
                ("code_verifier", VERIFIER),
            ],
            key,
        )
    }

    /// A token request with a refresh token, with a proof of the key.
    pub fn refresh_request(&self, token: &str, key: &HolderKey) -> Request {
        self.bound(&[("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", CLIENT)], key)
    }

    /// A token request with exactly these fields, with a proof of the key.
    pub fn bound(&self, fields: &[(&str, &str)], key: &HolderKey) -> Request {
        let request = Request::new("POST", &self.token_path()).form(fields.iter().copied());
        request.header("DPoP", &self.token_dpop(key).sign(key))
    }

    /// A request for one configuration with a token that is bound to a key, which the credential is bound to as well.
    #[track_caller]
    pub fn bound_credential_request(&self, token: &str, selector: (&str, &str), key: &HolderKey) -> Request {
        self.bound_credential_request_with(&self.nonce(), token, selector, key)
    }

    /// The same with a nonce that was asked for before.
    pub fn bound_credential_request_with(
        &self,
        nonce: &str,
        token: &str,
        selector: (&str, &str),
        key: &HolderKey,
    ) -> Request {
        let proof = Proof::new(key, &self.issuer, nonce).claim("iss", CLIENT).sign(key);
        let (name, value) = selector;
        let body = serde_json::json!({ name: value, "proofs": { "jwt": [proof] } });
        let request = Request::new("POST", &self.credential_path()).json(&body);
        let request = request.header("Authorization", &format!("DPoP {token}"));
        request.header("DPoP", &self.credential_dpop(key, token).sign(key))
    }
}

/// `code_challenge` of [`VERIFIER`].
pub fn challenge() -> String {
    B64.encode(ring::digest::digest(&ring::digest::SHA256, VERIFIER.as_bytes()))
}

/// The code in the URL that a browser is sent to.
#[track_caller]
pub fn code_of(location: &str) -> String {
    let query = location.split_once('?').unwrap_or_else(|| panic!("{location}")).1;
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(name, _)| name == "code").unwrap_or_else(|| panic!("{location}")).1.into_owned()
}

/// A form of a page, answered with one more field.
fn answer_of(page: &str, path: &str, cookie: &str, field: (&str, &str)) -> Request {
    let value = |name: &str| {
        let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("{page}"));
        rest.split_once('"').unwrap().0
    };
    let fields = [("interaction", value("interaction")), ("form_token", value("form_token")), field];
    Request::new("POST", path).form(fields).header("Cookie", cookie)
}
