//! What a person's browser reaches: the authorization endpoint and the pages behind it.

pub mod authorize;
pub mod callback;
pub mod consent;
mod cookie;
pub mod error;
pub mod hook;
pub mod login;
mod visit;

pub use error::page_for;
