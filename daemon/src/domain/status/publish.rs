//! Generates, signs and serves lists.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{Statuses, is_alive, lock, path, status_of};
use crate::base::clock::{Stopwatch, after};
use crate::base::secret::sha256;
use crate::domain::Failure;
use crate::domain::event::{Operation, start};
use crate::domain::trust::ActiveSigner;
use crate::format::status_list::{Bits, ListClaims, ListSigner, StatusArray, prepare_cwt, prepare_jwt};
use crate::signer::verify;
use crate::store::status::{ListKind, SignedList, StatusList};

/// Entries read at a time.
const PAGE: usize = 10_000;
/// How long after a failure a list is tried again.
const RETRY: SignedDuration = SignedDuration::from_secs(10);

/// One form of a list as it is served.
#[derive(Debug, Clone)]
pub struct Form {
    /// What is sent.
    pub body: Bytes,
    /// SHA-256 of it.
    pub digest: [u8; 32],
}

/// A list as it is served.
#[derive(Debug)]
pub struct Published {
    /// The list.
    pub list: StatusList,
    /// Who signed it; unknown of one that was signed before the start.
    pub signer: Option<Uuid>,
    /// `iat`
    pub issued_at: Timestamp,
    /// `exp`
    pub expires_at: Timestamp,
    /// `ttl`, seconds.
    pub ttl: u64,
    /// The JWT form.
    pub jwt: Form,
    /// The same, gzipped.
    pub jwt_gzip: Form,
    /// The CWT form.
    pub cwt: Form,
}

impl Published {
    /// Seconds after which it is signed anew: at the end of its time to live, and so early that there is time to try again.
    fn renewed_after(&self) -> i64 {
        let half = (self.expires_at.as_second() - self.issued_at.as_second()) / 2;
        i64::try_from(self.ttl).unwrap_or(i64::MAX).min(half)
    }
}

/// What a verifier gets.
#[derive(Debug, Clone)]
pub enum Served {
    /// The list, and how many seconds it may be kept.
    Current(Arc<Published>, i64),
    /// It could not be signed anew in time.
    Expired,
    /// There is no such list.
    Unknown,
}

impl Statuses {
    /// A list as verifiers get it, from memory.
    #[must_use]
    pub fn serve(&self, kind: ListKind, id: Uuid) -> Served {
        let now = self.now();
        match self.published.load().get(&id) {
            Some(published) if published.list.kind == kind && is_alive(&published.list, now) => {
                let left = published.expires_at.as_second() - now.as_second();
                let ttl = i64::try_from(published.ttl).unwrap_or(i64::MAX);
                if left <= 0 { Served::Expired } else { Served::Current(Arc::clone(published), left.min(ttl)) }
            }
            _ => Served::Unknown,
        }
    }

    /// The URIs of all lists of a kind that can be loaded.
    #[must_use]
    pub fn distribution(&self, kind: ListKind) -> Vec<String> {
        let now = self.now();
        let lists = self.all().into_iter().filter(|list| list.kind == kind);
        let current =
            lists.filter(|list| matches!(self.serve(kind, list.id), Served::Current(..)) && is_alive(list, now));
        current.map(|list| self.uri(&list)).collect()
    }

    /// Publishes what has changed, and what would else get old. A list that cannot be signed keeps no other from it, and is served
    /// as it was; the first failure is the outcome.
    pub async fn publish_due(&self) -> Result<(), Failure> {
        let (mut first, mut done) = (None, BTreeSet::new());
        // Looked at anew after each, for changes that came meanwhile.
        while let Some(list) = self.due().into_iter().find(|list| !done.contains(list)) {
            done.insert(list);
            if let Err(failure) = self.publish(list).await {
                let later = self.now().saturating_add(RETRY).unwrap_or(Timestamp::MAX);
                lock(&self.retries).insert(list, later);
                self.mark(list);
                tracing::error!(%list, error = %failure, "a status list could not be published; the last one is served on");
                first.get_or_insert(failure);
            }
        }
        first.map_or(Ok(()), Err)
    }

    pub(super) fn due(&self) -> Vec<Uuid> {
        let now = self.now();
        let (published, stale) = (self.published.load(), lock(&self.stale).clone());
        let waits = |id: &Uuid| lock(&self.retries).get(id).is_some_and(|later| now < *later);
        let is_old = |id: &Uuid| {
            published.get(id).is_none_or(|published| {
                let age = now.as_second() - published.issued_at.as_second();
                // One from the future comes from a clock that was set back since.
                age < 0 || age >= published.renewed_after() || self.has_successor(published, now)
            })
        };
        let alive = self.all().into_iter().filter(|list| is_alive(list, now)).map(|list| list.id);
        let mut due: Vec<_> = alive.filter(|id| (stale.contains(id) || is_old(id)) && !waits(id)).collect();
        // A change goes before what only gets old.
        due.sort_by_key(|id| !stale.contains(id));
        due
    }

    /// Whether another signer has taken over from the one that signed a list, by its time or since that one was revoked.
    fn has_successor(&self, published: &Published, now: Timestamp) -> bool {
        let current = self.parts.trust.status_signer(published.list.iaca_id, now).map(|signer| signer.id);
        current.is_some() && published.signer.is_some() && current != published.signer
    }

    /// Whether verifiers can load a list now.
    pub(super) fn is_published(&self, list: &StatusList) -> bool {
        matches!(self.serve(list.kind, list.id), Served::Current(..))
    }

    /// Generates a list from the store, signs it, keeps it and serves it.
    pub(super) async fn publish(&self, id: Uuid) -> Result<(), Failure> {
        let _alone = self.publishing.lock().await;
        let Some(list) = lock(&self.lists).get(&id).cloned() else { return Ok(()) };
        let operation = match list.kind {
            ListKind::Mobile => Operation::MobileCredentialStatusListSign,
            ListKind::SdJwt => Operation::SdJwtCredentialStatusListSign,
        };
        let running = start(Arc::clone(&self.parts.events), operation);
        // What changes from here on is for the next time.
        lock(&self.stale).remove(&id);
        let watch = Stopwatch::start();
        let outcome = self.sign(&list).await;
        self.parts.meters.published(outcome.is_ok().then(|| watch.seconds()));
        self.show(Arc::new(outcome?));
        lock(&self.retries).remove(&id);
        running.succeed();
        Ok(())
    }

    async fn sign(&self, list: &StatusList) -> Result<Published, Failure> {
        let now = self.now();
        let signer = self.parts.trust.status_signer(list.iaca_id, now).ok_or(Failure::NoStatusSigner)?;
        let array = self.array(list).await?;
        let bits = array.bits();
        let compressed = blocking(move || array.compress()).await?;
        let (ttl, expiry) = self.times(list);
        let expires_at = after(now, Duration::from_secs(expiry)).min(signer.not_after);
        let left = u64::try_from(expires_at.as_second() - now.as_second()).unwrap_or(0);
        let claims = ListClaims {
            uri: &self.uri(list),
            issued_at: now.as_second(),
            expires_at: expires_at.as_second(),
            ttl: ttl.min(left).max(1),
            bits,
            compressed: &compressed,
            aggregation_uri: &self.parts.site.url(&format!("{}/distribution", path(list.kind))),
        };
        let tokens = sign_both(&claims, &signer).await?;
        self.parts.store.signed_list_put(list.id, &tokens).await?;
        published(list.clone(), tokens, Some(signer.id)).await
    }

    /// The statuses as the store has them.
    async fn array(&self, list: &StatusList) -> Result<StatusArray, Failure> {
        let bits = if list.bits == 2 { Bits::Two } else { Bits::One };
        let (mut array, mut after) = (StatusArray::new(bits, list.size), None::<Vec<u8>>);
        loop {
            let (entries, next) = self.parts.store.status_entries(list.id, after.as_deref(), PAGE).await?;
            for (index, state) in entries {
                // The store has checked both when the status was set.
                array.set(index, status_of(state));
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(array),
            }
            tokio::task::yield_now().await;
        }
    }

    fn show(&self, new: Arc<Published>) {
        let mut all = BTreeMap::clone(&self.published.load());
        all.insert(new.list.id, new);
        self.published.store(Arc::new(all));
    }

    /// Serves what was signed before the start.
    pub(super) async fn restore_published(&self) -> Result<(), Failure> {
        for list in self.all() {
            if let Some(tokens) = self.parts.store.signed_list(list.id).await? {
                self.show(Arc::new(published(list, tokens, None).await?));
            }
        }
        Ok(())
    }
}

async fn sign_both(claims: &ListClaims<'_>, signer: &ActiveSigner) -> Result<SignedList, Failure> {
    let (key, algorithm) = (signer.key.public_key(), signer.key.algorithm());
    let by = ListSigner { jose: algorithm.jose(), cose: algorithm.cose(), key, certificate: &signer.certificate };
    let (jwt, cwt) = (prepare_jwt(claims, &by), prepare_cwt(claims, &by));
    let jwt_signature = signature(signer, jwt.to_be_signed()).await?;
    let cwt_signature = signature(signer, cwt.to_be_signed()).await?;
    let instant = |second| Timestamp::from_second(second).unwrap_or(Timestamp::MAX);
    Ok(SignedList {
        jwt: jwt.complete(&jwt_signature),
        cwt: cwt.complete(&cwt_signature),
        issued_at: instant(claims.issued_at),
        expires_at: instant(claims.expires_at),
        ttl: claims.ttl,
    })
}

async fn signature(signer: &ActiveSigner, message: &[u8]) -> Result<Vec<u8>, Failure> {
    let signature = signer.key.sign(message).await?;
    // A list that nobody can verify would take the place of one that everybody can.
    if verify(signer.key.public_key(), message, &signature) { Ok(signature) } else { Err(Failure::Signing) }
}

async fn published(list: StatusList, tokens: SignedList, signer: Option<Uuid>) -> Result<Published, Failure> {
    let SignedList { jwt, cwt, issued_at, expires_at, ttl } = tokens;
    let zipped = jwt.clone();
    let jwt_gzip = blocking(move || {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(zipped.as_bytes())?;
        encoder.finish()
    });
    let jwt_gzip = form(jwt_gzip.await?);
    Ok(Published { list, signer, issued_at, expires_at, ttl, jwt: form(jwt.into_bytes()), jwt_gzip, cwt: form(cwt) })
}

fn form(body: Vec<u8>) -> Form {
    Form { digest: sha256(&body), body: body.into() }
}

/// Compression of a full list takes tens of milliseconds, for which no request should wait.
async fn blocking(work: impl FnOnce() -> std::io::Result<Vec<u8>> + Send + 'static) -> Result<Vec<u8>, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| Failure::Compression)?.map_err(|_| Failure::Compression)
}
