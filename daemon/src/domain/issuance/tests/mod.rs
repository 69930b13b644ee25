//! Tests of the credential endpoint's rules over a store in memory, with real document signers and real wallets' proofs.

mod code_flow;
mod deferred;
mod failed;
mod house;
mod issued;
mod offers;
mod once;
mod plugins;
mod reading;
mod redeeming;
mod refused;
mod registers;
mod reload;
mod signing;
