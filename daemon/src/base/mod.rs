//! What everything stands on. Nothing here knows of HTTP, of the store or of credentials.

pub mod clock;
pub mod files;
pub mod id;
pub mod key;
pub mod random;
pub mod remote;
pub mod secret;
pub mod steady;
