//! Somebody else is faster: between what a verb read and what it commits, something it rests on changes. Each time, in order,
//! where `races` leaves it to chance.

use std::sync::Mutex;

use futures_util::future::{BoxFuture, FutureExt as _};

use super::*;
use crate::store::engine::{Batch, EngineError, Entry, Outcome, Page, Table};
use crate::store::named::{CLAIM_SOURCES, Deleted};

/// An engine in which something happens just before the next commit.
struct Raced {
    inner: Arc<dyn Engine>,
    first: Mutex<Option<BoxFuture<'static, ()>>>,
}

impl Engine for Raced {
    fn get<'a>(&'a self, table: Table, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Entry>, EngineError>> {
        self.inner.get(table, key)
    }

    fn scan<'a>(
        &'a self,
        table: Table,
        prefix: &'a [u8],
        after: Option<&'a [u8]>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Page, EngineError>> {
        self.inner.scan(table, prefix, after, limit)
    }

    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<Outcome, EngineError>> {
        let first = self.first.lock().unwrap().take();
        async move {
            if let Some(first) = first {
                first.await;
            }
            self.inner.commit(batch).await
        }
        .boxed()
    }

    fn sweep(&self, limit: usize) -> BoxFuture<'_, Result<usize, EngineError>> {
        self.inner.sweep(limit)
    }

    fn ready(&self) -> bool {
        true
    }
}

/// The same store as `bench`, where `first` happens before the next commit.
fn raced(bench: &Bench, first: impl Future<Output = ()> + Send + 'static) -> Bench {
    let engine = Raced { inner: Arc::clone(&bench.store.engine), first: Mutex::new(Some(first.boxed())) };
    Bench { store: store(Arc::new(engine), &bench.clock), clock: bench.clock.clone() }
}

/// Deletes the configuration.
fn deleted(bench: &Bench, configuration: Uuid) -> impl Future<Output = ()> + Send + 'static {
    let bench = bench.clone();
    async move { assert!(bench.store.configuration_delete(configuration).await.unwrap()) }
}

#[tokio::test]
async fn a_configuration_that_is_deleted_first_stops_creation_redemption_and_issuance() {
    let bench = on_memory();
    let configuration = bench.configuration().await;
    let new = bench.draft(&[configuration], None);
    let race = raced(&bench, deleted(&bench, configuration));
    assert!(matches!(race.store.offer_create(&new).await.unwrap(), OfferCreate::ConfigurationGone));
    assert!(bench.store.offer_find(new.offer.id).await.unwrap().is_none());

    for tx_code in [None, Some("000123")] {
        let (offer, code, configuration) = bench.offer(tx_code).await;
        let race = raced(&bench, deleted(&bench, configuration));
        assert!(matches!(race.redeem(&code, tx_code).await, Redeem::Deleted));
        assert!(bench.store.token_find(&token_of(&code)).await.unwrap().is_none());
        assert_eq!(bench.state(offer).await, OfferState::Deleted);
    }

    let (offer, configuration, _) = bench.redeemed().await;
    let (issued, record) = raced(&bench, deleted(&bench, configuration)).issue(offer, configuration, nonce()).await;
    assert_eq!(issued, Issue::ConfigurationGone);
    assert!(bench.store.issued_find(record.id).await.unwrap().is_none());
}

#[tokio::test]
async fn an_offer_that_is_deleted_first_stops_redemption_and_issuance() {
    let bench = on_memory();
    let deleted = |offer| {
        let bench = bench.clone();
        async move { assert!(bench.store.offer_delete(offer).await.unwrap()) }
    };
    let (offer, code, _) = bench.offer(None).await;
    assert!(matches!(raced(&bench, deleted(offer)).redeem(&code, None).await, Redeem::Deleted));
    assert!(bench.store.token_find(&token_of(&code)).await.unwrap().is_none());

    let (offer, configuration, _) = bench.redeemed().await;
    let (issued, record) = raced(&bench, deleted(offer)).issue(offer, configuration, nonce()).await;
    assert_eq!(issued, Issue::OfferEnded);
    assert!(bench.store.issued_find(record.id).await.unwrap().is_none());
    assert_eq!(bench.state(offer).await, OfferState::Deleted);
}

#[tokio::test]
async fn a_redemption_that_comes_first_wins_over_another_and_loses_to_a_deletion() {
    let bench = on_memory();
    let redeemed = |code: &str| {
        let (bench, code) = (bench.clone(), code.to_owned());
        async move { assert!(matches!(bench.redeem(&code, None).await, Redeem::Redeemed(_))) }
    };
    let (_, code, _) = bench.offer(None).await;
    assert!(matches!(raced(&bench, redeemed(&code)).redeem(&code, None).await, Redeem::AlreadyUsed));

    let (offer, code, _) = bench.offer(None).await;
    assert!(raced(&bench, redeemed(&code)).store.offer_delete(offer).await.unwrap());
    assert!(bench.store.token_find(&token_of(&code)).await.unwrap().is_none());
}

// SEC-TX-01
#[tokio::test]
async fn a_wrong_transaction_code_that_comes_first_counts_before_a_right_one() {
    let bench = on_memory();
    let (offer, code, _) = bench.offer(Some("000123")).await;
    for _ in 0..2 {
        assert!(matches!(bench.redeem(&code, Some("1")).await, Redeem::WrongCode { .. }));
    }
    let (wrong, text) = (bench.clone(), code.clone());
    let race = raced(&bench, async move {
        assert!(matches!(wrong.redeem(&text, Some("1")).await, Redeem::WrongCode { left: 0 }));
    });
    assert!(matches!(race.redeem(&code, Some("000123")).await, Redeem::Locked));
    assert_eq!(bench.state(offer).await, OfferState::Locked);
}

// SEC-PROOF-01
#[tokio::test]
async fn a_nonce_that_is_taken_first_stops_another_offer() {
    let bench = on_memory();
    let (first, configuration, _) = bench.redeemed().await;
    let (second, other, _) = bench.redeemed().await;
    let (faster, nonce) = (bench.clone(), nonce());
    let race = raced(&bench, async move {
        assert!(matches!(faster.issue(first, configuration, nonce).await.0, Issue::Recorded { .. }));
    });
    assert_eq!(race.issue(second, other, nonce).await.0, Issue::NonceTaken);
    assert_eq!(bench.state(second).await, OfferState::Redeemed);
}

#[tokio::test]
async fn a_configuration_deleted_first_is_not_replaced() {
    let bench = on_memory();
    let configuration = bench.configuration().await;
    let race = raced(&bench, deleted(&bench, configuration));
    let (doc_type, document) = (format!("type.{configuration}"), json!({}));
    let saved = race.store.configuration_save(&plain(configuration, &doc_type, &document, true)).await;
    assert_eq!(saved.unwrap(), ConfigurationSave::Unknown);
    assert!(bench.store.configuration_list::<Value>().await.unwrap().is_empty());
}

/// The document of a configuration that names a claim source.
fn naming(source: Uuid) -> Value {
    json!({ "claimSourceId": source })
}

async fn name(bench: &Bench, configuration: Uuid, source: Uuid) -> ConfigurationSave {
    let (doc_type, document) = (format!("type.{configuration}"), naming(source));
    let new = NewConfiguration { claim_source: Some(source), ..plain(configuration, &doc_type, &document, false) };
    bench.store.configuration_save(&new).await.unwrap()
}

#[tokio::test]
async fn a_claim_source_that_is_named_first_is_not_deleted() {
    let bench = on_memory();
    let (source, configuration) = (uuid(), uuid());
    assert!(bench.store.named_save(CLAIM_SOURCES, source, &json!({}), false).await.unwrap());
    let faster = bench.clone();
    let race = raced(&bench, async move {
        assert_eq!(name(&faster, configuration, source).await, ConfigurationSave::Saved);
    });
    let deleted = race.store.named_delete(CLAIM_SOURCES, source).await.unwrap();
    assert_eq!(deleted, Deleted::InUse(configuration));
}

#[tokio::test]
async fn a_claim_source_that_is_deleted_first_is_not_named() {
    let bench = on_memory();
    let source = uuid();
    assert!(bench.store.named_save(CLAIM_SOURCES, source, &json!({}), false).await.unwrap());
    let faster = bench.clone();
    let race = raced(&bench, async move {
        assert_eq!(faster.store.named_delete(CLAIM_SOURCES, source).await.unwrap(), Deleted::Done);
    });
    assert_eq!(name(&race, uuid(), source).await, ConfigurationSave::NoClaimSource);
    assert!(bench.store.configuration_list::<Value>().await.unwrap().is_empty());
    assert!(!bench.store.named_save(CLAIM_SOURCES, source, &json!({}), true).await.unwrap());
}
