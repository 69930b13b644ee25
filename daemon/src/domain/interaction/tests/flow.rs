use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;

use super::support::*;
use crate::base::clock::{Clock as _, after};
use crate::domain::caller::Caller;
use crate::domain::hook::{AuthHookRule, OnError};
use crate::domain::interaction::open::{Opening, Unsafe};
use crate::domain::interaction::parties::{Offered, PageAnswer};
use crate::domain::interaction::push::{PREFIX, Push};
use crate::domain::interaction::request::RequestCode;
use crate::domain::interaction::{Choice, Interactions, Move, Place};
use crate::domain::login::{LoginAnswer, LoginError};
use crate::domain::site::SignedRequests;
use crate::domain::testing::{denial, down, enrichment};
use crate::plugin::Phase;
use crate::plugin::contract::{Form, FormField, Redirection, Step, Verdict};
use crate::store::code_offer::CodeOffer;
use uuid::Uuid;

const ISS: &str = "iss=https%3A%2F%2Fissuer.example";

fn refusal(opening: &Opening) -> Option<Unsafe> {
    match opening {
        Opening::Refused(why) => Some(*why),
        Opening::Answer(_) | Opening::Begun { .. } => None,
    }
}

// PAR-2.2-02, PAR-4-02, OAU-4.1.2-01, ISS-2-01, VCI-3.3.3-01
#[tokio::test]
async fn a_person_logs_in_approves_and_goes_back_with_a_code() {
    let bench = Bench::new().await;
    let uri = bench.push().await;
    assert!(uri.starts_with(PREFIX) && uri.len() == PREFIX.len() + 43, "{uri}");
    let visitor = bench.begin(&uri).await;
    assert_eq!(Interactions::place(&bench.session(&visitor).await), Move::To(Place::Login));
    assert_eq!(bench.log_in(&visitor).await, Move::To(Place::Consent));
    assert_eq!(bench.codes().await, 0);
    let expected = format!("{CALLBACK}?code=code1&state=s%261&{ISS}");
    assert_eq!(bench.approve(&visitor).await, Move::Answer(expected));
    let approved = bench.parties.granted.lock().unwrap()[0].clone();
    assert_eq!((approved.client_id.as_str(), approved.redirect_uri.as_str()), ("wallet", CALLBACK));
    assert_eq!(
        (approved.configurations, approved.user, approved.identified),
        (vec![bench.pass], Uuid::from_u128(5), false)
    );
    assert!(approved.identity == identity());
}

// PAR-2.2-03, PAR-2.2-04, PAR-4-03, PAR-4-04
#[tokio::test]
async fn a_request_uri_is_opened_by_its_client_in_time_or_not_at_all() {
    let bench = Bench::new().await;
    let uri = bench.push().await;
    for (client, uri) in [
        ("other", uri.as_str()),
        ("wallet", "https://canary.example/request"),
        ("wallet", "urn:ietf:params:oauth:request_uri:AAAA"),
        ("wallet", uri.strip_prefix(PREFIX).unwrap()),
    ] {
        assert_eq!(refusal(&bench.open_as(client, uri).await), Some(Unsafe::UnknownRequest), "{client} {uri}");
    }
    assert_eq!(refusal(&bench.interactions.open(&bench.request()).await.unwrap()), Some(Unsafe::NotPushed));
    bench.clock.advance(Duration::from_secs(89));
    let visitor = bench.begin(&uri).await;
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(refusal(&bench.open(&uri).await), Some(Unsafe::UnknownRequest));
    // Who came in time has time.
    bench.clock.advance(Duration::from_mins(29));
    bench.log_in(&visitor).await;
    assert!(matches!(bench.approve(&visitor).await, Move::Answer(_)));
}

// PAR-2.2-05
#[tokio::test]
async fn a_page_can_be_loaded_again_until_one_of_them_is_completed() {
    let bench = Bench::new().await;
    let uri = bench.push().await;
    let (first, second) = (bench.begin(&uri).await, bench.begin(&uri).await);
    for visitor in [&first, &second] {
        bench.log_in(visitor).await;
    }
    assert!(matches!(bench.approve(&second).await, Move::Answer(_)));
    assert_eq!(bench.approve(&first).await, Move::Over);
    assert_eq!(refusal(&bench.open(&uri).await), Some(Unsafe::UnknownRequest));
    assert_eq!(bench.codes().await, 1);
}

// PAR-2.2-05, SEC-CODE-02
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_who_complete_one_request_get_one_code() {
    let bench = std::sync::Arc::new(Bench::new().await);
    let uri = bench.push().await;
    let mut visitors = Vec::new();
    for _ in 0..10 {
        let visitor = bench.begin(&uri).await;
        bench.log_in(&visitor).await;
        visitors.push(visitor);
    }
    let mut sessions = Vec::new();
    for number in 0..100 {
        sessions.push(bench.session(&visitors[number % 10]).await);
    }
    let mut tasks = JoinSet::new();
    for session in sessions {
        let bench = bench.clone();
        tasks.spawn(async move { bench.interactions.approve(session).await.unwrap() });
    }
    let moves = tasks.join_all().await;
    assert_eq!(moves.iter().filter(|next| matches!(next, Move::Answer(_))).count(), 1);
    assert_eq!(bench.codes().await, 1);
}

// OAU-10.12-01, SEC-SESS-02
#[tokio::test]
async fn an_interaction_is_of_one_browser_and_its_forms_know_a_secret() {
    let bench = Bench::new().await;
    let (first, second) = (bench.begin(&bench.push().await).await, bench.begin(&bench.push().await).await);
    for browser in [None, Some(""), Some(second.1.as_str())] {
        assert!(bench.interactions.session(&first.0, browser).await.unwrap().is_none(), "{browser:?}");
    }
    assert!(bench.interactions.session("unknown", Some(&first.1)).await.unwrap().is_none());
    let (one, other) = (bench.session(&first).await, bench.session(&second).await);
    assert!(one.sent(Some(&one.interaction.form_token)));
    for token in [None, Some(""), Some(other.interaction.form_token.as_str())] {
        assert!(!one.sent(token));
    }
    bench.clock.advance(Duration::from_mins(31));
    assert!(bench.interactions.session(&first.0, Some(&first.1)).await.unwrap().is_none());
}

// OAU-4.1.2.1-01
#[tokio::test]
async fn who_refuses_goes_back_with_an_error_and_cannot_approve_later() {
    let bench = Bench::new().await;
    let uri = bench.push().await;
    let visitor = bench.begin(&uri).await;
    bench.log_in(&visitor).await;
    let (deny, approve) = (bench.session(&visitor).await, bench.session(&visitor).await);
    let expected = format!("{CALLBACK}?error=access_denied&state=s%261&{ISS}");
    assert_eq!(bench.interactions.refuse(deny).await.unwrap(), Move::Answer(expected));
    assert_eq!(bench.interactions.approve(approve).await.unwrap(), Move::Over);
    assert_eq!(refusal(&bench.open(&uri).await), Some(Unsafe::UnknownRequest));
    assert_eq!(bench.codes().await, 0);
}

// SEC-SESS-03
#[tokio::test]
async fn nobody_approves_before_the_login() {
    let bench = Bench::new().await;
    let visitor = bench.begin(&bench.push().await).await;
    assert_eq!(bench.approve(&visitor).await, Move::To(Place::Login));
    assert_eq!(bench.codes().await, 0);
}

// PAR-2.1-08, PAR-2.1-03, RFC 9101 10.5
#[tokio::test]
async fn a_request_is_in_one_place_and_signed_where_it_must_be() {
    let (allowed, refused, required) = (
        Bench::signing(SignedRequests::Allowed).await,
        Bench::signing(SignedRequests::Refused).await,
        Bench::signing(SignedRequests::Required).await,
    );
    let sent = |name: &str| [(name.to_owned(), "x".to_owned())].into();
    let code =
        |bench: &Bench, sent| bench.interactions.object(&sent).map(|one| one.is_some()).map_err(|error| error.code);
    assert_eq!(code(&allowed, sent("scope")), Ok(false));
    assert_eq!(code(&allowed, sent("request")), Ok(true));
    assert_eq!(code(&refused, sent("request")), Err(RequestCode::RequestNotSupported));
    assert_eq!(code(&required, sent("request")), Ok(true));
    assert_eq!(code(&required, sent("scope")), Err(RequestCode::InvalidRequest));
    for bench in [allowed, refused, required] {
        assert_eq!(code(&bench, sent("request_uri")), Err(RequestCode::InvalidRequest));
    }
}

// RFC 9101 6.3, SEC-REDIR-02
#[tokio::test]
async fn of_a_signed_request_in_a_browser_only_the_object_counts() {
    let bench = Bench::signing(SignedRequests::Allowed).await;
    let open = async |object: &str| {
        let sent = [
            ("client_id", "registered"),
            ("request", object),
            ("redirect_uri", "https://evil.example/cb"),
            ("state", "x"),
        ];
        let sent = sent.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        bench.interactions.open(&sent).await.unwrap()
    };
    let Opening::Begun { id, browser } = open(&json!(bench.request()).to_string()).await else { panic!() };
    let request = &bench.session(&(id, browser)).await.interaction.request;
    assert_eq!((request.redirect_uri.as_str(), request.state.as_deref()), (CALLBACK, Some("s&1")));
    // One that is not believed leads nowhere.
    assert_eq!(refusal(&open("forged").await), Some(Unsafe::RequestObject));
    let mut wrong = bench.request();
    wrong.insert("scope".into(), "unknown".into());
    let Opening::Answer(location) = open(&json!(wrong).to_string()).await else { panic!() };
    assert!(location.starts_with(&format!("{CALLBACK}?error=invalid_scope&")), "{location}");
    let plain =
        [("client_id", "wallet"), ("redirect_uri", CALLBACK)].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let required = Bench::signing(SignedRequests::Required).await;
    assert_eq!(refusal(&required.interactions.open(&plain.into()).await.unwrap()), Some(Unsafe::RequestObject));
}

// OAU-4.1.2.1-02
#[tokio::test]
async fn each_error_code_of_a_push_can_be_provoked() {
    let bench = Bench::new().await;
    for (name, value, expected) in [
        ("code_challenge", "x", RequestCode::InvalidRequest),
        ("response_type", "token", RequestCode::UnsupportedResponseType),
        ("scope", "unknown", RequestCode::InvalidScope),
        ("authorization_details", "[]", RequestCode::InvalidAuthorizationDetails),
        ("resource", "https://other.example", RequestCode::InvalidTarget),
    ] {
        let mut parameters = bench.request();
        parameters.insert(name.into(), value.into());
        let pushed = bench.interactions.push(&bench.wallet(), &parameters, None).await.unwrap();
        assert!(matches!(pushed, Push::Refused(error) if error.code == expected), "{name}");
    }
    let off = Bench::changed(Vec::new(), true, |flow| flow.enabled = false).await;
    let pushed = off.interactions.push(&off.wallet(), &off.request(), None).await.unwrap();
    assert!(matches!(pushed, Push::Refused(error) if error.code == RequestCode::UnauthorizedClient));
}

// VCI-5.1.3-03
#[tokio::test]
async fn an_offer_for_one_authorization_is_used_up_by_it() {
    let bench = Bench::new().await;
    let store = &bench.interactions.store;
    let offer = CodeOffer {
        id: Uuid::from_u128(9),
        configurations: vec![bench.pass],
        request_parameters: serde_json::Map::new(),
        created_at: bench.interactions.clock.now(),
        expires_at: None,
        issuer_state: "known".into(),
        reference: "reference".into(),
        single_use: true,
    };
    store.code_offer_create(&offer).await.unwrap();
    let (id, configurations) = (offer.id, vec![bench.pass]);
    let offered = Offered { id, configurations, login_hint: None, prompt: None, once: true };
    bench.parties.offers.lock().unwrap().push(("known".into(), offered));
    let mut parameters = bench.request();
    parameters.insert("issuer_state".into(), "known".into());
    let mut visitors = Vec::new();
    for _ in 0..3 {
        let pushed = bench.interactions.push(&bench.wallet(), &parameters, None).await.unwrap();
        let Push::Kept { request_uri, .. } = pushed else { panic!() };
        let visitor = bench.begin(&request_uri).await;
        bench.log_in(&visitor).await;
        visitors.push(visitor);
    }
    // Who refuses uses nothing up.
    let session = bench.session(&visitors[2]).await;
    assert!(matches!(bench.interactions.refuse(session).await.unwrap(), Move::Answer(_)));
    assert!(matches!(bench.approve(&visitors[1]).await, Move::Answer(location) if location.contains("code=code1")));
    let late = bench.approve(&visitors[0]).await;
    assert!(matches!(late, Move::Answer(location) if location.contains("error=access_denied")));
    assert_eq!(bench.codes().await, 1);
    assert!(store.code_offer_find(offer.id).await.unwrap().is_none());
}

// VCI-5.1.3-01, VCI-5.1.3-02
#[tokio::test]
async fn an_issuer_state_leads_to_its_offer_or_is_refused() {
    let bench = Bench::new().await;
    let offered = Offered {
        id: Uuid::from_u128(9),
        configurations: vec![bench.pass],
        login_hint: Some("mika".into()),
        prompt: None,
        once: false,
    };
    bench.parties.offers.lock().unwrap().push(("known".into(), offered));
    let push = |state: &str| {
        let mut parameters = bench.request();
        parameters.insert("issuer_state".into(), state.into());
        parameters
    };
    let refused = bench.interactions.push(&bench.wallet(), &push("unknown"), None).await.unwrap();
    assert!(matches!(refused, Push::Refused(error) if error.code == RequestCode::InvalidRequest));
    let Push::Kept { request_uri, .. } = bench.interactions.push(&bench.wallet(), &push("known"), None).await.unwrap()
    else {
        panic!("refused")
    };
    let visitor = bench.begin(&request_uri).await;
    let session = bench.session(&visitor).await;
    let next = bench.interactions.login(session, Choice::Provider(PROVIDER), &Caller::default()).await.unwrap();
    assert!(matches!(next, Move::Leave(_)));
    let begun = bench.parties.begun.lock().unwrap()[0].clone();
    assert_eq!(begun.1.as_deref(), Some("mika"));
    assert!(begun.0.starts_with(&visitor.0));
}

fn answer() -> LoginAnswer<'static> {
    LoginAnswer { code: Some("c"), ..LoginAnswer::default() }
}

// OAU-4.1.2.1-03
#[tokio::test]
async fn a_login_elsewhere_comes_back_to_the_interaction_that_began_it() {
    let bench = Bench::new().await;
    let visitor = bench.begin(&bench.push().await).await;
    let session = bench.session(&visitor).await;
    bench.interactions.login(session, Choice::Provider(PROVIDER), &Caller::default()).await.unwrap();
    let state = bench.parties.begun.lock().unwrap()[0].0.clone();
    let (_, secret) = state.split_once('.').unwrap();
    let wrong = bench.session(&visitor).await;
    let next = bench.interactions.login_answered(wrong, "guess", answer(), &Caller::default()).await.unwrap();
    assert_eq!(next, Move::To(Place::Login));
    let right = bench.session(&visitor).await;
    let next = bench.interactions.login_answered(right, secret, answer(), &Caller::default()).await.unwrap();
    assert_eq!(next, Move::To(Place::Consent));
    // The same answer again leads nowhere new.
    let again = bench.session(&visitor).await;
    let next = bench.interactions.login_answered(again, secret, answer(), &Caller::default()).await.unwrap();
    assert_eq!(next, Move::To(Place::Consent));
    for (problem, error) in [
        (LoginError::Denied("access_denied"), "access_denied"),
        (LoginError::Unavailable("secret".into()), "temporarily_unavailable"),
        (LoginError::Unacceptable("secret".into()), "server_error"),
    ] {
        *bench.parties.problem.lock().unwrap() = Some(problem);
        let visitor = bench.begin(&bench.push().await).await;
        let session = bench.session(&visitor).await;
        bench.interactions.login(session, Choice::Provider(PROVIDER), &Caller::default()).await.unwrap();
        let state = bench.parties.begun.lock().unwrap().last().unwrap().0.clone();
        let session = bench.session(&visitor).await;
        let secret = state.split_once('.').unwrap().1;
        let next = bench.interactions.login_answered(session, secret, answer(), &Caller::default()).await.unwrap();
        assert_eq!(next, Move::Answer(format!("{CALLBACK}?error={error}&state=s%261&{ISS}")));
    }
}

// OAU-4.1.1-02
#[tokio::test]
async fn a_silent_request_cannot_be_answered() {
    let bench = Bench::with(Vec::new(), false).await;
    let mut parameters = bench.request();
    parameters.insert("prompt".into(), "none".into());
    parameters.insert("client_id".into(), "registered".into());
    let Opening::Answer(location) = bench.interactions.open(&parameters).await.unwrap() else { panic!("no answer") };
    assert_eq!(location, format!("{CALLBACK}?error=login_required&state=s%261&{ISS}"));
    // SEC-REDIR-02: whoever nobody knows sends no browser away unasked.
    parameters.insert("client_id".into(), "wallet".into());
    let Opening::Begun { id, browser } = bench.interactions.open(&parameters).await.unwrap() else { panic!() };
    assert_eq!(bench.session(&(id, browser)).await.interaction.request.prompt, None);
}

// OAU-3.1.2-01, SEC-MIX-01, SEC-REDIR-02, OAU-4.1.2.1-02
#[tokio::test]
async fn a_plain_request_is_answered_with_an_error_only_where_that_is_safe() {
    let bench = Bench::with(Vec::new(), false).await;
    let open_as = async |client: &str, name: &str, value: &str| {
        let mut parameters = bench.request();
        parameters.insert("client_id".into(), client.into());
        parameters.insert(name.into(), value.into());
        bench.interactions.open(&parameters).await.unwrap()
    };
    let open = async |name: &str, value: &str| open_as("registered", name, value).await;
    assert!(matches!(open("foo", "bar").await, Opening::Begun { .. }));
    assert!(matches!(open_as("wallet", "foo", "bar").await, Opening::Begun { .. }));
    for uri in ["http://evil.example", "javascript:alert(1)", "https://user@wallet.example/"] {
        assert!(matches!(refusal(&open("redirect_uri", uri).await), Some(Unsafe::Redirect(_))), "{uri}");
    }
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("scope", "unknown", "invalid_scope"),
        ("authorization_details", "{}", "invalid_authorization_details"),
        ("resource", "https://other.example", "invalid_target"),
    ] {
        assert_eq!(refusal(&open_as("wallet", name, value).await), Some(Unsafe::Malformed), "{name}");
        let Opening::Answer(location) = open(name, value).await else { panic!("{name}") };
        assert!(location.starts_with(&format!("{CALLBACK}?error={error}&")) && location.ends_with(ISS), "{location}");
        assert!(location.contains("state=s%261"), "{location}");
    }
}

fn rule() -> AuthHookRule {
    let on_error = OnError::Deny;
    AuthHookRule { plugin: "pin".into(), phases: vec![Phase::Authorize], credentials: Vec::new(), on_error }
}

fn form(problem: Option<&str>) -> Form {
    let field = FormField {
        name: "pin".into(),
        kind: "password".into(),
        label: "PIN".into(),
        help: None,
        value: None,
        required: true,
        max_length: Some(6),
        choices: Vec::new(),
    };
    Form {
        title: "Your PIN".into(),
        text: None,
        problem: problem.map(str::to_owned),
        fields: vec![field],
        submit_label: None,
        state: "left".into(),
    }
}

#[tokio::test]
async fn an_auth_hook_asks_until_it_is_content_and_adds_what_it_knows() {
    let bench = Bench::with(vec![rule()], true).await;
    let verdicts = [
        Verdict::Challenge(form(None)),
        Verdict::Challenge(form(Some("wrong"))),
        Verdict::Allow(enrichment(&json!({ "family_name": "Winter", "unmapped": 1 }))),
    ];
    for verdict in verdicts {
        bench.plugins.verdict("pin", Ok(verdict));
    }
    let visitor = bench.begin(&bench.push().await).await;
    assert_eq!(bench.log_in(&visitor).await, Move::To(Place::Hook));
    let (context, step) = bench.plugins.stepped();
    assert!(matches!(step, Step::Start) && context.state.is_none());
    let identity = context.identity.unwrap();
    assert_eq!((identity.subject.as_str(), identity.source.as_str()), ("mika", "https://idp.example"));
    assert!(context.claims.contains("Sommer") && context.return_url.unwrap().starts_with(ISSUER));
    let send = async |value: &str| {
        let fields = vec![("pin".to_owned(), value.to_owned()), ("other".to_owned(), "x".to_owned())];
        let session = bench.session(&visitor).await;
        bench.interactions.submitted(session, fields, &Caller::default()).await.unwrap()
    };
    assert_eq!(send("1").await, Move::To(Place::Hook));
    let (context, step) = bench.plugins.stepped();
    assert_eq!(step, Step::Submitted(vec![("pin".into(), "1".into())]));
    assert_eq!(context.state.as_deref(), Some("left"));
    assert_eq!(send("2").await, Move::To(Place::Consent));
    bench.approve(&visitor).await;
    let approved = bench.parties.granted.lock().unwrap()[0].clone();
    assert_eq!(serde_json::Value::from(approved.added), json!({ "family_name": "Winter" }));
}

#[tokio::test]
async fn an_auth_hook_can_send_a_person_elsewhere_and_they_come_back_once() {
    let bench = Bench::with(vec![rule()], true).await;
    let url = "https://idv.example/start".to_owned();
    let there = Redirection { url: url.clone(), state: "left".into(), expires_in_seconds: 60 };
    bench.plugins.verdict("pin", Ok(Verdict::Redirect(there)));
    bench.plugins.verdict("pin", Ok(Verdict::Abstain));
    let visitor = bench.begin(&bench.push().await).await;
    assert_eq!(bench.log_in(&visitor).await, Move::Leave(url.clone()));
    let (context, _) = bench.plugins.stepped();
    let token = context.return_url.unwrap().rsplit_once('=').unwrap().1.to_owned();
    let back = async |token: &str| {
        let session = bench.session(&visitor).await;
        let parameters = vec![("result".to_owned(), "ok".to_owned())];
        bench.interactions.returned(session, token, parameters, &Caller::default()).await.unwrap()
    };
    assert_eq!(back("guess").await, Move::Leave(url));
    assert_eq!(back(&token).await, Move::To(Place::Consent));
    assert_eq!(bench.plugins.stepped().1, Step::Returned(vec![("result".into(), "ok".into())]));
    assert_eq!(back(&token).await, Move::To(Place::Consent));
}

#[tokio::test]
async fn who_comes_back_too_late_from_a_page_of_a_hook_begins_it_again() {
    let bench = Bench::with(vec![rule()], true).await;
    let there = |url: &str, expires_in_seconds| {
        Ok(Verdict::Redirect(Redirection { url: url.into(), state: "left".into(), expires_in_seconds }))
    };
    // A hook that gives no time waits as long as the interaction lives.
    for answer in [there("https://idv.example/1", 60), there("https://idv.example/2", 0), Ok(Verdict::Abstain)] {
        bench.plugins.verdict("pin", answer);
    }
    let visitor = bench.begin(&bench.push().await).await;
    bench.log_in(&visitor).await;
    let back = async |later: u64| {
        let token = bench.plugins.stepped().0.return_url.unwrap().rsplit_once('=').unwrap().1.to_owned();
        bench.clock.set(after(bench.clock.now(), Duration::from_secs(later)));
        let session = bench.session(&visitor).await;
        bench.interactions.returned(session, &token, Vec::new(), &Caller::default()).await.unwrap()
    };
    assert_eq!(back(60).await, Move::Leave("https://idv.example/2".into()));
    let (context, step) = bench.plugins.stepped();
    assert_eq!((step, context.state), (Step::Start, None));
    assert_eq!(back(120).await, Move::To(Place::Consent));
    assert_eq!(bench.plugins.stepped().1, Step::Returned(Vec::new()));
}

#[tokio::test]
async fn a_hook_that_denies_or_fails_ends_the_interaction() {
    let to = |error: &str| format!("{CALLBACK}?error={error}&state=s%261&{ISS}");
    let cases = [
        (Ok(Verdict::Deny(denial(None))), Move::Answer(to("access_denied"))),
        (
            Ok(Verdict::Deny(denial(Some("Kommen Sie mo\u{308}rgen")))),
            Move::Refused { message: "Kommen Sie mo\u{308}rgen".into(), location: to("access_denied") },
        ),
        (Err(down(None)), Move::Answer(to("temporarily_unavailable"))),
        (Err(crate::plugin::CallError::Failed), Move::Answer(to("server_error"))),
        (Ok(Verdict::Allow(enrichment(&json!({ "iss": "x" })))), Move::Answer(to("server_error"))),
    ];
    for (verdict, expected) in cases {
        let bench = Bench::with(vec![rule()], true).await;
        bench.plugins.verdict("pin", verdict);
        let visitor = bench.begin(&bench.push().await).await;
        assert_eq!(bench.log_in(&visitor).await, expected);
        assert!(bench.interactions.session(&visitor.0, Some(&visitor.1)).await.unwrap().is_none());
        assert_eq!(bench.codes().await, 0);
    }
}

#[tokio::test]
async fn a_hook_that_asks_without_end_is_ended() {
    let bench = Bench::with(vec![rule()], true).await;
    (0..60).for_each(|_| bench.plugins.verdict("pin", Ok(Verdict::Challenge(form(None)))));
    let visitor = bench.begin(&bench.push().await).await;
    let mut next = bench.log_in(&visitor).await;
    let mut rounds = 1;
    while next == Move::To(Place::Hook) {
        let session = bench.session(&visitor).await;
        next = bench.interactions.submitted(session, Vec::new(), &Caller::default()).await.unwrap();
        rounds += 1;
        assert!(rounds <= 60, "still asked");
    }
    assert!(matches!(next, Move::Answer(location) if location.contains("error=server_error")));
}

#[tokio::test]
async fn the_operators_page_stands_between_login_and_consent() {
    let bench = Bench::new().await;
    bench.parties.has_page.store(true, Ordering::SeqCst);
    let visitor = bench.begin(&bench.push().await).await;
    assert_eq!(bench.log_in(&visitor).await, Move::Leave(format!("https://hook.example/?session={}", visitor.0)));
    assert_eq!(bench.approve(&visitor).await, Move::To(Place::Login));
    let session = bench.session(&visitor).await;
    let claims = json!({ "level": 3 }).as_object().unwrap().clone();
    assert_eq!(
        bench
            .interactions
            .visited(
                session,
                PageAnswer { session: visitor.0.clone(), claims: claims.clone(), persist: claims.clone() }
            )
            .await
            .unwrap(),
        Move::To(Place::Consent)
    );
    bench.approve(&visitor).await;
    assert_eq!(bench.parties.granted.lock().unwrap()[0].added, claims);
}

// PAR-DPoP-01, PAR-DPoP-02, PAR-2.1-03, PAR-2.1-08
#[tokio::test]
async fn a_push_binds_the_code_to_the_key_of_its_proof() {
    let bench = Bench::new().await;
    let (wallet, mut parameters) = (bench.wallet(), bench.request());
    let push = async |parameters: &_, key| bench.interactions.push(&wallet, parameters, key).await.unwrap();
    let Push::Kept { request_uri, expires_in } = push(&parameters, Some([7; 32])).await else { panic!("refused") };
    assert_eq!(expires_in, 90);
    let visitor = bench.begin(&request_uri).await;
    assert_eq!(bench.session(&visitor).await.interaction.request.dpop_jkt, Some([7; 32]));
    parameters.insert("dpop_jkt".into(), "GeF9NJAk1IUMn5q6l2fZpw5GRUO-SM8Xo5dkw07SaBo".into());
    assert!(matches!(push(&parameters, None).await, Push::Kept { .. }));
    assert!(matches!(push(&parameters, Some([7; 32])).await, Push::Refused(_)));
    let mut parameters = bench.request();
    parameters.insert("client_id".into(), "other".into());
    assert!(matches!(push(&parameters, None).await, Push::Refused(_)));
}
