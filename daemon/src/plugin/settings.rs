//! What `issuer.toml` says of plugins, read and checked: the only source of what a plugin may do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value};

/// All plugins of an installation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    /// Where precompiled code is kept: in the data directory, written by the daemon alone.
    pub cache_dir: PathBuf,
    /// Most calls at a time, of all plugins together.
    pub max_concurrent: usize,
    /// Each plugin by its name.
    pub plugins: BTreeMap<String, PluginSettings>,
    /// Where secrets come from, by name.
    pub secrets: BTreeMap<String, SecretSettings>,
}

/// `[plugin.NAME]`
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PluginSettings {
    /// The name.
    pub name: String,
    /// The component.
    pub file: PathBuf,
    /// SHA-256 that the file must have.
    pub sha256: Option<[u8; 32]>,
    /// Ed25519 key whose detached signature (`FILE.sig`) the file must have.
    pub public_key: Option<[u8; 32]>,
    /// Whether the daemon starts without it when it cannot be loaded.
    pub optional: bool,
    /// Credential types whose claims it is asked for.
    pub credentials: Vec<String>,
    /// The config table, as the plugin sees it.
    pub config: Map<String, Value>,
    /// Secrets by the plugin's name for them.
    pub secrets: Vec<SecretGrant>,
    /// Where it may send requests.
    pub http: Vec<HttpGrant>,
    /// Where it may send browsers: origins.
    pub redirect_origins: Vec<String>,
    /// Its store between calls.
    pub cache: Option<CacheGrant>,
    /// Its limits.
    pub limits: Limits,
}

/// What may be done with a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretUse {
    /// The plugin sees the value.
    Reveal,
    /// The host puts it into a header of a request.
    Header,
    /// The host makes an HMAC with it.
    Hmac,
}

/// `[[plugin.NAME.secret]]`
#[derive(Debug, Clone, PartialEq)]
pub struct SecretGrant {
    /// What the plugin calls it.
    pub name: String,
    /// The section `[secret.…]` that it is.
    pub secret: String,
    /// What it may be used for.
    pub uses: BTreeSet<SecretUse>,
}

/// Where a secret is kept.
#[derive(Debug, Clone, PartialEq)]
pub enum SecretPlace {
    /// A file; a line break at its end does not count.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// A systemd credential.
    Credential(String),
}

/// `[secret.NAME]`
#[derive(Debug, Clone, PartialEq)]
pub struct SecretSettings {
    /// Where it is.
    pub from: SecretPlace,
    /// Origins whose requests may carry it; empty: any origin granted to the plugin.
    pub origins: Vec<String>,
}

/// `[[plugin.NAME.http]]`
#[derive(Debug, Clone, PartialEq)]
pub struct HttpGrant {
    /// Scheme, host and port, as `https://host` or `https://host:8443`: lower case, without the port the scheme implies.
    pub origin: String,
    /// Methods, upper case.
    pub methods: Vec<String>,
    /// Path prefix, on a segment boundary.
    pub path: Option<String>,
    /// Whether the host may resolve to an address that is not public.
    pub private: bool,
    /// PEM file with certificates trusted besides those of the system.
    pub ca_file: Option<PathBuf>,
}

/// `cache` of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheGrant {
    /// Most bytes of keys and values.
    pub bytes: usize,
    /// Most entries.
    pub entries: usize,
}

/// `[plugin.NAME.limits]`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Time on the processor in one call.
    pub cpu: Duration,
    /// Time of one call in all.
    pub wall: Duration,
    /// Linear memory of an instance, bytes.
    pub memory: usize,
    /// Calls at a time.
    pub concurrency: usize,
    /// Calls that may wait.
    pub queue: usize,
    /// How long a call may wait.
    pub queue_wait: Duration,
    /// Outgoing requests in one call.
    pub http_requests: u32,
    /// Time of one outgoing request.
    pub http_timeout: Duration,
    /// Bytes of one answer to it.
    pub http_response: usize,
    /// Bytes of its body.
    pub http_request: usize,
    /// Bytes of what a call returns.
    pub output: usize,
    /// Log lines of one call that are kept.
    pub log_lines: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            cpu: Duration::from_millis(200),
            wall: Duration::from_secs(5),
            memory: 64 << 20,
            concurrency: 16,
            queue: 64,
            queue_wait: Duration::from_millis(500),
            http_requests: 8,
            http_timeout: Duration::from_secs(3),
            http_response: 1 << 20,
            http_request: 256 << 10,
            output: 1 << 20,
            log_lines: 64,
        }
    }
}
