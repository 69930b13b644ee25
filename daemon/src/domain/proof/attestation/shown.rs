//! The keys that a request shows where its configuration needs attested ones.

use std::borrow::Cow;

use super::{AttestationError, AttestationRules, Attested, Carrier, check_attestation};
use crate::base::key::PublicKey;
use crate::domain::proof::key::proof_key;
use crate::domain::proof::{ProofError, ProofRules, Proven, check_claims, read_header};
use crate::signer::{Algorithm, verify};
use crate::wire::json::{Json, Object};
use crate::wire::jws::Jws;

/// Checks `jwt` proofs, each with an attestation in its header (F.1). The keys are those of the proofs, in their order, and then the
/// other attested ones, each once, up to a batch.
pub(in crate::domain::proof) fn check_with_proofs(
    proofs: &[Cow<'_, str>],
    attestation: AttestationRules<'_>,
    rules: &ProofRules<'_>,
) -> Result<Vec<Proven>, ProofError> {
    let mut seen: Vec<(String, Attested)> = Vec::new();
    let mut proven: Vec<Proven> = Vec::with_capacity(proofs.len());
    for proof in proofs {
        let next = check_one(proof, attestation, rules, &mut seen)?;
        if proven.iter().any(|earlier| earlier.key == next.key) {
            return Err(ProofError::KeyTwice);
        }
        proven.push(next);
    }
    for (_, attested) in &seen {
        add(&mut proven, attested, rules.batch_size);
    }
    Ok(proven)
}

/// Checks the one attestation that comes alone (F.3).
pub(in crate::domain::proof) fn check_alone(
    text: &str,
    attestation: AttestationRules<'_>,
    rules: &ProofRules<'_>,
) -> Result<Vec<Proven>, ProofError> {
    let mut proven = Vec::new();
    add(&mut proven, &check_attestation(text, Carrier::Alone, attestation, rules)?, rules.batch_size);
    Ok(proven)
}

fn add(proven: &mut Vec<Proven>, attested: &Attested, batch_size: usize) {
    for (key, _) in &attested.keys {
        if proven.len() < batch_size.max(1) && !proven.iter().any(|known| known.key == *key) {
            proven.push(Proven { key: *key, nonce: attested.nonce, attestation: None });
        }
    }
}

fn check_one(
    proof: &str,
    attestation: AttestationRules<'_>,
    rules: &ProofRules<'_>,
    seen: &mut Vec<(String, Attested)>,
) -> Result<Proven, ProofError> {
    let jws = Jws::decode(proof)?;
    let header = jws.header()?;
    let algorithm = read_header(&header)?;
    let nonce = check_claims(&jws.claims()?, rules)?;
    let text = header.get("key_attestation").and_then(Json::as_str).ok_or(AttestationError::Missing)?;
    // Proofs of a batch mostly carry the same one.
    if !seen.iter().any(|(known, _)| known == text) {
        seen.push((text.to_owned(), check_attestation(text, Carrier::Proof, attestation, rules)?));
    }
    let (_, attested) = seen.iter().find(|(known, _)| known == text).ok_or(AttestationError::Missing)?;
    let key = named_key(&header, attested)?;
    if Algorithm::of(&key) != algorithm {
        return Err(ProofError::KeyMismatch);
    }
    if !attested.keys.iter().any(|(known, _)| *known == key) {
        return Err(AttestationError::NotAttested.into());
    }
    let good = verify(&key, jws.signed(), jws.signature());
    if good { Ok(Proven { key, nonce, attestation: Some(attested.nonce) }) } else { Err(ProofError::Signature) }
}

/// The key that the header names: as without an attestation, or by a `kid` that is the `kid` or the place of an attested key.
fn named_key(header: &Object<'_>, attested: &Attested) -> Result<PublicKey, ProofError> {
    let alone = header.get("jwk").is_none() && header.get("x5c").is_none();
    if let (true, Some(kid)) = (alone, header.get("kid").and_then(Json::as_str)) {
        let by_name = attested.keys.iter().find(|(_, name)| name.as_deref() == Some(kid));
        let by_place = || kid.parse::<usize>().ok().and_then(|place| attested.keys.get(place));
        if let Some((key, _)) = by_name.or_else(by_place) {
            return Ok(*key);
        }
    }
    Ok(proof_key(header)?)
}
