//! The photo ID: ISO/IEC TS 23220-4 annex C, with the common elements of ISO/IEC TS 23220-2.
//!
//! Drafts differ in spellings (`photoID`, `…_unicode`); each that is in use is known, and a mandatory element may have any of its
//! names. Where published descriptions leave the type open the element is accepted without a type check.

use super::Kind::{
    Alpha2, ApproximateDate, Bytes, Code, DateOrInstant, Free, Image, Latin1, Subdivision, Text, Unsigned,
};
use super::mdl::SEX;
use super::{DocType, Kind, Namespace, is_label_path};

pub(super) static PHOTO_ID: DocType = DocType {
    names: OWN_NAMES,
    namespaces: &[
        Namespace { names: &["org.iso.23220.1"], elements: COMMON, ages: true, biometrics: true },
        Namespace { names: OWN_NAMES, elements: OWN, ages: false, biometrics: false },
        Namespace { names: DATA_GROUP_NAMES, elements: DATA_GROUPS, ages: false, biometrics: false },
    ],
    domestic: |namespace| {
        let own = |name: &&str| namespace.strip_prefix(*name)?.strip_prefix('.');
        OWN_NAMES.iter().find_map(own).is_some_and(is_label_path)
    },
    mandatory: &[
        &["family_name", "family_name_unicode"],
        &["given_name", "given_name_unicode"],
        &["birth_date"],
        &["portrait"],
        &["issue_date"],
        &["expiry_date"],
        &["issuing_authority", "issuing_authority_unicode"],
        &["issuing_country"],
        &["age_over_18"],
    ],
};

/// The docType, which is also the name of its own namespace.
const OWN_NAMES: &[&str] = &["org.iso.23220.photoid.1", "org.iso.23220.photoID.1"];
const DATA_GROUP_NAMES: &[&str] = &["org.iso.23220.dtc.1", "org.iso.23220.datagroups.1"];

const COMMON: &[(&str, Kind)] = &[
    ("age_birth_year", Unsigned),
    ("age_in_years", Unsigned),
    ("birth_date", ApproximateDate),
    ("birthplace", Text),
    ("document_number", Text),
    ("enrolment_portrait_image", Image),
    ("expiry_date", DateOrInstant),
    ("family_name", Text),
    ("family_name_latin1", Latin1),
    ("family_name_unicode", Text),
    ("family_name_viz", Text),
    ("given_name", Text),
    ("given_name_latin1", Latin1),
    ("given_name_unicode", Text),
    ("given_name_viz", Text),
    ("issue_date", DateOrInstant),
    ("issuing_authority", Text),
    ("issuing_authority_latin1", Latin1),
    ("issuing_authority_unicode", Text),
    ("issuing_country", Alpha2),
    ("issuing_subdivision", Subdivision),
    ("name_at_birth", Text),
    ("nationality", Alpha2),
    ("portrait", Image),
    ("portrait_capture_date", DateOrInstant),
    ("resident_address", Text),
    ("resident_address_latin1", Latin1),
    ("resident_address_unicode", Text),
    ("resident_city", Text),
    ("resident_city_latin1", Latin1),
    ("resident_city_unicode", Text),
    ("resident_country", Alpha2),
    ("resident_postal_code", Text),
    ("sex", Code(SEX)),
];

const OWN: &[(&str, Kind)] = &[
    ("administrative_number", Text),
    ("birth_city", Text),
    ("birth_country", Alpha2),
    ("birth_state", Text),
    ("person_id", Text),
    ("resident_house_number", Text),
    ("resident_state", Text),
    ("resident_street", Text),
    ("travel_document_mrz", Free),
    ("travel_document_number", Text),
    ("travel_document_type", Free),
];

/// The data groups of ICAO Doc 9303 part 10.
const DATA_GROUPS: &[(&str, Kind)] = &[
    ("dg1", Bytes),
    ("dg10", Bytes),
    ("dg11", Bytes),
    ("dg12", Bytes),
    ("dg13", Bytes),
    ("dg14", Bytes),
    ("dg15", Bytes),
    ("dg16", Bytes),
    ("dg2", Bytes),
    ("dg3", Bytes),
    ("dg4", Bytes),
    ("dg5", Bytes),
    ("dg6", Bytes),
    ("dg7", Bytes),
    ("dg8", Bytes),
    ("dg9", Bytes),
    ("sod", Bytes),
    ("version", Free),
];
