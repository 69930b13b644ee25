//! Issuer and authorization-server metadata.

use std::collections::BTreeSet;
use std::net::TcpListener;

use issuerd_tests::claims::mdl;
use issuerd_tests::configurations::{changed, membership};
use issuerd_tests::daemon::{MDL, Options, PID, SD_JWT_PID};
use issuerd_tests::{Daemon, HolderKey, Request};
use serde_json::{Value, json};

const ISSUER: &str = "/.well-known/openid-credential-issuer";
const SERVER: &str = "/.well-known/oauth-authorization-server";

// VCI-12.2.4-01
#[test]
fn vci_12_2_4_01_the_endpoints_are_where_the_metadata_says() {
    let daemon = Daemon::start();
    let wallet = daemon.wallet();
    // VCI-12.2.2-04
    let answer = wallet.get(ISSUER).expect(200);
    assert_eq!(answer.media_type(), "application/json");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let metadata = answer.json();
    let issuer = &daemon.ready.issuer;
    // VCI-12.2.2-11
    assert_eq!(metadata["credential_issuer"], *issuer);
    assert_eq!(metadata["credential_endpoint"], format!("{issuer}/v1/openid/credential"));
    // VCI-12.2.4-04
    assert_eq!(metadata["nonce_endpoint"], format!("{issuer}/v1/openid/nonce"));
    // VCI-12.2.4-05, VCI-12.2.4-06
    assert_eq!(metadata["deferred_credential_endpoint"], format!("{issuer}/v1/openid/deferred_credential"));
    assert_eq!(metadata["notification_endpoint"], format!("{issuer}/v1/openid/notification"));
    // VCI-12.2.4-02: what does not exist is not named.
    assert!(metadata.get("authorization_servers").is_none());
    // VCI-12.2.4-10
    assert_eq!(metadata["batch_credential_issuance"], json!({ "batch_size": 20 }));
    let configurations = metadata["credential_configurations_supported"].as_object().unwrap();
    assert_eq!(configurations.keys().collect::<BTreeSet<_>>(), daemon.ready.configurations.values().collect());
}

// VCI-12.2.4-20, HAIP-4.1-01
#[test]
fn vci_12_2_4_20_each_configuration_has_the_shape_of_1_0() {
    let daemon = Daemon::start();
    let metadata = daemon.wallet().metadata();
    for (doc_type, id) in daemon.ready.configurations.iter().filter(|(kind, _)| *kind != SD_JWT_PID) {
        let shown = &metadata["credential_configurations_supported"][id];
        assert_eq!((&shown["format"], &shown["doctype"]), (&json!("mso_mdoc"), &json!(doc_type)));
        // VCI-12.2.4-23
        let scope = shown["scope"].as_str().unwrap();
        assert!(scope.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)), "{scope}");
        // VCI-12.2.4-26: integers.
        assert!(shown["credential_signing_alg_values_supported"].as_array().unwrap().contains(&json!(-7)));
        // VCI-12.2.4-27, VCI-12.2.4-28, VCI-12.2.4-29
        assert!(shown["cryptographic_binding_methods_supported"].as_array().unwrap().contains(&json!("cose_key")));
        let algorithms =
            shown["proof_types_supported"]["jwt"]["proof_signing_alg_values_supported"].as_array().unwrap();
        let algorithms: BTreeSet<_> = algorithms.iter().map(|one| one.as_str().unwrap()).collect();
        assert!(
            algorithms.contains("ES256")
                && algorithms.is_subset(&BTreeSet::from(["ES256", "ES384", "EdDSA", "Ed25519"]))
        );
        // VCI-12.2.4-36
        assert!(shown.get("display").is_none() && shown.get("claims").is_none());
        claims(&shown["credential_metadata"]);
    }
    assert_eq!(scopes(&metadata).len(), daemon.ready.configurations.len());
}

fn scopes(metadata: &Value) -> BTreeSet<String> {
    let configurations = metadata["credential_configurations_supported"].as_object().unwrap();
    configurations.values().map(|one| one["scope"].as_str().unwrap().to_owned()).collect()
}

/// VCI-12.2.4-32, VCI-12.2.4-33, VCI-C-01, VCI-C.2-01, VCI-C.2-02, VCI-B.3-01
fn claims(metadata: &Value) {
    let displays = metadata["display"].as_array().unwrap();
    assert!(displays.iter().all(|one| one["name"].is_string()), "{displays:?}");
    let locales: Vec<_> = displays.iter().map(|one| one.get("locale")).collect();
    assert_eq!(locales.iter().map(|one| format!("{one:?}")).collect::<BTreeSet<_>>().len(), locales.len());
    let claims = metadata["claims"].as_array().unwrap();
    let mut paths = BTreeSet::new();
    for claim in claims {
        let path = claim["path"].as_array().unwrap();
        assert!(path.len() >= 2 && path[0].is_string() && path[1].is_string(), "{path:?}");
        assert!(path[2..].iter().all(|part| part.is_string() || part.is_u64() || part.is_null()), "{path:?}");
        assert!(paths.insert(claim["path"].to_string()), "{path:?} twice");
        assert!(claim.get("mandatory").is_none_or(Value::is_boolean));
    }
}

// VCI-12.2.4-35
#[test]
fn vci_12_2_4_35_the_described_claims_are_those_that_are_issued() {
    let daemon = Daemon::start();
    let (wallet, management, id) = (daemon.wallet(), daemon.management(), daemon.configuration(MDL));
    let mdoc = wallet.claim(&management.offer_of(id, &mdl(&management.country())), &[HolderKey::es256()]).remove(0);
    let metadata = wallet.metadata();
    let claims =
        metadata["credential_configurations_supported"][id]["credential_metadata"]["claims"].as_array().unwrap();
    let described =
        |claim: &Value| (claim["path"][0].as_str().unwrap().to_owned(), claim["path"][1].as_str().unwrap().to_owned());
    let issued: BTreeSet<_> = mdoc.elements.iter().map(|one| (one.namespace.clone(), one.identifier.clone())).collect();
    let all: BTreeSet<_> = claims.iter().map(described).collect();
    assert!(issued.is_subset(&all), "{:?}", issued.difference(&all));
    let mandatory: BTreeSet<_> = claims.iter().filter(|claim| claim["mandatory"] == true).map(described).collect();
    assert!(mandatory.is_subset(&issued) && mandatory.len() >= 11, "{mandatory:?}");
}

// VCI-12.2.4-15
#[test]
fn vci_12_2_4_15_no_member_is_null_or_an_empty_array_and_no_key_is_private() {
    let daemon = Daemon::start();
    daemon.management().create_configuration(&membership("org.example.club"));
    for path in [ISSUER, SERVER] {
        walk(&daemon.wallet().get(path).expect(200).json());
    }
}

fn walk(value: &Value) {
    match value {
        Value::Null => panic!("a null"),
        Value::Array(items) => {
            assert!(!items.is_empty(), "an empty array");
            // A path may have a null for all items of an array.
            items.iter().filter(|item| !item.is_null()).for_each(walk);
        }
        Value::Object(members) => {
            // VCI-12.2.4-16
            for name in ["d", "p", "q", "dp", "dq", "qi", "k"] {
                assert!(!members.contains_key(name), "{name}");
            }
            members.values().for_each(walk);
        }
        _ => {}
    }
}

// VCI-12.2.4-03
#[test]
fn vci_12_2_4_03_the_server_metadata_lists_only_what_works() {
    let daemon = Daemon::start();
    let issuer = &daemon.ready.issuer;
    let answer = daemon.wallet().get(SERVER).expect(200);
    assert!(answer.header("cache-control").is_some_and(|value| value.contains("max-age")), "{:?}", answer.headers);
    let metadata = answer.json();
    assert_eq!(metadata["issuer"], *issuer);
    assert_eq!(metadata["token_endpoint"], format!("{issuer}/v1/oauth/token"));
    let grants = json!([issuerd_tests::offer::PRE_AUTHORIZED, "authorization_code", "refresh_token"]);
    assert_eq!(metadata["grant_types_supported"], grants);
    for (member, path) in [
        ("authorization_endpoint", "authorize"),
        ("pushed_authorization_request_endpoint", "par"),
        ("revocation_endpoint", "revoke"),
    ] {
        assert_eq!(metadata[member], format!("{issuer}/v1/oauth/{path}"));
    }
    assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(metadata["response_types_supported"], json!(["code"]));
    assert_eq!(metadata["pre-authorized_grant_anonymous_access_supported"], true);
    {
        let absent = "jwks_uri";
        assert!(metadata.get(absent).is_none(), "{absent}");
    }
}

// HTP-9111-02
#[test]
fn htp_9111_02_metadata_has_a_validator_and_a_life() {
    let daemon = Daemon::start();
    let wallet = daemon.wallet();
    for path in [ISSUER, SERVER] {
        let answer = wallet.get(path).expect(200);
        let tag = answer.header("etag").unwrap_or_else(|| panic!("{:?}", answer.headers)).to_owned();
        assert!(answer.header("cache-control").is_some_and(|value| value.contains("max-age")));
        for given in [tag.clone(), format!("\"other\", {tag}"), "*".into(), format!("W/{tag}")] {
            let again = wallet.send(&Request::get(path).header("If-None-Match", &given)).expect(304);
            assert!(again.body.is_empty() && again.header("etag") == Some(&tag));
        }
        wallet.send(&Request::get(path).header("If-None-Match", "\"other\"")).expect(200);
        // VCI-12.2.2-13
        let head = wallet.send(&Request::new("HEAD", path)).expect(200);
        assert!(head.body.is_empty() && head.header("etag") == Some(&tag));
        assert_eq!(head.header("content-length"), Some(answer.body.len().to_string().as_str()));
    }
    let before = wallet.get(ISSUER).header("etag").unwrap().to_owned();
    daemon.management().create_configuration(&membership("org.example.club"));
    wallet.send(&Request::get(ISSUER).header("If-None-Match", &before)).expect(200);
}

// VCI-12.2.2-07
#[test]
fn vci_12_2_2_07_what_a_wallet_accepts_does_not_break_the_answer() {
    let daemon = Daemon::start();
    let wallet = daemon.wallet();
    // VCI-12.2.2-05
    for accept in ["application/json", "*/*", "text/html", ";;;"] {
        let answer = wallet.send(&Request::get(ISSUER).header("Accept", accept));
        assert_eq!(answer.expect(200).media_type(), "application/json", "{accept}");
    }
    // VCI-12.2.2-10
    let plain = wallet.metadata();
    for language in ["de", "en-US,en;q=0.5", "xx", ";;;", "", "*", "\u{fc}"] {
        let answer = wallet.send(&Request::get(ISSUER).header("Accept-Language", language)).expect(200);
        assert_eq!(answer.json()["credential_issuer"], plain["credential_issuer"], "{language}");
    }
    // VCI-12.2.2-09
    assert!(
        wallet.get(ISSUER).lists("vary", "accept-language") || wallet.get(ISSUER).header("content-language").is_none()
    );
}

// VCI-B.3-03
#[test]
fn vci_b_3_03_the_order_of_claims_is_stable() {
    let daemon = Daemon::start();
    let first = daemon.wallet().get(ISSUER).body;
    assert!((0..10).all(|_| daemon.wallet().get(ISSUER).body == first));
    let daemon = daemon.restart();
    assert_eq!(daemon.wallet().get(ISSUER).body, first);
}

#[test]
fn branding_is_shown_and_escaped() {
    let daemon = Daemon::start();
    let name = "Card \"<b>\" \u{1f600} 卡";
    let body = changed(
        membership("org.example.club"),
        "/branding",
        json!({ "name": name, "description": "d", "backgroundColor": "#1b4d3e" }),
    );
    let id = daemon.management().create_configuration(&body);
    let metadata = daemon.wallet().metadata();
    let display = &metadata["credential_configurations_supported"][&id]["credential_metadata"]["display"][0];
    assert_eq!((&display["name"], &display["description"]), (&json!(name), &json!("d")));
    assert_eq!(display["background_color"], "#1b4d3e");
}

/// A port that was free a moment ago: the issuer's URL must be known before the daemon starts.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

// VCI-12.2.2-01
#[test]
fn vci_12_2_2_01_an_issuer_with_a_path_has_its_metadata_between_host_and_path() {
    let port = free_port();
    let mut options = Options::default().argument("--issuer", &format!("http://127.0.0.1:{port}/acme"));
    options.listen = Some((([127, 0, 0, 1], port).into(), ([127, 0, 0, 1], 0).into()));
    let daemon = Daemon::with(options);
    let wallet = daemon.wallet();
    assert!(daemon.ready.issuer.ends_with("/acme"));
    for path in [ISSUER, SERVER] {
        let inserted = wallet.get(&format!("{path}/acme")).expect(200);
        // VCI-12.2.2-02
        let appended = wallet.get(&format!("/acme{path}"));
        assert!(appended.status == 404 || appended.expect(200).body == inserted.body, "{path}");
        // VCI-12.2.2-03, VCI-12.2.2-12, VCI-12.2.1-01, SEC-TENANT-01
        for wrong in ["", "/", "/acme/", "/Acme", "/nope", "/acme/../other", "/acme%2f", "/acme/x"] {
            wallet.get(&format!("{path}{wrong}")).expect(404);
        }
    }
    let management = daemon.management();
    let offer = management.offer_of(daemon.configuration(PID), &issuerd_tests::claims::pid(&management.country()));
    assert_eq!(offer.object["credential_issuer"], daemon.ready.issuer);
    let mdoc = wallet.claim(&offer, &[HolderKey::es256()]).remove(0);
    mdoc.verify(&management.iaca());
    // VCI-12.2.4-17: endpoints live below the path, and only there.
    wallet.send(&Request::post("/v1/openid/nonce")).expect(404);
    let crl = issuerd_tests::offer::path(&management.iaca().crl_url());
    wallet.get(&crl).expect(200);
}

// VCI-12.2.2-03
#[test]
fn vci_12_2_2_03_an_issuer_without_a_path_has_no_slash_at_the_end() {
    let daemon = Daemon::start();
    for path in [format!("{ISSUER}/"), format!("{ISSUER}/nope"), format!("{SERVER}/nope")] {
        daemon.wallet().get(&path).expect(404);
    }
}
