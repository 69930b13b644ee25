//! Recording an issuance.

use super::*;

#[tokio::test]
async fn an_issuance_takes_its_nonce_advances_the_offer_and_keeps_a_record() {
    let bench = on_memory();
    let (offer, configuration, _) = bench.redeemed().await;
    let (issued, record) = bench.issue(offer, configuration, nonce()).await;
    assert!(matches!(issued, Issue::Recorded { .. }));
    let kept = bench.store.issued_find(record.id).await.unwrap().unwrap();
    assert_eq!((kept.offer_id, kept.digests, kept.valid_until), (offer, record.digests, record.valid_until));
    let (found, state) = bench.store.offer_find(offer).await.unwrap().unwrap();
    assert_eq!((state, found.issued_at), (OfferState::Issued, Some(bench.clock.now())));
    // OPS-08: the claims are gone with the last credential.
    assert!(bench.store.offer_secrets(offer).await.unwrap().is_none());
    assert_eq!(bench.issue(offer, configuration, nonce()).await.0, Issue::AlreadyIssued);
}

// SEC-PROOF-01
#[tokio::test]
async fn a_nonce_is_taken_once_also_for_another_offer() {
    let bench = on_memory();
    let (first, configuration, _) = bench.redeemed().await;
    let (second, other, _) = bench.redeemed().await;
    let nonce = nonce();
    assert!(matches!(bench.issue(first, configuration, nonce).await.0, Issue::Recorded { .. }));
    let (issued, record) = bench.issue(second, other, nonce).await;
    assert_eq!(issued, Issue::NonceTaken);
    assert!(bench.store.issued_find(record.id).await.unwrap().is_none());
    assert_eq!(bench.state(second).await, OfferState::Redeemed);
    assert!(bench.store.offer_secrets(second).await.unwrap().is_some());
}

// SEC-PROOF-04
#[tokio::test]
async fn a_batch_may_share_one_nonce_and_keeps_a_record_of_each_copy() {
    let bench = on_memory();
    let (offer, configuration, _) = bench.redeemed().await;
    let records: Vec<_> = (0..5).map(|_| bench.record(offer, configuration)).collect();
    let nonces = [(nonce(), bench.after(TOKEN_LIFE)); 5];
    let issuance = Issuance {
        origin: Origin::PreAuthorized,
        offer,
        configuration,
        nonces: &nonces,
        records: &records,
        statuses: &[],
        requests_allowed: 1,
        register_key: None,
        enriched: false,
    };
    assert!(matches!(bench.store.issuance_record(&issuance).await.unwrap(), Issue::Recorded { .. }));
    for record in records {
        assert!(bench.store.issued_find(record.id).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn an_offer_issues_each_configuration_as_often_as_it_may() {
    let bench = on_memory();
    let configurations = [bench.configuration().await, bench.configuration().await];
    let new = bench.draft(&configurations, None);
    bench.store.offer_create(&new).await.unwrap();
    bench.redeem(&new.secrets.code, None).await;
    let issue = async |configuration| {
        let nonces = [(nonce(), bench.after(TOKEN_LIFE))];
        let issuance = Issuance {
            origin: Origin::PreAuthorized,
            offer: new.offer.id,
            configuration,
            nonces: &nonces,
            records: &[],
            statuses: &[],
            requests_allowed: 2,
            register_key: None,
            enriched: false,
        };
        bench.store.issuance_record(&issuance).await.unwrap()
    };
    assert!(matches!(issue(configurations[0]).await, Issue::Recorded { .. }));
    assert!(matches!(issue(configurations[0]).await, Issue::Recorded { .. }));
    assert_eq!(issue(configurations[0]).await, Issue::AlreadyIssued);
    assert_eq!(bench.state(new.offer.id).await, OfferState::Redeemed);
    assert!(matches!(issue(configurations[1]).await, Issue::Recorded { .. }));
    assert_eq!(bench.state(new.offer.id).await, OfferState::Issued);
    assert!(bench.store.offer_secrets(new.offer.id).await.unwrap().is_some(), "one more may be issued");
    assert!(matches!(issue(configurations[1]).await, Issue::Recorded { .. }));
    assert!(bench.store.offer_secrets(new.offer.id).await.unwrap().is_none());
    assert_eq!(issue(bench.configuration().await).await, Issue::NotOffered);
}

#[tokio::test]
async fn nothing_is_issued_from_an_offer_that_was_not_redeemed() {
    let bench = on_memory();
    let (offer, _, configuration) = bench.offer(None).await;
    assert_eq!(bench.issue(offer, configuration, nonce()).await.0, Issue::OfferEnded);
    assert_eq!(bench.issue(uuid(), configuration, nonce()).await.0, Issue::OfferEnded);
    assert_eq!(bench.state(offer).await, OfferState::Open);
}
