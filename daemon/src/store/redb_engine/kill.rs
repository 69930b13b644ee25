//! A process that writes is killed at any moment: what it was told is durable must be there, for the next process too.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::base::clock::Stopwatch;
use crate::base::secret::sha256;
use crate::store::conformance::start;
use crate::store::engine::Unobserved;
use crate::store::tables::{CODE, OFFER};

/// Tells the helper its file and its first number.
const FILE: &str = "ISSUERD_TEST_KILL_FILE";
const FIRST: &str = "ISSUERD_TEST_KILL_FIRST";
/// How many entries it writes before all else.
const LOAD: &str = "ISSUERD_TEST_KILL_LOAD";

pub(super) fn open(path: &Path) -> Result<RedbEngine, OpenError> {
    RedbEngine::open(path, start(), Arc::new(Unobserved))
}

pub(super) fn helper(path: &Path, first: u64, load: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["store::redb_engine::kill::helper_that_is_killed", "--exact", "--ignored", "--nocapture"])
        .env(FILE, path)
        .env(FIRST, first.to_string())
        .env(LOAD, load.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Not a test: what `an_acknowledged_write_survives_a_kill` runs in another process. Prints each number that is durable.
#[test]
#[ignore = "runs until it is killed, by the test below"]
fn helper_that_is_killed() {
    let Some(path) = std::env::var_os(FILE) else { return };
    let number =
        |name| std::env::var_os(name).and_then(|text| text.into_string().ok()).unwrap().parse::<u64>().unwrap();
    let (next, load) = (Arc::new(AtomicU64::new(number(FIRST))), number(LOAD));
    let engine = Arc::new(open(Path::new(&path)).unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        for number in (0..load).step_by(500) {
            // Keys like those of a store in use: half grow with time, half are hashes.
            let batch = (number..number + 500).fold(Batch::default(), |batch, number| {
                let hash = sha256(&number.to_be_bytes());
                batch.put(OFFER, &(number << 1).to_be_bytes(), vec![1; 200], None).put(CODE, &hash, vec![2; 16], None)
            });
            assert_eq!(engine.commit(batch).await, Ok(Outcome::Committed));
        }
        let mut writers = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (engine, next) = (Arc::clone(&engine), Arc::clone(&next));
            writers.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    assert_eq!(engine.commit(pair(number)).await, Ok(Outcome::Committed));
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "durable {number}").and_then(|()| out.flush()).unwrap();
                }
            });
        }
        writers.join_all().await;
    });
}

fn pair(number: u64) -> Batch {
    let key = number.to_be_bytes();
    Batch::default().put(OFFER, &key, vec![1; 200], None).put(CODE, &key, vec![2; 16], None)
}

// OPS-06
#[tokio::test]
async fn an_acknowledged_write_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    let (mut durable, mut last_version) = (Vec::new(), 0);
    for round in 0..6 {
        let first = durable.iter().max().map_or(0, |last| last + 1_000);
        let mut child = helper(&path, first, 0);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut heard =
            lines.by_ref().filter_map(|line| line.strip_prefix("durable ").map(|n| n.parse::<u64>().unwrap()));
        durable.extend(heard.by_ref().take(20 + round * 37));
        assert!(matches!(open(&path), Err(OpenError::InUse(_))), "the lock holds between processes");
        child.kill().unwrap();
        // What it printed before it died is durable as well.
        durable.extend(heard);
        child.wait().unwrap();
        let engine = open(&path).unwrap();
        for number in &durable {
            let key = number.to_be_bytes();
            let (offer, code) = (engine.get(OFFER, &key).await.unwrap(), engine.get(CODE, &key).await.unwrap());
            assert!(offer.is_some() && code.is_some(), "round {round}: {number} was durable and is gone");
        }
        assert_eq!(engine.commit(pair(u64::MAX)).await, Ok(Outcome::Committed));
        let version = engine.get(OFFER, &u64::MAX.to_be_bytes()).await.unwrap().unwrap().version;
        assert!(version > last_version);
        last_version = version;
    }
    assert!(durable.len() > 6 * 20);
}

/// Not a proof but a figure: `cargo test --release -p issuerd --lib figure_ -- --ignored --nocapture --test-threads 1`.
#[test]
#[ignore = "a figure: loads a million entries first"]
fn figure_start_after_a_kill_with_a_million_entries() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    let mut child = helper(&path, 1 << 60, 500_000);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    lines.by_ref().filter(|line| line.starts_with("durable ")).nth(1_000).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let watch = Stopwatch::start();
    let engine = open(&path).unwrap();
    let under_load = watch.seconds();
    drop(engine);
    let watch = Stopwatch::start();
    drop(open(&path).unwrap());
    let size = path.metadata().unwrap().len() / 1_000_000;
    println!("start after a kill under load {under_load:.3} s, after a stop {:.3} s, file {size} MB", watch.seconds());
}
