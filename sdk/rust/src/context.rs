//! Reading what a call is about.

use serde::de::DeserializeOwned;

use crate::{AuthContext, ClaimContext, CredentialConfiguration, Error, Result};

macro_rules! readers {
    ($context:ty) => {
        impl $context {
            /// The claims that the operator gave with the offer. Missing or other claims than `T` has are [`Error::NotFound`], since
            /// nobody can be found by them.
            pub fn offer_claims<T: DeserializeOwned>(&self) -> Result<T> {
                let offer =
                    self.offer.as_ref().ok_or_else(|| Error::NotFound("no offer started this flow".to_owned()))?;
                read(&offer.claims, "the offer")
            }

            /// All claims that are known of the holder so far; errors as [`Self::offer_claims`].
            pub fn claims<T: DeserializeOwned>(&self) -> Result<T> {
                read(&self.claims, "the holder")
            }

            /// The name of the person: the subject of the login, else the user that the offer was made for.
            #[must_use]
            pub fn subject(&self) -> Option<&str> {
                let identity = self.identity.as_ref().map(|identity| identity.subject.as_str());
                identity.or_else(|| self.offer.as_ref().map(|offer| offer.user_id.as_str()))
            }
        }
    };
}

readers!(ClaimContext);
readers!(AuthContext);

/// serde's own message can repeat values, so only the place is told.
fn read<T: DeserializeOwned>(json: &str, whose: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Error::NotFound(format!("the claims of {whose} are not the expected ones (line {line}, column {column})"))
    })
}

impl CredentialConfiguration {
    /// Whether the credential shows a claim of that name of the holder.
    #[must_use]
    pub fn shows(&self, claim: &str) -> bool {
        self.claims.iter().any(|described| described.source.as_deref() == Some(claim))
    }
}
