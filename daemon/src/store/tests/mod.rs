//! Each verb's outcomes on the memory engine, races on the redb engine.

mod authorization;
mod code_offers;
mod configurations;
mod faster;
mod figures;
mod issue;
mod offers;
mod places;
mod races;
mod redeem;
mod seen;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use super::conformance::start;
use super::documents::{ConfigurationSave, NewConfiguration};
use super::engine::Unobserved;
use super::issued::{Digests, Issuance, Issue, Issued};
use super::memory::MemoryEngine;
use super::offer::{NewOffer, Offer, OfferCreate, OfferSecrets, OfferState, Replay};
use super::redb_engine::RedbEngine;
use super::redeem::{Redeem, Redemption, TxCode, hash_tx_code};
use super::seal::Sealer;
use super::token::{Origin, Token};
use super::{Engine, Store};
use crate::base::clock::{Clock as _, ManualClock};
use crate::base::id::random_uuid;
use crate::base::random::{SystemRandom, bytes};
use crate::base::secret::{Secret, sha256};

const KEY: &[u8] = b"key of transaction codes";
const OFFER_LIFE: Duration = Duration::from_mins(5);
const TOKEN_LIFE: Duration = Duration::from_mins(10);

/// A store with a clock that stands still.
#[derive(Clone)]
struct Bench {
    store: Store,
    clock: Arc<ManualClock>,
}

fn store(engine: Arc<dyn Engine>, clock: &Arc<ManualClock>) -> Store {
    let sealer = Arc::new(Sealer::new(&Secret::new(vec![5; 32])));
    Store::new(engine, sealer, Arc::new(SystemRandom::default()), clock.clone())
}

fn on_memory() -> Bench {
    let clock = start();
    Bench { store: store(Arc::new(MemoryEngine::new(clock.clone())), &clock), clock }
}

/// On a file in `folder`; opened again there, it holds what it held.
fn on_redb(folder: &TempDir, clock: &Arc<ManualClock>) -> Bench {
    let path = folder.path().join("store.redb");
    let engine = RedbEngine::open(&path, clock.clone(), Arc::new(Unobserved)).unwrap();
    Bench { store: store(Arc::new(engine), clock), clock: clock.clone() }
}

fn uuid() -> Uuid {
    random_uuid(&SystemRandom::default()).unwrap()
}

fn word() -> String {
    let random: [u8; 16] = bytes(&SystemRandom::default()).unwrap();
    Uuid::from_bytes(random).simple().to_string()
}

/// A configuration without a claim source.
fn plain<'a>(id: Uuid, doc_type: &'a str, document: &'a Value, replace: bool) -> NewConfiguration<'a, Value> {
    NewConfiguration {
        id,
        type_key: doc_type,
        claim_source: None,
        authentication_provider: None,
        type_metadata: None,
        document,
        replace,
    }
}

fn claims() -> Map<String, Value> {
    json!({ "family_name": "Sommer", "given_name": "Mika" }).as_object().unwrap().clone()
}

impl Bench {
    fn after(&self, life: Duration) -> Timestamp {
        self.clock.now() + life
    }

    async fn configuration(&self) -> Uuid {
        let id = uuid();
        let (doc_type, document) = (format!("type.{id}"), json!({ "id": id }));
        let saved = self.store.configuration_save(&plain(id, &doc_type, &document, false)).await;
        assert_eq!(saved.unwrap(), ConfigurationSave::Saved);
        id
    }

    /// An offer to be stored, with a transaction code or without.
    fn draft(&self, configurations: &[Uuid], tx_code: Option<&str>) -> NewOffer {
        let id = uuid();
        let expires_at = self.after(OFFER_LIFE);
        NewOffer {
            offer: Offer {
                id,
                user_id: uuid(),
                configurations: configurations.to_vec(),
                created_at: self.clock.now(),
                expires_at,
                state: OfferState::Open,
                redeemed_at: None,
                issued_at: None,
                ended_at: None,
                tx_code: tx_code.map(|code| hash_tx_code(KEY, id, code)),
                attempts_left: 3,
                served: vec![0; configurations.len()],
            },
            secrets: OfferSecrets {
                code: word(),
                reference: word(),
                transaction_code: tx_code.map(str::to_owned),
                tx_code: tx_code.map(|_| json!({ "length": 6 })),
                claims: claims(),
            },
            persist: Map::new(),
            idempotency: None,
            secrets_until: expires_at + TOKEN_LIFE,
            keep_until: expires_at + Duration::from_hours(24),
        }
    }

    /// A stored offer of one fresh configuration: its id, code and configuration.
    async fn offer(&self, tx_code: Option<&str>) -> (Uuid, String, Uuid) {
        let configuration = self.configuration().await;
        let new = self.draft(&[configuration], tx_code);
        assert!(matches!(self.store.offer_create(&new).await.unwrap(), OfferCreate::Created));
        (new.offer.id, new.secrets.code, configuration)
    }

    async fn state(&self, offer: Uuid) -> OfferState {
        self.store.offer_find(offer).await.unwrap().unwrap().1
    }

    /// Redeems; the token is the code backwards.
    async fn redeem(&self, code: &str, tx_code: Option<&str>) -> Redeem {
        let request = Redemption {
            code,
            tx_code: tx_code.map(|value| TxCode { value, key: KEY }),
            token: sha256(token_of(code).as_bytes()),
            enrichment: None,
        };
        let expires_at = self.after(TOKEN_LIFE);
        let grant = |offer: &Offer| {
            let identifiers = vec![("first".into(), offer.configurations[0])];
            Some(Token { client_id: Some("wallet".into()), identifiers, ..token_record(offer, expires_at) })
        };
        self.store.offer_redeem(&request, grant).await.unwrap()
    }

    async fn redeemed(&self) -> (Uuid, Uuid, String) {
        let (offer, code, configuration) = self.offer(None).await;
        assert!(matches!(self.redeem(&code, None).await, Redeem::Redeemed(_)));
        (offer, configuration, token_of(&code))
    }

    /// Issues one credential, taking `nonce`.
    async fn issue(&self, offer: Uuid, configuration: Uuid, nonce: [u8; 16]) -> (Issue, Issued) {
        let record = self.record(offer, configuration);
        let issuance = Issuance {
            origin: Origin::PreAuthorized,
            offer,
            configuration,
            nonces: &[(nonce, self.after(Duration::from_mins(5)))],
            records: std::slice::from_ref(&record),
            statuses: &[],
            requests_allowed: 1,
            register_key: None,
            enriched: false,
        };
        (self.store.issuance_record(&issuance).await.unwrap(), record)
    }

    fn record(&self, offer_id: Uuid, configuration_id: Uuid) -> Issued {
        let digests =
            [("family_name".to_owned(), (0, "digest".to_owned())), ("given_name".to_owned(), (1, "digest".to_owned()))];
        Issued {
            id: uuid(),
            user_id: uuid(),
            offer_id,
            configuration_id,
            credential_type: "org.iso.18013.5.1.mDL".into(),
            key_thumbprint: Some("thumbprint".into()),
            digests: Digests::Mdoc {
                mso_hash: "hash".into(),
                namespaces: [("org.iso.18013.5.1".to_owned(), digests.into())].into(),
            },
            document_signer_id: uuid(),
            issued_at: self.clock.now(),
            valid_from: self.clock.now(),
            valid_until: self.after(Duration::from_hours(24)),
        }
    }
}

/// A token for all that an offer has.
fn token_record(offer: &Offer, expires_at: Timestamp) -> Token {
    Token {
        origin: Origin::PreAuthorized,
        offer: offer.id,
        jkt: None,
        client_id: None,
        wallet: None,
        identifiers: Vec::new(),
        configurations: offer.configurations.clone(),
        expires_at,
    }
}

fn token_of(code: &str) -> String {
    code.chars().rev().collect()
}

fn nonce() -> [u8; 16] {
    bytes(&SystemRandom::default()).unwrap()
}
