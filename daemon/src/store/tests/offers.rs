//! Creating, reading and ending offers.

use std::collections::BTreeSet;

use super::*;

#[tokio::test]
async fn an_offer_is_found_by_id_and_by_reference_with_its_secrets() {
    let bench = on_memory();
    let new = bench.draft(&[bench.configuration().await], Some("000123"));
    assert!(matches!(bench.store.offer_create(&new).await.unwrap(), OfferCreate::Created));
    let (offer, state) = bench.store.offer_find(new.offer.id).await.unwrap().unwrap();
    assert_eq!((offer.id, offer.expires_at, state), (new.offer.id, new.offer.expires_at, OfferState::Open));
    // VCI-4.1.3-08: reading does not spend.
    for _ in 0..5 {
        let (_, secrets) = bench.store.offer_by_reference(&new.secrets.reference).await.unwrap().unwrap();
        assert_eq!((secrets.code, secrets.claims), (new.secrets.code.clone(), claims()));
        assert_eq!(secrets.transaction_code.as_deref(), Some("000123"));
    }
    assert!(bench.store.offer_by_reference(&new.secrets.code).await.unwrap().is_none());
    assert!(bench.store.offer_find(uuid()).await.unwrap().is_none());
}

// VCI-4.1.3-04, VCI-4.1.3-06
#[tokio::test]
async fn a_reference_ends_with_its_offer() {
    let bench = on_memory();
    let configuration = bench.configuration().await;
    let mut references = Vec::new();
    for ending in 0..4 {
        let new = bench.draft(&[configuration], Some("123456"));
        bench.store.offer_create(&new).await.unwrap();
        match ending {
            0 => assert!(matches!(bench.redeem(&new.secrets.code, Some("123456")).await, Redeem::Redeemed(_))),
            1 => assert!(bench.store.offer_delete(new.offer.id).await.unwrap()),
            2 => {
                for _ in 0..3 {
                    bench.redeem(&new.secrets.code, Some("wrong")).await;
                }
            }
            _ => bench.clock.advance(OFFER_LIFE),
        }
        references.push(new.secrets.reference);
    }
    for reference in references {
        assert!(bench.store.offer_by_reference(&reference).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn an_offer_of_a_missing_configuration_is_not_made() {
    let bench = on_memory();
    let new = bench.draft(&[bench.configuration().await, uuid()], None);
    assert!(matches!(bench.store.offer_create(&new).await.unwrap(), OfferCreate::ConfigurationGone));
    assert!(bench.store.offer_find(new.offer.id).await.unwrap().is_none());
    assert!(matches!(bench.redeem(&new.secrets.code, None).await, Redeem::Unknown));
}

#[tokio::test]
async fn the_same_idempotent_request_gets_the_same_offer_until_it_has_ended() {
    let bench = on_memory();
    let configuration = bench.configuration().await;
    let draft = |request: u8| {
        let mut new = bench.draft(&[configuration], None);
        new.idempotency = Some(([1; 32], [request; 32]));
        new
    };
    let first = draft(1);
    assert!(matches!(bench.store.offer_create(&first).await.unwrap(), OfferCreate::Created));
    let replayed = |outcome| match outcome {
        OfferCreate::Repeated(Replay::Same(same)) => same.0.id == first.offer.id && same.1.code == first.secrets.code,
        _ => false,
    };
    assert!(replayed(bench.store.offer_create(&draft(1)).await.unwrap()));
    assert!(matches!(bench.store.offer_create(&draft(2)).await.unwrap(), OfferCreate::Repeated(Replay::OtherRequest)));
    assert!(matches!(bench.redeem(&first.secrets.code, None).await, Redeem::Redeemed(_)));
    assert!(replayed(bench.store.offer_create(&draft(1)).await.unwrap()));
    assert!(bench.store.offer_delete(first.offer.id).await.unwrap());
    assert!(matches!(bench.store.offer_create(&draft(1)).await.unwrap(), OfferCreate::Repeated(Replay::Ended)));
    bench.clock.advance(OFFER_LIFE);
    assert!(matches!(bench.store.offer_create(&draft(2)).await.unwrap(), OfferCreate::Created));
}

#[tokio::test]
async fn persisted_claims_stay_with_the_user_and_later_ones_win() {
    let bench = on_memory();
    let configuration = bench.configuration().await;
    let user = uuid();
    assert!(bench.store.user_claims(user).await.unwrap().is_empty());
    for (name, value) in [("family_name", "Sommer"), ("given_name", "Mika"), ("family_name", "Winter")] {
        let mut new = bench.draft(&[configuration], None);
        new.offer.user_id = user;
        new.persist.insert(name.into(), value.into());
        assert!(matches!(bench.store.offer_create(&new).await.unwrap(), OfferCreate::Created));
    }
    let kept = bench.store.user_claims(user).await.unwrap();
    assert_eq!(Value::from(kept), json!({ "family_name": "Winter", "given_name": "Mika" }));
}

#[tokio::test]
async fn a_deleted_offer_is_deleted_once_and_its_code_and_token_are_dead() {
    let bench = on_memory();
    let (open, code, _) = bench.offer(None).await;
    let (redeemed, configuration, token) = bench.redeemed().await;
    for offer in [open, redeemed] {
        assert!(bench.store.offer_delete(offer).await.unwrap());
        assert!(!bench.store.offer_delete(offer).await.unwrap());
        let (found, state) = bench.store.offer_find(offer).await.unwrap().unwrap();
        assert_eq!((state, found.ended_at), (OfferState::Deleted, Some(bench.clock.now())));
        assert!(bench.store.offer_secrets(offer).await.unwrap().is_none());
    }
    assert!(!bench.store.offer_delete(uuid()).await.unwrap());
    assert!(matches!(bench.redeem(&code, None).await, Redeem::Deleted));
    assert!(bench.store.token_find(&token).await.unwrap().is_none());
    assert_eq!(bench.issue(redeemed, configuration, nonce()).await.0, Issue::OfferEnded);
}

#[tokio::test]
async fn offers_are_listed_in_pages_with_their_states() {
    let bench = on_memory();
    let mut expected = BTreeSet::new();
    for step in 0..23 {
        let (offer, _, configuration) = bench.offer(None).await;
        match step % 3 {
            0 => assert!(bench.store.configuration_delete(configuration).await.unwrap()),
            1 => assert!(bench.store.offer_delete(offer).await.unwrap()),
            _ => {}
        }
        expected.insert((offer, step % 3 == 2));
    }
    let (mut seen, mut after) = (BTreeSet::new(), None::<Vec<u8>>);
    loop {
        let (page, next) = bench.store.offer_list(after.as_deref(), 5).await.unwrap();
        seen.extend(page.iter().map(|(offer, state)| (offer.id, *state == OfferState::Open)));
        assert!(page.iter().all(|(_, state)| matches!(state, OfferState::Open | OfferState::Deleted)));
        after = next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, expected);
}

// OPS-08
#[tokio::test]
async fn the_sweeper_removes_what_ended_and_leaves_the_rest() {
    let bench = on_memory();
    let (old, old_code, _) = bench.offer(None).await;
    bench.clock.advance(OFFER_LIFE + TOKEN_LIFE);
    let (new, _, _) = bench.offer(None).await;
    assert!(bench.store.offer_secrets(old).await.unwrap().is_none());
    // Its secrets and its reference.
    assert_eq!(bench.store.sweep(1_000).await.unwrap(), 2);
    assert_eq!(bench.state(old).await, OfferState::Expired);
    assert!(matches!(bench.redeem(&old_code, None).await, Redeem::Expired));
    bench.clock.advance(Duration::from_hours(24));
    assert_eq!(bench.store.sweep(3).await.unwrap(), 3);
    assert_eq!(bench.store.sweep(1_000).await.unwrap(), 1);
    assert!(bench.store.offer_find(old).await.unwrap().is_none());
    assert_eq!(bench.state(new).await, OfferState::Expired);
}
