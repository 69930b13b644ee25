//! From a login to credentials and on: codes, tokens that are bound to a key, refresh, revocation.

use issuerd_tests::daemon::{MDL, Options, PID};
use issuerd_tests::login::{Asking, CLIENT, MDL_SCOPE};
use issuerd_tests::management::OFFERS;
use issuerd_tests::offer::parameter;
use issuerd_tests::volley::Volley;
use issuerd_tests::wallet::credentials;
use issuerd_tests::{Answer, Daemon, HolderKey, Request, Wallet};
use serde_json::{Value, json};

/// A wallet whose person has logged in.
struct LoggedIn {
    daemon: Daemon,
    wallet: Wallet,
    key: HolderKey,
    code: String,
}

impl LoggedIn {
    fn with(options: Options, asking: &Asking) -> Self {
        let daemon = Daemon::with(options);
        let (wallet, key) = (daemon.wallet(), HolderKey::es256());
        let code = wallet.log_in(asking);
        Self { daemon, wallet, key, code }
    }

    fn new() -> Self {
        Self::with(Options::default(), &Asking::mdl())
    }

    fn redeem(&self) -> Value {
        self.wallet.send(&self.wallet.code_request(&self.code, &self.key)).expect(200).json()
    }

    fn refresh(&self, token: &str) -> Answer {
        self.wallet.send(&self.wallet.refresh_request(token, &self.key))
    }

    fn credential(&self, token: &str) -> Answer {
        let configuration = self.daemon.configuration(MDL);
        let selector = ("credential_configuration_id", configuration);
        self.wallet.send(&self.wallet.bound_credential_request(token, selector, &self.key))
    }
}

fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_else(|| panic!("{name} in {answer}"))
}

fn introspect(daemon: &Daemon, token: &str) -> Value {
    daemon.management().send(Request::new("POST", "/v1/oauth/introspect").form([("token", token)])).expect(200).json()
}

// OAU-5.1-01, DPP-5-01, DPP-6-01, VCI-14.3-01, VCI-14.5-01, F2-5.3.2.1-01
#[test]
fn a_login_leads_to_credentials_that_can_be_had_again() {
    let logged_in = LoggedIn::new();
    let granted = logged_in.redeem();
    let members: Vec<_> = granted.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["access_token", "expires_in", "refresh_token", "scope", "token_type"]);
    assert_eq!((text(&granted, "token_type"), text(&granted, "scope")), ("DPoP", MDL_SCOPE));
    let (token, refresh) = (text(&granted, "access_token"), text(&granted, "refresh_token"));
    for _ in 0..2 {
        let issued = credentials(&logged_in.credential(token).expect(200));
        assert_eq!(issued[0].value("given_name").as_text(), Some("Mika"));
    }
    for _ in 0..2 {
        let renewed = logged_in.refresh(refresh).expect(200).json();
        assert!(renewed.get("refresh_token").is_none(), "{renewed}");
        logged_in.credential(text(&renewed, "access_token")).expect(200);
    }
    let facts = introspect(&logged_in.daemon, token);
    assert_eq!((text(&facts, "client_id"), text(&facts, "token_type")), (CLIENT, "DPoP"));
    assert_eq!(text(&facts["cnf"], "jkt"), logged_in.key.thumbprint());
    assert!(facts["authorizationId"].is_string() && facts["sub"].is_string(), "{facts}");
    // SEC-TOK-04, DPP-7.1: without the key the token is worth nothing.
    let configuration = logged_in.daemon.configuration(MDL);
    logged_in.wallet.ask(token, configuration, &[HolderKey::es256()]).expect(401);
}

// VCI-6.2-01, VCI-6.2-04, VCI-6.1.1-01, VCI-6.1.1-02
#[test]
fn details_are_answered_with_identifiers_that_stay() {
    let daemon = Daemon::start();
    let (wallet, key) = (daemon.wallet(), HolderKey::es256());
    let (mdl, pid) = (daemon.configuration(MDL), daemon.configuration(PID));
    let code = wallet.log_in(&Asking::details(&[mdl, pid]));
    let granted = wallet.send(&wallet.code_request(&code, &key)).expect(200).json();
    let details = granted["authorization_details"].as_array().unwrap();
    let named: Vec<_> = details.iter().map(|detail| text(detail, "credential_configuration_id")).collect();
    assert_eq!(named, [mdl, pid]);
    let identifier = details[1]["credential_identifiers"][0].as_str().unwrap();
    let token = text(&granted, "access_token");
    let by_identifier = wallet.bound_credential_request(token, ("credential_identifier", identifier), &key);
    assert_eq!(credentials(&wallet.send(&by_identifier).expect(200))[0].doc_type(), PID);
    let by_configuration = wallet.bound_credential_request(token, ("credential_configuration_id", pid), &key);
    wallet.send(&by_configuration).expect_error(400, "invalid_credential_request");
    let renewed = wallet.send(&wallet.refresh_request(text(&granted, "refresh_token"), &key)).expect(200).json();
    assert_eq!(renewed["authorization_details"], granted["authorization_details"]);
}

// DPP-5-01, DPP-5-03, OAU-4.1.3-03, PKC-4.6-01
#[test]
fn what_does_not_fit_leaves_the_code_good() {
    let key = HolderKey::es256();
    let asking = Asking { dpop_jkt: Some(key.thumbprint()), ..Asking::mdl() };
    let logged_in = LoggedIn { key, ..LoggedIn::with(Options::default(), &asking) };
    let wallet = &logged_in.wallet;
    let form = |client: &str, verifier: &str| {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", logged_in.code.as_str()),
            ("client_id", client),
            ("code_verifier", verifier),
        ];
        wallet.bound(&fields, &logged_in.key)
    };
    let right = "walnut-harbour-0123456789-violet-meadow-ABCDEFG";
    wallet.send(&form("https://other.example", right)).expect_error(400, "invalid_grant");
    wallet.send(&form(CLIENT, &right.to_lowercase())).expect_error(400, "invalid_grant");
    wallet.send(&wallet.code_request(&logged_in.code, &HolderKey::es256())).expect_error(400, "invalid_grant");
    let unproven = wallet.code_request(&logged_in.code, &logged_in.key);
    let unproven =
        Request { headers: unproven.headers.into_iter().filter(|(name, _)| name != "DPoP").collect(), ..unproven };
    wallet.send(&unproven).expect_error(400, "invalid_dpop_proof");
    logged_in.redeem();
}

// OAU-4.1.2-04, OAU-4.1.2-05, SEC-CODE-01, SEC-CODE-02
#[test]
fn of_a_hundred_uses_of_one_code_one_is_granted_and_the_copies_end_it() {
    let logged_in = LoggedIn::new();
    let requests: Vec<_> = (0..100).map(|_| logged_in.wallet.code_request(&logged_in.code, &logged_in.key)).collect();
    let answers = Volley::open(logged_in.daemon.public(), 100).fire(&requests);
    let granted: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(granted.len(), 1);
    let refused = |answer: &&Answer| answer.status == 400 && answer.json()["error"] == "invalid_grant";
    assert_eq!(answers.iter().filter(refused).count(), 99);
    let granted = granted[0].json();
    logged_in.credential(text(&granted, "access_token")).expect(401);
    logged_in.refresh(text(&granted, "refresh_token")).expect_error(400, "invalid_grant");
}

// BCP-4.14.2-01, SEC-REF-01
#[test]
fn a_hundred_uses_of_one_refresh_token_name_one_successor() {
    let rotating = Options::default().environment("ISSUERD_AUTHORIZATION_CODE_ROTATE_REFRESH_TOKENS", "true");
    let logged_in = LoggedIn::with(rotating, &Asking::mdl());
    let granted = logged_in.redeem();
    let first = text(&granted, "refresh_token");
    let requests: Vec<_> = (0..100).map(|_| logged_in.wallet.refresh_request(first, &logged_in.key)).collect();
    let answers = Volley::open(logged_in.daemon.public(), 100).fire(&requests);
    let answers: Vec<_> = answers.into_iter().map(|answer| answer.expect(200).json()).collect();
    let second = text(&answers[0], "refresh_token");
    assert!(second != first && answers.iter().all(|answer| text(answer, "refresh_token") == second));
    for answer in answers.iter().step_by(33) {
        logged_in.credential(text(answer, "access_token")).expect(200);
    }
    logged_in.refresh(second).expect(200);
    logged_in.refresh(first).expect_error(400, "invalid_grant");
    // The family is dead.
    logged_in.refresh(second).expect_error(400, "invalid_grant");
    logged_in.credential(text(&answers[0], "access_token")).expect(401);
}

// OAU-6-01, OAU-6-02, DPP-5-02
#[test]
fn a_refresh_token_is_of_its_client_and_key() {
    let logged_in = LoggedIn::new();
    let (granted, wallet) = (logged_in.redeem(), &logged_in.wallet);
    let refresh = text(&granted, "refresh_token");
    wallet.send(&wallet.refresh_request(refresh, &HolderKey::es256())).expect_error(400, "invalid_grant");
    let base = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let other = wallet.bound(&[base[0], base[1], ("client_id", "https://other.example")], &logged_in.key);
    wallet.send(&other).expect_error(400, "invalid_grant");
    let wide = wallet.bound(&[base[0], base[1], ("client_id", CLIENT), ("scope", "openid")], &logged_in.key);
    wallet.send(&wide).expect_error(400, "invalid_scope");
    logged_in.refresh(refresh).expect(200);
}

// SEC-TOK-03, RFC 7009 2.1
#[test]
fn a_revoked_refresh_token_takes_all_with_it_also_across_a_restart() {
    let logged_in = LoggedIn::new();
    let granted = logged_in.redeem();
    let renewed = logged_in.refresh(text(&granted, "refresh_token")).expect(200).json();
    let LoggedIn { daemon, key, code, .. } = logged_in;
    // What was granted survives a kill.
    let daemon = daemon.kill_and_restart();
    let logged_in = LoggedIn { wallet: daemon.wallet(), daemon, key, code };
    logged_in.credential(text(&renewed, "access_token")).expect(200);
    let path = logged_in.wallet.path("/v1/oauth/revoke");
    let form = [("token", text(&granted, "refresh_token")), ("client_id", CLIENT)];
    logged_in.wallet.send(&Request::new("POST", &path).form(form)).expect(200);
    for token in ["access_token", "refresh_token"] {
        assert_eq!(introspect(&logged_in.daemon, text(&granted, token)), json!({ "active": false }));
    }
    logged_in.credential(text(&renewed, "access_token")).expect(401);
    logged_in.refresh(text(&granted, "refresh_token")).expect_error(400, "invalid_grant");
    // A code that was used stays used.
    let again = logged_in.wallet.code_request(&logged_in.code, &logged_in.key);
    logged_in.wallet.send(&again).expect_error(400, "invalid_grant");
}

// VCI-4.1.1-16
#[test]
fn a_kept_offer_is_claimed_by_its_issuer_state_again_and_again() {
    let daemon = Daemon::start();
    let (management, wallet, key) = (daemon.management(), daemon.wallet(), HolderKey::es256());
    let body = json!({ "credentials": [daemon.configuration(MDL)], "issuerState": true });
    let made = management.post(OFFERS, &body).expect(200).json();
    let offer: Value = serde_json::from_str(&parameter(text(&made, "uri"), "credential_offer")).unwrap();
    let state = offer["grants"]["authorization_code"]["issuer_state"].as_str().unwrap();
    for _ in 0..2 {
        let code = wallet.log_in(&Asking { issuer_state: Some(state.into()), ..Asking::mdl() });
        wallet.send(&wallet.code_request(&code, &key)).expect(200);
    }
}
