//! What a plugin is told of a request: everything that the daemon knows at that moment, as the contract has it.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::caller::Caller;
use super::client::WalletFacts;
use super::configuration::{Body, Configuration, MdocBody, SdJwtVcBody};
use crate::format::claim::ClaimMapping;
use crate::format::mdoc::elements::known;
use crate::format::sd_jwt_vc::claims::{Step, walk};
use crate::plugin::contract::{
    AuthContext, ClaimContext, ClaimDescription, CredentialConfiguration, Identity, Offer, PathSegment, Wallet,
};
use crate::store::offer;
use crate::store::token::Origin;

/// Where claims are found by a configuration.
const CLAIMS: &str = "claims.";

/// The request that a plugin is asked about.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The Credential Issuer Identifier.
    pub issuer: &'a str,
    /// Who sent it.
    pub caller: &'a Caller<'a>,
    /// What the request rests on.
    pub origin: Origin,
    /// The offer, or the authorization.
    pub offer: &'a offer::Offer,
    /// The claims that came with it; an authorization has none.
    pub offer_claims: &'a Map<String, Value>,
    /// The wallet, as it calls itself.
    pub client_id: Option<&'a str>,
    /// What its attestation says, when it was attested.
    pub wallet: Option<&'a WalletFacts>,
    /// RFC 7638 thumbprints of the keys that the wallet holds; none in a token request.
    pub holder_keys: &'a [String],
}

/// What is known of the holder before a call.
#[derive(Clone, Default)]
pub struct Known {
    /// Claims, from all steps before.
    pub claims: Map<String, Value>,
    /// Who the holder is, when somebody has logged in or an auth hook has said so.
    pub identity: Option<Identity>,
    /// Where the holder logged in: `url` and `subjectId`. No plugin says that.
    pub authentication_provider: Map<String, Value>,
}

impl Subject<'_> {
    /// For an auth hook. `deadline` is the host's to set.
    pub(super) fn for_hook<'c>(
        &self,
        known: &Known,
        configurations: impl Iterator<Item = &'c Configuration>,
    ) -> AuthContext {
        AuthContext {
            request_id: self.caller.request_id.to_owned(),
            credential_issuer: self.issuer.to_owned(),
            offer: Some(self.offer()),
            wallet: self.wallet(),
            identity: known.identity.clone(),
            claims: text(&known.claims),
            configurations: configurations.map(described).collect(),
            holder_keys: self.holder_keys.to_vec(),
            remote_address: self.caller.remote_address.map(|address| address.to_canonical().to_string()),
            user_agent: self.caller.user_agent.map(str::to_owned),
            locales: self.caller.locales(),
            return_url: None,
            state: None,
            deadline: 0,
            extra: self.extra(),
        }
    }

    /// For a claim source. `deadline` is the host's to set.
    pub(super) fn for_source(
        &self,
        known: &Known,
        configuration: &Configuration,
        identifier: Option<&str>,
    ) -> ClaimContext {
        ClaimContext {
            request_id: self.caller.request_id.to_owned(),
            credential_issuer: self.issuer.to_owned(),
            offer: Some(self.offer()),
            wallet: self.wallet(),
            identity: known.identity.clone(),
            claims: text(&known.claims),
            configuration: described(configuration),
            credential_identifier: identifier.map(str::to_owned),
            holder_keys: self.holder_keys.to_vec(),
            locales: self.caller.locales(),
            deadline: 0,
            extra: self.extra(),
        }
    }

    fn offer(&self) -> Offer {
        Offer {
            id: self.offer.id.to_string(),
            user_id: self.offer.user_id.to_string(),
            grant: match self.origin {
                Origin::PreAuthorized => "pre-authorized_code",
                Origin::AuthorizationCode => "authorization_code",
            }
            .into(),
            issuer_state: None,
            claims: text(self.offer_claims),
            created_at: millis(self.offer.created_at),
            expires_at: millis(self.offer.expires_at),
        }
    }

    /// What the contract has no place for.
    fn extra(&self) -> String {
        let Some(wallet) = self.wallet else { return "{}".into() };
        let key = B64.encode(wallet.key);
        let told = [("name", &wallet.name), ("version", &wallet.version), ("link", &wallet.link), ("key", &Some(key))];
        let told = told.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?.into())));
        text(&Map::from_iter([("wallet".to_owned(), Value::Object(told.collect()))]))
    }

    fn wallet(&self) -> Wallet {
        Wallet {
            client_id: self.client_id.map(str::to_owned),
            attested: self.wallet.is_some(),
            attester: self.wallet.and_then(|wallet| wallet.provider.clone()),
        }
    }
}

/// A configuration in the words of the contract.
pub(super) fn described(configuration: &Configuration) -> CredentialConfiguration {
    CredentialConfiguration {
        id: configuration.id.to_string(),
        format: configuration.format().identifier().into(),
        credential_type: configuration.credential_type().to_owned(),
        scope: Some(configuration.scope()),
        claims: match &configuration.body {
            Body::Mdoc(body) => elements(body),
            Body::SdJwtVc(body) => claims(body),
        },
    }
}

fn elements(body: &MdocBody) -> Vec<ClaimDescription> {
    let known = known(&body.doc_type);
    let mut all = Vec::new();
    for (namespace, elements) in &body.claim_mappings {
        all.extend(elements.iter().map(|(element, mapping)| ClaimDescription {
            path: vec![PathSegment::Key(namespace.clone()), PathSegment::Key(element.clone())],
            mandatory: mapping.required || known.is_some_and(|known| known.is_mandatory(namespace, element)),
            source: source(mapping).map(str::to_owned),
        }));
    }
    all
}

fn claims(body: &SdJwtVcBody) -> Vec<ClaimDescription> {
    let segment = |step: &Step<'_>| match step {
        Step::Name(name) => PathSegment::Key((*name).to_owned()),
        Step::Items => PathSegment::All,
    };
    let all = walk(&body.claim_mappings).into_iter().map(|found| ClaimDescription {
        path: found.path.iter().map(segment).collect(),
        mandatory: found.claim.mapping.required,
        source: source(&found.claim.mapping).map(str::to_owned),
    });
    all.collect()
}

/// The name of the claim that an element is read from.
fn source(mapping: &ClaimMapping) -> Option<&str> {
    mapping.map_from.as_deref()?.strip_prefix(CLAIMS)
}

/// Names of the claims that a configuration reads, for its elements or for its validity.
#[must_use]
pub fn mapped_names(configuration: &Configuration) -> BTreeSet<&str> {
    let sources = configuration.sources().into_iter().filter_map(|source| source.strip_prefix(CLAIMS));
    sources.filter_map(|path| path.split('.').next()).collect()
}

pub(super) fn text(claims: &Map<String, Value>) -> String {
    serde_json::to_string(claims).unwrap_or_else(|_| "{}".into())
}

fn millis(at: Timestamp) -> u64 {
    u64::try_from(at.as_millisecond()).unwrap_or(0)
}
