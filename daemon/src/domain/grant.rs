//! What the grants of the token endpoint have in common: who asks, what auth hooks leave of the request, what is handed out.

use uuid::Uuid;

use super::Failure;
use super::authorization::AskedClaims;
use super::blocked::Blocked;
use super::client::WalletFacts;
use super::hook::Admission;
use crate::store::StoreError;
use crate::store::enrichment::Enrichment;

/// Who sent a token request, as far as it was proven.
#[derive(Debug, Clone, Copy, Default)]
pub struct Who<'a> {
    /// The client: authenticated, or a public one that says its name; `None` for an anonymous one.
    pub client_id: Option<&'a str>,
    /// Whether the client has proven who it is, so that nobody else can use what is given to it.
    pub authenticated: bool,
    /// Thumbprint of the key of the attested wallet instance.
    pub instance_key: Option<[u8; 32]>,
    /// Thumbprint of the key that the `DPoP` proof was made with.
    pub jkt: Option<[u8; 32]>,
    /// What the attestation of the wallet says.
    pub wallet: Option<&'a WalletFacts>,
}

/// What a grant hands out.
pub struct Granted {
    /// The access token.
    pub access_token: String,
    /// Its life in seconds.
    pub expires_in: u64,
    /// Whether it is bound to a key.
    pub bound: bool,
    /// Credential identifiers, when `authorization_details` were used.
    pub identifiers: Vec<(String, Uuid)>,
    /// The refresh token.
    pub refresh_token: Option<String>,
    /// The scope that was granted, when one was asked for.
    pub scope: Option<String>,
    /// The claims that were asked for, of each configuration of which not all were.
    pub asked: AskedClaims,
}

/// What auth hooks leave of a token request.
pub(super) enum Entry {
    /// None is concerned: what the request wants.
    Unasked,
    /// What the request shows was not good when it was looked at, so nobody was asked. The verb finds out why, and must not succeed.
    NotGood,
    /// They let it go on.
    Admitted {
        /// With these configurations.
        configurations: Vec<Uuid>,
        /// With what they added.
        enrichment: Enrichment,
    },
}

/// What ends a token request before what it shows is used up.
pub(super) enum Stop {
    Blocked(Blocked),
    Failed(Failure),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl Entry {
    pub(super) fn admitted(admission: Admission) -> Self {
        let Admission { known, added, configurations } = admission;
        let identity = known.identity.and_then(|identity| serde_json::to_value(identity).ok());
        let enrichment = Enrichment { claims: added, identity };
        Self::Admitted { configurations: configurations.iter().map(|one| one.id).collect(), enrichment }
    }

    /// What they added, when it is anything.
    pub(super) fn enrichment(&self) -> Option<&Enrichment> {
        self.answered().filter(|enrichment| **enrichment != Enrichment::default())
    }

    /// What they added, also when it is nothing; `None` when nobody was asked.
    pub(super) fn answered(&self) -> Option<&Enrichment> {
        match self {
            Self::Admitted { enrichment, .. } => Some(enrichment),
            Self::Unasked | Self::NotGood => None,
        }
    }

    /// The configurations of the token, of a request for `wanted`; `None` when there must be no token.
    pub(super) fn wanted(&self, wanted: Option<Vec<Uuid>>) -> Option<Vec<Uuid>> {
        match self {
            Self::Unasked => wanted,
            Self::NotGood => None,
            Self::Admitted { configurations, .. } => Some(configurations.clone()),
        }
    }
}

/// Credential identifiers for configurations, in a form that only this token has.
pub(super) fn identifiers(configurations: &[Uuid], suffix: &str) -> Vec<(String, Uuid)> {
    configurations.iter().enumerate().map(|(place, id)| (format!("{suffix}{place}"), *id)).collect()
}
