//! What wallets reach.

mod bearer;
pub mod challenge;
pub mod client;
mod content;
pub mod credential;
pub mod deferred;
pub mod dpop;
pub mod error;
mod etag;
pub mod metadata;
pub mod nonce;
pub mod notification;
pub mod offer;
pub mod par;
pub mod revoke;
pub mod sd_jwt;
pub mod status;
pub mod token;
pub mod trust;
