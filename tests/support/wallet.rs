use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde_json::{Value, json};

use crate::offer::{PRE_AUTHORIZED, path};
use crate::{Answer, HolderKey, Mdoc, Offer, Proof, Request, SdJwt, sd_jwt};

/// A fake wallet: quick, and able to misbehave.
#[derive(Debug, Clone)]
pub struct Wallet {
    /// Address of the public listener.
    pub address: SocketAddr,
    /// The issuer's identifier.
    pub issuer: String,
}

impl Wallet {
    /// A wallet that talks to `issuer` at `address`.
    pub fn new(address: SocketAddr, issuer: &str) -> Self {
        Self { address, issuer: issuer.into() }
    }

    /// A path below the issuer's.
    pub fn path(&self, below: &str) -> String {
        format!("{}{below}", path(&self.issuer))
    }

    /// Path of the token endpoint.
    pub fn token_path(&self) -> String {
        self.path("/v1/oauth/token")
    }

    /// Path of the credential endpoint.
    pub fn credential_path(&self) -> String {
        self.path("/v1/openid/credential")
    }

    /// Path of the nonce endpoint.
    pub fn nonce_path(&self) -> String {
        self.path("/v1/openid/nonce")
    }

    /// Sends a request to the public listener.
    #[track_caller]
    pub fn send(&self, request: &Request) -> Answer {
        request.send(self.address)
    }

    /// `GET`
    #[track_caller]
    pub fn get(&self, target: &str) -> Answer {
        self.send(&Request::get(target))
    }

    /// The issuer metadata.
    #[track_caller]
    pub fn metadata(&self) -> Value {
        self.get(&format!("/.well-known/openid-credential-issuer{}", path(&self.issuer))).expect(200).json()
    }

    /// A token request.
    pub fn token_request(&self, code: &str, tx_code: Option<&str>) -> Request {
        let fields = [("grant_type", PRE_AUTHORIZED), ("pre-authorized_code", code)];
        Request::new("POST", &self.token_path()).form(fields.into_iter().chain(tx_code.map(|code| ("tx_code", code))))
    }

    /// Sends a token request.
    #[track_caller]
    pub fn token(&self, code: &str, tx_code: Option<&str>) -> Answer {
        self.send(&self.token_request(code, tx_code))
    }

    /// Sends a token request with exactly these fields.
    #[track_caller]
    pub fn token_with(&self, fields: &[(&str, &str)]) -> Answer {
        self.send(&Request::new("POST", &self.token_path()).form(fields.iter().copied()))
    }

    /// Redeems an offer for an access token.
    #[track_caller]
    pub fn redeem(&self, offer: &Offer) -> String {
        let answer = self.token(&offer.code, offer.tx_code.as_deref()).expect(200).json();
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// A fresh nonce.
    #[track_caller]
    pub fn nonce(&self) -> String {
        let answer = self.send(&Request::post(&self.nonce_path())).expect(200).json();
        answer["c_nonce"].as_str().unwrap().to_owned()
    }

    /// A good proof with a fresh nonce, not signed yet.
    #[track_caller]
    pub fn proof(&self, key: &HolderKey) -> Proof {
        Proof::new(key, &self.issuer, &self.nonce())
    }

    /// A credential request.
    pub fn credential_request(&self, token: &str, body: &Value) -> Request {
        Request::new("POST", &self.credential_path()).bearer(token).json(body)
    }

    /// Sends a credential request.
    #[track_caller]
    pub fn credential(&self, token: &str, body: &Value) -> Answer {
        self.send(&self.credential_request(token, body))
    }

    /// Asks for one configuration with one proof for each key, all with one nonce.
    #[track_caller]
    pub fn ask(&self, token: &str, configuration: &str, keys: &[HolderKey]) -> Answer {
        let nonce = self.nonce();
        let proofs: Vec<_> = keys.iter().map(|key| Proof::new(key, &self.issuer, &nonce).sign(key)).collect();
        self.credential(token, &request_body(configuration, &proofs))
    }

    /// A deferred credential request.
    pub fn deferred_request(&self, token: &str, transaction_id: &str) -> Request {
        let body = json!({ "transaction_id": transaction_id });
        Request::new("POST", &self.path("/v1/openid/deferred_credential")).bearer(token).json(&body)
    }

    /// Claims the offer's configurations, one copy for each key.
    #[track_caller]
    pub fn claim(&self, offer: &Offer, keys: &[HolderKey]) -> Vec<Mdoc> {
        let token = self.redeem(offer);
        let ask = |configuration: String| credentials(&self.ask(&token, &configuration, keys).expect(200));
        offer.configurations().into_iter().flat_map(ask).collect()
    }

    /// The same for configurations of SD-JWT VCs.
    #[track_caller]
    pub fn claim_sd_jwt(&self, offer: &Offer, keys: &[HolderKey]) -> Vec<SdJwt> {
        let token = self.redeem(offer);
        let ask = |configuration: String| sd_jwt::credentials(&self.ask(&token, &configuration, keys).expect(200));
        offer.configurations().into_iter().flat_map(ask).collect()
    }
}

/// The body of a credential request by configuration.
pub fn request_body(configuration: &str, proofs: &[String]) -> Value {
    json!({ "credential_configuration_id": configuration, "proofs": { "jwt": proofs } })
}

/// The credentials of a response, each strictly decoded.
#[track_caller]
pub fn credentials(answer: &Answer) -> Vec<Mdoc> {
    let body = answer.json();
    // VCI-8.3-01, VCI-8.3-11, VCI-7-01: `credentials` and nothing of older drafts.
    let members: Vec<_> = body.as_object().unwrap().keys().filter(|name| *name != "notification_id").collect();
    assert_eq!(members, ["credentials"], "{body}");
    assert_eq!(answer.media_type(), "application/json");
    // VCI-8.3-10
    assert!(answer.lists("cache-control", "no-store"), "{:?}", answer.headers);
    let read = |item: &Value| {
        assert_eq!(item.as_object().unwrap().len(), 1, "{item}");
        // VCI-8.3-06, MDC-IS-09: base64url without padding.
        Mdoc::decode(&B64.decode(item["credential"].as_str().unwrap()).unwrap())
    };
    body["credentials"].as_array().unwrap().iter().map(read).collect()
}
