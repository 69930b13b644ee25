//! Single-use ids.

use tokio::task::JoinSet;

use super::super::seen::Space;
use super::*;

const LIFE: Duration = Duration::from_mins(5);
const CROWD: usize = 100;

// DPP-11.1-01
#[tokio::test]
async fn an_id_is_new_once_in_its_space() {
    let bench = on_memory();
    let until = bench.after(LIFE);
    let spaces =
        [Space::DpopProof, Space::ClientAssertion, Space::AttestationPop, Space::RequestObject, Space::HookToken];
    for space in spaces {
        for id in [b"".as_slice(), b"one", b"two", &[0; 10_000]] {
            assert!(bench.store.seen_once(space, id, until).await.unwrap(), "{space:?}");
            assert!(!bench.store.seen_once(space, id, until).await.unwrap(), "{space:?}");
            assert!(!bench.store.seen_once(space, id, until + LIFE).await.unwrap(), "{space:?}");
        }
    }
}

// SEC-DPOP-04: what is remembered is bounded by time.
#[tokio::test]
async fn an_id_is_remembered_until_its_end_and_is_never_new_after_it() {
    let bench = on_memory();
    let until = bench.after(LIFE);
    assert!(bench.store.seen_once(Space::DpopProof, b"id", until).await.unwrap());
    bench.clock.advance(Duration::from_millis(299_999));
    assert!(!bench.store.seen_once(Space::DpopProof, b"id", until).await.unwrap());
    assert_eq!(bench.store.sweep(10).await.unwrap(), 0);
    bench.clock.advance(Duration::from_millis(1));
    for id in [b"id".as_slice(), b"another"] {
        assert!(!bench.store.seen_once(Space::DpopProof, id, until).await.unwrap());
    }
    bench.clock.advance(Duration::from_mins(2));
    assert_eq!(bench.store.sweep(10).await.unwrap(), 1);
    assert_eq!(bench.store.sweep(10).await.unwrap(), 0);
}

// SEC-DPOP-01
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_hundred_uses_of_one_id_one_is_the_first_also_after_a_restart() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), start());
    let bench = on_redb(&folder, &clock);
    let until = bench.after(LIFE);
    let mut tasks = JoinSet::new();
    for _ in 0..CROWD {
        let store = bench.store.clone();
        tasks.spawn(async move { store.seen_once(Space::DpopProof, b"id", until).await.unwrap() });
    }
    let first = tasks.join_all().await.into_iter().filter(|first| *first).count();
    assert_eq!(first, 1);
    drop(bench);
    let bench = on_redb(&folder, &clock);
    assert!(!bench.store.seen_once(Space::DpopProof, b"id", until).await.unwrap());
    assert!(bench.store.seen_once(Space::ClientAssertion, b"id", until).await.unwrap());
}
