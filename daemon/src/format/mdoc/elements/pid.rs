//! Person identification data: EUDI PID rulebook, chapters 2 and 3.
//!
//! `portrait` is mandatory only after a transition period, so a configuration may leave it out. The `age_…` attributes are those of
//! earlier rulebooks; verifiers still ask for them.

use super::Kind::{
    Alpha2, Code, Countries, Date, DateOrInstant, Email, OptionalJpeg, Phone, Place, Subdivision, Text, Unsigned, Url,
};
use super::{DocType, Kind, Namespace};

/// ISO/IEC 5218, with 3 other, 4 inter, 5 diverse and 6 open.
const SEX: &[u64] = &[0, 1, 2, 3, 4, 5, 6, 9];

pub(super) static PID: DocType = DocType {
    names: &["eu.europa.ec.eudi.pid.1"],
    namespaces: &[Namespace { names: &["eu.europa.ec.eudi.pid.1"], elements: ELEMENTS, ages: true, biometrics: false }],
    domestic: is_domestic,
    mandatory: &[
        &["family_name"],
        &["given_name"],
        &["birth_date"],
        &["place_of_birth"],
        &["nationality"],
        &["issuing_authority"],
        &["issuing_country"],
    ],
};

/// `eu.europa.ec.eudi.pid.` with a country code and optionally a version (`PID_06` of the ARF).
fn is_domestic(namespace: &str) -> bool {
    let Some(rest) = namespace.strip_prefix("eu.europa.ec.eudi.pid.") else { return false };
    let (country, version) = rest.split_once('.').unwrap_or((rest, "1"));
    let digits = !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit());
    country.len() == 2 && country.bytes().all(|b| b.is_ascii_alphabetic()) && digits
}

const ELEMENTS: &[(&str, Kind)] = &[
    ("age_birth_year", Unsigned),
    ("age_in_years", Unsigned),
    ("attestation_legal_category", Text),
    ("birth_date", Date),
    ("document_number", Text),
    ("email_address", Email),
    ("expiry_date", DateOrInstant),
    ("family_name", Text),
    ("family_name_birth", Text),
    ("given_name", Text),
    ("given_name_birth", Text),
    ("issuance_date", DateOrInstant),
    ("issuing_authority", Text),
    ("issuing_country", Alpha2),
    ("issuing_jurisdiction", Subdivision),
    ("mobile_phone_number", Phone),
    ("nationality", Countries),
    ("personal_administrative_number", Text),
    ("place_of_birth", Place),
    ("portrait", OptionalJpeg),
    ("resident_address", Text),
    ("resident_city", Text),
    ("resident_country", Alpha2),
    ("resident_postal_code", Text),
    ("resident_state", Text),
    ("resident_street", Text),
    ("sex", Code(SEX)),
    ("trust_anchor", Url),
];
