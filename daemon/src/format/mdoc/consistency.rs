//! Rules between the elements of one document, the instant from which it is valid and the document signer.
//!
//! Days are those of UTC: an attested age is judged at the instant at which the document becomes valid, wherever the holder lives.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

use super::elements::{age_over, known};
use super::mapping::{MappedElement, MappedNamespace, MappingProblem, Problem};
use super::view;

/// Where the document signer's certificate says it is.
#[derive(Debug, Clone, Copy)]
pub struct SignerPlace<'a> {
    /// Its country, ISO 3166-1 alpha-2.
    pub country: &'a str,
    /// Its state or province, if it names one.
    pub state_or_province: Option<&'a str>,
}

/// The instant at which a document's own `expiry_date` is reached: its validity must not go beyond (MDC-MSO-14). A date stands for
/// the start of that day in UTC, which lies within it under every reading of "expires on". `None` when there is no such element.
#[must_use]
pub fn latest_expiry(namespaces: &[MappedNamespace]) -> Option<Timestamp> {
    let elements = namespaces.iter().flat_map(|namespace| &namespace.elements);
    elements.filter(|element| element.identifier == "expiry_date").filter_map(|element| instant(&element.value)).min()
}

/// Compares the elements of a known docType with each other, with the start of validity and with the signer; other docTypes have no
/// rules. Returns the first contradiction.
pub fn check_consistency(
    doc_type: &str,
    namespaces: &[MappedNamespace],
    valid_from: Timestamp,
    signer: SignerPlace<'_>,
) -> Result<(), MappingProblem> {
    let Some(known) = known(doc_type) else { return Ok(()) };
    let bases = known.base_namespaces();
    for namespace in namespaces.iter().filter(|namespace| bases.contains(&namespace.name.as_str())) {
        let document = Document { namespace, today: Offset::UTC.to_datetime(valid_from).date() };
        document.check_period(valid_from)?;
        document.check_ages()?;
        document.check_place(signer)?;
    }
    Ok(())
}

struct Document<'a> {
    namespace: &'a MappedNamespace,
    /// The day on which validity starts.
    today: Date,
}

impl<'a> Document<'a> {
    fn find(&self, identifier: &str) -> Option<&'a [u8]> {
        let element = self.namespace.elements.iter().find(|element| element.identifier == identifier)?;
        Some(&element.value)
    }

    fn text(&self, identifier: &str) -> Option<&'a str> {
        self.find(identifier).and_then(view::text)
    }

    fn refuse(&self, element: &str, sentence: &'static str) -> Result<(), MappingProblem> {
        let problem = Problem::Inconsistent(sentence.into());
        Err(MappingProblem::new(&self.namespace.name, element, problem))
    }

    fn check_period(&self, valid_from: Timestamp) -> Result<(), MappingProblem> {
        let Some(expiry) = self.find("expiry_date") else { return Ok(()) };
        if instant(expiry).is_some_and(|expiry| expiry <= valid_from) {
            return self.refuse("expiry_date", "is not after the start of validity: the document has expired");
        }
        let issue = self.find("issue_date").or_else(|| self.find("issuance_date"));
        if issue.is_some_and(|issue| !is_before(issue, expiry)) {
            return self.refuse("expiry_date", "is not after the date of issue");
        }
        Ok(())
    }

    fn check_ages(&self) -> Result<(), MappingProblem> {
        let Some(born) = self.find("birth_date").and_then(view::date) else { return Ok(()) };
        if born > self.today {
            return self.refuse("birth_date", "is in the future");
        }
        let wrong = self.namespace.elements.iter().find(|element| !self.agrees(element, born));
        wrong.map_or(Ok(()), |element| {
            self.refuse(&element.identifier, "contradicts birth_date at the start of validity")
        })
    }

    /// Whether an element that tells an age agrees with the day of birth; true for all other elements.
    fn agrees(&self, element: &MappedElement, born: Date) -> bool {
        let (youngest, oldest) = ages(born, self.today);
        match element.identifier.as_str() {
            "age_birth_year" => view::small(&element.value) == u16::try_from(born.year()).ok(),
            "age_in_years" => view::small(&element.value).is_some_and(|age| (youngest..=oldest).contains(&age)),
            identifier => match (age_over(identifier).map(u16::from), view::boolean(&element.value)) {
                (Some(limit), Some(true)) => oldest >= limit,
                (Some(limit), Some(false)) => youngest < limit,
                _ => true,
            },
        }
    }

    fn check_place(&self, signer: SignerPlace<'_>) -> Result<(), MappingProblem> {
        let Some(country) = self.text("issuing_country") else { return Ok(()) };
        if !country.eq_ignore_ascii_case(signer.country) {
            return self.refuse("issuing_country", "is not the country of the document signer's certificate");
        }
        let sign = self.text("un_distinguishing_sign");
        if sign.is_some_and(|sign| sign_of(country).is_some_and(|known| known != sign)) {
            return self.refuse("un_distinguishing_sign", "is not the distinguishing sign of issuing_country");
        }
        for element in ["issuing_jurisdiction", "issuing_subdivision"] {
            let Some(code) = self.text(element) else { continue };
            let Some(part) = code.strip_prefix(country).and_then(|rest| rest.strip_prefix('-')) else {
                return self.refuse(element, "does not start with issuing_country");
            };
            if signer.state_or_province.is_some_and(|state| state != code && state != part) {
                return self.refuse(element, "is not the state or province of the document signer's certificate");
            }
        }
        Ok(())
    }
}

/// The instant that a date or an instant stands for.
fn instant(value: &[u8]) -> Option<Timestamp> {
    view::instant(value).or_else(|| Offset::UTC.to_timestamp(view::date(value)?.at(0, 0, 0, 0)).ok())
}

fn is_before(issue: &[u8], expiry: &[u8]) -> bool {
    match (view::instant(issue), view::instant(expiry)) {
        (Some(issue), Some(expiry)) => issue < expiry,
        _ => view::date(issue).zip(view::date(expiry)).is_none_or(|(issue, expiry)| issue < expiry),
    }
}

/// The age in whole years that a person may state: two values on 28 February of a common year for one born on 29 February, since
/// countries differ on the day on which that person turns a year older.
fn ages(born: Date, today: Date) -> (u16, u16) {
    let years = today.year().saturating_sub(born.year());
    let completed = |month_day| u16::try_from(if month_day { years } else { years - 1 }).unwrap_or_default();
    let (birthday, now) = ((born.month(), born.day()), (today.month(), today.day()));
    let disputed = birthday == (2, 29) && now == (2, 28) && !today.in_leap_year();
    (completed(now >= birthday), completed(now >= birthday || disputed))
}

/// The sign of vehicles in international traffic, for countries where it is not the alpha-2 code. Writing that code instead is the
/// usual mistake; a country that is not listed is not checked.
fn sign_of(country: &str) -> Option<&'static str> {
    SIGNS.iter().find(|(code, _)| *code == country).map(|(_, sign)| *sign)
}

const SIGNS: &[(&str, &str)] = &[
    ("AT", "A"),
    ("AU", "AUS"),
    ("BA", "BIH"),
    ("BE", "B"),
    ("CA", "CDN"),
    ("DE", "D"),
    ("EE", "EST"),
    ("ES", "E"),
    ("FI", "FIN"),
    ("FR", "F"),
    ("HU", "H"),
    ("IE", "IRL"),
    ("IN", "IND"),
    ("IT", "I"),
    ("JP", "J"),
    ("KR", "ROK"),
    ("LI", "FL"),
    ("LU", "L"),
    ("ME", "MNE"),
    ("MT", "M"),
    ("MX", "MEX"),
    ("NO", "N"),
    ("PT", "P"),
    ("RS", "SRB"),
    ("SE", "S"),
    ("SI", "SLO"),
    ("US", "USA"),
];
