//! The store of one plugin between its calls: small, in memory, gone after a restart.
//!
//! What a plugin keeps with `set` may be evicted, the longest unused first. What it counts with `increment` is not: a plugin that
//! limits attempts must not lose its count because somebody fills the store. When counts take all the room, the answer is `full`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::contract::claim_source::issuer::plugin::cache::CacheError;
use super::settings::CacheGrant;

/// Longest key, in bytes.
const LONGEST_KEY: usize = 1 << 10;
/// Longest value, in bytes.
const LONGEST_VALUE: usize = 64 << 10;
/// Longest life of an entry, in seconds.
const LONGEST_LIFE: u32 = 24 * 60 * 60;

/// Entries by key. Times are milliseconds since 1970.
#[derive(Default)]
pub(super) struct Cache(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    by_key: HashMap<Arc<str>, Entry>,
    /// Keys of values (not counts), the longest unused first.
    by_use: BTreeMap<u64, Arc<str>>,
    by_end: BTreeSet<(u64, Arc<str>)>,
    bytes: usize,
    uses: u64,
}

struct Entry {
    held: Held,
    ends_at: u64,
    used: u64,
}

enum Held {
    Value(Vec<u8>),
    Count(i64),
}

impl Held {
    fn bytes(&self) -> usize {
        match self {
            Self::Value(value) => value.len(),
            Self::Count(_) => size_of::<i64>(),
        }
    }
}

impl Cache {
    /// The value of a key; a count as decimal digits.
    pub(super) fn get(&self, key: &str, now: u64) -> Option<Vec<u8>> {
        let mut entries = self.entries();
        entries.end(now);
        entries.touch(key);
        entries.by_key.get(key).map(|entry| match &entry.held {
            Held::Value(value) => value.clone(),
            Held::Count(count) => count.to_string().into_bytes(),
        })
    }

    /// Keeps a value for `seconds`, at most a day.
    pub(super) fn set(
        &self,
        bounds: CacheGrant,
        key: &str,
        value: Vec<u8>,
        seconds: u32,
        now: u64,
    ) -> Result<(), CacheError> {
        if value.len() > LONGEST_VALUE {
            return Err(CacheError::TooLarge);
        }
        self.entries().insert(bounds, key, Held::Value(value), end(now, seconds), now)
    }

    /// Forgets a key.
    pub(super) fn delete(&self, key: &str) {
        self.entries().remove(key);
    }

    /// Adds to a count and gives the new one. A count ends `seconds` after its first increment, whatever later ones say: attempts in a
    /// window can be limited, and nobody can keep a window open for ever.
    pub(super) fn increment(
        &self,
        bounds: CacheGrant,
        key: &str,
        delta: i64,
        seconds: u32,
        now: u64,
    ) -> Result<i64, CacheError> {
        let mut entries = self.entries();
        entries.end(now);
        if let Some(Entry { held: Held::Count(count), .. }) = entries.by_key.get_mut(key) {
            *count = count.saturating_add(delta);
            return Ok(*count);
        }
        entries.insert(bounds, key, Held::Count(delta), end(now, seconds), now)?;
        Ok(delta)
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn end(now: u64, seconds: u32) -> u64 {
    now.saturating_add(u64::from(seconds.min(LONGEST_LIFE)) * 1_000)
}

impl Entries {
    fn insert(&mut self, bounds: CacheGrant, key: &str, held: Held, ends_at: u64, now: u64) -> Result<(), CacheError> {
        let bytes = key.len() + held.bytes();
        if key.len() > LONGEST_KEY || bytes > bounds.bytes {
            return Err(CacheError::TooLarge);
        }
        self.end(now);
        self.remove(key);
        self.make_room(bounds, bytes)?;
        let key: Arc<str> = key.into();
        self.uses += 1;
        if matches!(held, Held::Value(_)) {
            self.by_use.insert(self.uses, key.clone());
        }
        self.by_end.insert((ends_at, key.clone()));
        self.bytes += bytes;
        self.by_key.insert(key, Entry { held, ends_at, used: self.uses });
        Ok(())
    }

    fn make_room(&mut self, bounds: CacheGrant, bytes: usize) -> Result<(), CacheError> {
        while self.bytes + bytes > bounds.bytes || self.by_key.len() >= bounds.entries {
            let (_, oldest) = self.by_use.first_key_value().ok_or(CacheError::Full)?;
            let oldest = oldest.clone();
            self.remove(&oldest);
        }
        Ok(())
    }

    /// Drops what has ended.
    fn end(&mut self, now: u64) {
        while let Some((ends_at, key)) = self.by_end.first()
            && *ends_at <= now
        {
            let key = key.clone();
            self.remove(&key);
        }
    }

    fn touch(&mut self, key: &str) {
        if let Some((key, entry)) = self.by_key.get_key_value(key)
            && matches!(entry.held, Held::Value(_))
        {
            self.uses += 1;
            let (key, before) = (key.clone(), entry.used);
            self.by_use.remove(&before);
            self.by_use.insert(self.uses, key.clone());
            if let Some(entry) = self.by_key.get_mut(&key) {
                entry.used = self.uses;
            }
        }
    }

    fn remove(&mut self, key: &str) {
        if let Some((key, entry)) = self.by_key.remove_entry(key) {
            self.bytes -= key.len() + entry.held.bytes();
            self.by_use.remove(&entry.used);
            self.by_end.remove(&(entry.ends_at, key));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: CacheGrant = CacheGrant { bytes: 100, entries: 4 };

    fn set(cache: &Cache, key: &str, length: usize, now: u64) -> Result<(), CacheError> {
        cache.set(BOUNDS, key, vec![b'v'; length], 10, now)
    }

    #[test]
    fn an_entry_lives_until_its_end() {
        let cache = Cache::default();
        cache.set(BOUNDS, "a", b"value".to_vec(), 10, 1_000).unwrap();
        cache.set(BOUNDS, "b", b"value".to_vec(), u32::MAX, 1_000).unwrap();
        assert_eq!(cache.get("a", 10_999).unwrap(), b"value");
        assert_eq!(cache.get("a", 11_000), None);
        assert!(cache.get("b", 86_400_999).is_some());
        assert_eq!(cache.get("b", 86_401_000), None, "a day at most");
    }

    #[test]
    fn the_longest_unused_value_makes_room() {
        let cache = Cache::default();
        for key in ["a", "b", "c", "d"] {
            set(&cache, key, 1, 0).unwrap();
        }
        cache.get("a", 0).unwrap();
        set(&cache, "e", 1, 0).unwrap();
        let kept = ["a", "b", "c", "d", "e"].map(|key| cache.get(key, 0).is_some());
        assert_eq!(kept, [true, false, true, true, true]);
        set(&cache, "f", 99, 0).unwrap();
        assert_eq!(cache.entries().by_key.len(), 1, "bytes are bounded as well");
        assert_eq!(cache.entries().bytes, 100);
    }

    #[test]
    fn what_can_never_fit_is_too_large_and_changes_nothing() {
        let cache = Cache::default();
        set(&cache, "a", 1, 0).unwrap();
        let wide = CacheGrant { bytes: 1 << 20, entries: 4 };
        assert_eq!(set(&cache, "b", 100, 0), Err(CacheError::TooLarge));
        assert_eq!(cache.set(wide, "b", vec![0; LONGEST_VALUE + 1], 10, 0), Err(CacheError::TooLarge));
        assert_eq!(cache.set(wide, &"k".repeat(LONGEST_KEY + 1), vec![], 10, 0), Err(CacheError::TooLarge));
        assert!(cache.get("a", 0).is_some());
    }

    #[test]
    fn counts_are_not_evicted() {
        let cache = Cache::default();
        assert_eq!(cache.increment(BOUNDS, "attempts", 1, 10, 0), Ok(1));
        for number in 0..50 {
            set(&cache, &format!("flood-{number}"), 1, 0).unwrap();
        }
        assert_eq!(cache.increment(BOUNDS, "attempts", 1, 10, 0), Ok(2));
        for key in ["b", "c", "d"] {
            assert_eq!(cache.increment(BOUNDS, key, 1, 10, 0), Ok(1));
        }
        assert_eq!(cache.increment(BOUNDS, "e", 1, 10, 0), Err(CacheError::Full));
        assert_eq!(set(&cache, "f", 1, 0), Err(CacheError::Full));
        assert_eq!(cache.increment(BOUNDS, "e", 1, 10, 10_000), Ok(1), "there is room when counts end");
    }

    #[test]
    fn a_count_ends_after_its_first_increment() {
        let cache = Cache::default();
        for (now, count) in [(0, 1), (5_000, 2), (9_999, 3), (10_000, 1)] {
            assert_eq!(cache.increment(BOUNDS, "attempts", 1, 10, now), Ok(count));
        }
        assert_eq!(cache.get("attempts", 10_000).unwrap(), b"1");
        assert_eq!(cache.increment(BOUNDS, "attempts", i64::MAX, 10, 10_000), Ok(i64::MAX));
        cache.delete("attempts");
        assert_eq!(cache.increment(BOUNDS, "attempts", -2, 10, 10_000), Ok(-2));
    }

    #[test]
    fn increments_of_many_threads_all_count() {
        let cache = Cache::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1_000).all(|_| cache.increment(BOUNDS, "n", 1, 10, 0).is_ok()));
            }
        });
        assert_eq!(cache.get("n", 0).unwrap(), b"4000");
    }

    #[test]
    fn the_bookkeeping_stays_small() {
        let cache = Cache::default();
        for number in 0..1_000_u64 {
            set(&cache, &format!("k{}", number % 7), (number % 20) as usize, number * 100).unwrap();
            cache.get(&format!("k{}", number % 5), number * 100);
        }
        let entries = cache.entries();
        assert!(entries.by_key.len() <= 4 && entries.bytes <= 100);
        assert_eq!(entries.by_use.len(), entries.by_key.len());
        assert_eq!(entries.by_end.len(), entries.by_key.len());
    }
}
