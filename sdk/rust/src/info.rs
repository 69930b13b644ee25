//! What a plugin says of itself.

pub use crate::bindings::common::exports::issuer::plugin::lifecycle::{Need, PluginInfo};

impl Need {
    /// HTTP requests to an origin: `https://crm.example.org`, or `config:KEY` for the origin of the address in that config value.
    #[must_use]
    pub fn origin(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self::of("origin", name.into(), why.into())
    }

    /// A secret of that name.
    #[must_use]
    pub fn secret(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self::of("secret", name.into(), why.into())
    }

    /// Redirects of a browser to an origin, written as for [`Need::origin`].
    #[must_use]
    pub fn redirect_origin(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self::of("redirect-origin", name.into(), why.into())
    }

    /// A cache.
    #[must_use]
    pub fn cache(why: impl Into<String>) -> Self {
        Self::of("cache", String::new(), why.into())
    }

    /// The plugin works without it too.
    #[must_use]
    pub fn optional(self) -> Self {
        Self { required: false, ..self }
    }

    fn of(kind: &str, name: String, why: String) -> Self {
        Self { kind: kind.to_owned(), name, why, required: true }
    }
}
