//! Wallet clients with keys and certificates of their own, and every way to show something else.

mod assertion;
mod attestation;
mod catalog;
mod pop;
mod request_object;
mod support;
