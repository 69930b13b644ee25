//! Chains of certificates up to trust anchors that the operator lists (RFC 5280 6), as wallets send them in `x5c` (RFC 7515 4.1.6).
//!
//! webpki walks the path: signatures, times, CA flags, path lengths, name constraints, unknown critical extensions. What it leaves to
//! others is checked here: key usages, and that a leaf is not its own issuer. Revocation is not looked up.

use jiff::Timestamp;
use rustls::pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use webpki::ring::{
    ECDSA_P256_SHA256, ECDSA_P256_SHA384, ECDSA_P384_SHA256, ECDSA_P384_SHA384, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
};
use webpki::{EndEntityCert, Error, ExtendedKeyUsageValidator, KeyPurposeIdIter, anchor_from_trusted_cert};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::certificate::{parse, public_key};
use crate::base::key::PublicKey;

/// Most certificates in a chain.
pub const MOST_CERTIFICATES: usize = 5;
/// Most bytes of a chain.
pub const MOST_BYTES: usize = 32 * 1024;

/// Signature algorithms of certificates; RSA for authorities that have had their key for long.
const ALGORITHMS: [&dyn SignatureVerificationAlgorithm; 8] = [
    ECDSA_P256_SHA256,
    ECDSA_P256_SHA384,
    ECDSA_P384_SHA256,
    ECDSA_P384_SHA384,
    ED25519,
    RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512,
];

/// Why a chain gives no trust. Says nothing of what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// None, too many, or too large.
    #[error("must have 1 to {MOST_CERTIFICATES} certificates of at most {MOST_BYTES} bytes in all")]
    Length,
    /// Not a certificate in DER.
    #[error("has something that is not a certificate")]
    Unreadable,
    /// The key of the first is of another kind.
    #[error("must start with a certificate of a P-256, P-384 or Ed25519 key")]
    Key,
    /// The first is signed by itself.
    #[error("must not start with a self-signed certificate")]
    SelfSigned,
    /// A key may not be used for what it was used for.
    #[error("has a certificate whose key usage does not permit its use")]
    Usage,
    /// A certificate has ended or is not yet valid.
    #[error("has a certificate that is not valid now")]
    Time,
    /// No path leads to an anchor.
    #[error("does not lead to a trust anchor")]
    Untrusted,
}

/// What is trusted.
#[derive(Default)]
pub struct Anchors {
    certificates: Vec<TrustAnchor<'static>>,
    keys: Vec<PublicKey>,
}

impl Anchors {
    /// Adds the `CERTIFICATE` and `PUBLIC KEY` blocks of a PEM text: the former are authorities, the latter signers named by key.
    pub fn read(&mut self, pem: &str) -> Result<(), String> {
        let blocks = pem::parse_many(pem).map_err(|_| "is not PEM")?;
        if blocks.is_empty() {
            return Err("has no PEM block".into());
        }
        for (place, block) in blocks.iter().enumerate() {
            let wrong = |what: &str| format!("block {}: {what}", place + 1);
            match block.tag() {
                "CERTIFICATE" => self.certificates.push(anchor(block.contents()).map_err(wrong)?),
                "PUBLIC KEY" => {
                    let read = key(block.contents());
                    self.keys.push(read.ok_or_else(|| wrong("is no P-256, P-384 or Ed25519 key"))?);
                }
                _ => return Err(wrong("must be a CERTIFICATE or a PUBLIC KEY")),
            }
        }
        Ok(())
    }

    /// Whether nothing is trusted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty() && self.keys.is_empty()
    }

    /// The keys that are trusted by themselves.
    #[must_use]
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// The key of the first of these certificates (DER), if they lead to an anchor at this time. An anchor among them gives no trust.
    pub fn leaf(&self, chain: &[Vec<u8>], now: Timestamp) -> Result<PublicKey, ChainError> {
        let size = chain.iter().map(Vec::len).sum::<usize>();
        let (first, others) = chain.split_first().ok_or(ChainError::Length)?;
        if chain.len() > MOST_CERTIFICATES || size > MOST_BYTES {
            return Err(ChainError::Length);
        }
        let leaf = parse(first).map_err(|_| ChainError::Unreadable)?;
        let found = public_key(leaf.public_key()).ok_or(ChainError::Key)?;
        if leaf.issuer().as_raw() == leaf.subject().as_raw() {
            return Err(ChainError::SelfSigned);
        }
        check_usages(&leaf, others)?;
        self.walk(first, others, now)?;
        Ok(found)
    }

    fn walk(&self, first: &[u8], others: &[Vec<u8>], now: Timestamp) -> Result<(), ChainError> {
        let (first, others): (_, Vec<_>) =
            (CertificateDer::from(first), others.iter().map(|der| CertificateDer::from(der.as_slice())).collect());
        let end = EndEntityCert::try_from(&first).map_err(|_| ChainError::Unreadable)?;
        let seconds = u64::try_from(now.as_second()).unwrap_or_default();
        let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        let walked = end.verify_for_usage(&ALGORITHMS, &self.certificates, &others, time, AnyUsage, None, None);
        walked.map(drop).map_err(|error| match error {
            Error::CertExpired { .. } | Error::CertNotValidYet { .. } | Error::InvalidCertValidity => ChainError::Time,
            _ => ChainError::Untrusted,
        })
    }
}

/// Extended key usages are not looked at: none is defined for what is attested, and the anchors serve nothing else.
struct AnyUsage;

impl ExtendedKeyUsageValidator for AnyUsage {
    fn validate(&self, iter: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        for usage in iter {
            usage?;
        }
        Ok(())
    }
}

fn anchor(der: &[u8]) -> Result<TrustAnchor<'static>, &'static str> {
    parse(der).map_err(|_| "is not a certificate")?;
    let der = CertificateDer::from(der);
    anchor_from_trusted_cert(&der)
        .map(|anchor| anchor.to_owned())
        .map_err(|_| "is a certificate that cannot be an anchor")
}

fn key(spki: &[u8]) -> Option<PublicKey> {
    let ([], spki) = SubjectPublicKeyInfo::from_der(spki).ok()? else { return None };
    public_key(&spki)
}

/// A leaf signs, its authorities certify (RFC 5280 4.2.1.3); a certificate without the extension may do either.
fn check_usages(leaf: &X509Certificate<'_>, others: &[Vec<u8>]) -> Result<(), ChainError> {
    let usage = |certificate: &X509Certificate<'_>| match certificate.key_usage() {
        Ok(usage) => Ok(usage.map(|usage| (usage.value.digital_signature(), usage.value.key_cert_sign()))),
        Err(_) => Err(ChainError::Unreadable),
    };
    if usage(leaf)?.is_some_and(|(signs, _)| !signs) {
        return Err(ChainError::Usage);
    }
    for der in others {
        let certificate = parse(der).map_err(|_| ChainError::Unreadable)?;
        if usage(&certificate)?.is_some_and(|(_, certifies)| !certifies) {
            return Err(ChainError::Usage);
        }
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use rcgen::{
        BasicConstraints, CertificateParams, DnType, GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose,
        NameConstraints, date_time_ymd,
    };

    use super::*;
    use crate::pki::pem;

    pub(crate) const NOW: i64 = 1_795_392_000;

    pub(crate) fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// A certificate with its key.
    pub(crate) struct Made {
        pub(crate) der: Vec<u8>,
        pub(crate) key: KeyPair,
        params: CertificateParams,
    }

    /// Parameters of a certificate for `name`, valid from 2026 to 2030.
    pub(crate) fn params(name: &str) -> CertificateParams {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2030, 1, 1));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params
    }

    pub(crate) fn authority(name: &str) -> CertificateParams {
        let mut params = params(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params
    }

    fn with(mut params: CertificateParams, change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
        change(&mut params);
        params
    }

    /// The `PUBLIC KEY` block of a key.
    pub(crate) fn public_pem(made: &Made) -> String {
        ::pem::encode(&::pem::Pem::new("PUBLIC KEY", rcgen::PublicKeyData::subject_public_key_info(&made.key)))
    }

    pub(crate) fn root(params: CertificateParams) -> Made {
        let key = KeyPair::generate().unwrap();
        let der = params.self_signed(&key).unwrap().der().to_vec();
        Made { der, key, params }
    }

    pub(crate) fn under(above: &Made, params: CertificateParams) -> Made {
        let key = KeyPair::generate().unwrap();
        let der = params.signed_by(&key, &Issuer::from_params(&above.params, &above.key)).unwrap().der().to_vec();
        Made { der, key, params }
    }

    pub(crate) fn anchors(made: &[&Made]) -> Anchors {
        let mut anchors = Anchors::default();
        for one in made {
            anchors.read(&pem::certificate(&one.der)).unwrap();
        }
        anchors
    }

    fn leaf(anchors: &Anchors, chain: &[&Made]) -> Result<PublicKey, ChainError> {
        anchors.leaf(&chain.iter().map(|made| made.der.clone()).collect::<Vec<_>>(), at(NOW))
    }

    #[test]
    fn a_chain_to_an_anchor_gives_the_key_of_its_leaf() {
        let top = root(authority("root"));
        let middle = under(&top, authority("middle"));
        let (direct, below) = (under(&top, params("direct")), under(&middle, params("below")));
        let trusted = anchors(&[&top]);
        for chain in [vec![&direct], vec![&below, &middle], vec![&below, &middle, &top]] {
            let found = leaf(&trusted, &chain).unwrap();
            assert_eq!(found.bytes(), rcgen::PublicKeyData::der_bytes(&chain[0].key));
        }
        // An anchor in the middle will do.
        assert!(leaf(&anchors(&[&middle]), &[&below]).is_ok());
    }

    // SEC-X5C-01, VCI-D.1-02
    #[test]
    fn a_chain_to_elsewhere_gives_no_trust() {
        let (top, other) = (root(authority("root")), root(authority("root")));
        let middle = under(&top, authority("middle"));
        let below = under(&middle, params("below"));
        let trusted = anchors(&[&top]);
        for (chain, error) in [
            (vec![&below], ChainError::Untrusted),
            (vec![&below, &top], ChainError::Untrusted),
            (vec![&middle, &below], ChainError::Usage),
            (vec![&top], ChainError::SelfSigned),
            (vec![], ChainError::Length),
            (vec![&below, &middle, &middle, &middle, &middle, &middle], ChainError::Length),
        ] {
            assert_eq!(leaf(&trusted, &chain), Err(error));
        }
        // The right name and another key.
        assert_eq!(leaf(&anchors(&[&other]), &[&below, &middle]), Err(ChainError::Untrusted));
        assert_eq!(leaf(&Anchors::default(), &[&below, &middle]), Err(ChainError::Untrusted));
        // A self-signed leaf is none, even when it is an anchor itself.
        let own = root(params("own"));
        assert_eq!(leaf(&anchors(&[&own]), &[&own]), Err(ChainError::SelfSigned));
    }

    // SEC-X5C-01
    #[test]
    fn each_certificate_may_do_what_it_does() {
        let top = root(authority("root"));
        let trusted = anchors(&[&top]);
        let no_authority = under(&top, with(authority("middle"), |params| params.is_ca = IsCa::NoCa));
        let cannot_certify = under(
            &top,
            with(authority("middle"), |params| params.key_usages = vec![KeyUsagePurpose::DigitalSignature]),
        );
        let cannot_sign =
            under(&top, with(params("leaf"), |params| params.key_usages = vec![KeyUsagePurpose::KeyAgreement]));
        assert_eq!(leaf(&trusted, &[&under(&no_authority, params("leaf")), &no_authority]), Err(ChainError::Untrusted));
        assert_eq!(leaf(&trusted, &[&under(&cannot_certify, params("leaf")), &cannot_certify]), Err(ChainError::Usage));
        assert_eq!(leaf(&trusted, &[&cannot_sign]), Err(ChainError::Usage));
        // An authority is no leaf.
        let both = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyCertSign];
        let acts_as_leaf = under(&top, with(authority("middle"), |params| params.key_usages = both));
        assert_eq!(leaf(&trusted, &[&acts_as_leaf]), Err(ChainError::Untrusted));
        let short = with(authority("short"), |params| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)));
        let short = under(&top, short);
        let middle = under(&short, authority("middle"));
        assert_eq!(leaf(&trusted, &[&under(&middle, params("leaf")), &middle, &short]), Err(ChainError::Untrusted));
        assert!(leaf(&trusted, &[&under(&short, params("leaf")), &short]).is_ok());
    }

    // SEC-X5C-01
    #[test]
    fn name_constraints_are_kept() {
        let top = root(authority("root"));
        let permitted_subtrees = vec![GeneralSubtree::DnsName("good.example".into())];
        let constraints = NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() };
        let middle = under(&top, with(authority("middle"), |params| params.name_constraints = Some(constraints)));
        for (name, good) in [("a.good.example", true), ("evil.example", false)] {
            let named = CertificateParams::new(vec![name.to_owned()]).unwrap();
            let named = with(params("leaf"), |params| params.subject_alt_names = named.subject_alt_names);
            assert_eq!(leaf(&anchors(&[&top]), &[&under(&middle, named), &middle]).is_ok(), good, "{name}");
        }
    }

    // SEC-X5C-01
    #[test]
    fn each_certificate_is_valid_now() {
        let top = root(authority("root"));
        let trusted = anchors(&[&top]);
        let times = [
            (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1)),
            (date_time_ymd(2029, 1, 1), date_time_ymd(2030, 1, 1)),
        ];
        for (not_before, not_after) in times {
            let ended = under(
                &top,
                with(params("leaf"), |params| {
                    params.not_before = not_before;
                    params.not_after = not_after;
                }),
            );
            assert_eq!(leaf(&trusted, &[&ended]), Err(ChainError::Time));
            let above = under(
                &top,
                with(authority("middle"), |params| {
                    params.not_before = not_before;
                    params.not_after = not_after;
                }),
            );
            assert_eq!(leaf(&trusted, &[&under(&above, params("leaf")), &above]), Err(ChainError::Time));
        }
    }

    // SEC-X5C-02
    #[test]
    fn bytes_that_are_no_certificate_are_refused() {
        let top = root(authority("root"));
        let good = under(&top, params("leaf")).der;
        let trusted = anchors(&[&top]);
        let longer = [good.as_slice(), &[0]].concat();
        for bad in [vec![], longer, good[..good.len() - 1].to_vec(), b"certificate".to_vec()] {
            assert_eq!(trusted.leaf(std::slice::from_ref(&bad), at(NOW)), Err(ChainError::Unreadable));
            assert_eq!(trusted.leaf(&[good.clone(), bad], at(NOW)), Err(ChainError::Unreadable));
        }
        assert_eq!(trusted.leaf(&[good.clone(), vec![0; MOST_BYTES]], at(NOW)), Err(ChainError::Length));
        for place in 0..good.len() {
            let mut changed = good.clone();
            changed[place] ^= 1;
            assert!(trusted.leaf(&[changed], at(NOW)).is_err(), "byte {place}");
        }
    }

    #[test]
    fn anchors_are_certificates_and_keys_in_pem() {
        let made = root(authority("root"));
        let both = format!("{}\n# a comment\n{}", pem::certificate(&made.der), public_pem(&made));
        let mut anchors = Anchors::default();
        assert!(anchors.is_empty());
        anchors.read(&both).unwrap();
        assert!(!anchors.is_empty());
        assert_eq!(
            anchors.keys().iter().map(PublicKey::bytes).collect::<Vec<_>>(),
            [rcgen::PublicKeyData::der_bytes(&made.key)]
        );
        for (text, problem) in [
            ("", "no PEM block"),
            ("nonsense", "no PEM block"),
            (
                &::pem::encode(&::pem::Pem::new("PRIVATE KEY", made.key.serialize_der())),
                "must be a CERTIFICATE or a PUBLIC KEY",
            ),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "block 1: is not a certificate"),
            ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "block 1: is no P-256"),
        ] {
            let error = Anchors::default().read(text).unwrap_err();
            assert!(error.contains(problem), "{error}");
        }
    }
}
