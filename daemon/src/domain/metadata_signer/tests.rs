use serde_json::json;

use super::*;
use crate::base::clock::ManualClock;
use crate::base::random::{Random, SystemRandom};
use crate::domain::event::Unheard;
use crate::domain::site::Site;
use crate::pki::certificate::{Facts, parse};
use crate::signer::verify;
use crate::store::memory::MemoryEngine;
use crate::store::seal::Sealer;

const DAY: Duration = Duration::from_hours(24);

struct House {
    clock: Arc<ManualClock>,
    store: Store,
    trust: Arc<Trust>,
}

impl House {
    async fn new() -> Self {
        let clock = Arc::new(ManualClock::new("2026-03-10T12:34:56Z".parse().unwrap()));
        let random: Arc<dyn Random> = Arc::new(SystemRandom::default());
        let engine = Arc::new(MemoryEngine::new(clock.clone()));
        let sealer = Arc::new(Sealer::new(&Secret::new(vec![7; 32])));
        let store = Store::new(engine, sealer, random.clone(), clock.clone());
        let site = Site { country: Some("UT".into()), ..Site::of("https://issuer.example/acme", "/acme") };
        let trust = Trust::load(store.clone(), Arc::new(site), clock.clone(), random, Arc::new(Unheard));
        Self { clock, store, trust: Arc::new(trust.await.unwrap()) }
    }

    fn signer(&self, lifetime: Duration) -> MetadataSigner {
        MetadataSigner::managed(self.store.clone(), self.trust.clone(), self.clock.clone(), lifetime)
    }
}

fn part(jws: &str, place: usize) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(jws.split('.').nth(place).unwrap()).unwrap()).unwrap()
}

fn certificate(identity: &Identity) -> &[u8] {
    identity.chain.first().unwrap()
}

// VCI-12.2.3-02, VCI-12.2.3-03, VCI-12.2.3-04, VCI-12.2.3-05
#[tokio::test]
async fn a_document_is_signed_whole() {
    let house = House::new().await;
    house.trust.ensure_active().await.unwrap();
    let signer = house.signer(DAY);
    let identity = signer.identity().await.unwrap().unwrap();
    let metadata = json!({ "credential_issuer": "https://issuer.example/acme", "x": [1, { "y": "ü" }] });
    let document = signer.sign(&identity, metadata.as_object().unwrap()).await.unwrap();
    let header = part(&document.jws, 0);
    assert_eq!((&header["alg"], &header["typ"]), (&json!("ES256"), &json!("openidvci-issuer-metadata+jwt")));
    let der = STANDARD.decode(header["x5c"][0].as_str().unwrap()).unwrap();
    assert_eq!((der.as_slice(), header["x5c"].as_array().unwrap().len()), (certificate(&identity), 1));
    let mut claims = part(&document.jws, 1);
    let now = house.clock.now().as_second();
    assert_eq!((&claims["sub"], &claims["iat"]), (&metadata["credential_issuer"], &json!(now)));
    assert_eq!(claims["exp"], now + 86_400);
    for added in ["sub", "iat", "exp"] {
        claims.as_object_mut().unwrap().remove(added);
    }
    assert_eq!(claims, metadata);
    let (content, signature) = document.jws.rsplit_once('.').unwrap();
    let key = Facts::read(&der).unwrap().key.unwrap();
    assert!(verify(&key, content.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()));
    assert_eq!(document.fresh_until, after(house.clock.now(), DAY / 2));
    let read = parse(&der).unwrap();
    assert_ne!(read.subject(), read.issuer());
    // VCI-12.2.3-07
    assert_ne!(&key, house.trust.signer(house.clock.now()).unwrap().key.public_key());
}

// VCI-12.2.3-06
#[tokio::test]
async fn the_signer_stays_until_it_is_renewed_or_its_iaca_changes() {
    let house = House::new().await;
    assert!(house.signer(DAY).identity().await.unwrap().is_none(), "no IACA yet");
    house.trust.ensure_active().await.unwrap();
    assert!(house.signer(Duration::ZERO).identity().await.unwrap().is_none(), "not wanted");
    let signer = house.signer(DAY);
    let first = signer.identity().await.unwrap().unwrap();
    let again = house.signer(DAY).identity().await.unwrap().unwrap();
    assert_eq!(certificate(&again), certificate(&first), "after a restart");
    house.clock.set(after(house.clock.now(), DAY * 360));
    let again = signer.identity().await.unwrap().unwrap();
    assert_eq!(certificate(&again), certificate(&first));
    house.clock.set(after(house.clock.now(), DAY * 8));
    let renewed = signer.identity().await.unwrap().unwrap();
    assert_ne!(certificate(&renewed), certificate(&first));
    assert_ne!(renewed.key.public_key(), first.key.public_key());
}

#[tokio::test]
async fn one_is_made_however_many_ask_at_once() {
    let house = House::new().await;
    house.trust.ensure_active().await.unwrap();
    let signer = house.signer(DAY);
    let (one, other, third) = tokio::join!(signer.identity(), signer.identity(), signer.identity());
    let all = [one, other, third].map(|identity| identity.unwrap().unwrap());
    assert!(all.iter().all(|identity| Arc::ptr_eq(identity, &all[0])));
}
