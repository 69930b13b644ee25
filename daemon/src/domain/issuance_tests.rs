//! Tests of the credential endpoint's rules over a store in memory, with real document signers and real wallets' proofs.

use std::collections::{BTreeMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use ciborium::Value as Cbor;
use futures_util::future::{BoxFuture, join_all};
use serde_json::{Map, Value, json};

use super::*;
use crate::base::clock::ManualClock;
use crate::base::key::PublicKey;
use crate::base::random::SystemRandom;
use crate::base::secret::Secret;
use crate::domain::configurations::Saved;
use crate::domain::event::Phase;
use crate::domain::proof::tests::Wallet;
use crate::domain::trust::Change;
use crate::signer::{Algorithm, verify};
use crate::store::engine::{Batch, Engine, EngineError, Entry, Outcome, Page, Table};
use crate::store::memory::MemoryEngine;
use crate::store::offer::{NewOffer, OfferCreate, OfferSecrets, OfferState};
use crate::store::redeem::{Redeem, Redemption};
use crate::store::seal::Sealer;
use crate::wire::credential::Selector;
use crate::wire::jwk::thumbprint;

const ISSUER: &str = "https://issuer.example/acme";
const NAMESPACE: &str = "org.example.pass.1";
const DAY: Duration = Duration::from_hours(24);

/// A store in memory that fails to write on demand.
struct Flaky {
    engine: MemoryEngine,
    down: AtomicBool,
}

impl Engine for Flaky {
    fn get<'a>(&'a self, table: Table, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Entry>, EngineError>> {
        self.engine.get(table, key)
    }

    fn scan<'a>(
        &'a self,
        table: Table,
        prefix: &'a [u8],
        after: Option<&'a [u8]>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Page, EngineError>> {
        self.engine.scan(table, prefix, after, limit)
    }

    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<Outcome, EngineError>> {
        if self.down.load(Ordering::SeqCst) {
            return Box::pin(async { Err(EngineError::Unavailable("no disk".into())) });
        }
        self.engine.commit(batch)
    }

    fn sweep(&self, limit: usize) -> BoxFuture<'_, Result<usize, EngineError>> {
        self.engine.sweep(limit)
    }

    fn ready(&self) -> bool {
        self.engine.ready()
    }
}

#[derive(Default)]
pub(super) struct Recorder(Mutex<Vec<String>>);

impl Events for Recorder {
    fn emit(&self, operation: Operation, phase: Phase) {
        self.0.lock().unwrap().push(operation.event(phase).to_owned());
    }
}

impl Recorder {
    pub(super) fn taken(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// An issuer with one configuration, ready to sign.
pub(super) struct House {
    pub(super) issuer: Issuer,
    pub(super) clock: Arc<ManualClock>,
    engine: Arc<Flaky>,
    pub(super) events: Arc<Recorder>,
    pub(super) pass: Uuid,
}

fn site() -> Site {
    Site {
        issuer: ISSUER.into(),
        name: None,
        country: Some("UT".into()),
        issuer_path: "/acme".into(),
        offer_lifetime: DAY,
        offer_lifetime_max: DAY,
        tx_code_attempts: 3,
        requests_per_offer: 1,
        keep_ended: DAY,
        token_lifetime: Duration::from_mins(5),
        batch_size: 5,
    }
}

impl House {
    pub(super) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Site)) -> Self {
        let mut site = site();
        change(&mut site);
        let (site, random) = (Arc::new(site), Arc::new(SystemRandom::default()));
        let clock = Arc::new(ManualClock::new("2026-03-10T12:34:56Z".parse().unwrap()));
        let engine = Arc::new(Flaky { engine: MemoryEngine::new(clock.clone()), down: AtomicBool::new(false) });
        let sealer = Arc::new(Sealer::new(&Secret::new(vec![7; 32])));
        let store = Store::new(engine.clone(), sealer, random.clone(), clock.clone());
        let trust = Trust::load(store.clone(), site.clone(), clock.clone(), random.clone()).await.unwrap();
        let configurations = Configurations::load(store.clone(), clock.clone(), random.clone()).await.unwrap();
        let events = Arc::new(Recorder::default());
        let nonces = NonceIssuer::new(Secret::new(vec![9; 32]), &site.issuer, Duration::from_mins(5));
        let issuer = Issuer {
            store,
            site,
            clock: clock.clone(),
            random,
            nonces: Arc::new(nonces),
            configurations: Arc::new(configurations),
            trust: Arc::new(trust),
            events: events.clone(),
            verify_signatures: true,
        };
        issuer.trust.ensure_active().await.unwrap();
        let mut house = Self { issuer, clock, engine, events, pass: Uuid::nil() };
        house.pass = house.configure("org.example.pass").await;
        house
    }

    async fn configure(&self, doc_type: &str) -> Uuid {
        let body = json!({
            "type": doc_type,
            "claimMappings": {NAMESPACE: {
                "name": {"mapFrom": "claims.name", "type": "string", "required": true},
                "level": {"mapFrom": "claims.level", "type": "string"},
            }},
            "expiresIn": {"days": 30},
            "validUntil": {"mapFrom": "claims.until"},
        });
        match self.issuer.configurations.create(body.as_object().unwrap()).await.unwrap() {
            Saved::Saved(configuration) => configuration.id,
            Saved::Invalid(mistakes) => panic!("{mistakes:?}"),
            Saved::Unknown => panic!("unknown"),
        }
    }

    /// An access token for an offer of `configurations`.
    pub(super) async fn token(&self, configurations: &[Uuid], claims: Value) -> String {
        self.token_for(configurations, claims, json!({}), None).await
    }

    async fn token_for(&self, offered: &[Uuid], claims: Value, persist: Value, client: Option<&str>) -> String {
        let now = self.clock.now();
        let id = crate::base::id::random_uuid(self.issuer.random.as_ref()).unwrap();
        let offer = Offer {
            id,
            user_id: id,
            configurations: offered.to_vec(),
            created_at: now,
            expires_at: after(now, DAY),
            state: OfferState::Open,
            redeemed_at: None,
            issued_at: None,
            ended_at: None,
            tx_code: None,
            attempts_left: 3,
            served: vec![0; offered.len()],
        };
        let secrets = OfferSecrets {
            code: id.to_string(),
            reference: id.simple().to_string(),
            transaction_code: None,
            tx_code: None,
            claims: map(claims),
        };
        let new = NewOffer {
            offer,
            secrets,
            persist: map(persist),
            idempotency: None,
            secrets_until: after(now, DAY),
            keep_until: after(now, DAY),
        };
        assert!(matches!(self.issuer.store.offer_create(&new).await.unwrap(), OfferCreate::Created));
        let token = format!("token-{id}");
        let hash = crate::base::secret::sha256(token.as_bytes());
        let code = id.to_string();
        let redemption = Redemption { code: &code, tx_code: None, token: hash };
        let record = |offer: &Offer| {
            Some(Token {
                offer: offer.id,
                client_id: client.map(str::to_owned),
                identifiers: Vec::new(),
                configurations: offer.configurations.clone(),
                expires_at: after(now, Duration::from_mins(5)),
            })
        };
        assert!(matches!(self.issuer.store.offer_redeem(&redemption, record).await.unwrap(), Redeem::Redeemed(_)));
        token
    }

    pub(super) fn nonce(&self) -> String {
        self.issuer.nonces.issue(self.clock.now(), self.issuer.random.as_ref()).unwrap()
    }

    pub(super) fn request(&self, wallets: &[Wallet], nonce: &str) -> CredentialRequest<'static> {
        let prove = |wallet: &Wallet| wallet.prove(ISSUER, nonce, self.clock.now()).into();
        CredentialRequest {
            selector: Selector::Configuration(self.pass.to_string().into()),
            proofs: Ok(wallets.iter().map(prove).collect()),
            encrypted_response: false,
        }
    }

    pub(super) async fn ask(&self, token: &str, request: &CredentialRequest<'_>) -> Result<IssuanceOutcome, Failure> {
        let authorized = self.issuer.authorize(token).await?.expect("a live token");
        self.issuer.issue(&authorized, request).await
    }

    pub(super) async fn issued(&self, token: &str, request: &CredentialRequest<'_>) -> Vec<String> {
        match self.ask(token, request).await.unwrap() {
            IssuanceOutcome::Issued(issued) => issued.credentials,
            IssuanceOutcome::Refused(refusal) => panic!("{refusal:?}"),
        }
    }

    async fn refused(&self, token: &str, request: &CredentialRequest<'_>) -> Refusal {
        match self.ask(token, request).await.unwrap() {
            IssuanceOutcome::Refused(refusal) => refusal,
            IssuanceOutcome::Issued(_) => panic!("was issued"),
        }
    }

    pub(super) async fn records(&self) -> Vec<Issued> {
        self.issuer.store.issued_list(None, 1000).await.unwrap().0
    }
}

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other}"),
    }
}

pub(super) fn wallets(count: usize) -> Vec<Wallet> {
    (0..count).map(|place| Wallet::new(Algorithm::ALL[place % 3])).collect()
}

/// What a verifier reads in a credential.
struct Seen {
    elements: BTreeMap<String, Cbor>,
    device_key: PublicKey,
    validity: BTreeMap<String, String>,
    salts: Vec<Vec<u8>>,
    verified: bool,
}

fn member<'a>(map: &'a Cbor, name: &str) -> &'a Cbor {
    let found = map.as_map().unwrap().iter().find(|(key, _)| key.as_text() == Some(name));
    &found.unwrap().1
}

fn tagged(value: &Cbor) -> Cbor {
    let Cbor::Tag(24, inner) = value else { panic!("{value:?}") };
    ciborium::from_reader(inner.as_bytes().unwrap().as_slice()).unwrap()
}

fn read(credential: &str, signer: &PublicKey) -> Seen {
    let issuer_signed: Cbor = ciborium::from_reader(B64.decode(credential).unwrap().as_slice()).unwrap();
    let items = member(member(&issuer_signed, "nameSpaces"), NAMESPACE).as_array().unwrap();
    let items: Vec<_> = items.iter().map(tagged).collect();
    let auth = member(&issuer_signed, "issuerAuth").as_array().unwrap();
    let structure = Cbor::Array(vec!["Signature1".into(), auth[0].clone(), Cbor::Bytes(vec![]), auth[2].clone()]);
    let mut message = Vec::new();
    ciborium::into_writer(&structure, &mut message).unwrap();
    let object = tagged(&ciborium::from_reader(auth[2].as_bytes().unwrap().as_slice()).unwrap());
    let validity = member(&object, "validityInfo").as_map().unwrap().iter();
    Seen {
        elements: items
            .iter()
            .map(|item| {
                (member(item, "elementIdentifier").as_text().unwrap().into(), member(item, "elementValue").clone())
            })
            .collect(),
        device_key: device_key(member(member(&object, "deviceKeyInfo"), "deviceKey")),
        validity: validity
            .map(|(name, time)| {
                let Cbor::Tag(0, time) = time else { panic!("{time:?}") };
                (name.as_text().unwrap().to_owned(), time.as_text().unwrap().to_owned())
            })
            .collect(),
        salts: items.iter().map(|item| member(item, "random").as_bytes().unwrap().clone()).collect(),
        verified: verify(signer, &message, auth[3].as_bytes().unwrap()),
    }
}

fn device_key(key: &Cbor) -> PublicKey {
    let part = |label: i64| {
        let found = key.as_map().unwrap().iter().find(|(name, _)| *name == Cbor::from(label));
        found.map(|(_, value)| value.as_bytes().unwrap().clone())
    };
    match (part(-2).unwrap(), part(-3)) {
        (x, None) => PublicKey::Ed25519 { x: x.try_into().unwrap() },
        (x, Some(y)) if x.len() == 32 => PublicKey::P256 { x: x.try_into().unwrap(), y: y.try_into().unwrap() },
        (x, Some(y)) => PublicKey::P384 { x: x.try_into().unwrap(), y: y.try_into().unwrap() },
    }
}

// VCI-8.3-01, VCI-8.3-03, VCI-8.3-04, VCI-8.3-05, VCI-8.3-06, VCI-3.3.2-01, VCI-3.3.2-02, VCI-15.4.1-01, VCI-F.1-16, MDC-MSO-08
#[tokio::test]
async fn a_batch_gives_one_credential_for_each_key_in_their_order() {
    let house = House::new().await;
    let token = house.token(&[house.pass], json!({"name": "Mika", "level": "gold"})).await;
    let wallets = wallets(5);
    let credentials = house.issued(&token, &house.request(&wallets, &house.nonce())).await;
    let signer = house.issuer.trust.signer(house.clock.now()).unwrap();
    let seen: Vec<_> = credentials.iter().map(|text| read(text, signer.key.public_key())).collect();
    assert!(seen.iter().all(|copy| copy.verified));
    assert!(seen.iter().map(|copy| copy.device_key).eq(wallets.iter().map(|wallet| *wallet.key())));
    let elements = [("level".to_owned(), "gold".into()), ("name".to_owned(), "Mika".into())];
    assert!(seen.iter().all(|copy| copy.elements == BTreeMap::from(elements.clone())));
    assert!(seen.iter().all(|copy| copy.validity == seen[0].validity));
    assert_eq!(seen[0].validity["validUntil"], "2026-04-09T00:00:00Z");
    assert!(seen[0].validity["signed"].as_str() <= "2026-03-10T12:34:56Z");
    assert_eq!(seen.iter().flat_map(|copy| &copy.salts).collect::<HashSet<_>>().len(), 10);
}

// VCI-15.3-01, OPS-04: what is kept names keys and digests, and no claim.
#[tokio::test]
async fn records_hold_no_claims() {
    let house = House::new().await;
    let token = house.token(&[house.pass], json!({"name": "MARKER-1", "level": "MARKER-2"})).await;
    let wallets = wallets(2);
    house.issued(&token, &house.request(&wallets, &house.nonce())).await;
    let records = house.records().await;
    let kept: HashSet<_> = records.iter().map(|record| record.key_thumbprint.clone()).collect();
    assert_eq!(kept, wallets.iter().map(|wallet| thumbprint(wallet.key())).collect());
    for record in &records {
        assert_eq!(record.configuration_id, house.pass);
        assert_eq!(record.namespaces[NAMESPACE].keys().collect::<Vec<_>>(), ["level", "name"]);
        assert!(!serde_json::to_string(record).unwrap().contains("MARKER"));
    }
}

#[tokio::test]
async fn every_copy_is_announced() {
    let house = House::new().await;
    let token = house.token(&[house.pass], json!({"name": "Mika"})).await;
    house.issued(&token, &house.request(&wallets(2), &house.nonce())).await;
    let sign = ["MOBILE_CREDENTIAL_SIGN_START", "MOBILE_CREDENTIAL_SIGN_SUCCESS"];
    let start = "USER_CREDENTIAL_CREATE_START";
    let success = "USER_CREDENTIAL_CREATE_SUCCESS";
    assert_eq!(house.events.taken(), [sign[0], sign[1], sign[0], sign[1], start, start, success, success]);
    let again = house.token(&[house.pass], json!({"name": "Mika"})).await;
    house.engine.down.store(true, Ordering::SeqCst);
    assert!(house.ask(&again, &house.request(&wallets(1), &house.nonce())).await.is_err());
    assert_eq!(house.events.taken(), [sign[0], sign[1], start, "USER_CREDENTIAL_CREATE_FAIL"]);
}

// VCI-8.2-05, VCI-8.2-07, VCI-8.2-09, VCI-8.2-12, VCI-8.2-15, VCI-8.3.1.2-06
#[tokio::test]
async fn refusals_come_in_the_order_of_the_request() {
    let house = House::new().await;
    let other = house.configure("org.example.other").await;
    let token = house.token(&[house.pass], json!({"name": "Mika"})).await;
    let good = house.request(&wallets(1), &house.nonce());
    let asking =
        |id: Uuid| CredentialRequest { selector: Selector::Configuration(id.to_string().into()), ..good.clone() };
    let no_proofs = CredentialRequest { proofs: Err(ProofsError::Missing), ..good.clone() };

    let unknown = asking(Uuid::nil());
    assert_eq!(house.refused(&token, &unknown).await, Refusal::Selection(SelectionError::UnknownConfiguration));
    assert_eq!(house.refused(&token, &asking(other)).await, Refusal::Selection(SelectionError::NotGranted));
    let unknown_and_bad =
        CredentialRequest { encrypted_response: true, selector: unknown.selector, ..no_proofs.clone() };
    assert_eq!(house.refused(&token, &unknown_and_bad).await, Refusal::Selection(SelectionError::UnknownConfiguration));
    let encrypted = CredentialRequest { encrypted_response: true, ..no_proofs.clone() };
    assert_eq!(house.refused(&token, &encrypted).await, Refusal::Encryption);
    assert_eq!(house.refused(&token, &no_proofs).await, Refusal::Proofs(ProofsError::Missing));
    let six = house.request(&wallets(6), &house.nonce());
    assert_eq!(house.refused(&token, &six).await, Refusal::Proof(ProofError::TooMany));
    let stale = house.request(&wallets(1), "stale");
    assert_eq!(house.refused(&token, &stale).await, Refusal::Proof(ProofError::NonceUnknown));

    assert!(house.records().await.is_empty(), "nothing was recorded");
    assert_eq!(house.events.taken(), [""; 0], "nothing was signed");
    assert_eq!(house.issued(&token, &good).await.len(), 1);
}

// VCI-13.8-02, SEC-PROOF-01, VCI-14.3-01
#[tokio::test]
async fn a_nonce_and_an_offer_serve_once() {
    let house = House::new().await;
    let first = house.token(&[house.pass], json!({"name": "A"})).await;
    let second = house.token(&[house.pass], json!({"name": "B"})).await;
    let request = house.request(&wallets(1), &house.nonce());
    house.issued(&first, &request).await;
    assert_eq!(house.refused(&second, &request).await, Refusal::NonceTaken);
    let fresh = house.request(&wallets(1), &house.nonce());
    assert_eq!(house.refused(&first, &fresh).await, Refusal::AlreadyIssued);
    house.issued(&second, &fresh).await;
    assert_eq!(house.records().await.len(), 2);
}

// SEC-PROOF-01: a nonce is remembered beyond its end, since a request may have begun before it.
#[tokio::test]
async fn a_taken_nonce_stays_taken_at_its_end() {
    let house = House::with(|site| site.requests_per_offer = 10).await;
    let token = house.token(&[house.pass], json!({"name": "A"})).await;
    let request = house.request(&wallets(1), &house.nonce());
    house.clock.advance(Duration::from_secs(299));
    let authorized = house.issuer.authorize(&token).await.unwrap().unwrap();
    assert!(matches!(house.issuer.issue(&authorized, &request).await, Ok(IssuanceOutcome::Issued(_))));
    assert_eq!(house.issuer.issue(&authorized, &request).await.unwrap(), IssuanceOutcome::Refused(Refusal::NonceTaken));
    let nonces = nonces(&house.issuer.proven(&authorized.token, &request).ok().unwrap());
    house.clock.advance(Duration::from_mins(5));
    let issuance = Issuance {
        offer: authorized.offer.id,
        configuration: house.pass,
        nonces: &nonces,
        records: &[],
        requests_allowed: 10,
    };
    assert_eq!(house.issuer.store.issuance_record(&issuance).await.unwrap(), Issue::NonceTaken);
}

// SEC-BATCH-01, VCI-8.2-13
#[tokio::test]
async fn of_many_requests_at_once_one_is_served() {
    let house = House::with(|site| site.requests_per_offer = 100).await;
    let token = house.token(&[house.pass], json!({"name": "Mika"})).await;
    let request = house.request(&wallets(1), &house.nonce());
    let outcomes = join_all((0..50).map(|_| house.ask(&token, &request))).await;
    let issued = outcomes.iter().filter(|outcome| matches!(outcome, Ok(IssuanceOutcome::Issued(_)))).count();
    let refused = IssuanceOutcome::Refused(Refusal::NonceTaken);
    assert_eq!(issued, 1);
    assert_eq!(outcomes.iter().filter(|outcome| outcome.as_ref().is_ok_and(|outcome| *outcome == refused)).count(), 49);
    assert_eq!(house.records().await.len(), 1);
}

// VCI-8-03, VCI-14.3-02
#[tokio::test]
async fn one_token_serves_each_configuration_of_its_offer() {
    let house = House::new().await;
    let other = house.configure("org.example.other").await;
    let token = house.token(&[house.pass, other], json!({"name": "Mika"})).await;
    house.issued(&token, &house.request(&wallets(1), &house.nonce())).await;
    let selector = Selector::Configuration(other.to_string().into());
    let second = CredentialRequest { selector, ..house.request(&wallets(1), &house.nonce()) };
    house.issued(&token, &second).await;
    let authorized = house.issuer.authorize(&token).await.unwrap().unwrap();
    assert_eq!((authorized.offer.state, authorized.offer.served), (OfferState::Issued, vec![1, 1]));
}

// HTP-ERR-03, VCI-8.2-18
#[tokio::test]
async fn after_a_failure_of_ours_the_same_request_succeeds() {
    let house = House::new().await;
    let token = house.token(&[house.pass], json!({"name": "Mika"})).await;
    let request = house.request(&wallets(2), &house.nonce());
    house.engine.down.store(true, Ordering::SeqCst);
    assert!(matches!(house.ask(&token, &request).await, Err(Failure::Store(_))));
    assert!(house.records().await.is_empty());
    house.engine.down.store(false, Ordering::SeqCst);
    assert_eq!(house.issued(&token, &request).await.len(), 2);
}

#[tokio::test]
async fn without_a_document_signer_nothing_is_used_up() {
    let house = House::new().await;
    let token = house.token(&[house.pass], json!({"name": "Mika"})).await;
    let request = house.request(&wallets(1), &house.nonce());
    let iaca = house.issuer.trust.iacas().unwrap().remove(0).id;
    let active = |active: bool| map(json!({"active": active}));
    let off = house.issuer.trust.iaca_update(iaca, &active(false)).await.unwrap();
    assert!(matches!(off, Change::Done(_)));
    assert!(matches!(house.ask(&token, &request).await, Err(Failure::NoSigner)));
    let on = house.issuer.trust.iaca_update(iaca, &active(true)).await.unwrap();
    assert!(matches!(on, Change::Done(_)));
    assert_eq!(house.issued(&token, &request).await.len(), 1);
}

// BRR-3.1-01, F2-5.3.4-01
#[tokio::test]
async fn tokens_end_with_their_time_and_their_offer() {
    let house = House::new().await;
    let token = house.token(&[house.pass], json!({"name": "Mika"})).await;
    assert!(house.issuer.authorize("unknown").await.unwrap().is_none());
    assert!(house.issuer.authorize("").await.unwrap().is_none());
    let authorized = house.issuer.authorize(&token).await.unwrap().unwrap();
    house.issuer.store.offer_delete(authorized.offer.id).await.unwrap();
    assert!(house.issuer.authorize(&token).await.unwrap().is_none());
    let request = house.request(&wallets(1), &house.nonce());
    let late = house.issuer.issue(&authorized, &request).await.unwrap();
    assert_eq!(late, IssuanceOutcome::Refused(Refusal::OfferEnded));

    let second = house.token(&[house.pass], json!({"name": "Mika"})).await;
    house.clock.advance(Duration::from_secs(299));
    assert!(house.issuer.authorize(&second).await.unwrap().is_some());
    house.clock.advance(Duration::from_secs(1));
    assert!(house.issuer.authorize(&second).await.unwrap().is_none());
}

#[tokio::test]
async fn a_deleted_configuration_issues_nothing() {
    let house = House::new().await;
    let token = house.token(&[house.pass], json!({"name": "Mika"})).await;
    let request = house.request(&wallets(1), &house.nonce());
    // Deleted behind the back of the snapshot: as if between the selection and the record.
    house.issuer.store.configuration_delete(house.pass).await.unwrap();
    assert_eq!(house.refused(&token, &request).await, Refusal::ConfigurationGone);
    house.issuer.configurations.delete(house.pass).await.unwrap();
    let refused = house.refused(&token, &request).await;
    assert!(matches!(refused, Refusal::Selection(SelectionError::UnknownConfiguration) | Refusal::ConfigurationGone));
    assert!(house.records().await.is_empty());
}

// HTP-ERR-02, VCI-8.3.1.2-05: what cannot be issued is denied without a word of the data.
#[tokio::test]
async fn claims_that_do_not_make_a_credential_are_denied() {
    let house = House::new().await;
    for (claims, wanted) in [
        (json!({}), "Claim"),
        (json!({"name": null}), "Claim"),
        (json!({"name": {"MARKER": 1}}), "Claim"),
        (json!({"name": "MARKER", "until": "2020-01-01"}), "Validity(Empty)"),
        (json!({"name": "MARKER", "until": "MARKER"}), "Validity(NotATime"),
    ] {
        let token = house.token(&[house.pass], claims.clone()).await;
        let refusal = house.refused(&token, &house.request(&wallets(1), &house.nonce())).await;
        let shown = format!("{refusal:?} {refusal}");
        assert!(shown.starts_with(wanted), "{claims} {shown}");
        assert!(!shown.contains("MARKER"), "{shown}");
    }
    assert!(house.records().await.is_empty());
}

#[tokio::test]
async fn claims_of_the_offer_come_after_those_of_the_user() {
    let house = House::new().await;
    let persist = json!({"name": "Old", "level": "silver"});
    let token = house.token_for(&[house.pass], json!({"name": "Mika"}), persist, None).await;
    let credentials = house.issued(&token, &house.request(&wallets(1), &house.nonce())).await;
    let signer = house.issuer.trust.signer(house.clock.now()).unwrap();
    let seen = read(&credentials[0], signer.key.public_key());
    let expected = [("level".to_owned(), "silver".into()), ("name".to_owned(), "Mika".into())];
    assert_eq!(seen.elements, expected.into());
}
