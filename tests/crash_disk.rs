//! A disk that is full: clear errors, nothing that was answered is lost, and all is well again once there is room, without a restart.
//!
//! The limit on the size of files stands in for the disk: writes beyond it fail, and it can be lifted while the daemon runs.

use std::time::Duration;

use issuerd_tests::daemon::MDL;
use issuerd_tests::login::{Asking, CLIENT, PERSON, code_of};
use issuerd_tests::management::PRE_AUTHORIZED_OFFERS;
use issuerd_tests::wait::{now, until};
use issuerd_tests::wallet::credentials;
use issuerd_tests::{Answer, Connection, Daemon, HolderKey, Offer, Request};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::{Value, json};

use crate::crash_plugins::Guarded;

/// Limits what the daemon may write to a file to so many bytes, or to any number.
fn limit(daemon: &Daemon, bytes: Option<u64>) {
    let limit = Rlimit { current: bytes, maximum: None };
    prlimit(Some(Pid::from_raw(daemon.pid().cast_signed()).unwrap()), Resource::Fsize, limit).unwrap();
}

/// What is ready to be used when the disk fills up.
struct Prepared {
    offer: Offer,
    redeemed: String,
    code: String,
    granted: Value,
    approval: Request,
    request_uri: String,
}

impl Prepared {
    fn make(guarded: &Guarded, key: &HolderKey) -> Self {
        let (management, wallet) = (guarded.daemon.management(), guarded.daemon.wallet());
        let offer = || management.offer_of(&guarded.configuration, &json!({ "employee": "1042" }));
        let mut browser = Connection::open(wallet.address);
        let push = || wallet.send(&wallet.push_request(&Asking::mdl())).expect(201).json()["request_uri"].clone();
        let text = |value: Value| value.as_str().unwrap().to_owned();
        let opened = browser.send(&wallet.open_request(CLIENT, &text(push()))).expect(303);
        Self {
            redeemed: wallet.redeem(&offer()),
            offer: offer(),
            code: wallet.log_in(&Asking::mdl()),
            granted: wallet.send(&wallet.code_request(&wallet.log_in(&Asking::mdl()), key)).expect(200).json(),
            approval: wallet.to_approval(&mut browser, &opened, PERSON).unwrap(),
            request_uri: text(push()),
        }
    }

    /// All that a wallet may ask for now, by name, with the status of success.
    fn requests(&self, guarded: &Guarded, key: &HolderKey, nonces: &[String; 2]) -> Vec<(&'static str, Request, u16)> {
        let wallet = guarded.daemon.wallet();
        let text = |name: &str| self.granted[name].as_str().unwrap();
        let proof = issuerd_tests::Proof::new(key, &wallet.issuer, &nonces[0]).sign(key);
        let body = issuerd_tests::wallet::request_body(&guarded.configuration, &[proof]);
        let selector = ("credential_configuration_id", guarded.daemon.configuration(MDL));
        let bound = wallet.bound_credential_request_with(&nonces[1], text("access_token"), selector, key);
        vec![
            ("pre-authorized code", wallet.token_request(&self.offer.code, None), 200),
            ("credential with a plugin", wallet.credential_request(&self.redeemed, &body), 200),
            ("pushed request", wallet.push_request(&Asking::mdl()), 201),
            ("opened request", wallet.open_request(CLIENT, &self.request_uri), 303),
            ("approval", self.approval.clone(), 303),
            ("authorization code", wallet.code_request(&self.code, key), 200),
            ("refresh token", wallet.refresh_request(text("refresh_token"), key), 200),
            ("credential after a login", bound, 200),
        ]
    }
}

/// Makes offers with many claims until that fails: the ids of those that were answered, and the answer that was none.
fn fill(guarded: &Guarded, offers: &mut Vec<Offer>) -> Answer {
    let claims = json!({ "employee": "1042", "filler": "x".repeat(100_000) });
    let body = json!({ "credentials": [guarded.configuration], "claims": claims });
    let token = &guarded.daemon.ready.access_token;
    let request = Request::new("POST", PRE_AUTHORIZED_OFFERS).json(&body).bearer(token);
    let mut management = Connection::open(guarded.daemon.ready.management);
    loop {
        let answer = management.send(&request);
        if answer.status != 200 {
            return answer;
        }
        offers.push(Offer::read(answer));
    }
}

fn readiness(daemon: &Daemon) -> Answer {
    Request::get("/readyz").send(daemon.ready.management)
}

// OPS-01, OPS-06
#[test]
fn a_full_disk_loses_nothing_and_passes_without_a_restart() {
    let (guarded, key) = (Guarded::start(), HolderKey::es256());
    let (daemon, wallet) = (&guarded.daemon, guarded.daemon.wallet());
    let prepared = Prepared::make(&guarded, &key);
    let nonces = [wallet.nonce(), wallet.nonce()];
    let mut offers = Vec::new();
    // The file grows by doubling: it may a few times more.
    limit(daemon, Some(daemon.data().join("issuerd.redb").metadata().unwrap().len() + 4_000_000));
    let refused = fill(&guarded, &mut offers);
    assert!(!offers.is_empty());
    assert_eq!((refused.status, &refused.json()["code"]), (503, &json!("ServiceUnavailable")));
    assert_eq!(refused.header("retry-after"), Some("1"));
    // It stays so, whatever is asked, and everybody is told.
    let (start, mut rounds) = (now(), 0);
    while start.elapsed() < Duration::from_secs(3) || rounds == 0 {
        for (name, request, _) in prepared.requests(&guarded, &key, &nonces) {
            let answer = wallet.send(&request);
            assert_eq!(answer.status, 503, "{name}: {}", answer.text());
            assert!(answer.text().len() > 20 && answer.header("retry-after").is_some(), "{name}: {}", answer.text());
        }
        let told = readiness(daemon).expect(503).text();
        assert!(told.contains("store"), "{told}");
        assert_eq!(fill(&guarded, &mut offers).status, 503);
        rounds += 1;
    }
    assert!(daemon.management().metrics().contains("\nissuerd_ready 0\n"));
    // There is room again.
    limit(daemon, None);
    until("readiness", || (readiness(daemon).status == 200).then_some(()));
    for (name, request, status) in prepared.requests(&guarded, &key, &nonces) {
        let answer = wallet.send(&request);
        assert_eq!(answer.status, status, "{name}: {}", answer.text());
        if name == "approval" {
            code_of(answer.header("location").unwrap());
        }
    }
    // All of it happened once.
    wallet.token(&prepared.offer.code, None).expect_error(400, "invalid_grant");
    assert_eq!(wallet.send(&prepared.approval).status, 400);
    assert!(offers.iter().all(|offer| daemon.management().offer_state(&offer.id) == "open"));
    let token = wallet.redeem(offers.last().unwrap());
    let answer = wallet.ask(&token, &guarded.configuration, &[HolderKey::es256()]).expect(200);
    assert_eq!(credentials(&answer)[0].value("name").as_text(), Some("Mika Sommer"));
    println!("{} offers before the disk was full, {rounds} rounds of errors", offers.len());
}
