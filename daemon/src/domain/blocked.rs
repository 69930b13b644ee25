//! How plugins stand in the way of a request: on purpose, or because they could not answer. In none of the cases is anything spent.

use std::fmt;
use std::time::Duration;

use crate::plugin::CallError;
use crate::plugin::contract::Denial;

/// Longest text of a plugin that is shown, in characters.
const LONGEST_MESSAGE: usize = 300;

/// What a plugin wants the person to read. It may name them, so it is shown to nobody else.
#[derive(Clone, PartialEq, Eq)]
pub struct UserMessage(String);

impl fmt::Debug for UserMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserMessage(…)")
    }
}

impl UserMessage {
    /// The text, if an `error_description` can carry it as it is (RFC 6749 5.2: visible ASCII and spaces, without quotes and
    /// backslashes).
    pub(super) fn new(text: &str) -> Option<Self> {
        let carried = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        let good = !text.trim().is_empty() && text.len() <= LONGEST_MESSAGE && text.bytes().all(carried);
        good.then(|| Self(text.to_owned()))
    }

    /// The text.
    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

/// Why a request cannot go on. Display is what the wallet may read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Blocked {
    /// A plugin said no.
    #[error("{}", .message.as_ref().map_or("the issuer does not give this credential to this holder", |text| text.0.as_str()))]
    Denied {
        /// What the person may be told.
        message: Option<UserMessage>,
    },
    /// The register has no record of the holder.
    #[error("the issuer has no record of this holder")]
    NotFound,
    /// The same request may succeed later.
    #[error("the issuer cannot serve this request now; try again later")]
    Unavailable {
        /// When, if that is known.
        retry_after: Option<Duration>,
    },
    /// A plugin is faulty or wrongly configured.
    #[error("the issuer could not serve this request")]
    Failed,
}

impl Blocked {
    /// A refusal by `plugin`, which is noted for the operator.
    pub(super) fn denied(plugin: &str, denial: &Denial) -> Self {
        let reason: String = denial.reason.chars().filter(|c| !c.is_control()).take(LONGEST_MESSAGE).collect();
        tracing::info!(plugin, reason, "a plugin denied a request");
        Self::Denied { message: denial.user_message.as_deref().and_then(UserMessage::new) }
    }
}

impl From<CallError> for Blocked {
    fn from(error: CallError) -> Self {
        match error {
            CallError::NotFound => Self::NotFound,
            CallError::Unavailable { retry_after } => Self::Unavailable { retry_after },
            CallError::Failed => Self::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(message: &str) -> String {
        Blocked::denied("x", &Denial { reason: "r".into(), user_message: Some(message.into()) }).to_string()
    }

    #[test]
    fn only_what_an_error_description_can_carry_is_shown() {
        assert_eq!(shown("Please visit the office."), "Please visit the office.");
        let fixed = Blocked::Denied { message: None }.to_string();
        let long = "x".repeat(LONGEST_MESSAGE + 1);
        for message in ["", "  ", "a\nb", "a\"b", "a\\b", "Grüezi", "\u{7f}", &long] {
            assert_eq!(shown(message), fixed, "{message}");
        }
    }

    #[test]
    fn what_a_person_is_told_is_not_logged() {
        let blocked = Blocked::Denied { message: UserMessage::new("Mika Sommer is not 18") };
        assert!(!format!("{blocked:?}").contains("Sommer"));
    }
}
