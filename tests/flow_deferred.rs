//! Credentials that are to be had later.

use issuerd_tests::configurations::{changed, membership};
use issuerd_tests::daemon::Options;
use issuerd_tests::jwe::{Jwe, ResponseKey};
use issuerd_tests::login::Asking;
use issuerd_tests::wait::until;
use issuerd_tests::wallet::credentials;
use issuerd_tests::{Answer, Daemon, HolderKey, Offer, Proof, Request};
use serde_json::{Value, json};

pub(crate) const CLUB: &str = "org.example.club";
pub(crate) const DEFERRED: &str = "/v1/openid/deferred";
const ENDPOINT: &str = "/v1/openid/deferred_credential";

/// A daemon whose club cards an operator must approve.
struct House {
    daemon: Daemon,
    configuration: String,
}

impl House {
    fn new() -> Self {
        Self::with(Options::default())
    }

    fn with(options: Options) -> Self {
        let daemon = Daemon::with(options.environment("ISSUERD_ISSUANCE_APPROVAL_INTERVAL", "7"));
        let body = changed(membership(CLUB), "/approvalRequired", true);
        let configuration = daemon.management().create_configuration(&body);
        Self { daemon, configuration }
    }

    fn offer(&self) -> Offer {
        self.daemon.management().offer_of(&self.configuration, &json!({ "name": "Mika Sommer" }))
    }

    /// Asks for a card; the `transaction_id`.
    #[track_caller]
    fn deferred(&self, token: &str, keys: &[HolderKey]) -> String {
        transaction(&self.daemon.wallet().ask(token, &self.configuration, keys))
    }

    fn come_back(&self, token: &str, transaction_id: &str) -> Answer {
        let wallet = self.daemon.wallet();
        wallet.send(&wallet.deferred_request(token, transaction_id))
    }

    fn waiting(&self) -> Vec<Value> {
        self.daemon.management().list(DEFERRED)
    }

    /// The word of an operator on the one transaction that there is.
    #[track_caller]
    fn decide(&self, word: &str, body: &Value) -> Value {
        let [one] = self.waiting().try_into().unwrap();
        let id = one["id"].as_str().unwrap();
        self.daemon.management().post(&format!("{DEFERRED}/{id}/{word}"), body).expect(200).json()
    }
}

/// The `transaction_id` of a response that defers.
#[track_caller]
pub(crate) fn transaction(answer: &Answer) -> String {
    let answer = answer.clone().expect(202);
    assert_eq!(answer.media_type(), "application/json");
    assert!(answer.lists("cache-control", "no-store"), "{:?}", answer.headers);
    let body = answer.json();
    // VCI-8.3-02: these two and nothing else.
    assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["interval", "transaction_id"]);
    assert!(body["interval"].as_u64().unwrap() > 0);
    body["transaction_id"].as_str().unwrap().to_owned()
}

// VCI-12.2.4-05, VCI-8.3-02, VCI-9-01, VCI-9-03, VCI-9.1-02, VCI-9.1-03, VCI-9.2-01, VCI-9.2-02, VCI-9.2-04, VCI-9.2-05
#[test]
fn an_operator_approves_and_the_wallet_has_its_credentials_once() {
    let house = House::new();
    let wallet = house.daemon.wallet();
    assert_eq!(wallet.metadata()["deferred_credential_endpoint"], format!("{}{ENDPOINT}", house.daemon.ready.issuer));
    let (offer, keys) = (house.offer(), [HolderKey::es256(), HolderKey::eddsa()]);
    let token = wallet.redeem(&offer);
    let transaction_id = house.deferred(&token, &keys);
    assert_eq!(transaction_id.len(), 43, "256 bits");
    for _ in 0..10 {
        let again = house.come_back(&token, &transaction_id);
        assert_eq!(again.json()["interval"], 7);
        assert_eq!(transaction(&again), transaction_id);
    }
    let [waiting] = house.waiting().try_into().unwrap();
    assert_eq!((&waiting["state"], &waiting["copies"]), (&json!("awaiting-approval"), &json!(2)), "{waiting}");
    assert_eq!(waiting["offerId"], offer.id.as_str());
    assert!(!waiting.to_string().contains("Sommer") && !waiting.to_string().contains(&transaction_id), "{waiting}");
    assert_eq!(house.decide("approve", &json!({}))["state"], "approved");
    assert_eq!(house.decide("approve", &json!({}))["state"], "approved", "twice is once");
    let answer = house.come_back(&token, &transaction_id).expect(200);
    assert!(answer.json()["notification_id"].is_string());
    let mdocs = credentials(&answer);
    assert_eq!(mdocs.len(), 2);
    for (mdoc, key) in mdocs.iter().zip(&keys) {
        mdoc.verify(&house.daemon.management().iaca());
        assert!(mdoc.is_bound_to(key));
        assert_eq!(mdoc.value("name").as_text(), Some("Mika Sommer"));
    }
    house.come_back(&token, &transaction_id).expect_error(400, "invalid_transaction_id");
    assert!(house.waiting().is_empty());
    assert_eq!(house.daemon.management().offer_state(&offer.id), "issued");
    wallet.ask(&token, &house.configuration, &keys).expect_error(400, "credential_request_denied");
}

// VCI-9.2-03, VCI-8.3.1.2-05
#[test]
fn an_operator_denies_for_good_and_can_say_why() {
    let house = House::new();
    let token = house.daemon.wallet().redeem(&house.offer());
    let transaction_id = house.deferred(&token, &[HolderKey::es256()]);
    let [waiting] = house.waiting().try_into().unwrap();
    let path = format!("{DEFERRED}/{}", waiting["id"].as_str().unwrap());
    let management = house.daemon.management();
    for wrong in
        [json!({ "message": "" }), json!({ "message": "a\"b" }), json!({ "massage": "x" }), json!({ "message": 7 })]
    {
        management.post(&format!("{path}/deny"), &wrong).expect(400);
    }
    let denied = house.decide("deny", &json!({ "message": "Please visit the office." }));
    assert_eq!(denied["state"], "denied");
    management.post(&format!("{path}/approve"), &json!({})).expect(409);
    for _ in 0..2 {
        let answer = house.come_back(&token, &transaction_id);
        assert!(answer.text().contains("Please visit the office."), "{}", answer.text());
        answer.expect_error(400, "credential_request_denied");
    }
    management.post(&format!("{DEFERRED}/00000000-0000-4000-8000-000000000000/approve"), &json!({})).expect(404);
    management.post(&format!("{DEFERRED}/nonsense/deny"), &json!({})).expect(400);
    management.get(&path).expect(200);
}

// VCI-9-01, VCI-9.1-01, VCI-9.1-02, VCI-9-03, SEC-IDOR-01
#[test]
fn a_transaction_is_of_its_grant_alone() {
    let house = House::new();
    let wallet = house.daemon.wallet();
    let (token, other) = (wallet.redeem(&house.offer()), wallet.redeem(&house.offer()));
    let transaction_id = house.deferred(&token, &[HolderKey::es256()]);
    house.decide("approve", &json!({}));
    let foreign = house.come_back(&other, &transaction_id);
    let unknown = house.come_back(&other, "nobody");
    assert_eq!(foreign.text(), unknown.text(), "no oracle");
    foreign.expect_error(400, "invalid_transaction_id");
    house.come_back("nonsense", &transaction_id).expect_error(401, "invalid_token");
    let bare = Request::new("POST", ENDPOINT).json(&json!({ "transaction_id": transaction_id }));
    wallet.send(&bare).expect(401);
    for body in [json!({}), json!({ "transaction_id": 7 }), json!({ "transaction_id": null }), json!([])] {
        let request = Request::new("POST", ENDPOINT).bearer(&token).json(&body);
        wallet.send(&request).expect_error(400, "invalid_credential_request");
    }
    let form = Request::new("POST", ENDPOINT).bearer(&token).form([("transaction_id", transaction_id.as_str())]);
    wallet.send(&form).expect_error(415, "invalid_credential_request");
    credentials(&house.come_back(&token, &transaction_id).expect(200));
}

// VCI-10-05, VCI-9.1-05, VCI-9.1-06, VCI-9.1-07, VCI-8.3.1.2-02
#[test]
fn encryption_is_that_of_each_request() {
    let house = House::new();
    let wallet = house.daemon.wallet();
    let token = wallet.redeem(&house.offer());
    let holder = HolderKey::es256();
    let proof = Proof::new(&holder, &wallet.issuer, &wallet.nonce()).sign(&holder);
    let mut body = issuerd_tests::wallet::request_body(&house.configuration, &[proof]);
    let first = ResponseKey::new();
    body["credential_response_encryption"] = first.parameters("A128GCM");
    let answer = wallet.send(&wallet.encrypted_request(&token, &body)).expect(202);
    let (_, content) = first.open_answer(&answer);
    let transaction_id = content["transaction_id"].as_str().unwrap();
    // The key of the first request is of no use for the second.
    transaction(&house.come_back(&token, transaction_id));
    let ask = |parameters: &Value| {
        let body = json!({ "transaction_id": transaction_id, "credential_response_encryption": parameters });
        let (jwe, jwk) = Jwe::for_issuer(&wallet.metadata(), "A256GCM", &body);
        let request = Request::new("POST", ENDPOINT).bearer(&token);
        wallet.send(&request.content("application/jwt", jwe.encrypt(&jwk)))
    };
    let second = ResponseKey::new().named("w2");
    let answer = ask(&second.parameters("A256GCM")).expect(202);
    assert_eq!(second.open_answer(&answer).0["kid"], "w2");
    ask(&json!({ "enc": "A256GCM" })).expect_error(400, "invalid_encryption_parameters");
    let plain = json!({ "transaction_id": transaction_id,
        "credential_response_encryption": ResponseKey::new().parameters("A256GCM") });
    let plain = Request::new("POST", ENDPOINT).bearer(&token).json(&plain);
    wallet.send(&plain).expect_error(400, "invalid_encryption_parameters");
    house.decide("approve", &json!({}));
    let last = ResponseKey::new();
    let answer = ask(&last.parameters("A256GCM")).expect(200);
    assert_eq!(last.open_answer(&answer).1["credentials"].as_array().unwrap().len(), 1);
}

// DPP-7.1-01, VCI-9-02
#[test]
fn a_bound_token_comes_with_its_proof_and_serves_after_its_end() {
    let house = House::with(Options::default().environment("ISSUERD_ISSUANCE_ACCESS_TOKEN_LIFETIME", "10"));
    let (wallet, key) = (house.daemon.wallet(), HolderKey::es256());
    let token = wallet.redeem_bound(&house.offer().code, &key);
    let ask = || {
        let body = issuerd_tests::wallet::request_body(&house.configuration, &[wallet.proof(&key).sign(&key)]);
        let request = Request::new("POST", &wallet.credential_path()).json(&body);
        let request = request.header("Authorization", &format!("DPoP {token}"));
        wallet.send(&request.dpop(&wallet.credential_dpop(&key, &token).sign(&key)))
    };
    let transaction_id = transaction(&ask());
    let uri = format!("{}{ENDPOINT}", wallet.issuer);
    let come_back = |by: &HolderKey| {
        let request = Request::new("POST", ENDPOINT).json(&json!({ "transaction_id": transaction_id }));
        let proof = Proof::dpop(by, "POST", &uri).ath(&token).sign(by);
        wallet.send(&request.header("Authorization", &format!("DPoP {token}")).dpop(&proof))
    };
    house.come_back(&token, &transaction_id).expect_error(401, "invalid_token");
    come_back(&HolderKey::es256()).expect(401);
    transaction(&come_back(&key));
    // At the credential endpoint the token ends when it was to end; for its transaction it goes on.
    let probe = || {
        let request = Request::new("POST", &wallet.credential_path()).json(&json!({}));
        let request = request.header("Authorization", &format!("DPoP {token}"));
        wallet.send(&request.dpop(&wallet.credential_dpop(&key, &token).sign(&key))).status
    };
    until("the end of the access token", || (probe() == 401).then_some(()));
    transaction(&come_back(&key));
    house.decide("approve", &json!({}));
    credentials(&come_back(&key).expect(200));
    come_back(&key).expect_error(401, "invalid_token");
}

// VCI-9-02
#[test]
fn a_refreshed_token_of_the_same_login_serves_too() {
    let mut house = House::new();
    let body = changed(membership("org.example.other"), "/approvalRequired", true);
    let body = changed(body, "/claimMappings/org.example.membership/name/mapFrom", "claims.family_name");
    house.configuration = house.daemon.management().create_configuration(&body);
    let (wallet, key) = (house.daemon.wallet(), HolderKey::es256());
    let code = wallet.log_in(&Asking::details(&[&house.configuration]));
    let granted = wallet.send(&wallet.code_request(&code, &key)).expect(200).json();
    let (token, refresh) = (granted["access_token"].as_str().unwrap(), granted["refresh_token"].as_str().unwrap());
    let identifier = granted["authorization_details"][0]["credential_identifiers"][0].as_str().unwrap();
    let selector = ("credential_identifier", identifier);
    let transaction_id = transaction(&wallet.send(&wallet.bound_credential_request(token, selector, &key)));
    let [waiting] = house.waiting().try_into().unwrap();
    assert!(waiting["authorizationId"].is_string(), "{waiting}");
    house.decide("approve", &json!({}));
    let fresh = wallet.send(&wallet.refresh_request(refresh, &key)).expect(200).json();
    let fresh = fresh["access_token"].as_str().unwrap();
    let proof = Proof::dpop(&key, "POST", &format!("{}{ENDPOINT}", wallet.issuer)).ath(fresh).sign(&key);
    let request = Request::new("POST", ENDPOINT).json(&json!({ "transaction_id": transaction_id }));
    let request = request.header("Authorization", &format!("DPoP {fresh}")).dpop(&proof);
    assert_eq!(credentials(&wallet.send(&request).expect(200)).len(), 1);
}

#[test]
fn a_wallet_that_lost_its_transaction_asks_again() {
    let house = House::new();
    let token = house.daemon.wallet().redeem(&house.offer());
    let first = house.deferred(&token, &[HolderKey::es256()]);
    house.decide("approve", &json!({}));
    let key = HolderKey::es256();
    let second = house.deferred(&token, std::slice::from_ref(&key));
    house.come_back(&token, &first).expect_error(400, "invalid_transaction_id");
    // The operator is not asked twice for the same credential.
    let mdoc = credentials(&house.come_back(&token, &second).expect(200)).remove(0);
    assert!(mdoc.is_bound_to(&key));
}

// VCI-F.1-09: the proof of a deferred request is spent.
#[test]
fn a_nonce_is_taken_when_a_request_is_deferred() {
    let house = House::new();
    let (wallet, key) = (house.daemon.wallet(), HolderKey::es256());
    let token = wallet.redeem(&house.offer());
    let proof = Proof::new(&key, &wallet.issuer, &wallet.nonce()).sign(&key);
    let body = issuerd_tests::wallet::request_body(&house.configuration, &[proof]);
    transaction(&wallet.credential(&token, &body));
    wallet.credential(&token, &body).expect_error(400, "invalid_nonce");
}

// OPS-06
#[test]
fn a_transaction_survives_a_kill_before_and_after_the_approval() {
    let house = House::new();
    let (offer, key) = (house.offer(), HolderKey::es256());
    let token = house.daemon.wallet().redeem(&offer);
    let transaction_id = house.deferred(&token, std::slice::from_ref(&key));
    let house = House { daemon: house.daemon.kill_and_restart(), ..house };
    transaction(&house.come_back(&token, &transaction_id));
    house.decide("approve", &json!({}));
    let house = House { daemon: house.daemon.kill_and_restart(), ..house };
    let mdoc = credentials(&house.come_back(&token, &transaction_id).expect(200)).remove(0);
    assert!(mdoc.is_bound_to(&key));
    let house = House { daemon: house.daemon.kill_and_restart(), ..house };
    house.come_back(&token, &transaction_id).expect_error(400, "invalid_transaction_id");
}

// SEC-LOG-01, OPS-08
#[test]
fn what_waits_is_sealed_and_gone_when_it_ends() {
    let house = House::new();
    let offer = house.daemon.management().offer_of(&house.configuration, &json!({ "name": "Zwiebelturmwaechter" }));
    let token = house.daemon.wallet().redeem(&offer);
    let transaction_id = house.deferred(&token, &[HolderKey::es256()]);
    let data = std::fs::read(house.daemon.data().join("issuerd.redb")).unwrap();
    for planted in ["Zwiebelturmwaechter", &transaction_id, &token] {
        assert!(!data.windows(planted.len()).any(|window| window == planted.as_bytes()), "{planted}");
        assert!(!house.daemon.stderr().contains(planted), "{planted}");
    }
    house.decide("deny", &json!({}));
    // Ending the offer ends what came of it.
    house.daemon.management().delete_offer(&offer.id);
    house.come_back(&token, &transaction_id).expect(401);
}

// OPS-03
#[test]
fn only_who_may_make_offers_decides() {
    let house = House::new();
    let token = house.daemon.wallet().redeem(&house.offer());
    house.deferred(&token, &[HolderKey::es256()]);
    let [waiting] = house.waiting().try_into().unwrap();
    let path = format!("{DEFERRED}/{}/approve", waiting["id"].as_str().unwrap());
    let send = |request: Request| request.send(house.daemon.ready.management);
    send(Request::new("POST", &path)).expect(401);
    send(Request::new("POST", &path).bearer(&token)).expect(401);
    send(Request::get(DEFERRED).bearer(&token)).expect(401);
}
