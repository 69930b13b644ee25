//! The authorization code grant: from what a person approved to credentials.

use serde_json::{Value, json};

use super::super::*;
use super::house::*;
use super::reading::*;
use crate::domain::authorization::code::{CodeGrant, CodeRequest, is_verifier};
use crate::domain::authorization::refresh::{RefreshAsked, RefreshGrant};
use crate::domain::authorization::revocation::{Revoke, Revoker};
use crate::domain::authorization::{Approved, ApprovedClaims, AskedClaim, holder};
use crate::domain::blocked::Blocked;
use crate::domain::grant::{Granted, Who};
use crate::domain::hook::{AuthHookRule, OnError};
use crate::domain::testing::*;
use crate::plugin::Phase;
use crate::plugin::contract::{Gate, Identity};
use crate::store::authorization::redeem::CodeRedeem;
use crate::store::authorization::refresh::Refresh;
use crate::store::user::User;
use crate::wire::credential::Selector;

const VERIFIER: &str = "walnut-harbour-0123456789-violet-meadow-ABCDEFG";
const KEY: Option<[u8; 32]> = Some([7; 32]);

fn approved(configurations: &[Uuid], claims: Value) -> Approved {
    let identity = Identity {
        subject: "mika".into(),
        source: "idp".into(),
        acr: Some("high".into()),
        amr: vec!["otp".into()],
        authenticated_at: None,
        claims: claims.to_string(),
    };
    let provider = json!({ "url": "https://idp.example", "subjectId": "mika" });
    Approved {
        client_id: "wallet".into(),
        redirect_uri: "https://wallet.example/cb".into(),
        code_challenge: challenge(VERIFIER),
        dpop_jkt: None,
        instance_key: None,
        user_id: Uuid::from_u128(5),
        configurations: configurations.to_vec(),
        identified: false,
        scope: None,
        claims: ApprovedClaims {
            identity: map(claims),
            hooks: map(json!({})),
            authentication_provider: map(provider),
            holder: holder(&identity),
            asked: AskedClaims::new(),
        },
    }
}

fn challenge(verifier: &str) -> String {
    use base64::Engine as _;
    let hash = crate::base::secret::sha256(verifier.as_bytes());
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(hash)
}

fn who(jkt: Option<[u8; 32]>) -> Who<'static> {
    Who { client_id: Some("wallet"), jkt, ..Who::default() }
}

fn redeems(code: &str) -> CodeRequest<'_> {
    let redirect_uri = Some("https://wallet.example/cb");
    CodeRequest { code, redirect_uri, code_verifier: VERIFIER, client_id: "wallet", who: who(KEY), selected: None }
}

fn refreshes(token: &str) -> RefreshAsked<'_> {
    RefreshAsked { token, client_id: "wallet", who: who(KEY), scope: None, selected: None }
}

impl House {
    async fn code(&self, request: &CodeRequest<'_>) -> CodeGrant {
        self.authorizations().redeem(request, &Caller::default()).await.unwrap()
    }

    async fn traded(&self, request: &CodeRequest<'_>) -> Granted {
        match self.code(request).await {
            CodeGrant::Granted(granted) => granted,
            CodeGrant::Refused(refused) => panic!("{refused:?}"),
            CodeGrant::Blocked(blocked) => panic!("{blocked:?}"),
        }
    }

    async fn login(&self, approved: Approved) -> Granted {
        self.issuer.store.user_save(approved.user_id, &User::default(), false).await.unwrap();
        let code = self.authorizations().grant(approved).await.unwrap();
        self.traded(&redeems(&code)).await
    }

    async fn refresh(&self, asked: &RefreshAsked<'_>) -> RefreshGrant {
        self.authorizations().refresh(asked, &Caller::default()).await.unwrap()
    }

    async fn renewed(&self, asked: &RefreshAsked<'_>) -> Granted {
        match self.refresh(asked).await {
            RefreshGrant::Granted(granted) => granted,
            RefreshGrant::Refused(refused) => panic!("{refused:?}"),
            RefreshGrant::ScopeTooWide => panic!("scope"),
            RefreshGrant::Blocked(blocked) => panic!("{blocked:?}"),
        }
    }

    async fn level(&self, token: &str) -> Value {
        let credential = self.issued(token, &self.request(&wallets(1), &self.nonce())).await;
        let signer = self.issuer.trust.signer(self.clock.now()).unwrap();
        let seen = read(&credential[0], signer.key.public_key());
        let text = |name: &str| seen.elements.get(name).and_then(|value| value.as_text()).map(str::to_owned);
        json!([text("name"), text("level")])
    }
}

// PKC-4.1-01, RFC 7636 4.1 and appendix B
#[test]
fn a_verifier_has_43_to_128_unreserved_characters() {
    assert_eq!(challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    for (text, right) in [
        ("a".repeat(43), true),
        ("-._~aZ09".repeat(16), true),
        ("a".repeat(42), false),
        ("a".repeat(129), false),
        (format!("{} ", "a".repeat(43)), false),
        (format!("{}+", "a".repeat(43)), false),
        (format!("{}é", "a".repeat(43)), false),
        (String::new(), false),
    ] {
        assert_eq!(is_verifier(&text), right, "{text}");
    }
}

// VCI-14.3-01, VCI-14.5-01: claims of the login, over those of the user; as often as the wallet likes.
#[tokio::test]
async fn credentials_are_made_of_the_login_as_often_as_allowed() {
    let house = House::new().await;
    let granted = house.login(approved(&[house.pass], json!({"name": "Mika"}))).await;
    assert!(granted.bound && granted.expires_in == 300 && granted.scope.is_none() && granted.identifiers.is_empty());
    for _ in 0..3 {
        assert_eq!(house.level(&granted.access_token).await, json!(["Mika", null]));
    }
    let renewed = house.renewed(&refreshes(&granted.refresh_token.unwrap())).await;
    assert_eq!(house.level(&renewed.access_token).await, json!(["Mika", null]));
    assert!(renewed.refresh_token.is_none(), "it is not rotated");
    let records = house.records().await;
    assert!(records.len() == 4 && records.iter().all(|record| record.user_id == Uuid::from_u128(5)));

    let once = House::with(|site| site.code_flow.requests = 1).await;
    let granted = once.login(approved(&[once.pass], json!({"name": "Mika"}))).await;
    once.level(&granted.access_token).await;
    let again = once.request(&wallets(1), &once.nonce());
    assert_eq!(once.refused(&granted.access_token, &again).await, Refusal::AlreadyIssued);
    let renewed = once.renewed(&refreshes(&granted.refresh_token.unwrap())).await;
    assert_eq!(once.refused(&renewed.access_token, &again).await, Refusal::AlreadyIssued);
}

#[tokio::test]
async fn a_mapping_finds_the_identity_provider_and_later_steps_lie_over_its_claims() {
    let house = House::new().await;
    let body = json!({
        "type": "org.example.provider",
        "claimMappings": {NAMESPACE: {
            "name": {"mapFrom": "authenticationProvider.subjectId", "type": "string", "required": true},
            "level": {"mapFrom": "claims.level", "type": "string"},
        }},
        "expiresIn": {"days": 30},
    });
    let body = map(body);
    let crate::domain::configuration::catalog::Saved::Saved(made) =
        house.issuer.configurations.create(crate::format::CredentialFormat::MsoMdoc, &body).await.unwrap()
    else {
        panic!("not saved")
    };
    let mut approved = approved(&[made.id], json!({"level": "login", "subjectId": "other"}));
    approved.claims.hooks = map(json!({"level": "hook"}));
    let granted = house.login(approved).await;
    let mut request = house.request(&wallets(1), &house.nonce());
    request.selector = Selector::Configuration(made.id.to_string().into());
    let credential = house.issued(&granted.access_token, &request).await;
    let signer = house.issuer.trust.signer(house.clock.now()).unwrap();
    let seen = read(&credential[0], signer.key.public_key());
    let text = |name: &str| seen.elements[name].as_text().unwrap().to_owned();
    assert_eq!((text("name"), text("level")), ("mika".into(), "hook".into()));
}

// VCI-6.2-01, VCI-6.2-03, VCI-6.2-04, VCI-6.1.1-01, VCI-6.1.1-02, RAR-7-01
#[tokio::test]
async fn identifiers_are_given_when_details_were_used_and_stay_the_same() {
    let house = House::new().await;
    let (other, foreign) = (house.configure("org.example.other").await, house.configure("org.example.foreign").await);
    let identified = Approved { identified: true, ..approved(&[house.pass, other], json!({"name": "Mika"})) };
    let granted = house.login(identified.clone()).await;
    assert_eq!(granted.identifiers.iter().map(|(_, id)| *id).collect::<Vec<_>>(), [house.pass, other]);
    assert_ne!(granted.identifiers[0].0, granted.identifiers[1].0);
    let token = granted.refresh_token.unwrap();
    assert_eq!(house.renewed(&refreshes(&token)).await.identifiers, granted.identifiers);
    let fewer = RefreshAsked { selected: Some(vec![other]), ..refreshes(&token) };
    assert_eq!(house.renewed(&fewer).await.identifiers, granted.identifiers[1..]);
    let more = RefreshAsked { selected: Some(vec![foreign]), ..refreshes(&token) };
    assert!(matches!(house.refresh(&more).await, RefreshGrant::Refused(Refresh::NotGranted)));

    let code = house.authorizations().grant(approved(&[house.pass, other], json!({}))).await.unwrap();
    let more = CodeRequest { selected: Some(vec![other, foreign]), ..redeems(&code) };
    assert!(matches!(house.code(&more).await, CodeGrant::Refused(CodeRedeem::NotGranted)));
    let one = CodeRequest { selected: Some(vec![other]), ..redeems(&code) };
    let granted = house.traded(&one).await;
    assert_eq!(granted.identifiers.iter().map(|(_, id)| *id).collect::<Vec<_>>(), [other]);
    let request = house.request(&wallets(1), &house.nonce());
    let refused = house.refused(&granted.access_token, &request).await;
    assert_eq!(refused, Refusal::Selection(SelectionError::IdentifierRequired));
}

// VCI-5.1.2-04, VCI-B.1-01, RAR-7-01
#[tokio::test]
async fn what_was_not_asked_for_is_not_issued() {
    let house = House::new().await;
    let asked = |element: &str, mandatory| {
        let claim = AskedClaim { path: vec![NAMESPACE.into(), element.into()], mandatory };
        AskedClaims::from([(house.pass, vec![claim])])
    };
    let all = json!({ "name": "Mika", "level": "gold" });
    let approved = |claims: &Value, asked: AskedClaims| {
        let approved = approved(&[house.pass], claims.clone());
        let claims = ApprovedClaims { asked, ..approved.claims };
        Approved { identified: true, claims, ..approved }
    };
    let issued = async |granted: &Granted| {
        let mut request = house.request(&wallets(1), &house.nonce());
        request.selector = Selector::Identifier(granted.identifiers[0].0.clone().into());
        let credential = house.issued(&granted.access_token, &request).await;
        let signer = house.issuer.trust.signer(house.clock.now()).unwrap();
        read(&credential[0], signer.key.public_key()).elements.into_keys().collect::<Vec<_>>()
    };
    for (asked, elements) in [
        (AskedClaims::new(), vec!["level", "name"]),
        (asked("name", false), vec!["name"]),
        (asked("level", true), vec!["level", "name"]),
    ] {
        let granted = house.login(approved(&all, asked.clone())).await;
        assert_eq!(granted.asked, asked);
        assert_eq!(issued(&granted).await, elements);
        // What a refresh gives is no more.
        let token = granted.refresh_token.unwrap();
        let renewed = house.renewed(&refreshes(&token)).await;
        assert_eq!(renewed.asked, asked);
        assert_eq!(issued(&renewed).await, elements);
    }
    // What is mandatory to the wallet must be there.
    let granted = house.login(approved(&json!({ "name": "Mika" }), asked("level", true))).await;
    let mut request = house.request(&wallets(1), &house.nonce());
    request.selector = Selector::Identifier(granted.identifiers[0].0.clone().into());
    assert!(matches!(house.refused(&granted.access_token, &request).await, Refusal::Claim(_)));
    let granted = house.login(approved(&json!({ "name": "Mika" }), asked("level", false))).await;
    assert_eq!(issued(&granted).await, ["name"]);
}

// OAU-6-01, OAU-5.1-01
#[tokio::test]
async fn a_scope_is_told_and_narrowed_but_never_widened() {
    let house = House::new().await;
    let other = house.configure("org.example.other").await;
    let (first, second) = ("mso_mdoc:org.example.pass", "mso_mdoc:org.example.other");
    let scope = Some(format!("{first} {second}"));
    let granted = house.login(Approved { scope: scope.clone(), ..approved(&[house.pass, other], json!({})) }).await;
    assert_eq!(granted.scope, scope);
    let token = granted.refresh_token.unwrap();
    assert_eq!(house.renewed(&refreshes(&token)).await.scope, scope);
    let narrow = house.renewed(&RefreshAsked { scope: Some(second), ..refreshes(&token) }).await;
    assert_eq!(narrow.scope.as_deref(), Some(second));
    let request = house.request(&wallets(1), &house.nonce());
    let refused = house.refused(&narrow.access_token, &request).await;
    assert_eq!(refused, Refusal::Selection(SelectionError::NotGranted));
    for wide in ["openid", "mso_mdoc:org.example.pass openid", "mso_mdoc:org.example"] {
        let asked = RefreshAsked { scope: Some(wide), ..refreshes(&token) };
        assert!(matches!(house.refresh(&asked).await, RefreshGrant::ScopeTooWide), "{wide}");
    }
}

// VCI-13.10-01, BCP-4.14.2-01, DPP-5-02
#[tokio::test]
async fn bearer_tokens_are_short_lived_and_a_public_client_without_a_key_gets_no_refresh_token() {
    let house = House::with(|site| site.code_flow.token_lifetime = Duration::from_hours(1)).await;
    house.issuer.store.user_save(Uuid::from_u128(5), &User::default(), false).await.unwrap();
    let code = || async { house.authorizations().grant(approved(&[house.pass], json!({"name": "A"}))).await.unwrap() };
    let bearer = house.traded(&CodeRequest { who: who(None), ..redeems(&code().await) }).await;
    assert_eq!((bearer.bound, bearer.expires_in, bearer.refresh_token), (false, 300, None));
    let bound = house.traded(&redeems(&code().await)).await;
    assert_eq!((bound.bound, bound.expires_in), (true, 3600));
    let token = bound.refresh_token.unwrap();
    let other_key = RefreshAsked { who: who(Some([8; 32])), ..refreshes(&token) };
    assert!(matches!(house.refresh(&other_key).await, RefreshGrant::Refused(Refresh::OtherKey)));
    // A client that proves who it is may change its key, or have none.
    let proven = Who { authenticated: true, instance_key: Some([1; 32]), ..who(None) };
    let granted = house.traded(&CodeRequest { who: proven, ..redeems(&code().await) }).await;
    let token = granted.refresh_token.unwrap();
    let asked = RefreshAsked { who: Who { jkt: KEY, ..proven }, ..refreshes(&token) };
    assert!(house.renewed(&asked).await.bound);
    // ABC-9.3-01
    let elsewhere = RefreshAsked { who: Who { instance_key: Some([2; 32]), ..proven }, ..refreshes(&token) };
    assert!(matches!(house.refresh(&elsewhere).await, RefreshGrant::Refused(Refresh::OtherKey)));
}

#[tokio::test]
async fn without_a_life_there_are_no_refresh_tokens_and_claims_end_with_the_access_token() {
    let house = House::with(|site| site.code_flow.refresh_lifetime = Duration::ZERO).await;
    let granted = house.login(approved(&[house.pass], json!({"name": "A"}))).await;
    assert!(granted.refresh_token.is_none());
    house.clock.advance(Duration::from_secs(299));
    assert_eq!(house.level(&granted.access_token).await, json!(["A", null]));
    house.clock.advance(Duration::from_secs(1));
    assert!(house.issuer.authorize(&granted.access_token).await.unwrap().is_none());
}

// BCP-4.14.2-01: whoever lost the answer asks again and gets the same token.
#[tokio::test]
async fn rotation_survives_a_lost_answer() {
    let house = House::with(|site| site.code_flow.rotate = true).await;
    let granted = house.login(approved(&[house.pass], json!({"name": "A"}))).await;
    let first = granted.refresh_token.unwrap();
    let second = house.renewed(&refreshes(&first)).await.refresh_token.unwrap();
    assert_eq!(house.renewed(&refreshes(&first)).await.refresh_token.as_deref(), Some(second.as_str()));
    assert_ne!(first, second);
    let third = house.renewed(&refreshes(&second)).await;
    assert!(matches!(house.refresh(&refreshes(&first)).await, RefreshGrant::Refused(Refresh::Reused)));
    let dead = refreshes(third.refresh_token.as_deref().unwrap());
    assert!(matches!(house.refresh(&dead).await, RefreshGrant::Refused(Refresh::Ended)));
    assert!(house.issuer.authorize(&third.access_token).await.unwrap().is_none());
}

#[tokio::test]
async fn a_configuration_that_is_gone_is_left_out_of_a_refresh() {
    let house = House::new().await;
    let other = house.configure("org.example.other").await;
    let granted = house.login(approved(&[house.pass, other], json!({"name": "A"}))).await;
    let token = granted.refresh_token.unwrap();
    assert!(house.issuer.configurations.delete(other).await.unwrap());
    assert_eq!(house.level(&house.renewed(&refreshes(&token)).await.access_token).await, json!(["A", null]));
    assert!(house.issuer.configurations.delete(house.pass).await.unwrap());
    assert!(matches!(house.refresh(&refreshes(&token)).await, RefreshGrant::Refused(Refresh::NotGranted)));
}

// BCP-4.14.2-02
#[tokio::test]
async fn with_a_user_ends_all_that_was_granted() {
    let house = House::new().await;
    let approved = approved(&[house.pass], json!({"name": "A"}));
    let user = approved.user_id;
    let granted = house.login(approved).await;
    assert!(house.issuer.store.user_delete(user).await.unwrap());
    let request = house.request(&wallets(1), &house.nonce());
    assert_eq!(house.refused(&granted.access_token, &request).await, Refusal::OfferEnded);
    let token = granted.refresh_token.unwrap();
    assert!(matches!(house.refresh(&refreshes(&token)).await, RefreshGrant::Refused(Refresh::Ended)));
    assert!(house.issuer.authorize(&granted.access_token).await.unwrap().is_none());
}

// SEC-TOK-03
#[tokio::test]
async fn an_operator_sees_and_ends_what_was_granted() {
    let house = House::new().await;
    let granted = house.login(approved(&[house.pass], json!({"name": "A"}))).await;
    let authorizations = house.authorizations();
    let facts = authorizations.introspect(&granted.access_token).await.unwrap().unwrap();
    assert_eq!((facts.refresh, facts.client_id.as_deref(), facts.jkt), (false, Some("wallet"), KEY));
    assert_eq!(facts.scope.as_deref(), Some("mso_mdoc:org.example.pass"));
    let token = granted.refresh_token.unwrap();
    assert!(authorizations.introspect(&token).await.unwrap().unwrap().refresh);
    assert_eq!(authorizations.revoke(&token, Revoker::Operator).await.unwrap(), Revoke::Authorization);
    for token in [&token, &granted.access_token] {
        assert!(authorizations.introspect(token).await.unwrap().is_none());
    }
    let offered = house.token(&[house.pass], json!({"name": "A"})).await;
    let facts = authorizations.introspect(&offered).await.unwrap().unwrap();
    assert_eq!((facts.origin, facts.client_id), (Origin::PreAuthorized, None));
}

async fn hooked() -> House {
    let rule = |plugin: &str, phase| AuthHookRule {
        plugin: plugin.into(),
        phases: vec![phase],
        credentials: Vec::new(),
        on_error: OnError::Deny,
    };
    let rules = vec![rule("gate", Phase::TokenRequest), rule("late", Phase::CredentialRequest)];
    let house = House::with_plugins(|_| {}, rules, [].into()).await;
    house.plugins.hook("gate", Ok(Gate::Abstain));
    house.plugins.hook("late", Ok(Gate::Abstain));
    house
}

#[tokio::test]
async fn hooks_act_on_code_and_refresh_and_are_told_who_logged_in() {
    let house = hooked().await;
    house.issuer.store.user_save(Uuid::from_u128(5), &User::default(), false).await.unwrap();
    let code = house.authorizations().grant(approved(&[house.pass], json!({"name": "Mika"}))).await.unwrap();
    let wrong = CodeRequest { code_verifier: "guess", ..redeems(&code) };
    assert!(matches!(house.code(&wrong).await, CodeGrant::Refused(CodeRedeem::WrongVerifier { left: 4 })));
    assert!(house.plugins.asked().is_empty(), "nobody is asked for a code that is not good");
    house.plugins.hook("gate", Ok(Gate::Deny(denial(None))));
    assert!(matches!(house.code(&redeems(&code)).await, CodeGrant::Blocked(Blocked::Denied { .. })));
    house.plugins.hook("gate", Ok(Gate::Allow(enrichment(&json!({"level": "gold"})))));
    let granted = house.traded(&redeems(&code)).await;
    let told = house.plugins.admitted();
    let offer = told.offer.unwrap();
    assert_eq!((offer.grant.as_str(), offer.claims.as_str()), ("authorization_code", "{}"));
    let identity = told.identity.unwrap();
    assert_eq!(
        (identity.subject.as_str(), identity.source.as_str(), identity.acr.as_deref()),
        ("mika", "idp", Some("high"))
    );
    assert_eq!(serde_json::from_str::<Value>(&told.claims).unwrap(), json!({"name": "Mika"}));
    assert_eq!(house.level(&granted.access_token).await, json!(["Mika", "gold"]));
    // The hook at the credential request hears the same.
    assert_eq!(house.plugins.admitted().identity.unwrap().subject, "mika");

    let token = granted.refresh_token.unwrap();
    house.plugins.hook("gate", Ok(Gate::Deny(denial(None))));
    assert!(matches!(house.refresh(&refreshes(&token)).await, RefreshGrant::Blocked(Blocked::Denied { .. })));
    // What a hook says at a refresh replaces what it said before.
    house.plugins.hook("gate", Ok(Gate::Allow(enrichment(&json!({})))));
    let renewed = house.renewed(&refreshes(&token)).await;
    assert_eq!(house.level(&renewed.access_token).await, json!(["Mika", null]));
}
