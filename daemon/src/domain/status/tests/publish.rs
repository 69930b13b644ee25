//! What verifiers get, and when.

use super::*;
use crate::domain::trust::Change;
use crate::pki::certificate::Facts;
use crate::pki::check;
use crate::pki::issue::Leaf;
use crate::signer::verify;

// TSL-13.1-01, TSL-13.1-03, TSL-7.1-01
#[tokio::test]
async fn a_change_is_published_with_the_next_round_and_alone() {
    let house = House::new().await;
    let (first, place) = house.issue(|_| ()).await;
    let (_, other) = house.issue(|_| ()).await;
    house.statuses.publish_due().await.unwrap();
    assert_eq!(house.said(place.list, place.reference.index), 0);
    assert_eq!(house.set(first, "invalid").await, SetOutcome::Set(Status::Invalid));
    house.statuses.publish_due().await.unwrap();
    assert_eq!(house.said(place.list, place.reference.index), 1);
    assert_eq!(house.said(other.list, other.reference.index), 0);
    let rounds = lock(&house.meters.published).len();
    house.statuses.publish_due().await.unwrap();
    assert_eq!(lock(&house.meters.published).len(), rounds, "nothing has changed");
}

// TSL-11.3-01, HAIP-6.1-01, CRT-SL-01
#[tokio::test]
async fn both_forms_are_signed_by_a_status_list_signer_of_the_iaca() {
    let house = House::new().await;
    let (_, place) = house.issue(|_| ()).await;
    let published = house.served(place.list);
    let signer = house.trust.status_signer(house.iaca, house.clock.now()).unwrap();
    let document_signer = house.trust.signer(house.clock.now()).unwrap();
    assert_ne!(signer.key.public_key(), document_signer.key.public_key());
    let root = house.trust.anchors(house.clock.now()).unwrap().remove(0);
    assert!(check::leaf(Leaf::StatusList, &signer.certificate, &root, signer.key.public_key()).is_empty());
    let facts = Facts::read(&signer.certificate).unwrap();
    let days = (facts.validity.not_after.as_second() - facts.validity.not_before.as_second()) / 86_400;
    assert_eq!(days, 1_187);
    let jwt = std::str::from_utf8(&published.jwt.body).unwrap();
    let (message, signature) = jwt.rsplit_once('.').unwrap();
    assert!(verify(signer.key.public_key(), message.as_bytes(), &B64.decode(signature).unwrap()));
    let header = part(&published.jwt.body, 0);
    let x5c = base64::engine::general_purpose::STANDARD.decode(header["x5c"][0].as_str().unwrap()).unwrap();
    assert_eq!(x5c, signer.certificate);
    assert_eq!(claims(&published)["sub"], json!(place.reference.uri));
    let inside = published.cwt.body.windows(signer.certificate.len()).any(|bytes| bytes == signer.certificate);
    assert!(inside && published.cwt.body.starts_with(&[0xd2, 0x84]));
}

// TSL-5-01, TSL-5.1-03, TSL-8.2-03
#[tokio::test]
async fn a_list_is_signed_anew_when_copies_of_it_run_out() {
    let house = House::new().await;
    let (_, place) = house.issue(|_| ()).await;
    house.statuses.publish_due().await.unwrap();
    let first = house.served(place.list);
    assert_eq!((first.ttl, (first.expires_at - first.issued_at).as_secs()), (3_600, 604_800));
    house.clock.advance(Duration::from_secs(3_599));
    house.statuses.publish_due().await.unwrap();
    assert_eq!(house.served(place.list).issued_at, first.issued_at);
    house.clock.advance(Duration::from_secs(1));
    house.statuses.publish_due().await.unwrap();
    let second = house.served(place.list);
    assert_eq!((second.issued_at - first.issued_at).as_secs(), 3_600);
}

// TSL-8.2-04, TSL-5-01: served on while nothing can sign, and never past its end.
#[tokio::test]
async fn a_list_is_served_on_without_its_signer_until_it_expires() {
    let house = House::new().await;
    let (credential, place) = house.issue(|_| ()).await;
    let Change::Done(()) = house.trust.iaca_delete(house.iaca).await.unwrap() else { panic!("was not deleted") };
    house.set(credential, "invalid").await;
    assert!(matches!(house.statuses.publish_due().await, Err(Failure::NoStatusSigner)));
    assert_eq!(lock(&house.meters.published).last(), Some(&false));
    house.statuses.publish_due().await.expect("the next try waits a while");
    house.clock.advance(Duration::from_secs(604_799));
    let house = house.restarted().await;
    assert_eq!(house.said(place.list, place.reference.index), 0);
    let Served::Current(_, left) = house.statuses.serve(ListKind::Mobile, place.list) else { panic!("is gone") };
    assert_eq!(left, 1);
    assert_eq!(house.statuses.distribution(ListKind::Mobile).len(), 1);
    house.clock.advance(Duration::from_secs(1));
    assert!(matches!(house.statuses.serve(ListKind::Mobile, place.list), Served::Expired));
    assert!(house.statuses.distribution(ListKind::Mobile).is_empty());
    assert!(matches!(house.statuses.serve(ListKind::SdJwt, place.list), Served::Unknown));
    assert!(matches!(house.statuses.serve(ListKind::Mobile, Uuid::nil()), Served::Unknown));
}

#[tokio::test]
async fn what_was_not_published_before_a_crash_is_published_after_it() {
    let house = House::new().await;
    let (credential, place) = house.issue(|_| ()).await;
    house.statuses.publish_due().await.unwrap();
    house.set(credential, "invalid").await;
    let house = house.restarted().await;
    assert_eq!(house.said(place.list, place.reference.index), 0);
    house.statuses.publish_due().await.unwrap();
    assert_eq!(house.said(place.list, place.reference.index), 1);
}

#[tokio::test]
async fn no_list_outlives_its_signer() {
    let house = House::new().await;
    let (_, place) = house.issue(|_| ()).await;
    let signer = house.trust.status_signer(house.iaca, house.clock.now()).unwrap();
    let left = signer.not_after.as_second() - house.clock.now().as_second();
    house.clock.advance(Duration::from_secs(u64::try_from(left).unwrap() - 100));
    // No maintenance has run, so this signer is all there is.
    house.statuses.publish_due().await.unwrap();
    let published = house.served(place.list);
    assert_eq!((published.expires_at, published.ttl), (signer.not_after, 100));
    house.trust.maintain().await.unwrap();
    house.clock.advance(Duration::from_secs(100));
    house.statuses.publish_due().await.unwrap();
    assert_eq!(house.served(place.list).ttl, 3_600);
}

// SEC-ROLL-01
#[tokio::test]
async fn a_list_is_signed_anew_as_soon_as_its_signer_is_revoked() {
    let house = House::new().await;
    let (_, place) = house.issue(|_| ()).await;
    house.statuses.publish_due().await.unwrap();
    let before = house.served(place.list).signer.unwrap();
    let revoked = house.trust.signer_revoke(Leaf::StatusList, before, &Map::new()).await.unwrap();
    assert!(matches!(revoked, Change::Done(_)));
    house.statuses.publish_due().await.unwrap();
    assert_ne!(house.served(place.list).signer, Some(before));
}

// TSL-13.4-01
#[tokio::test]
async fn a_full_list_is_retired_when_none_of_its_credentials_can_be_valid() {
    let house = House::new().await;
    house.configure(PASS, json!({ "listSize": 100 })).await;
    let list = house.statuses.allocate(&house.of(PASS), 100).await.unwrap().remove(0).list;
    house.clock.advance((DAY * 3_650).saturating_sub(Duration::from_secs(1)));
    house.trust.maintain().await.unwrap();
    assert!(house.statuses.due().is_empty() || house.statuses.publish_due().await.is_ok());
    house.clock.advance(Duration::from_secs(1));
    assert!(matches!(house.statuses.serve(ListKind::Mobile, list), Served::Unknown));
    assert!(house.statuses.due().is_empty());
}

// TSL-9.3-01, TSL-4.2-02
#[tokio::test]
async fn all_lists_are_named_in_one_place() {
    let house = House::new().await;
    let (_, place) = house.issue(|_| ()).await;
    house.statuses.allocate(&house.of("org.example.card"), 1).await.unwrap();
    let all = house.statuses.distribution(ListKind::Mobile);
    assert_eq!(all.len(), 2);
    assert!(all.contains(&place.reference.uri));
    let aggregation = "https://issuer.example/acme/v2/credentials/mobile/status-lists/distribution";
    assert_eq!(claims(&house.served(place.list))["status_list"]["aggregation_uri"], json!(aggregation));
}
