use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use ring::rand::SecureRandom as _;
use serde_json::json;

use crate::key::random;
use crate::proof::seconds_now;
use crate::{HolderKey, Proof, Request, Wallet};

impl Proof {
    /// A good `DPoP` proof for a request, not signed yet.
    pub fn dpop(key: &HolderKey, method: &str, uri: &str) -> Self {
        let mut id = [0; 16];
        random().fill(&mut id).unwrap();
        Self {
            header: json!({ "typ": "dpop+jwt", "alg": key.alg(), "jwk": key.jwk() }),
            claims: json!({ "jti": B64.encode(id), "htm": method, "htu": uri, "iat": seconds_now() }),
        }
    }

    /// The same for an access token.
    #[must_use]
    pub fn ath(self, token: &str) -> Self {
        self.claim("ath", B64.encode(ring::digest::digest(&ring::digest::SHA256, token.as_bytes())))
    }
}

impl Wallet {
    /// A good proof for the token endpoint.
    pub fn token_dpop(&self, key: &HolderKey) -> Proof {
        Proof::dpop(key, "POST", &format!("{}/v1/oauth/token", self.issuer))
    }

    /// A good proof for the credential endpoint.
    pub fn credential_dpop(&self, key: &HolderKey, token: &str) -> Proof {
        Proof::dpop(key, "POST", &format!("{}/v1/openid/credential", self.issuer)).ath(token)
    }

    /// Redeems a code for a token that is bound to a key.
    #[track_caller]
    pub fn redeem_bound(&self, code: &str, key: &HolderKey) -> String {
        let request = self.token_request(code, None).dpop(&self.token_dpop(key).sign(key));
        let answer = self.send(&request).expect(200).json();
        assert_eq!(answer["token_type"], "DPoP", "{answer}");
        answer["access_token"].as_str().unwrap().to_owned()
    }
}

impl Request {
    /// Adds a `DPoP` header.
    #[must_use]
    pub fn dpop(self, proof: &str) -> Self {
        self.header("DPoP", proof)
    }
}
