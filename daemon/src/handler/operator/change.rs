//! What became of a change of an IACA or a document signer, as the management API says it.

use uuid::Uuid;

use super::error::ApiError;
use crate::domain::trust::Change;

/// IACAs, document signers, or status list signers.
pub struct Kind {
    /// What the path calls their id.
    pub(super) param: &'static str,
    /// What an operator calls many of them.
    pub(super) plural: &'static str,
}

impl Kind {
    /// The value of a change that was made; otherwise the error that the reference has for its circumstance.
    pub(super) fn made<T>(&self, change: Change<T>, id: Uuid) -> Result<T, ApiError> {
        match change {
            Change::Done(value) => Ok(value),
            Change::Invalid(details) => Err(ApiError::Invalid(details)),
            Change::Unknown => Err(self.unknown(id)),
            Change::Full(most) => {
                Err(ApiError::Conflict(format!("there are {most} {}, more are not possible", self.plural)))
            }
        }
    }

    /// None of them has this id.
    pub(super) fn unknown(&self, id: Uuid) -> ApiError {
        ApiError::NotFound(self.param, id.to_string())
    }
}
