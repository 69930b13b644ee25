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
    let cannot_certify =
        under(&top, with(authority("middle"), |params| params.key_usages = vec![KeyUsagePurpose::DigitalSignature]));
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

// SEC-PANIC-01
#[test]
fn mutated_certificates_never_panic() {
    let above = root(authority("Root"));
    let made = under(&above, params("Leaf"));
    let trusted = anchors(&[&above]);
    crate::wire::fuzz::mutate(&[made.der.as_slice(), above.der.as_slice()], 2_000, |input| {
        let _ = trusted.leaf(&[input.to_vec()], at(0));
        let _ = crate::pki::certificate::Facts::read(input);
    });
    crate::wire::fuzz::mutate(&[public_pem(&above).as_bytes()], 2_000, |input| {
        let Ok(text) = std::str::from_utf8(input) else { return };
        let _ = Anchors::default().read(text);
        let _ = crate::pki::pem::read_chain(text);
    });
}
