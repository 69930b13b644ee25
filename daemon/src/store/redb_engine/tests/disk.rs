//! Group commit, and a disk that fails or loses power.

use std::sync::Arc;

use tokio::task::{JoinSet, yield_now};
use tokio::time::timeout;

use super::super::fault::{Broken, FaultyDisk};
use super::super::*;
use super::support::*;
use crate::store::tables::OFFER;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_committed_together() {
    let (disk, observer) = (FaultyDisk::default(), Arc::new(Counted::default()));
    let engine = Arc::new(open_on(&disk, &observer));
    disk.hold_syncs(true);
    let mut writers = JoinSet::new();
    for number in 0..301_u32 {
        let asked = Arc::clone(&engine);
        writers.spawn(async move { asked.commit(pair(number)).await });
        // The first is alone in its group: it waits for its sync before the others ask.
        let waiting = usize::try_from(number).unwrap() + 1;
        timeout(PATIENCE, async {
            while engine.places.available_permits() > QUEUE - waiting {
                yield_now().await;
            }
        })
        .await
        .unwrap();
    }
    disk.hold_syncs(false);
    assert!(writers.join_all().await.iter().all(|outcome| *outcome == Ok(Outcome::Committed)));
    let groups = observer.groups.lock().unwrap().clone();
    assert_eq!(groups.iter().sum::<usize>(), 301);
    assert!(groups.len() <= 4 && groups.iter().all(|size| *size <= 256), "{groups:?}");
}

#[tokio::test]
async fn a_broken_disk_is_told_apart_and_recovered_from() {
    for broken in [Broken { syncs: true, ..Broken::default() }, Broken { writes: true, ..Broken::default() }] {
        let (disk, observer) = (FaultyDisk::default(), Arc::new(Counted::default()));
        let engine = open_on(&disk, &observer);
        assert_eq!(engine.commit(pair(1)).await, Ok(Outcome::Committed));
        disk.set(broken);
        let error = engine.commit(pair(2)).await.unwrap_err();
        // A write may fail before the commit has begun; a sync is the commit.
        let uncertain = matches!(error, EngineError::Uncertain(_));
        assert!(uncertain || (broken.writes && matches!(error, EngineError::Unavailable(_))), "{error}");
        assert!(!engine.ready());
        assert_eq!(*observer.failures.lock().unwrap(), 1);
        assert!(matches!(engine.get(OFFER, b"x").await, Err(EngineError::Unavailable(_))));
        assert!(matches!(engine.commit(pair(3)).await, Err(EngineError::Unavailable(_))));
        disk.set(Broken::default());
        timeout(PATIENCE, engine.until_ready()).await.unwrap();
        assert!(landed(&engine, 1).await);
        assert!(!landed(&engine, 3).await, "refused, so not written");
        assert!(!landed(&engine, 2).await || uncertain, "it was said that nothing was written");
        assert_eq!(engine.commit(pair(4)).await, Ok(Outcome::Committed));
        assert!(landed(&engine, 4).await);
    }
}

#[tokio::test]
async fn a_failed_read_makes_the_engine_reopen() {
    let (disk, observer) = (FaultyDisk::default(), Arc::new(Counted::default()));
    let engine = open_on(&disk, &observer);
    // More than the root page, which a snapshot holds.
    for number in 0..20 {
        assert_eq!(engine.commit(pair(number)).await, Ok(Outcome::Committed));
    }
    disk.set(Broken { reads: true, ..Broken::default() });
    let error = engine.get(OFFER, &1_u32.to_be_bytes()).await.unwrap_err();
    assert!(matches!(error, EngineError::Unavailable(_)), "{error}");
    timeout(PATIENCE, async {
        while engine.ready() {
            yield_now().await;
        }
    })
    .await
    .unwrap();
    disk.set(Broken::default());
    timeout(PATIENCE, engine.until_ready()).await.unwrap();
    assert!(landed(&engine, 1).await);
}

/// Eight writers until the disk breaks: the numbers that were answered.
async fn write_until_broken(engine: &Arc<RedbEngine>) -> Vec<u32> {
    let mut writers = JoinSet::new();
    for writer in 0..8_u32 {
        let engine = Arc::clone(engine);
        writers.spawn(async move {
            let mut answered = Vec::new();
            for number in (0..1_000).map(|step| step * 8 + writer) {
                match engine.commit(pair(number)).await {
                    Ok(outcome) => {
                        assert_eq!(outcome, Outcome::Committed);
                        answered.push(number);
                    }
                    Err(_) => break,
                }
            }
            answered
        });
    }
    writers.join_all().await.concat()
}

// OPS-06
#[tokio::test]
async fn an_answered_batch_survives_a_power_cut_at_any_moment() {
    let mut survived = 0;
    for seed in 0..60_u32 {
        let (disk, observer) = (FaultyDisk::default(), Arc::new(Counted::default()));
        let engine = Arc::new(open_on(&disk, &observer));
        disk.break_after(1 + seed * 3);
        let answered = write_until_broken(&engine).await;
        disk.cut_power(u64::from(seed));
        drop(engine);
        let engine = open_on(&disk, &observer);
        for number in &answered {
            assert!(landed(&engine, *number).await, "seed {seed}: batch {number} was answered and is gone");
        }
        for number in 0..200 {
            landed(&engine, number).await;
        }
        assert_eq!(engine.commit(pair(9_999)).await, Ok(Outcome::Committed));
        survived += answered.len();
    }
    assert!(survived > 100, "the disk broke too early to prove anything");
}

// OPS-06
#[tokio::test]
async fn a_failed_sync_costs_no_answered_batch_after_recovery_and_a_power_cut() {
    for seed in 0..40_u32 {
        let (disk, observer) = (FaultyDisk::default(), Arc::new(Counted::default()));
        let engine = open_on(&disk, &observer);
        let mut answered: Vec<_> = (0..seed).collect();
        for number in &answered {
            assert_eq!(engine.commit(pair(*number)).await, Ok(Outcome::Committed));
        }
        disk.set(Broken { syncs: true, ..Broken::default() });
        // Spread over the tree, so that what is written after recovery does not happen to write its pages again.
        let spread = (0..30).fold(Batch::default(), |batch, step| {
            batch.put(OFFER, &u32::to_be_bytes(step * 100_000_000), vec![1; 2_000], None)
        });
        assert!(engine.commit(spread).await.is_err());
        disk.set(Broken::default());
        timeout(PATIENCE, engine.until_ready()).await.unwrap();
        for number in 20_000..20_005 {
            assert_eq!(engine.commit(pair(number)).await, Ok(Outcome::Committed));
            answered.push(number);
        }
        disk.cut_power(u64::from(seed));
        drop(engine);
        let engine = open_on(&disk, &observer);
        for number in answered {
            assert!(landed(&engine, number).await, "seed {seed}: batch {number} was answered and is gone");
        }
    }
}

// OPS-01: a store that has failed for want of room is ready again when there is some, and not in between: a small write finds a place
// where the next larger one does not.
#[tokio::test]
async fn a_full_disk_does_not_make_readiness_flap() {
    let (disk, observer) = (FaultyDisk::default(), Arc::new(Counted::default()));
    let engine = open_on(&disk, &observer);
    for number in 0..20 {
        assert_eq!(engine.commit(pair(number)).await, Ok(Outcome::Committed));
    }
    disk.leave_room(Some(0));
    let mut answered: Vec<_> = (0..20).collect();
    for number in 20.. {
        match engine.commit(pair(number)).await {
            Ok(_) => answered.push(number),
            Err(error) => {
                assert!(matches!(error, EngineError::Unavailable(_) | EngineError::Uncertain(_)), "{error}");
                break;
            }
        }
    }
    let mut readiness = engine.current.subscribe();
    let before = disk.opened();
    timeout(PATIENCE, async {
        while disk.opened() < before + 4 {
            yield_now().await;
        }
    })
    .await
    .unwrap();
    assert!(!engine.ready() && !readiness.has_changed().unwrap(), "it was ready for a moment");
    readiness.mark_unchanged();
    assert!(matches!(engine.commit(pair(9_000)).await, Err(EngineError::Unavailable(_))));
    assert_eq!(*observer.failures.lock().unwrap(), 1);
    disk.leave_room(None);
    timeout(PATIENCE, engine.until_ready()).await.unwrap();
    for number in answered {
        assert!(landed(&engine, number).await, "batch {number} was answered and is gone");
    }
    assert_eq!(engine.commit(pair(9_001)).await, Ok(Outcome::Committed));
}
