//! Compares certificates with their profiles (ISO/IEC 18013-5 Annex B) and names each mistake.

use jiff::ToSpan as _;
use jiff::tz::TimeZone;
use x509_parser::asn1_rs::{Oid, Tag, oid};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{DistributionPointName, GeneralName, ParsedExtension};
use x509_parser::oid_registry::{
    OID_SIG_ECDSA_WITH_SHA256, OID_SIG_ECDSA_WITH_SHA384, OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER,
    OID_X509_EXT_BASIC_CONSTRAINTS, OID_X509_EXT_CRL_DISTRIBUTION_POINTS, OID_X509_EXT_EXTENDED_KEY_USAGE,
    OID_X509_EXT_ISSUER_ALT_NAME, OID_X509_EXT_KEY_USAGE, OID_X509_EXT_SUBJECT_KEY_IDENTIFIER,
};
use x509_parser::x509::X509Version;

use super::certificate::{
    authority_key_identifier, key_identifier, parse, public_key, subject_key_identifier, validity,
};
use super::issue::Leaf;
use super::{DOCUMENT_SIGNER_DAYS, IACA_YEARS, STATUS_SIGNER_DAYS, Validity, days_after};
use crate::base::key::PublicKey;

/// Policy mappings, name constraints, policy constraints, inhibit any policy, freshest CRL.
const FORBIDDEN: [Oid<'static>; 5] =
    [oid!(2.5.29.33), oid!(2.5.29.30), oid!(2.5.29.36), oid!(2.5.29.54), oid!(2.5.29.46)];
/// DER of an extended key usage that holds 1.0.18013.5.1.2 and nothing else.
const MDL_USAGE: [u8; 11] = [0x30, 0x09, 0x06, 0x07, 0x28, 0x81, 0x8c, 0x5d, 0x05, 0x01, 0x02];
/// `keyCertSign` and `cRLSign` in the bit order of x509-parser.
const CERTIFICATES_AND_CRLS: u16 = 0b110_0000;
/// `digitalSignature`.
const SIGNATURES: u16 = 1;

/// DER of the `AlgorithmIdentifier`s of the profiles (RFC 5758 3.2).
const ECDSA_WITH_SHA256: [u8; 12] = [0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const ECDSA_WITH_SHA384: [u8; 12] = [0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03];

const UNREADABLE: &str = "must be one X.509 certificate in DER";

/// What is wrong with an IACA root certificate (Table B.1); empty when it follows the profile. Says nothing of the current time.
#[must_use]
pub fn iaca(der: &[u8]) -> Vec<&'static str> {
    let Ok(certificate) = parse(der) else { return vec![UNREADABLE] };
    let Ok(validity) = validity(&certificate) else { return vec![UNREADABLE] };
    let mut check = Check::new(&certificate);
    check.all_profiles();
    let own_name = certificate.issuer().as_raw() == certificate.subject().as_raw();
    check.must(own_name, "must have itself as issuer, byte for byte");
    check
        .must(is_signed_by(&certificate, &certificate), "must be signed by itself with the hash function of its curve");
    check.must(at_most_years(validity, IACA_YEARS), "must be valid for at most 20 years");
    check.basic_constraints_of_root();
    check.key_usage(CERTIFICATES_AND_CRLS, "keyUsage must be keyCertSign and cRLSign, and critical");
    check.must(
        subject_key_identifier(&certificate)
            == Some(&*key_identifier(&certificate.public_key().subject_public_key.data))
            && !check.is_critical(&OID_X509_EXT_SUBJECT_KEY_IDENTIFIER),
        "subjectKeyIdentifier must be SHA-1 of the public key, and not critical",
    );
    check.mistakes
}

/// What is wrong with a document signer's (Table B.3) or a status list signer's (Table B.9) certificate under `iaca` for the private
/// key of `key`; empty when it follows the profile. Says nothing of the current time.
#[must_use]
pub fn leaf(of: Leaf, der: &[u8], iaca: &[u8], key: &PublicKey) -> Vec<&'static str> {
    let (Ok(certificate), Ok(root)) = (parse(der), parse(iaca)) else { return vec![UNREADABLE] };
    let mut check = Check::new(&certificate);
    check.all_profiles();
    check.under(&root, of);
    check.must(
        public_key(certificate.public_key()).as_ref() == Some(key),
        "must be for the key of the signer's request",
    );
    check.must(!check.is_authority(), "must not be a CA");
    check.key_usage(SIGNATURES, "keyUsage must be digitalSignature, and critical");
    check.extended_key_usage(of);
    check.must(
        subject_key_identifier(&certificate).is_some() && !check.is_critical(&OID_X509_EXT_SUBJECT_KEY_IDENTIFIER),
        "subjectKeyIdentifier must be there, and not critical",
    );
    check.mistakes
}

/// Whether the key of `root`, on a curve that issuerd can check, made the signature, hashing as long as the curve is.
fn is_signed_by(certificate: &X509Certificate<'_>, root: &X509Certificate<'_>) -> bool {
    let (algorithm, encoded) = match public_key(root.public_key()) {
        Some(PublicKey::P256 { .. }) => (OID_SIG_ECDSA_WITH_SHA256, ECDSA_WITH_SHA256),
        Some(PublicKey::P384 { .. }) => (OID_SIG_ECDSA_WITH_SHA384, ECDSA_WITH_SHA384),
        Some(PublicKey::Ed25519 { .. }) | None => return false,
    };
    certificate.signature_algorithm.algorithm == algorithm
        && ends_in_der(certificate, &encoded)
        && certificate.verify_signature(Some(root.public_key())).is_ok()
}

/// Whether what no signature covers, the outer algorithm and the signature's own header, is the one DER there is for it.
/// x509-parser is lenient there, and a certificate with two spellings would have two fingerprints.
fn ends_in_der(certificate: &X509Certificate<'_>, algorithm: &[u8]) -> bool {
    let signature = certificate.signature_value.data.as_ref();
    let header = |length: u8| [0x03, length, 0x00];
    let before = certificate.as_raw().strip_suffix(signature);
    let before = u8::try_from(signature.len() + 1).ok().and_then(|length| before?.strip_suffix(&header(length)));
    signature.len() < 127 && before.is_some_and(|before| before.ends_with(algorithm))
}

fn at_most_years(validity: Validity, years: i64) -> bool {
    let start = validity.not_before.to_zoned_datetime(TimeZone::UTC);
    start.checked_add(years.years()).is_ok_and(|end| validity.not_after <= end.timestamp())
}

struct Check<'a> {
    certificate: &'a X509Certificate<'a>,
    mistakes: Vec<&'static str>,
}

impl<'a> Check<'a> {
    fn new(certificate: &'a X509Certificate<'a>) -> Self {
        Self { certificate, mistakes: Vec::new() }
    }

    fn must(&mut self, holds: bool, otherwise: &'static str) {
        if !holds {
            self.mistakes.push(otherwise);
        }
    }

    fn extension(&self, oid: &Oid<'_>) -> Option<&'a x509_parser::extensions::X509Extension<'a>> {
        self.certificate.iter_extensions().find(|extension| extension.oid == *oid)
    }

    fn is_critical(&self, oid: &Oid<'_>) -> bool {
        self.extension(oid).is_some_and(|extension| extension.critical)
    }

    fn all_profiles(&mut self) {
        let certificate = self.certificate;
        self.must(certificate.version() == X509Version::V3, "must have version 3");
        let serial = certificate.raw_serial();
        let positive = serial.first().is_some_and(|first| *first < 0x80) && serial.iter().any(|octet| *octet != 0);
        self.must(positive && serial.len() <= 20, "must have a positive serial number of at most 20 octets");
        self.must(public_key(certificate.public_key()).is_some(), "must have a P-256, P-384 or Ed25519 public key");
        self.must(
            certificate.signature_algorithm == certificate.tbs_certificate.signature,
            "must name one signature algorithm inside and outside",
        );
        let times = [certificate.validity().not_before, certificate.validity().not_after];
        let encoded = times.iter().all(|time| time.is_utctime() == (time.to_datetime().year() < 2050));
        self.must(encoded, "must write dates as UTCTime until 2049 and as GeneralizedTime later");
        let ordered = certificate.validity().not_before < certificate.validity().not_after;
        self.must(ordered, "must have notBefore before notAfter");
        self.subject();
        self.extensions();
        self.issuer_alternative_name();
        self.crl_distribution_points();
    }

    fn subject(&mut self) {
        let certificate = self.certificate;
        let countries: Vec<_> = certificate.subject().iter_country().collect();
        let country = matches!(countries.as_slice(), [country]
            if country.attr_value().tag() == Tag::PrintableString
                && matches!(country.as_slice(), [b'A'..=b'Z', b'A'..=b'Z']));
        self.must(country, "must have one countryName: two upper-case letters as PrintableString");
        let named = certificate.subject().iter_common_name().any(|name| !name.as_slice().is_empty());
        self.must(named, "must have a commonName");
    }

    fn extensions(&mut self) {
        let certificate = self.certificate;
        let known = [OID_X509_EXT_BASIC_CONSTRAINTS, OID_X509_EXT_KEY_USAGE, OID_X509_EXT_EXTENDED_KEY_USAGE];
        let all = certificate.extensions();
        self.must(certificate.extensions_map().is_ok(), "must not repeat an extension");
        let readable = all.iter().all(|extension| extension.parsed_extension().error().is_none());
        self.must(readable, "must have readable extensions");
        let forbidden = all.iter().any(|extension| FORBIDDEN.contains(&extension.oid));
        self.must(!forbidden, "must not have policy, name or freshest CRL constraints");
        let criticals = all.iter().all(|extension| !extension.critical || known.contains(&extension.oid));
        self.must(
            criticals,
            "must not have critical extensions apart from basicConstraints, keyUsage and extendedKeyUsage",
        );
    }

    fn issuer_alternative_name(&mut self) {
        let found = self.extension(&OID_X509_EXT_ISSUER_ALT_NAME).filter(|extension| !extension.critical);
        let reachable = found.is_some_and(|extension| match extension.parsed_extension() {
            ParsedExtension::IssuerAlternativeName(names) => {
                names.general_names.iter().any(|name| matches!(name, GeneralName::RFC822Name(_) | GeneralName::URI(_)))
            }
            _ => false,
        });
        self.must(reachable, "issuerAltName must have an e-mail address or a URI, and not be critical");
    }

    fn crl_distribution_points(&mut self) {
        let found = self.extension(&OID_X509_EXT_CRL_DISTRIBUTION_POINTS).filter(|extension| !extension.critical);
        let fits = found.is_some_and(|extension| match extension.parsed_extension() {
            ParsedExtension::CRLDistributionPoints(points) => {
                !points.is_empty()
                    && points.iter().all(|point| {
                        let uri = matches!(&point.distribution_point, Some(DistributionPointName::FullName(names))
                        if names.iter().any(|name| matches!(name, GeneralName::URI(_))));
                        uri && point.reasons.is_none() && point.crl_issuer.is_none()
                    })
            }
            _ => false,
        });
        self.must(fits, "cRLDistributionPoints must have a URI, no reasons and no cRLIssuer, and not be critical");
    }

    fn basic_constraints_of_root(&mut self) {
        let found = self.extension(&OID_X509_EXT_BASIC_CONSTRAINTS).filter(|extension| extension.critical);
        let fits = found.is_some_and(|extension| match extension.parsed_extension() {
            ParsedExtension::BasicConstraints(constraints) => {
                constraints.ca && constraints.path_len_constraint == Some(0)
            }
            _ => false,
        });
        self.must(fits, "basicConstraints must be CA with path length 0, and critical");
    }

    fn is_authority(&self) -> bool {
        self.extension(&OID_X509_EXT_BASIC_CONSTRAINTS).is_some_and(|extension| {
            !matches!(extension.parsed_extension(), ParsedExtension::BasicConstraints(constraints) if !constraints.ca)
        })
    }

    fn key_usage(&mut self, flags: u16, otherwise: &'static str) {
        let found = self.extension(&OID_X509_EXT_KEY_USAGE).filter(|extension| extension.critical);
        let fits = found.is_some_and(|extension| {
            matches!(extension.parsed_extension(), ParsedExtension::KeyUsage(usage) if usage.flags == flags)
        });
        self.must(fits, otherwise);
    }

    fn extended_key_usage(&mut self, of: Leaf) {
        let found = self.extension(&OID_X509_EXT_EXTENDED_KEY_USAGE);
        match of {
            Leaf::Document => {
                let fits = found.is_some_and(|extension| extension.critical && extension.value == MDL_USAGE);
                self.must(fits, "extendedKeyUsage must be 1.0.18013.5.1.2 only, and critical");
            }
            Leaf::StatusList | Leaf::SdJwt => {
                let fits = found.is_none_or(|extension| !extension.critical && extension.value != MDL_USAGE);
                self.must(fits, "extendedKeyUsage must not be critical, nor that of a document signer");
            }
        }
    }

    /// What ties a signer to its IACA.
    fn under(&mut self, root: &X509Certificate<'_>, of: Leaf) {
        let certificate = self.certificate;
        let same_name = certificate.issuer().as_raw() == root.subject().as_raw();
        self.must(same_name, "the issuer's name must be the IACA's subject, byte for byte");
        let authority = authority_key_identifier(certificate);
        let same_key = authority.is_some() && authority == subject_key_identifier(root);
        self.must(
            same_key && !self.is_critical(&OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER),
            "authorityKeyIdentifier must be the IACA's subjectKeyIdentifier, and not be critical",
        );
        self.must(is_signed_by(certificate, root), "must be signed by the IACA with the hash function of its curve");
        self.same_place(root);
        let (Ok(own), Ok(outer)) = (validity(certificate), validity(root)) else { return self.must(false, UNREADABLE) };
        let (days, otherwise) = match of {
            Leaf::Document | Leaf::SdJwt => (DOCUMENT_SIGNER_DAYS, "must be valid for at most 457 days"),
            Leaf::StatusList => (STATUS_SIGNER_DAYS, "must be valid for at most 1187 days"),
        };
        self.must(own.not_after <= days_after(own.not_before, days), otherwise);
        let inside = outer.not_before <= own.not_before && own.not_after <= outer.not_after;
        self.must(inside, "must be valid only while the IACA is");
    }

    fn same_place(&mut self, root: &X509Certificate<'_>) {
        let certificate = self.certificate;
        let country = |of: &X509Certificate<'_>| of.subject().iter_country().next().map(|it| it.as_slice().to_vec());
        self.must(country(certificate) == country(root), "countryName must be the IACA's");
        let state =
            |of: &X509Certificate<'_>| of.subject().iter_state_or_province().next().map(|it| it.as_slice().to_vec());
        let expected = state(root);
        self.must(expected.is_none() || state(certificate) == expected, "stateOrProvinceName must be the IACA's");
    }
}
