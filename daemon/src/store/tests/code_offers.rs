//! Authorization code offers that are kept.

use super::*;
use crate::store::code_offer::CodeOffer;
use crate::store::interaction::{Completes, InteractionEnd};

impl Bench {
    async fn code_offer(&self, life: Option<Duration>) -> CodeOffer {
        let hint = json!({ "login_hint": "mika.sommer" });
        let offer = CodeOffer {
            id: uuid(),
            configurations: vec![uuid()],
            request_parameters: hint.as_object().unwrap().clone(),
            created_at: self.clock.now(),
            expires_at: life.map(|life| self.after(life)),
            issuer_state: word(),
            reference: word(),
            single_use: false,
        };
        self.store.code_offer_create(&offer).await.unwrap();
        offer
    }
}

// VCI-4.1.1-16, SEC-CODE-05
#[tokio::test]
async fn an_offer_is_found_by_each_of_its_handles_in_its_place_alone() {
    let bench = on_memory();
    let offer = bench.code_offer(None).await;
    let id = |found: Option<CodeOffer>| found.map(|found| found.id);
    let store = &bench.store;
    assert_eq!(id(store.code_offer_by_state(&offer.issuer_state).await.unwrap()), Some(offer.id));
    assert_eq!(id(store.code_offer_by_reference(&offer.reference).await.unwrap()), Some(offer.id));
    assert_eq!(id(store.code_offer_by_state(&offer.reference).await.unwrap()), None);
    assert_eq!(id(store.code_offer_by_reference(&offer.issuer_state).await.unwrap()), None);
    assert!(store.offer_by_reference(&offer.reference).await.unwrap().is_none());
    assert!(matches!(bench.redeem(&offer.issuer_state, None).await, Redeem::Unknown));
    let (other, ..) = bench.offer(None).await;
    let reference = store.offer_secrets(other).await.unwrap().unwrap().reference;
    assert_eq!(id(store.code_offer_by_reference(&reference).await.unwrap()), None);
    assert_eq!(id(store.code_offer_by_state(&reference).await.unwrap()), None);
}

#[tokio::test]
async fn an_offer_ends_at_its_time_or_by_deletion() {
    let bench = on_memory();
    let (short, long) = (bench.code_offer(Some(Duration::from_mins(1))).await, bench.code_offer(None).await);
    assert_eq!(bench.store.code_offer_list(None, 10).await.unwrap().0.len(), 2);
    bench.clock.advance(Duration::from_mins(1));
    assert!(bench.store.code_offer_by_state(&short.issuer_state).await.unwrap().is_none());
    assert!(!bench.store.code_offer_delete(short.id).await.unwrap());
    bench.clock.advance(Duration::from_hours(24 * 365));
    assert!(bench.store.code_offer_by_state(&long.issuer_state).await.unwrap().is_some());
    assert!(bench.store.code_offer_delete(long.id).await.unwrap());
    assert!(!bench.store.code_offer_delete(long.id).await.unwrap());
    assert!(bench.store.code_offer_by_reference(&long.reference).await.unwrap().is_none());
    assert!(bench.store.code_offer_list(None, 10).await.unwrap().0.is_empty());
}

// VCI-5.1.3-03
#[tokio::test]
async fn of_many_ends_of_interactions_one_uses_an_offer_up() {
    let bench = on_memory();
    let offer = bench.code_offer(None).await;
    let store = &bench.store;
    for id in ["first", "second"] {
        store.interaction_begin(id, &id, bench.after(Duration::from_mins(5))).await.unwrap();
    }
    let completes = Completes { pushed: None, offer: Some(offer.id) };
    let end = async |id: &str, completes| {
        let version = store.interaction_find::<String>(id).await.unwrap().map(|kept| kept.version);
        store.interaction_end(id, version.unwrap(), completes, None).await.unwrap()
    };
    assert_eq!(end("first", completes).await, InteractionEnd::Ended);
    assert!(store.code_offer_by_state(&offer.issuer_state).await.unwrap().is_none());
    assert!(store.code_offer_by_reference(&offer.reference).await.unwrap().is_none());
    assert_eq!(end("second", completes).await, InteractionEnd::OfferUsed);
    // It has not ended by that.
    assert_eq!(end("second", Completes::default()).await, InteractionEnd::Ended);
}

// OPS-08
#[tokio::test]
async fn a_kept_offer_shows_no_handle_and_no_hint() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), start());
    let bench = on_redb(&folder, &clock);
    let offer = bench.code_offer(None).await;
    assert!(!format!("{offer:?}").contains("mika"));
    drop(bench);
    let file = std::fs::read(folder.path().join("store.redb")).unwrap();
    let shows = |text: &str| file.windows(text.len()).any(|window| window == text.as_bytes());
    for secret in ["mika.sommer", &offer.issuer_state, &offer.reference] {
        assert!(!shows(secret), "{secret}");
    }
}
