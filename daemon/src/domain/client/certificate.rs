//! Clients that are known by the certificate of their connection (RFC 8705 section 2).

use x509_parser::extensions::GeneralName;

use super::registered::Registered;
use crate::pki::certificate::{fingerprint, parse};

/// Whether a certificate is one of the client's: by its SHA-256 (`self_signed_tls_client_auth`), or by the subject or DNS name that
/// is registered (`tls_client_auth`). That a trusted authority made it has been checked by the listener.
pub(super) fn is_of(der: &[u8], client: &Registered) -> bool {
    let print = fingerprint(der);
    if client.certificate_sha256.contains(&print) {
        return true;
    }
    let Ok(certificate) = parse(der) else { return false };
    let subject = client.certificate_subject.as_deref().map(parts);
    if subject.is_some_and(|subject| is_name(&subject, &certificate.subject().to_string())) {
        return true;
    }
    let Some(wanted) = client.certificate_dns.as_deref() else { return false };
    let Ok(Some(names)) = certificate.subject_alternative_name() else { return false };
    let dns = |name: &GeneralName<'_>| matches!(name, GeneralName::DNSName(dns) if dns.eq_ignore_ascii_case(wanted));
    names.value.general_names.iter().any(dns)
}

/// The parts of a distinguished name.
fn parts(name: &str) -> Vec<&str> {
    name.split(',').map(str::trim).collect()
}

/// Whether both have the same parts, in the order of the certificate or in that of RFC 4514, which is the other way round.
fn is_name(wanted: &[&str], found: &str) -> bool {
    // A value with a comma in it would be taken apart.
    let found = parts(found);
    let reversed: Vec<_> = found.iter().rev().copied().collect();
    wanted == found || wanted == reversed
}
