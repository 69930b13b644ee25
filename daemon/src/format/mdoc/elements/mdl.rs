//! The mobile driving licence: ISO/IEC 18013-5 7.2, table 5.

use super::Kind::{
    Alpha2, Bytes, Code, Date, DateOrInstant, DistinguishingSign, DrivingPrivileges, Image, Instant, Latin1, OneOf,
    Subdivision, Text, Unsigned,
};
use super::{DocType, Kind, Namespace, is_label_path};

/// ISO/IEC 5218.
pub(super) const SEX: &[u64] = &[0, 1, 2, 9];
const EYES: &[&str] = &["black", "blue", "brown", "dichromatic", "grey", "green", "hazel", "maroon", "pink", "unknown"];
const HAIR: &[&str] = &["bald", "black", "blond", "brown", "grey", "red", "auburn", "sandy", "white", "unknown"];

pub(super) static MDL: DocType = DocType {
    names: &["org.iso.18013.5.1.mDL"],
    namespaces: &[Namespace { names: &["org.iso.18013.5.1"], elements: ELEMENTS, ages: true, biometrics: true }],
    domestic: |namespace| namespace.strip_prefix("org.iso.18013.5.1.").is_some_and(is_label_path),
    mandatory: &[
        &["family_name"],
        &["given_name"],
        &["birth_date"],
        &["issue_date"],
        &["expiry_date"],
        &["issuing_country"],
        &["issuing_authority"],
        &["document_number"],
        &["portrait"],
        &["driving_privileges"],
        &["un_distinguishing_sign"],
    ],
};

const ELEMENTS: &[(&str, Kind)] = &[
    ("administrative_number", Latin1),
    ("age_birth_year", Unsigned),
    ("age_in_years", Unsigned),
    ("birth_date", Date),
    ("birth_place", Latin1),
    ("document_number", Latin1),
    ("driving_privileges", DrivingPrivileges),
    ("expiry_date", DateOrInstant),
    ("eye_colour", OneOf(EYES)),
    ("family_name", Latin1),
    ("family_name_national_character", Text),
    ("given_name", Latin1),
    ("given_name_national_character", Text),
    ("hair_colour", OneOf(HAIR)),
    ("height", Unsigned),
    ("issue_date", DateOrInstant),
    ("issuing_authority", Latin1),
    ("issuing_country", Alpha2),
    ("issuing_jurisdiction", Subdivision),
    ("nationality", Alpha2),
    ("portrait", Image),
    ("portrait_capture_date", Instant),
    ("resident_address", Latin1),
    ("resident_city", Latin1),
    ("resident_country", Alpha2),
    ("resident_postal_code", Latin1),
    ("resident_state", Latin1),
    ("sex", Code(SEX)),
    ("signature_usual_mark", Bytes),
    ("un_distinguishing_sign", DistinguishingSign),
    ("weight", Unsigned),
];
