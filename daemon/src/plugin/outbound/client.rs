//! One HTTP client for each grant.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use super::resolve::{Filter, Lookup};
use crate::plugin::settings::HttpGrant;

/// Time for a connection with its handshake.
const CONNECT: Duration = Duration::from_secs(2);
/// How long a connection is kept for the next request.
const IDLE: Duration = Duration::from_secs(30);
/// Connections kept for each grant.
const IDLE_CONNECTIONS: usize = 8;
/// Most headers of an answer.
const HEADERS: usize = 100;
/// Most bytes of the headers of an answer over HTTP/2.
const HEADER_BYTES: u32 = 64 << 10;

/// A client for each grant, in their order.
pub(super) fn clients(grants: &[HttpGrant], lookup: &Arc<dyn Lookup>) -> Result<Vec<reqwest::Client>, String> {
    if grants.is_empty() {
        return Ok(Vec::new());
    }
    let system = system_roots();
    grants.iter().map(|grant| client(grant, &system, lookup.clone())).collect()
}

fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    // One certificate that cannot be read leaves the others good.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

fn client(grant: &HttpGrant, system: &RootCertStore, lookup: Arc<dyn Lookup>) -> Result<reqwest::Client, String> {
    let mut roots = system.clone();
    if let Some(file) = &grant.ca_file {
        add(&mut roots, file)?;
    }
    if roots.is_empty() && grant.origin.starts_with("https:") {
        return Err(format!("{}: this system has no trusted certificates, and there is no ca_file", grant.origin));
    }
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls(roots)?)
        .dns_resolver(Arc::new(Filter { lookup, private: grant.private }))
        // A proxy would resolve the name itself; a redirect is another request that the plugin must be allowed.
        .no_proxy()
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .user_agent(concat!("issuerd/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        .http1_max_headers(HEADERS)
        .http2_max_header_list_size(HEADER_BYTES)
        .build()
        .map_err(|error| format!("{}: the client cannot be made: {error}", grant.origin))
}

fn add(roots: &mut RootCertStore, file: &Path) -> Result<(), String> {
    let told = |problem: &dyn std::fmt::Display| format!("ca_file {}: {problem}", file.display());
    let certificates = CertificateDer::pem_file_iter(file).map_err(|error| told(&error))?;
    let mut added = 0;
    for certificate in certificates {
        roots.add(certificate.map_err(|error| told(&error))?).map_err(|error| told(&error))?;
        added += 1;
    }
    if added == 0 { Err(told(&"it holds no certificate")) } else { Ok(()) }
}

fn tls(roots: RootCertStore) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
