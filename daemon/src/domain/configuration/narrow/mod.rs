//! A configuration with the claims that a wallet asked for, and nothing that it did not ask for and the credential can do without.

mod elements;
#[cfg(test)]
mod tests;
mod tree;

use serde_json::Value;

use super::{Body, Configuration};
use crate::store::authorization::asked::AskedClaim;

/// The ends of documents end their credentials, so they stay where they are.
const EXPIRIES: [&str; 2] = ["expiry_date", "date_of_expiry"];

/// Why claims cannot be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NarrowError {
    /// A path names no claim: no namespace and element of an mdoc (appendix C.2), no name of a JSON credential (C.1).
    #[error(
        "authorization_details has a claims path that begins with no claim: two names for an mdoc, one for an SD-JWT VC"
    )]
    NotAClaim,
    /// What the wallet must have does not exist (B.1).
    #[error("authorization_details has a mandatory claim that the credential does not have")]
    Unknown,
    /// Nothing is left.
    #[error("authorization_details has no claim that the credential has")]
    Nothing,
}

impl Configuration {
    /// What of `claims` this configuration has. Of those that it does not have, the mandatory ones are refused and the others are left
    /// out, as B.1 permits.
    pub fn askable(&self, claims: Vec<AskedClaim>) -> Result<Vec<AskedClaim>, NarrowError> {
        let mut kept = Vec::with_capacity(claims.len());
        for claim in claims {
            match self.has(&claim.path).ok_or(NarrowError::NotAClaim)? {
                true => kept.push(claim),
                false if claim.mandatory => return Err(NarrowError::Unknown),
                false => {}
            }
        }
        if self.narrowed(&kept).body.claims().is_empty() { Err(NarrowError::Nothing) } else { Ok(kept) }
    }

    /// Whether a path leads to a claim; `None` when it is no path of this format.
    fn has(&self, path: &[Value]) -> Option<bool> {
        match &self.body {
            Body::Mdoc(body) => elements::has(&body.claim_mappings, path),
            Body::SdJwtVc(body) => path.first()?.is_string().then(|| tree::has(&body.claim_mappings, path)),
        }
    }

    /// The same with what was asked for, and with what must be there. What is mandatory to the wallet is so here.
    #[must_use]
    pub fn narrowed(&self, asked: &[AskedClaim]) -> Self {
        let mut narrowed = self.clone();
        match &mut narrowed.body {
            Body::Mdoc(body) => elements::narrow(body, asked),
            Body::SdJwtVc(body) => body.claim_mappings = tree::narrow(&body.claim_mappings, asked),
        }
        narrowed
    }

    /// Where the first claim stands that is mandatory to the wallet and not in the claims: a path may lead into a claim.
    #[must_use]
    pub fn lacking(&self, asked: &[AskedClaim], document: &Value) -> Option<String> {
        let mut mandatory = asked.iter().filter(|claim| claim.mandatory).peekable();
        mandatory.peek()?;
        match &self.body {
            Body::Mdoc(body) => mandatory.find_map(|claim| elements::lacking(&body.claim_mappings, claim, document)),
            Body::SdJwtVc(body) => tree::lacking(&body.claim_mappings, mandatory, document),
        }
    }
}
