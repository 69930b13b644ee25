//! The catalogue of known docTypes: which data elements a namespace has, what CBOR type each one has, and which are mandatory.
//!
//! A docType that is not listed has no rules here; its elements are typed by the mappings alone.

mod mdl;
mod photo_id;
mod pid;

/// What an element's value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Whatever the mapping's `type` makes of it: domestic elements, and those whose published type is uncertain.
    Free,
    /// `tstr` of 1 to 150 characters.
    Text,
    /// The same in the Latin-1 repertoire.
    Latin1,
    /// `tstr`: ISO 3166-1 alpha-2, upper case.
    Alpha2,
    /// `tstr`: ISO 3166-2.
    Subdivision,
    /// `tstr`: distinguishing sign of vehicles in international traffic, one to three capital letters.
    DistinguishingSign,
    /// `tstr`: international phone number.
    Phone,
    /// `tstr`: e-mail address.
    Email,
    /// `tstr`: URL.
    Url,
    /// `tstr` from a closed list.
    OneOf(&'static [&'static str]),
    /// `full-date`.
    Date,
    /// `tdate`.
    Instant,
    /// `full-date` or `tdate`.
    DateOrInstant,
    /// `full-date`, or ISO/IEC TS 23220-2's map of `birth_date` and `approximate_mask`.
    ApproximateDate,
    /// `uint`.
    Unsigned,
    /// `uint` from a closed list.
    Code(&'static [u64]),
    /// `bool`.
    Boolean,
    /// `bstr`, not empty.
    Bytes,
    /// `bstr`: JPEG or JPEG 2000.
    Image,
    /// `bstr`: JPEG, or empty for a person who opted out.
    OptionalJpeg,
    /// Array of maps of ISO/IEC 18013-5 7.2.4.
    DrivingPrivileges,
    /// Map of `country`, `region` and `locality`, at least one.
    Place,
    /// Array of alpha-2 codes, at least one.
    Countries,
}

/// One namespace of a known docType.
#[derive(Debug)]
struct Namespace {
    /// Its name, with other spellings that drafts of the standard used.
    names: &'static [&'static str],
    /// Sorted by name.
    elements: &'static [(&'static str, Kind)],
    /// Whether `age_over_NN` belongs to it.
    ages: bool,
    /// Whether `biometric_template_xx` belongs to it.
    biometrics: bool,
}

impl Namespace {
    fn kind(&self, element: &str) -> Option<Kind> {
        if let Ok(place) = self.elements.binary_search_by_key(&element, |(name, _)| name) {
            return self.elements.get(place).map(|(_, kind)| *kind);
        }
        if self.ages && age_over(element).is_some() {
            return Some(Kind::Boolean);
        }
        let template = element.strip_prefix("biometric_template_").filter(|_| self.biometrics)?;
        let named = !template.is_empty() && template.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        named.then_some(Kind::Bytes)
    }
}

/// A known docType.
#[derive(Debug)]
pub struct DocType {
    names: &'static [&'static str],
    /// The first one holds the elements that the consistency rules look at.
    namespaces: &'static [Namespace],
    /// Prefixes of national namespaces.
    domestic: fn(&str) -> bool,
    /// Mandatory elements of the first namespace; each by the names it has had, the current one first.
    mandatory: &'static [&'static [&'static str]],
}

/// What the catalogue says of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    /// Listed.
    Known(Kind),
    /// The docType has no such namespace.
    UnknownNamespace,
    /// The namespace has no such element.
    UnknownElement,
}

impl DocType {
    /// What an element of this docType must be.
    #[must_use]
    pub fn lookup(&self, namespace: &str, element: &str) -> Lookup {
        match self.namespaces.iter().find(|known| known.names.contains(&namespace)) {
            Some(known) => known.kind(element).map_or(Lookup::UnknownElement, Lookup::Known),
            None if (self.domestic)(namespace) => Lookup::Known(Kind::Free),
            None => Lookup::UnknownNamespace,
        }
    }

    /// The names of the namespace that the mandatory elements belong to.
    #[must_use]
    pub fn base_namespaces(&self) -> &'static [&'static str] {
        self.namespaces.first().map_or(&[], |base| base.names)
    }

    /// The mandatory elements, each by the names it may have, the current one first.
    #[must_use]
    pub fn mandatory(&self) -> &'static [&'static [&'static str]] {
        self.mandatory
    }

    /// Whether an element must be in every document.
    #[must_use]
    pub fn is_mandatory(&self, namespace: &str, element: &str) -> bool {
        self.base_namespaces().contains(&namespace) && self.mandatory.iter().any(|names| names.contains(&element))
    }
}

/// The catalogue's entry for a docType.
#[must_use]
pub fn known(doc_type: &str) -> Option<&'static DocType> {
    [&mdl::MDL, &pid::PID, &photo_id::PHOTO_ID].into_iter().find(|known| known.names.contains(&doc_type))
}

/// The NN of `age_over_NN` (ISO/IEC 18013-5 7.2.5).
#[must_use]
pub fn age_over(element: &str) -> Option<u8> {
    let digits = element.strip_prefix("age_over_")?;
    (digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// A part of a national namespace's name: letters, digits, dots, hyphens and underscores, without empty labels.
fn is_label_path(text: &str) -> bool {
    let label =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    text.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [&DocType; 3] = [&mdl::MDL, &pid::PID, &photo_id::PHOTO_ID];

    #[test]
    fn tables_are_sorted_and_hold_the_mandatory_elements() {
        for doc_type in ALL {
            for namespace in doc_type.namespaces {
                assert!(namespace.elements.is_sorted_by(|a, b| a.0 < b.0), "{:?}", namespace.names);
            }
            let base = doc_type.base_namespaces()[0];
            for element in doc_type.mandatory.iter().copied().flatten() {
                assert!(matches!(doc_type.lookup(base, element), Lookup::Known(_)), "{element}");
                assert!(doc_type.is_mandatory(base, element));
            }
        }
    }

    // MDL-01, MDL-02, MDL-15
    #[test]
    fn the_mdl_has_its_eleven_mandatory_elements_and_its_patterns() {
        let mdl = known("org.iso.18013.5.1.mDL").unwrap();
        assert_eq!(mdl.base_namespaces(), ["org.iso.18013.5.1"]);
        assert_eq!(mdl.mandatory().len(), 11);
        let lookup = |element| mdl.lookup("org.iso.18013.5.1", element);
        assert_eq!(lookup("age_over_18"), Lookup::Known(Kind::Boolean));
        assert_eq!(lookup("age_over_00"), Lookup::Known(Kind::Boolean));
        assert_eq!(lookup("biometric_template_face"), Lookup::Known(Kind::Bytes));
        for unknown in
            ["age_over_1", "age_over_100", "age_over_1x", "biometric_template_", "organ_donor", "familyname", ""]
        {
            assert_eq!(lookup(unknown), Lookup::UnknownElement, "{unknown}");
        }
    }

    // MDL-18, PID-01
    #[test]
    fn domestic_elements_live_in_national_namespaces_only() {
        let free = Lookup::Known(Kind::Free);
        let mdl = known("org.iso.18013.5.1.mDL").unwrap();
        for national in ["org.iso.18013.5.1.aamva", "org.iso.18013.5.1.DE", "org.iso.18013.5.1.US-NY.2"] {
            assert_eq!(mdl.lookup(national, "organ_donor"), free, "{national}");
        }
        for other in [
            "org.iso.18013.5.2",
            "org.iso.18013.5.1.",
            "org.iso.18013.5.1..DE",
            "com.example",
            "",
            "eu.europa.ec.eudi.pid.1",
        ] {
            assert_eq!(mdl.lookup(other, "organ_donor"), Lookup::UnknownNamespace, "{other}");
        }
        let pid = known("eu.europa.ec.eudi.pid.1").unwrap();
        for national in ["eu.europa.ec.eudi.pid.de", "eu.europa.ec.eudi.pid.DE.1", "eu.europa.ec.eudi.pid.fr.12"] {
            assert_eq!(pid.lookup(national, "tax_number"), free, "{national}");
        }
        for other in [
            "eu.europa.ec.eudi.pid.2",
            "eu.europa.ec.eudi.pid.d",
            "eu.europa.ec.eudi.pid.de.",
            "eu.europa.ec.eudi.pid.de.x",
        ] {
            assert_eq!(pid.lookup(other, "tax_number"), Lookup::UnknownNamespace, "{other}");
        }
        assert_eq!(pid.lookup("eu.europa.ec.eudi.pid.1", "tax_number"), Lookup::UnknownElement);
    }

    // PID-02, PID-03, PID-07
    #[test]
    fn the_pid_has_its_mandatory_attributes_and_metadata() {
        let pid = known("eu.europa.ec.eudi.pid.1").unwrap();
        let names: Vec<_> = pid.mandatory().iter().map(|names| names[0]).collect();
        let expected = [
            "family_name",
            "given_name",
            "birth_date",
            "place_of_birth",
            "nationality",
            "issuing_authority",
            "issuing_country",
        ];
        assert_eq!(names, expected);
        let lookup = |element| pid.lookup("eu.europa.ec.eudi.pid.1", element);
        assert_eq!(lookup("portrait"), Lookup::Known(Kind::OptionalJpeg));
        assert_eq!(lookup("resident_house_number"), Lookup::UnknownElement);
        assert_eq!(lookup("mobile_phone_number"), Lookup::Known(Kind::Phone));
    }

    #[test]
    fn a_photo_id_is_known_by_both_spellings() {
        for (doc_type, own) in [
            ("org.iso.23220.photoid.1", "org.iso.23220.photoid.1"),
            ("org.iso.23220.photoID.1", "org.iso.23220.photoID.1"),
        ] {
            let photo = known(doc_type).unwrap();
            assert_eq!(photo.lookup("org.iso.23220.1", "family_name"), Lookup::Known(Kind::Text));
            assert_eq!(photo.lookup("org.iso.23220.1", "family_name_unicode"), Lookup::Known(Kind::Text));
            assert_eq!(photo.lookup(own, "travel_document_number"), Lookup::Known(Kind::Text));
            assert_eq!(photo.lookup(own, "family_name"), Lookup::UnknownElement);
            assert_eq!(photo.lookup("org.iso.23220.dtc.1", "dg16"), Lookup::Known(Kind::Bytes));
            assert_eq!(photo.lookup("org.iso.23220.2", "x"), Lookup::UnknownNamespace);
        }
        assert!(known("org.iso.23220.photoid.2").is_none());
    }
}
