//! Logins at a real provider: panva's `oidc-provider`, started by node from `tests/interop`, with a person who fills in its forms.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::super::Web;
use crate::base::clock::{Clock as _, ManualClock, SystemClock};
use crate::base::random::SystemRandom;
use crate::base::secret::Secret;
use crate::domain::configuration::catalog::Configurations;
use crate::domain::login::catalog::{ProviderParts, Saved};
use crate::domain::login::testing::site;
use crate::domain::login::{Begun, Identity, LoginAnswer, LoginError, LoginRequest, Providers};
use crate::domain::outbound::{Private, Reach};
use crate::plugin::outbound::guarded;
use crate::store::Store;
use crate::store::memory::MemoryEngine;
use crate::store::seal::Sealer;

const ISSUER: &str = "https://issuer.example";
const SECRET: &str = "a secret: with % and +";
/// The url of a provider that is not started before it is told where it answers this issuer.
const NOWHERE: &str = "http://127.0.0.1:1";

/// The process; ends with its standard input.
struct Upstream {
    child: Child,
    lines: BufReader<ChildStdout>,
    url: String,
}

impl Upstream {
    /// Starts it with one client, which is answered at `redirect`.
    fn start(redirect: &str, arguments: &[&str]) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/interop");
        assert!(folder.join("node_modules/oidc-provider").exists(), "run `npm ci` in {}", folder.display());
        let mut command = Command::new("node");
        command.current_dir(folder).args(["provider.mjs", "--redirect", redirect]);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("node must be installed");
        let lines = BufReader::new(child.stdout.take().unwrap());
        let mut upstream = Self { child, lines, url: String::new() };
        upstream.url = upstream.line()["issuer"].as_str().unwrap().to_owned();
        upstream
    }

    fn line(&mut self) -> Value {
        loop {
            let mut line = String::new();
            assert_ne!(self.lines.read_line(&mut line).unwrap(), 0, "the provider has ended");
            // Its warnings are no JSON.
            if let Ok(said) = serde_json::from_str(&line) {
                return said;
            }
        }
    }

    fn rotate(&mut self) {
        self.child.stdin.as_mut().unwrap().write_all(b"rotate\n").unwrap();
        assert_eq!(self.line()["rotated"], true);
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An issuer whose clock begins with the real one.
struct Bench {
    providers: Providers,
    clock: Arc<ManualClock>,
}

impl Bench {
    async fn new() -> Self {
        let (clock, random) = (Arc::new(ManualClock::new(SystemClock.now())), Arc::new(SystemRandom::default()));
        let sealer = Arc::new(Sealer::new(&Secret::new(vec![7; 32])));
        let store = Store::new(Arc::new(MemoryEngine::new(clock.clone())), sealer, random.clone(), clock.clone());
        let configurations = Configurations::load(store.clone(), clock.clone(), random.clone()).await.unwrap();
        let reach = Reach { private: Private::All, ca_file: None };
        let parts = ProviderParts {
            store,
            site: Arc::new(site(ISSUER)),
            clock: clock.clone(),
            random,
            configurations: Arc::new(configurations),
            outbound: Arc::new(Web::new(&reach)),
            reach,
            test_users: Vec::new(),
        };
        Self { providers: Providers::load(parts).await.unwrap(), clock }
    }

    /// Writes the provider: anew, or in the place of `id`.
    async fn save(&self, id: Option<Uuid>, body: &Value) -> Value {
        let body = body.as_object().unwrap();
        let saved = match id {
            None => self.providers.create(body).await.unwrap(),
            Some(id) => self.providers.replace(id, body).await.unwrap(),
        };
        match saved {
            Saved::Saved(shown) => shown,
            Saved::Invalid(details) => panic!("{details:?}"),
            Saved::Unknown => panic!("unknown"),
        }
    }

    /// A provider that has just been started.
    async fn upstream(&self) -> (Uuid, Upstream) {
        let shown = self.save(None, &body(NOWHERE)).await;
        let upstream = Upstream::start(text(&shown, "redirectUrl"), &["--secret", SECRET]);
        self.save(Some(id(&shown)), &body(&upstream.url)).await;
        (id(&shown), upstream)
    }

    async fn begin(&self, provider: Uuid) -> Begun {
        let parameters = BTreeMap::new();
        let request = LoginRequest {
            state: "the-state",
            login_hint: Some("mika"),
            prompt: None,
            locales: &[],
            parameters: &parameters,
        };
        match self.providers.begin(provider, &request).await.unwrap() {
            Ok(begun) => begun,
            Err(error) => panic!("{error}"),
        }
    }

    async fn finish(&self, begun: &Begun, back: &BTreeMap<String, String>) -> Result<Identity, LoginError> {
        let text = |name: &str| back.get(name).map(String::as_str);
        assert_eq!(text("state"), Some("the-state"));
        let provider = begun.pending.provider;
        let answer = LoginAnswer { provider, code: text("code"), error: text("error"), iss: text("iss") };
        self.providers.finish(&begun.pending, &answer).await.unwrap()
    }
}

/// A person with a browser that keeps cookies and follows redirects until it is sent back to the issuer.
struct Person {
    client: reqwest::Client,
    cookies: BTreeMap<String, String>,
}

impl Person {
    fn new() -> Self {
        Self { client: guarded(true, None).unwrap(), cookies: BTreeMap::new() }
    }

    /// Opens a page, or sends a form: where it leads, or what it shows.
    async fn open(&mut self, url: &str, form: Option<String>) -> Result<String, String> {
        let request = match form {
            None => self.client.get(url),
            Some(form) => self.client.post(url).header("content-type", "application/x-www-form-urlencoded").body(form),
        };
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request.header("cookie", cookies.join("; ")).send().await.unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        if let Some(location) = answer.headers().get("location") {
            let base = reqwest::Url::parse(url).unwrap();
            return Ok(base.join(location.to_str().unwrap()).unwrap().to_string());
        }
        Err(String::from_utf8(answer.bytes().await.unwrap().to_vec()).unwrap())
    }

    /// Goes where the issuer sends the person, and logs in as `name`, or refuses with `None`: the parameters that come back.
    async fn visit(&mut self, location: &str, name: Option<&str>) -> BTreeMap<String, String> {
        let (mut url, mut form) = (location.to_owned(), None);
        for _ in 0..20 {
            match self.open(&url, form.take()).await {
                Ok(next) if next.starts_with(ISSUER) => {
                    let (_, query) = next.split_once('?').unwrap();
                    return form_urlencoded::parse(query.as_bytes()).into_owned().collect();
                }
                Ok(next) => url = next,
                Err(page) => {
                    let action = |from: &str| page.split_once(from).and_then(|(_, rest)| rest.split_once('"'));
                    let Some(name) = name else {
                        let (abort, _) = action("href=\"").filter(|(href, _)| href.ends_with("/abort")).expect(&page);
                        url = absolute(&url, abort);
                        continue;
                    };
                    let (action, _) = action("action=\"").expect(&page);
                    url = absolute(&url, action);
                    let prompt = if page.contains("name=\"login\"") { "login" } else { "consent" };
                    form = Some(format!("prompt={prompt}&login={name}&password=x"));
                }
            }
        }
        panic!("the provider never sends the person back")
    }
}

fn absolute(base: &str, to: &str) -> String {
    reqwest::Url::parse(base).unwrap().join(to).unwrap().to_string()
}

fn text<'a>(shown: &'a Value, member: &str) -> &'a str {
    shown[member].as_str().unwrap()
}

fn id(shown: &Value) -> Uuid {
    text(shown, "id").parse().unwrap()
}

fn body(url: &str) -> Value {
    json!({
        "url": url, "clientId": "issuerd", "clientSecret": SECRET, "claimsToPersist": ["email"],
        "forwardedRequestParameters": ["login_hint"],
    })
}

fn assert_mika(identity: &Identity, url: &str) {
    assert_eq!((identity.issuer.as_str(), identity.subject.as_str()), (url, "mika"));
    let claims = json!({
        "sub": "mika", "given_name": "Mika", "family_name": "Sommer", "birthdate": "1990-04-01",
        "email": "mika@example.org", "email_verified": true,
    });
    assert_eq!(Value::from(identity.claims.clone()), claims);
    let persist: Map<String, Value> = [("email".to_owned(), json!("mika@example.org"))].into_iter().collect();
    assert_eq!(identity.persist, persist);
}

// UPS-01, UPS-04, UPS-06
#[tokio::test]
#[ignore = "needs node and `npm ci` in tests/interop; run by `cargo xtask test interop`"]
async fn a_person_logs_in_with_each_algorithm_and_each_way_of_authentication() {
    for (alg, method) in [
        ("RS256", "client_secret_basic"),
        ("PS256", "client_secret_post"),
        ("ES256", "private_key_jwt"),
        ("ES384", "none"),
        ("Ed25519", "client_secret_basic"),
    ] {
        let bench = Bench::new().await;
        let mut wanted = body(NOWHERE);
        wanted["tokenEndpointAuthMethod"] = json!(method);
        let shown = bench.save(None, &wanted).await;
        let jwk = shown["clientJwk"].to_string();
        let mut arguments = vec!["--alg", alg, "--method", method];
        match method {
            "private_key_jwt" => arguments.extend(["--jwk", &jwk]),
            "none" => {}
            _ => arguments.extend(["--secret", SECRET]),
        }
        let upstream = Upstream::start(text(&shown, "redirectUrl"), &arguments);
        wanted["url"] = json!(upstream.url);
        bench.save(Some(id(&shown)), &wanted).await;
        let begun = bench.begin(id(&shown)).await;
        let back = Person::new().visit(&begun.location, Some("mika")).await;
        // RFC 9207
        assert_eq!(back["iss"], upstream.url);
        match bench.finish(&begun, &back).await {
            Ok(identity) => assert_mika(&identity, &upstream.url),
            Err(error) => panic!("{alg} {method}: {error}"),
        }
        // UPS-12: the code is spent.
        assert!(matches!(bench.finish(&begun, &back).await.err(), Some(LoginError::Unacceptable(_))));
    }
}

// UPS-11
#[tokio::test]
#[ignore = "needs node and `npm ci` in tests/interop; run by `cargo xtask test interop`"]
async fn a_rotated_key_is_found() {
    let bench = Bench::new().await;
    let (provider, mut upstream) = bench.upstream().await;
    for _ in 0..2 {
        let begun = bench.begin(provider).await;
        let back = Person::new().visit(&begun.location, Some("mika")).await;
        assert_mika(&bench.finish(&begun, &back).await.ok().unwrap(), &upstream.url);
        upstream.rotate();
        bench.clock.advance(Duration::from_secs(31));
    }
}

// UPS-12
#[tokio::test]
#[ignore = "needs node and `npm ci` in tests/interop; run by `cargo xtask test interop`"]
async fn a_code_of_another_login_and_a_wrong_secret_log_nobody_in() {
    let bench = Bench::new().await;
    let (provider, upstream) = bench.upstream().await;
    let (first, second) = (bench.begin(provider).await, bench.begin(provider).await);
    let back = Person::new().visit(&first.location, Some("mika")).await;
    assert!(matches!(bench.finish(&second, &back).await.err(), Some(LoginError::Unacceptable(_))));
    let mut wrong = body(&upstream.url);
    wrong["clientSecret"] = json!("another");
    bench.save(Some(provider), &wrong).await;
    let begun = bench.begin(provider).await;
    let back = Person::new().visit(&begun.location, Some("mika")).await;
    let Some(LoginError::Unacceptable(text)) = bench.finish(&begun, &back).await.err() else { panic!("logged in") };
    assert!(text.contains("invalid_client"), "{text}");
}

#[tokio::test]
#[ignore = "needs node and `npm ci` in tests/interop; run by `cargo xtask test interop`"]
async fn who_refuses_is_not_logged_in() {
    let bench = Bench::new().await;
    let (provider, _upstream) = bench.upstream().await;
    let begun = bench.begin(provider).await;
    let back = Person::new().visit(&begun.location, None).await;
    assert_eq!(bench.finish(&begun, &back).await.err(), Some(LoginError::Denied("access_denied")));
}
