//! Kills in the middle of the authorization code grant, at each of its steps: a pushed request gives one code, a code one grant, a lost
//! answer to a refresh costs nothing, and no credential is issued twice.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use issuerd_tests::daemon::{MDL, Options};
use issuerd_tests::login::{Asking, CLIENT, PERSON, code_of};
use issuerd_tests::{Answer, Connection, Daemon, HolderKey, Request, Wallet};

use crate::{kill_when, random};

const ROUNDS: usize = 12;
const WALLETS: usize = 6;

/// Tokens of one answer.
#[derive(Clone)]
struct Tokens {
    access: String,
    refresh: String,
}

impl Tokens {
    fn of(answer: &Answer) -> Self {
        let body = answer.json();
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        Self { access: text("access_token"), refresh: text("refresh_token") }
    }
}

/// How far a wallet came, by answers it received. A step that was under way is noted before it is asked for.
#[derive(Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a step of its own")]
struct Trail {
    request_uri: Option<String>,
    asked_approval: bool,
    code: Option<String>,
    asked_token: bool,
    granted: Option<Tokens>,
    /// The request for the tokens, as it was sent.
    sent: Option<Request>,
    asked_credential: bool,
    issued: bool,
    asked_refresh: bool,
    refreshed: Option<Tokens>,
}

/// Writes into the trail of one round.
type Note<'a> = dyn Fn(&dyn Fn(&mut Trail)) + 'a;

struct Load<'a> {
    daemon: &'a Daemon,
    key: &'a HolderKey,
    trails: &'a Mutex<Vec<Trail>>,
    answers: &'a AtomicUsize,
}

impl Load<'_> {
    /// Goes through the grant again and again until the daemon is gone.
    fn run(&self) -> io::Result<()> {
        loop {
            let place = {
                let mut trails = self.trails.lock().unwrap();
                trails.push(Trail::default());
                trails.len() - 1
            };
            self.go(&|change: &dyn Fn(&mut Trail)| change(&mut self.trails.lock().unwrap()[place]))?;
        }
    }

    fn go(&self, note: &Note<'_>) -> io::Result<()> {
        let wallet = self.daemon.wallet();
        let mut browser = Connection::try_open(self.daemon.public())?;
        let mut ask = |request: &Request, status| {
            let answer = browser.try_send(request)?.expect(status);
            self.answers.fetch_add(1, Ordering::SeqCst);
            io::Result::Ok(answer)
        };
        let request_uri = ask(&wallet.push_request(&Asking::mdl()), 201)?.json()["request_uri"].clone();
        let request_uri = request_uri.as_str().unwrap();
        note(&|trail| trail.request_uri = Some(request_uri.to_owned()));
        let opened = ask(&wallet.open_request(CLIENT, request_uri), 303)?;
        let approval = wallet.to_approval(&mut Connection::try_open(self.daemon.public())?, &opened, PERSON)?;
        note(&|trail| trail.asked_approval = true);
        let code = code_of(ask(&approval, 303)?.header("location").unwrap());
        note(&|trail| trail.code = Some(code.clone()));
        let request = wallet.code_request(&code, self.key);
        note(&|trail| (trail.asked_token, trail.sent) = (true, Some(request.clone())));
        let granted = Tokens::of(&ask(&request, 200)?);
        note(&|trail| trail.granted = Some(granted.clone()));
        let nonce = ask(&Request::post(&wallet.nonce_path()), 200)?.json()["c_nonce"].clone();
        let selector = ("credential_configuration_id", self.daemon.configuration(MDL));
        let nonce = nonce.as_str().unwrap();
        let request = wallet.bound_credential_request_with(nonce, &granted.access, selector, self.key);
        note(&|trail| trail.asked_credential = true);
        ask(&request, 200)?;
        note(&|trail| (trail.issued, trail.asked_refresh) = (true, true));
        let refreshed = Tokens::of(&ask(&wallet.refresh_request(&granted.refresh, self.key), 200)?);
        note(&|trail| trail.refreshed = Some(refreshed.clone()));
        Ok(())
    }
}

/// What holds after the kill.
struct Check<'a> {
    daemon: &'a Daemon,
    wallet: Wallet,
    key: &'a HolderKey,
}

impl Check<'_> {
    fn trail(&self, trail: &Trail) {
        let Some(request_uri) = &trail.request_uri else { return };
        self.pushed(trail, request_uri);
        let Some(code) = &trail.code else { return };
        let granted = match &trail.granted {
            Some(granted) => granted.clone(),
            None => match self.late_code(trail, code) {
                Some(granted) => granted,
                None => return,
            },
        };
        // The very same request, proof and all, gives nothing a second time.
        if let (Some(sent), Some(_)) = (&trail.sent, &trail.granted) {
            assert_eq!(self.wallet.send(sent).status, 400);
        }
        self.credential(trail, &granted);
        self.refresh(trail, &granted);
        // OAU-4.1.2-04: the code again ends it all.
        self.token(&self.wallet.code_request(code, self.key)).expect_error(400, "invalid_grant");
        assert_eq!(self.ask(&granted.access).status, 401);
    }

    fn token(&self, request: &Request) -> Answer {
        self.wallet.send(request)
    }

    fn ask(&self, token: &str) -> Answer {
        let selector = ("credential_configuration_id", self.daemon.configuration(MDL));
        self.wallet.send(&self.wallet.bound_credential_request(token, selector, self.key))
    }

    /// A pushed request that was answered is there until it is used, and it is used once.
    fn pushed(&self, trail: &Trail, request_uri: &str) {
        let open = || self.wallet.send(&self.wallet.open_request(CLIENT, request_uri));
        let opened = open();
        let (status, asked, code) = (opened.status, trail.asked_approval, trail.code.is_some());
        let fits = matches!((status, asked, code), (303, _, false) | (400, true, _));
        assert!(fits, "{status} after approval {asked}, code {code}");
        if status == 303 {
            let mut browser = Connection::open(self.wallet.address);
            let approval = self.wallet.to_approval(&mut browser, &opened, PERSON).unwrap();
            code_of(browser.send(&approval).expect(303).header("location").unwrap());
            assert_eq!(browser.send(&approval).status, 400);
            assert_eq!(open().status, 400);
        }
    }

    /// A code whose tokens were not answered: it was redeemed and the answer lost, or it was not; it never is twice.
    fn late_code(&self, trail: &Trail, code: &str) -> Option<Tokens> {
        let late = self.token(&self.wallet.code_request(code, self.key));
        if late.status == 200 {
            return Some(Tokens::of(&late));
        }
        assert!(trail.asked_token, "a code that nobody used was lost: {}", late.text());
        late.expect_error(400, "invalid_grant");
        None
    }

    /// One credential, whatever was answered.
    fn credential(&self, trail: &Trail, granted: &Tokens) {
        let first = self.ask(&granted.access);
        match (trail.asked_credential, trail.issued) {
            (false, _) => assert_eq!(first.status, 200, "{}", first.text()),
            (true, false) if first.status == 200 => {}
            _ => first.expect_error(400, "credential_request_denied"),
        }
        self.ask(&granted.access).expect_error(400, "credential_request_denied");
    }

    /// An answer that was lost is given again, with the same successor.
    fn refresh(&self, trail: &Trail, granted: &Tokens) {
        let refresh = |token: &str| self.token(&self.wallet.refresh_request(token, self.key));
        let again = Tokens::of(&refresh(&granted.refresh).expect(200));
        if let Some(refreshed) = &trail.refreshed {
            assert_eq!(refreshed.refresh, again.refresh);
        }
        assert_ne!(again.refresh, granted.refresh);
        let next = Tokens::of(&refresh(&again.refresh).expect(200));
        self.ask(&next.access).expect_error(400, "credential_request_denied");
        if random(2) == 0 {
            // Its successor was used, so whoever shows it has a copy.
            refresh(&granted.refresh).expect_error(400, "invalid_grant");
            refresh(&next.refresh).expect_error(400, "invalid_grant");
        }
    }
}

// OPS-06, OAU-4.1.2-04, SEC-CODE-02, SEC-REF-01
#[test]
fn the_authorization_code_grant_survives_kills_at_each_step() {
    let options = Options { release: true, ..Options::default() }
        .environment("ISSUERD_AUTHORIZATION_CODE_ROTATE_REFRESH_TOKENS", "true")
        .environment("ISSUERD_AUTHORIZATION_CODE_CREDENTIAL_REQUESTS_PER_AUTHORIZATION", "1");
    let mut daemon = Daemon::with(options);
    let (key, mut slowest, mut reached) = (HolderKey::es256(), Duration::ZERO, [0; 5]);
    for _ in 0..ROUNDS {
        let (trails, answers) = (Mutex::default(), AtomicUsize::new(0));
        let target = 5 + random(150);
        let load = Load { daemon: &daemon, key: &key, trails: &trails, answers: &answers };
        thread::scope(|scope| {
            for _ in 0..WALLETS {
                scope.spawn(|| load.run().expect_err("the daemon was killed"));
            }
            kill_when(&daemon, || answers.load(Ordering::SeqCst) >= target);
        });
        daemon = daemon.kill_and_restart();
        slowest = slowest.max(daemon.ready.after);
        let check = Check { daemon: &daemon, wallet: daemon.wallet(), key: &key };
        let trails: Vec<Trail> = trails.into_inner().unwrap();
        // The last ones are those that were cut off; of the others a few.
        let (ended, cut): (Vec<_>, Vec<_>) = trails.iter().partition(|trail| trail.refreshed.is_some());
        for trail in cut.into_iter().chain(ended.into_iter().take(3)) {
            check.trail(trail);
        }
        for trail in &trails {
            let steps = [
                trail.request_uri.is_some(),
                trail.code.is_some(),
                trail.granted.is_some(),
                trail.issued,
                trail.refreshed.is_some(),
            ];
            steps.iter().zip(&mut reached).for_each(|(done, count)| *count += usize::from(*done));
        }
    }
    println!(
        "pushed, approved, redeemed, issued, refreshed: {reached:?} over {ROUNDS} kills; slowest start {slowest:?}"
    );
    assert!(reached.iter().all(|count| *count > 0), "{reached:?}");
}
