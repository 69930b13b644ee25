//! Each rule by a proof that breaks it alone.

mod claims;
mod header;
mod support;
mod whole;
