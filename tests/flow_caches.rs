//! What a cache before the daemon may keep: documents that are the same for all, and nothing that holds a secret.

use issuerd_tests::claims::mdl;
use issuerd_tests::daemon::MDL;
use issuerd_tests::management::{OFFERS, PRE_AUTHORIZED_OFFERS};
use issuerd_tests::offer::path;
use issuerd_tests::wallet::request_body;
use issuerd_tests::{Answer, Daemon, HolderKey, Request};
use serde_json::json;

#[track_caller]
fn is_not_kept(what: &str, answer: &Answer) {
    assert!(answer.lists("cache-control", "no-store"), "{what}: {:?}", answer.headers);
    assert!(answer.header("etag").is_none() && answer.header("set-cookie").is_none(), "{what}: {:?}", answer.headers);
}

// SEC-CACHE-01
#[test]
fn sec_cache_01_nothing_with_a_secret_is_kept() {
    let daemon = Daemon::start();
    let (wallet, management, configuration) = (daemon.wallet(), daemon.management(), daemon.configuration(MDL));
    let body = json!({ "credentials": [configuration], "claims": mdl(&management.country()) });
    is_not_kept("the creation of an offer", &management.post(PRE_AUTHORIZED_OFFERS, &body).expect(200));
    let offer = management.offer(&body);
    is_not_kept("an offer as operators see it", &management.get(&format!("{OFFERS}/{}", offer.id)).expect(200));
    is_not_kept("the list of offers", &management.get(OFFERS).expect(200));
    is_not_kept("an offer by reference", &wallet.get(&offer.reference_path()).expect(200));
    is_not_kept("a refused token request", &wallet.token("unknown", None).expect(400));
    let answer = wallet.token(&offer.code, None).expect(200);
    is_not_kept("a token", &answer);
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    is_not_kept("a nonce", &wallet.send(&Request::post(&wallet.nonce_path())).expect(200));
    is_not_kept("a refused credential request", &wallet.credential(&token, &json!({})).expect(400));
    let key = HolderKey::es256();
    let proof = wallet.proof(&key).sign(&key);
    is_not_kept("a credential", &wallet.credential(&token, &request_body(configuration, &[proof])).expect(200));
    let login = json!({ "client_id": daemon.ready.line["client_id"], "client_secret": daemon.ready.line["client_secret"],
        "grant_type": "client_credentials" });
    let login = Request::new("POST", "/oauth/token").json(&login).send(management.address);
    is_not_kept("a management token", &login.expect(200));
}

// SEC-CACHE-01
#[test]
fn sec_cache_01_a_path_dressed_up_as_a_file_is_unknown() {
    let daemon = Daemon::start();
    let (wallet, management) = (daemon.wallet(), daemon.management());
    let offer = management.offer(&json!({ "credentials": [daemon.configuration(MDL)] }));
    let secret = offer.reference_path();
    for endpoint in [&wallet.token_path(), &wallet.nonce_path(), &wallet.credential_path(), &secret] {
        for dress in ["/x.css", ".css", ";x.css", "%2fx.css", "%3fx.css", "/..%2fx.css", "%00.css"] {
            for method in ["GET", "POST"] {
                let request = Request { body: Some(Vec::new()), ..Request::new(method, &format!("{endpoint}{dress}")) };
                let answer = wallet.send(&request);
                assert!(matches!(answer.status, 400 | 404), "{method} {endpoint}{dress}: {}", answer.status);
                is_not_kept(dress, &answer);
                assert!(!answer.text().contains(&offer.code), "{endpoint}{dress}");
            }
        }
    }
}

// SEC-CACHE-01
#[test]
fn sec_cache_01_what_is_kept_depends_on_nothing_that_a_cache_does_not_see() {
    let daemon = Daemon::start();
    let wallet = daemon.wallet();
    let crl = path(&daemon.management().iaca().crl_url());
    for document in [
        "/.well-known/openid-credential-issuer",
        "/.well-known/oauth-authorization-server",
        &wallet.path("/v1/openid/iacas"),
        &crl,
    ] {
        let plain = wallet.get(document).expect(200);
        assert!(plain.lists("cache-control", "public") && plain.header("etag").is_some(), "{:?}", plain.headers);
        for (name, value) in [
            ("Cookie", "session=1"),
            ("Authorization", "Bearer nonsense"),
            ("Origin", "https://wallet.example"),
            ("X-Forwarded-Host", "evil.example"),
            ("X-Original-URL", "/v1/oauth/token"),
            ("User-Agent", "<script>"),
            ("DPoP", "nonsense"),
        ] {
            let given = wallet.send(&Request::get(document).header(name, value)).expect(200);
            assert_eq!(given.body, plain.body, "{document} with {name}");
            // A web wallet of any origin gets the same permission, so that it needs no place in the key of a cache.
            assert_eq!(given.header("access-control-allow-origin"), Some("*"), "{document} with {name}");
        }
    }
    let metadata = wallet.get("/.well-known/openid-credential-issuer").expect(200);
    assert!(metadata.lists("vary", "accept") && metadata.lists("vary", "accept-language"), "{:?}", metadata.headers);
}
