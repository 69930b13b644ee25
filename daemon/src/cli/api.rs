//! A client of the management API, for the commands that talk to a running daemon.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::{Request, Response};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::Failed;

/// Longest wait for an answer: the daemon itself gives up after 30 seconds.
const TIMEOUT: Duration = Duration::from_secs(35);

/// Where the daemon is and who asks.
#[derive(Debug, Args)]
pub(super) struct Api {
    /// Base URL of the management listener.
    #[arg(
        long,
        global = true,
        env = "ISSUERD_MANAGEMENT_URL",
        default_value = "http://127.0.0.1:8081",
        value_name = "URL"
    )]
    management: String,
    /// PEM file with the CA of its certificate, besides those of the system, when it is an https URL.
    #[arg(long, global = true, env = "ISSUERD_MANAGEMENT_CA", value_name = "FILE")]
    management_ca: Option<PathBuf>,
    /// Id of a management client.
    #[arg(long, global = true, env = "ISSUERD_CLIENT_ID", value_name = "ID")]
    client_id: Option<String>,
    /// Its secret. Better given by the environment, which other users cannot see.
    #[arg(long, global = true, env = "ISSUERD_CLIENT_SECRET", hide_env_values = true, value_name = "SECRET")]
    client_secret: Option<String>,
}

/// An authenticated session.
pub(super) struct Session {
    agent: Agent,
    base: String,
    token: String,
}

impl Api {
    /// Whether credentials were given.
    pub(super) fn has_credentials(&self) -> bool {
        self.client_id.is_some() && self.client_secret.is_some()
    }

    /// Exchanges the client's credentials for a token.
    pub(super) fn session(&self) -> Result<Session, Failed> {
        let (Some(id), Some(secret)) = (&self.client_id, &self.client_secret) else {
            return Err("set ISSUERD_CLIENT_ID and ISSUERD_CLIENT_SECRET, or --client-id and --client-secret".into());
        };
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(TIMEOUT));
        let agent: Agent = config.tls_config(self.tls()?).build().into();
        let base = self.management.trim_end_matches('/').to_owned();
        let request = json!({"grant_type": "client_credentials", "client_id": id, "client_secret": secret});
        let mut response = agent
            .post(format!("{base}/oauth/token"))
            .send_json(&request)
            .map_err(|error| format!("cannot reach {base}: {error}"))?;
        let answer: Value = response.body_mut().read_json()?;
        match answer.get("access_token").and_then(Value::as_str) {
            Some(token) => Ok(Session { agent, base, token: token.to_owned() }),
            None if response.status() == 401 => Err("the client id or secret is wrong".into()),
            None => Err(format!("{base} answered {}", response.status()).into()),
        }
    }
}

impl Api {
    fn tls(&self) -> Result<TlsConfig, Failed> {
        // Looked up in the system only when it is needed: that takes a while.
        let system = self.management.starts_with("https:").then(|| rustls_native_certs::load_native_certs().certs);
        let mut roots: Vec<_> =
            system.unwrap_or_default().iter().map(|der| Certificate::from_der(der).to_owned()).collect();
        if let Some(file) = &self.management_ca {
            let text = std::fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
            roots.push(Certificate::from_pem(&text).map_err(|error| format!("{}: {error}", file.display()))?);
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = TlsConfig::builder().root_certs(RootCerts::from(roots.into_iter()));
        Ok(config.unversioned_rustls_crypto_provider(provider).build())
    }
}

impl Session {
    /// Sends a request; an error answer becomes a sentence that names the fields.
    pub(super) fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Failed> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("Authorization", format!("Bearer {}", self.token))
            .header("Content-Type", "application/json")
            .body(body.map(Value::to_string).unwrap_or_default())?;
        let mut response = self.agent.run(request)?;
        if response.status().is_success() {
            let text = response.body_mut().read_to_string()?;
            return Ok(if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? });
        }
        Err(explain(&mut response).into())
    }
}

fn explain(response: &mut Response<ureq::Body>) -> String {
    let status = response.status();
    let answer: Value = response.body_mut().read_json().unwrap_or_default();
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let details = answer.get("details").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut lines = vec![format!("{status}: {}", text(&answer, "message"))];
    lines.extend(details.iter().map(|detail| format!("  {}: {}", text(detail, "param"), text(detail, "msg"))));
    lines.join("\n")
}
