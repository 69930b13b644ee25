//! SD-JWT VCs from offer to credential.

use std::collections::BTreeSet;

use issuerd_tests::configurations::{changed, diploma, membership};
use issuerd_tests::daemon::{MDL, SD_JWT_PID};
use issuerd_tests::login::Asking;
use issuerd_tests::wallet::request_body;
use issuerd_tests::{Daemon, HolderKey, SdJwt, sd_jwt};
use serde_json::{Value, json};

const VCT: &str = "https://types.example/diploma";

fn claims() -> Value {
    json!({
        "name": "Müller 😀", "born": "1984-02-29", "city": "Lindenau",
        "degrees": [{ "title": "BSc", "year": 2006, "secret": "MARKER" }, { "title": "MSc", "year": 2008 }],
    })
}

fn claim(daemon: &Daemon, body: &Value, copies: usize) -> (Vec<SdJwt>, Vec<HolderKey>) {
    let management = daemon.management();
    let configuration = management.create_sd_jwt(body);
    let keys: Vec<_> = (0..copies).map(|_| HolderKey::es256()).collect();
    let credentials = daemon.wallet().claim_sd_jwt(&management.offer_of(&configuration, &claims()), &keys);
    (credentials, keys)
}

// VCI-8.3-07, VCI-8.3-04, VCT-2.2.2.1-01, VCT-2.2.2.3-02, SDJ-4.2-02
#[test]
fn an_offer_is_claimed_as_an_sd_jwt_vc() {
    let daemon = Daemon::start();
    let (credentials, keys) = claim(&daemon, &diploma(VCT), 1);
    let credential = &credentials[0];
    credential.verify(&daemon.management().iaca());
    credential.is_for(&keys[0]);
    // CRT-DS-13: not by a document signer.
    assert!(credential.signer().parsed().extended_key_usage().unwrap().is_none());
    let all = credential.claims();
    assert_eq!(all["iss"], daemon.wallet().issuer);
    assert_eq!(all["vct"], VCT);
    assert_eq!(all["name"], "Müller 😀");
    assert_eq!(all["birthdate"], "1984-02-29");
    assert_eq!(all["address"], json!({ "locality": "Lindenau" }));
    let degrees = json!([{ "title": "BSc", "year": 2006 }, { "title": "MSc", "year": 2008 }]);
    assert_eq!(all["degrees"], degrees);
    assert!(!credential.compact.contains("MARKER") && !all.to_string().contains("MARKER"));
}

// SDJ-4.2.6-01, SDJ-9.7-01: what is not shown is not seen, at any depth.
#[test]
fn the_holder_shows_what_they_want() {
    let daemon = Daemon::start();
    let (credentials, _) = claim(&daemon, &diploma(VCT), 1);
    let clear = credentials[0].clear();
    let names: BTreeSet<_> = clear.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["cnf", "exp", "iat", "iss", "nbf", "university", "vct"].into());
    // The array and its second item, without the title.
    let shown = credentials[0].reveal(|one| match one.content.as_slice() {
        [_, name, _] => name == "degrees",
        [_, item] => item["year"] == 2008,
        _ => false,
    });
    assert_eq!(shown.0["degrees"], json!([{ "year": 2008 }]));
}

// VCI-3.3.2-01, VCI-3.3.2-02, VCI-15.4.1-01, VCT-8.1-01, SEC-LINK-01
#[test]
fn copies_of_a_batch_share_their_claims_and_nothing_else() {
    let daemon = Daemon::start();
    let (credentials, keys) = claim(&daemon, &changed(diploma(VCT), "/decoys", 3), 5);
    assert_eq!(credentials.len(), 5);
    let iaca = daemon.management().iaca();
    let (mut salts, mut digests) = (BTreeSet::new(), BTreeSet::new());
    let mut rest = BTreeSet::new();
    for (credential, key) in credentials.iter().zip(&keys) {
        credential.verify(&iaca);
        credential.is_for(key);
        salts.extend(credential.disclosures.iter().map(|one| one.content[0].to_string()));
        digests.extend(credential.payload["_sd"].as_array().unwrap().iter().map(Value::to_string));
        let mut same = credential.claims();
        same.as_object_mut().unwrap().remove("cnf");
        // The start is that of the signer, which has just been made.
        assert_eq!(same["exp"].as_i64().unwrap() % 86_400, 0);
        rest.insert(same.to_string());
    }
    assert_eq!(rest.len(), 1);
    assert_eq!(salts.len(), credentials.iter().map(|one| one.disclosures.len()).sum::<usize>());
    // Four claims that may be kept back and three decoys, in each.
    assert_eq!(digests.len(), 5 * 7);
}

// CFG: one offer of both formats.
#[test]
fn one_offer_has_credentials_of_both_formats() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let pass = management.create_configuration(&membership("org.example.pass"));
    let diploma = management.create_sd_jwt(&diploma(VCT));
    let offer = management.offer(&json!({ "credentials": [pass, diploma], "claims": claims() }));
    let (wallet, key) = (daemon.wallet(), [HolderKey::es256()]);
    let token = wallet.redeem(&offer);
    let mdoc = issuerd_tests::wallet::credentials(&wallet.ask(&token, &pass, &key).expect(200)).remove(0);
    let sd_jwt = sd_jwt::credentials(&wallet.ask(&token, &diploma, &key).expect(200)).remove(0);
    mdoc.verify(&management.iaca());
    sd_jwt.verify(&management.iaca());
    assert_eq!(management.offer_state(&offer.id), "issued");
    assert_eq!(wallet.ask(&token, &diploma, &key).expect(400).json()["error"], "credential_request_denied");
}

// VCI-8.2-09, VCI-8.2-10, VCI-8.1-01: without key binding there is one copy, for nobody; proofs are not looked at.
#[test]
fn a_credential_without_key_binding_needs_no_proof() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let body = changed(diploma(VCT), "/keyBinding", false);
    let configuration = management.create_sd_jwt(&body);
    let wallet = daemon.wallet();
    for proofs in [None, Some(json!({ "jwt": ["not a proof"] }))] {
        let token = wallet.redeem(&management.offer_of(&configuration, &claims()));
        let mut request = json!({ "credential_configuration_id": configuration });
        if let Some(proofs) = proofs {
            request["proofs"] = proofs;
        }
        let credentials = sd_jwt::credentials(&wallet.credential(&token, &request).expect(200));
        assert_eq!(credentials.len(), 1);
        credentials[0].verify(&management.iaca());
        assert!(credentials[0].payload.get("cnf").is_none());
    }
    let bound = management.create_sd_jwt(&diploma("https://types.example/bound"));
    let token = wallet.redeem(&management.offer_of(&bound, &claims()));
    let request = json!({ "credential_configuration_id": bound });
    assert_eq!(wallet.credential(&token, &request).expect(400).json()["error"], "invalid_proof");
    assert_eq!(wallet.credential(&token, &request_body(&bound, &[])).expect(400).json()["error"], "invalid_proof");
}

#[test]
fn claims_that_make_no_credential_are_named_when_the_offer_is_made() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let configuration = management.create_sd_jwt(&diploma(VCT));
    for (claims, param, msg) in [
        (
            json!({}),
            "claims.name",
            "name of https://types.example/diploma: is required, and the claims have no value for it",
        ),
        (json!({ "name": 7 }), "claims.name", "name of https://types.example/diploma: must be a string"),
        (
            json!({ "name": "M", "degrees": {} }),
            "claims.degrees",
            "degrees of https://types.example/diploma: must be an array",
        ),
        (
            json!({ "name": "M", "degrees": [{}] }),
            "claims",
            "degrees.items.claims.title of https://types.example/diploma: is required, and the claims have no value for it",
        ),
    ] {
        let body = json!({ "credentials": [configuration], "claims": claims });
        let refused = management.post("/v1/openid/offers/pre-authorized", &body);
        let details = issuerd_tests::management::details(&refused);
        assert_eq!(details, [(param.to_owned(), msg.to_owned())], "{claims}");
    }
}

// VCI-5.1.2-01, VCI-8.2-03: after a login, by scope and by identifier.
#[test]
fn a_login_leads_to_an_sd_jwt_vc() {
    let daemon = Daemon::start();
    let (wallet, key) = (daemon.wallet(), HolderKey::es256());
    let configuration = daemon.configuration(SD_JWT_PID);
    let by_scope = Asking { scope: Some(format!("dc+sd-jwt:{SD_JWT_PID}")), ..Asking::default() };
    for (asking, selector) in
        [(by_scope, "credential_configuration_id"), (Asking::details(&[configuration]), "credential_identifier")]
    {
        let code = wallet.log_in(&asking);
        let granted = wallet.send(&wallet.code_request(&code, &key)).expect(200).json();
        let identifier = &granted["authorization_details"][0]["credential_identifiers"][0];
        let selected = (selector, identifier.as_str().unwrap_or(configuration));
        let token = granted["access_token"].as_str().unwrap();
        let answer = wallet.send(&wallet.bound_credential_request(token, selected, &key)).expect(200);
        let credential = sd_jwt::credentials(&answer).remove(0);
        credential.verify(&daemon.management().iaca());
        credential.is_for(&key);
        assert_eq!(identifier.is_string(), selector == "credential_identifier");
    }
}

// VCT-2.2.2.3-04, VCI-3.3.2-02: each copy has a place of its own in a list whose token is a JWT.
#[test]
fn copies_have_places_in_a_status_list() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let (credentials, _) = claim(&daemon, &changed(diploma(VCT), "/includeStatus", true), 4);
    let places: BTreeSet<_> =
        credentials.iter().map(|one| one.payload["status"]["status_list"]["idx"].as_u64().unwrap()).collect();
    assert_eq!(places.len(), 4);
    let uri = credentials[0].payload["status"]["status_list"]["uri"].as_str().unwrap();
    let list = daemon.wallet().get(&issuerd_tests::offer::path(uri)).expect(200);
    assert_eq!(list.media_type(), "application/statuslist+jwt");
    let records = management.list("/v2/credentials/sd-jwt");
    assert_eq!(records.len(), 4);
    assert!(management.list("/v2/credentials/mobile").is_empty());
    let id = records[0]["id"].as_str().unwrap();
    let status = format!("/v2/credentials/sd-jwt/{id}/status");
    assert_eq!(management.get(&status).expect(200).json(), json!({ "status": "valid" }));
    management.post(&status, &json!({ "status": "invalid" })).expect(201);
    assert_eq!(management.get(&status).expect(200).json(), json!({ "status": "invalid" }));
    management.get(&format!("/v2/credentials/mobile/{id}")).expect(404);
    assert_eq!(management.get(&format!("/v2/credentials/sd-jwt/{id}")).expect(200).json()["status"], "invalid");
}

// OPS-04: the record has digests and no claims.
#[test]
fn what_is_kept_is_digests() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let configuration = management.create_sd_jwt(&diploma(VCT));
    let offer = management.offer_of(&configuration, &claims());
    let key = [HolderKey::es256()];
    let credential = daemon.wallet().claim_sd_jwt(&offer, &key).remove(0);
    let user = management.offer_view(&offer.id)["userId"].as_str().unwrap().to_owned();
    let records = management.list(&format!("/v1/users/{user}/credentials"));
    assert_eq!(records.len(), 1);
    let record = &records[0];
    assert_eq!((&record["type"], &record["profile"]), (&VCT.into(), &"sd-jwt".into()));
    assert_eq!(record["devicePublicKeyThumbprint"], key[0].thumbprint());
    let digests: BTreeSet<_> = credential.disclosures.iter().map(|one| one.digest.clone()).collect();
    let kept = record["disclosures"].as_object().unwrap();
    assert_eq!(kept.values().map(|one| one.as_str().unwrap().to_owned()).collect::<BTreeSet<_>>(), digests);
    assert!(kept.contains_key("/degrees/0/title") && kept.contains_key("/address/locality"));
    assert!(!record.to_string().contains("Lindenau"));
}

// PID-09, PID-10: the configuration that `dev` makes is claimed with the claims of the PID.
#[test]
fn dev_offers_a_pid_as_sd_jwt_vc() {
    let daemon = Daemon::start();
    let management = daemon.management();
    assert!(!daemon.configuration(MDL).is_empty());
    let claims = json!({ "family_name": "Sommer", "birth_date": "1984-02-29", "resident_city": "Lindenau" });
    let offer = management.offer_of(daemon.configuration(SD_JWT_PID), &claims);
    let pid = daemon.wallet().claim_sd_jwt(&offer, &[HolderKey::es256()]).remove(0);
    pid.verify(&management.iaca());
    let all = pid.claims();
    assert_eq!((&all["vct"], &all["birthdate"]), (&"urn:eudi:pid:1".into(), &"1984-02-29".into()));
    assert_eq!(all["address"], json!({ "locality": "Lindenau" }));
    // PID-12
    assert!(all["picture"].as_str().unwrap().starts_with("data:image/jpeg;base64,"));
    // PID-11, PID-17
    assert_eq!((&all["family_name"], &all["given_name"]), (&"Sommer".into(), &"Mika".into()));
    assert!(all["place_of_birth"]["locality"].is_string() && all["nationalities"].is_array());
    // PID-13: each alone, members and items too.
    let clear = pid.clear();
    for name in ["family_name", "birthdate", "place_of_birth", "nationalities", "address", "issuing_country"] {
        assert!(clear.get(name).is_none(), "{clear}");
    }
    let without_members = pid.reveal(|one| one.content.get(1).is_some_and(|name| name == "place_of_birth"));
    assert_eq!(without_members.0["place_of_birth"], json!({}));
    let without_items = pid.reveal(|one| one.content.get(1).is_some_and(|name| name == "nationalities"));
    assert_eq!(without_items.0["nationalities"], json!([]));
}
