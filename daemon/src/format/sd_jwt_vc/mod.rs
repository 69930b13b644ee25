//! SD-JWT VCs (draft-ietf-oauth-sd-jwt-vc, RFC 9901), in the order an issuance meets the files.
//!
//! `claims` is the tree of mappings that a configuration has, and `check` what may be wrong with it. `mapping` fills it from one
//! person's claims. `credential` prepares and completes the credential, with a `disclosure` for each claim that its holder may keep
//! back. `type_metadata` describes the type to verifiers and wallets.

mod check;
pub mod claims;
pub mod credential;
pub mod disclosure;
pub mod mapping;
pub mod type_metadata;

#[cfg(test)]
mod tests;

pub use check::check_claims;
pub use claims::{Claim, Claims, Disclosability, RESERVED, RESERVED_EVERYWHERE};
pub use credential::{PrepareError, PreparedSdJwtVc, SdJwtVc, SdJwtVcRequest, prepare};
pub use mapping::{ClaimProblem, MappedClaims, map_claims};
