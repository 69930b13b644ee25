//! The token and revocation endpoints over the whole router, with authorizations that were granted without a browser.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use uuid::Uuid;

use super::super::*;
use crate::base::clock::ManualClock;
use crate::base::secret::sha256;
use crate::domain::authorization::{Approved, ApprovedClaims};
use crate::domain::configuration::catalog::Saved;
use crate::routes::wallet;
use crate::store::authorization::redeem::CodeRedemption;
use crate::store::user::User;

const VERIFIER: &str = "walnut-harbour-0123456789-violet-meadow-ABCDEFG";
const REDIRECT_URI: &str = "https://wallet.example/cb";

struct Running {
    app: Shared,
    router: Router,
    clock: Arc<ManualClock>,
    pass: Uuid,
    _folder: tempfile::TempDir,
}

async fn start(change: impl FnOnce(&mut Config)) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.store.data_dir = folder.path().display().to_string();
    // What a proof of a key adds is tested where proofs are made.
    config.dpop.required_for_authorization_code = false;
    change(&mut config);
    let clock = Arc::new(ManualClock::new("2026-03-10T12:34:56Z".parse().unwrap()));
    let app = open_under(&config, clock.clone(), Guests::Left).await.unwrap();
    let element = json!({ "org.example.pass": { "name": { "mapFrom": "claims.name", "type": "string" } } });
    let body = json!({ "type": "org.example.pass", "claimMappings": element, "expiresIn": { "days": 1 } });
    let Saved::Saved(made) =
        app.configurations.create(crate::format::CredentialFormat::MsoMdoc, body.as_object().unwrap()).await.unwrap()
    else {
        panic!()
    };
    app.store.user_save(Uuid::from_u128(5), &User::default(), false).await.unwrap();
    Running { router: wallet(&app, &Tasks::new()), app, clock, pass: made.id, _folder: folder }
}

impl Running {
    async fn code(&self, change: impl FnOnce(&mut Approved)) -> String {
        let mut approved = Approved {
            client_id: "wallet".into(),
            redirect_uri: REDIRECT_URI.into(),
            code_challenge: B64.encode(sha256(VERIFIER.as_bytes())),
            dpop_jkt: None,
            instance_key: None,
            user_id: Uuid::from_u128(5),
            configurations: vec![self.pass],
            identified: false,
            scope: None,
            claims: ApprovedClaims::default(),
        };
        change(&mut approved);
        self.app.authorizations.grant(approved).await.unwrap()
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> (StatusCode, Value) {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let response = self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        let status = response.status();
        let body = to_bytes(response.into_body(), 65_536).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    async fn token(&self, fields: &[(&str, &str)]) -> (StatusCode, Value) {
        self.post("/v1/oauth/token", fields).await
    }

    async fn redeem(&self, code: &str) -> (StatusCode, Value) {
        self.token(&fields(code)).await
    }

    /// Whether the credential endpoint takes the token: a good one gets as far as the missing body.
    async fn works(&self, token: &str) -> bool {
        let request = Request::post("/v1/openid/credential").header(header::AUTHORIZATION, format!("Bearer {token}"));
        let response = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        response.status() != StatusCode::UNAUTHORIZED
    }
}

fn fields(code: &str) -> [(&str, &str); 5] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("client_id", "wallet"),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ]
}

fn with<'a>(code: &'a str, name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let rest = fields(code).into_iter().filter(|(one, _)| *one != name);
    rest.chain((!value.is_empty()).then_some((name, value))).collect()
}

// OAU-5.1-01, VCI-13.10-01, VCI-6.2-01
#[tokio::test]
async fn the_response_has_what_was_granted_and_nothing_else() {
    let running = start(|_| {}).await;
    let (status, body) = running.redeem(&running.code(|_| {}).await).await;
    let members: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!((status, members), (StatusCode::OK, vec!["access_token", "expires_in", "token_type"]));
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(300)));
    assert!(running.works(body["access_token"].as_str().unwrap()).await);
    let scope = "mso_mdoc:org.example.pass";
    let (_, body) = running.redeem(&running.code(|approved| approved.scope = Some(scope.into())).await).await;
    assert_eq!((&body["scope"], body.get("authorization_details")), (&json!(scope), None));
    let (_, body) = running.redeem(&running.code(|approved| approved.identified = true).await).await;
    let detail = &body["authorization_details"][0];
    assert_eq!(detail["credential_configuration_id"], running.pass.to_string());
    assert!(detail["credential_identifiers"][0].as_str().is_some_and(|one| one.len() > 16));
}

// OAU-2.3-05, OAU-4.1.3-01, OAU-4.1.3-02, OAU-4.1.3-03, PKC-4.1-01, PKC-4.6-01, DPP-5-01, VCI-6.1-04, VCI-6.1.1-02, RES-2.2-01
#[tokio::test]
async fn what_does_not_fit_is_refused_and_leaves_the_code_good() {
    let running = start(|_| {}).await;
    let code = running.code(|_| {}).await;
    let foreign = json!([{ "type": "openid_credential", "credential_configuration_id": Uuid::nil() }]).to_string();
    let long = "a".repeat(129);
    for (name, value, error) in [
        ("code", "", "invalid_request"),
        ("code", "unknown", "invalid_grant"),
        ("client_id", "", "invalid_request"),
        ("client_id", "other", "invalid_grant"),
        ("redirect_uri", "https://wallet.example/cb/", "invalid_grant"),
        ("redirect_uri", "https://WALLET.example/cb", "invalid_grant"),
        ("code_verifier", "", "invalid_request"),
        ("code_verifier", "walnut-harbour-0123456789-violet-meadow-ABCDEFH", "invalid_grant"),
        ("code_verifier", "too-short", "invalid_grant"),
        ("code_verifier", &long, "invalid_grant"),
        ("tx_code", "123456", "invalid_request"),
        ("authorization_details", &foreign, "invalid_authorization_details"),
        ("authorization_details", "[]", "invalid_authorization_details"),
        ("resource", "https://other.example", "invalid_target"),
        ("grant_type", "password", "unsupported_grant_type"),
        ("grant_type", "client_credentials", "unsupported_grant_type"),
        ("grant_type", "", "invalid_request"),
        ("client_assertion", "x.y.z", "invalid_request"),
    ] {
        let (status, body) = running.token(&with(&code, name, value)).await;
        assert_eq!((status, &body["error"]), (StatusCode::BAD_REQUEST, &json!(error)), "{name}={value}: {body}");
    }
    let bound = running.code(|approved| approved.dpop_jkt = Some([1; 32])).await;
    assert_eq!(running.redeem(&bound).await.1["error"], "invalid_grant");
    // BCP-4.14.2, OAuth 2.1: with PKCE the redirect URI need not be said again.
    assert_eq!(running.token(&with(&code, "redirect_uri", "")).await.0, StatusCode::OK);
}

// SEC-CODE-03
#[tokio::test]
async fn codes_that_are_unknown_used_expired_or_of_others_look_the_same() {
    let running = start(|_| {}).await;
    let (used, of_other) = (running.code(|_| {}).await, running.code(|_| {}).await);
    let locked = running.code(|_| {}).await;
    let deleted = running.code(|approved| approved.configurations = vec![Uuid::nil()]).await;
    running.redeem(&used).await;
    for _ in 0..5 {
        let wrong = with(&locked, "code_verifier", "walnut-harbour-0123456789-violet-meadow-ABCDEFH");
        running.token(&wrong).await;
    }
    let expected = running.redeem("unknown").await;
    assert_eq!(running.redeem(&used).await, expected);
    assert_eq!(running.redeem(&deleted).await, expected);
    // OAU-4.1.3-04
    assert_eq!(running.redeem(&locked).await, expected);
    assert_eq!(running.token(&with(&of_other, "client_id", "other")).await, expected);
    running.clock.advance(Duration::from_mins(2));
    assert_eq!(running.redeem(&of_other).await, expected);
}

// OAU-4.1.2-03
#[tokio::test]
async fn a_code_lives_for_a_minute() {
    let running = start(|_| {}).await;
    let (early, late) = (running.code(|_| {}).await, running.code(|_| {}).await);
    running.clock.advance(Duration::from_secs(45));
    assert_eq!(running.redeem(&early).await.0, StatusCode::OK);
    running.clock.advance(Duration::from_secs(20));
    let (status, body) = running.redeem(&late).await;
    assert_eq!((status, &body["error"]), (StatusCode::BAD_REQUEST, &json!("invalid_grant")));
}

// OAU-4.1.2-04, OAU-4.1.2-05, SEC-CODE-01
#[tokio::test]
async fn a_code_that_is_used_twice_kills_what_came_from_it() {
    let running = start(|config| config.authorization_code.rotate_refresh_tokens = true).await;
    let code = running.code(|_| {}).await;
    let (_, body) = running.redeem(&code).await;
    let (access, refresh) = (body["access_token"].as_str().unwrap(), body["refresh_token"].as_str().unwrap());
    assert_eq!(running.token(&with(&code, "client_id", "other")).await.1["error"], "invalid_grant");
    assert!(running.works(access).await);
    assert_eq!(running.redeem(&code).await.1["error"], "invalid_grant");
    assert!(!running.works(access).await);
    let again = [("grant_type", "refresh_token"), ("refresh_token", refresh), ("client_id", "wallet")];
    assert_eq!(running.token(&again).await.1["error"], "invalid_grant");
}

// OAU-2.3-05, OAU-6-01, OAU-6-02, BCP-4.14.2-01, SEC-REF-01, SEC-CODE-05
#[tokio::test]
async fn a_refresh_token_gives_access_tokens_to_its_client_alone() {
    let running = start(|config| config.authorization_code.rotate_refresh_tokens = true).await;
    let scope = "mso_mdoc:org.example.pass";
    let (_, body) = running.redeem(&running.code(|approved| approved.scope = Some(scope.into())).await).await;
    let (access, first) = (body["access_token"].as_str().unwrap(), body["refresh_token"].as_str().unwrap());
    let ask = |token: &str, client: &str, scope: &str| {
        let token = token.to_owned();
        let fields = [("refresh_token", token), ("client_id", client.to_owned()), ("scope", scope.to_owned())];
        let fields = fields.into_iter().filter(|(_, value)| !value.is_empty());
        [("grant_type", "refresh_token".to_owned())].into_iter().chain(fields).collect::<Vec<_>>()
    };
    let send = async |fields: Vec<(&str, String)>| {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        running.token(&fields).await
    };
    for (fields, error) in [
        (ask("", "wallet", ""), "invalid_request"),
        (ask(first, "", ""), "invalid_request"),
        (ask(first, "other", ""), "invalid_grant"),
        (ask(access, "wallet", ""), "invalid_grant"),
        (ask("unknown", "wallet", ""), "invalid_grant"),
        (ask(first, "wallet", "openid"), "invalid_scope"),
    ] {
        let (status, body) = send(fields).await;
        assert_eq!((status, &body["error"]), (StatusCode::BAD_REQUEST, &json!(error)));
    }
    let (status, body) = send(ask(first, "wallet", scope)).await;
    assert_eq!((status, &body["scope"]), (StatusCode::OK, &json!(scope)));
    let second = body["refresh_token"].as_str().unwrap();
    assert!(running.works(body["access_token"].as_str().unwrap()).await);
    // The answer was lost.
    assert_eq!(send(ask(first, "wallet", "")).await.1["refresh_token"], second);
    assert_eq!(send(ask(second, "wallet", "")).await.0, StatusCode::OK);
    assert_eq!(send(ask(first, "wallet", "")).await.1["error"], "invalid_grant");
    assert_eq!(send(ask(second, "wallet", "")).await.1["error"], "invalid_grant");
    assert!(!running.works(access).await);
}

// RFC 7009 2.1, 2.2; SEC-TOK-03
#[tokio::test]
async fn a_wallet_gives_up_its_own_tokens() {
    let running = start(|config| config.authorization_code.rotate_refresh_tokens = true).await;
    let (_, body) = running.redeem(&running.code(|_| {}).await).await;
    let (access, refresh) = (body["access_token"].as_str().unwrap(), body["refresh_token"].as_str().unwrap());
    let revoke = async |fields: &[(&str, &str)]| running.post("/v1/oauth/revoke", fields).await;
    assert_eq!(revoke(&[("client_id", "wallet")]).await.1["error"], "invalid_request");
    assert_eq!(revoke(&[("token", access), ("client_id", "other")]).await.1["error"], "invalid_grant");
    assert_eq!(revoke(&[("token", "unknown"), ("client_id", "wallet")]).await.0, StatusCode::OK);
    assert!(running.works(access).await);
    let hint = ("token_type_hint", "refresh_token");
    assert_eq!(revoke(&[("token", access), ("client_id", "wallet"), hint]).await, (StatusCode::OK, Value::Null));
    assert!(!running.works(access).await);
    let again = [("grant_type", "refresh_token"), ("refresh_token", refresh), ("client_id", "wallet")];
    let (status, body) = running.token(&again).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(revoke(&[("token", refresh), ("client_id", "wallet")]).await.0, StatusCode::OK);
    assert!(!running.works(body["access_token"].as_str().unwrap()).await);
    assert_eq!(running.token(&again).await.1["error"], "invalid_grant");
}

// DPP-5-03: a missing proof uses nothing up.
#[tokio::test]
async fn a_key_must_be_shown_when_that_is_required() {
    let running = start(|config| config.dpop.required_for_authorization_code = true).await;
    let code = running.code(|_| {}).await;
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_id", "wallet")];
    for fields in [fields(&code).as_slice(), &refresh] {
        let (status, body) = running.token(fields).await;
        assert_eq!((status, &body["error"]), (StatusCode::BAD_REQUEST, &json!("invalid_dpop_proof")));
    }
    let request = CodeRedemption {
        code: &code,
        client_id: "wallet",
        redirect_uri: None,
        code_verifier: VERIFIER,
        jkt: None,
        instance_key: None,
        token: [1; 32],
        refresh: [2; 32],
        enrichment: None,
    };
    assert!(running.app.store.code_redeemable(&request).await.unwrap().is_some());
}

// OAU-5.2-01
#[tokio::test]
async fn a_flow_that_is_off_is_not_supported() {
    let running = start(|config| config.authorization_code.enabled = false).await;
    for grant in ["authorization_code", "refresh_token"] {
        assert_eq!(running.token(&[("grant_type", grant)]).await.1["error"], "unsupported_grant_type");
    }
}

// SEC-CODE-02
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_hundred_token_requests_with_one_code_one_is_granted() {
    let running = start(|_| {}).await;
    let code = running.code(|_| {}).await;
    let answers = futures_util::future::join_all((0..100).map(|_| running.redeem(&code))).await;
    assert_eq!(answers.iter().filter(|(status, _)| *status == StatusCode::OK).count(), 1);
    assert!(answers.iter().all(|(status, body)| *status == StatusCode::OK || body["error"] == "invalid_grant"));
}

// VCI-4.1.1-16, VCI-4.1.3-01, VCI-4.1.3-04
#[tokio::test]
async fn a_kept_offer_is_read_by_its_reference() {
    let running = start(|_| {}).await;
    let body = json!({ "credentials": [running.pass], "issuerState": true });
    let request = crate::domain::offer::request::authorization_code(body.as_object().unwrap(), |_| true).unwrap();
    let offer = running.app.code_offers.create(&request).await.unwrap().unwrap();
    let get = async |reference: &str| {
        let path = format!("/v1/openid/offers/{reference}/credential_offer");
        let response = running.router.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), 65_536).await.unwrap();
        (status, serde_json::from_slice::<Value>(&body).unwrap())
    };
    let (status, object) = get(&offer.reference).await;
    assert_eq!((status, &object), (StatusCode::OK, &running.app.code_offers.object(&offer)));
    assert_eq!(object["grants"], json!({ "authorization_code": { "issuer_state": offer.issuer_state } }));
    assert_eq!(get(&offer.issuer_state).await.0, StatusCode::NOT_FOUND);
    assert!(running.app.code_offers.delete(offer.id).await.unwrap());
    assert_eq!(get(&offer.reference).await, get("unknown").await);
}
