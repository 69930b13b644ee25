//! Places are given once, whatever happens.

use std::collections::HashSet;

use super::*;
use crate::store::engine::Unobserved;
use crate::store::redb_engine::RedbEngine;

fn places(allocated: &[Allocated]) -> HashSet<(Uuid, u32)> {
    allocated.iter().map(|one| (one.list, one.reference.index)).collect()
}

async fn by_64_writers(house: &House, rounds: usize) -> Vec<Allocated> {
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..64 {
        let (statuses, of) = (Arc::clone(&house.statuses), house.of(PASS));
        writers.spawn(async move {
            let mut taken = Vec::new();
            for round in 0..rounds {
                taken.extend(statuses.allocate(&of, 1 + (writer + round) % 5).await.unwrap());
            }
            taken
        });
    }
    writers.join_all().await.concat()
}

// TSL-13.2-01, TSL-13.3-02, TSL-4-01, TSL-12.5-02
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_place_is_given_twice_to_64_writers() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(at("2026-03-10T12:34:56Z")));
    let engine = RedbEngine::open(&folder.path().join("store.redb"), clock.clone(), Arc::new(Unobserved)).unwrap();
    let house = House::over(Arc::new(engine), clock).await;
    let all = by_64_writers(&house, 20).await;
    assert_eq!(all.len(), 64 * 20 * 3);
    assert_eq!(places(&all).len(), all.len());
    let lists: HashSet<_> = all.iter().map(|one| one.list).collect();
    assert!((4..=5).contains(&lists.len()), "{}", lists.len());
    for one in &all {
        assert!(one.reference.index < 1_000);
        assert_eq!(
            one.reference.uri,
            format!("https://issuer.example/acme/v2/credentials/mobile/status-lists/{}/token", one.list)
        );
    }
}

// TSL-13.3-02: what was in hand is lost, and never given again.
#[tokio::test]
async fn a_restart_gives_no_place_again() {
    let mut house = House::new().await;
    let mut all = Vec::new();
    for _ in 0..20 {
        all.extend(house.statuses.allocate(&house.of(PASS), 7).await.unwrap());
        house = house.restarted().await;
    }
    assert_eq!(places(&all).len(), 140);
    assert_eq!(all.iter().map(|one| one.list).collect::<HashSet<_>>().len(), 1);
}

// TSL-12.5-01: a batch is no run of neighbours.
#[tokio::test]
async fn the_places_of_a_batch_lie_apart() {
    let house = House::new().await;
    let batch = house.statuses.allocate(&house.of(PASS), 20).await.unwrap();
    let indices: Vec<_> = batch.iter().map(|one| one.reference.index).collect();
    assert!(!indices.is_sorted());
    let steps: HashSet<_> = indices.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
    assert!(steps.len() > 10, "{indices:?}");
}

#[tokio::test]
async fn types_and_iacas_have_lists_of_their_own_and_the_configuration_is_made_on_demand() {
    let house = House::new().await;
    let pass = house.statuses.allocate(&house.of(PASS), 1).await.unwrap().remove(0);
    // Lists are in the order of their making.
    house.clock.advance(Duration::from_secs(1));
    let card = house.statuses.allocate(&house.of("org.example.card"), 1).await.unwrap().remove(0);
    assert_ne!(pass.list, card.list);
    let lists = house.statuses.lists(ListKind::Mobile);
    let made = house.statuses.configurations(ListKind::Mobile);
    assert_eq!((lists.len(), made.len()), (2, 2));
    assert_eq!(lists[0].status_list_configuration_id, made[0].id);
    assert_eq!((lists[0].iaca_id, lists[0].list_size, lists[0].bits), (house.iaca, 1_000, 1));
    assert!(house.statuses.lists(ListKind::SdJwt).is_empty());
    let foreign = ListFor { iaca_id: Uuid::from_u128(9), ..house.of(PASS) };
    assert!(matches!(house.statuses.allocate(&foreign, 1).await, Err(Failure::NoStatusSigner)));
    assert!(house.statuses.allocate(&foreign, 0).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_next_list_is_opened_before_the_last_place_is_given() {
    let house = House::new().await;
    let taken = house.statuses.allocate(&house.of(PASS), 899).await.unwrap();
    house.statuses.open_in_time().await.unwrap();
    assert_eq!(house.statuses.lists(ListKind::Mobile).len(), 1);
    assert_eq!(house.statuses.levels().places_left, Some(101));
    house.statuses.allocate(&house.of(PASS), 2).await.unwrap();
    house.clock.advance(Duration::from_secs(1));
    house.statuses.open_in_time().await.unwrap();
    house.statuses.open_in_time().await.unwrap();
    let lists = house.statuses.lists(ListKind::Mobile);
    assert_eq!(lists.len(), 2);
    assert!(lists.iter().all(|list| list.list.is_some()), "both are published");
    // The old one is used up first.
    let rest = house.statuses.allocate(&house.of(PASS), 90).await.unwrap();
    assert!(rest.iter().all(|one| one.list == taken[0].list));
    house.statuses.allocate(&house.of(PASS), 20).await.unwrap();
    let levels = house.statuses.levels();
    assert_eq!((levels.open, levels.full), (1, 1));
}
