//! Reads certificates, keys and CAs, and says what is wrong with them.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use rustls::RootCertStore;
use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{ParsedCertificate, ResolvesServerCert};
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use super::{TlsError, TlsFiles};

/// When each file was changed, by seconds and nanoseconds, with its length and inode; `None` for one that cannot be looked at.
pub type Stamps = Vec<Option<(i64, i64, u64, u64)>>;

/// Longest file that is read; a chain with its root has under 10 kB, all public CAs together 250 kB.
const MOST_BYTES: u64 = 1 << 20;

pub(super) fn stamps(files: &TlsFiles) -> Stamps {
    let all = [Some(&files.certificate), Some(&files.key), files.client_ca.as_ref()];
    let stamp = |path: &Path| {
        let found = fs::metadata(path).ok()?;
        Some((found.mtime(), found.mtime_nsec(), found.len(), found.ino()))
    };
    all.into_iter().flatten().map(|path| stamp(path)).collect()
}

impl TlsFiles {
    pub(super) fn wrong(&self, key: &'static str, file: &Path, wrong: String) -> TlsError {
        TlsError { section: self.section, key, file: file.display().to_string(), wrong }
    }

    fn bytes(&self, key: &'static str, file: &Path) -> Result<Vec<u8>, TlsError> {
        let told = |error: std::io::Error| self.wrong(key, file, format!("cannot be read: {error}"));
        if fs::metadata(file).map_err(told)?.len() > MOST_BYTES {
            return Err(self.wrong(key, file, "is too long for PEM certificates".into()));
        }
        fs::read(file).map_err(told)
    }

    /// The certificates in a file, at least one.
    fn certificates(&self, key: &'static str, file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let bytes = self.bytes(key, file)?;
        let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
        match all {
            Ok(all) if all.is_empty() => Err(self.wrong(key, file, "holds no certificate in PEM".into())),
            Ok(all) => Ok(all),
            Err(error) => Err(self.wrong(key, file, format!("is not PEM: {error}"))),
        }
    }
}

/// The CAs of client certificates.
pub(super) fn roots(files: &TlsFiles, file: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in files.certificates("client_ca", file)? {
        let added = roots.add(certificate);
        added.map_err(|error| files.wrong("client_ca", file, format!("has a certificate that is no CA: {error}")))?;
    }
    Ok(roots)
}

/// A certificate with its key.
#[derive(Debug)]
pub(super) struct Pair {
    certified: Arc<CertifiedKey>,
    /// Until when the certificate is valid.
    pub(super) not_after: Timestamp,
}

impl Pair {
    pub(super) fn read(files: &TlsFiles, provider: &CryptoProvider, now: Timestamp) -> Result<Self, TlsError> {
        let chain = files.certificates("certificate", &files.certificate)?;
        let not_after = Self::check(files, &chain, now)?;
        let key = Self::key(files)?;
        let certified = CertifiedKey::from_der(chain, key, provider).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                files.wrong("key", &files.key, format!("is not the key of {}", files.certificate.display()))
            }
            error => files.wrong("key", &files.key, format!("cannot be used: {error}")),
        })?;
        Ok(Self { certified: Arc::new(certified), not_after })
    }

    /// Whether the first certificate is a server's and valid, and each is vouched for by the next (TLS-195-03).
    fn check(files: &TlsFiles, chain: &[CertificateDer<'_>], now: Timestamp) -> Result<Timestamp, TlsError> {
        let told = |wrong: String| files.wrong("certificate", &files.certificate, wrong);
        let parsed =
            chain.iter().map(|der| x509_parser::parse_x509_certificate(der).map(|(_, certificate)| certificate));
        let parsed: Vec<_> = parsed.collect::<Result<_, _>>().map_err(|_| told("has what is no certificate".into()))?;
        for (place, pair) in parsed.windows(2).enumerate() {
            if let [one, next] = pair
                && (one.issuer() != next.subject() || one.verify_signature(Some(next.public_key())).is_err())
            {
                let place = place + 1;
                return Err(told(format!("is out of order: certificate {place} is not signed by the one after it")));
            }
        }
        let leaf = parsed.first().ok_or_else(|| told("holds no certificate".into()))?;
        let instant =
            |time: &x509_parser::time::ASN1Time| Timestamp::from_second(time.timestamp()).unwrap_or(Timestamp::MAX);
        let (from, until) = (instant(&leaf.validity().not_before), instant(&leaf.validity().not_after));
        match () {
            () if now > until => Err(told(format!("expired on {until}"))),
            () if now < from => Err(told(format!("is not valid before {from}"))),
            () => Ok(until),
        }
    }

    fn key(files: &TlsFiles) -> Result<PrivateKeyDer<'static>, TlsError> {
        let told = |wrong: &str| files.wrong("key", &files.key, wrong.into());
        let bytes = zeroize::Zeroizing::new(files.bytes("key", &files.key)?);
        let mode = fs::metadata(&files.key).map_or(0, |found| found.permissions().mode());
        // A group that reads keys is common practice; one that writes them is not.
        if mode & 0o027 != 0 {
            return Err(told("can be read by others: chmod 600 or 640 it, and consider the key known to them"));
        }
        PrivateKeyDer::from_pem_slice(&bytes)
            .map_err(|_| told("holds no private key in PEM (PKCS#8, SEC 1 or PKCS#1, not encrypted)"))
    }

    pub(super) fn resolver(&self) -> Arc<dyn ResolvesServerCert> {
        Arc::new(SingleCertAndKey::from(CertifiedKey::clone(&self.certified)))
    }

    pub(super) fn is_for(&self, host: &str) -> bool {
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        let parsed = self.certified.end_entity_cert().and_then(ParsedCertificate::try_from);
        let (Ok(parsed), Ok(name)) = (parsed, ServerName::try_from(bare)) else { return false };
        verify_server_name(&parsed, &name).is_ok()
    }
}
