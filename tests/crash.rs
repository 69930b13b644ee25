//! Crash: what was answered is kept, what was spent stays spent, whenever the daemon is killed.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a failed expectation is the failure of the test"
)]

mod crash_code;
mod crash_disk;
mod crash_plugins;
mod crash_status;

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use issuerd_tests::configurations::{changed, membership};
use issuerd_tests::daemon::{MDL, Options};
use issuerd_tests::login::Asking;
use issuerd_tests::management::{CONFIGURATIONS, PRE_AUTHORIZED_OFFERS, details};
use issuerd_tests::wait::until;
use issuerd_tests::wallet::request_body;
use issuerd_tests::{Answer, Connection, Daemon, HolderKey, Offer, Proof, Request};
use ring::rand::SecureRandom as _;
use serde_json::{Value, json};

const ROUNDS: usize = 30;
const WALLETS: usize = 8;

/// How far a wallet came with an offer, by answers it received. A step that was under way is noted before it is asked for.
struct Trail {
    offer: Offer,
    asked_token: bool,
    token: Option<String>,
    asked_credential: bool,
    issued: bool,
}

/// What happened to a configuration.
struct Change {
    doc_type: String,
    id: Option<String>,
    asked_delete: bool,
    deleted: bool,
}

#[derive(Default)]
struct Ledger {
    trails: Mutex<Vec<Trail>>,
    changes: Mutex<Vec<Change>>,
    answers: AtomicUsize,
}

impl Ledger {
    /// The answer, counted.
    fn note(&self, answer: io::Result<Answer>, status: u16) -> io::Result<Answer> {
        let answer = answer?.expect(status);
        self.answers.fetch_add(1, Ordering::SeqCst);
        Ok(answer)
    }
}

struct Load<'a> {
    ledger: &'a Ledger,
    daemon: &'a Daemon,
    configuration: &'a str,
    claims: Value,
    key: &'a HolderKey,
}

impl Load<'_> {
    /// Claims offer after offer until the daemon is gone.
    fn claim(&self) -> io::Result<()> {
        let wallet = self.daemon.wallet();
        let mut management = Connection::try_open(self.daemon.ready.management)?;
        let mut public = Connection::try_open(self.daemon.public())?;
        let body = json!({ "credentials": [self.configuration], "claims": self.claims });
        let create = Request::new("POST", PRE_AUTHORIZED_OFFERS).json(&body).bearer(&self.daemon.ready.access_token);
        loop {
            let offer = Offer::read(self.ledger.note(management.try_send(&create), 200)?);
            let code = offer.code.clone();
            let place = {
                let mut trails = self.ledger.trails.lock().unwrap();
                trails.push(Trail { offer, asked_token: true, token: None, asked_credential: false, issued: false });
                trails.len() - 1
            };
            let granted = self.ledger.note(public.try_send(&wallet.token_request(&code, None)), 200)?.json();
            let token = granted["access_token"].as_str().unwrap().to_owned();
            self.ledger.trails.lock().unwrap()[place].token = Some(token.clone());
            let nonce = self.ledger.note(public.try_send(&Request::post(&wallet.nonce_path())), 200)?.json();
            let proof = Proof::new(self.key, &wallet.issuer, nonce["c_nonce"].as_str().unwrap()).sign(self.key);
            self.ledger.trails.lock().unwrap()[place].asked_credential = true;
            let request = wallet.credential_request(&token, &request_body(self.configuration, &[proof]));
            self.ledger.note(public.try_send(&request), 200)?;
            self.ledger.trails.lock().unwrap()[place].issued = true;
        }
    }

    /// Creates and deletes configurations until the daemon is gone.
    fn configure(&self, round: usize) -> io::Result<()> {
        let mut management = Connection::try_open(self.daemon.ready.management)?;
        let token = &self.daemon.ready.access_token;
        for number in 0.. {
            let doc_type = format!("org.example.crash.{round}.{number}");
            let place = {
                let mut changes = self.ledger.changes.lock().unwrap();
                changes.push(Change { doc_type: doc_type.clone(), id: None, asked_delete: false, deleted: false });
                changes.len() - 1
            };
            let create = Request::new("POST", CONFIGURATIONS).json(&membership(&doc_type)).bearer(token);
            let made = self.ledger.note(management.try_send(&create), 201)?.json();
            let id = made["id"].as_str().unwrap().to_owned();
            self.ledger.changes.lock().unwrap()[place].id = Some(id.clone());
            if number % 2 == 1 {
                self.ledger.changes.lock().unwrap()[place].asked_delete = true;
                let delete = Request::new("DELETE", &format!("{CONFIGURATIONS}/{id}")).bearer(token);
                self.ledger.note(management.try_send(&delete), 204)?;
                self.ledger.changes.lock().unwrap()[place].deleted = true;
            }
        }
        Ok(())
    }
}

/// A number below `bound`.
fn random(bound: usize) -> usize {
    let mut bytes = [0; 4];
    issuerd_tests::key::random().fill(&mut bytes).unwrap();
    u32::from_be_bytes(bytes) as usize % bound
}

/// Kills the daemon, while others use it, as soon as `reached`.
fn kill_when(daemon: &Daemon, mut reached: impl FnMut() -> bool) {
    let pid = rustix::process::Pid::from_raw(daemon.pid().cast_signed()).unwrap();
    until("the moment of the kill", || reached().then_some(()));
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

/// Loads the daemon and kills it at a random moment.
fn load_and_kill(daemon: Daemon, configuration: &str, ledger: &Ledger, round: usize) -> Daemon {
    let key = HolderKey::es256();
    let target = ledger.answers.load(Ordering::SeqCst) + 10 + random(400);
    let load = Load { ledger, daemon: &daemon, configuration, claims: json!({ "name": "Mika" }), key: &key };
    thread::scope(|scope| {
        let load = &load;
        for _ in 0..WALLETS {
            scope.spawn(|| load.claim().expect_err("the daemon was killed"));
        }
        scope.spawn(move || load.configure(round).expect_err("the daemon was killed"));
        kill_when(&daemon, || ledger.answers.load(Ordering::SeqCst) >= target);
    });
    daemon.kill_and_restart()
}

fn check_trails(daemon: &Daemon, configuration: &str, trails: &[Trail]) {
    let (management, wallet, key) = (daemon.management(), daemon.wallet(), HolderKey::es256());
    for trail in trails {
        let state = management.offer_state(&trail.offer.id);
        let possible: &[&str] = match trail {
            Trail { issued: true, .. } => &["issued"],
            Trail { asked_credential: true, .. } => &["redeemed", "issued"],
            Trail { token: Some(_), .. } => &["redeemed"],
            Trail { asked_token: true, .. } => &["open", "redeemed"],
            Trail { .. } => &["open"],
        };
        assert!(possible.contains(&state.as_str()), "{state} is none of {possible:?}");
        // No code is accepted twice; one that was never accepted still is.
        let again = wallet.token(&trail.offer.code, None);
        if state == "open" {
            again.expect(200);
        } else {
            again.expect_error(400, "invalid_grant");
        }
        // An acknowledged token works on, and issues what it has not issued.
        if let Some(token) = &trail.token {
            let answer = wallet.ask(token, configuration, std::slice::from_ref(&key));
            let expected = if state == "issued" { 400 } else { 200 };
            assert_eq!(answer.status, expected, "{state}: {}", answer.text());
        }
    }
}

fn check_configurations(daemon: &Daemon, changes: &[Change]) {
    let management = daemon.management();
    let all = management.list(CONFIGURATIONS);
    for change in changes {
        let found: Vec<_> = all.iter().filter(|one| one["type"] == *change.doc_type).collect();
        let (least, most) = match change {
            Change { deleted: true, .. } => (0, 0),
            Change { asked_delete: true, .. } | Change { id: None, .. } => (0, 1),
            Change { .. } => (1, 1),
        };
        assert!((least..=most).contains(&found.len()), "{} configurations of {}", found.len(), change.doc_type);
        // Whole or not there: its type is taken exactly when it is listed, and offers of it can be made.
        let again = management.post(CONFIGURATIONS, &membership(&change.doc_type));
        if let Some(found) = found.first() {
            assert_eq!(details(&again)[0].0, "type");
            let offer = json!({ "credentials": [found["id"]], "claims": { "name": "Mika" } });
            management.post(PRE_AUTHORIZED_OFFERS, &offer).expect(200);
        } else {
            again.expect(201);
        }
    }
}

// OPS-06, HTP-ERR-03, VCI-13.6.3-03
#[test]
fn thirty_kills_lose_nothing_and_revive_nothing() {
    let mut daemon = Daemon::with(Options { release: true, ..Options::default() });
    let configuration = daemon.management().create_configuration(&membership("org.example.club"));
    let ledger = Ledger::default();
    let mut checked = (0, 0);
    let mut slowest = Duration::ZERO;
    for round in 0..ROUNDS {
        daemon = load_and_kill(daemon, &configuration, &ledger, round);
        slowest = slowest.max(daemon.ready.after);
        let (trails, changes) = (ledger.trails.lock().unwrap(), ledger.changes.lock().unwrap());
        check_trails(&daemon, &configuration, &trails[checked.0..]);
        check_configurations(&daemon, &changes[checked.1..]);
        checked = (trails.len(), changes.len());
    }
    // Of the first rounds, too, nothing was lost by the last.
    let trails = ledger.trails.lock().unwrap();
    for trail in trails.iter().filter(|trail| trail.issued).step_by(50) {
        assert_eq!(daemon.management().offer_state(&trail.offer.id), "issued");
    }
    assert!(checked.0 > ROUNDS && checked.1 > 0, "{checked:?}");
    println!("{} offers over {ROUNDS} kills; slowest start {slowest:?}", checked.0);
    assert!(slowest < Duration::from_secs(1), "a start took {slowest:?}");
}

// OPS-06, OAU-4.1.2-04: with authorization codes, one daemon is killed again and again while codes are redeemed.
#[test]
fn codes_and_tokens_after_a_login_survive_kills() {
    let mut daemon = Daemon::with(Options { release: true, ..Options::default() });
    let key = HolderKey::es256();
    for round in 0..10 {
        let wallet = daemon.wallet();
        let codes: Vec<_> = (0..16).map(|_| wallet.log_in(&Asking::mdl())).collect();
        let (address, answered) = (daemon.public(), AtomicUsize::new(0));
        let redeem = |request: Request| {
            let answer = Connection::try_open(address).and_then(|mut connection| connection.try_send(&request)).ok()?;
            answered.fetch_add(1, Ordering::SeqCst);
            Some(answer.expect(200).json())
        };
        let redeem = &redeem;
        let answers: Vec<_> = thread::scope(|scope| {
            let requests = codes.iter().map(|code| wallet.code_request(code, &key));
            let asking: Vec<_> = requests.map(|request| scope.spawn(move || redeem(request))).collect();
            until("answers", || (answered.load(Ordering::SeqCst) >= round).then_some(()));
            daemon.kill();
            asking.into_iter().map(|asked| asked.join().expect("a wallet")).collect()
        });
        daemon = daemon.restart();
        let wallet = daemon.wallet();
        for (code, granted) in codes.iter().zip(answers) {
            let again = || wallet.send(&wallet.code_request(code, &key));
            let Some(granted) = granted else {
                // It was redeemed and the answer lost, or it was not; it never is twice.
                let late = again();
                assert!(late.status == 200 || late.json()["error"] == "invalid_grant", "{}", late.text());
                again().expect_error(400, "invalid_grant");
                continue;
            };
            let token = granted["access_token"].as_str().unwrap();
            let selector = ("credential_configuration_id", daemon.configuration(MDL));
            let ask = || wallet.send(&wallet.bound_credential_request(token, selector, &key));
            ask().expect(200);
            let refresh = granted["refresh_token"].as_str().unwrap();
            wallet.send(&wallet.refresh_request(refresh, &key)).expect(200);
            again().expect_error(400, "invalid_grant");
            ask().expect(401);
        }
    }
}

// OPS-06, VCI-9.1-03: killed anywhere between deferral and delivery, a transaction is delivered once or not at all.
#[test]
fn a_deferred_credential_is_delivered_at_most_once_whenever_the_daemon_is_killed() {
    let mut daemon = Daemon::with(Options { release: true, ..Options::default() });
    let body = changed(membership("org.example.strict"), "/approvalRequired", true);
    let configuration = daemon.management().create_configuration(&body);
    for round in 0..8 {
        let (wallet, management) = (daemon.wallet(), daemon.management());
        let key = HolderKey::es256();
        let cases: Vec<_> = (0..8)
            .map(|_| {
                let offer = management.offer_of(&configuration, &json!({ "name": "Mika" }));
                let token = wallet.redeem(&offer);
                let answer = wallet.ask(&token, &configuration, std::slice::from_ref(&key)).expect(202).json();
                (offer, token, answer["transaction_id"].as_str().unwrap().to_owned())
            })
            .collect();
        let waits = |one: &serde_json::Value| one["state"] == "awaiting-approval";
        for waiting in management.list("/v1/openid/deferred").into_iter().filter(waits) {
            let path = format!("/v1/openid/deferred/{}/approve", waiting["id"].as_str().unwrap());
            management.post(&path, &json!({})).expect(200);
        }
        let (address, answered) = (daemon.public(), AtomicUsize::new(0));
        let come_back = |request: Request| {
            let answer = Connection::try_open(address).and_then(|mut connection| connection.try_send(&request)).ok()?;
            answered.fetch_add(1, Ordering::SeqCst);
            Some(answer.expect(200))
        };
        let come_back = &come_back;
        let answers: Vec<_> = thread::scope(|scope| {
            let requests = cases.iter().map(|(_, token, id)| wallet.deferred_request(token, id));
            let asking: Vec<_> = requests.map(|request| scope.spawn(move || come_back(request))).collect();
            until("answers", || (answered.load(Ordering::SeqCst) >= round.min(6)).then_some(()));
            daemon.kill();
            asking.into_iter().map(|asked| asked.join().expect("a wallet")).collect()
        });
        daemon = daemon.restart();
        let (wallet, management) = (daemon.wallet(), daemon.management());
        for ((offer, token, id), answer) in cases.iter().zip(answers) {
            let again = wallet.send(&wallet.deferred_request(token, id));
            let issued = management.offer_state(&offer.id) == "issued";
            match answer {
                // Delivered: it is recorded, and not to be had again.
                Some(_) => assert!(issued && matches!(again.status, 400 | 401), "{}", again.text()),
                // Not delivered: it is there still, served by nobody or by one that died, or it was lost with its answer.
                None if again.status == 400 => again.expect_error(400, "invalid_transaction_id"),
                None => {
                    assert!(matches!(again.status, 200 | 202) && issued == (again.status == 200), "{}", again.text());
                }
            }
        }
        let user = management.offer_view(&cases[0].0.id)["userId"].as_str().unwrap().to_owned();
        assert!(management.list(&format!("/v1/users/{user}/credentials")).len() <= 1);
        // What is still open is ended, so that the next round finds its own.
        for waiting in management.list("/v1/openid/deferred") {
            management.delete_offer(waiting["offerId"].as_str().unwrap());
            let path = format!("/v1/openid/deferred/{}/deny", waiting["id"].as_str().unwrap());
            management.post(&path, &json!({})).expect(200);
        }
    }
}
