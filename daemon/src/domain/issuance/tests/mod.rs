//! Tests of the credential endpoint's rules over a store in memory, with real document signers and real wallets' proofs.

mod failed;
mod house;
mod issued;
mod once;
mod reading;
mod refused;
mod signing;
