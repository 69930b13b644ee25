use serde_json::json;

use super::*;

const ISSUER: &str = "https://issuer.example";
const CHALLENGE: &str = "GeF9NJAk1IUMn5q6l2fZpw5GRUO-SM8Xo5dkw07SaBo";

fn configuration(id: u128, doc_type: &str) -> Arc<Configuration> {
    let id = Uuid::from_u128(id);
    Arc::new(
        serde_json::from_value(json!({
            "id": id, "type": doc_type, "claimMappings": { "ns": { "family_name": { "defaultValue": "x" } } }, "expiresIn": { "days": 1 }, "includeStatus": false,
            "createdAt": "2026-03-01T12:00:00Z",
        }))
        .unwrap(),
    )
}

fn id(number: u128) -> String {
    Uuid::from_u128(number).to_string()
}

fn wallet() -> Wallet {
    Wallet { id: "wallet".into(), name: None, redirect_uris: None, attested: false, attester: None, instance_key: None }
}

fn good() -> Parameters {
    [
        ("response_type", "code"),
        ("client_id", "wallet"),
        ("redirect_uri", "https://wallet.example/cb"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("scope", "mso_mdoc:org.example.a"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// Reads a good request with these parameters replaced; an empty one is left out.
fn read(changes: &[(&str, &str)], offer: Option<&Offered>) -> Result<AuthorizationRequest, RequestError> {
    let mut parameters = good();
    for (name, value) in changes {
        if value.is_empty() {
            drop(parameters.remove(*name));
        } else {
            drop(parameters.insert((*name).to_owned(), (*value).to_owned()));
        }
    }
    let configurations = [configuration(1, "org.example.a"), configuration(2, "org.example.b")];
    let redirects = RedirectPolicy { https: true, ..RedirectPolicy::default() };
    Rules { issuer: ISSUER, redirects: &redirects, configurations: &configurations }.read(&parameters, &wallet(), offer)
}

fn code(changes: &[(&str, &str)]) -> Result<(), RequestCode> {
    read(changes, None).map(drop).map_err(|error| error.code)
}

fn details(entries: &serde_json::Value) -> Result<Vec<Uuid>, RequestCode> {
    let read = read(&[("scope", ""), ("authorization_details", &entries.to_string())], None);
    read.map(|request| request.configurations).map_err(|error| error.code)
}

// PAR-2.1-05, OAU-3.1.1-01, OAU-RM-01, PKC-4.4.1-01, PKC-4.3-01, PKC-4.2-01, VCI-5.1.2-05, PAR-2.1-04
#[test]
fn each_wrong_parameter_has_its_code() {
    use RequestCode::{InvalidRequest, InvalidScope, InvalidTarget, UnsupportedResponseType};
    assert_eq!(code(&[]), Ok(()));
    for (name, value, expected) in [
        ("redirect_uri", "", InvalidRequest),
        ("redirect_uri", "https://wallet.example/cb#x", InvalidRequest),
        ("response_type", "", InvalidRequest),
        ("response_type", "token", UnsupportedResponseType),
        ("response_type", "id_token", UnsupportedResponseType),
        ("response_type", "code token", UnsupportedResponseType),
        ("response_mode", "fragment", InvalidRequest),
        ("response_mode", "form_post", InvalidRequest),
        ("code_challenge", "", InvalidRequest),
        ("code_challenge_method", "", InvalidRequest),
        ("code_challenge_method", "plain", InvalidRequest),
        ("code_challenge_method", "s256", InvalidRequest),
        ("code_challenge", &CHALLENGE[1..], InvalidRequest),
        ("code_challenge", &format!("{CHALLENGE}A"), InvalidRequest),
        ("code_challenge", &CHALLENGE.replace('-', "+"), InvalidRequest),
        ("code_challenge", &format!("{CHALLENGE}="), InvalidRequest),
        ("dpop_jkt", "x", InvalidRequest),
        ("state", &"s".repeat(LONGEST_STATE + 1), InvalidRequest),
        ("login_hint", &"s".repeat(LONGEST_TEXT + 1), InvalidRequest),
        ("resource", "https://other.example", InvalidTarget),
        ("scope", "", InvalidScope),
        ("scope", "unknown", InvalidScope),
    ] {
        assert_eq!(code(&[(name, value)]), Err(expected), "{name}={value}");
    }
    assert_eq!(code(&[("resource", ISSUER), ("response_mode", "query"), ("dpop_jkt", CHALLENGE)]), Ok(()));
}

// VCI-5.1.1-01, VCI-5.1.1-02, VCI-5.1.1-03, VCI-5.1.1-04, VCI-5.1.1-05, VCI-5.1.1-06
#[test]
fn authorization_details_name_configurations() {
    let entry = |id: &str| json!({ "type": "openid_credential", "credential_configuration_id": id });
    let (a, b) = (id(1), id(2));
    assert_eq!(details(&json!([entry(&a)])), Ok(vec![Uuid::from_u128(1)]));
    assert_eq!(details(&json!([entry(&b), entry(&a)])), Ok(vec![Uuid::from_u128(2), Uuid::from_u128(1)]));
    let with = |member: &str, value: serde_json::Value| {
        let mut entry = entry(&a);
        entry[member] = value;
        json!([entry])
    };
    for good in [
        with("foo", json!(1)),
        with("locations", json!([ISSUER])),
        with("claims", json!([{ "path": ["ns", "family_name"], "mandatory": true }])),
        with("claims", json!([{ "path": ["ns", "family_name", null, 0] }, { "path": ["ns", "unknown"] }])),
    ] {
        assert!(details(&good).is_ok(), "{good}");
    }
    for wrong in [
        json!({}),
        json!([]),
        json!("x"),
        json!([1]),
        json!([{}]),
        json!([{ "type": "openid_credential" }]),
        json!([{ "credential_configuration_id": a }]),
        json!([entry(&id(3))]),
        json!([entry("x")]),
        json!([entry(&a), { "type": "x" }]),
        json!([entry(&a), entry(&a)]),
        with("credential_configuration_id", json!(1)),
        with("locations", json!([])),
        with("locations", json!(["https://other.example"])),
        with("claims", json!([])),
        with("claims", json!({})),
        with("claims", json!([{}])),
        with("claims", json!([{ "path": [] }])),
        with("claims", json!([{ "path": [-1] }])),
        // VCI-C.2-01
        with("claims", json!([{ "path": ["ns"] }])),
        with("claims", json!([{ "path": ["ns", null] }])),
        // VCI-B.1-01
        with("claims", json!([{ "path": ["ns", "unknown"], "mandatory": true }])),
        with("claims", json!([{ "path": ["ns", "unknown"] }])),
        // VCI-B.3-02
        with("claims", json!([{ "path": ["ns", "family_name"] }, { "path": ["ns", "family_name"] }])),
        with("claims", json!([{ "path": ["a"], "mandatory": "yes" }])),
        json!(vec![entry(&a); 21]),
    ] {
        assert_eq!(details(&wrong), Err(RequestCode::InvalidAuthorizationDetails), "{wrong}");
    }
    let broken = read(&[("authorization_details", "[{")], None).unwrap_err();
    assert_eq!(broken.code, RequestCode::InvalidAuthorizationDetails);
}

// VCI-5.1.2-01, VCI-5.1.2-02, VCI-5.1.2-04
#[test]
fn scope_and_details_add_up_and_unknown_values_are_ignored() {
    let request = read(&[("scope", "unknown mso_mdoc:org.example.b  mso_mdoc:org.example.a")], None).unwrap();
    assert_eq!(request.configurations, [Uuid::from_u128(2), Uuid::from_u128(1)]);
    assert_eq!(request.scope.as_deref(), Some("mso_mdoc:org.example.b mso_mdoc:org.example.a"));
    assert!(!request.identified);
    // The id of a configuration stands for its scope.
    let request = read(&[("scope", &id(1))], None).unwrap();
    assert_eq!(request.scope.as_deref(), Some("mso_mdoc:org.example.a"));
    let details = json!([{ "type": "openid_credential", "credential_configuration_id": id(1) }]).to_string();
    let request =
        read(&[("scope", "mso_mdoc:org.example.b mso_mdoc:org.example.a"), ("authorization_details", &details)], None);
    let request = request.unwrap();
    assert_eq!(request.configurations, [Uuid::from_u128(1), Uuid::from_u128(2)]);
    assert!(request.identified);
}

// VCI-5.1.3-01
#[test]
fn an_offer_is_what_can_be_asked_for() {
    let offer = Offered {
        id: Uuid::from_u128(9),
        configurations: vec![Uuid::from_u128(1), Uuid::from_u128(7)],
        login_hint: Some("mika".into()),
        prompt: Some("login".into()),
        once: false,
    };
    let request = read(&[("scope", "")], Some(&offer)).unwrap();
    assert_eq!((request.configurations.as_slice(), request.offer), ([Uuid::from_u128(1)].as_slice(), Some(offer.id)));
    assert_eq!((request.login_hint.as_deref(), request.prompt.as_deref()), (Some("mika"), Some("login")));
    let own = read(&[("login_hint", "other")], Some(&offer)).unwrap();
    assert_eq!(own.login_hint.as_deref(), Some("mika"));
    let foreign = read(&[("scope", "mso_mdoc:org.example.b")], Some(&offer)).unwrap_err();
    assert_eq!(foreign.code, RequestCode::InvalidScope);
    let details = json!([{ "type": "openid_credential", "credential_configuration_id": id(2) }]).to_string();
    let foreign = read(&[("authorization_details", &details)], Some(&offer)).unwrap_err();
    assert_eq!(foreign.code, RequestCode::InvalidAuthorizationDetails);
}

// OAU-4.1.1-01, OAU-4.1.1-02
#[test]
fn what_is_kept_is_kept_as_it_was_sent() {
    let state = format!("&%+\u{fc}{}", "s".repeat(1000));
    let request = read(
        &[
            ("state", &state),
            ("ui_locales", "de-CH  en bad_tag"),
            ("prompt", "login none"),
            ("kc_idp_hint", "x"),
            ("nonce", "n"),
        ],
        None,
    );
    let request = request.unwrap();
    assert_eq!(request.state.as_deref(), Some(state.as_str()));
    assert_eq!(request.ui_locales, ["de-CH", "en"]);
    assert!(request.is_silent());
    assert_eq!(request.others.into_iter().collect::<Vec<_>>(), [("kc_idp_hint".to_owned(), "x".to_owned())]);
}

#[test]
fn a_request_is_not_printed() {
    let request = read(&[("login_hint", "mika"), ("state", "secret")], None).unwrap();
    let printed = format!("{request:?}");
    assert!(!printed.contains("mika") && !printed.contains("secret"), "{printed}");
}
