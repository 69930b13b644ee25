//! How long the same call takes natively: `cargo test --release --test speed -- --ignored --nocapture` in this folder. Compare with
//! `issuerd plugin bench register-csv.wasm --case cases/found.json`.

use std::time::Instant;

use issuerd_plugin::testing::{Host, claim_context};
use register_csv::RegisterCsv;
use serde_json::Value;

#[test]
#[ignore = "measures"]
fn native_calls() {
    let case: Value = serde_json::from_str(include_str!("../cases/found.json")).unwrap();
    let mut host = Host::new().config(case["config"].clone());
    let context = claim_context(case["context"].clone());
    let mut took: Vec<_> = (0..20_000)
        .map(|_| {
            let context = context.clone();
            let begun = Instant::now();
            assert!(host.fetch::<RegisterCsv>(context).is_ok());
            begun.elapsed().as_nanos()
        })
        .collect();
    took.sort_unstable();
    println!("native: p50 {} ns, p99 {} ns", took[took.len() / 2], took[took.len() * 99 / 100]);
}
