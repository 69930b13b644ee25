//! A wallet that sends its person to log in: pushed request, login and consent in a browser without scripts, then a token that is bound
//! to a key, nonce and credential. The daemon verifies a proof at each of the last two, and the key proof in the credential request.

use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use hyper::header::{AUTHORIZATION, COOKIE, HeaderName, LOCATION, SET_COOKIE};
use ring::digest::{SHA256, digest};
use serde_json::Value;

use super::daemon::Target;
use super::http::{Connection, Received, Sent};
use super::wallet::{Claimer, Signer, credential_request, micros, seconds};
use crate::Result;

/// Names of the steps, in the order of [`Claimer::claim`]'s times.
pub(super) const STEPS: [&str; 4] = ["authorize", "token", "nonce", "credential"];

/// The person who logs in: one of those that `issuerd dev` has.
const PERSON: &str = "Mika+Sommer";
/// Where codes are sent.
const REDIRECT_URI: &str = "https://wallet.example/cb";

const PAR: &str = "/v1/oauth/par";
const TOKEN: &str = "/v1/oauth/token";
const CREDENTIAL: &str = "/v1/openid/credential";

/// One wallet with its key and connection.
pub(super) struct CodeWallet {
    public: Connection,
    signer: Signer,
    client_id: String,
    verifier: String,
    challenge: String,
    target: Target,
}

impl CodeWallet {
    /// Makes a key and connects.
    pub(super) async fn new(target: &Target, number: usize) -> Result<Self> {
        let verifier = "walnut-harbour-0123456789-violet-meadow-ABCDEFG".to_owned();
        Ok(Self {
            public: Connection::open(&target.public).await?,
            signer: Signer::new()?,
            client_id: format!("bench-wallet-{number}"),
            challenge: B64.encode(digest(&SHA256, verifier.as_bytes())),
            verifier,
            target: target.clone(),
        })
    }

    /// From the pushed request to the code.
    async fn authorize(&mut self) -> Result<String> {
        let request_uri = self.push().await?;
        let path = format!("/v1/oauth/authorize?client_id={}&request_uri={request_uri}", self.client_id);
        let opened = self.send("authorize", &Sent::get(&path)).await?;
        let (login, cookie) = (self.next(&opened)?, cookie(&opened)?);
        let page = self.send("login page", &Sent::get(&login).header(COOKIE, cookie.clone())).await?;
        let fields = hidden(page.expect(200)?)?;
        let chosen = format!("{fields}&user={PERSON}");
        let sent = Sent::form("/v1/oauth/login", &chosen).header(COOKIE, cookie.clone());
        let logged_in = self.send("login", &sent).await?;
        let consent = self.next(&logged_in)?;
        let page = self.send("consent page", &Sent::get(&consent).header(COOKIE, cookie.clone())).await?;
        let approved = format!("{}&decision=approve", hidden(page.expect(200)?)?);
        let sent = Sent::form("/v1/oauth/consent", &approved).header(COOKIE, cookie);
        let answer = self.send("consent", &sent).await?;
        answer.expect(303).map_err(|error| format!("consent: {error}"))?;
        Ok(code_of(answer.header(&LOCATION)?).ok_or("consent: no code in the answer")?.to_owned())
    }

    async fn push(&mut self) -> Result<String> {
        let form = format!(
            "response_type=code&client_id={}&redirect_uri={REDIRECT_URI}&scope=mso_mdoc:org.iso.18013.5.1.mDL\
             &code_challenge={}&code_challenge_method=S256&state=s&dpop_jkt={}",
            self.client_id, self.challenge, self.signer.thumbprint
        );
        let pushed = self.send("par", &Sent::form(PAR, &form)).await?;
        member(&pushed, 201, "request_uri").map_err(|error| format!("par: {error}").into())
    }

    async fn token(&mut self, code: &str) -> Result<String> {
        let form = format!(
            "grant_type=authorization_code&code={code}&client_id={}&redirect_uri={REDIRECT_URI}&code_verifier={}",
            self.client_id, self.verifier
        );
        let sent = Sent::form(TOKEN, &form).header(DPOP, self.proof(TOKEN, None)?);
        let answer = self.send("token", &sent).await?;
        member(&answer, 200, "access_token").map_err(|error| format!("token: {error}").into())
    }

    async fn nonce(&mut self) -> Result<String> {
        let answer = self.send("nonce", &Sent::empty_post("/v1/openid/nonce")).await?;
        member(&answer, 200, "c_nonce").map_err(|error| format!("nonce: {error}").into())
    }

    async fn credential(&mut self, token: &str, body: &str) -> Result {
        let proof = self.proof(CREDENTIAL, Some(token))?;
        let sent = Sent::json(CREDENTIAL, body).header(AUTHORIZATION, format!("DPoP {token}")).header(DPOP, proof);
        let answer = self.send("credential", &sent).await?;
        let body = answer.expect(200).map_err(|error| format!("credential: {error}"))?;
        if body.contains(r#""credential":"#) { Ok(()) } else { Err("credential: the response has none".into()) }
    }

    /// A `DPoP` proof for a `POST` to `path`.
    fn proof(&self, path: &str, token: Option<&str>) -> Result<String> {
        let ath = token.map(|token| format!(r#","ath":"{}""#, B64.encode(digest(&SHA256, token.as_bytes()))));
        let claims = format!(
            r#"{{"jti":"{}","htm":"POST","htu":"{}{path}","iat":{}{}}}"#,
            self.signer.id()?,
            self.target.issuer,
            seconds()?,
            ath.unwrap_or_default()
        );
        self.signer.sign(&self.signer.dpop_header, &claims)
    }

    async fn send(&mut self, step: &str, sent: &Sent<'_>) -> Result<Received> {
        Ok(self.public.send(sent).await.map_err(|error| format!("{step}: {error}"))?)
    }

    /// The path to which a response leads, on the issuer itself.
    fn next(&self, answer: &Received) -> Result<String> {
        answer.expect(303)?;
        let location = answer.header(&LOCATION)?;
        Ok(location.strip_prefix(&self.target.issuer).ok_or("a redirect away from the issuer")?.to_owned())
    }
}

const DPOP: HeaderName = HeaderName::from_static("dpop");

impl Claimer for CodeWallet {
    const STEPS: [&'static str; 4] = STEPS;

    async fn claim(&mut self) -> Result<[u64; 5]> {
        let started = Instant::now();
        let mut last = started;
        let mut lap = || {
            let begun = std::mem::replace(&mut last, Instant::now());
            micros(last.duration_since(begun))
        };
        let code = self.authorize().await?;
        let authorize = lap();
        let token = self.token(&code).await?;
        let redeem = lap();
        let nonce = self.nonce().await?;
        let fresh = lap();
        let request = credential_request(&self.target, std::slice::from_ref(&self.signer), &nonce)?;
        self.credential(&token, &request).await?;
        Ok([authorize, redeem, fresh, lap(), micros(started.elapsed())])
    }
}

fn member(answer: &Received, status: u16, name: &str) -> Result<String> {
    let value: Value = serde_json::from_str(answer.expect(status)?)?;
    let text = value.get(name).and_then(Value::as_str);
    Ok(text.ok_or_else(|| format!("no {name} in the response"))?.to_owned())
}

/// The cookie that a response sets, as it is sent back.
fn cookie(answer: &Received) -> Result<String> {
    let pair = answer.header(&SET_COOKIE)?.split(';').next();
    Ok(pair.unwrap_or_default().to_owned())
}

/// The hidden fields of a page, as a form; their values need no encoding.
fn hidden(page: &str) -> Result<String> {
    let value = |name: &str| {
        let (_, rest) = page.split_once(&format!(r#"name="{name}" value=""#))?;
        rest.split_once('"').map(|(value, _)| value)
    };
    match (value("interaction"), value("form_token")) {
        (Some(interaction), Some(token)) => Ok(format!("interaction={interaction}&form_token={token}")),
        _ => Err("the page has no form".into()),
    }
}

fn code_of(location: &str) -> Option<&str> {
    let (_, query) = location.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix("code="))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_found_in_the_answer() {
        let answer = "https://wallet.example/cb?state=s&code=a-_b&iss=http%3A%2F%2F127.0.0.1%3A8080";
        assert_eq!(code_of(answer), Some("a-_b"));
        assert_eq!(code_of("https://wallet.example/cb?error=access_denied"), None);
    }

    #[test]
    fn the_hidden_fields_are_sent_back() {
        let page = r#"<input type="hidden" name="interaction" value="i-1"><input type="hidden" name="form_token" value="t_2">"#;
        assert_eq!(hidden(page).unwrap(), "interaction=i-1&form_token=t_2");
        assert!(hidden("<p>no form</p>").is_err());
    }
}
