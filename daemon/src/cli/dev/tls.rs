//! `issuerd dev --tls`: a CA that is kept, so that it has to be trusted once, and a server certificate that is made anew at each start.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write as _;
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use crate::base::random::Random;
use crate::base::secret::Secret;
use crate::cli::Failed;
use crate::config::TlsSection;
use crate::pki::certificate::Facts;
use crate::pki::issue::Authority;
use crate::pki::key::CertificateKey;
use crate::pki::{Validity, days_after, pem, tls};
use crate::signer::{Algorithm, SoftwareKey};

/// Life of the CA.
const CA_DAYS: i64 = 3_650;
/// Life of a server certificate; phones take no longer ones.
const SERVER_DAYS: i64 = 397;

/// What was made.
pub(super) struct Made {
    /// The files for the public listener.
    pub(super) section: TlsSection,
    /// The certificate of the CA, for those who are to trust it.
    pub(super) ca: PathBuf,
}

/// Makes what is missing in the folder `tls` of `data_dir`, and a certificate for the hosts of `issuer` and `listen` and for this machine.
pub(super) fn prepare(
    data_dir: &str,
    issuer: &str,
    listen: IpAddr,
    random: &dyn Random,
    now: Timestamp,
) -> Result<Made, Failed> {
    let folder = Path::new(data_dir).join("tls");
    let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
    made.map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    let (certificate, key) = authority(&folder, random, now)?;
    let server_key = new_key()?;
    let authority = Authority { certificate: &certificate, key: &key };
    let der = tls::server(
        &authority,
        &CertificateKey::from_pkcs8(&server_key)?,
        &hosts(issuer, listen),
        validity(now, SERVER_DAYS),
        random,
    )?;
    let (server, private) = (folder.join("server.pem"), folder.join("server.key"));
    write(&server, pem::certificate(&der).as_bytes(), 0o644)?;
    write(&private, pem::private_key(&server_key).expose(), 0o600)?;
    let text = |path: &Path| path.display().to_string();
    let section = TlsSection { certificate: text(&server), key: text(&private), client_ca: String::new() };
    Ok(Made { section, ca: folder.join("ca.pem") })
}

/// The CA's certificate and key: those that are there while they outlive a server certificate, else new ones.
fn authority(folder: &Path, random: &dyn Random, now: Timestamp) -> Result<(Vec<u8>, CertificateKey), Failed> {
    let (certificate, key) = (folder.join("ca.pem"), folder.join("ca.key"));
    if certificate.exists() && key.exists() {
        let told =
            |path: &Path, wrong: &str| format!("{} {wrong}: delete the folder to have it made anew", path.display());
        let der =
            pem::read_certificate(&fs::read_to_string(&certificate)?).map_err(|wrong| told(&certificate, wrong))?;
        let pkcs8 = pem::read_private_key(&Secret::new(fs::read(&key)?)).ok_or_else(|| told(&key, "holds no key"))?;
        if Facts::read(&der)?.validity.not_after >= days_after(now, SERVER_DAYS) {
            return Ok((der, CertificateKey::from_pkcs8(&pkcs8)?));
        }
    }
    let pkcs8 = new_key()?;
    let made = CertificateKey::from_pkcs8(&pkcs8)?;
    let name = format!("issuerd dev, made {}", jiff::tz::Offset::UTC.to_datetime(now).date());
    let der = tls::authority(&made, &name, validity(now, CA_DAYS), random)?;
    write(&key, pem::private_key(&pkcs8).expose(), 0o600)?;
    write(&certificate, pem::certificate(&der).as_bytes(), 0o644)?;
    Ok((der, made))
}

fn new_key() -> Result<Secret, Failed> {
    Ok(SoftwareKey::generate_pkcs8(Algorithm::Es256).map_err(|_| "a key could not be made")?)
}

/// From a day ago, for phones whose clock is behind.
fn validity(now: Timestamp, days: i64) -> Validity {
    Validity {
        not_before: now.saturating_sub(SignedDuration::from_hours(24)).unwrap_or(now),
        not_after: days_after(now, days),
    }
}

fn hosts(issuer: &str, listen: IpAddr) -> Vec<String> {
    let mut hosts = vec!["localhost".to_owned(), "127.0.0.1".into(), "::1".into()];
    let issuer = issuer.parse::<http::Uri>().ok().and_then(|url| url.host().map(str::to_owned));
    let issuer = issuer.map(|host| host.trim_matches(['[', ']']).to_owned());
    let listen = (!listen.is_unspecified()).then(|| listen.to_string());
    for host in issuer.into_iter().chain(listen) {
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    hosts
}

fn write(path: &Path, content: &[u8], mode: u32) -> Result<(), Failed> {
    let told = |error: std::io::Error| format!("cannot write {}: {error}", path.display());
    // The mode of a file that is there would stay.
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(told(error).into()),
        _ => {}
    }
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    Ok(file.and_then(|mut file| file.write_all(content)).map_err(told)?)
}
