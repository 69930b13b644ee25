//! For tests: a CA that is nobody's, its certificates in files, and clients.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;

use super::{PROVIDER, Tls, TlsFiles};

/// When the tests take place.
pub(in crate::listener) fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

/// A CA.
pub(in crate::listener) struct Ca {
    pub(in crate::listener) der: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate with its key.
pub(in crate::listener) struct Made {
    pub(in crate::listener) der: CertificateDer<'static>,
    pub(in crate::listener) key: KeyPair,
}

impl Ca {
    pub(in crate::listener) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let der = params.self_signed(&key).unwrap().der().clone();
        Self { der, issuer: Issuer::new(params, key) }
    }

    pub(in crate::listener) fn certify(&self, adjust: impl FnOnce(&mut CertificateParams)) -> Made {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".into()]).unwrap();
        adjust(&mut params);
        let der = params.signed_by(&key, &self.issuer).unwrap().der().clone();
        Made { der, key }
    }
}

/// A folder with the files of a listener.
pub(in crate::listener) struct Folder {
    folder: TempDir,
    pub(in crate::listener) ca: Ca,
}

impl Folder {
    /// One with a good pair.
    pub(in crate::listener) fn new() -> Self {
        let made = Self { folder: tempfile::tempdir().unwrap(), ca: Ca::new() };
        made.put(&made.ca.certify(|_| ()));
        made
    }

    pub(in crate::listener) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(in crate::listener) fn put(&self, made: &Made) {
        write(&self.path("server.pem"), &pem("CERTIFICATE", &made.der), 0o644);
        write(&self.path("server.key"), &pem("PRIVATE KEY", &made.key.serialize_der()), 0o600);
    }

    pub(in crate::listener) fn files(&self) -> TlsFiles {
        let (certificate, key) = (self.path("server.pem"), self.path("server.key"));
        TlsFiles { section: "server.tls", certificate, key, client_ca: None }
    }

    pub(in crate::listener) fn tls(&self) -> Arc<Tls> {
        Arc::new(Tls::load(self.files(), now()).unwrap())
    }

    /// The settings of a client that trusts the CA.
    pub(in crate::listener) fn client(&self, shows: Option<&Made>) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.ca.der.clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::clone(&PROVIDER));
        let builder = builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
        match shows {
            None => builder.with_no_client_auth(),
            Some(made) => {
                let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.key.serialize_der()));
                builder.with_client_auth_cert(vec![made.der.clone()], key).unwrap()
            }
        }
    }

    /// A client that asks for HTTP/2 and takes HTTP/1.1.
    pub(in crate::listener) fn http(&self, shows: Option<&Made>) -> reqwest::Client {
        let mut config = self.client(shows);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        reqwest::Client::builder().tls_backend_preconfigured(config).no_proxy().build().unwrap()
    }
}

pub(in crate::listener) fn pem(tag: &str, der: &[u8]) -> String {
    pem::encode(&pem::Pem::new(tag, der))
}

pub(in crate::listener) fn write(path: &Path, text: &str, mode: u32) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
