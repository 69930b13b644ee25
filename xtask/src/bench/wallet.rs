//! A wallet: asks for an offer, redeems it, and claims the credential with a signed key proof.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::Value;

use super::daemon::Target;
use super::http::{Connection, Sent};
use crate::Result;

/// Names of the steps, in the order of [`Wallet::claim`]'s times.
pub(super) const STEPS: [&str; 4] = ["offer", "token", "nonce", "credential"];

/// One wallet with its key and connections.
pub(super) struct Wallet {
    management: Connection,
    public: Connection,
    key: EcdsaKeyPair,
    random: SystemRandom,
    /// The proof's header, encoded.
    header: String,
    target: Target,
}

impl Wallet {
    /// Makes a key and connects.
    pub(super) async fn new(target: &Target) -> Result<Self> {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(|_| "ring failed")?;
        let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random)?;
        Ok(Self {
            management: Connection::open(&target.management).await?,
            public: Connection::open(&target.public).await?,
            header: header(key.public_key().as_ref())?,
            key,
            random,
            target: target.clone(),
        })
    }

    /// Claims one credential; returns the microseconds of each step and of all together.
    pub(super) async fn claim(&mut self) -> Result<[u64; 5]> {
        let started = Instant::now();
        let mut last = started;
        let mut lap = || {
            let begun = std::mem::replace(&mut last, Instant::now());
            micros(last.duration_since(begun))
        };
        let code = self.offer().await?;
        let offer = lap();
        let token = self.token(&code).await?;
        let redeem = lap();
        let nonce = self.nonce().await?;
        let fresh = lap();
        let request = self.credential_request(&nonce)?;
        self.credential(&token, &request).await?;
        Ok([offer, redeem, fresh, lap(), micros(started.elapsed())])
    }

    async fn offer(&mut self) -> Result<String> {
        let request = Sent::json("/v1/openid/offers/pre-authorized", &self.target.offer).bearer(&self.target.token);
        let response = self.management.send(&request).await.map_err(|error| format!("offer: {error}"))?;
        let body = response.expect(200).map_err(|error| format!("offer: {error}"))?;
        Ok(code_of(body).ok_or("offer: no pre-authorized code in the link")?.to_owned())
    }

    async fn token(&mut self, code: &str) -> Result<String> {
        let form =
            format!("grant_type=urn:ietf:params:oauth:grant-type:pre-authorized_code&pre-authorized_code={code}");
        self.member("token", &Sent::form("/v1/oauth/token", &form), "access_token").await
    }

    async fn nonce(&mut self) -> Result<String> {
        self.member("nonce", &Sent::empty_post("/v1/openid/nonce"), "c_nonce").await
    }

    async fn credential(&mut self, token: &str, body: &str) -> Result {
        let request = Sent::json("/v1/openid/credential", body).bearer(token);
        let response = self.public.send(&request).await.map_err(|error| format!("credential: {error}"))?;
        let body = response.expect(200).map_err(|error| format!("credential: {error}"))?;
        if body.contains(r#""credential":"#) { Ok(()) } else { Err("credential: the response has none".into()) }
    }

    async fn member(&mut self, step: &str, request: &Sent<'_>, name: &str) -> Result<String> {
        let response = self.public.send(request).await.map_err(|error| format!("{step}: {error}"))?;
        let body = response.expect(200).map_err(|error| format!("{step}: {error}"))?;
        let value: Value = serde_json::from_str(body)?;
        let text = value.get(name).and_then(Value::as_str);
        Ok(text.ok_or_else(|| format!("{step}: no {name} in the response"))?.to_owned())
    }

    fn credential_request(&self, nonce: &str) -> Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let claims = format!(r#"{{"aud":"{}","iat":{now},"nonce":"{nonce}"}}"#, self.target.issuer);
        let signed = format!("{}.{}", self.header, B64.encode(claims));
        let signature = self.key.sign(&self.random, signed.as_bytes()).map_err(|_| "ring failed")?;
        let proof = format!("{signed}.{}", B64.encode(signature));
        let configuration = &self.target.configuration;
        Ok(format!(r#"{{"credential_configuration_id":"{configuration}","proofs":{{"jwt":["{proof}"]}}}}"#))
    }
}

fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

/// The header of a key proof that carries `public`, an uncompressed P-256 point.
fn header(public: &[u8]) -> Result<String> {
    let (x, y) = public.get(1..).and_then(|point| point.split_at_checked(32)).ok_or("not a P-256 point")?;
    let (x, y) = (B64.encode(x), B64.encode(y));
    let jwk = format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}"#);
    Ok(B64.encode(format!(r#"{{"typ":"openid4vci-proof+jwt","alg":"ES256","jwk":{jwk}}}"#)))
}

/// The code in the response to a request for an offer: it stands in the link, percent-encoded JSON.
fn code_of(body: &str) -> Option<&str> {
    let (_, rest) = body.split_once("%22pre-authorized_code%22%3A%22")?;
    rest.split_once("%22").map(|(code, _)| code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_found_in_the_link() {
        let grant = "%22urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Apre-authorized_code%22%3A%7B";
        let body = format!(
            r#"{{"uri":"openid-credential-offer://?credential_offer=%7B{grant}%22pre-authorized_code%22%3A%22a-_b%22%7D"}}"#
        );
        assert_eq!(code_of(&body), Some("a-_b"));
        assert_eq!(code_of("{}"), None);
    }

    #[test]
    fn a_proof_header_needs_a_whole_point() {
        assert!(header(&[4; 65]).is_ok());
        assert!(header(&[4; 20]).is_err());
    }
}
