//! Wallets that prove who they are, in the pre-authorized code flow, and the clients of the management API.

use issuerd_tests::claims::mdl;
use issuerd_tests::client::WalletProvider;
use issuerd_tests::configurations::membership;
use issuerd_tests::offer::PRE_AUTHORIZED;
use issuerd_tests::volley::Volley;
use issuerd_tests::{Answer, Daemon, HolderKey, Offer, Proof, Request};
use serde_json::{Value, json};
use tempfile::TempDir;

const CLIENTS: &str = "/v1/openid/clients";
const APP: &str = "https://wallet.example/app";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A daemon that trusts one wallet provider, with a wallet of it.
struct Scene {
    daemon: Daemon,
    provider: WalletProvider,
    instance: HolderKey,
    configuration: String,
    _folder: TempDir,
}

impl Scene {
    fn with(more: &str) -> Self {
        let (folder, provider) = (TempDir::new().unwrap(), WalletProvider::new());
        let daemon = Daemon::installed(&provider.trusted(folder.path(), more));
        let configuration = daemon.management().create_configuration(&membership("org.example.club"));
        Self { daemon, provider, instance: HolderKey::es256(), configuration, _folder: folder }
    }

    fn offer(&self) -> Offer {
        self.daemon.management().offer_of(&self.configuration, &json!({ "name": "Mika Sommer" }))
    }

    fn attestation(&self) -> Proof {
        self.provider.attestation(APP, &self.instance)
    }

    fn pop(&self) -> Proof {
        Proof::attestation_pop(&self.instance, &self.daemon.ready.issuer)
    }

    /// A token request of the attested wallet, without a `client_id`.
    fn request(&self, code: &str) -> Request {
        let (attestation, pop) = (self.provider.sign(&self.attestation()), self.pop().sign(&self.instance));
        self.daemon.wallet().token_request(code, None).attested(&attestation, &pop)
    }

    fn send(&self, code: &str, attestation: &Proof, pop: &Proof) -> Answer {
        let wallet = self.daemon.wallet();
        let request = wallet.token_request(code, None);
        wallet.send(&request.attested(&self.provider.sign(attestation), &pop.sign(&self.instance)))
    }

    fn metadata(&self) -> Value {
        self.daemon.wallet().get("/.well-known/oauth-authorization-server").expect(200).json()
    }
}

// ABC-4-01, ABC-4-03, ABC-4-05, HAIP-7-01, HAIP-4.4.1-02, ASM-2-09, ASM-2-10, ASM-2-11
#[test]
fn an_attested_wallet_gets_its_credential() {
    let scene = Scene::with("");
    let metadata = scene.metadata();
    let methods = metadata["token_endpoint_auth_methods_supported"].as_array().unwrap();
    assert!(methods.contains(&json!("attest_jwt_client_auth")), "{metadata}");
    assert!(metadata["client_attestation_pop_signing_alg_values_supported"][0] == "ES256", "{metadata}");
    let (wallet, offer) = (scene.daemon.wallet(), scene.offer());
    let token = wallet.send(&scene.request(&offer.code)).expect(200).json();
    let token = token["access_token"].as_str().unwrap();
    // The token is that of the client, so its proofs may have its name as iss.
    let key = HolderKey::es256();
    let proof = wallet.proof(&key).claim("iss", APP).sign(&key);
    wallet.credential(token, &issuerd_tests::wallet::request_body(&scene.configuration, &[proof])).expect(200);
    assert_eq!(scene.daemon.management().offer_state(&offer.id), "issued");
}

// ABC-4-01, ABC-4-02, ABC-5.1-01, ABC-5.1-02, ABC-5.1-03, ABC-7-01, SEC-ATT-02, VCI-E-01
#[test]
fn each_defect_is_invalid_client_and_spends_nothing() {
    let scene = Scene::with("");
    let (wallet, offer) = (scene.daemon.wallet(), scene.offer());
    let now = issuerd_tests::proof::seconds_now();
    for (attestation, pop) in [
        (scene.attestation().header("typ", "JWT"), scene.pop()),
        (scene.attestation().header("alg", "none"), scene.pop()),
        (scene.attestation().header("x5c", Value::Null), scene.pop()),
        (scene.attestation().claim("exp", now - 100), scene.pop()),
        (scene.attestation().claim("exp", Value::Null), scene.pop()),
        (scene.attestation().claim("sub", Value::Null), scene.pop()),
        (scene.attestation().claim("cnf", Value::Null), scene.pop()),
        (scene.attestation().claim("cnf", json!({ "jwk": HolderKey::es256().jwk() })), scene.pop()),
        (scene.attestation(), scene.pop().header("typ", "dpop+jwt")),
        (scene.attestation(), scene.pop().header("alg", "HS256")),
        (scene.attestation(), scene.pop().claim("aud", "https://other.example")),
        (scene.attestation(), scene.pop().claim("iat", now - 3600)),
        (scene.attestation(), scene.pop().claim("iat", now + 3600)),
        (scene.attestation(), scene.pop().claim("jti", Value::Null)),
        (scene.attestation(), scene.pop().claim("iss", "other")),
    ] {
        scene.send(&offer.code, &attestation, &pop).expect_error(401, "invalid_client");
    }
    let other = WalletProvider::new();
    let untrusted = other.sign(&other.attestation(APP, &scene.instance));
    let request = wallet.token_request(&offer.code, None);
    let pop = || scene.pop().sign(&scene.instance);
    wallet.send(&request.clone().attested(&untrusted, &pop())).expect_error(401, "invalid_client");
    let good = scene.provider.sign(&scene.attestation());
    wallet.send(&request.clone().header("OAuth-Client-Attestation", &good)).expect_error(401, "invalid_client");
    let doubled = request.attested(&good, &pop()).header("OAuth-Client-Attestation", &good);
    wallet.send(&doubled).expect_error(401, "invalid_client");
    // ABC-4-03: another client_id beside it.
    let fields = [("grant_type", PRE_AUTHORIZED), ("pre-authorized_code", offer.code.as_str()), ("client_id", "other")];
    let named = Request::new("POST", &wallet.token_path()).form(fields).attested(&good, &pop());
    wallet.send(&named).expect_error(401, "invalid_client");
    wallet.send(&scene.request(&offer.code)).expect(200);
}

// ABC-11.1-01: of a hundred requests with one proof one is let in.
#[test]
fn a_proof_of_possession_is_accepted_once() {
    let scene = Scene::with("");
    let offers: Vec<_> = (0..20).map(|_| scene.offer()).collect();
    let (attestation, pop) = (scene.provider.sign(&scene.attestation()), scene.pop().sign(&scene.instance));
    let wallet = scene.daemon.wallet();
    let requests: Vec<_> =
        offers.iter().map(|offer| wallet.token_request(&offer.code, None).attested(&attestation, &pop)).collect();
    let answers = Volley::open(wallet.address, requests.len()).fire(&requests);
    let good = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(good, 1);
}

// ABC-6.1-01, ABC-6.2-01
#[test]
fn a_challenge_is_asked_for_and_given() {
    let scene = Scene::with("require_challenge = true");
    let (wallet, offer) = (scene.daemon.wallet(), scene.offer());
    let answer = wallet.send(&scene.request(&offer.code));
    let challenge = answer.header("oauth-client-attestation-challenge").unwrap().to_owned();
    answer.expect_error(400, "use_attestation_challenge");
    let stale = scene.pop().claim("challenge", "x");
    scene.send(&offer.code, &scene.attestation(), &stale).expect_error(400, "use_attestation_challenge");
    scene.send(&offer.code, &scene.attestation(), &scene.pop().claim("challenge", challenge)).expect(200);
    let endpoint = scene.metadata()["challenge_endpoint"].as_str().unwrap().to_owned();
    assert_eq!(endpoint, format!("{}/v1/oauth/challenge", scene.daemon.ready.issuer));
    let fresh = wallet.send(&Request::post("/v1/oauth/challenge")).expect(200);
    assert!(fresh.lists("cache-control", "no-store"));
    let fresh = fresh.json()["attestation_challenge"].as_str().unwrap().to_owned();
    let offer = scene.offer();
    scene.send(&offer.code, &scene.attestation(), &scene.pop().claim("challenge", fresh)).expect(200);
}

// HAIP-4.4.1-01, VCI-6.1-07, VCI-6.3-05, ASM-2-13
#[test]
fn where_attestation_is_required_a_name_is_not_enough() {
    let scene = Scene::with("required = true\nmax_age = 600");
    let metadata = scene.metadata();
    assert_eq!(metadata["pre-authorized_grant_anonymous_access_supported"], false);
    assert_eq!(metadata["token_endpoint_auth_methods_supported"], json!(["private_key_jwt", "attest_jwt_client_auth"]));
    let (wallet, offer) = (scene.daemon.wallet(), scene.offer());
    wallet.token(&offer.code, None).expect_error(401, "invalid_client");
    let fields = [("grant_type", PRE_AUTHORIZED), ("pre-authorized_code", offer.code.as_str()), ("client_id", APP)];
    wallet.token_with(&fields).expect_error(401, "invalid_client");
    // ABC-7.4-01
    let old = scene.attestation().claim("iat", issuerd_tests::proof::seconds_now() - 1000);
    scene.send(&offer.code, &old, &scene.pop()).expect_error(400, "use_fresh_attestation");
    wallet.send(&scene.request(&offer.code)).expect(200);
    // Who is registered with a key of its own proves as much by it, and nobody by a name that is registered.
    let (management, key) = (scene.daemon.management(), HolderKey::es256());
    let bank = json!({ "clientId": "bank", "authentication": "private_key_jwt", "jwks": { "keys": [key.jwk()] } });
    management.post(CLIENTS, &bank).expect(201);
    management.post(CLIENTS, &json!({ "clientId": "shop", "authentication": "none" })).expect(201);
    let code = scene.offer().code;
    let assertion = || Proof::assertion(&key, "bank", &scene.daemon.ready.issuer);
    asserted(&scene.daemon, &code, &assertion().sign(&HolderKey::es256())).expect_error(401, "invalid_client");
    for name in ["bank", "shop"] {
        let named = [("grant_type", PRE_AUTHORIZED), ("pre-authorized_code", code.as_str()), ("client_id", name)];
        wallet.token_with(&named).expect_error(401, "invalid_client");
    }
    asserted(&scene.daemon, &code, &assertion().sign(&key)).expect(200);
}

fn asserted(daemon: &Daemon, code: &str, assertion: &str) -> Answer {
    let fields = [
        ("grant_type", PRE_AUTHORIZED),
        ("pre-authorized_code", code),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion),
    ];
    daemon.wallet().token_with(&fields)
}

// OAU-2.3-02, OAU-2.3-04, OAU-2.2-01, OAU-2.3-01, OAU-5.2-02
#[test]
fn a_registered_client_proves_itself_with_its_key() {
    let daemon = Daemon::start();
    let (management, key) = (daemon.management(), HolderKey::es256());
    let body = json!({
        "clientId": "bank", "name": "Bank", "authentication": "private_key_jwt", "jwks": { "keys": [key.jwk()] },
        "redirectUris": ["https://bank.example/cb"],
    });
    let made = management.post(CLIENTS, &body).expect(201).json();
    assert_eq!((&made["clientId"], &made["source"]), (&json!("bank"), &json!("api")));
    let country = management.country();
    let code = || management.offer_of(daemon.configuration(issuerd_tests::daemon::MDL), &mdl(&country)).code;
    let issuer = daemon.ready.issuer.as_str();
    let assertion = || Proof::assertion(&key, "bank", issuer);
    let good = code();
    for wrong in [
        assertion().claim("aud", "https://other.example").sign(&key),
        assertion().claim("jti", Value::Null).sign(&key),
        assertion().claim("exp", issuerd_tests::proof::seconds_now() - 100).sign(&key),
        assertion().sign(&HolderKey::es256()),
        Proof::assertion(&key, "nobody", issuer).sign(&key),
    ] {
        asserted(&daemon, &good, &wrong).expect_error(401, "invalid_client");
    }
    // Unknown clients answer like wrong keys.
    let unknown = asserted(&daemon, &good, &Proof::assertion(&key, "nobody", issuer).sign(&key));
    let wrong_key = asserted(&daemon, &good, &assertion().sign(&HolderKey::es256()));
    assert_eq!(unknown.body, wrong_key.body);
    let once = assertion().sign(&key);
    asserted(&daemon, &good, &once).expect(200);
    asserted(&daemon, &code(), &once).expect_error(401, "invalid_client");
    // Its name alone is not enough, and two methods are one too many.
    let wallet = daemon.wallet();
    let code = code();
    let named = [("grant_type", PRE_AUTHORIZED), ("pre-authorized_code", code.as_str()), ("client_id", "bank")];
    wallet.token_with(&named).expect_error(401, "invalid_client");
    let both = wallet.token_request(&code, None).header("OAuth-Client-Attestation", "x");
    wallet.send(&both).expect_error(401, "invalid_client");
    asserted(&daemon, &code, &assertion().sign(&key)).expect(200);
}

#[test]
fn clients_are_managed_and_those_of_the_file_are_read_only() {
    let file = "[clients]\nallow_unregistered = false\n[[client]]\nid = \"shop\"\nauthentication = \"none\"\n\
        redirect_uris = [\"https://shop.example/cb\"]\n";
    let daemon = Daemon::installed(file);
    let management = daemon.management();
    let listed = management.get(CLIENTS).expect(200).json();
    let shop = &listed["data"][0];
    assert_eq!((&shop["clientId"], &shop["source"]), (&json!("shop"), &json!("issuer.toml")));
    let path = format!("{CLIENTS}/{}", shop["id"].as_str().unwrap());
    let body = json!({ "clientId": "shop", "authentication": "none" });
    management.put(&path, &body).expect(409);
    management.send(Request::new("DELETE", &path)).expect(409);
    management.post(CLIENTS, &body).expect(409);
    let wrong = management.post(CLIENTS, &json!({ "clientId": "x", "authentication": "basic" })).expect(400).json();
    assert_eq!(wrong["details"][0]["param"], "authentication");
    let made = management.post(CLIENTS, &json!({ "clientId": "x", "authentication": "none" })).expect(201).json();
    let path = format!("{CLIENTS}/{}", made["id"].as_str().unwrap());
    let changed = json!({ "clientId": "x", "authentication": "none", "name": "X" });
    assert_eq!(management.put(&path, &changed).expect(200).json()["name"], "X");
    assert_eq!(management.get(&path).expect(200).json()["createdAt"], made["createdAt"]);
    // Public wallets that are not known stay out; those that are come by their name.
    let configuration = management.create_configuration(&membership("org.example.club"));
    let offer = management.offer_of(&configuration, &json!({ "name": "Mika Sommer" }));
    let wallet = daemon.wallet();
    let as_client = |id: &str| {
        let fields = [("grant_type", PRE_AUTHORIZED), ("pre-authorized_code", offer.code.as_str()), ("client_id", id)];
        wallet.token_with(&fields)
    };
    // VCI-6.3-05
    wallet.token(&offer.code, None).expect_error(401, "invalid_client");
    as_client("nobody").expect_error(401, "invalid_client");
    as_client("x").expect(200);
    management.send(Request::new("DELETE", &path)).expect(204);
    as_client("x").expect_error(401, "invalid_client");
    as_client("shop").expect_error(400, "invalid_grant");
}

#[test]
fn a_mistake_in_the_file_stops_the_start() {
    let refused = Daemon::refused("[[client]]\nid = \"shop\"\nauthentication = \"private_key_jwt\"\n");
    assert!(refused.contains("`client[0].jwks` is required for private_key_jwt"), "{refused}");
    let refused = Daemon::refused("[wallet_attestation]\ntrust_anchors = [\"/nowhere.pem\"]\n");
    assert!(refused.contains("/nowhere.pem cannot be read"), "{refused}");
}
