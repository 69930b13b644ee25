//! What several sections check.

use std::net::SocketAddr;
use std::ops::RangeInclusive;

pub(super) fn range(key: &str, value: u64, allowed: RangeInclusive<u64>, mistakes: &mut Vec<String>) {
    if !allowed.contains(&value) {
        mistakes.push(format!("`{key}` must be {} to {}, not {value}", allowed.start(), allowed.end()));
    }
}

pub(super) fn address(key: &str, address: &str, mistakes: &mut Vec<String>) {
    if address.parse::<SocketAddr>().is_err() {
        mistakes.push(format!("`{key}` must be an address with a port, like `127.0.0.1:8080`"));
    }
}
