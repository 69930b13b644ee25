//! How a credential request ends: issued, refused for a reason that is an answer, or failed.

use super::content::{Unfit, UnfitClaim};
use super::deferral::Deferral;
use super::select::SelectionError;
use super::validity::ValidityError;
use crate::domain::Failure;
use crate::domain::blocked::Blocked;
use crate::domain::proof::ProofError;
use crate::format::CredentialFormat;
use crate::wire::credential::ProofsError;
use crate::wire::encryption::EncryptionFault;

/// What was issued to one credential request.
#[derive(Debug, PartialEq)]
pub struct Issuances {
    /// Credentials as they are handed over, in the order of the proofs.
    pub credentials: Vec<String>,
    /// Whether the offer has now issued all that it offers, and had not before.
    pub completed: bool,
    /// Their format.
    pub format: CredentialFormat,
    /// `notification_id`
    pub notification_id: Option<String>,
}

/// How a credential request ended.
#[derive(Debug, PartialEq)]
pub enum IssuanceOutcome {
    /// Credentials are signed and recorded.
    Issued(Issuances),
    /// They are to be had later.
    Deferred(Deferral),
    /// Nothing was issued and nothing was used up.
    Refused(Refusal),
}

/// Why nothing was issued. Display is a fixed description without anything that was sent or is kept of the holder.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// What is asked for is unknown or not granted.
    #[error("{0}")]
    Selection(#[from] SelectionError),
    /// The request, or what it asks for its response, is not encrypted as it must be.
    #[error("{0}")]
    Encryption(#[from] EncryptionFault),
    /// `proofs` is not a list of proofs.
    #[error("{0}")]
    Proofs(#[from] ProofsError),
    /// A proof is not good.
    #[error("{0}")]
    Proof(#[from] ProofError),
    /// The nonce was used for another credential.
    #[error("the nonce was used before; fetch a new one")]
    NonceTaken,
    /// The offer has issued this configuration as often as it may.
    #[error("this credential has been issued")]
    AlreadyIssued,
    /// The offer ended after its code was redeemed.
    #[error("the offer has ended")]
    OfferEnded,
    /// The configuration was deleted meanwhile.
    #[error("no such credential configuration")]
    ConfigurationGone,
    /// A claim that the credential needs is missing, of the wrong kind, or at odds with others.
    #[error("the data for this credential is not complete")]
    Claim(#[source] UnfitClaim),
    /// No claim of the configuration has a value.
    #[error("there is no data for this credential")]
    NoClaims,
    /// There is no time at which it would be valid.
    #[error("the data for this credential gives it no time of validity")]
    Validity(#[source] ValidityError),
    /// A plugin stands in the way.
    #[error("{0}")]
    Blocked(#[from] Blocked),
}

impl From<Unfit> for Refusal {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Claim(problem) => Self::Claim(problem),
            Unfit::NoClaims => Self::NoClaims,
            Unfit::Validity(error) => Self::Validity(error),
        }
    }
}

/// What ends an issuance early: a refusal that is an answer, or a failure of ours.
pub(super) enum Stop {
    Refused(Refusal),
    Failed(Failure),
}

impl<T: Into<Refusal>> From<T> for Stop {
    fn from(refusal: T) -> Self {
        Self::Refused(refusal.into())
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}
