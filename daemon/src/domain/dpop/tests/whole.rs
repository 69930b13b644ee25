//! Proofs are accepted once.

use base64::Engine as _;
use serde_json::json;
use tokio::task::JoinSet;

use super::super::*;
use super::support::{ISSUER, NOW, Scene, TOKEN_URI, at, rules};
use crate::base::clock::ManualClock;
use crate::base::random::SystemRandom;
use crate::domain::proof::tests::support::set;
use crate::store::engine::Unobserved;
use crate::store::redb_engine::RedbEngine;
use crate::store::seal::Sealer;

fn dpop(folder: &tempfile::TempDir, clock: &Arc<ManualClock>) -> Arc<Dpop> {
    let engine = RedbEngine::open(&folder.path().join("store.redb"), clock.clone(), Arc::new(Unobserved)).unwrap();
    let sealer = Arc::new(Sealer::new(&Secret::new(vec![5; 32])));
    let store = Store::new(Arc::new(engine), sealer, Arc::new(SystemRandom::default()), clock.clone());
    let key = store.derive_key("dpop_nonce");
    Arc::new(Dpop::new(store, clock.clone(), &key, ISSUER, rules()))
}

async fn check(dpop: &Dpop, proof: &str) -> Result<Thumbprint, DpopError> {
    let request = ProofOf { proofs: &[proof], method: "POST", uri: TOKEN_URI, access_token: None };
    dpop.check(&request).await.unwrap()
}

// DPP-11.1-01, SEC-DPOP-01
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_hundred_uses_of_one_proof_one_is_accepted_also_after_a_restart() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::new(ManualClock::new(at(NOW))));
    let (subject, scene) = (dpop(&folder, &clock), Scene::new());
    let proof = scene.sign(&scene.header(), &scene.claims());
    let mut tasks = JoinSet::new();
    for _ in 0..100 {
        let (subject, proof) = (Arc::clone(&subject), proof.clone());
        tasks.spawn(async move { check(&subject, &proof).await });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Err(DpopError::Replayed)).count(), 99);
    drop(subject);
    let subject = dpop(&folder, &clock);
    assert_eq!(check(&subject, &proof).await, Err(DpopError::Replayed));
    // Signed anew it is still the same proof; of another key it is another.
    let again = scene.sign(&scene.header(), &set(scene.claims(), "iat", json!(NOW + 1)));
    assert_eq!(check(&subject, &again).await, Err(DpopError::Replayed));
    let other = Scene::new();
    assert!(check(&subject, &other.sign(&other.header(), &other.claims())).await.is_ok());
}

#[tokio::test]
async fn a_proof_that_is_not_good_uses_no_id_up() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::new(ManualClock::new(at(NOW))));
    let (subject, scene) = (dpop(&folder, &clock), Scene::new());
    let good = scene.sign(&scene.header(), &scene.claims());
    let wrong = scene.sign(&scene.header(), &set(scene.claims(), "htm", json!("GET")));
    assert_eq!(check(&subject, &wrong).await, Err(DpopError::Method));
    let (signed, _) = good.rsplit_once('.').unwrap();
    let unsigned = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode([0; 64]);
    assert_eq!(check(&subject, &format!("{signed}.{unsigned}")).await, Err(DpopError::Signature));
    assert!(check(&subject, &good).await.is_ok());
}

// A replay never outlives the memory of its id: at each instant one of the two refuses it.
#[tokio::test]
async fn a_proof_is_too_old_before_it_is_forgotten() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::new(ManualClock::new(at(NOW))));
    let (subject, scene) = (dpop(&folder, &clock), Scene::new());
    let plain = scene.sign(&scene.header(), &scene.claims());
    let nonce = json!(subject.nonce());
    let fresh = scene.sign(&scene.header(), &set(set(scene.claims(), "jti", json!("two")), "nonce", nonce));
    for proof in [&plain, &fresh] {
        assert!(check(&subject, proof).await.is_ok());
    }
    for _ in 0..1_000 {
        clock.advance(Duration::from_millis(997));
        for proof in [&plain, &fresh] {
            assert!(check(&subject, proof).await.is_err(), "{}", clock.now());
        }
    }
}
