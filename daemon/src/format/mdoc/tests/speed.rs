//! How long preparing and completing takes; run in release with `--ignored --nocapture`.

use serde_json::{Value, json};

use super::mappings::support::{licence_claims, licence_mappings, portrait};
use super::support::request;
use crate::base::clock::Stopwatch;
use crate::base::random::SystemRandom;
use crate::format::mdoc::mapping::map_claims;
use crate::format::mdoc::{MdocRequest, prepare};

const ROUNDS: u32 = 20_000;

fn microseconds(mut once: impl FnMut()) -> f64 {
    (0..ROUNDS / 10).for_each(|_| once());
    let watch = Stopwatch::start();
    (0..ROUNDS).for_each(|_| once());
    watch.seconds() * 1e6 / f64::from(ROUNDS)
}

#[test]
#[ignore = "a measurement"]
fn preparing_a_licence() {
    let mappings = licence_mappings();
    for portrait_bytes in [1_000, 20_000] {
        let mut claims = licence_claims();
        claims["claims"]["portrait"] = Value::from(portrait(portrait_bytes));
        let map = || map_claims("org.iso.18013.5.1.mDL", &mappings, &claims).unwrap();
        let namespaces = map();
        let certificate = [0; 700];
        let certificates: [&[u8]; 1] = [&certificate];
        let request =
            MdocRequest { doc_type: "org.iso.18013.5.1.mDL", certificates: &certificates, ..request(&namespaces) };
        let random = SystemRandom::default();
        let mapped = microseconds(|| assert_eq!(map().len(), 1));
        let prepared = microseconds(|| {
            let mdoc = prepare(&request, &random).unwrap().complete(&[0; 64]);
            assert!(mdoc.issuer_signed.len() > portrait_bytes);
        });
        let elements = namespaces[0].elements.len();
        let line =
            json!({ "elements": elements, "portrait": portrait_bytes, "map_us": mapped, "prepare_us": prepared });
        println!("{line}");
    }
}
