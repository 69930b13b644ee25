//! `cache`

use crate::plugin::cache::Cache;
use crate::plugin::contract::claim_source::issuer::plugin::cache::{CacheError, Host};
use crate::plugin::room::Room;
use crate::plugin::settings::CacheGrant;

impl Host for Room {
    async fn get(&mut self, key: String) -> wasmtime::Result<Option<Vec<u8>>> {
        let now = self.outside.now();
        Ok(self.with_cache(|cache, _| cache.get(&key, now)).flatten())
    }

    async fn set(&mut self, key: String, value: Vec<u8>, ttl_seconds: u32) -> wasmtime::Result<Result<(), CacheError>> {
        let now = self.outside.now();
        let set = self.with_cache(|cache, bounds| cache.set(bounds, &key, value, ttl_seconds, now));
        Ok(set.unwrap_or(Err(CacheError::NotGranted)))
    }

    async fn delete(&mut self, key: String) -> wasmtime::Result<()> {
        self.with_cache(|cache, _| cache.delete(&key));
        Ok(())
    }

    async fn increment(
        &mut self,
        key: String,
        delta: i64,
        ttl_seconds: u32,
    ) -> wasmtime::Result<Result<i64, CacheError>> {
        let now = self.outside.now();
        let counted = self.with_cache(|cache, bounds| cache.increment(bounds, &key, delta, ttl_seconds, now));
        Ok(counted.unwrap_or(Err(CacheError::NotGranted)))
    }
}

impl Room {
    fn with_cache<T>(&self, work: impl FnOnce(&Cache, CacheGrant) -> T) -> Option<T> {
        if !self.is_call() {
            return None;
        }
        self.granted.may_cache().map(|(cache, bounds)| work(cache, bounds))
    }
}
