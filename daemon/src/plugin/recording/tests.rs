use serde_json::json;

use super::*;
use crate::plugin::contract::claim_source::issuer::plugin::http::{HeaderValue, SecretHeader};

fn map(value: Value) -> Map<String, Value> {
    let Value::Object(members) = value else { panic!("{value}") };
    members
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn heard() -> Heard {
    let claims = json!({"family_name": "Sommer", "birth_date": "1983-04-05", "age": 42, "level": 3, "country": "DE"});
    let record =
        json!({"last": "Sommer", "first": "Mika", "mail": "mika.sommer@mail.example", "id": 4711, "vip": true});
    let request = Request {
        method: "GET".to_owned(),
        url: "https://register.example/v1/people/Sommer/by-birth/1983-04-05?number=E%2D4711".to_owned(),
        headers: vec![
            ("x-person".to_owned(), HeaderValue::Text("Sommer".to_owned())),
            (
                "authorization".to_owned(),
                HeaderValue::Secret(SecretHeader { name: "token".to_owned(), prefix: "Bearer ".to_owned() }),
            ),
        ],
        body: None,
        timeout_ms: None,
    };
    let headers = vec![("set-cookie".to_owned(), "Sommer".to_owned()), ("content-type".to_owned(), "a/b".to_owned())];
    let response = Response { status: 200, headers, body: record.to_string().into_bytes() };
    let mut case = Case::parse(r#"{"export":"fetch","context":{"offer":{"user_id":"E-4711"}}}"#).unwrap();
    case.context.insert("claims".to_owned(), claims.to_string().into());
    let super::super::case::Question::Fetch(context) = case.question().unwrap() else { panic!() };
    Heard {
        export: Export::Fetch,
        config: map(json!({"url": "https://register.example/v1/people"})),
        context: map(serde_json::to_value(context).unwrap()),
        phase: None,
        state: None,
        http: vec![(request, Ok(response))],
        now: Some(1_767_225_600_000),
        secrets: vec!["token".to_owned()],
        said: map(
            json!({"outcome": "ready", "claims": {"family_name": "Sommer", "given_name": "Mika"}, "record_ref": "4711"}),
        ),
    }
}

#[test]
fn a_recorded_call_has_no_personal_value() {
    let text = case(heard()).text();
    for personal in ["Sommer", "Mika", "mika", "1983", "4711", "42"] {
        assert!(!text.contains(personal), "{personal} in {text}");
    }
    for kept in
        ["https://register.example/v1/people/", "by-birth", "?number=", "family_name", "token", "\"DE\"", "Bearer "]
    {
        assert!(text.contains(kept), "no {kept} in {text}");
    }
}

#[test]
fn the_same_value_has_the_same_placeholder_of_its_kind() {
    let made = case(heard());
    let claims = made.context["claims"].as_object().unwrap();
    let family = claims["family_name"].as_str().unwrap();
    assert_eq!(made.expected["claims"]["family_name"], family);
    let date = claims["birth_date"].as_str().unwrap();
    assert!(date.parse::<jiff::civil::Date>().is_ok(), "{date}");
    assert_eq!((&claims["level"], claims["age"].to_string().len()), (&json!(3), 2));
    let user = made.context["offer"]["user_id"].as_str().unwrap();
    let exchange = made.http.first().unwrap();
    assert_eq!(
        exchange.request.url,
        format!("https://register.example/v1/people/{family}/by-birth/{date}?number={user}")
    );
    let Answer::Response(answer) = &exchange.answer else { panic!() };
    let body: Value = serde_json::from_slice(&answer.body.bytes().unwrap()).unwrap();
    assert_eq!((&body["last"], &body["vip"]), (&json!(family), &json!(true)));
    assert!(body["mail"].as_str().unwrap().contains('@'));
    assert_eq!(answer.headers, [("content-type".to_owned(), "a/b".to_owned())]);
}

#[test]
fn a_recorded_call_is_a_case() {
    let made = case(heard());
    assert_eq!(Case::parse(&made.text()).unwrap(), made);
}

#[test]
fn placeholders_keep_their_kind() {
    let mut redaction = redact::Redaction::new(&Map::new());
    let long = "Q".repeat(4000);
    for (text, good) in [
        ("0123456", (|made| made.len() == 7 && made.bytes().all(|b| b.is_ascii_digit())) as fn(&str) -> bool),
        ("9b2f6c1e-5a4d-4e2b-8f00-1234567890ab", |made| uuid::Uuid::try_parse(made).is_ok()),
        ("2024-02-03T04:05:06Z", |made| made.parse::<Timestamp>().is_ok()),
        ("https://photos.example/mika.jpg", |made| made.starts_with("https://")),
        (&long, |made| made.len() == 4000),
        ("Straße 1", |made| made.starts_with("text")),
    ] {
        let made = redaction.text(text);
        assert!(good(&made) && made != text, "{text}: {made}");
        assert_eq!(redaction.text(text), made);
    }
    assert_eq!(redaction.text("DE"), "DE");
}

#[test]
fn a_recording_ends_with_its_last_call() {
    let recordings = Recordings::default();
    assert!(!recordings.wants("hr", at(0)));
    assert_eq!(recordings.view("hr", at(0)), None);
    let view = recordings.arm("hr", 2, at(0)).unwrap();
    assert_eq!((view.calls, view.recorded, view.expires_at), (2, 0, at(600)));
    assert!(recordings.wants("hr", at(1)) && !recordings.wants("other", at(1)));
    for _ in 0..3 {
        recordings.keep("hr", heard(), at(2));
    }
    recordings.keep("other", heard(), at(2));
    assert!(!recordings.wants("hr", at(3)));
    assert_eq!(recordings.view("hr", at(3)).unwrap().cases.len(), 2);
    assert_eq!(recordings.view("other", at(3)), None);
}

#[test]
fn a_recording_expires_and_what_it_kept_goes() {
    let recordings = Recordings::default();
    recordings.arm("hr", 5, at(0)).unwrap();
    recordings.keep("hr", heard(), at(1));
    assert!(recordings.wants("hr", at(599)));
    assert!(!recordings.wants("hr", at(600)));
    assert_eq!(recordings.view("hr", at(600)), None);
    assert_eq!(recordings.view("hr", at(1)), None);
}

#[test]
fn a_recording_is_bounded() {
    let recordings = Recordings::default();
    assert_eq!(recordings.arm("hr", 0, at(0)), None);
    assert_eq!(recordings.arm("hr", MOST_CALLS + 1, at(0)), None);
    assert!(recordings.arm("hr", MOST_CALLS, at(0)).is_some());
}
