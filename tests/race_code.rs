//! Races of the authorization code grant: of a hundred that complete, redeem or send the same, one has it.

use std::collections::BTreeSet;
use std::time::Duration;

use issuerd_tests::daemon::{MDL, Options};
use issuerd_tests::login::{Asking, CLIENT, PERSON, code_of};
use issuerd_tests::volley::Volley;
use issuerd_tests::wait::now;
use issuerd_tests::{Answer, Connection, Daemon, HolderKey, Request, Wallet};

const ROUNDS: usize = 5;
const CROWD: usize = 100;

fn start() -> Daemon {
    let options = Options { release: true, ..Options::default() };
    Daemon::with(options.environment("ISSUERD_AUTHORIZATION_CODE_ROTATE_REFRESH_TOKENS", "true"))
}

fn pushed(wallet: &Wallet) -> String {
    let answer = wallet.send(&wallet.push_request(&Asking::mdl())).expect(201);
    answer.json()["request_uri"].as_str().unwrap().to_owned()
}

/// The form that approves, in a browser of its own.
fn approval(wallet: &Wallet, request_uri: &str) -> Request {
    let mut browser = Connection::open(wallet.address);
    let opened = browser.send(&wallet.open_request(CLIENT, request_uri)).expect(303);
    wallet.to_approval(&mut browser, &opened, PERSON).unwrap()
}

/// The one answer with a code; all others are pages that say that it is over.
fn winner(answers: &[Answer]) -> String {
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 303);
    assert!(lost.iter().all(|answer| answer.status == 400 && answer.header("location").is_none()));
    assert_eq!(won.len(), 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    code_of(won[0].header("location").unwrap())
}

// SEC-CODE-02, RFC 9126 section 4
#[test]
fn a_hundred_completions_of_one_interaction_or_request_give_one_code() {
    let (daemon, start) = (start(), now());
    let (wallet, key) = (daemon.wallet(), HolderKey::es256());
    let mut volley = Volley::open(daemon.public(), CROWD);
    for round in 0..ROUNDS {
        let request_uri = pushed(&wallet);
        // One form from many windows, or many browsers with the same request.
        let requests = if round % 2 == 0 {
            vec![approval(&wallet, &request_uri); CROWD]
        } else {
            (0..CROWD).map(|_| approval(&wallet, &request_uri)).collect()
        };
        let code = winner(&volley.fire(&requests));
        assert!(volley.fire(&requests).iter().all(|answer| answer.status == 400));
        assert_eq!(wallet.send(&wallet.open_request(CLIENT, &request_uri)).status, 400);
        wallet.send(&wallet.code_request(&code, &key)).expect(200);
    }
    assert!(start.elapsed() < Duration::from_mins(1), "{:?}", start.elapsed());
}

// SEC-CODE-02, SEC-DPOP-01
#[test]
fn of_a_hundred_token_requests_one_is_answered() {
    let daemon = start();
    let (wallet, key) = (daemon.wallet(), HolderKey::es256());
    let mut volley = Volley::open(daemon.public(), CROWD);
    let granted = |answers: &[Answer]| answers.iter().filter(|answer| answer.status == 200).count();
    for _ in 0..ROUNDS {
        // One proof for all: its `jti` is good once, so all others have not even used the code.
        let code = wallet.log_in(&Asking::mdl());
        let answers = volley.fire(&vec![wallet.code_request(&code, &key); CROWD]);
        assert_eq!(granted(&answers), 1);
        let errors: BTreeSet<_> = answers.iter().map(|answer| answer.json()["error"].clone().to_string()).collect();
        assert_eq!(errors, BTreeSet::from(["null".to_owned(), "\"invalid_dpop_proof\"".to_owned()]));
        let token = answers.iter().find(|answer| answer.status == 200).unwrap().json()["access_token"].clone();
        let selector = ("credential_configuration_id", daemon.configuration(MDL));
        let ask = |token: &str| wallet.send(&wallet.bound_credential_request(token, selector, &key));
        ask(token.as_str().unwrap()).expect(200);
        // A proof for each: the code is good once, and whoever sends it again ends what came from it.
        let code = wallet.log_in(&Asking::mdl());
        let requests: Vec<_> = (0..CROWD).map(|_| wallet.code_request(&code, &key)).collect();
        let answers = volley.fire(&requests);
        assert_eq!(granted(&answers), 1);
        let token = answers.iter().find(|answer| answer.status == 200).unwrap().json()["access_token"].clone();
        assert_eq!(ask(token.as_str().unwrap()).status, 401);
    }
}

// SEC-REF-01
#[test]
fn a_hundred_refreshes_at_once_name_one_successor() {
    let daemon = start();
    let (wallet, key) = (daemon.wallet(), HolderKey::es256());
    let mut volley = Volley::open(daemon.public(), CROWD);
    for _ in 0..ROUNDS {
        let granted = wallet.send(&wallet.code_request(&wallet.log_in(&Asking::mdl()), &key)).expect(200).json();
        let token = granted["refresh_token"].as_str().unwrap();
        let requests: Vec<_> = (0..CROWD).map(|_| wallet.refresh_request(token, &key)).collect();
        let answers = volley.fire(&requests);
        assert!(answers.iter().all(|answer| answer.status == 200), "a lost answer can be asked for again");
        let named: BTreeSet<_> = answers.iter().map(|answer| answer.json()["refresh_token"].to_string()).collect();
        assert_eq!(named.len(), 1);
        // Old and new at once: the new one retires the old one, and who shows that again ends both.
        let successor = answers[0].json()["refresh_token"].as_str().unwrap().to_owned();
        let turn = |place: usize| if place.is_multiple_of(2) { token } else { successor.as_str() };
        let requests: Vec<_> = (0..CROWD).map(|place| wallet.refresh_request(turn(place), &key)).collect();
        let answers = volley.fire(&requests);
        let fits = |answer: &Answer| answer.status == 200 || answer.json()["error"] == "invalid_grant";
        assert!(answers.iter().all(fits));
        wallet.send(&wallet.refresh_request(token, &key)).expect_error(400, "invalid_grant");
    }
}
