//! The certificate of a metadata signer. No profile of a standard describes it; what HAIP 4.1 asks is kept: it is issued by a
//! trust anchor and not self-signed. It names the issuer by its URL, and it has none of the usages of a document signer, so no reader
//! takes one for the other.

use rcgen::{KeyUsagePurpose, SanType};

use super::PkiError;
use super::issue::{Authority, Content, params};
use super::key::CertificateKey;
use crate::base::random::Random;

/// Longest life of a metadata signer, in days.
pub const METADATA_SIGNER_DAYS: i64 = 397;

/// A metadata signer's certificate, DER, for `key`; `url` is the Credential Issuer Identifier.
pub fn metadata_signer(
    authority: &Authority<'_>,
    key: &CertificateKey,
    content: &Content<'_>,
    url: &str,
    random: &dyn Random,
) -> Result<Vec<u8>, PkiError> {
    let (issuer, _) = authority.issuer()?;
    let mut params = params(key, content, random)?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    params.subject_alt_names = vec![SanType::URI(url.try_into()?)];
    Ok(params.signed_by(key, &issuer)?.der().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::SystemRandom;
    use crate::pki::certificate::{Facts, parse};
    use crate::pki::issue::{Leaf, Links, Subject, iaca};
    use crate::pki::testing::Openssl;
    use crate::pki::{Validity, check, days_after, pem};
    use crate::signer::{Algorithm, SoftwareKey};

    // VCI-12.2.3-05, VCI-12.2.3-07
    #[test]
    fn it_leads_to_its_iaca_and_is_no_document_signer() {
        let random = SystemRandom::default();
        let fresh = || CertificateKey::from_pkcs8(&SoftwareKey::generate_pkcs8(Algorithm::Es256).unwrap()).unwrap();
        let (root_key, key) = (fresh(), fresh());
        let start: jiff::Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        let subject = |name: &str| Subject { country: "UT".into(), state_or_province: None, common_name: name.into() };
        let links = Links { issuer: "https://issuer.example/acme".into(), crl: "https://issuer.example/crl".into() };
        let validity = |days| Validity { not_before: start, not_after: days_after(start, days) };
        let (root, leaf) = (subject("root"), subject("metadata signer"));
        let content = Content { subject: &root, validity: validity(3650), links: &links };
        let root = iaca(&root_key, &content, &random).unwrap();
        let authority = Authority { certificate: &root, key: &root_key };
        let content = Content { subject: &leaf, validity: validity(METADATA_SIGNER_DAYS), links: &links };
        let made = metadata_signer(&authority, &key, &content, "https://issuer.example/acme", &random).unwrap();
        let read = parse(&made).unwrap();
        assert_ne!(read.subject(), read.issuer());
        let public = Facts::read(&made).unwrap().key.unwrap();
        assert!(!check::leaf(Leaf::Document, &made, &root, &public).is_empty());
        let openssl = Openssl::new();
        openssl.write("root.pem", pem::certificate(&root));
        openssl.write("leaf.pem", pem::certificate(&made));
        let at = start.as_second() + 60;
        openssl.run(&format!("verify -attime {at} -CAfile root.pem leaf.pem"));
        let shown = openssl.run("x509 -in leaf.pem -noout -text");
        assert!(shown.contains("URI:https://issuer.example/acme") && !shown.contains("CA:TRUE"), "{shown}");
    }
}
