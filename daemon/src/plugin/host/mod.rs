//! The host's side of the interfaces that a plugin imports. Each function asks the grants first.

mod cache;
mod clock;
mod config;
mod http;
mod log;
mod random;
mod secrets;

use super::contract::claim_source::issuer::plugin::types;
use super::room::Room;

// It has types only.
impl types::Host for Room {}

#[cfg(test)]
mod tests;
