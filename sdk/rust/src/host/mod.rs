//! What the host offers a plugin, and nothing else is there.

pub mod cache;
pub mod clock;
pub mod config;
pub mod http;
pub mod log;
pub mod random;
pub mod secrets;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use crate::testing::backend;

/// The host's functions as the component imports them. Natively the test kit stands in their place.
#[cfg(target_arch = "wasm32")]
pub(crate) mod backend {
    pub(crate) use crate::bindings::common::issuer::plugin::cache::{delete, get, increment, set};
    pub(crate) use crate::bindings::common::issuer::plugin::clock::now;
    pub(crate) use crate::bindings::common::issuer::plugin::config::{all as config_all, get as config_get};
    pub(crate) use crate::bindings::common::issuer::plugin::http::send;
    pub(crate) use crate::bindings::common::issuer::plugin::log::write;
    pub(crate) use crate::bindings::common::issuer::plugin::random::bytes;
    pub(crate) use crate::bindings::common::issuer::plugin::secrets::{hmac_sha256, reveal};
}

/// Sends the text of a panic to the log before the call ends. In native tests the panic itself is seen.
pub(crate) fn log_panics() {
    #[cfg(target_arch = "wasm32")]
    std::panic::set_hook(Box::new(|panic| log::write(log::Level::Error, &panic.to_string(), &[])));
}
