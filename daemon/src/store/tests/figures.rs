//! Figures, not proofs: what an issuance costs in the store, and records as bytes.
//!
//! `cargo test --release -p issuerd --lib figure_ -- --ignored --nocapture --test-threads 1`

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::task::JoinSet;

use super::*;
use crate::base::clock::Stopwatch;
use crate::store::codec;
use crate::store::engine::CommitObserver;

#[derive(Default)]
struct Groups(Mutex<(usize, usize)>);

impl CommitObserver for Groups {
    fn committed(&self, batches: usize, _seconds: f64) {
        let mut sums = self.0.lock().unwrap();
        *sums = (sums.0 + 1, sums.1 + batches);
    }

    fn failed(&self) {}
}

/// CPU seconds of this process until now.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

/// An id that grows with time, as those of the daemon do.
fn growing() -> Uuid {
    static NEXT: AtomicU64 = AtomicU64::new(1 << 40);
    let random: [u8; 8] = bytes(&SystemRandom::default()).unwrap();
    let mut id = [0; 16];
    id[..8].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    id[8..].copy_from_slice(&random);
    Uuid::from_bytes(id)
}

async fn one(bench: &Bench, configuration: Uuid, whole: bool) {
    let mut new = bench.draft(&[configuration], None);
    new.offer.id = growing();
    bench.store.offer_create(&new).await.unwrap();
    if !whole {
        return;
    }
    assert!(matches!(bench.redeem(&new.secrets.code, None).await, Redeem::Redeemed(_)));
    let (_, offer) = bench.store.token_find(&token_of(&new.secrets.code)).await.unwrap().unwrap();
    bench.store.offer_secrets(offer.id).await.unwrap().unwrap();
    bench.store.user_claims(offer.user_id).await.unwrap();
    let record = Issued { id: growing(), ..mdl(bench) };
    let nonces = [(nonce(), bench.after(Duration::from_mins(5)))];
    let records = [record];
    let issuance = Issuance {
        origin: Origin::PreAuthorized,
        offer: offer.id,
        configuration,
        nonces: &nonces,
        records: &records,
        statuses: &[],
        requests_allowed: 1,
        register_key: None,
        enriched: false,
    };
    assert!(matches!(bench.store.issuance_record(&issuance).await.unwrap(), Issue::Recorded { .. }));
}

/// The record of an mDL with 28 elements.
fn mdl(bench: &Bench) -> Issued {
    let mut record = bench.record(uuid(), uuid());
    let digest = "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg";
    let elements = (0..28).map(|number| (format!("some_element_{number:02}"), (number, digest.to_owned())));
    let namespaces = [("org.iso.18013.5.1".to_owned(), elements.collect())].into();
    record.digests = Digests::Mdoc { mso_hash: "hash".into(), namespaces };
    record
}

async fn many(bench: &Bench, configuration: Uuid, wallets: usize, each: usize, whole: bool) {
    let mut tasks = JoinSet::new();
    for _ in 0..wallets {
        let bench = bench.clone();
        tasks.spawn(async move {
            for _ in 0..each {
                one(&bench, configuration, whole).await;
            }
        });
    }
    tasks.join_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[ignore = "a figure"]
async fn figure_issuance() {
    let folder = tempfile::tempdir().unwrap();
    let (clock, groups) = (start(), Arc::new(Groups::default()));
    let engine = RedbEngine::open(&folder.path().join("store.redb"), clock.clone(), groups.clone()).unwrap();
    let bench = Bench { store: store(Arc::new(engine), &clock), clock };
    let configuration = bench.configuration().await;
    let mut stored = 0;
    for more in [0, 300_000] {
        many(&bench, configuration, 256, more / 256, false).await;
        stored += more;
        for wallets in [1, 8, 32] {
            let count = if wallets == 1 { 2_000 } else { 16_000 };
            *groups.0.lock().unwrap() = (0, 0);
            let (watch, before) = (Stopwatch::start(), cpu());
            many(&bench, configuration, wallets, count / wallets, true).await;
            let (wall, used) = (watch.seconds(), cpu() - before);
            let (commits, batches) = *groups.0.lock().unwrap();
            let each = |seconds: f64| seconds * 1e6 / f64::from(u32::try_from(count).unwrap());
            println!(
                "{stored} stored, {wallets} wallets: {:.0} us CPU and {:.0} us wall an issuance, {commits} commits of {:.1}",
                each(used),
                each(wall),
                f64::from(u32::try_from(batches).unwrap()) / f64::from(u32::try_from(commits).unwrap()),
            );
        }
    }
}

#[test]
#[ignore = "a figure"]
fn figure_records() {
    const ROUNDS: u32 = 100_000;
    let bench = on_memory();
    let (offer, record) = (bench.draft(&[uuid()], Some("000123")).offer, mdl(&bench));
    let print = |name, bytes: usize, watch: Stopwatch| {
        println!("{name}: {bytes} bytes, {:.2} us to write and read", watch.seconds() * 1e6 / f64::from(ROUNDS));
    };
    macro_rules! measure {
        ($name:literal, $write:path, $read:expr, $record:expr, $kind:ty) => {
            let watch = Stopwatch::start();
            for _ in 0..ROUNDS {
                let bytes = $write(std::hint::black_box($record)).unwrap();
                let record: $kind = $read(&bytes, "x").unwrap();
                std::hint::black_box(record);
            }
            print($name, $write($record).unwrap().len(), watch);
        };
    }
    measure!("offer packed", codec::pack, codec::unpack, &offer, Offer);
    measure!("offer as JSON", codec::to_json, codec::from_json, &offer, Offer);
    measure!("credential packed", Issued::pack, |bytes: &[u8], _| Issued::unpack(bytes), &record, Issued);
    measure!("credential as JSON", codec::to_json, codec::from_json, &record, Issued);
}
