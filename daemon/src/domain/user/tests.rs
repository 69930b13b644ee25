//! Users: made, found, linked to identities, deleted.

use super::*;
use crate::domain::login::testing::Bench;

fn map(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

async fn users() -> (Bench, Users) {
    let bench = Bench::new().await;
    let users = Users { store: bench.store.clone(), random: bench.random.clone(), providers: bench.providers.clone() };
    (bench, users)
}

fn identity(issuer: &str, subject: &str, persist: &Value) -> Identity {
    let claims = json!({ "email": "mika@example.org" });
    Identity {
        provider: Uuid::from_u128(7),
        issuer: issuer.into(),
        subject: subject.into(),
        claims: map(&claims),
        persist: map(persist),
        authenticated_at: None,
        acr: None,
        amr: Vec::new(),
    }
}

async fn made(users: &Users, body: &Value) -> Value {
    match users.create(&map(body)).await.unwrap() {
        Saved::Saved(user) => user,
        Saved::Invalid(details) => panic!("{details:?}"),
        Saved::Unknown => panic!("unknown"),
    }
}

fn id(user: &Value) -> Uuid {
    user["id"].as_str().unwrap().parse().unwrap()
}

async fn found(users: &Users, body: &Value) -> Vec<Uuid> {
    let criteria = users.criteria(&map(body)).ok().unwrap();
    users.search(&criteria, None, 100).await.unwrap().0.iter().map(id).collect()
}

// UPS-07
#[tokio::test]
async fn a_user_is_known_by_issuer_and_subject_and_by_nothing_else() {
    let (_, users) = users().await;
    let first = users.of(&identity("https://a.example", "1", &json!({ "email": "mika@example.org" }))).await.unwrap();
    for (issuer, subject, same) in [
        ("https://a.example", "1", true),
        ("https://a.example/", "1", true),
        ("https://a.example", "2", false),
        ("https://b.example", "1", false),
        ("https://a.example1", "", false),
        ("https://A.example", "1", false),
    ] {
        let other = users.of(&identity(issuer, subject, &json!({}))).await.unwrap();
        assert_eq!(other == first, same, "{issuer} {subject}");
    }
    // A later login lays its claims over those of before.
    users.of(&identity("https://a.example", "1", &json!({ "phone": "1" }))).await.unwrap();
    let user = users.find(first).await.unwrap().unwrap();
    assert_eq!(user["claims"], json!({ "email": "mika@example.org", "phone": "1" }));
    assert_eq!(user["authenticationProvider"]["subjectId"], "1");
}

#[tokio::test]
async fn many_first_logins_at_once_make_one_user() {
    let (_, users) = users().await;
    let identity = identity("https://a.example", "1", &json!({ "a": 1 }));
    let all = futures_util::future::join_all((0..20).map(|_| users.of(&identity))).await;
    let first = *all[0].as_ref().unwrap();
    assert!(all.into_iter().all(|id| id.unwrap() == first));
}

#[tokio::test]
async fn a_user_is_made_replaced_and_deleted() {
    let (bench, users) = users().await;
    let provider = bench.provider(&json!({})).await;
    let linked = json!({ "providerId": provider, "subjectId": "mika" });
    let user = made(&users, &json!({ "claims": { "a": 1 }, "authenticationProvider": linked })).await;
    assert_eq!(user["authenticationProvider"]["url"], "https://login.example/realm");
    // The login of this identity finds the user.
    assert_eq!(users.of(&identity("https://login.example/realm", "mika", &json!({}))).await.unwrap(), id(&user));
    let taken = users.create(&map(&json!({ "authenticationProvider": linked }))).await.unwrap();
    assert!(matches!(taken, Saved::Invalid(details) if details[0].param == "authenticationProvider.subjectId"));
    let Saved::Saved(changed) = users.replace(id(&user), &map(&json!({ "claims": { "b": 2 } }))).await.unwrap() else {
        panic!("not saved")
    };
    assert_eq!(changed, json!({ "id": id(&user), "claims": { "b": 2 } }));
    assert_ne!(users.of(&identity("https://login.example/realm", "mika", &json!({}))).await.unwrap(), id(&user));
    assert!(users.delete(id(&user)).await.unwrap());
    assert!(!users.delete(id(&user)).await.unwrap());
    assert!(users.find(id(&user)).await.unwrap().is_none());
    assert!(matches!(users.replace(id(&user), &Map::new()).await.unwrap(), Saved::Unknown));
}

#[tokio::test]
async fn a_deleted_user_who_logs_in_again_is_somebody_new() {
    let (_, users) = users().await;
    let identity = identity("https://a.example", "1", &json!({ "a": 1 }));
    let first = users.of(&identity).await.unwrap();
    assert!(users.delete(first).await.unwrap());
    assert_ne!(users.of(&identity).await.unwrap(), first);
}

#[tokio::test]
async fn a_search_finds_what_fits_in_all_and_pages_go_on() {
    let (bench, users) = users().await;
    let provider = bench.provider(&json!({})).await;
    let linked = json!({ "providerId": provider, "subjectId": "mika" });
    let claims = json!({ "name": "Sommer", "address": { "city": "A", "street": "S" } });
    let mika = id(&made(&users, &json!({ "claims": claims, "authenticationProvider": linked })).await);
    let other = id(&made(&users, &json!({ "claims": { "name": "Sommer" } })).await);
    let mut both = vec![mika, other];
    both.sort();
    for (body, expected) in [
        (json!({}), both.clone()),
        (json!({ "claims": { "name": "Sommer" } }), both.clone()),
        (json!({ "claims": { "address": { "city": "A" } } }), vec![mika]),
        (json!({ "claims": { "address": { "city": "B" } } }), vec![]),
        (json!({ "claims": { "address": "A" } }), vec![]),
        (json!({ "authenticationProvider": linked }), vec![mika]),
        (json!({ "authenticationProvider": { "subjectId": "mika" } }), vec![mika]),
        (json!({ "authenticationProvider": { "providerId": provider } }), vec![mika]),
        (json!({ "authenticationProvider": linked, "claims": { "name": "Winter" } }), vec![]),
        (json!({ "authenticationProvider": { "providerId": provider, "subjectId": "robin" } }), vec![]),
    ] {
        assert_eq!(found(&users, &body).await, expected, "{body}");
    }
    let all = users.criteria(&Map::new()).ok().unwrap();
    let (page, next) = users.search(&all, None, 1).await.unwrap();
    assert_eq!(id(&page[0]), both[0]);
    let (page, next) = users.search(&all, next.as_deref(), 1).await.unwrap();
    assert_eq!((id(&page[0]), next), (both[1], None));
    assert!(users.criteria(&map(&json!({ "claim": {} }))).is_err());
}

#[tokio::test]
async fn each_mistake_names_its_field() {
    let (_, users) = users().await;
    let unknown = json!({ "providerId": Uuid::nil(), "subjectId": "a" });
    for (body, field) in [
        (json!({ "claims": [] }), "claims"),
        (json!({ "authenticationProvider": {} }), "authenticationProvider.providerId"),
        (json!({ "authenticationProvider": unknown }), "authenticationProvider.providerId"),
        (
            json!({ "authenticationProvider": { "providerId": Uuid::nil(), "subjectId": "" } }),
            "authenticationProvider.subjectId",
        ),
        (json!({ "name": "x" }), "name"),
    ] {
        let Saved::Invalid(details) = users.create(&map(&body)).await.unwrap() else { panic!("{body}") };
        assert_eq!(details[0].param, field, "{body}");
    }
}
