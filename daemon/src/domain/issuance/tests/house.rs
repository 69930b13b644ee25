//! An issuer over a store in memory, with a real document signer.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};

use super::super::*;
use crate::base::clock::ManualClock;
use crate::base::random::SystemRandom;
use crate::base::secret::Secret;
use crate::domain::authorization::Authorizations;
use crate::domain::claim_source::catalog::{Saved as SavedSource, SourceParts};
use crate::domain::configuration::catalog::Saved;
use crate::domain::event::{Phase, Unheard};
use crate::domain::hook::AuthHookRule;
use crate::domain::offer::request::pre_authorized;
use crate::domain::offer::{Created, Offers};
use crate::domain::outbound::Reach;
use crate::domain::outbound::testing::Network;
use crate::domain::proof::tests::support::Wallet;
use crate::domain::roster::{LiveRoster, Places};
use crate::domain::site::CodeFlow;
use crate::domain::status::{Defaults, Status, StatusMeters, StatusParts};
use crate::domain::testing::Told;
use crate::domain::token::Tokens;
use crate::signer::Algorithm;
use crate::store::engine::{Batch, Engine, EngineError, Entry, Outcome, Page, Table};
use crate::store::memory::MemoryEngine;
use crate::store::offer::{NewOffer, OfferCreate, OfferSecrets, OfferState};
use crate::store::redeem::{Redeem, Redemption};
use crate::store::seal::Sealer;
use crate::wire::credential::{Proofs, Selector};

pub(super) const ISSUER: &str = "https://issuer.example/acme";
pub(super) const NAMESPACE: &str = "org.example.pass.1";
pub(super) const DAY: Duration = Duration::from_hours(24);

/// A store in memory that fails to write on demand.
pub(super) struct Flaky {
    engine: MemoryEngine,
    pub(super) down: AtomicBool,
    /// Reads of single entries.
    pub(super) reads: AtomicUsize,
}

impl Engine for Flaky {
    fn get<'a>(&'a self, table: Table, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Entry>, EngineError>> {
        self.reads.fetch_add(1, Ordering::SeqCst);
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
    pub(super) engine: Arc<Flaky>,
    pub(super) events: Arc<Recorder>,
    pub(super) plugins: Arc<Told>,
    pub(super) roster: LiveRoster,
    pub(super) network: Arc<Network>,
    pub(super) pass: Uuid,
}

pub(super) fn site() -> Site {
    Site {
        name: None,
        country: Some("UT".into()),
        offer_lifetime: DAY,
        offer_lifetime_max: DAY,
        keep_ended: DAY,
        token_lifetime: Duration::from_mins(5),
        batch_size: 5,
        code_flow: CodeFlow::default(),
        ..Site::of(ISSUER, "/acme")
    }
}

/// Counts nothing.
struct Unmetered;

impl StatusMeters for Unmetered {
    fn changed(&self, _: Status, _: u64) {}

    fn published(&self, _: Option<f64>) {}
}

async fn statuses(store: &Store, site: &Arc<Site>, clock: &Arc<ManualClock>, trust: &Arc<Trust>) -> Arc<Statuses> {
    let parts = StatusParts {
        store: store.clone(),
        site: Arc::clone(site),
        clock: clock.clone(),
        random: Arc::new(SystemRandom::default()),
        trust: Arc::clone(trust),
        events: Arc::new(Unheard),
        meters: Arc::new(Unmetered),
        defaults: Defaults { list_size: 100_000, ttl: 3_600, expiry: 604_800 },
    };
    Arc::new(Statuses::load(parts).await.unwrap())
}

impl House {
    pub(super) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(super) async fn with(change: impl FnOnce(&mut Site)) -> Self {
        Self::with_plugins(change, Vec::new(), BTreeMap::new()).await
    }

    /// With auth hooks, and credential types bound to plugins.
    pub(super) async fn with_plugins(
        change: impl FnOnce(&mut Site),
        rules: Vec<AuthHookRule>,
        bindings: BTreeMap<String, String>,
    ) -> Self {
        let mut site = site();
        change(&mut site);
        let (site, random) = (Arc::new(site), Arc::new(SystemRandom::default()));
        let clock = Arc::new(ManualClock::new("2026-03-10T12:34:56Z".parse().unwrap()));
        let engine = Arc::new(Flaky { engine: MemoryEngine::new(clock.clone()), down: false.into(), reads: 0.into() });
        let sealer = Arc::new(Sealer::new(&Secret::new(vec![7; 32])));
        let store = Store::new(engine.clone(), sealer, random.clone(), clock.clone());
        let trust =
            Trust::load(store.clone(), site.clone(), clock.clone(), random.clone(), Arc::new(Unheard)).await.unwrap();
        let trust = Arc::new(trust);
        let configurations = Configurations::load(store.clone(), clock.clone(), random.clone()).await.unwrap();
        let (events, plugins) = (Arc::new(Recorder::default()), Arc::new(Told::default()));
        let roster = LiveRoster::new(Places { bindings, rules }, plugins.clone());
        let hooks = Hooks::new(roster.clone(), events.clone());
        let network = Arc::new(Network::default());
        let parts = SourceParts {
            store: store.clone(),
            clock: clock.clone(),
            random: random.clone(),
            roster: roster.clone(),
            events: events.clone(),
            outbound: network.clone(),
            reach: Reach::default(),
        };
        let claim_sources = Arc::new(ClaimSources::load(parts).await.unwrap());
        let nonces = NonceIssuer::new(Secret::new(vec![9; 32]), &site.issuer, Duration::from_mins(5));
        let issuer = Issuer {
            store: store.clone(),
            site: site.clone(),
            clock: clock.clone(),
            random,
            nonces: Arc::new(nonces),
            configurations: Arc::new(configurations),
            hooks: Arc::new(hooks),
            claim_sources,
            statuses: statuses(&store, &site, &clock, &trust).await,
            trust,
            attesters: crate::pki::chain::Anchors::default(),
            events: events.clone(),
            verify_signatures: true,
        };
        issuer.trust.ensure_active().await.unwrap();
        let mut house = Self { issuer, clock, engine, events, plugins, roster, network, pass: Uuid::nil() };
        house.pass = house.configure("org.example.pass").await;
        house
    }

    pub(super) async fn configure(&self, doc_type: &str) -> Uuid {
        self.configure_from(doc_type, None).await
    }

    /// With a claim source.
    pub(super) async fn configure_from(&self, doc_type: &str, claim_source: Option<Uuid>) -> Uuid {
        let mut body = json!({
            "type": doc_type,
            "claimMappings": {NAMESPACE: {
                "name": {"mapFrom": "claims.name", "type": "string", "required": true},
                "level": {"mapFrom": "claims.level", "type": "string"},
            }},
            "expiresIn": {"days": 30},
            "validUntil": {"mapFrom": "claims.until"},
        });
        if let Some(id) = claim_source {
            body["claimSourceId"] = json!(id);
        }
        match self
            .issuer
            .configurations
            .create(crate::format::CredentialFormat::MsoMdoc, body.as_object().unwrap())
            .await
            .unwrap()
        {
            Saved::Saved(configuration) => configuration.id,
            Saved::Invalid(mistakes) => panic!("{mistakes:?}"),
            Saved::Unknown => panic!("unknown"),
        }
    }

    /// A claim source.
    pub(super) async fn claim_source(&self, body: Value) -> Uuid {
        match self.issuer.claim_sources.create(&map(body)).await.unwrap() {
            SavedSource::Saved(shown) => shown["id"].as_str().unwrap().parse().unwrap(),
            SavedSource::Invalid(mistakes) => panic!("{mistakes:?}"),
            SavedSource::Unknown => panic!("unknown"),
        }
    }

    /// Makes offers.
    pub(super) fn offers(&self) -> Offers {
        Offers {
            store: self.issuer.store.clone(),
            site: Arc::clone(&self.issuer.site),
            clock: self.clock.clone(),
            random: Arc::clone(&self.issuer.random),
            configurations: Arc::clone(&self.issuer.configurations),
            hooks: Arc::clone(&self.issuer.hooks),
            claim_sources: Arc::clone(&self.issuer.claim_sources),
            trust: Arc::clone(&self.issuer.trust),
            tx_code_key: Secret::new(vec![3; 32]),
            idempotency_key: Secret::new(vec![4; 32]),
        }
    }

    /// Redeems codes.
    pub(super) fn tokens(&self) -> Tokens {
        Tokens {
            store: self.issuer.store.clone(),
            site: Arc::clone(&self.issuer.site),
            clock: self.clock.clone(),
            random: Arc::clone(&self.issuer.random),
            tx_code_key: Secret::new(vec![3; 32]),
            configurations: Arc::clone(&self.issuer.configurations),
            hooks: Arc::clone(&self.issuer.hooks),
        }
    }

    /// Grants authorizations.
    pub(super) fn authorizations(&self) -> Authorizations {
        Authorizations {
            store: self.issuer.store.clone(),
            site: Arc::clone(&self.issuer.site),
            clock: self.clock.clone(),
            random: Arc::clone(&self.issuer.random),
            configurations: Arc::clone(&self.issuer.configurations),
            hooks: Arc::clone(&self.issuer.hooks),
            refresh_key: Secret::new(vec![4; 32]),
        }
    }

    /// Asks for an offer.
    pub(super) async fn offer(&self, body: Value) -> Created {
        let body = map(body);
        let request = pre_authorized(&body, |_| true, 86_400).unwrap();
        self.offers().create(&request, None).await.unwrap()
    }

    /// An access token for an offer of `configurations`.
    pub(super) async fn token(&self, configurations: &[Uuid], claims: Value) -> String {
        self.token_for(configurations, claims, json!({}), None).await
    }

    pub(super) async fn token_for(
        &self,
        offered: &[Uuid],
        claims: Value,
        persist: Value,
        client: Option<&str>,
    ) -> String {
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
        let redemption = Redemption { code: &code, tx_code: None, token: hash, enrichment: None };
        let record = |offer: &Offer| {
            Some(Token {
                origin: Origin::PreAuthorized,
                offer: offer.id,
                jkt: None,
                client_id: client.map(str::to_owned),
                wallet: None,
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
            proofs: Ok(Proofs::Jwt(wallets.iter().map(prove).collect())),
            encryption: Ok(None),
        }
    }

    pub(super) async fn ask(&self, token: &str, request: &CredentialRequest<'_>) -> Result<IssuanceOutcome, Failure> {
        let authorized = self.issuer.authorize(token).await?.expect("a live token");
        self.issuer.issue(&authorized, request, &Caller::default()).await
    }

    pub(super) async fn issued(&self, token: &str, request: &CredentialRequest<'_>) -> Vec<String> {
        match self.ask(token, request).await.unwrap() {
            IssuanceOutcome::Issued(issued) => issued.credentials,
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn refused(&self, token: &str, request: &CredentialRequest<'_>) -> Refusal {
        match self.ask(token, request).await.unwrap() {
            IssuanceOutcome::Refused(refusal) => refusal,
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn records(&self) -> Vec<Issued> {
        self.issuer.store.issued_list(None, 1000).await.unwrap().0
    }
}

pub(super) fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other}"),
    }
}

pub(super) fn wallets(count: usize) -> Vec<Wallet> {
    (0..count).map(|place| Wallet::new(Algorithm::ALL[place % 3])).collect()
}
