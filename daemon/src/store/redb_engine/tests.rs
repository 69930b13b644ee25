//! The redb engine against the conformance suite, over restarts, and on a disk that fails.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redb::{ReadableDatabase as _, ReadableTable as _, TableDefinition};
use tempfile::TempDir;
use tokio::task::{JoinSet, yield_now};
use tokio::time::timeout;

use super::entry::{ENTRIES, EXPIRIES, META, NEVER, Stored};
use super::expiry::split_key;
use super::fault::{Broken, FaultyDisk};
use super::*;
use crate::base::clock::ManualClock;
use crate::store::conformance::{Subject, conformance, start};
use crate::store::engine::Unobserved;
use crate::store::tables::{OFFER, TOKEN};

/// Longer than any wait of a test that passes.
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Default)]
struct Counted {
    groups: Mutex<Vec<usize>>,
    failures: Mutex<u32>,
}

impl CommitObserver for Counted {
    fn committed(&self, batches: usize, seconds: f64) {
        assert!(seconds > 0.0);
        self.groups.lock().unwrap().push(batches);
    }

    fn failed(&self) {
        *self.failures.lock().unwrap() += 1;
    }
}

fn open(folder: &TempDir, clock: &Arc<ManualClock>) -> Result<RedbEngine, OpenError> {
    RedbEngine::open(&folder.path().join("store.redb"), clock.clone(), Arc::new(Unobserved))
}

fn open_on(disk: &FaultyDisk, observer: &Arc<Counted>) -> RedbEngine {
    RedbEngine::open_on(Box::new(disk.clone()), start(), observer.clone()).unwrap()
}

async fn subject() -> Subject {
    let (folder, clock) = (tempfile::tempdir().unwrap(), start());
    let engine = Arc::new(open(&folder, &clock).unwrap());
    Subject { engine, clock, _kept: Some(Box::new(folder)) }
}

conformance!(subject);

/// Two entries that must be there together or not at all.
fn pair(number: u32) -> Batch {
    let key = number.to_be_bytes();
    Batch::default().put(OFFER, &key, key.to_vec(), None).put(TOKEN, &key, vec![7; 3_000], None)
}

async fn landed(engine: &RedbEngine, number: u32) -> bool {
    let key = number.to_be_bytes();
    let (offer, token) = (engine.get(OFFER, &key).await.unwrap(), engine.get(TOKEN, &key).await.unwrap());
    assert_eq!(offer.is_some(), token.is_some(), "batch {number} landed by half");
    offer.is_some()
}

// OPS-06
#[tokio::test]
async fn a_restart_keeps_entries_and_never_gives_a_version_again() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), start());
    let mut last = 0;
    for round in 0..4_u32 {
        let engine = open(&folder, &clock).unwrap();
        for earlier in 0..round {
            assert!(landed(&engine, earlier).await);
        }
        assert_eq!(engine.commit(pair(round)).await, Ok(Outcome::Committed));
        let version = engine.get(OFFER, &round.to_be_bytes()).await.unwrap().unwrap().version;
        assert!(version > last, "{version} after {last}");
        last = version;
    }
}

#[tokio::test]
async fn a_second_engine_on_the_same_file_is_refused_by_name() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), start());
    let first = open(&folder, &clock).unwrap();
    let error = open(&folder, &clock).err().unwrap();
    let path = folder.path().join("store.redb");
    assert_eq!(error.to_string(), format!("another issuerd is using {}", path.display()));
    assert_eq!(first.commit(pair(1)).await, Ok(Outcome::Committed));
    drop(first);
    assert!(open(&folder, &clock).is_ok());
}

#[test]
fn only_the_owner_may_read_the_file() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), start());
    let _engine = open(&folder, &clock).unwrap();
    let mode = folder.path().join("store.redb").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn another_schema_or_another_program_s_file_is_refused_and_left_alone() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), start());
    drop(open(&folder, &clock).unwrap());
    let path = folder.path().join("store.redb");
    let raw = redb::Database::open(&path).unwrap();
    let transaction = raw.begin_write().unwrap();
    transaction.open_table(META).unwrap().insert("schema", 99).unwrap();
    transaction.commit().unwrap();
    drop(raw);
    let error = open(&folder, &clock).err().unwrap().to_string();
    assert_eq!(error, format!("{} has schema version 99, this issuerd reads version 1", path.display()));

    std::fs::remove_file(&path).unwrap();
    let foreign = redb::Database::create(&path).unwrap();
    let transaction = foreign.begin_write().unwrap();
    transaction.open_table(TableDefinition::<u64, u64>::new("stars")).unwrap().insert(1, 1).unwrap();
    transaction.commit().unwrap();
    drop(foreign);
    assert!(matches!(open(&folder, &clock), Err(OpenError::Foreign(_))));
    let foreign = redb::Database::open(&path).unwrap();
    assert_eq!(foreign.begin_read().unwrap().list_tables().unwrap().count(), 1);
    drop(foreign);

    let text = b"not a database".repeat(1_000);
    std::fs::write(&path, &text).unwrap();
    assert!(matches!(open(&folder, &clock), Err(OpenError::Failed { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), text);
}

#[tokio::test]
async fn the_sweeper_finds_each_entry_that_ends_whatever_was_done_to_it() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), start());
    let engine = open(&folder, &clock).unwrap();
    for step in 0..400_u64 {
        let key = [u8::try_from(step * 7 % 31).unwrap()];
        let end = (step % 3 > 0).then(|| clock.now() + Duration::from_secs(1 + step * 13 % 50));
        let batch = if step % 5 == 4 {
            Batch::default().delete(OFFER, &key)
        } else {
            Batch::default().put(OFFER, &key, vec![], end)
        };
        assert_eq!(engine.commit(batch).await, Ok(Outcome::Committed));
        clock.advance(Duration::from_millis(500));
        if step % 40 == 39 {
            engine.sweep(3).await.unwrap();
        }
    }
    drop(engine);
    let path = folder.path().join("store.redb");
    let (entries, listed) = index(&path);
    assert!(entries.iter().any(|(_, end)| *end != NEVER) && entries.iter().any(|(_, end)| *end == NEVER));
    for (key, end) in entries.iter().filter(|(_, end)| *end != NEVER) {
        let close = |time: i64| time >= *end && time - end < 60_000_000;
        assert!(listed.iter().any(|(time, listed)| listed == key && close(*time)), "no row finds {key:?}");
    }
    clock.advance(Duration::from_hours(1));
    let engine = open(&folder, &clock).unwrap();
    while engine.sweep(3).await.unwrap() > 0 {}
    engine.sweep(1_000).await.unwrap();
    drop(engine);
    let (left, listed) = index(&path);
    assert_eq!(left, entries.into_iter().filter(|(_, end)| *end == NEVER).collect::<Vec<_>>());
    assert_eq!(listed, []);
}

/// Keys of all entries with their ends, and the keys that the expiry index lists with the times of their rows.
type Index = (Vec<(Vec<u8>, i64)>, Vec<(i64, Vec<u8>)>);

fn index(path: &Path) -> Index {
    let raw = redb::Database::open(path).unwrap();
    let transaction = raw.begin_read().unwrap();
    let table = transaction.open_table(ENTRIES).unwrap();
    let rows = table.iter().unwrap().map(Result::unwrap);
    let entries = rows.map(|(key, value)| (key.value().to_vec(), Stored::unpack(value.value()).unwrap().expires_at));
    let entries = entries.collect();
    let mut listed = Vec::new();
    for row in transaction.open_table(EXPIRIES).unwrap().iter().unwrap() {
        let (row, keys) = row.unwrap();
        let mut rest = keys.value();
        while !rest.is_empty() {
            let (key, more) = split_key(rest).unwrap();
            listed.push((i64::from_be_bytes(*row.value().first_chunk().unwrap()), key.to_vec()));
            rest = more;
        }
    }
    (entries, listed)
}

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
