//! Good proofs, batches of them, and what holds for every refusal.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::json;

use super::super::*;
use super::support::*;
use crate::wire::fuzz;

// VCI-F.1-04, VCI-F.1-06, HAIP-7-02
#[test]
fn a_good_proof_of_each_kind_shows_its_key_and_nonce() {
    for algorithm in Algorithm::ALL {
        let scene = Scene::with(algorithm);
        let proven = scene.check(&scene.wallet.header(), &scene.claims()).unwrap();
        assert_eq!(proven.key, *scene.wallet.key());
        assert_eq!(Some(proven.nonce), scene.nonces.check(&scene.nonce, at(NOW)));
    }
}

// VCI-F.1-19, VCI-8.3-05, SEC-PROOF-04
#[test]
fn a_batch_may_share_a_nonce_and_keeps_its_order() {
    let scene = Scene::new();
    let wallets: Vec<_> = (0..5).map(|place| Wallet::new(Algorithm::ALL[place % 3])).collect();
    let proofs: Vec<_> = wallets.iter().map(|wallet| wallet.prove(ISSUER, &scene.nonce, at(NOW)).into()).collect();
    let proven = check_proofs(&Proofs::Jwt(proofs), &scene.rules(NOW)).unwrap();
    assert!(proven.iter().map(|proven| proven.key).eq(wallets.iter().map(|wallet| *wallet.key())));
    assert_eq!(proven.iter().map(|proven| proven.nonce).collect::<HashSet<_>>().len(), 1);
}

// VCI-8.2-12, VCI-8.2-13, VCI-8.2-14, SEC-KEY-05
#[test]
fn one_bad_proof_refuses_the_batch() {
    let scene = Scene::new();
    let good = |wallet: &Wallet| wallet.prove(ISSUER, &scene.nonce, at(NOW));
    let proofs: Vec<_> = (0..5).map(|_| good(&Wallet::new(Algorithm::Es256)).into()).collect();
    let check = |proofs: &[Cow<'_, str>]| {
        check_proofs(&Proofs::Jwt(proofs.to_vec()), &scene.rules(NOW)).map(|proven| proven.len())
    };
    assert_eq!(check(&proofs), Ok(5));

    let six = [proofs.as_slice(), &[good(&scene.wallet).into()]].concat();
    assert_eq!(check(&six), Err(ProofError::TooMany));
    for place in 0..5 {
        let mut spoiled = proofs.clone();
        spoiled[place] = Wallet::new(Algorithm::Es256).prove("https://other.example", &scene.nonce, at(NOW)).into();
        assert_eq!(check(&spoiled), Err(ProofError::Audience), "{place}");
    }
    let header = set(scene.wallet.header(), "jwk", set(scene.wallet.jwk(), "kid", json!("another name")));
    let again = scene.wallet.sign(&header.to_string(), &scene.claims().to_string());
    let twice = [good(&scene.wallet).into(), proofs[0].clone(), again.into()];
    assert_eq!(check(&twice), Err(ProofError::KeyTwice));
    let alone = ProofRules { batch_size: 1, ..scene.rules(NOW) };
    assert_eq!(check_proofs(&Proofs::Jwt(proofs[..1].to_vec()), &alone).map(|proven| proven.len()), Ok(1));
    assert_eq!(check_proofs(&Proofs::Jwt(proofs[..2].to_vec()), &alone), Err(ProofError::TooMany));
}

// HTP-ERR-01, VCI-8.3.1.2-04
#[test]
fn descriptions_are_printable_and_fixed() {
    let scene = Scene::new();
    for marker in ["MARKER", "\u{1b}[31m\"\\", "é"] {
        for result in
            [scene.header("typ", json!(marker)), scene.claim("aud", json!(marker)), scene.claim("nonce", json!(marker))]
        {
            let text = result.unwrap_err().to_string();
            assert!(!text.contains(marker), "{text}");
            assert!(text.bytes().all(|byte| (0x20..0x7f).contains(&byte) && byte != b'"' && byte != b'\\'), "{text}");
        }
    }
}

// SEC-PANIC-01
#[test]
fn mutated_proofs_never_panic_and_only_the_good_one_passes() {
    let scene = Scene::new();
    let good = scene.wallet.prove(ISSUER, &scene.nonce, at(NOW));
    fuzz::mutate(&[good.as_bytes()], 3_000, |input| {
        let Ok(text) = std::str::from_utf8(input) else { return };
        assert_eq!(scene.check_text(text).is_ok(), text == good, "{text}");
    });
}
