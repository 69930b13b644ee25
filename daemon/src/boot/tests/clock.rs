//! A wrong clock over the whole issuer: what has ended stays so, whether the clock is set back while the daemon runs, while it is
//! down, or after a kill; and nothing dies for ever (OPS-05).

use std::path::Path;

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::super::*;
use crate::base::clock::ManualClock;
use crate::domain::authorization::{Approved, ApprovedClaims};
use crate::domain::caller::Caller;
use crate::domain::configuration::catalog::Saved;
use crate::domain::grant::Who;
use crate::domain::offer::Created;
use crate::domain::offer::request::pre_authorized;
use crate::domain::token::{Grant, TokenRequest};
use crate::format::CredentialFormat;
use crate::store::authorization::redeem::{CodeRedeem, CodeRedemption, Minted};
use crate::store::authorization::refresh::{Refresh, RefreshRequest, RefreshToken};
use crate::store::redeem::Redeem;
use crate::store::seen::Space;
use crate::store::token::{Origin, Token};
use crate::store::user::User;

const START: i64 = 1_800_000_000;
const DAYS: i64 = 2 * 86_400;
const VERIFIER: &str = "walnut-harbour-0123456789-violet-meadow-ABCDEFG";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// Opens the data in `folder` by a clock that shows `second`.
async fn open(folder: &Path, second: i64) -> (Shared, Arc<ManualClock>) {
    let mut config = Config::default();
    config.store.data_dir = folder.display().to_string();
    let system = Arc::new(ManualClock::new(at(second)));
    (open_under(&config, system.clone(), Guests::Left).await.unwrap(), system)
}

/// One of everything that ends by itself, each within a day.
struct Mortal {
    /// Under which a pushed request, an interaction and a `jti` are kept, until `until`.
    id: String,
    until: Timestamp,
    code: String,
    c_nonce: String,
    dpop_nonce: String,
    management_token: String,
    refresh: String,
    unused_code: String,
}

/// What is still alive, by name.
type Living = Vec<&'static str>;

impl Mortal {
    /// `number` keeps those of several apart.
    async fn make(app: &Shared, number: u32) -> Self {
        let element = json!({ "org.example.pass": { "name": { "defaultValue": "x" } } });
        let body = json!({ "type": format!("org.example.pass.{number}"), "claimMappings": element, "expiresIn": { "days": 1 } });
        let body = body.as_object().unwrap();
        let saved = app.configurations.create(CredentialFormat::MsoMdoc, body).await.unwrap();
        let Saved::Saved(pass) = saved else { panic!() };
        let body = json!({ "credentials": [pass.id], "expiresIn": { "seconds": 60 } });
        let request = pre_authorized(body.as_object().unwrap(), |_| true, 600).unwrap();
        let Created::Made(made) = app.offers.create(&request, None).await.unwrap() else { panic!() };
        let now = app.clock.now();
        let client = app.clients.add("console", crate::domain::access::Role::Admin, now).await.unwrap();
        app.store.user_save(Uuid::from_u128(5), &User::default(), false).await.unwrap();
        let soon = now + Duration::from_mins(5);
        let id = format!("id {number}");
        app.store.pushed_keep(&id, &json!(1), soon, soon).await.unwrap();
        app.store.interaction_begin(&id, &json!(1), soon).await.unwrap();
        assert!(app.store.seen_once(Space::DpopProof, id.as_bytes(), soon).await.unwrap());
        let mortal = Self {
            until: soon,
            refresh: format!("refresh token {number}"),
            id,
            code: made.1.code.clone(),
            c_nonce: app.nonces.issue(now, app.random.as_ref()).unwrap(),
            dpop_nonce: app.dpop.nonce(),
            management_token: app.clients.sign(&client.client.id, now).unwrap(),
            unused_code: authorize(app, pass.id).await,
        };
        let redeemed = redeem(app, &authorize(app, pass.id).await, &mortal.refresh).await;
        assert!(matches!(redeemed, CodeRedeem::Redeemed(_)));
        mortal
    }

    async fn living(&self, app: &Shared) -> Living {
        let now = app.clock.now();
        let request = TokenRequest { code: &self.code, tx_code: None, who: Who::default(), selected: None };
        let granted = app.tokens.redeem(&request, &Caller::default()).await.unwrap();
        let code = redeem(app, &self.unused_code, &format!("another of {}", self.id)).await;
        let replayed = app.store.seen_once(Space::DpopProof, self.id.as_bytes(), self.until).await.unwrap();
        let all = [
            ("offer", !matches!(granted, Grant::Refused(Redeem::Expired | Redeem::Unknown))),
            ("c_nonce", app.nonces.check(&self.c_nonce, now).is_some()),
            ("dpop nonce", app.dpop.nonce() == self.dpop_nonce),
            ("management token", app.clients.verify(&self.management_token, now).is_some()),
            ("authorization code", !matches!(code, CodeRedeem::Expired | CodeRedeem::Unknown)),
            ("refresh token", matches!(refresh(app, &self.refresh).await, Refresh::Refreshed(_))),
            ("request_uri", app.store.pushed_find::<u8>(&self.id).await.unwrap().is_some()),
            ("interaction", app.store.interaction_find::<u8>(&self.id).await.unwrap().is_some()),
            ("replayed jti", replayed),
        ];
        all.into_iter().filter(|(_, lives)| *lives).map(|(name, _)| name).collect()
    }
}

async fn authorize(app: &Shared, configuration: Uuid) -> String {
    let approved = Approved {
        client_id: "wallet".into(),
        redirect_uri: "https://wallet.example/cb".into(),
        code_challenge: {
            use base64::Engine as _;
            let hash = crate::base::secret::sha256(VERIFIER.as_bytes());
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(hash)
        },
        dpop_jkt: None,
        instance_key: None,
        user_id: Uuid::from_u128(5),
        configurations: vec![configuration],
        identified: false,
        scope: None,
        claims: ApprovedClaims::default(),
    };
    app.authorizations.grant(approved).await.unwrap()
}

async fn redeem(app: &Shared, code: &str, refresh: &str) -> CodeRedeem {
    let request = CodeRedemption {
        code,
        client_id: "wallet",
        redirect_uri: None,
        code_verifier: VERIFIER,
        jkt: None,
        instance_key: None,
        token: crate::base::secret::sha256(code.as_bytes()),
        refresh: crate::base::secret::sha256(refresh.as_bytes()),
        enrichment: None,
    };
    let now = app.clock.now();
    let (soon, later) = (now + Duration::from_mins(5), now + Duration::from_mins(50));
    let mint = |offer: &crate::store::offer::Offer, code: &crate::store::authorization::AuthorizationCode| {
        let token = token(offer.id, offer.configurations.clone(), soon);
        let refresh = RefreshToken {
            authorization: code.authorization,
            client_id: "wallet".into(),
            jkt: None,
            instance_key: None,
            identifiers: Vec::new(),
            configurations: offer.configurations.clone(),
            scope: None,
            expires_at: later,
            previous: None,
            retired: false,
        };
        Some(Minted { token, refresh: Some(refresh), ends: later })
    };
    app.store.code_redeem(&request, mint).await.unwrap()
}

fn token(offer: Uuid, configurations: Vec<Uuid>, expires_at: Timestamp) -> Token {
    Token {
        origin: Origin::AuthorizationCode,
        offer,
        jkt: None,
        client_id: Some("wallet".into()),
        wallet: None,
        identifiers: Vec::new(),
        configurations,
        expires_at,
    }
}

async fn refresh(app: &Shared, token_text: &str) -> Refresh {
    let request = RefreshRequest {
        token: token_text,
        client_id: "wallet",
        jkt: None,
        instance_key: None,
        successor: None,
        access_token: [7; 32],
        enrichment: None,
    };
    let soon = app.clock.now() + Duration::from_mins(5);
    let mint = |kept: &RefreshToken| Some(token(kept.authorization, kept.configurations.clone(), soon));
    app.store.token_refresh(&request, mint).await.unwrap()
}

// OPS-05
#[tokio::test]
async fn what_has_ended_stays_so_when_the_clock_is_set_back_while_the_daemon_runs() {
    let folder = tempfile::tempdir().unwrap();
    let (app, system) = open(folder.path(), START).await;
    let mortal = Mortal::make(&app, 1).await;
    for shown in [START + DAYS, START] {
        system.set(at(shown));
        assert_eq!(mortal.living(&app).await, Living::new(), "at {shown}");
    }
}

// OPS-05, OPS-06
#[tokio::test]
async fn what_has_ended_stays_so_when_the_clock_is_set_back_while_the_daemon_is_down() {
    let folder = tempfile::tempdir().unwrap();
    let (app, system) = open(folder.path(), START).await;
    let mortal = Mortal::make(&app, 1).await;
    system.set(at(START + DAYS));
    app.clock.now();
    drop(app);
    // Nothing was swept: it is the time that says so.
    let (app, system) = open(folder.path(), START).await;
    assert_eq!(mortal.living(&app).await, Living::new());
    // What is made meanwhile has its whole life, and lives on when the clock is right again.
    let made = Mortal::make(&app, 2).await;
    system.set(at(START + DAYS + 10));
    assert_eq!(made.living(&app).await.len(), 8, "all but the replay of a proof");
}

// OPS-05, OPS-06
#[tokio::test]
async fn what_has_ended_stays_so_after_a_kill_and_a_clock_that_was_set_back() {
    let (folder, killed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (app, system) = open(folder.path(), START).await;
    let mortal = Mortal::make(&app, 1).await;
    system.set(at(START + DAYS));
    // The sweeper finds hardly anything; it is what writes the time when nobody else does.
    app.store.sweep(1).await.unwrap();
    for file in ["issuerd.redb", "master.key"] {
        std::fs::copy(folder.path().join(file), killed.path().join(file)).unwrap();
    }
    let (after, _) = open(killed.path(), START).await;
    assert_eq!(mortal.living(&after).await, Living::new());
}

// OPS-05: nothing dies for ever.
#[tokio::test]
async fn an_operator_takes_the_clock_for_right_after_it_was_far_ahead() {
    let folder = tempfile::tempdir().unwrap();
    let (app, system) = open(folder.path(), START).await;
    let mortal = Mortal::make(&app, 1).await;
    system.set(at(START + 365 * 86_400));
    app.store.sweep(1).await.unwrap();
    drop(app);
    let path = folder.path().join("issuerd.redb");
    let back = redb_engine::accept_clock(&path, at(START)).unwrap();
    assert!((365 * 86_400..365 * 86_400 + 60).contains(&back.as_secs()), "{back:?}");
    assert_eq!(redb_engine::accept_clock(&path, at(START)).unwrap(), Duration::ZERO);
    let (app, _) = open(folder.path(), START).await;
    assert!(app.clock.now() < at(START + 60));
    // What is kept in the store has ended for good. What proves its end by itself ends when that time comes.
    let living = mortal.living(&app).await;
    let by_itself = ["c_nonce", "dpop nonce", "management token", "replayed jti"];
    assert!(living.iter().all(|name| by_itself.contains(name)), "{living:?}");
}
