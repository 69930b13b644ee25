//! Documents of the standards: parse and print, no decisions.

pub mod credential;
pub mod did;
pub mod fields;
pub mod form;
pub mod json;
pub mod jwk;
pub mod jws;
pub mod point;
pub mod url;
pub mod x5c;

#[cfg(test)]
pub(crate) mod fuzz;
