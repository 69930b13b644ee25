//! A wallet: asks for an offer, redeems it, and claims the credential with a signed key proof.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::Value;

use super::daemon::Target;
use super::http::{Connection, Sent};
use crate::Result;

/// Names of the steps, in the order of [`Wallet::claim`]'s times.
pub(super) const STEPS: [&str; 4] = ["offer", "token", "nonce", "credential"];

/// What a measurement drives.
pub(super) trait Claimer {
    /// Names of the steps.
    const STEPS: [&'static str; 4];

    /// Claims one credential; returns the microseconds of each step and of all together.
    async fn claim(&mut self) -> Result<[u64; 5]>;
}

/// One wallet with its key and connections.
pub(super) struct Wallet {
    management: Connection,
    public: Connection,
    /// The keys that it holds, one for each copy of a credential.
    signers: Vec<Signer>,
    target: Target,
}

/// A P-256 key with what its signatures need.
pub(super) struct Signer {
    key: EcdsaKeyPair,
    random: SystemRandom,
    /// The header of a key proof, encoded.
    pub(super) proof_header: String,
    /// The header of a `DPoP` proof, encoded.
    pub(super) dpop_header: String,
    /// SHA-256 thumbprint of the key (RFC 7638).
    pub(super) thumbprint: String,
}

impl Signer {
    /// Makes a key.
    pub(super) fn new() -> Result<Self> {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(|_| "ring failed")?;
        let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random)?;
        let (x, y) = coordinates(key.public_key().as_ref())?;
        let jwk = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let header = |kind: &str| B64.encode(format!(r#"{{"typ":"{kind}","alg":"ES256","jwk":{jwk}}}"#));
        Ok(Self {
            proof_header: header("openid4vci-proof+jwt"),
            dpop_header: header("dpop+jwt"),
            thumbprint: B64.encode(digest(&SHA256, jwk.as_bytes())),
            key,
            random,
        })
    }

    /// A compact JWS.
    pub(super) fn sign(&self, header: &str, claims: &str) -> Result<String> {
        let signed = format!("{header}.{}", B64.encode(claims));
        let signature = self.key.sign(&self.random, signed.as_bytes()).map_err(|_| "ring failed")?;
        Ok(format!("{signed}.{}", B64.encode(signature)))
    }

    /// 128 random bits.
    pub(super) fn id(&self) -> Result<String> {
        let mut id = [0; 16];
        self.random.fill(&mut id).map_err(|_| "ring failed")?;
        Ok(B64.encode(id))
    }
}

impl Wallet {
    /// Makes a key and connects.
    pub(super) async fn new(target: &Target) -> Result<Self> {
        Ok(Self {
            management: Connection::open(&target.management).await?,
            public: Connection::open(&target.public).await?,
            signers: (0..target.copies).map(|_| Signer::new()).collect::<Result<_>>()?,
            target: target.clone(),
        })
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
}

impl Claimer for Wallet {
    const STEPS: [&'static str; 4] = STEPS;

    async fn claim(&mut self) -> Result<[u64; 5]> {
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
        let request = credential_request(&self.target, &self.signers, &nonce)?;
        self.credential(&token, &request).await?;
        Ok([offer, redeem, fresh, lap(), micros(started.elapsed())])
    }
}

/// A request with a key proof for `nonce` of each signer.
pub(super) fn credential_request(target: &Target, signers: &[Signer], nonce: &str) -> Result<String> {
    let claims = format!(r#"{{"aud":"{}","iat":{},"nonce":"{nonce}"}}"#, target.issuer, seconds()?);
    let proofs = signers.iter().map(|signer| signer.sign(&signer.proof_header, &claims));
    let proofs = proofs.collect::<Result<Vec<_>>>()?.join("\",\"");
    let configuration = &target.configuration;
    Ok(format!(r#"{{"credential_configuration_id":"{configuration}","proofs":{{"jwt":["{proofs}"]}}}}"#))
}

/// Seconds since 1970.
pub(super) fn seconds() -> Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())
}

pub(super) fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

/// `x` and `y` of an uncompressed P-256 point, encoded.
fn coordinates(public: &[u8]) -> Result<(String, String)> {
    let (x, y) = public.get(1..).and_then(|point| point.split_at_checked(32)).ok_or("not a P-256 point")?;
    Ok((B64.encode(x), B64.encode(y)))
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
    fn a_key_has_a_whole_point() {
        let mut point = vec![4; 65];
        assert_eq!(coordinates(&point).unwrap().0.len(), 43);
        point.truncate(20);
        assert!(coordinates(&point).is_err());
        let signer = Signer::new().unwrap();
        assert_eq!(signer.thumbprint.len(), 43);
        assert_ne!(signer.id().unwrap(), signer.id().unwrap());
    }
}
