//! Several authentication providers: which of them a person may choose, and that no answer is taken for that of another.

use std::collections::BTreeMap;

use issuerd_tests::browser::{Browser, between};
use issuerd_tests::configurations::{changed, membership};
use issuerd_tests::guests::Server;
use issuerd_tests::login::{Asking, REDIRECT_URI};
use issuerd_tests::wallet::credentials;
use issuerd_tests::{Answer, Daemon, HolderKey};
use serde_json::{Value, json};

const PROVIDERS: &str = "/v1/users/authentication-providers";
const CLUB: &str = "org.example.club";

/// A provider that has a discovery document and nothing else.
fn server() -> Server {
    Server::start(|head| {
        let host =
            head.iter().find_map(|line| line.to_ascii_lowercase().strip_prefix("host: ").map(str::to_owned)).unwrap();
        let at = |path: &str| format!("http://{host}{path}");
        let document = json!({
            "issuer": at(""), "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"), "jwks_uri": at("/keys"),
        });
        ("content-type: application/json\r\n".into(), document.to_string())
    })
}

struct House {
    daemon: Daemon,
    providers: Vec<(Server, Value)>,
}

impl House {
    /// An issuer with providers of these names, each as its document says.
    fn new(providers: &[Value]) -> Self {
        let daemon = Daemon::installed("[login]\nallow_private = true\n");
        let make = |more: &Value| {
            let server = server();
            let mut body = json!({ "url": server.origin(), "clientId": "issuerd", "clientSecret": "a secret" });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let made = daemon.management().post(PROVIDERS, &body).expect(201).json();
            (server, made)
        };
        let providers = providers.iter().map(make).collect();
        Self { daemon, providers }
    }

    fn configure(&self, kind: &str, provider: Option<usize>) {
        let id = provider.map_or(Value::Null, |place| self.providers[place].1["id"].clone());
        self.daemon.management().create_configuration(&changed(membership(kind), "/authenticationProviderId", id));
    }

    fn id(&self, place: usize) -> &str {
        self.providers[place].1["id"].as_str().unwrap()
    }

    /// Where a person comes to who is asked for these types.
    #[track_caller]
    fn open(&self, browser: &mut Browser, kinds: &[&str]) -> Answer {
        let scope = kinds.iter().map(|kind| format!("mso_mdoc:{kind}")).collect::<Vec<_>>().join(" ");
        let asking = Asking { scope: Some(scope), ..Asking::default() };
        let opened = browser.get(&self.daemon.wallet().authorize_path(&asking)).expect(303);
        let login = opened.header("location").unwrap().to_owned();
        browser.get(&login)
    }

    fn browser(&self) -> Browser {
        Browser::new(self.daemon.public())
    }
}

fn location(answer: &Answer) -> &str {
    answer.header("location").unwrap_or_else(|| panic!("{} {}", answer.status, answer.text()))
}

/// Names of the links, and where they lead.
fn choices(page: &Answer) -> Vec<(String, String)> {
    let html = page.text();
    let links = html.split("<a class=\"button\" href=\"").skip(1);
    let read = |link: &str| (between(link, ">", "<").unwrap(), link.split('"').next().unwrap().replace("&amp;", "&"));
    links.map(read).collect()
}

fn parameters(location: &str) -> BTreeMap<String, String> {
    form_urlencoded::parse(location.split_once('?').unwrap().1.as_bytes()).into_owned().collect()
}

// VCI-15.1-02
#[test]
fn a_person_chooses_among_the_providers_that_fit() {
    let house =
        House::new(&[json!({ "name": "Town <hall>" }), json!({}), json!({ "name": "Club", "onlyWhenNamed": true })]);
    house.configure(CLUB, None);
    house.configure("org.example.staff", Some(2));
    let mut browser = house.browser();
    let page = house.open(&mut browser, &[CLUB]).expect(200);
    assert!(page.text().contains("Where do you want to sign in?"), "{}", page.text());
    let choices = choices(&page);
    let names: Vec<_> = choices.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Continue with Town &lt;hall&gt;", "Continue with 127.0.0.1"]);
    // The person looks at one, comes back and takes the other.
    for (place, (_, link)) in choices.iter().enumerate() {
        let left = browser.get(link).expect(303);
        let (provider, made) = &house.providers[place];
        assert!(location(&left).starts_with(&format!("{}/authorize?", provider.origin())), "{}", location(&left));
        assert_eq!(parameters(location(&left))["redirect_uri"], made["redirectUrl"].as_str().unwrap());
    }
    // One that does not fit leads back to the page.
    let (_, link) = &choices[0];
    let foreign = browser.get(&link.replace(house.id(0), house.id(2))).expect(303);
    assert!(location(&foreign).contains("/v1/oauth/login?interaction="), "{}", location(&foreign));
    // Where one fits, nobody is asked. What no provider is good for together, nobody can log in for.
    let left = house.open(&mut browser, &["org.example.staff"]).expect(303);
    assert!(location(&left).starts_with(&house.providers[2].0.origin()));
    let nobody = house.open(&mut browser, &["org.example.staff", CLUB]).expect(200);
    assert!(nobody.text().contains("role=\"alert\""), "{}", nobody.text());
}

// UPS-02, UPS-03, SEC-MIX-01
#[test]
fn an_answer_belongs_to_the_callback_of_its_provider_and_to_its_attempt() {
    let house = House::new(&[json!({ "name": "Honest" }), json!({ "name": "Evil" })]);
    house.configure(CLUB, None);
    let mut browser = house.browser();
    let page = house.open(&mut browser, &[CLUB]).expect(200);
    let links = choices(&page);
    let callback = |place: usize, state: &str| {
        let (server, made) = &house.providers[place];
        let iss = server.origin();
        let pairs = [("state", state), ("code", "secret-code"), ("iss", iss.as_str())];
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        format!("{}?{query}", made["redirectUrl"].as_str().unwrap())
    };
    let state = |answer: &Answer| parameters(location(answer))["state"].clone();
    let first = state(&browser.get(&links[0].1).expect(303));
    let second = state(&browser.get(&links[1].1).expect(303));
    assert_ne!(first, second);
    // The attempt at the first was given up for the second.
    let back = browser.get(&callback(0, &first)).expect(303);
    assert!(location(&back).contains("/v1/oauth/login?interaction="), "{}", location(&back));
    // No state, another one's, another browser's, no provider's callback.
    for wrong in [callback(1, ""), callback(1, "x"), callback(1, &format!("{second}x").replace('.', ""))] {
        assert_eq!(browser.get(&wrong).status, 400, "{wrong}");
    }
    assert_eq!(house.browser().get(&callback(1, &second)).status, 400);
    assert_eq!(browser.get(&callback(1, &second).replace(house.id(1), "x")).status, 404);
    // Evil has sent the person on to Honest, with its own state: the code of Honest is told nobody.
    let asked = house.providers.iter().map(|(server, _)| server.connections()).collect::<Vec<_>>();
    let mixed = browser.get(&callback(0, &second)).expect(303);
    assert!(location(&mixed).starts_with(&format!("{REDIRECT_URI}?error=server_error&")), "{}", location(&mixed));
    assert_eq!(house.providers.iter().map(|(server, _)| server.connections()).collect::<Vec<_>>(), asked);
    assert!(!house.daemon.stderr().contains("secret-code"));
    assert_eq!(browser.get(&callback(1, &second)).status, 400);
}

// UPS-14, SEC-SESS-03
#[test]
fn two_people_at_one_browser_get_each_their_own() {
    let people = ["Mika Sommer", "Robin Winter"];
    let user = |name: &str| format!("[[login.test_user]]\nname = \"{name}\"\nclaims = {{ name = \"{name}\" }}\n");
    let daemon = Daemon::installed(&people.map(user).concat());
    let configuration = daemon.management().create_configuration(&membership(CLUB));
    let (wallet, mut browser) = (daemon.wallet(), Browser::new(daemon.public()));
    let asking = Asking { scope: Some(format!("mso_mdoc:{CLUB}")), ..Asking::default() };
    let windows = people.map(|_| {
        let opened = browser.get(&wallet.authorize_path(&asking)).expect(303);
        browser.follow(opened).expect(200)
    });
    let windows = [0, 1].map(|place| {
        let next = browser.submit(&windows[place], &[("user", people[place])]).expect(303);
        browser.follow(next).expect(200)
    });
    for place in [1, 0] {
        let done = browser.submit(&windows[place], &[("decision", "approve")]).expect(303);
        let (code, key) = (parameters(location(&done))["code"].clone(), HolderKey::es256());
        let granted = wallet.send(&wallet.code_request(&code, &key)).expect(200).json();
        let selector = ("credential_configuration_id", configuration.as_str());
        let asked = wallet.bound_credential_request(granted["access_token"].as_str().unwrap(), selector, &key);
        let issued = credentials(&wallet.send(&asked).expect(200));
        assert_eq!(issued[0].value("name").as_text(), Some(people[place]));
    }
}
