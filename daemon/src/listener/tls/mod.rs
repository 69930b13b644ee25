//! TLS of a listener: its certificate, the suites, and how the certificate is replaced while connections go on.

mod files;
mod handshake;
#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::{self, cipher_suite};
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig};

use files::Pair;
pub use files::Stamps;
pub(super) use handshake::Gate;

/// Where a listener's certificate is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The section of the configuration, like `server.tls`, for error messages.
    pub section: &'static str,
    /// PEM: the certificate, then what leads to its root.
    pub certificate: PathBuf,
    /// PEM: its private key.
    pub key: PathBuf,
    /// PEM: CAs whose client certificates are taken; without it no client is asked for one.
    pub client_ca: Option<PathBuf>,
}

/// The files of a listener cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{section}.{key}` ({file}) {wrong}")]
pub struct TlsError {
    section: &'static str,
    key: &'static str,
    file: String,
    wrong: String,
}

/// The TLS of a listener. Connections keep what they began with when it is replaced.
#[derive(Debug)]
pub struct Tls {
    files: TlsFiles,
    current: ArcSwap<Current>,
}

#[derive(Debug)]
struct Current {
    config: Arc<ServerConfig>,
    pair: Pair,
}

impl Tls {
    /// Reads the files. At `now` the certificate must be valid.
    pub fn load(files: TlsFiles, now: Timestamp) -> Result<Self, TlsError> {
        let current = Current::read(&files, now)?;
        Ok(Self { files, current: ArcSwap::from_pointee(current) })
    }

    /// Reads the files again for connections to come. After an error everything stays as it is.
    pub fn reload(&self, now: Timestamp) -> Result<(), TlsError> {
        self.current.store(Arc::new(Current::read(&self.files, now)?));
        Ok(())
    }

    /// The section of the configuration.
    #[must_use]
    pub fn section(&self) -> &'static str {
        self.files.section
    }

    /// Until when the certificate is valid.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.current.load().pair.not_after
    }

    /// Whether the certificate is one for `host`, a name or an address (in brackets or not).
    #[must_use]
    pub fn is_for(&self, host: &str) -> bool {
        self.current.load().pair.is_for(host)
    }

    /// What the files look like now; they are worth reading again once this changes.
    #[must_use]
    pub fn stamps(&self) -> Stamps {
        files::stamps(&self.files)
    }

    fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.load().config)
    }
}

/// BCP 195 (RFC 9325) and FAPI 2.0 5.2.2: TLS 1.3, and TLS 1.2 with ephemeral keys and AES-GCM only (TLS-195-01, TLS-195-02).
static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| {
    let cipher_suites = vec![
        cipher_suite::TLS13_AES_256_GCM_SHA384,
        cipher_suite::TLS13_AES_128_GCM_SHA256,
        // For phones without AES in hardware; only TLS 1.3 has it here.
        cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
        cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    ];
    Arc::new(CryptoProvider { cipher_suites, ..ring::default_provider() })
});

impl Current {
    fn read(files: &TlsFiles, now: Timestamp) -> Result<Self, TlsError> {
        let pair = Pair::read(files, &PROVIDER, now)?;
        let told = |key, file: &PathBuf, wrong: &dyn std::fmt::Display| files.wrong(key, file, wrong.to_string());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&PROVIDER))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(|error| told("certificate", &files.certificate, &error))?;
        let builder = match &files.client_ca {
            None => builder.with_no_client_auth(),
            Some(file) => {
                let roots: Arc<RootCertStore> = Arc::new(files::roots(files, file)?);
                // A client without a certificate is served, too: which endpoints want one is not for the connection to say.
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&PROVIDER));
                let verifier = verifier.allow_unauthenticated().build();
                builder.with_client_cert_verifier(verifier.map_err(|error| told("client_ca", file, &error))?)
            }
        };
        let mut config = builder.with_cert_resolver(pair.resolver());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        // A request in early data could be sent again by anybody who saw it (TLS-195-06).
        config.max_early_data_size = 0;
        Ok(Self { config: Arc::new(config), pair })
    }
}
