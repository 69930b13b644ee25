//! Gives out places: from blocks in hand, which are taken from the store a block at a time.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use uuid::Uuid;

use super::permutation::Permutation;
use super::{ListFor, Reference, Statuses, list_for, lock};
use crate::base::id::random_uuid;
use crate::domain::Failure;
use crate::store::status::StatusList;

/// Most places taken in hand at a time. A restart loses them, so they are at most a small part of a list.
const BLOCK: u32 = 1_024;
/// The next list is opened when so many of the places of one are given out, in percent.
const NEARLY_FULL: u64 = 90;

/// A place that was given to one credential, and will never be given to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocated {
    /// The list.
    pub list: Uuid,
    /// The same as the credential says it.
    pub reference: Reference,
}

/// Places in hand.
#[derive(Default)]
pub(super) struct Pool(VecDeque<Block>);

struct Block {
    list: Uuid,
    uri: String,
    order: Arc<Permutation>,
    counters: Range<u32>,
}

impl Pool {
    /// `count` places, or none at all.
    fn take(&mut self, count: usize) -> Option<Vec<Allocated>> {
        if self.0.iter().map(|block| block.counters.len()).sum::<usize>() < count {
            return None;
        }
        let mut taken = Vec::with_capacity(count);
        while taken.len() < count {
            let block = self.0.front_mut()?;
            match block.counters.next() {
                Some(counter) => {
                    let reference = Reference { uri: block.uri.clone(), index: block.order.place(counter) };
                    taken.push(Allocated { list: block.list, reference });
                }
                None => drop(self.0.pop_front()),
            }
        }
        Some(taken)
    }
}

impl Statuses {
    /// A place for each of `count` credentials. A place is given once, whether or not a credential comes of it.
    pub async fn allocate(&self, of: &ListFor, count: usize) -> Result<Vec<Allocated>, Failure> {
        if let Some(taken) = self.take(of, count) {
            return Ok(taken);
        }
        let _turn = self.turn.lock().await;
        loop {
            // Others take without a turn, so what was just fetched may be gone again; each round fetches more than it needs.
            if let Some(taken) = self.take(of, count) {
                return Ok(taken);
            }
            self.fetch(of, u32::try_from(count).unwrap_or(u32::MAX)).await?;
        }
    }

    fn take(&self, of: &ListFor, count: usize) -> Option<Vec<Allocated>> {
        if count == 0 {
            return Some(Vec::new());
        }
        lock(&self.pools).get_mut(of)?.take(count)
    }

    /// Takes a block in hand, of the oldest list with places left, or of a new one.
    async fn fetch(&self, of: &ListFor, count: u32) -> Result<(), Failure> {
        let open = self.open_lists(of).into_iter().next();
        let list = match open {
            Some(list) => list,
            None => self.open(of).await?,
        };
        if !self.is_published(&list) {
            self.publish(list.id).await?;
        }
        let block = (list.size / 256).clamp(1, BLOCK).max(count);
        let reserved = self.parts.store.status_list_reserve(list.id, block).await?;
        let Some((list, first)) = reserved else {
            // Full, or gone: somebody else was here.
            self.forget_places(list.id);
            return Ok(());
        };
        let order = Arc::new(Permutation::new(self.key.expose(), list.id, list.size));
        let block = Block { list: list.id, uri: self.uri(&list), order, counters: first..list.reserved };
        lock(&self.pools).entry(of.clone()).or_default().0.push_back(block);
        lock(&self.lists).insert(list.id, list);
        Ok(())
    }

    /// Lists with places left, oldest first.
    fn open_lists(&self, of: &ListFor) -> Vec<StatusList> {
        self.all().into_iter().filter(|list| list.reserved < list.size && list_for(list) == *of).collect()
    }

    fn forget_places(&self, id: Uuid) {
        if let Some(list) = lock(&self.lists).get_mut(&id) {
            list.reserved = list.size;
        }
    }

    /// Opens a list and publishes it, so that it can be read before a credential names it.
    async fn open(&self, of: &ListFor) -> Result<StatusList, Failure> {
        let now = self.now();
        self.parts.trust.status_signer(of.iaca_id, now).ok_or(Failure::NoStatusSigner)?;
        let configuration = self.configuration_for(of.kind, &of.credential_type).await?;
        let list = StatusList {
            id: random_uuid(self.parts.random.as_ref())?,
            kind: of.kind,
            credential_type: of.credential_type.clone(),
            configuration_id: configuration.id,
            iaca_id: of.iaca_id,
            bits: configuration.bits,
            size: configuration.list_size,
            reserved: 0,
            created_at: now,
            closed_at: None,
        };
        self.parts.store.status_list_open(&list).await?;
        tracing::info!(list = %list.id, iaca = %list.iaca_id, size = list.size, "opened a status list");
        lock(&self.lists).insert(list.id, list.clone());
        self.mark(list.id);
        self.publish(list.id).await?;
        Ok(list)
    }

    /// Opens the next list where one is nearly full, so that no issuance waits for it.
    pub async fn open_in_time(&self) -> Result<(), Failure> {
        let nearly = |list: &StatusList| u64::from(list.reserved) * 100 >= u64::from(list.size) * NEARLY_FULL;
        for list in self.all().into_iter().filter(|list| list.reserved < list.size && nearly(list)) {
            let of = list_for(&list);
            let signer = self.parts.trust.status_signer(of.iaca_id, self.now());
            if signer.is_some() && self.open_lists(&of).iter().all(nearly) {
                let _turn = self.turn.lock().await;
                if self.open_lists(&of).iter().all(nearly) {
                    self.open(&of).await?;
                }
            }
        }
        Ok(())
    }
}
