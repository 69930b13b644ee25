//! Status lists over a store in memory, with a real status list signer.

mod allocation;
mod bulk;
mod figures;
mod publish;
mod set;

use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use flate2::read::ZlibDecoder;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::*;
use crate::base::clock::ManualClock;
use crate::base::id::ordered_uuid;
use crate::base::random::SystemRandom;
use crate::domain::event::Unheard;
use crate::store::engine::Engine;
use crate::store::memory::MemoryEngine;
use crate::store::seal::Sealer;
use crate::store::status::CredentialStatus;

const DAY: Duration = Duration::from_hours(24);
pub(super) const PASS: &str = "org.example.pass";

/// Counts what it is told.
#[derive(Default)]
struct Counted {
    changed: Mutex<Vec<(Status, u64)>>,
    published: Mutex<Vec<bool>>,
}

impl StatusMeters for Counted {
    fn changed(&self, status: Status, count: u64) {
        lock(&self.changed).push((status, count));
    }

    fn published(&self, seconds: Option<f64>) {
        lock(&self.published).push(seconds.is_some());
    }
}

struct House {
    statuses: Arc<Statuses>,
    store: Store,
    trust: Arc<Trust>,
    clock: Arc<ManualClock>,
    meters: Arc<Counted>,
    iaca: Uuid,
}

fn site() -> Site {
    Site { country: Some("UT".into()), ..Site::of("https://issuer.example/acme", "/acme") }
}

impl House {
    async fn new() -> Self {
        let clock = Arc::new(ManualClock::new("2026-03-10T12:34:56Z".parse().unwrap()));
        Self::over(Arc::new(MemoryEngine::new(clock.clone())), clock).await
    }

    async fn over(engine: Arc<dyn Engine>, clock: Arc<ManualClock>) -> Self {
        let random = Arc::new(SystemRandom::default());
        let sealer = Arc::new(Sealer::new(&Secret::new(vec![7; 32])));
        let store = Store::new(engine, sealer, random.clone(), clock.clone());
        let trust =
            Trust::load(store.clone(), Arc::new(site()), clock.clone(), random, Arc::new(Unheard)).await.unwrap();
        trust.ensure_active().await.unwrap();
        let iaca = trust.iacas().unwrap()[0].id;
        let (trust, meters) = (Arc::new(trust), Arc::new(Counted::default()));
        let statuses = Self::load(&store, &trust, &clock, &meters).await;
        Self { statuses, store, trust, clock, meters, iaca }
    }

    async fn load(store: &Store, trust: &Arc<Trust>, clock: &Arc<ManualClock>, meters: &Arc<Counted>) -> Arc<Statuses> {
        let parts = StatusParts {
            store: store.clone(),
            site: Arc::new(site()),
            clock: clock.clone(),
            random: Arc::new(SystemRandom::default()),
            trust: Arc::clone(trust),
            events: Arc::new(Unheard),
            meters: meters.clone(),
            defaults: Defaults { list_size: 1_000, ttl: 3_600, expiry: 604_800 },
        };
        Arc::new(Statuses::load(parts).await.unwrap())
    }

    /// The same over the same store, as after a restart.
    async fn restarted(self) -> Self {
        let statuses = Self::load(&self.store, &self.trust, &self.clock, &self.meters).await;
        Self { statuses, ..self }
    }

    fn of(&self, credential_type: &str) -> ListFor {
        ListFor { kind: ListKind::Mobile, credential_type: credential_type.into(), iaca_id: self.iaca }
    }

    async fn configure(&self, credential_type: &str, change: Value) -> Uuid {
        let mut body = json!({
            "docType": credential_type, "timeToLiveDuration": {"hours": 1}, "expiryDuration": {"days": 7},
        });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        match self.statuses.configuration_create(ListKind::Mobile, body.as_object().unwrap()).await.unwrap() {
            crate::domain::saved::Saved::Saved(made) => made["id"].as_str().unwrap().parse().unwrap(),
            crate::domain::saved::Saved::Invalid(mistakes) => panic!("{mistakes:?}"),
            crate::domain::saved::Saved::Unknown => panic!("unknown"),
        }
    }

    /// A credential with a place in a list, as an issuance leaves it.
    async fn issue(&self, change: impl FnOnce(&mut CredentialStatus)) -> (Uuid, Allocated) {
        let place = self.statuses.allocate(&self.of(PASS), 1).await.unwrap().remove(0);
        let id = ordered_uuid(self.clock.now(), &SystemRandom::default()).unwrap();
        let mut status = CredentialStatus {
            list: place.list,
            index: place.reference.index,
            state: State::Valid,
            changed_at: None,
            reason: None,
            user_id: Uuid::from_u128(1),
            offer_id: Uuid::from_u128(2),
            configuration_id: Uuid::from_u128(3),
            document_signer_id: Uuid::from_u128(4),
            client_id: Some("wallet".into()),
            wallet_provider: Some("provider".into()),
            key_thumbprint: Some("thumbprint".into()),
            issued_at: self.clock.now(),
        };
        change(&mut status);
        self.store.status_plant(id, &status).await;
        (id, place)
    }

    async fn set(&self, credential: Uuid, status: &str) -> SetOutcome {
        let body = json!({ "status": status });
        self.statuses.set(ListKind::Mobile, credential, body.as_object().unwrap()).await.unwrap()
    }

    fn served(&self, list: Uuid) -> Arc<Published> {
        match self.statuses.serve(ListKind::Mobile, list) {
            Served::Current(published, _) => published,
            other => panic!("{other:?}"),
        }
    }

    /// The number at a place of a published list, read from its JWT form.
    fn said(&self, list: Uuid, index: u32) -> u8 {
        let claims = claims(&self.served(list));
        let bits = u32::try_from(claims["status_list"]["bits"].as_u64().unwrap()).unwrap();
        let bytes = inflate(&B64.decode(claims["status_list"]["lst"].as_str().unwrap()).unwrap());
        let at = index * bits;
        (bytes[usize::try_from(at / 8).unwrap()] >> (at % 8)) & ((1 << bits) - 1)
    }
}

fn inflate(compressed: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    ZlibDecoder::new(compressed).read_to_end(&mut out).unwrap();
    out
}

fn part(jwt: &[u8], place: usize) -> Value {
    let part = std::str::from_utf8(jwt).unwrap().split('.').nth(place).unwrap();
    serde_json::from_slice(&B64.decode(part).unwrap()).unwrap()
}

fn claims(published: &Published) -> Value {
    part(&published.jwt.body, 1)
}

#[expect(clippy::needless_pass_by_value, reason = "callers write JSON in place")]
fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
