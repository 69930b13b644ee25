//! The file: over restarts, with another owner, of another kind.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use redb::{ReadableDatabase as _, ReadableTable as _, TableDefinition};

use super::super::entry::{ENTRIES, EXPIRIES, META, NEVER, Stored};
use super::super::expiry::split_key;
use super::super::*;
use super::support::*;
use crate::store::conformance::start;
use crate::store::tables::OFFER;

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
