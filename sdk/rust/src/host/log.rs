//! Lines in the operator's log. Write no secret and no claim.

use super::backend;
pub use crate::bindings::common::issuer::plugin::log::Level;

/// Writes a line with fields; the host adds plugin, version, request and time.
pub fn write(level: Level, message: &str, fields: &[(&str, &str)]) {
    let fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    backend::write(level, message, &fields);
}

/// Writes a line at level info, with the arguments of `format!`.
///
/// ```no_run
/// issuerd_plugin::info!("the register answered {}", 200);
/// ```
#[macro_export]
macro_rules! info {
    ($($text:tt)+) => { $crate::log::write($crate::log::Level::Info, &::std::format!($($text)+), &[]) };
}

/// Writes a line at level debug, with the arguments of `format!`.
#[macro_export]
macro_rules! debug {
    ($($text:tt)+) => { $crate::log::write($crate::log::Level::Debug, &::std::format!($($text)+), &[]) };
}

/// Writes a line at level warn, with the arguments of `format!`.
#[macro_export]
macro_rules! warning {
    ($($text:tt)+) => { $crate::log::write($crate::log::Level::Warn, &::std::format!($($text)+), &[]) };
}

/// Writes a line at level error, with the arguments of `format!`.
#[macro_export]
macro_rules! error {
    ($($text:tt)+) => { $crate::log::write($crate::log::Level::Error, &::std::format!($($text)+), &[]) };
}
