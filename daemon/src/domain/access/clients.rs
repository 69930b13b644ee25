//! Clients of the management API and their access tokens (JWT, RFC 9068 in shape).
//!
//! A token names its client; role and existence are read from the client as it is now, so that a removed client's tokens end
//! with it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Role;
use crate::base::random::{Random, bytes};
use crate::base::secret::{same, sha256};
use crate::domain::Failure;
use crate::domain::mirror::Mirror;
use crate::signer::{SoftwareKey, verify};
use crate::store::Store;
use crate::store::client::Client;

/// Life of a management access token.
pub const TOKEN_LIFETIME: Duration = Duration::from_hours(24);
/// Tokens whose signature need not be checked again. An installation has a handful of clients; the bound is against floods.
const MOST_VERIFIED: usize = 1024;
const HEADER: &[u8] = br#"{"alg":"ES256","typ":"at+jwt"}"#;

#[derive(Clone, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    client_id: String,
    jti: String,
    iat: i64,
    exp: i64,
}

/// A client that was just added, with the secret that is shown once.
pub struct NewClient {
    /// The stored client.
    pub client: Client,
    /// Its secret.
    pub secret: String,
}

/// Adds and removes clients; makes and checks their access tokens.
pub struct Clients {
    store: Store,
    random: Arc<dyn Random>,
    key: SoftwareKey,
    issuer: String,
    mirror: Mirror<BTreeMap<String, Client>>,
    verified: Mutex<HashMap<[u8; 32], Claims>>,
}

impl Clients {
    /// Loads the clients; tokens are signed with `key` and name `issuer`.
    pub async fn load(
        store: Store,
        random: Arc<dyn Random>,
        key: SoftwareKey,
        issuer: String,
    ) -> Result<Self, Failure> {
        let clients = Self { store, random, key, issuer, mirror: Mirror::default(), verified: Mutex::default() };
        clients.refresh().await?;
        Ok(clients)
    }

    async fn refresh(&self) -> Result<(), Failure> {
        let read = async {
            let all = self.store.client_list().await?;
            Ok(all.into_iter().map(|client| (client.id.clone(), client)).collect())
        };
        self.mirror.follow(read).await
    }

    /// All clients, by id.
    #[must_use]
    pub fn all(&self) -> Arc<BTreeMap<String, Client>> {
        self.mirror.get()
    }

    /// Adds a client with a fresh id and secret.
    pub async fn add(&self, name: &str, role: Role, now: Timestamp) -> Result<NewClient, Failure> {
        let id = B64.encode(bytes::<16>(self.random.as_ref())?);
        self.put(&id, name, role, now).await
    }

    /// Adds or replaces the client `id`, with a fresh secret.
    pub async fn put(&self, id: &str, name: &str, role: Role, now: Timestamp) -> Result<NewClient, Failure> {
        let secret = B64.encode(bytes::<32>(self.random.as_ref())?);
        let client = Client {
            id: id.to_owned(),
            name: name.to_owned(),
            role: role.name().to_owned(),
            secret: sha256(secret.as_bytes()),
            created_at: now,
        };
        self.store.client_put(&client).await?;
        self.refresh().await?;
        Ok(NewClient { client, secret })
    }

    /// Removes a client, and with it its tokens; `false` when there was none.
    pub async fn remove(&self, id: &str) -> Result<bool, Failure> {
        let existed = self.store.client_remove(id).await?;
        self.refresh().await?;
        Ok(existed)
    }

    /// Exchanges client credentials for an access token; `None` for an unknown client or a wrong secret.
    pub fn token(&self, id: &str, secret: &str, now: Timestamp) -> Result<Option<String>, Failure> {
        let all = self.all();
        let client = all.get(id);
        // An unknown client costs the same comparison as a known one.
        let expected = client.map_or([0; 32], |client| client.secret);
        let right = same(&expected, &sha256(secret.as_bytes()));
        match client.filter(|_| right) {
            Some(client) => self.sign(&client.id, now).map(Some),
            None => Ok(None),
        }
    }

    /// A token for a client, without its secret; for the daemon's own use.
    pub fn sign(&self, client: &str, now: Timestamp) -> Result<String, Failure> {
        let iat = now.as_second();
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.issuer.clone(),
            sub: client.to_owned(),
            client_id: client.to_owned(),
            jti: B64.encode(bytes::<16>(self.random.as_ref())?),
            iat,
            exp: iat.saturating_add(i64::try_from(TOKEN_LIFETIME.as_secs()).unwrap_or(i64::MAX)),
        };
        let payload = serde_json::to_vec(&claims).map_err(|_| Failure::Signing)?;
        let signed = format!("{}.{}", B64.encode(HEADER), B64.encode(payload));
        let signature = self.key.sign_now(signed.as_bytes()).map_err(|_| Failure::Signing)?;
        Ok(format!("{signed}.{}", B64.encode(signature)))
    }

    /// The client and role of a valid token.
    #[must_use]
    pub fn verify(&self, token: &str, now: Timestamp) -> Option<(String, Role)> {
        let hash = sha256(token.as_bytes());
        let known = self.verified.lock().unwrap_or_else(PoisonError::into_inner).get(&hash).cloned();
        let claims = match known {
            Some(claims) => claims,
            None => self.remember(hash, self.check(token)?),
        };
        let live = claims.iss == self.issuer && claims.aud == self.issuer && now.as_second() < claims.exp;
        let role = Role::named(&self.all().get(&claims.client_id)?.role)?;
        live.then_some((claims.client_id, role))
    }

    fn remember(&self, hash: [u8; 32], claims: Claims) -> Claims {
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        if verified.len() >= MOST_VERIFIED {
            verified.clear();
        }
        verified.insert(hash, claims.clone());
        claims
    }

    fn check(&self, token: &str) -> Option<Claims> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        // Only our own tokens are accepted, and those have this header to the letter.
        let ours = B64.decode(header).ok()? == HEADER;
        let signature = B64.decode(signature).ok()?;
        if !ours || !verify(self.key.public_key(), signed.as_bytes(), &signature) {
            return None;
        }
        serde_json::from_slice(&B64.decode(payload).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::{Clock as _, SystemClock};
    use crate::base::random::SystemRandom;
    use crate::base::secret::Secret;
    use crate::signer::Algorithm;
    use crate::store::engine::Unobserved;
    use crate::store::redb_engine::RedbEngine;
    use crate::store::seal::Sealer;

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_removed_client_does_not_come_back_however_many_change_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom::default()));
        let engine = RedbEngine::open(&folder.path().join("store.redb"), clock.clone(), Arc::new(Unobserved)).unwrap();
        let sealer = Arc::new(Sealer::new(&Secret::new(vec![5; 32])));
        let store = Store::new(Arc::new(engine), sealer, random.clone(), clock);
        let pkcs8 = SoftwareKey::generate_pkcs8(Algorithm::Es256).unwrap();
        let key = SoftwareKey::from_pkcs8(Algorithm::Es256, &pkcs8).unwrap();
        let clients = Arc::new(Clients::load(store, random, key, "https://issuer.example".into()).await.unwrap());
        for round in 0..40 {
            let mut changes = tokio::task::JoinSet::new();
            for _ in 0..16 {
                let clients = Arc::clone(&clients);
                changes.spawn(async move {
                    let added = clients.add("one", Role::Auditor, SystemClock.now()).await.unwrap();
                    assert!(clients.all().contains_key(&added.client.id));
                    assert!(clients.remove(&added.client.id).await.unwrap());
                    assert!(!clients.all().contains_key(&added.client.id));
                });
            }
            changes.join_all().await;
            assert!(clients.all().is_empty(), "round {round}");
        }
    }
}
