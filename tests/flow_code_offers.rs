//! Authorization code offers that are kept, and tokens of wallets on the management API.

use issuerd_tests::claims::mdl;
use issuerd_tests::daemon::MDL;
use issuerd_tests::management::{OFFERS, details};
use issuerd_tests::offer::{parameter, path};
use issuerd_tests::{Daemon, Request};
use serde_json::{Value, json};

fn object(link: &Value) -> Value {
    serde_json::from_str(&parameter(link.as_str().unwrap(), "credential_offer")).unwrap()
}

// VCI-4.1.1-16, VCI-4.1.1-18, VCI-4.1.3-01, VCI-15.4.2-01
#[test]
fn a_kept_offer_has_an_issuer_state_and_says_nothing_of_a_person() {
    let daemon = Daemon::start();
    let (management, wallet, configuration) = (daemon.management(), daemon.wallet(), daemon.configuration(MDL));
    let parameters = json!({ "login_hint": "mika.sommer@example.com" });
    let body = json!({ "credentials": [configuration], "issuerState": true, "request_parameters": parameters });
    let made = management.post(OFFERS, &body).expect(200).json();
    let members: Vec<_> = made.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["credentialOfferUri", "id", "uri"]);
    let offer = object(&made["uri"]);
    assert_eq!(offer["credential_issuer"], daemon.ready.issuer);
    assert_eq!(offer["credential_configuration_ids"], json!([configuration]));
    let state = offer["grants"]["authorization_code"]["issuer_state"].as_str().unwrap();
    assert!(state.len() >= 22, "{state}");
    assert!(!made.to_string().contains("mika"), "{made}");
    let reference = parameter(made["credentialOfferUri"].as_str().unwrap(), "credential_offer_uri");
    for _ in 0..3 {
        let answer = wallet.get(&path(&reference)).expect(200);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.json(), offer);
    }
    let another = object(&management.post(OFFERS, &body).expect(200).json()["uri"]);
    assert_ne!(another["grants"], offer["grants"]);

    // It is no code, token or reference (SEC-CODE-05).
    wallet.token(state, None).expect_error(400, "invalid_grant");
    wallet.get(&format!("/v1/openid/offers/{state}/credential_offer")).expect(404);
    wallet.get(&format!("/v1/openid/offers/{}/credential_offer", made["id"].as_str().unwrap())).expect(404);

    let id = made["id"].as_str().unwrap();
    let view = management.offer_view(id);
    assert_eq!((&view["grant"], &view["state"]), (&json!("authorization_code"), &json!("open")));
    assert_eq!(view["request_parameters"], parameters);
    assert!(!view.to_string().contains(state), "{view}");
    let listed = management.list(&format!("{OFFERS}?grant=authorization_code&limit=1"));
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[0], view);
    assert!(management.list(OFFERS).iter().all(|offer| offer["grant"] == "pre-authorized_code"));
    management.delete(&format!("{OFFERS}/{id}")).expect(204);
    management.delete(&format!("{OFFERS}/{id}")).expect(404);
    management.get(&format!("{OFFERS}/{id}")).expect(404);
    wallet.get(&path(&reference)).expect(404);
    assert_eq!(management.list(&format!("{OFFERS}?grant=authorization_code")).len(), 1);
}

#[test]
fn a_kept_offer_ends_when_its_request_says_and_mistakes_are_named() {
    let daemon = Daemon::start();
    let (management, configuration) = (daemon.management(), daemon.configuration(MDL));
    let body = json!({ "credentials": [configuration], "expiresIn": { "days": 7 } });
    let made = management.post(OFFERS, &body).expect(200).json();
    let view = management.offer_view(made["id"].as_str().unwrap());
    let time = |name: &str| view[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert_eq!(time("expiresAt").as_second() - time("createdAt").as_second(), 7 * 86_400);
    assert_eq!(view["expiresAt"], made["expiresAt"]);
    for (body, param) in [
        (json!({ "credentials": [configuration], "issuerState": "yes" }), "issuerState"),
        (json!({ "credentials": [configuration], "expiresIn": {} }), "expiresIn"),
        (json!({ "credentials": [configuration], "expiresIn": { "years": 11 } }), "expiresIn"),
        (json!({ "credentials": [configuration], "expiresIn": { "fortnights": 1 } }), "expiresIn.fortnights"),
        (json!({ "credentials": [configuration, configuration] }), "credentials"),
        (json!({ "credentials": [] }), "credentials"),
        (json!({ "credentials": [configuration], "claims": {} }), "claims"),
    ] {
        assert_eq!(details(&management.post(OFFERS, &body))[0].0, param, "{body}");
    }
    for query in ["grant=implicit", "grant=authorization_code&state=open"] {
        management.get(&format!("{OFFERS}?{query}")).expect(400);
    }
    // An offer of the other kind has its own path.
    let offered = management.offer_of(configuration, &mdl(&management.country()));
    management.delete(&format!("{OFFERS}/{}", offered.id)).expect(404);
    assert_eq!(management.offer_state(&offered.id), "open");
}

// RFC 7662 2.2, RFC 7009 2.2, SEC-TOK-01, SEC-TOK-03
#[test]
fn an_operator_looks_at_a_token_and_ends_it() {
    let daemon = Daemon::start();
    let (management, wallet, configuration) = (daemon.management(), daemon.wallet(), daemon.configuration(MDL));
    let offer = management.offer_of(configuration, &mdl(&management.country()));
    let token = wallet.token(&offer.code, None).expect(200).json()["access_token"].as_str().unwrap().to_owned();
    let ask = |path: &str, token: &str| management.send(Request::new("POST", path).form([("token", token)]));
    let seen = ask("/v1/oauth/introspect", &token).expect(200).json();
    assert_eq!(seen["active"], true);
    assert_eq!((&seen["iss"], &seen["token_type"]), (&json!(daemon.ready.issuer), &json!("Bearer")));
    assert_eq!(seen["credential_configuration_ids"], json!([configuration]));
    assert_eq!((&seen["offerId"], &seen["sub"]), (&json!(offer.id), &offer.response["userId"]));
    assert_eq!(seen["exp"].as_i64().unwrap() - seen["iat"].as_i64().unwrap(), 300);
    // Codes, management tokens and guesses are no tokens of wallets.
    for other in [offer.code.as_str(), management.token.as_str(), "guess", offer.id.as_str()] {
        assert_eq!(ask("/v1/oauth/introspect", other).expect(200).json(), json!({ "active": false }));
        ask("/v1/oauth/revoke", other).expect(200);
    }
    ask("/v1/oauth/revoke", &token).expect(200);
    assert_eq!(ask("/v1/oauth/introspect", &token).expect(200).json(), json!({ "active": false }));
    wallet.credential(&token, &json!({})).expect(401);
    assert_eq!(details(&management.send(Request::new("POST", "/v1/oauth/revoke").form([("x", "y")])))[0].0, "token");
    management.post("/v1/oauth/introspect", &json!({ "token": token })).expect(415);
    for path in ["/v1/oauth/introspect", "/v1/oauth/revoke"] {
        Request::new("POST", path).form([("token", token.as_str())]).send(management.address).expect(401);
        // SEC-ACCESS: a wallet's token opens nothing here.
        let request = Request::new("POST", path).form([("token", token.as_str())]).bearer(&token);
        request.send(management.address).expect(401);
    }
}

// RFC 7009 2.1
#[test]
fn a_wallet_gives_up_its_token() {
    let daemon = Daemon::start();
    let (management, wallet, configuration) = (daemon.management(), daemon.wallet(), daemon.configuration(MDL));
    let offer = management.offer_of(configuration, &mdl(&management.country()));
    let token = wallet.token(&offer.code, None).expect(200).json()["access_token"].as_str().unwrap().to_owned();
    let path = wallet.path("/v1/oauth/revoke");
    let revoke = |fields: &[(&str, &str)]| wallet.send(&Request::new("POST", &path).form(fields.iter().copied()));
    revoke(&[]).expect_error(400, "invalid_request");
    revoke(&[("token", "unknown")]).expect(200);
    revoke(&[("token", &token), ("token_type_hint", "access_token")]).expect(200);
    wallet.credential(&token, &json!({})).expect(401);
    revoke(&[("token", &token)]).expect(200);
}
