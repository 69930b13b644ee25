//! How the saving of a resource of the management API ends.

use crate::wire::fields::Detail;

/// How saving ended.
pub enum Saved<T> {
    /// Stored; what is shown of it.
    Saved(T),
    /// The request is wrong.
    Invalid(Vec<Detail>),
    /// There is none to replace.
    Unknown,
}

impl<T> Saved<T> {
    /// The same with something else to show.
    pub fn map<U>(self, show: impl FnOnce(T) -> U) -> Saved<U> {
        match self {
            Self::Saved(value) => Saved::Saved(show(value)),
            Self::Invalid(details) => Saved::Invalid(details),
            Self::Unknown => Saved::Unknown,
        }
    }
}
