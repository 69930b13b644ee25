//! Configurations checked and claims mapped, for the known docTypes and for an unknown one.

mod claims;
mod configuration;
pub(super) mod support;
