//! What every engine must do. Each case runs against each engine: `conformance!(subject)` in a test module makes one test a
//! case, on the engine that `subject()` opens.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;

use super::engine::{Batch, Engine, Outcome, Table, Version};
use super::tables::{NONCE, OFFER, TOKEN};
use crate::base::clock::{Clock as _, ManualClock};

/// An empty engine and the clock it looks at.
pub(crate) struct Subject {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) clock: Arc<ManualClock>,
    /// What must live as long as the engine, such as its folder.
    pub(crate) _kept: Option<Box<dyn Any>>,
}

/// A clock at a round time.
pub(crate) fn start() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(Timestamp::from_second(1_800_000_000).unwrap()))
}

/// One test a case.
macro_rules! conformance {
    ($subject:path) => {
        $crate::store::conformance::conformance!($subject:
            a_batch_lands_whole_or_not_at_all,
            a_stale_version_is_a_conflict,
            absence_is_checked_as_strictly_as_presence,
            of_two_conflicting_batches_at_once_one_lands,
            a_later_batch_sees_an_earlier_one_of_its_group,
            an_expired_entry_reads_as_absent,
            a_new_end_of_life_replaces_the_old,
            sweeping_removes_expired_entries_and_nothing_else,
            a_scan_is_ordered_paged_and_bound_to_its_prefix,
            tables_do_not_see_each_other,
            versions_only_grow_also_over_deletes,
            deleting_nothing_is_no_error,
            values_of_any_size_come_back,
            sixty_four_writers_on_one_counter_lose_no_increment,
        );
    };
    ($subject:path: $($case:ident,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::store::conformance::$case(&$subject().await).await;
            }
        )*
    };
}
pub(crate) use conformance;

fn put(table: Table, key: &[u8], value: &[u8]) -> Batch {
    Batch::default().put(table, key, value.to_vec(), None)
}

async fn committed(engine: &dyn Engine, batch: Batch) -> bool {
    engine.commit(batch).await.unwrap() == Outcome::Committed
}

async fn value(engine: &dyn Engine, table: Table, key: &[u8]) -> Option<Vec<u8>> {
    engine.get(table, key).await.unwrap().map(|entry| entry.value)
}

async fn version(engine: &dyn Engine, table: Table, key: &[u8]) -> Option<Version> {
    engine.get(table, key).await.unwrap().map(|entry| entry.version)
}

pub(crate) async fn a_batch_lands_whole_or_not_at_all(Subject { engine, .. }: &Subject) {
    let engine = engine.as_ref();
    assert!(committed(engine, put(OFFER, b"old", b"1").put(TOKEN, b"old", b"1".to_vec(), None)).await);
    let old = version(engine, OFFER, b"old").await;
    let batch = || put(OFFER, b"new", b"2").put(TOKEN, b"new", b"2".to_vec(), None).delete(TOKEN, b"old");
    assert!(!committed(engine, batch().check(OFFER, b"old", old).check(OFFER, b"none", Some(1))).await);
    assert_eq!(value(engine, OFFER, b"new").await, None);
    assert_eq!(value(engine, TOKEN, b"old").await, Some(b"1".to_vec()));
    assert!(committed(engine, batch().check(OFFER, b"old", old).check(OFFER, b"none", None)).await);
    assert_eq!(value(engine, OFFER, b"new").await, Some(b"2".to_vec()));
    assert_eq!(value(engine, TOKEN, b"new").await, Some(b"2".to_vec()));
    assert_eq!(value(engine, TOKEN, b"old").await, None);
}

pub(crate) async fn a_stale_version_is_a_conflict(Subject { engine, .. }: &Subject) {
    let engine = engine.as_ref();
    assert!(committed(engine, put(OFFER, b"k", b"1")).await);
    let stale = version(engine, OFFER, b"k").await;
    assert!(committed(engine, put(OFFER, b"k", b"2").check(OFFER, b"k", stale)).await);
    assert!(!committed(engine, put(OFFER, b"k", b"3").check(OFFER, b"k", stale)).await);
    assert_eq!(value(engine, OFFER, b"k").await, Some(b"2".to_vec()));
}

pub(crate) async fn absence_is_checked_as_strictly_as_presence(Subject { engine, .. }: &Subject) {
    let engine = engine.as_ref();
    assert!(committed(engine, put(OFFER, b"k", b"1").check(OFFER, b"k", None)).await);
    assert!(!committed(engine, put(OFFER, b"k", b"2").check(OFFER, b"k", None)).await);
    let seen = version(engine, OFFER, b"k").await;
    assert!(committed(engine, Batch::default().delete(OFFER, b"k")).await);
    assert!(!committed(engine, put(OFFER, b"k", b"3").check(OFFER, b"k", seen)).await);
    assert!(committed(engine, put(OFFER, b"k", b"4").check(OFFER, b"k", None)).await);
}

pub(crate) async fn of_two_conflicting_batches_at_once_one_lands(Subject { engine, .. }: &Subject) {
    for round in 0..20_u8 {
        let key = [round];
        // Both are in the queue before the first is answered, so that they can share a group.
        let batch = |value| engine.commit(put(NONCE, &key, value).check(NONCE, &key, None));
        let (a, b) = futures_util::future::join(batch(b"a"), batch(b"b")).await;
        let landed = [a, b].into_iter().filter(|outcome| *outcome == Ok(Outcome::Committed)).count();
        assert_eq!(landed, 1, "round {round}");
    }
}

pub(crate) async fn a_later_batch_sees_an_earlier_one_of_its_group(Subject { engine, .. }: &Subject) {
    // Few enough that they are asked in order; each needs the one before it, which nobody has confirmed yet.
    let batches = (0..25_u8).map(|step| {
        let batch = put(OFFER, &[step], b"").check(OFFER, &[step], None);
        engine.commit(if step == 0 { batch } else { batch.delete(OFFER, &[step - 1]) })
    });
    for outcome in futures_util::future::join_all(batches).await {
        assert_eq!(outcome, Ok(Outcome::Committed));
    }
    let page = engine.scan(OFFER, b"", None, 10).await.unwrap();
    assert_eq!(page.entries.iter().map(|(key, _)| key.as_slice()).collect::<Vec<_>>(), [[24]]);
}

pub(crate) async fn an_expired_entry_reads_as_absent(Subject { engine, clock, .. }: &Subject) {
    let engine = engine.as_ref();
    let end = clock.now() + Duration::from_mins(1);
    assert!(committed(engine, Batch::default().put(OFFER, b"k", b"1".to_vec(), Some(end))).await);
    let seen = engine.get(OFFER, b"k").await.unwrap().unwrap();
    assert_eq!(seen.expires_at, Some(end));
    clock.advance(Duration::from_millis(59_999));
    assert_eq!(value(engine, OFFER, b"k").await, Some(b"1".to_vec()));
    clock.advance(Duration::from_millis(1));
    assert_eq!(value(engine, OFFER, b"k").await, None);
    assert!(engine.scan(OFFER, b"", None, 10).await.unwrap().entries.is_empty());
    assert!(!committed(engine, put(OFFER, b"k", b"2").check(OFFER, b"k", Some(seen.version))).await);
    assert!(committed(engine, put(OFFER, b"k", b"2").check(OFFER, b"k", None)).await);
    assert_eq!(value(engine, OFFER, b"k").await, Some(b"2".to_vec()));
}

pub(crate) async fn a_new_end_of_life_replaces_the_old(Subject { engine, clock, .. }: &Subject) {
    let engine = engine.as_ref();
    let ends = |seconds| Some(clock.now() + Duration::from_secs(seconds));
    let batch = Batch::default().put(OFFER, b"longer", vec![], ends(10)).put(OFFER, b"forever", vec![], ends(10));
    assert!(committed(engine, batch.put(OFFER, b"shorter", vec![], ends(90))).await);
    let batch = Batch::default().put(OFFER, b"longer", vec![], ends(60)).put(OFFER, b"forever", vec![], None);
    assert!(committed(engine, batch.put(OFFER, b"shorter", vec![], ends(20))).await);
    clock.advance(Duration::from_secs(30));
    assert_eq!(engine.sweep(10).await, Ok(1));
    assert_eq!(value(engine, OFFER, b"shorter").await, None);
    assert_eq!(value(engine, OFFER, b"longer").await, Some(vec![]));
    clock.advance(Duration::from_secs(30));
    assert_eq!(engine.sweep(10).await, Ok(1));
    assert_eq!(value(engine, OFFER, b"longer").await, None);
    clock.advance(Duration::from_hours(24));
    assert_eq!(engine.sweep(10).await, Ok(0));
    assert_eq!(value(engine, OFFER, b"forever").await, Some(vec![]));
}

pub(crate) async fn sweeping_removes_expired_entries_and_nothing_else(Subject { engine, clock, .. }: &Subject) {
    let engine = engine.as_ref();
    for (key, seconds) in [(b"a", 1), (b"b", 2), (b"c", 3), (b"d", 100)] {
        let end = Some(clock.now() + Duration::from_secs(seconds));
        let batch = Batch::default().put(OFFER, key, vec![], end).put(TOKEN, key, vec![], None);
        assert!(committed(engine, batch).await);
    }
    assert!(committed(engine, Batch::default().delete(OFFER, b"a")).await);
    assert_eq!(engine.sweep(10).await, Ok(0));
    clock.advance(Duration::from_secs(50));
    assert_eq!(engine.sweep(1).await, Ok(1));
    assert_eq!(engine.sweep(10).await, Ok(1));
    assert_eq!(engine.sweep(10).await, Ok(0));
    assert_eq!(engine.scan(OFFER, b"", None, 10).await.unwrap().entries.len(), 1);
    assert_eq!(engine.scan(TOKEN, b"", None, 10).await.unwrap().entries.len(), 4);
}

pub(crate) async fn a_scan_is_ordered_paged_and_bound_to_its_prefix(Subject { engine, clock, .. }: &Subject) {
    let engine = engine.as_ref();
    let keys: [&[u8]; 7] = [b"p", b"p\0", b"p\0\xff", b"pa", b"p\xff", b"p\xff\xff", b"q"];
    for key in keys.iter().rev() {
        assert!(committed(engine, put(OFFER, key, key)).await);
    }
    assert!(committed(engine, Batch::default().put(OFFER, b"p5", vec![], Some(clock.now()))).await);
    assert!(committed(engine, put(OFFER, b"o", b"")).await);
    for limit in 1..=7 {
        let (mut seen, mut after) = (Vec::new(), None::<Vec<u8>>);
        loop {
            let page = engine.scan(OFFER, b"p", after.as_deref(), limit).await.unwrap();
            assert!(page.entries.len() <= limit);
            assert!(page.entries.iter().all(|(key, entry)| *key == entry.value));
            seen.extend(page.entries.into_iter().map(|(key, _)| key));
            after = page.next_after;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, keys[..6], "pages of {limit}");
    }
    let before = engine.scan(OFFER, b"p", Some(b"a"), 100).await.unwrap();
    assert_eq!((before.entries.len(), before.next_after), (6, None));
}

pub(crate) async fn tables_do_not_see_each_other(Subject { engine, .. }: &Subject) {
    let engine = engine.as_ref();
    assert!(committed(engine, put(OFFER, b"k", b"offer").put(TOKEN, b"k", b"token".to_vec(), None)).await);
    assert!(committed(engine, Batch::default().delete(TOKEN, b"k").check(NONCE, b"k", None)).await);
    assert_eq!(value(engine, OFFER, b"k").await, Some(b"offer".to_vec()));
    assert_eq!(engine.scan(TOKEN, b"", None, 10).await.unwrap().entries.len(), 0);
    assert_eq!(engine.scan(OFFER, b"", None, 10).await.unwrap().entries.len(), 1);
}

pub(crate) async fn versions_only_grow_also_over_deletes(Subject { engine, .. }: &Subject) {
    let engine = engine.as_ref();
    let mut last = 0;
    for round in 0..10_u8 {
        assert!(committed(engine, put(OFFER, b"k", &[round])).await);
        let now = version(engine, OFFER, b"k").await.unwrap();
        assert!(now > last, "{now} after {last}");
        last = now;
        assert!(committed(engine, Batch::default().delete(OFFER, b"k")).await);
        assert!(!committed(engine, put(OFFER, b"k", b"").check(OFFER, b"k", Some(now))).await);
    }
}

pub(crate) async fn deleting_nothing_is_no_error(Subject { engine, .. }: &Subject) {
    assert!(committed(engine.as_ref(), Batch::default().delete(OFFER, b"none")).await);
    assert!(committed(engine.as_ref(), Batch::default()).await);
}

pub(crate) async fn values_of_any_size_come_back(Subject { engine, .. }: &Subject) {
    for size in [0, 1, 4_000, 4_096, 5_000, 400_000] {
        let large = vec![0xa5; size];
        assert!(committed(engine.as_ref(), put(OFFER, b"k", &large)).await);
        assert!(value(engine.as_ref(), OFFER, b"k").await == Some(large), "{size} bytes");
    }
}

pub(crate) async fn sixty_four_writers_on_one_counter_lose_no_increment(Subject { engine, .. }: &Subject) {
    const WRITERS: u64 = 64;
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let engine = Arc::clone(engine);
        writers.spawn(async move {
            loop {
                let found = engine.get(OFFER, b"counter").await.unwrap();
                let seen =
                    found.as_ref().map_or(0, |entry| u64::from_be_bytes(entry.value.as_slice().try_into().unwrap()));
                let batch = put(OFFER, b"counter", &(seen + 1).to_be_bytes());
                let batch = batch.check(OFFER, b"counter", found.map(|entry| entry.version));
                if committed(engine.as_ref(), batch).await {
                    return seen + 1;
                }
            }
        });
    }
    let mut reached = writers.join_all().await;
    reached.sort_unstable();
    assert_eq!(reached, (1..=WRITERS).collect::<Vec<_>>());
}
