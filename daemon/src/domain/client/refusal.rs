//! Why a client is not let in, in one sentence each.

use super::assertion::AssertionError;
use super::attestation::AttestationError;
use super::pop::PopError;

/// Why a client is refused. Display is a fixed description without anything that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClientRefusal {
    /// More than one way of authentication (RFC 6749 2.3).
    #[error("use one method of client authentication only")]
    SeveralMethods,
    /// A shared secret was sent.
    #[error("client secrets are not supported")]
    Secret,
    /// The request says nothing of its client, and must.
    #[error("client_id or client authentication is required")]
    Missing,
    /// An assertion without its type, or the other way round.
    #[error("client_assertion and client_assertion_type belong together")]
    HalfAssertion,
    /// The client is unknown, or did not prove who it is in its way: one sentence for all, so that no client can be found by trying.
    #[error("the client is unknown or did not prove who it is")]
    Unproven,
    /// Wallets must be attested.
    #[error("a client attestation is required")]
    AttestationRequired,
    /// The assertion is not good.
    #[error("{0}")]
    Assertion(#[from] AssertionError),
    /// The attestation is not good.
    #[error("{0}")]
    Attestation(#[from] AttestationError),
    /// The proof of possession is not good.
    #[error("{0}")]
    Pop(#[from] PopError),
}

/// What a client can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Send a request that can be read.
    Request,
    /// Nothing as it is.
    None,
    /// Put a challenge into its proof.
    Challenge,
    /// Get a new attestation.
    FreshAttestation,
}

impl ClientRefusal {
    /// What the client can do about it.
    #[must_use]
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::SeveralMethods | Self::HalfAssertion => Remedy::Request,
            Self::Pop(PopError::ChallengeNeeded | PopError::ChallengeUnknown) => Remedy::Challenge,
            Self::Attestation(AttestationError::TooOld) => Remedy::FreshAttestation,
            Self::Secret
            | Self::Missing
            | Self::Unproven
            | Self::AttestationRequired
            | Self::Assertion(_)
            | Self::Attestation(_)
            | Self::Pop(_) => Remedy::None,
        }
    }
}
