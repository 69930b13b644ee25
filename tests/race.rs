//! Races: what may happen once happens once, however many ask at the same moment. Each is repeated 50 times; all together take less
//! than a minute on the release build.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed expectation is the failure of the test")]

mod race_code;
mod race_input;
mod race_plugins;
mod race_status;

use std::collections::BTreeMap;
use std::time::Duration;

use issuerd_tests::configurations::{changed, membership};
use issuerd_tests::daemon::Options;
use issuerd_tests::management::{CONFIGURATIONS, PRE_AUTHORIZED_OFFERS};
use issuerd_tests::volley::Volley;
use issuerd_tests::wait::now;
use issuerd_tests::wallet::{credentials, request_body};
use issuerd_tests::{Answer, Connection, Daemon, HolderKey, Offer, Proof, Request};
use serde_json::{Value, json};

const ROUNDS: usize = 50;
const CROWD: usize = 200;

struct Bench {
    daemon: Daemon,
    configuration: String,
    management: Connection,
    public: Connection,
}

impl Bench {
    fn new() -> Self {
        let daemon = Daemon::with(Options { release: true, ..Options::default() });
        let configuration = daemon.management().create_configuration(&membership("org.example.club"));
        let (management, public) = (Connection::open(daemon.ready.management), Connection::open(daemon.public()));
        Self { daemon, configuration, management, public }
    }

    fn offer(&mut self, more: &Value) -> Offer {
        let mut body = json!({ "credentials": [self.configuration], "claims": { "name": "Mika" } });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let request = Request::new("POST", PRE_AUTHORIZED_OFFERS).json(&body).bearer(&self.daemon.ready.access_token);
        Offer::read(self.management.send(&request))
    }

    fn redeem(&mut self, offer: &Offer) -> String {
        let request = self.daemon.wallet().token_request(&offer.code, None);
        self.public.send(&request).expect(200).json()["access_token"].as_str().unwrap().to_owned()
    }

    fn nonce(&mut self) -> String {
        let request = Request::post(&self.daemon.wallet().nonce_path());
        self.public.send(&request).expect(200).json()["c_nonce"].as_str().unwrap().to_owned()
    }

    fn credential_request(&self, token: &str, nonce: &str, key: &HolderKey) -> Request {
        let wallet = self.daemon.wallet();
        let proof = Proof::new(key, &wallet.issuer, nonce).sign(key);
        wallet.credential_request(token, &request_body(&self.configuration, &[proof]))
    }
}

/// How often each status with its error came.
fn tally(answers: &[Answer]) -> BTreeMap<(u16, String), usize> {
    let mut tally = BTreeMap::new();
    for answer in answers {
        let error = answer.json()["error"].as_str().unwrap_or_default().to_owned();
        *tally.entry((answer.status, error)).or_default() += 1;
    }
    tally
}

fn counts(expected: &[(u16, &str, usize)]) -> BTreeMap<(u16, String), usize> {
    expected.iter().map(|(status, error, count)| ((*status, (*error).to_owned()), *count)).collect()
}

// SEC-CODE-02
#[test]
fn sec_code_02_one_of_200_gets_the_token() {
    let (mut bench, start) = (Bench::new(), now());
    let mut volley = Volley::open(bench.daemon.public(), CROWD);
    for _ in 0..ROUNDS {
        let offer = bench.offer(&json!({}));
        let requests = vec![bench.daemon.wallet().token_request(&offer.code, None); CROWD];
        let answers = volley.fire(&requests);
        assert_eq!(tally(&answers), counts(&[(200, "", 1), (400, "invalid_grant", CROWD - 1)]));
        // The one token is good.
        let granted = answers.iter().find(|answer| answer.status == 200).unwrap().json();
        let (nonce, key) = (bench.nonce(), HolderKey::es256());
        let request = bench.credential_request(granted["access_token"].as_str().unwrap(), &nonce, &key);
        assert_eq!(credentials(&bench.public.send(&request).expect(200)).len(), 1);
    }
    assert!(start.elapsed() < Duration::from_mins(1), "{:?}", start.elapsed());
}

// VCI-13.6.3-03
#[test]
fn vci_13_6_3_03_three_of_200_wrong_codes_are_counted() {
    let (mut bench, start) = (Bench::new(), now());
    let tx_code = json!({ "transactionCodeConfiguration": { "inputMode": "numeric" } });
    let wallet = bench.daemon.wallet();
    let wrong = |offer: &Offer| {
        let right = offer.tx_code.as_deref().unwrap();
        wallet.token_request(&offer.code, Some(if right == "000000" { "000001" } else { "000000" }))
    };
    // One after the other: what a counted one is told, and what comes after the last.
    let control = bench.offer(&tx_code);
    let mut expected: Vec<_> = (0..CROWD).map(|_| bench.public.send(&wrong(&control)).expect(400).body).collect();
    expected.sort();
    let mut volley = Volley::open(bench.daemon.public(), CROWD);
    for _ in 0..ROUNDS {
        let offer = bench.offer(&tx_code);
        let answers = volley.fire(&vec![wrong(&offer); CROWD]);
        assert_eq!(tally(&answers), counts(&[(400, "invalid_grant", CROWD)]));
        let mut bodies: Vec<_> = answers.into_iter().map(|answer| answer.body).collect();
        bodies.sort();
        assert_eq!(bodies, expected);
        // SEC-TX-01: locked for good.
        assert_eq!(bench.daemon.management().offer_state(&offer.id), "locked");
        wallet.token(&offer.code, offer.tx_code.as_deref()).expect_error(400, "invalid_grant");
    }
    assert!(start.elapsed() < Duration::from_mins(1), "{:?}", start.elapsed());
}

#[test]
fn a_right_code_among_wrong_ones_wins_or_loses_but_never_twice() {
    let mut bench = Bench::new();
    let wallet = bench.daemon.wallet();
    let mut volley = Volley::open(bench.daemon.public(), 20);
    for _ in 0..ROUNDS {
        let offer = bench.offer(&json!({ "transactionCodeConfiguration": { "inputMode": "numeric" } }));
        let right = offer.tx_code.as_deref().unwrap();
        let wrong = if right == "000000" { "000001" } else { "000000" };
        let code = |place: usize| if place % 4 == 1 { right } else { wrong };
        let requests: Vec<_> = (0..20).map(|place| wallet.token_request(&offer.code, Some(code(place)))).collect();
        let granted = volley.fire(&requests).iter().filter(|answer| answer.status == 200).count();
        let state = bench.daemon.management().offer_state(&offer.id);
        assert_eq!((granted, state.as_str()), if granted == 0 { (0, "locked") } else { (1, "redeemed") });
    }
}

// VCI-13.8-02
#[test]
fn vci_13_8_02_one_nonce_gives_one_credential() {
    let (mut bench, start) = (Bench::new(), now());
    let mut volley = Volley::open(bench.daemon.public(), CROWD);
    let keys: Vec<_> = (0..CROWD).map(|_| HolderKey::es256()).collect();
    for _ in 0..ROUNDS {
        // Ten offers, so that it is the nonce and not the offer that only one can have.
        let offers: Vec<_> = (0..10).map(|_| bench.offer(&json!({}))).collect();
        let tokens: Vec<_> = offers.iter().map(|offer| bench.redeem(offer)).collect();
        let nonce = bench.nonce();
        let request =
            |(place, key): (usize, &HolderKey)| bench.credential_request(&tokens[place % tokens.len()], &nonce, key);
        let requests: Vec<_> = keys.iter().enumerate().map(request).collect();
        let answers = volley.fire(&requests);
        let issued: Vec<_> = answers.iter().enumerate().filter(|(_, answer)| answer.status == 200).collect();
        assert_eq!(issued.len(), 1, "{:?}", tally(&answers));
        let refused = |answer: &Answer| {
            matches!(answer.json()["error"].as_str(), Some("invalid_nonce" | "credential_request_denied"))
        };
        assert!(
            answers.iter().all(|answer| answer.status == 200 || (answer.status == 400 && refused(answer))),
            "{:?}",
            tally(&answers)
        );
        // The losers lost nothing but the nonce.
        let (winner, other) = (issued[0].0 % tokens.len(), (issued[0].0 + 1) % tokens.len());
        assert_ne!(winner, other);
        let nonce = bench.nonce();
        let again = bench.credential_request(&tokens[other], &nonce, &keys[0]);
        bench.public.send(&again).expect(200);
    }
    assert!(start.elapsed() < Duration::from_mins(1), "{:?}", start.elapsed());
}

#[test]
fn one_token_with_200_nonces_gives_one_credential() {
    let mut bench = Bench::new();
    let mut volley = Volley::open(bench.daemon.public(), CROWD);
    let keys: Vec<_> = (0..CROWD).map(|_| HolderKey::es256()).collect();
    for _ in 0..ROUNDS / 5 {
        let offer = bench.offer(&json!({}));
        let token = bench.redeem(&offer);
        let mut requests = Vec::new();
        for key in &keys {
            let nonce = bench.nonce();
            requests.push(bench.credential_request(&token, &nonce, key));
        }
        let answers = volley.fire(&requests);
        assert_eq!(tally(&answers), counts(&[(200, "", 1), (400, "credential_request_denied", CROWD - 1)]));
        assert_eq!(bench.daemon.management().offer_state(&offer.id), "issued");
    }
}

#[test]
fn nothing_is_issued_after_a_configuration_is_gone() {
    let (mut bench, start) = (Bench::new(), now());
    let mut volley = Volley::open(bench.daemon.public(), 40);
    let keys: Vec<_> = (0..20).map(|_| HolderKey::es256()).collect();
    for round in 0..ROUNDS {
        bench.configuration =
            bench.daemon.management().create_configuration(&membership(&format!("org.example.gone.{round}")));
        let offers: Vec<_> = (0..40).map(|_| bench.offer(&json!({}))).collect();
        let (open, redeemed) = offers.split_at(20);
        let mut requests: Vec<_> =
            open.iter().map(|offer| bench.daemon.wallet().token_request(&offer.code, None)).collect();
        for (offer, key) in redeemed.iter().zip(&keys) {
            let (token, nonce) = (bench.redeem(offer), bench.nonce());
            requests.push(bench.credential_request(&token, &nonce, key));
        }
        // Tokens and credentials by turns, so that both kinds are before and after the deletion.
        let order: Vec<_> = (0..20).flat_map(|place| [place, place + 20]).collect();
        let requests: Vec<_> = order.iter().map(|place| requests[*place].clone()).collect();
        let target = format!("{CONFIGURATIONS}/{}", bench.configuration);
        let delete = Request::new("DELETE", &target).bearer(&bench.daemon.ready.access_token);
        let management = &mut bench.management;
        let (answers, deleted) = volley.fire_around(&requests, || management.send(&delete));
        deleted.expect(204);
        consistent(&bench, &offers, &order, &answers);
        // Whatever comes after the 204 fails.
        assert!(volley.fire(&requests).iter().all(|answer| (400..500).contains(&answer.status)));
        for answer in answers.iter().filter(|answer| answer.status == 200) {
            if let Some(token) = answer.json()["access_token"].as_str() {
                let nonce = bench.nonce();
                let late = bench.credential_request(token, &nonce, &keys[0]);
                assert!((400..500).contains(&bench.public.send(&late).status));
            }
        }
    }
    assert!(start.elapsed() < Duration::from_mins(1), "{:?}", start.elapsed());
}

/// The states of offers agree with what their wallets were told.
fn consistent(bench: &Bench, offers: &[Offer], order: &[usize], answers: &[Answer]) {
    for (place, answer) in order.iter().zip(answers) {
        let state = bench.daemon.management().offer_state(&offers[*place].id);
        let expected: &[&str] = match (answer.status, *place < 20) {
            (200, true) => &["redeemed"],
            (200, false) => &["issued"],
            // Refused: never redeemed, or redeemed before and never issued.
            (400..=499, true) => &["deleted"],
            (400..=499, false) => &["redeemed", "deleted"],
            _ => &[],
        };
        assert!(expected.contains(&state.as_str()), "{state} after {}: {}", answer.status, answer.text());
    }
}

// VCI-9.1-03, SEC-IDOR-01
#[test]
fn vci_9_1_03_one_of_100_that_come_back_at_once_gets_the_credential() {
    let mut bench = Bench::new();
    let body = changed(membership("org.example.strict"), "/approvalRequired", true);
    bench.configuration = bench.daemon.management().create_configuration(&body);
    let mut volley = Volley::open(bench.daemon.public(), 100);
    let management = bench.daemon.management();
    for _ in 0..10 {
        let offer = bench.offer(&json!({}));
        let token = bench.redeem(&offer);
        let (nonce, key) = (bench.nonce(), HolderKey::es256());
        let deferred = bench.public.send(&bench.credential_request(&token, &nonce, &key)).expect(202).json();
        let waiting = management.list("/v1/openid/deferred").remove(0);
        let path = format!("/v1/openid/deferred/{}/approve", waiting["id"].as_str().unwrap());
        management.post(&path, &json!({})).expect(200);
        let transaction = deferred["transaction_id"].as_str().unwrap();
        let request = bench.daemon.wallet().deferred_request(&token, transaction);
        let answers = volley.fire(&vec![request.clone(); 100]);
        let issued: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(issued.len(), 1);
        assert!(credentials(issued[0])[0].is_bound_to(&key));
        // The others wait their turn, or find that nothing is left.
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            let ended = answer.status == 400 && answer.json()["error"] == "invalid_transaction_id";
            let gone = answer.status == 401;
            assert!(answer.status == 202 || ended || gone, "{} {}", answer.status, answer.text());
        }
        assert_eq!(management.offer_state(&offer.id), "issued");
        assert!(management.list("/v1/openid/deferred").is_empty());
        bench.public.send(&request).expect_error(400, "invalid_transaction_id");
    }
}
