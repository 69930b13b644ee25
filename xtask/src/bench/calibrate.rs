//! What the machine permits: one verification and one signature with ring, nothing else.

use std::hint::black_box;
use std::time::{Duration, Instant};

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, UnparsedPublicKey,
};

use crate::Result;
use crate::command::{command, output};

/// How long a calibration runs.
const LENGTH: Duration = Duration::from_secs(1);

/// Prints the microseconds of one verification and one signature on the core this process runs on.
pub(crate) fn calibrate() -> Result {
    println!("{}", measure()?);
    Ok(())
}

/// The same, measured by another process on `core`.
pub(super) fn on_core(core: &str) -> Result<f64> {
    let mut calibrate = command(&format!("taskset -c {core}"));
    calibrate.arg(std::env::current_exe()?).arg("bench-calibrate");
    Ok(output(calibrate)?.trim().parse()?)
}

fn measure() -> Result<f64> {
    let random = SystemRandom::new();
    let failed = |_| "ring failed";
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).map_err(failed)?;
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random)?;
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.public_key().as_ref().to_vec());
    // About the size of a key proof.
    let message = [0x2e_u8; 400];
    let signature = key.sign(&random, &message).map_err(failed)?;
    let started = Instant::now();
    let mut rounds = 0_u32;
    while started.elapsed() < LENGTH {
        public.verify(black_box(&message), black_box(signature.as_ref())).map_err(failed)?;
        black_box(key.sign(&random, black_box(&message)).map_err(failed)?);
        rounds += 1;
    }
    Ok(started.elapsed().as_secs_f64() * 1e6 / f64::from(rounds))
}
