use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde_json::{Map, json};
use uuid::Uuid;

use super::super::open::Opening;
use super::super::parties::*;
use super::super::push::Push;
use super::super::request::Parameters;
use super::super::*;
use crate::base::clock::ManualClock;
use crate::base::random::SystemRandom;
use crate::base::secret::Secret;
use crate::domain::client::RequestObjectError;
use crate::domain::configuration::catalog::Saved;
use crate::domain::event::Unheard;
use crate::domain::hook::AuthHookRule;
use crate::domain::interaction_hook::HookSession;
use crate::domain::login::{Begun, Identity, LoginAnswer, LoginError, LoginRequest, PendingLogin, ProviderSummary};
use crate::domain::roster::{LiveRoster, Places};
use crate::domain::site::{CodeFlow, SignedRequests};
use crate::domain::testing::Told;
use crate::store::authorization::{ApprovedClaims, AuthorizationCode, NewAuthorization};
use crate::store::memory::MemoryEngine;
use crate::store::offer::{Offer, OfferState};
use crate::store::seal::Sealer;

pub(super) const ISSUER: &str = "https://issuer.example";
pub(super) const CALLBACK: &str = "https://wallet.example/cb";
pub(super) const PROVIDER: Uuid = Uuid::from_u128(77);

/// Parties that do as a test tells them.
#[derive(Default)]
pub(super) struct Parties {
    pub(super) granted: Mutex<Vec<Approved>>,
    pub(super) offers: Mutex<Vec<(String, Offered)>>,
    pub(super) begun: Mutex<Vec<(String, Option<String>)>>,
    pub(super) problem: Mutex<Option<LoginError>>,
    pub(super) has_page: AtomicBool,
}

pub(super) fn identity() -> Identity {
    let claims = json!({ "family_name": "Sommer", "given_name": "Mika" });
    Identity {
        provider: PROVIDER,
        issuer: "https://idp.example".into(),
        subject: "mika".into(),
        claims: claims.as_object().unwrap().clone(),
        persist: Map::new(),
        authenticated_at: None,
        acr: Some("high".into()),
        amr: vec!["pwd".into()],
    }
}

fn pending() -> PendingLogin {
    serde_json::from_value(json!({
        "provider": PROVIDER, "nonce": "n", "verifier": "v", "redirect_uri": "r", "max_age": null, "acr_values": [],
        "begun_at": 0,
    }))
    .unwrap()
}

impl Wallets for Parties {
    fn find<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Wallet>, Failure>> {
        let wallet = (id != "unknown").then(|| wallet(id));
        Box::pin(async move { Ok(wallet) })
    }

    fn signed<'a>(
        &'a self,
        _: &'a str,
        object: &'a str,
    ) -> BoxFuture<'a, Result<Result<Parameters, RequestObjectError>, Failure>> {
        let read = serde_json::from_str(object).map_err(|_| RequestObjectError::Signature);
        Box::pin(async move { Ok(read) })
    }
}

fn wallet(id: &str) -> Wallet {
    let redirect_uris = (id == "registered").then(|| vec![CALLBACK.to_owned()]);
    Wallet { id: id.into(), name: None, redirect_uris, attested: false, attester: None, instance_key: None }
}

impl Grants for Parties {
    fn offer<'a>(&'a self, issuer_state: &'a str) -> BoxFuture<'a, Result<Option<Offered>, Failure>> {
        let found =
            self.offers.lock().unwrap().iter().find(|(state, _)| state == issuer_state).map(|(_, one)| one.clone());
        Box::pin(async move { Ok(found) })
    }

    fn prepare(&self, approved: Approved) -> Result<(String, NewAuthorization), Failure> {
        let mut granted = self.granted.lock().unwrap();
        let new = authorization(&approved, granted.len());
        granted.push(approved);
        Ok((format!("code{}", granted.len()), new))
    }
}

/// What the authorization code grant makes of it, as far as the end of an interaction is concerned.
fn authorization(approved: &Approved, number: usize) -> NewAuthorization {
    let now = Timestamp::UNIX_EPOCH;
    let id = Uuid::from_u128(1_000 + number as u128);
    NewAuthorization {
        authorization: Offer {
            id,
            user_id: approved.user,
            served: vec![0; approved.configurations.len()],
            configurations: approved.configurations.clone(),
            created_at: now,
            expires_at: Timestamp::MAX,
            state: OfferState::Open,
            redeemed_at: None,
            issued_at: None,
            ended_at: None,
            tx_code: None,
            attempts_left: 5,
        },
        claims: ApprovedClaims::default(),
        code: [u8::try_from(number).unwrap(); 32],
        record: AuthorizationCode {
            authorization: id,
            client_id: approved.client_id.clone(),
            redirect_uri: approved.redirect_uri.clone(),
            code_challenge: approved.code_challenge.clone(),
            dpop_jkt: approved.dpop_jkt,
            identified: approved.identified,
            scope: approved.scope.clone(),
            expires_at: Timestamp::MAX,
            used: false,
        },
        instance_key: approved.instance_key,
        keep_until: Timestamp::MAX,
    }
}

impl Logins for Parties {
    fn providers(&self, _: &[Uuid]) -> Vec<ProviderSummary> {
        vec![ProviderSummary { id: PROVIDER, name: "IdP".into() }]
    }

    fn test_users(&self) -> Vec<String> {
        vec!["mika".into()]
    }

    fn test_user(&self, subject: &str) -> Option<Identity> {
        (subject == "mika").then(identity)
    }

    fn begin<'a>(
        &'a self,
        _: Uuid,
        request: LoginRequest<'a>,
    ) -> BoxFuture<'a, Result<Result<Begun, LoginError>, Failure>> {
        self.begun.lock().unwrap().push((request.state.to_owned(), request.login_hint.map(str::to_owned)));
        let location = format!("https://idp.example/authorize?state={}", request.state);
        Box::pin(async move { Ok(Ok(Begun { location, pending: pending() })) })
    }

    fn finish<'a>(
        &'a self,
        pending: &'a PendingLogin,
        _: LoginAnswer<'a>,
    ) -> BoxFuture<'a, Result<Result<Identity, LoginError>, Failure>> {
        assert_eq!(pending.nonce, "n");
        let problem = self.problem.lock().unwrap().clone();
        Box::pin(async move { Ok(problem.map_or_else(|| Ok(identity()), Err)) })
    }

    fn user<'a>(&'a self, _: &'a Identity) -> BoxFuture<'a, Result<Uuid, Failure>> {
        Box::pin(async { Ok(Uuid::from_u128(5)) })
    }
}

impl Visits for Parties {
    fn begin<'a>(&'a self, visit: HookSession<'a>) -> BoxFuture<'a, Result<Option<String>, Failure>> {
        let location = format!("https://hook.example/?session={}", visit.id);
        let has = self.has_page.load(Ordering::SeqCst);
        Box::pin(async move { Ok(has.then_some(location)) })
    }

    fn finish<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<PageAnswer>, Failure>> {
        Box::pin(async { Ok(None) })
    }
}

/// Interactions, and what can be seen of them.
pub(super) struct Bench {
    pub(super) interactions: Arc<Interactions>,
    pub(super) parties: Arc<Parties>,
    pub(super) plugins: Arc<Told>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) pass: Uuid,
}

impl Bench {
    pub(super) async fn new() -> Self {
        Self::with(Vec::new(), true).await
    }

    /// Without PAR, where requests are signed or not.
    pub(super) async fn signing(signed: SignedRequests) -> Self {
        Self::changed(Vec::new(), false, |flow| flow.signed_requests = signed).await
    }

    pub(super) async fn with(rules: Vec<AuthHookRule>, require_pushed: bool) -> Self {
        Self::changed(rules, require_pushed, |_| {}).await
    }

    pub(super) async fn changed(
        rules: Vec<AuthHookRule>,
        require_pushed: bool,
        change: impl FnOnce(&mut CodeFlow),
    ) -> Self {
        let mut code_flow = CodeFlow::default();
        change(&mut code_flow);
        let random = Arc::new(SystemRandom::default());
        let clock = Arc::new(ManualClock::new("2026-03-10T12:34:56Z".parse().unwrap()));
        let sealer = Arc::new(Sealer::new(&Secret::new(vec![7; 32])));
        let store = Store::new(Arc::new(MemoryEngine::new(clock.clone())), sealer, random.clone(), clock.clone());
        let configurations = Configurations::load(store.clone(), clock.clone(), random.clone()).await.unwrap();
        let mapping =
            json!({ "org.example.pass.1": { "name": { "mapFrom": "claims.family_name", "type": "string" } } });
        let body = json!({ "type": "org.example.pass", "claimMappings": mapping, "expiresIn": { "days": 1 } });
        let Saved::Saved(made) =
            configurations.create(crate::format::CredentialFormat::MsoMdoc, body.as_object().unwrap()).await.unwrap()
        else {
            panic!()
        };
        let (parties, plugins) = (Arc::new(Parties::default()), Arc::new(Told::default()));
        let places = Places { rules, ..Places::default() };
        let roster = LiveRoster::new(places, plugins.clone());
        let interactions = Interactions {
            store,
            site: Arc::new(Site { code_flow, ..Site::of(ISSUER, "") }),
            clock: clock.clone(),
            random,
            configurations: Arc::new(configurations),
            hooks: Arc::new(Hooks::new(roster, Arc::new(Unheard))),
            wallets: parties.clone(),
            grants: parties.clone(),
            logins: parties.clone(),
            visits: parties.clone(),
            rules: FlowRules {
                require_pushed,
                pushed_lifetime: Duration::from_secs(90),
                redirects: RedirectPolicy { https: true, ..RedirectPolicy::default() },
            },
        };
        Self { interactions: Arc::new(interactions), parties, plugins, clock, pass: made.id }
    }

    #[expect(clippy::unused_self, reason = "it is one of the parties")]
    pub(super) fn wallet(&self) -> Wallet {
        wallet("wallet")
    }

    #[expect(clippy::unused_self, reason = "it reads like the others")]
    pub(super) fn request(&self) -> Parameters {
        [
            ("response_type", "code"),
            ("client_id", "wallet"),
            ("redirect_uri", CALLBACK),
            ("code_challenge", "GeF9NJAk1IUMn5q6l2fZpw5GRUO-SM8Xo5dkw07SaBo"),
            ("code_challenge_method", "S256"),
            ("scope", "mso_mdoc:org.example.pass"),
            ("state", "s&1"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    pub(super) async fn push(&self) -> String {
        match self.interactions.push(&self.wallet(), &self.request(), None).await.unwrap() {
            Push::Kept { request_uri, .. } => request_uri,
            Push::Refused(error) => panic!("{error}"),
        }
    }

    pub(super) async fn open(&self, request_uri: &str) -> Opening {
        self.open_as("wallet", request_uri).await
    }

    pub(super) async fn open_as(&self, client: &str, request_uri: &str) -> Opening {
        let parameters = [("client_id", client), ("request_uri", request_uri)];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        self.interactions.open(&parameters).await.unwrap()
    }

    /// Opens a request: id and cookie.
    pub(super) async fn begin(&self, request_uri: &str) -> (String, String) {
        match self.open(request_uri).await {
            Opening::Begun { id, browser } => (id, browser),
            Opening::Refused(why) => panic!("{why:?}"),
            Opening::Answer(location) => panic!("{location}"),
        }
    }

    pub(super) async fn session(&self, (id, browser): &(String, String)) -> Session {
        self.interactions.session(id, Some(browser)).await.unwrap().expect("a session")
    }

    /// Logs the test user in.
    pub(super) async fn log_in(&self, visitor: &(String, String)) -> Move {
        let session = self.session(visitor).await;
        self.interactions
            .login(session, Choice::TestUser("mika"), &crate::domain::caller::Caller::default())
            .await
            .unwrap()
    }

    pub(super) async fn approve(&self, visitor: &(String, String)) -> Move {
        let session = self.session(visitor).await;
        self.interactions.approve(session).await.unwrap()
    }

    pub(super) async fn codes(&self) -> usize {
        self.interactions.store.authorizations().await
    }
}
