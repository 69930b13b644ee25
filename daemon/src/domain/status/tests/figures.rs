//! Figures, not proofs: what a full list costs, and how fast many are revoked.
//!
//! `cargo test --release -p issuerd --lib figure_ -- --ignored --nocapture --test-threads 1`

use tokio::task::JoinSet;

use super::*;
use crate::base::clock::Stopwatch;
use crate::domain::status::bulk::BulkRequest;
use crate::store::engine::Unobserved;
use crate::store::redb_engine::RedbEngine;

async fn filled(folder: &std::path::Path, credentials: u32) -> House {
    let clock = Arc::new(ManualClock::new(at("2026-03-10T12:34:56Z")));
    let engine = RedbEngine::open(&folder.join("store.redb"), clock.clone(), Arc::new(Unobserved)).unwrap();
    let house = Arc::new(House::over(Arc::new(engine), clock).await);
    house.configure(PASS, json!({ "listSize": 1_000_000 })).await;
    let mut writers = JoinSet::new();
    for _ in 0..64 {
        let house = Arc::clone(&house);
        writers.spawn(async move {
            for _ in 0..credentials / 64 {
                house.issue(|_| ()).await;
            }
        });
    }
    writers.join_all().await;
    Arc::into_inner(house).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a figure"]
async fn figure_of_a_bulk_revocation_and_of_a_full_list() {
    let folder = tempfile::tempdir().unwrap();
    let watch = Stopwatch::start();
    let house = filled(folder.path(), 100_032).await;
    println!("100032 statuses written in {:.1} s by 64 writers", watch.seconds());
    let list = house.statuses.lists(ListKind::Mobile)[0].id;
    for what in ["of 1000000 entries, none revoked", "the same again"] {
        let watch = Stopwatch::start();
        house.statuses.publish(list).await.unwrap();
        println!("a list {what}: generated and signed twice in {:.1} ms", watch.seconds() * 1e3);
    }
    let request = BulkRequest::read(&object(json!({ "filter": { "clientId": "wallet" } }))).unwrap();
    let watch = Stopwatch::start();
    let found = house.statuses.bulk_count(&request.filter).await.unwrap();
    println!("{} counted in {:.2} s", found.matched, watch.seconds());
    let begun = house.statuses.bulk_begin(&request, "operator".into()).await.unwrap();
    let watch = Stopwatch::start();
    house.statuses.bulk_run(|| false).await.unwrap();
    let seconds = watch.seconds();
    let done = house.statuses.bulk_find(begun.id).await.unwrap().unwrap();
    #[expect(clippy::cast_precision_loss, reason = "a figure")]
    let rate = done.revoked as f64 / seconds;
    println!("{} revoked in {seconds:.2} s: {rate:.0} a second", done.revoked);
    let watch = Stopwatch::start();
    house.statuses.publish(list).await.unwrap();
    let published = house.served(list);
    let (jwt, cwt) = (published.jwt.body.len(), published.cwt.body.len());
    println!("of 1000000 entries, 100032 revoked: {:.1} ms; JWT {jwt} bytes, CWT {cwt} bytes", watch.seconds() * 1e3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a figure"]
async fn figure_of_the_allocation_of_places() {
    let folder = tempfile::tempdir().unwrap();
    let house = filled(folder.path(), 64).await;
    let (watch, of) = (Stopwatch::start(), house.of(PASS));
    for _ in 0..100_000 {
        house.statuses.allocate(&of, 1).await.unwrap();
    }
    println!("a place of 1000000: {:.2} us", watch.seconds() * 10.0);
}
