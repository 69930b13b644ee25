//! What wallets and verifiers may read of SD-JWT VCs: issuer metadata, keys, types.

use crate::flow_metadata::free_port;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as B64};
use issuerd_tests::configurations::{changed, diploma, membership};
use issuerd_tests::daemon::Options;
use issuerd_tests::management::{SD_JWT_CONFIGURATIONS, details};
use issuerd_tests::{Daemon, HolderKey, SdJwt};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

const VCT: &str = "https://types.example/diploma";
const PNG: &str = "data:image/png;base64,iVBORw0KGgo=";

fn entry(daemon: &Daemon, id: &str) -> Value {
    daemon.wallet().metadata()["credential_configurations_supported"][id].clone()
}

// VCI-12.2.4-22, VCI-12.2.4-23, VCI-12.2.4-26, VCI-12.2.4-27, VCI-12.2.4-28
#[test]
fn an_entry_has_the_shape_of_its_format() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let shown = entry(&daemon, &management.create_sd_jwt(&diploma(VCT)));
    assert_eq!((&shown["format"], &shown["vct"]), (&"dc+sd-jwt".into(), &VCT.into()));
    assert!(shown.get("doctype").is_none());
    assert_eq!(shown["scope"], format!("dc+sd-jwt:{VCT}"));
    assert_eq!(shown["credential_signing_alg_values_supported"], json!(["ES256"]));
    assert_eq!(shown["cryptographic_binding_methods_supported"], json!(["jwk", "did:jwk", "did:key"]));
    assert!(shown["proof_types_supported"]["jwt"]["proof_signing_alg_values_supported"].is_array());
    let unbound = changed(diploma("https://types.example/ticket"), "/keyBinding", false);
    let shown = entry(&daemon, &management.create_sd_jwt(&unbound));
    for absent in ["cryptographic_binding_methods_supported", "proof_types_supported"] {
        assert!(shown.get(absent).is_none(), "{shown}");
    }
}

// VCI-12.2.4-32, VCI-12.2.4-33, VCI-12.2.4-36, VCI-C-01, VCI-B.3-01, VCI-B.3-03
#[test]
fn looks_and_names_have_their_languages_in_both_formats() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let display = json!([
        { "name": "Diploma", "locale": "en", "description": "A diploma", "backgroundColor": "#102030",
          "logo": { "uri": PNG, "altText": "A hat" }, "backgroundImage": PNG },
        { "name": "Zeugnis", "locale": "de", "textColor": "#fefefe" },
    ]);
    let names = json!([{ "name": "Name", "locale": "de" }, { "name": "Full name" }]);
    let sd_jwt =
        changed(changed(diploma(VCT), "/display", display.clone()), "/claimMappings/name/display", names.clone());
    let mdoc = changed(membership("org.example.pass"), "/display", display);
    let mdoc = changed(mdoc, "/claimMappings/org.example.membership/name/display", names.clone());
    let sd_jwt = entry(&daemon, &management.create_sd_jwt(&sd_jwt));
    let mdoc = entry(&daemon, &management.create_configuration(&mdoc));
    let shown = json!([
        { "name": "Diploma", "locale": "en", "description": "A diploma", "background_color": "#102030",
          "text_color": "#ffffff", "logo": { "uri": PNG, "alt_text": "A hat" }, "background_image": { "uri": PNG } },
        { "name": "Zeugnis", "locale": "de", "text_color": "#fefefe" },
    ]);
    for entry in [&sd_jwt, &mdoc] {
        assert_eq!(entry["credential_metadata"]["display"], shown);
    }
    let claim = |path: Value, mandatory: bool| json!({ "path": path, "mandatory": mandatory });
    let mut name = claim(json!(["name"]), true);
    name["display"] = names.clone();
    assert_eq!(
        sd_jwt["credential_metadata"]["claims"],
        json!([
            claim(json!(["address"]), false),
            claim(json!(["address", "country"]), false),
            claim(json!(["address", "locality"]), false),
            claim(json!(["birthdate"]), false),
            claim(json!(["degrees"]), false),
            claim(json!(["degrees", null]), false),
            claim(json!(["degrees", null, "title"]), false),
            claim(json!(["degrees", null, "year"]), false),
            name,
            claim(json!(["university"]), true),
        ])
    );
    let claims = mdoc["credential_metadata"]["claims"].as_array().unwrap();
    let element = claims.iter().find(|claim| claim["path"][1] == "name").unwrap();
    assert_eq!(element["display"], names);
}

fn issued(daemon: &Daemon, body: &Value) -> SdJwt {
    let management = daemon.management();
    let offer = management.offer_of(&management.create_sd_jwt(body), &json!({ "name": "Mika" }));
    daemon.wallet().claim_sd_jwt(&offer, &[HolderKey::es256()]).remove(0)
}

// VCT-4.1-01, VCT-4.1-02, VCT-2.2.2.3-05
#[test]
fn the_key_of_a_credential_is_published_under_its_iss_and_kid() {
    for (path, place) in [("", "/.well-known/jwt-vc-issuer"), ("/acme", "/.well-known/jwt-vc-issuer/acme")] {
        let port = free_port();
        let mut options = Options::default().argument("--issuer", &format!("http://127.0.0.1:{port}{path}"));
        options.listen = Some((([127, 0, 0, 1], port).into(), ([127, 0, 0, 1], 0).into()));
        let daemon = Daemon::with(options);
        let credential = issued(&daemon, &diploma(VCT));
        let answer = daemon.wallet().get(place).expect(200);
        assert_eq!(answer.media_type(), "application/json");
        assert!(answer.header("cache-control").is_some() && answer.header("etag").is_some());
        let document = answer.json();
        assert_eq!(document["issuer"], credential.payload["iss"]);
        let keys = document["jwks"]["keys"].as_array().unwrap();
        let key = keys.iter().find(|key| key["kid"] == credential.header["kid"]).expect("the key of the credential");
        let point = [
            &[4],
            B64.decode(key["x"].as_str().unwrap()).unwrap().as_slice(),
            &B64.decode(key["y"].as_str().unwrap()).unwrap(),
        ]
        .concat();
        assert_eq!(point, credential.signer().public_key());
        // VCI-12.2.4-16
        assert!(keys.iter().all(|key| key.get("d").is_none()));
    }
}

// VCT-5.3-01, VCT-7.2-01
#[test]
fn the_metadata_of_a_type_is_at_its_vct() {
    let daemon = Daemon::start();
    let (management, wallet) = (daemon.management(), daemon.wallet());
    let path = "/v1/credentials/sd-jwt/types/diploma";
    wallet.get(path).expect(404);
    let vct = format!("{}{path}", wallet.issuer);
    let display = json!([{ "name": "Diploma", "locale": "en", "logo": { "uri": PNG } }, { "name": "For all" }]);
    let body = changed(diploma(&vct), "/display", display);
    let id = management.create_sd_jwt(&body);
    let answer = wallet.get(path).expect(200);
    assert_eq!(answer.media_type(), "application/json");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert!(answer.header("cache-control").is_some() && answer.header("content-security-policy").is_some());
    let metadata = answer.json();
    assert_eq!((&metadata["vct"], &metadata["name"]), (&vct.as_str().into(), &"Diploma".into()));
    let logo = json!({ "uri": PNG, "alt_text": "Diploma" });
    let look = json!({ "locale": "en", "name": "Diploma", "rendering": { "simple": { "logo": logo } } });
    assert_eq!(metadata["display"], json!([look]));
    let sd = |path: Value| metadata["claims"].as_array().unwrap().iter().find(|claim| claim["path"] == path).cloned();
    assert_eq!(sd(json!(["name"])).unwrap(), json!({ "path": ["name"], "sd": "always", "mandatory": true }));
    assert_eq!(sd(json!(["degrees", null, "year"])).unwrap()["sd"], "never");
    // It follows its configuration.
    management.put(&format!("{SD_JWT_CONFIGURATIONS}/{id}"), &diploma(&vct)).expect(200);
    assert!(wallet.get(path).expect(200).json().get("display").is_none());
    management.delete(&format!("{SD_JWT_CONFIGURATIONS}/{id}")).expect(204);
    wallet.get(path).expect(404);
    let unreachable = diploma(&format!("{vct}/more"));
    assert_eq!(details(&management.post(SD_JWT_CONFIGURATIONS, &unreachable))[0].0, "vct");
}

// VCT-6-01, VCT-5.7-01
#[test]
fn metadata_whose_digest_is_in_credentials_does_not_change() {
    let daemon = Daemon::start();
    let (management, wallet) = (daemon.management(), daemon.wallet());
    let path = "/v1/credentials/sd-jwt/types/frozen";
    let body = changed(diploma(&format!("{}{path}", wallet.issuer)), "/vctIntegrity", true);
    let credential = issued(&daemon, &body);
    let served = wallet.get(path).expect(200).body;
    let integrity = format!("sha256-{}", STANDARD.encode(digest(&SHA256, &served)));
    assert_eq!(credential.payload["vct#integrity"], integrity);
    let listed = management.list(SD_JWT_CONFIGURATIONS);
    let kept = listed.iter().find(|one| one["vctIntegrity"] == true).unwrap();
    assert_eq!(kept["vct#integrity"], integrity);
    let one = format!("{SD_JWT_CONFIGURATIONS}/{}", kept["id"].as_str().unwrap());
    // What it says of the type stays, with or without the digest; the rest may change.
    for changed_body in [
        changed(body.clone(), "/claimMappings/name/sd", "never"),
        changed(changed(body.clone(), "/vctIntegrity", false), "/branding", json!({ "name": "Other" })),
    ] {
        assert_eq!(details(&management.put(&one, &changed_body))[0].0, "vct");
    }
    management.put(&one, &changed(body.clone(), "/expiresIn", json!({ "days": 5 }))).expect(200);
    // It outlives its configuration, and stands in the way of another of the type.
    management.delete(&one).expect(204);
    assert_eq!(wallet.get(path).expect(200).body, served);
    let other = changed(body.clone(), "/claimMappings/birthdate", Value::Null);
    assert_eq!(details(&management.post(SD_JWT_CONFIGURATIONS, &other))[0].0, "vct");
    management.create_sd_jwt(&body);
}
