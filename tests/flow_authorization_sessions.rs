//! Whose a login is, and when an offer has had its authorization.

use issuerd_tests::browser::Browser;
use issuerd_tests::club::Club;
use issuerd_tests::login::{CLIENT, REDIRECT_URI, code_of};
use issuerd_tests::management::OFFERS;
use issuerd_tests::offer::parameter;
use issuerd_tests::wallet::credentials;
use issuerd_tests::{Answer, HolderKey};
use serde_json::{Value, json};

// SEC-SESS-01, VCI-5.1.3-01
#[test]
fn a_login_belongs_to_the_browser_in_which_it_was_made() {
    let club = Club::start();
    let (management, wallet, key) = (club.daemon.management(), club.daemon.wallet(), HolderKey::es256());
    let body = json!({
        "credentials": [club.id], "issuerState": true, "request_parameters": { "login_hint": "mika" },
    });
    let made = management.post(OFFERS, &body).expect(200).json();
    let offer: Value = serde_json::from_str(&parameter(made["uri"].as_str().unwrap(), "credential_offer")).unwrap();
    let state = offer["grants"]["authorization_code"]["issuer_state"].as_str().unwrap().to_owned();
    let name = |code: &str| {
        let granted = wallet.send(&wallet.code_request(code, &key)).expect(200).json();
        let token = granted["access_token"].as_str().unwrap();
        let selector = ("credential_configuration_id", club.id.as_str());
        let issued = credentials(&wallet.send(&wallet.bound_credential_request(token, selector, &key)).expect(200));
        issued[0].value("name").as_text().unwrap().to_owned()
    };
    // Whatever led there, a credential says who has logged in.
    for (fields, person, expected) in [
        (vec![("issuer_state", state.as_str())], "ada", "Ada Winter"),
        (vec![("issuer_state", state.as_str())], "mika", "Mika Sommer"),
        (vec![], "ada", "Ada Winter"),
    ] {
        assert_eq!(name(&code_of(&wallet.approved(CLIENT, &club.request_uri(&fields), person))), expected);
    }
    // Two people open one request: each has a session of their own, and one of them completes it.
    let request_uri = club.request_uri(&[("issuer_state", &state)]);
    let (mut first, mut second) = (club.browser(), club.browser());
    let (one, two) = (club.open(&mut first, &request_uri, ""), club.open(&mut second, &request_uri, ""));
    // The form of one in the browser of the other does nothing.
    assert_eq!(second.submit(&one, &[("user", "ada")]).status, 400);
    let consent = |browser: &mut Browser, page: &Answer, user: &str| {
        let next = browser.submit(page, &[("user", user)]).expect(303);
        browser.follow(next).expect(200)
    };
    let (one, two) = (consent(&mut first, &one, "mika"), consent(&mut second, &two, "ada"));
    assert_eq!(first.submit(&two, &[("decision", "approve")]).status, 400);
    let done = second.submit(&two, &[("decision", "approve")]).expect(303);
    assert_eq!(name(&code_of(done.header("location").unwrap())), "Ada Winter");
    assert_eq!(first.submit(&one, &[("decision", "approve")]).status, 400);
}

// VCI-5.1.3-03
#[test]
fn an_offer_for_one_authorization_ends_with_it() {
    let club = Club::start();
    let (management, wallet) = (club.daemon.management(), club.daemon.wallet());
    let body = json!({ "credentials": [club.id], "singleUse": true });
    let made = management.post(OFFERS, &body).expect(200).json();
    let offer: Value = serde_json::from_str(&parameter(made["uri"].as_str().unwrap(), "credential_offer")).unwrap();
    let state = offer["grants"]["authorization_code"]["issuer_state"].as_str().unwrap().to_owned();
    let view = management.offer_view(made["id"].as_str().unwrap());
    assert_eq!(view["singleUse"], true);
    let (mut early, mut late) = (club.browser(), club.browser());
    let pages: Vec<_> = [&mut early, &mut late]
        .into_iter()
        .map(|browser| {
            let login = club.open(browser, &club.request_uri(&[("issuer_state", &state)]), "");
            let next = browser.submit(&login, &[("user", "mika")]).expect(303);
            browser.follow(next).expect(200)
        })
        .collect();
    // Who refuses leaves it to others.
    let refused = club.request_uri(&[("issuer_state", &state)]);
    let mut third = club.browser();
    let login = club.open(&mut third, &refused, "");
    third.submit(&login, &[("cancel", "1")]).expect(303);
    let done = early.submit(&pages[0], &[("decision", "approve")]).expect(303);
    wallet.send(&wallet.code_request(&code_of(done.header("location").unwrap()), &HolderKey::es256())).expect(200);
    let done = late.submit(&pages[1], &[("decision", "approve")]).expect(303);
    assert!(done.header("location").unwrap().starts_with(&format!("{REDIRECT_URI}?error=access_denied&")));
    club.push(&[("issuer_state", &state)]).expect_error(400, "invalid_request");
    management.get(&format!("{OFFERS}/{}", made["id"].as_str().unwrap())).expect(404);
    let wrong = json!({ "credentials": [club.id], "singleUse": "yes" });
    assert_eq!(issuerd_tests::management::details(&management.post(OFFERS, &wrong))[0].0, "singleUse");
}
