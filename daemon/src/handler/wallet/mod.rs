//! What wallets reach.

pub mod credential;
pub mod error;
pub mod metadata;
pub mod nonce;
pub mod offer;
pub mod token;
pub mod trust;
