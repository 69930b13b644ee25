//! Documents of the standards: parse and print, no decisions.

pub mod credential;
pub mod deferred;
pub mod did;
pub mod encryption;
pub mod fields;
pub mod form;
pub mod json;
pub mod jwe;
pub mod jwk;
pub mod jws;
pub mod notification;
pub mod point;
pub mod url;
pub mod x5c;

#[cfg(test)]
pub(crate) mod fuzz;
