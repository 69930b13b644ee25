//! Wallet clients: those of `issuer.toml`, and what decides over all.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::BootError;
use super::anchors::{attesters, trust_anchors};
use crate::base::clock::Clock;
use crate::base::random::Random;
use crate::config::{ClientEntry, Config, WalletAttestation};
use crate::domain::client::catalog::declared;
use crate::domain::client::registered::Registered;
use crate::domain::client::{AttestationRules, ClientParts, ClientPolicy, Method, WalletClients};
use crate::domain::nonce::NonceIssuer;
use crate::pki::chain::Anchors;
use crate::store::Store;
use crate::wire::json::parse_object;

/// Loads what is known of wallet clients.
pub(super) async fn load(
    config: &Config,
    store: &Store,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> Result<WalletClients, BootError> {
    let declared = check(config).map_err(|wrong| BootError::Clients(wrong.join("\n")))?;
    let section = &config.wallet_attestation;
    let anchors = anchors(&section.trust_anchors).map_err(|wrong| BootError::Clients(wrong.join("\n")))?;
    let policy = ClientPolicy {
        allow_unregistered: config.clients.allow_unregistered,
        attestation_required: section.required,
        attestation: !anchors.is_empty(),
        require_challenge: section.require_challenge,
        certificates: !config.server.tls.client_ca.is_empty(),
    };
    let issuer = config.server.issuer.clone();
    let lifetime = Duration::from_secs(section.challenge_lifetime);
    let parts = ClientParts {
        store: store.clone(),
        clock: Arc::clone(clock),
        random: Arc::clone(random),
        challenges: NonceIssuer::new(store.derive_key("attestation_challenge"), &issuer, lifetime),
        issuer,
        policy,
        attestation: rules(section, anchors),
        declared,
    };
    Ok(WalletClients::load(parts).await?)
}

fn rules(section: &WalletAttestation, anchors: Anchors) -> AttestationRules {
    AttestationRules {
        anchors,
        issuers: section.issuers.clone(),
        max_age: (section.max_age > 0).then(|| Duration::from_secs(section.max_age)),
        pop_max_age: Duration::from_secs(section.pop_max_age),
        skew: Duration::from_secs(section.clock_skew),
    }
}

/// The trusted wallet providers; every mistake.
fn anchors(files: &[String]) -> Result<Anchors, Vec<String>> {
    trust_anchors("wallet_attestation.trust_anchors", files)
}

/// What `issuerd check` looks at: files and clients; every mistake at once.
pub fn check_all(config: &Config) -> Result<(), Vec<String>> {
    let clients = check(config).err().unwrap_or_default();
    let anchors = anchors(&config.wallet_attestation.trust_anchors).err().unwrap_or_default();
    let attesters = attesters(config).err().unwrap_or_default();
    let wrong = [clients, anchors, attesters].concat();
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

/// The clients of `issuer.toml`; every mistake, by the names of its keys.
fn check(config: &Config) -> Result<Vec<Registered>, Vec<String>> {
    let (mut clients, mut names, mut wrong) = (Vec::new(), BTreeSet::new(), Vec::new());
    for (place, entry) in config.named.clients.iter().enumerate() {
        match read(entry) {
            Ok(client) if client.authentication == Method::Mtls && config.server.tls.client_ca.is_empty() => {
                let why = "without `server.tls.client_ca` no client can show a certificate";
                wrong.push(format!("`client[{place}].authentication` is `mtls`, and {why}"));
            }
            Ok(client) if names.insert(client.client_id.clone()) => clients.push(client),
            Ok(_) => wrong.push(format!("`client[{place}].id` is that of another client")),
            Err(mistakes) => {
                wrong.extend(mistakes.into_iter().map(|(key, problem)| format!("`client[{place}].{key}` {problem}")));
            }
        }
    }
    if wrong.is_empty() { Ok(clients) } else { Err(wrong) }
}

fn read(entry: &ClientEntry) -> Result<Registered, Vec<(String, String)>> {
    let mut members = entry.members.clone();
    if let Some(file) = &entry.jwks_file {
        let jwks = read_jwks(file).map_err(|problem| vec![("jwks_file".to_owned(), problem)])?;
        members.insert("jwks".into(), jwks.into());
    }
    declared(&members)
        .map_err(|details| details.into_iter().map(|detail| (key_of(&detail.param), detail.msg)).collect())
}

fn read_jwks(file: &str) -> Result<Map<String, Value>, String> {
    let text = std::fs::read(file).map_err(|error| format!("{file} cannot be read: {error}"))?;
    parse_object(&text).map_err(|error| format!("{file} {error}"))
}

/// The key of `issuer.toml` behind a member of the management API: `redirect_uris` behind `redirectUris`.
fn key_of(member: &str) -> String {
    if member == "clientId" {
        return "id".into();
    }
    member.chars().fold(String::with_capacity(member.len() + 2), |mut key, letter| {
        if letter.is_ascii_uppercase() {
            key.push('_');
        }
        key.push(letter.to_ascii_lowercase());
        key
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(more: &str) -> ClientEntry {
        let mut members = Map::new();
        members.insert("clientId".into(), "w".into());
        members.insert("authentication".into(), "private_key_jwt".into());
        members.extend(serde_json::from_str::<Map<String, Value>>(more).unwrap());
        ClientEntry { members, jwks_file: None }
    }

    #[test]
    fn mistakes_have_the_names_of_the_file() {
        let mut config = Config::default();
        config.named.clients = vec![
            client(r#"{"redirectUris": ["http://x.example"]}"#),
            client(r#"{"authentication": "none"}"#),
            client(r#"{"authentication": "none"}"#),
            ClientEntry { jwks_file: Some("/nowhere/jwks.json".into()), ..client("{}") },
            client(r#"{"clientId": "m", "authentication": "mtls", "certificateDns": "m.example"}"#),
        ];
        config.wallet_attestation.trust_anchors = vec!["/nowhere/anchors.pem".into()];
        let wrong = check_all(&config).unwrap_err();
        for (key, problem) in [
            ("client[0].redirect_uris", "item 0 must be https"),
            ("client[0].jwks", "is required for private_key_jwt"),
            ("client[2].id", "is that of another client"),
            ("client[3].jwks_file", "cannot be read"),
            ("client[4].authentication", "without `server.tls.client_ca` no client can show a certificate"),
            ("wallet_attestation.trust_anchors", "/nowhere/anchors.pem cannot be read"),
        ] {
            assert!(wrong.iter().any(|line| line.contains(key) && line.contains(problem)), "{key}: {wrong:?}");
        }
        assert_eq!(wrong.len(), 6, "{wrong:?}");
    }
}
