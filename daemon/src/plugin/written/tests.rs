use super::*;
use crate::plugin::case::Question;

const FETCH: &str = r#"{
    "export": "fetch",
    "config": {"register": "https://register.example/people"},
    "context": {
        "offer": {"user_id": "4711", "created_at": "2026-03-01T00:00:00Z"},
        "claims": {"family_name": "Sommer"},
        "configuration": {"claims": [{"path": ["org.iso.18013.5.1", 0, null], "source": "family_name"}]}
    },
    "now": "2026-03-01T00:00:01Z",
    "secrets": {"token": "made up"},
    "http": [
        {
            "request": {"method": "GET", "url": "https://register.example/people/4711",
                "headers": [["authorization", {"secret": "token", "prefix": "Bearer "}]]},
            "response": {"status": 200, "headers": [["content-type", "application/json"]], "body": "{}"}
        },
        {"request": {"method": "GET", "url": "https://register.example/people/1"}, "error": "timeout"}
    ],
    "expected": {"outcome": "ready", "claims": {}}
}"#;

#[test]
fn a_case_fills_what_it_does_not_say() {
    let case = Case::parse(FETCH).unwrap();
    let Question::Fetch(context) = case.question().unwrap() else { panic!("{case:?}") };
    let offer = context.offer.unwrap();
    assert_eq!((offer.user_id.as_str(), offer.grant.as_str()), ("4711", "pre-authorized_code"));
    assert_eq!((offer.created_at, case.millis()), (1_772_323_200_000, 1_772_323_201_000));
    assert_eq!(context.claims, r#"{"family_name":"Sommer"}"#);
    assert_eq!(context.identity, None);
    let claim = context.configuration.claims.first().unwrap();
    assert_eq!(claim.path.len(), 3);
    assert_eq!(claim.path[0], crate::plugin::contract::PathSegment::Key("org.iso.18013.5.1".to_owned()));
}

#[test]
fn a_case_is_the_same_after_it_was_written() {
    let case = Case::parse(FETCH).unwrap();
    assert_eq!(Case::parse(&case.text()).unwrap(), case);
}

#[test]
fn mistakes_are_told() {
    for (text, part) in [
        (r#"{"export": "fetsch"}"#, "unknown variant"),
        (r#"{"export": "fetch", "contex": {}}"#, "unknown field"),
        (r#"{"export": "fetch", "context": {"ofer": {}}}"#, "there is no context.ofer"),
        (r#"{"export": "fetch", "context": {"offer": {"user": "1"}}}"#, "there is no context.offer.user"),
        (r#"{"export": "fetch", "context": {"wallet": {"attested": "yes"}}}"#, "context: invalid type"),
        (r#"{"export": "fetch", "context": {"deadline": "soon"}}"#, "context.deadline is no time"),
        (r#"{"export": "resume"}"#, "needs `state`"),
        (r#"{"export": "admit"}"#, "needs `phase`"),
        (r#"{"export": "check", "random": "0"}"#, "hex"),
        (r#"{"export": "check", "random": "zz"}"#, "hex"),
        (r#"{"export": "check", "http": [{"request": {"method": "GET", "url": "x"}}]}"#, "Answer"),
    ] {
        let error = Case::parse(text).unwrap_err();
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn a_request_is_the_recorded_one_or_not() {
    use crate::plugin::contract::{HeaderValue, Request, SecretHeader};
    let asked = Case::parse(FETCH).unwrap().http.remove(0).request;
    let header = |name: &str, prefix: &str| {
        let secret = SecretHeader { name: name.to_owned(), prefix: prefix.to_owned() };
        ("Authorization".to_owned(), HeaderValue::Secret(secret))
    };
    let request = Request {
        method: "get".to_owned(),
        url: "https://register.example/people/4711".to_owned(),
        headers: vec![("accept".to_owned(), HeaderValue::Text("*/*".to_owned())), header("token", "Bearer ")],
        body: None,
        timeout_ms: None,
    };
    assert!(asked.is(&request));
    assert!(!asked.is(&Request { url: "https://register.example/people/1".to_owned(), ..request.clone() }));
    assert!(!asked.is(&Request { headers: vec![header("other", "Bearer ")], ..request.clone() }));
    assert!(!asked.is(&Request { headers: vec![], ..request.clone() }));
    assert_eq!(Asked::of(request).method, "GET");
}

#[test]
fn random_bytes_and_times_have_defaults() {
    let case = Case::parse(r#"{"export": "check"}"#).unwrap();
    assert_eq!((case.random().unwrap(), case.millis()), (vec![0], 1_767_225_600_000));
    let case = Case::parse(r#"{"export": "check", "random": "00fF", "now": 5}"#).unwrap();
    assert_eq!((case.random().unwrap(), case.millis()), (vec![0, 255], 5));
}
