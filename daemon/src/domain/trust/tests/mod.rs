//! The life of IACAs and document signers, checked with `openssl` where certificates leave the house.

mod iacas;
mod revocation;
mod signers;
mod unmanaged;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::model::{self, Document};
use super::{Change, IacaView, Leaf, PLACE, SignerView, Trust};
use crate::base::clock::{Clock, ManualClock, SystemClock};
use crate::base::random::SystemRandom;
use crate::base::secret::Secret;
use crate::domain::Failure;
use crate::domain::event::Unheard;
use crate::domain::site::Site;
use crate::pki::certificate::Facts;
use crate::pki::testing::{ForeignIaca, Openssl};
use crate::pki::{days_after, pem};
use crate::signer::verify;
use crate::store::Store;
use crate::store::memory::MemoryEngine;
use crate::store::seal::Sealer;
use crate::store::tables::TRUST;

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// A trust over an empty store, and what it stands on.
struct House {
    trust: Trust,
    store: Store,
    clock: Arc<ManualClock>,
    site: Site,
}

fn site() -> Site {
    Site { country: Some("UT".into()), name: None, ..Site::of("https://issuer.example:8443/acme", "/acme") }
}

impl House {
    async fn new() -> Self {
        // openssl reads the clock of the machine, so ours starts there.
        Self::at(SystemClock.now()).await
    }

    async fn at(start: Timestamp) -> Self {
        let clock = Arc::new(ManualClock::new(start));
        let engine = Arc::new(MemoryEngine::new(clock.clone()));
        let sealer = Arc::new(Sealer::new(&Secret::new(vec![7; 32])));
        let store = Store::new(engine, sealer, Arc::new(SystemRandom::default()), clock.clone());
        let site = site();
        let trust = load(&store, &site, &clock).await;
        Self { trust, store, clock, site }
    }

    /// What a restart would find.
    async fn again(&self) -> Trust {
        load(&self.store, &self.site, &self.clock).await
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn create(&self, body: Value) -> IacaView {
        done(self.trust.iaca_create(&object(body)).await)
    }

    async fn activate(&self, id: Uuid) -> IacaView {
        done(self.trust.iaca_update(id, &object(json!({"active": true}))).await)
    }

    async fn active(&self) -> IacaView {
        let iaca = self.create(json!({})).await;
        self.activate(iaca.id).await
    }

    async fn document(&self) -> Document {
        self.store.document_find(TRUST, PLACE).await.unwrap().unwrap().0
    }

    /// Replaces the document behind the back of the trust.
    async fn tamper(&self, change: impl FnOnce(&mut Document)) {
        let (mut document, version) = self.store.document_find::<Document>(TRUST, PLACE).await.unwrap().unwrap();
        change(&mut document);
        assert!(self.store.document_put(TRUST, PLACE, &document, Some(version)).await.unwrap());
    }
}

async fn load(store: &Store, site: &Site, clock: &Arc<ManualClock>) -> Trust {
    let random = Arc::new(SystemRandom::default());
    Trust::load(store.clone(), Arc::new(site.clone()), clock.clone(), random, Arc::new(Unheard)).await.unwrap()
}

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(object) = value else { panic!("not an object: {value}") };
    object
}

fn done<T: std::fmt::Debug>(change: Result<Change<T>, Failure>) -> T {
    match change.unwrap() {
        Change::Done(value) => value,
        other => panic!("not done: {other:?}"),
    }
}

/// `param: msg` of each mistake.
fn mistakes<T: std::fmt::Debug>(change: Result<Change<T>, Failure>) -> Vec<String> {
    match change.unwrap() {
        Change::Invalid(details) => details.into_iter().map(|it| format!("{}: {}", it.param, it.msg)).collect(),
        other => panic!("not refused: {other:?}"),
    }
}

fn date(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Whether openssl accepts the document signer under its IACA at `now` and with the CRL.
fn accepted(house: &House, signer: &SignerView) -> (bool, String) {
    let openssl = Openssl::new();
    openssl.write("root.pem", house.trust.iaca(signer.iaca_id).unwrap().unwrap().certificate.certificate_pem);
    openssl.write("signer.pem", &signer.certificate.as_ref().unwrap().certificate_pem);
    openssl.write("crl.der", house.trust.crl(signer.iaca_id).unwrap().der);
    openssl.run("crl -inform DER -in crl.der -out crl.pem");
    let at = house.now().as_second();
    openssl
        .attempt(&format!("verify -x509_strict -attime {at} -crl_check -CAfile root.pem -CRLfile crl.pem signer.pem"))
}
