//! What wallets reach.

pub mod challenge;
pub mod client;
pub mod credential;
pub mod dpop;
pub mod error;
mod etag;
pub mod metadata;
pub mod nonce;
pub mod offer;
pub mod par;
pub mod revoke;
pub mod sd_jwt;
pub mod token;
pub mod trust;
