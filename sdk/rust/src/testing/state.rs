//! The state of a test's host, one a thread.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::Value;

use super::case::wire::Exchange;
use crate::log::Level;

/// What a test's host knows and what it saw.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    pub(crate) config: Value,
    pub(crate) now: u64,
    pub(crate) random: Vec<u8>,
    pub(crate) random_at: usize,
    pub(crate) secrets: BTreeMap<String, String>,
    pub(crate) http: Vec<Exchange>,
    pub(crate) cache: BTreeMap<String, Entry>,
    pub(crate) log: Vec<(Level, String)>,
    pub(crate) requests: Vec<String>,
    pub(crate) failures: Vec<String>,
}

/// A value in the cache.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) value: Vec<u8>,
    /// Milliseconds since 1970.
    pub(crate) until: u64,
}

impl State {
    pub(crate) fn fail(&mut self, why: String) {
        self.failures.push(why);
    }

    pub(crate) fn live(&self, key: &str) -> Option<&Entry> {
        self.cache.get(key).filter(|entry| entry.until > self.now)
    }

    pub(crate) fn put(&mut self, key: &str, value: Vec<u8>, ttl_seconds: u32) {
        let until = self.now.saturating_add(u64::from(ttl_seconds).saturating_mul(1000));
        self.cache.insert(key.to_owned(), Entry { value, until });
    }

    /// The next byte; they start again at the end. `None` only when a test gave an empty list.
    pub(crate) fn random_byte(&mut self) -> Option<u8> {
        let byte = self.random.get(self.random_at % self.random.len().max(1)).copied();
        self.random_at = self.random_at.wrapping_add(1);
        byte
    }
}

thread_local! {
    static CURRENT: RefCell<Option<State>> = const { RefCell::new(None) };
}

/// Gives a function of the host its state.
#[expect(clippy::panic, reason = "a test that calls a plugin without a host is wrong")]
pub(crate) fn with<T>(act: impl FnOnce(&mut State) -> T) -> T {
    CURRENT.with_borrow_mut(|current| match current {
        Some(state) => act(state),
        None => panic!("no host: call the plugin through `issuerd_plugin::testing::Host`"),
    })
}

/// Runs `act` with this state in place of the host, also when it panics.
pub(crate) fn during<T>(state: &mut State, act: impl FnOnce() -> T) -> T {
    struct Back<'a>(&'a mut State);
    impl Drop for Back<'_> {
        fn drop(&mut self) {
            if let Some(state) = CURRENT.take() {
                *self.0 = state;
            }
        }
    }
    CURRENT.set(Some(std::mem::take(state)));
    let _back = Back(state);
    act()
}
