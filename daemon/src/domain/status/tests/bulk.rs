//! Many are revoked: exactly those that fit, each once, whatever comes in between.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::domain::status::bulk::BulkRequest;
use crate::store::revocation::{Findings, Revocation, RevocationFilter, RevocationState};

#[expect(clippy::needless_pass_by_value, reason = "callers write JSON in place")]
fn request(filter: Value) -> BulkRequest {
    BulkRequest::read(&object(json!({ "filter": filter, "reason": "key compromise" }))).unwrap()
}

async fn revoke(house: &House, filter: Value) -> Revocation {
    let begun = house.statuses.bulk_begin(&request(filter), "operator".into()).await.unwrap();
    house.statuses.bulk_run(|| false).await.unwrap();
    house.statuses.bulk_find(begun.id).await.unwrap().unwrap()
}

async fn is_revoked(house: &House, credential: Uuid) -> bool {
    house.statuses.status(ListKind::Mobile, credential).await.unwrap() == Some(Status::Invalid)
}

// VCI-13.7-01, TSL-13.1-02, ARF-VCR-02
#[tokio::test]
async fn each_criterion_finds_its_own_and_nothing_else() {
    let other = Uuid::from_u128(99);
    for (filter, change) in [
        (
            json!({ "userId": other }),
            Box::new(|it: &mut CredentialStatus| it.user_id = Uuid::from_u128(99))
                as Box<dyn Fn(&mut CredentialStatus)>,
        ),
        (json!({ "offerId": other }), Box::new(|it| it.offer_id = Uuid::from_u128(99))),
        (json!({ "credentialConfigurationId": other }), Box::new(|it| it.configuration_id = Uuid::from_u128(99))),
        (json!({ "documentSignerId": other }), Box::new(|it| it.document_signer_id = Uuid::from_u128(99))),
        (json!({ "clientId": "other" }), Box::new(|it| it.client_id = Some("other".into()))),
        (json!({ "walletProvider": "other" }), Box::new(|it| it.wallet_provider = Some("other".into()))),
        (json!({ "keyThumbprint": "other" }), Box::new(|it| it.key_thumbprint = Some("other".into()))),
        (
            json!({ "keyThumbprint": "other", "clientId": "wallet" }),
            Box::new(|it| it.key_thumbprint = Some("other".into())),
        ),
    ] {
        let house = House::new().await;
        let (kept, place) = house.issue(|_| ()).await;
        let (lost, lost_place) = house.issue(&change).await;
        let (bare, _) = house.issue(|it| (it.client_id, it.wallet_provider) = (None, None)).await;
        let found = house.statuses.bulk_count(&request(filter.clone()).filter).await.unwrap();
        assert_eq!(found, Findings { matched: 1, already_revoked: 0 }, "{filter}");
        assert!(!is_revoked(&house, lost).await, "counting revokes nothing");
        let done = revoke(&house, filter.clone()).await;
        assert_eq!((done.state, done.revoked, done.expected), (RevocationState::Completed, 1, Some(found)), "{filter}");
        assert!(is_revoked(&house, lost).await && !is_revoked(&house, kept).await && !is_revoked(&house, bare).await);
        house.statuses.publish_due().await.unwrap();
        assert_eq!(house.said(lost_place.list, lost_place.reference.index), 1);
        assert_eq!(house.said(place.list, place.reference.index), 0);
        let again = revoke(&house, filter).await;
        assert_eq!((again.revoked, again.already_revoked), (0, 1));
        assert_eq!(*lock(&house.meters.changed).first().unwrap(), (Status::Invalid, 1));
    }
}

#[tokio::test]
async fn a_window_has_a_first_and_no_last_moment() {
    let house = House::new().await;
    let mut all = Vec::new();
    for _ in 0..5 {
        all.push(house.issue(|_| ()).await.0);
        house.clock.advance(Duration::from_mins(1));
    }
    let filter = json!({ "issuedFrom": "2026-03-10T12:35:56Z", "issuedBefore": "2026-03-10T12:37:56Z" });
    let done = revoke(&house, filter).await;
    assert_eq!((done.revoked, done.examined), (2, 3), "what is far outside is not even looked at");
    let mut revoked = Vec::new();
    for id in &all {
        revoked.push(is_revoked(&house, *id).await);
    }
    assert_eq!(revoked, [false, true, true, false, false]);
}

#[test]
fn wrong_requests_are_named() {
    for (body, param) in [
        (json!({}), "filter"),
        (json!({ "filter": {} }), "filter"),
        (json!({ "filter": [] }), "filter"),
        (json!({ "filter": { "userId": "x" } }), "filter.userId"),
        (json!({ "filter": { "issuedFrom": "yesterday" } }), "filter.issuedFrom"),
        (json!({ "filter": { "user": "x" } }), "filter.user"),
        (json!({ "filter": { "clientId": "" } }), "filter.clientId"),
        (
            json!({ "filter": { "issuedFrom": "2026-01-02T00:00:00Z", "issuedBefore": "2026-01-02T00:00:00Z" } }),
            "filter.issuedBefore",
        ),
        (json!({ "filter": { "clientId": "x" }, "dryRun": "yes" }), "dryRun"),
    ] {
        let mistakes = BulkRequest::read(&object(body.clone())).unwrap_err();
        assert!(mistakes.iter().any(|one| one.param == param), "{body}: {mistakes:?}");
    }
}

// The step that revokes is the step that moves on: stopped anywhere, it goes on there.
#[tokio::test]
async fn a_revocation_that_is_broken_off_goes_on_where_it_was() {
    let house = House::new().await;
    house.configure(PASS, json!({ "listSize": 10_000 })).await;
    let mut all = Vec::new();
    for number in 0..2_500_u32 {
        all.push(house.issue(|it| it.client_id = Some(if number % 2 == 0 { "odd" } else { "even" }.into())).await.0);
    }
    let begun = house.statuses.bulk_begin(&request(json!({ "clientId": "odd" })), "operator".into()).await.unwrap();
    let mut rounds = 0;
    let mut house = house;
    loop {
        // One question before it is begun, one before the first step: so each round takes one step.
        let asked = AtomicUsize::new(0);
        house.statuses.bulk_run(|| asked.fetch_add(1, Ordering::SeqCst) > 1).await.unwrap();
        rounds += 1;
        let now = house.statuses.bulk_find(begun.id).await.unwrap().unwrap();
        if now.state == RevocationState::Completed {
            assert_eq!((now.revoked, now.already_revoked, now.examined), (1_250, 0, 2_500));
            assert_eq!(now.expected, Some(Findings { matched: 1_250, already_revoked: 0 }));
            break;
        }
        assert!(now.revoked < 1_250 && rounds < 10);
        house = house.restarted().await;
    }
    assert_eq!(rounds, 3);
    for (number, id) in all.iter().enumerate() {
        assert_eq!(is_revoked(&house, *id).await, number % 2 == 0);
    }
    let total: u64 = lock(&house.meters.changed).iter().map(|(_, count)| count).sum();
    assert_eq!(total, 1_250);
}

#[tokio::test]
async fn what_others_set_meanwhile_is_neither_lost_nor_counted_twice() {
    let house = House::new().await;
    let mut all = Vec::new();
    for _ in 0..300 {
        all.push(house.issue(|_| ()).await.0);
    }
    let begun = house.statuses.bulk_begin(&request(json!({ "clientId": "wallet" })), "operator".into()).await.unwrap();
    let by_hand = futures_util::future::join_all(all.iter().map(|id| house.set(*id, "invalid")));
    let (run, _) = tokio::join!(house.statuses.bulk_run(|| false), by_hand);
    run.unwrap();
    let done = house.statuses.bulk_find(begun.id).await.unwrap().unwrap();
    assert_eq!(done.revoked + done.already_revoked, 300);
    let total: u64 = lock(&house.meters.changed).iter().map(|(_, count)| count).sum();
    assert_eq!(total, 300);
}

#[tokio::test]
async fn several_revocations_are_kept_with_who_asked_and_why() {
    let house = House::new().await;
    let (id, _) = house.issue(|_| ()).await;
    revoke(&house, json!({ "clientId": "wallet" })).await;
    house.clock.advance(Duration::from_secs(1));
    revoke(&house, json!({ "clientId": "other" })).await;
    let all = house.statuses.bulk_list().await.unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!((all[0].requested_by.as_str(), all[0].reason.as_deref()), ("operator", Some("key compromise")));
    assert_eq!(all[1].filter, RevocationFilter { client_id: Some("other".into()), ..RevocationFilter::default() });
    let record = house.store.status_find(id).await.unwrap().unwrap();
    assert_eq!(record.reason.as_deref(), Some("key compromise"));
}
