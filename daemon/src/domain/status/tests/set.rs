//! One status is set, and told.

use super::*;
use crate::domain::saved::Saved;
use crate::domain::status::configuration::Deletion;

// TSL-7.1-02
#[tokio::test]
async fn a_revocation_is_final() {
    let house = House::new().await;
    let (credential, _) = house.issue(|_| ()).await;
    assert_eq!(house.statuses.status(ListKind::Mobile, credential).await.unwrap(), Some(Status::Valid));
    for _ in 0..2 {
        assert_eq!(house.set(credential, "invalid").await, SetOutcome::Set(Status::Invalid));
    }
    for status in ["valid", "suspended"] {
        assert_eq!(house.set(credential, status).await, SetOutcome::Final);
    }
    assert_eq!(house.statuses.status(ListKind::Mobile, credential).await.unwrap(), Some(Status::Invalid));
    assert_eq!(*lock(&house.meters.changed), [(Status::Invalid, 1)], "counted once");
}

// TSL-7.1-03
#[tokio::test]
async fn a_suspension_needs_two_bits_and_can_be_taken_back() {
    let house = House::new().await;
    let (rigid, _) = house.issue(|_| ()).await;
    let SetOutcome::Invalid(mistakes) = house.set(rigid, "suspended").await else { panic!("was suspended") };
    assert_eq!(mistakes[0].param, "status");
    let house = House::new().await;
    house.configure(PASS, json!({ "bits": 2 })).await;
    let (credential, place) = house.issue(|_| ()).await;
    for (status, number) in [("suspended", 2), ("valid", 0), ("suspended", 2), ("invalid", 1)] {
        house.set(credential, status).await;
        house.statuses.publish_due().await.unwrap();
        assert_eq!(house.said(place.list, place.reference.index), number, "{status}");
    }
}

#[tokio::test]
async fn wrong_requests_are_named_and_change_nothing() {
    let house = House::new().await;
    let (credential, _) = house.issue(|_| ()).await;
    for (body, param) in [
        (json!({}), "status"),
        (json!({ "status": "revoked" }), "status"),
        (json!({ "status": 1 }), "status"),
        (json!({ "status": null }), "status"),
        (json!({ "status": "invalid", "reason": "" }), "reason"),
        (json!({ "status": "invalid", "reason": "x".repeat(257) }), "reason"),
        (json!({ "status": "invalid", "stauts": "valid" }), "stauts"),
    ] {
        let outcome = house.statuses.set(ListKind::Mobile, credential, &object(body.clone())).await.unwrap();
        let SetOutcome::Invalid(mistakes) = outcome else { panic!("{body}: {outcome:?}") };
        assert_eq!(mistakes.iter().map(|one| one.param.as_str()).collect::<Vec<_>>(), [param], "{body}");
    }
    assert_eq!(house.statuses.status(ListKind::Mobile, credential).await.unwrap(), Some(Status::Valid));
    assert_eq!(house.set(Uuid::nil(), "invalid").await, SetOutcome::Unknown);
    assert_eq!(house.statuses.status(ListKind::Mobile, Uuid::nil()).await.unwrap(), None);
}

#[tokio::test]
async fn of_many_who_set_a_status_at_once_nobody_brings_a_revoked_one_back() {
    let house = House::new().await;
    house.configure(PASS, json!({ "bits": 2 })).await;
    let (credential, place) = house.issue(|_| ()).await;
    let asked = ["invalid", "suspended", "valid"].into_iter().cycle().take(60);
    futures_util::future::join_all(asked.map(|status| house.set(credential, status))).await;
    assert_eq!(house.statuses.status(ListKind::Mobile, credential).await.unwrap(), Some(Status::Invalid));
    house.statuses.publish_due().await.unwrap();
    assert_eq!(house.said(place.list, place.reference.index), 1);
}

#[tokio::test]
async fn configurations_are_checked_kept_and_bound_to_their_type() {
    let house = House::new().await;
    let create =
        async |body: Value| house.statuses.configuration_create(ListKind::Mobile, &object(body)).await.unwrap();
    let good = json!({ "docType": PASS, "timeToLiveDuration": {"minutes": 5}, "expiryDuration": {"hours": 2} });
    let with = |member: &str, value: Value| {
        let mut body = good.clone();
        body[member] = value;
        body
    };
    for (body, param) in [
        (with("docType", json!("")), "docType"),
        (with("timeToLiveDuration", json!({"hours": 3})), "timeToLiveDuration"),
        (with("timeToLiveDuration", json!({})), "timeToLiveDuration"),
        (with("timeToLiveDuration", json!(5)), "timeToLiveDuration"),
        (with("expiryDuration", json!({"years": 2})), "expiryDuration"),
        (with("expiryDuration", json!({"fortnights": 1, "hours": 2})), "expiryDuration.fortnights"),
        (with("bits", json!(4)), "bits"),
        (with("listSize", json!(99)), "listSize"),
        (with("listSize", json!(1_000_001)), "listSize"),
        (with("vct", json!("x")), "vct"),
    ] {
        let Saved::Invalid(mistakes) = create(body.clone()).await else { panic!("{body}") };
        assert!(mistakes.iter().any(|one| one.param == param), "{body}: {mistakes:?}");
    }
    let Saved::Saved(made) = create(good.clone()).await else { panic!("was not made") };
    assert_eq!(made["listSize"], json!(1_000));
    let Saved::Invalid(taken) = create(good.clone()).await else { panic!("was made twice") };
    assert_eq!((taken[0].param.as_str(), taken[0].value.as_deref()), ("docType", Some(PASS)));
    let id: Uuid = made["id"].as_str().unwrap().parse().unwrap();
    let replace =
        async |body: Value| house.statuses.configuration_replace(ListKind::Mobile, id, &object(body)).await.unwrap();
    assert!(matches!(replace(with("docType", json!("other"))).await, Saved::Invalid(_)));
    let Saved::Saved(changed) =
        replace(json!({"timeToLiveDuration": {"seconds": 9}, "expiryDuration": {"minutes": 1}})).await
    else {
        panic!("was not changed")
    };
    assert_eq!((&changed["docType"], &changed["timeToLiveDuration"]), (&json!(PASS), &json!({"seconds": 9})));
    let (_, place) = house.issue(|_| ()).await;
    assert_eq!(house.served(place.list).ttl, 9);
    let delete = async |id| house.statuses.configuration_delete(ListKind::Mobile, id).await.unwrap();
    assert_eq!((delete(id).await, delete(Uuid::nil()).await), (Deletion::InUse, Deletion::Unknown));
    let spare = house.configure("org.example.spare", json!({})).await;
    assert_eq!((delete(spare).await, delete(spare).await), (Deletion::Deleted, Deletion::Unknown));
}
