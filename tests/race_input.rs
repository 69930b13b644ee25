//! A hundred at once with bad input, at each endpoint that reads some: clear errors, bounded memory, and wallets that behave are served
//! all the while.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use issuerd_tests::claims::mdl;
use issuerd_tests::daemon::{MDL, Options};
use issuerd_tests::wait::now;
use issuerd_tests::{Answer, Connection, Daemon, HolderKey, Request};
use serde_json::{Value, json};

const CROWD: usize = 100;

/// Forms.
const FORMS: [&str; 8] = [
    "/v1/oauth/par",
    "/v1/oauth/token",
    "/v1/oauth/challenge",
    "/v1/oauth/revoke",
    "/v1/oauth/authorize",
    "/v1/oauth/login",
    "/v1/oauth/hook",
    "/v1/oauth/consent",
];

/// JSON, for operators.
const DOCUMENTS: [(&str, &str); 10] = [
    ("POST", "/v1/openid/offers"),
    ("POST", "/v1/openid/offers/pre-authorized"),
    ("POST", "/v1/openid/clients"),
    ("POST", "/v1/claim-sources"),
    ("POST", "/v1/users"),
    ("POST", "/v1/users/search"),
    ("POST", "/v1/users/authentication-providers"),
    ("PUT", "/v1/openid/configuration"),
    ("POST", "/v2/credentials/mobile/configurations"),
    ("POST", "/v1/plugins/nobody/reload"),
];

/// A member of each kind of JSON under each name that some document has.
fn wrong_types() -> Vec<Value> {
    let names = [
        "type",
        "name",
        "credentials",
        "claims",
        "claimMappings",
        "expiresIn",
        "url",
        "clientId",
        "client_id",
        "claimsUrl",
        "secret",
        "scope",
        "redirectUris",
        "jwks",
        "issuerState",
        "request_parameters",
        "userId",
        "transactionCodeConfiguration",
        "claimsToPersist",
        "staticRequestParameters",
        "query",
        "plugin",
    ];
    let kinds =
        [json!(null), json!(-1), json!(1e300), json!(true), json!("\u{0}\u{202e}"), json!([[]]), json!({ "": {} })];
    kinds.iter().map(|kind| names.iter().map(|name| (name.to_string(), kind.clone())).collect()).collect()
}

fn deep(opening: char) -> String {
    let step = if opening == '[' { "[" } else { "{\"a\":" };
    step.repeat(100_000 / step.len())
}

/// Everything that is wrong, with where it goes.
fn attacks(daemon: &Daemon) -> Vec<(SocketAddr, &'static str, Request)> {
    let (public, management) = (daemon.public(), daemon.ready.management);
    let bearer = |request: Request| request.bearer(&daemon.ready.access_token);
    let many = |request: Request| (0..150).fold(request, |request, number| request.header(&format!("X-{number}"), "x"));
    let mut all = Vec::new();
    for path in FORMS {
        let form = |body: String| Request::new("POST", path).content("application/x-www-form-urlencoded", body);
        let details: String = form_urlencoded(&deep('['));
        all.extend([
            (public, "huge", form(format!("code={}", "x".repeat(300_000)))),
            (
                public,
                "deep",
                form(format!("client_id=x&grant_type=authorization_code&authorization_details={}", &details[..60_000])),
            ),
            (public, "many fields", form("a=b&".repeat(10_000))),
            (public, "repeated", form("client_id=a&client_id=b&grant_type=refresh_token&grant_type=x".into())),
            (public, "not utf-8", form("client_id=%ff%fe&code=%00&state=%".into())),
            (public, "many headers", many(form("client_id=x".into()))),
            (public, "long head", form("client_id=x".into()).header("DPoP", &"x".repeat(40_000))),
            (public, "long target", Request::get(&format!("{path}?state={}", "x".repeat(70_000)))),
            (
                public,
                "proof",
                form("grant_type=refresh_token&refresh_token=x&client_id=x".into()).header("DPoP", &bad_proof()),
            ),
        ]);
    }
    for (method, path) in DOCUMENTS {
        let document = |body: String| bearer(Request::new(method, path).content("application/json", body));
        all.extend([
            (management, "huge", document(format!("\"{}\"", "x".repeat(1_100_000)))),
            (management, "deep", document(deep('['))),
            (management, "deep", document(deep('{'))),
            (management, "cut", document("{\"name\":\"".into())),
            (
                management,
                "not utf-8",
                bearer(Request::new(method, path).content("application/json", b"{\"name\":\"\xff\"}")),
            ),
            (management, "many headers", many(document("{}".into()))),
        ]);
        all.extend(wrong_types().into_iter().map(|body| (management, "wrong types", document(body.to_string()))));
    }
    let credential =
        |body: String| Request::new("POST", "/v1/openid/credential").bearer("x").content("application/json", body);
    all.extend([
        (public, "huge", credential("x".repeat(600_000))),
        (public, "deep", credential(deep('{'))),
        (public, "many headers", many(credential("{}".into()))),
    ]);
    all
}

fn form_urlencoded(text: &str) -> String {
    text.replace('[', "%5B")
}

/// A JWT whose header is nested deeply.
fn bad_proof() -> String {
    use base64::Engine as _;
    let nested = format!("{{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":{}", "[".repeat(12_000));
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(nested);
    format!("{header}.e30.AAAA")
}

/// Sends, whatever becomes of the writing, and reads what is answered.
fn send(to: SocketAddr, request: &Request) -> Option<Answer> {
    let mut connection = Connection::open(to);
    // A server need not read to the end what it refuses.
    let _ = connection.write(&request.bytes(to));
    connection.read(false).ok()
}

/// Kilobytes of memory of a process: now, and at most.
fn memory(daemon: &Daemon) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.pid())).unwrap();
    let line = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
    let number = |name: &str| line(name).trim().trim_end_matches(" kB").parse().unwrap();
    (number("VmRSS:"), number("VmHWM:"))
}

/// What is wrong is the client's fault, and says so.
fn check(kind: &str, request: &Request, answer: Option<Answer>) -> u16 {
    let at = format!("{kind} {} {}", request.method, request.target.split('?').next().unwrap_or_default());
    let Some(answer) = answer else {
        assert!(matches!(kind, "huge" | "long head" | "long target"), "{at}: no answer");
        return 0;
    };
    let lenient = matches!(kind, "wrong types" | "many fields" | "long target" | "proof" | "not utf-8" | "repeated");
    let fine = (400..500).contains(&answer.status) || (lenient && answer.status < 400);
    assert!(fine, "{at}: {} {}", answer.status, answer.text());
    if kind == "huge" {
        assert_eq!(answer.status, 413, "{at}");
    }
    answer.status
}

/// A wallet that behaves: the slowest of its claims.
fn behave(daemon: &Daemon, done: &AtomicBool) -> (usize, Duration) {
    let (management, wallet, key) = (daemon.management(), daemon.wallet(), HolderKey::es256());
    let (id, claims) = (daemon.configuration(MDL), mdl(&management.country()));
    let (mut claimed, mut slowest) = (0, Duration::ZERO);
    while !done.load(Ordering::Relaxed) {
        let start = now();
        wallet.claim(&management.offer_of(id, &claims), std::slice::from_ref(&key));
        (claimed, slowest) = (claimed + 1, slowest.max(start.elapsed()));
    }
    (claimed, slowest)
}

// SEC-PANIC-01, SEC-DEPTH-01, SEC-SIZE-01, SEC-DUP-01, SEC-NUM-01, SEC-UNI-01
#[test]
fn a_hundred_at_once_with_bad_input_get_clear_errors_and_cost_little() {
    let daemon = Daemon::with(Options { release: true, ..Options::default() });
    let attacks = attacks(&daemon);
    let (before, _) = memory(&daemon);
    // Half requests, which hold nothing up: of the head, and of the body.
    let halves: Vec<_> = (0..2 * CROWD)
        .map(|number| {
            let mut connection = Connection::open(daemon.public());
            let whole =
                Request::new("POST", FORMS[number % FORMS.len()]).form([("client_id", "x")]).bytes(daemon.public());
            connection.write(&whole[..if number % 2 == 0 { 20 } else { whole.len() - 3 }]).unwrap();
            connection
        })
        .collect();
    let (times, tally, done) = (Mutex::new(Vec::new()), Mutex::new(BTreeMap::new()), AtomicBool::new(false));
    let (claimed, slowest) = std::thread::scope(|scope| {
        let good = scope.spawn(|| behave(&daemon, &done));
        let crowd: Vec<_> = (0..CROWD)
            .map(|number| {
                let (attacks, times, tally) = (&attacks, &times, &tally);
                scope.spawn(move || {
                    // Each starts somewhere else, so that all kinds meet.
                    for (to, kind, request) in attacks.iter().cycle().skip(number * 7).take(attacks.len() / 2) {
                        let start = now();
                        let status = check(kind, request, send(*to, request));
                        times.lock().unwrap().push(start.elapsed());
                        *tally.lock().unwrap().entry((*kind, status)).or_insert(0) += 1;
                    }
                })
            })
            .collect();
        for one in crowd {
            one.join().unwrap();
        }
        done.store(true, Ordering::Relaxed);
        good.join().unwrap()
    });
    let (after, most) = memory(&daemon);
    let mut times = times.into_inner().unwrap();
    times.sort();
    let p99 = times[times.len() * 99 / 100];
    println!(
        "{} bad requests, p50 {:?}, p99 {p99:?}; {claimed} claims meanwhile, slowest {slowest:?}",
        times.len(),
        times[times.len() / 2]
    );
    println!("memory {before} KiB before, {after} KiB after, {most} KiB at most; {:?}", tally.into_inner().unwrap());
    assert!(claimed > 0 && p99 < Duration::from_secs(3), "{p99:?}");
    assert!(most < before + 200_000, "{most} KiB");
    // Those that were left hanging are told, or let go, and nobody is harmed.
    for mut half in halves {
        match half.read(false) {
            Ok(answer) => assert!((400..500).contains(&answer.status), "{}", answer.status),
            Err(error) => assert!(!matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}"),
        }
    }
    assert_eq!(Request::get("/readyz").send(daemon.ready.management).status, 200);
    assert!(!daemon.stderr().contains("panicked"), "{}", daemon.stderr());
}
