//! What wallets say became of credentials.

use issuerd_tests::configurations::membership;
use issuerd_tests::daemon::Options;
use issuerd_tests::prometheus::samples;
use issuerd_tests::wait::until;
use issuerd_tests::wallet::request_body;
use issuerd_tests::{Answer, Daemon, HolderKey, Request, Wallet};
use serde_json::{Value, json};

const NOTIFICATION: &str = "/v1/openid/notification";

/// A daemon with a configuration, an access token, and the response to a request with it.
struct Claimed {
    daemon: Daemon,
    configuration: String,
    token: String,
    response: Value,
    user: String,
}

impl Claimed {
    fn with(options: Options, copies: usize) -> Self {
        let daemon = Daemon::with(options);
        let configuration = daemon.management().create_configuration(&membership("org.example.club"));
        let (token, response, user) = claim(&daemon, &configuration, copies);
        Self { daemon, configuration, token, response, user }
    }

    fn id(&self) -> &str {
        self.response["notification_id"].as_str().unwrap_or_else(|| panic!("{}", self.response))
    }

    fn notify(&self, body: &Value) -> Answer {
        self.daemon.wallet().notify(&self.token, body)
    }

    fn records(&self) -> Vec<Value> {
        self.daemon.management().list(&format!("/v1/users/{}/credentials", self.user))
    }
}

trait Notify {
    fn notify(&self, token: &str, body: &Value) -> Answer;
}

impl Notify for Wallet {
    fn notify(&self, token: &str, body: &Value) -> Answer {
        self.send(&Request::new("POST", &self.path(NOTIFICATION)).bearer(token).json(body))
    }
}

/// A token, what was issued with it, and to whom.
fn claim(daemon: &Daemon, configuration: &str, copies: usize) -> (String, Value, String) {
    let (management, wallet) = (daemon.management(), daemon.wallet());
    let offer = management.offer_of(configuration, &json!({ "name": "Mika Sommer" }));
    let token = wallet.redeem(&offer);
    let keys: Vec<_> = (0..copies).map(|_| HolderKey::es256()).collect();
    let response = wallet.ask(&token, configuration, &keys).expect(200).json();
    let user = management.offer_view(&offer.id)["userId"].as_str().unwrap().to_owned();
    (token, response, user)
}

fn said(id: &str, event: &str) -> Value {
    json!({ "notification_id": id, "event": event })
}

// VCI-12.2.4-06, VCI-8.3-08, VCI-11-02, VCI-11-03, VCI-11-06, VCI-11.1-01, VCI-11.1-05, VCI-11.2-01
#[test]
fn events_are_kept_in_their_order_for_all_copies_of_a_response() {
    let claimed = Claimed::with(Options::default(), 3);
    let endpoint = claimed.daemon.wallet().metadata()["notification_endpoint"].clone();
    assert_eq!(endpoint, format!("{}{NOTIFICATION}", claimed.daemon.ready.issuer));
    assert!(claimed.records().iter().all(|record| record.get("notifications").is_none()));
    let failed = json!({ "notification_id": claimed.id(), "event": "credential_failure",
        "event_description": "storage <full>", "x_unknown": [1] });
    for body in [
        said(claimed.id(), "credential_accepted"),
        said(claimed.id(), "credential_accepted"),
        failed.clone(),
        failed,
        said(claimed.id(), "credential_deleted"),
    ] {
        let answer = claimed.notify(&body).expect(204);
        assert!(answer.body.is_empty() && answer.lists("cache-control", "no-store"), "{:?}", answer.headers);
    }
    let records = claimed.records();
    assert_eq!(records.len(), 3);
    for record in &records {
        let told = record["notifications"].as_array().unwrap();
        let events: Vec<_> = told.iter().map(|one| one["event"].as_str().unwrap()).collect();
        assert_eq!(events, ["credential_accepted", "credential_failure", "credential_deleted"]);
        assert_eq!(told[1]["description"], "storage <full>");
        assert!(told.iter().all(|one| one["receivedAt"].is_string()));
    }
    let counted = samples(&claimed.daemon.management().metrics());
    for (event, count) in [("accepted", 2.0), ("failure", 2.0), ("deleted", 1.0)] {
        let series = format!("issuerd_credential_notifications_total{{event=\"credential_{event}\"}}");
        assert!((counted[&series] - count).abs() < 0.1, "{event}");
    }
    let events = counted["issuerd_analytics_events_total{event=\"OPENID_NOTIFICATION_SUCCESS\"}"];
    assert!((events - 5.0).abs() < 0.1);
}

// VCI-11.1-02, VCI-11.1-03, VCI-11.1-04, VCI-11-05, SEC-IDOR-01
#[test]
fn bad_requests_and_ids_of_others_are_refused() {
    let claimed = Claimed::with(Options::default(), 1);
    let (_, other, _) = claim(&claimed.daemon, &claimed.configuration, 1);
    let foreign = other["notification_id"].as_str().unwrap();
    let mut answers = Vec::new();
    for id in [foreign, "nobody", "", &foreign[1..]] {
        let answer = claimed.notify(&said(id, "credential_accepted"));
        answers.push(answer.text());
        answer.expect_error(400, "invalid_notification_id");
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "no oracle: {answers:?}");
    let id = claimed.id();
    for body in [
        json!({}),
        json!({ "event": "credential_accepted" }),
        json!({ "notification_id": id }),
        json!({ "notification_id": [id], "event": "credential_accepted" }),
        said(id, "Credential_Accepted"),
        said(id, "credential_stolen"),
        json!({ "notification_id": id, "event": "credential_failure", "event_description": "a\nb" }),
        json!({ "notification_id": id, "event": "credential_failure", "event_description": "é" }),
        json!({ "notification_id": id, "event": "credential_failure", "event_description": "x".repeat(1001) }),
        json!([]),
    ] {
        claimed.notify(&body).expect_error(400, "invalid_notification_request");
    }
    let wallet = claimed.daemon.wallet();
    let raw = |kind: &str, body: &str| {
        let request = Request::new("POST", NOTIFICATION).bearer(&claimed.token).content(kind, body);
        wallet.send(&request)
    };
    raw("application/json", "{").expect_error(400, "invalid_notification_request");
    let twice = format!(r#"{{"notification_id":"{id}","event":"credential_accepted","event":"credential_deleted"}}"#);
    raw("application/json", &twice).expect_error(400, "invalid_notification_request");
    raw("text/plain", "{}").expect_error(415, "invalid_notification_request");
    let huge = format!(r#"{{"notification_id":"{id}","event_description":"{}"}}"#, "x".repeat(1 << 20));
    raw("application/json", &huge).expect(413);
    assert!(claimed.records()[0].get("notifications").is_none());
    claimed.notify(&said(id, "credential_accepted")).expect(204);
}

// VCI-11-01, BRR-3-01, BRR-3-02
#[test]
fn the_access_token_is_needed_and_looked_at_first() {
    let claimed = Claimed::with(Options::default(), 1);
    let wallet = claimed.daemon.wallet();
    let bare = wallet.send(&Request::new("POST", NOTIFICATION).json(&said(claimed.id(), "credential_accepted")));
    assert!(bare.header("www-authenticate").is_some());
    bare.expect(401);
    wallet.notify("nonsense", &json!([])).expect_error(401, "invalid_token");
}

// DPP-7.1-01, VCI-11-01
#[test]
fn a_bound_token_comes_with_its_proof() {
    let daemon = Daemon::start();
    let configuration = daemon.management().create_configuration(&membership("org.example.club"));
    let (wallet, key) = (daemon.wallet(), HolderKey::es256());
    let offer = daemon.management().offer_of(&configuration, &json!({ "name": "Mika" }));
    let token = wallet.redeem_bound(&offer.code, &key);
    let body = request_body(&configuration, &[wallet.proof(&key).sign(&key)]);
    let request = Request::new("POST", &wallet.credential_path()).json(&body);
    let request = request.header("Authorization", &format!("DPoP {token}"));
    let response = wallet.send(&request.dpop(&wallet.credential_dpop(&key, &token).sign(&key))).expect(200).json();
    let body = said(response["notification_id"].as_str().unwrap(), "credential_accepted");
    wallet.notify(&token, &body).expect_error(401, "invalid_token");
    let uri = format!("{}{NOTIFICATION}", wallet.issuer);
    let proof = |key: &HolderKey| issuerd_tests::Proof::dpop(key, "POST", &uri).ath(&token).sign(key);
    let request = || Request::new("POST", NOTIFICATION).json(&body).header("Authorization", &format!("DPoP {token}"));
    wallet.send(&request().dpop(&proof(&HolderKey::es256()))).expect(401);
    wallet.send(&request().dpop(&proof(&key))).expect(204);
}

// VCI-11-04, OPS-06
#[test]
fn what_was_said_survives_a_kill() {
    let claimed = Claimed::with(Options::default(), 1);
    let id = claimed.id().to_owned();
    claimed.notify(&said(&id, "credential_accepted")).expect(204);
    let Claimed { daemon, configuration, token, response, user } = claimed;
    let daemon = daemon.kill_and_restart();
    let claimed = Claimed { daemon, configuration, token, response, user };
    assert_eq!(claimed.records()[0]["notifications"][0]["event"], "credential_accepted");
    claimed.notify(&said(&id, "credential_deleted")).expect(204);
    assert_eq!(claimed.records()[0]["notifications"].as_array().unwrap().len(), 2);
}

#[test]
fn events_without_end_take_no_room_without_end() {
    let claimed = Claimed::with(Options::default(), 1);
    for round in 0..50 {
        let event = if round % 2 == 0 { "credential_accepted" } else { "credential_deleted" };
        claimed.notify(&said(claimed.id(), event)).expect(204);
    }
    let told = claimed.records()[0]["notifications"].as_array().unwrap().len();
    assert_eq!(told, 20);
}

// SEC-LOG-01, VCI-15.3-02
#[test]
fn neither_the_id_nor_the_words_of_a_wallet_are_logged() {
    let options = Options::default().environment("ISSUERD_LOG_LEVEL", "trace");
    let claimed = Claimed::with(options, 1);
    let body = json!({ "notification_id": claimed.id(), "event": "credential_failure",
        "event_description": "Kieselsteinsammlerin" });
    claimed.notify(&body).expect(204);
    until("the request is logged", || claimed.daemon.stderr().contains(NOTIFICATION).then_some(()));
    let log = claimed.daemon.stderr();
    assert!(!log.contains("Kieselsteinsammlerin") && !log.contains(claimed.id()), "{log}");
    let data = std::fs::read(claimed.daemon.data().join("issuerd.redb")).unwrap();
    assert!(!data.windows(20).any(|window| window == b"Kieselsteinsammlerin"));
}

// VCI-12.2.4-06
#[test]
fn where_nobody_asks_nothing_is_named() {
    let options = Options::default().environment("ISSUERD_ISSUANCE_NOTIFICATIONS", "false");
    let claimed = Claimed::with(options, 1);
    assert!(claimed.response.get("notification_id").is_none());
    assert!(claimed.daemon.wallet().metadata().get("notification_endpoint").is_none());
}
