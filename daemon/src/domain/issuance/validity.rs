//! From when until when a credential is valid.
//!
//! **Rounding.** Times in a credential are seen by every verifier, so they must not tell which copies were issued in one moment
//! (`OpenID4VCI` 15.4.1). `signed`, `validFrom` and an end that is counted from the issuance are rounded down to the start of the UTC
//! day, hour or minute, whichever is the longest that is at most a tenth of the credential's life. A credential of ten days or more
//! thus shares its times with all others of the same day, and none loses more than a tenth of its life. `signed` never precedes the
//! document signer, whose first moment is shared by all of its credentials too.
//!
//! **Claims.** `validFrom` and `validUntil` of a configuration may name claims. A claim that is absent leaves the rule of the
//! configuration in force; one that is no time refuses the credential. A date without a time means the start of that day in UTC:
//! whatever a verifier takes a date to mean, the credential ends before it.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::base::clock::after;
use crate::domain::configuration::{Configuration, MapFrom};
use crate::format::Validity;
use crate::format::claim::resolve;

/// What ends a credential early, whatever its configuration says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Start of the document signer's validity.
    pub not_before: Timestamp,
    /// The earlier end of the document signer and its IACA.
    pub not_after: Timestamp,
    /// When the document that the credential stands for expires.
    pub document_expiry: Option<Timestamp>,
    /// What the claim source asked for.
    pub hints: Hints,
}

/// What a claim source says of the validity. It narrows down what the configuration and the signer give, and never widens it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hints {
    /// Not valid before.
    pub from: Option<Timestamp>,
    /// Not valid after.
    pub until: Option<Timestamp>,
}

impl Hints {
    /// From milliseconds since 1970; a time beyond all calendars is the last there is.
    #[must_use]
    pub fn new(from: Option<u64>, until: Option<u64>) -> Self {
        let time = |millis: u64| {
            let time = i64::try_from(millis).ok().and_then(|millis| Timestamp::from_millisecond(millis).ok());
            time.unwrap_or(Timestamp::MAX)
        };
        Self { from: from.map(time), until: until.map(time) }
    }
}

/// Why no validity was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ValidityError {
    /// The claim that `validFrom` or `validUntil` names is not a time.
    #[error("the claim for {0} is not a time")]
    NotATime(&'static str),
    /// It would have ended before it begins, or before now.
    #[error("the credential would not be valid at any time to come")]
    Empty,
}

/// The validity of a credential that is issued at `now` with these claims.
pub fn validity(
    configuration: &Configuration,
    document: &Value,
    now: Timestamp,
    limits: &Limits,
) -> Result<Validity, ValidityError> {
    let from = mapped(configuration.valid_from.as_ref(), document, "validFrom")?;
    let until = mapped(configuration.valid_until.as_ref(), document, "validUntil")?;
    let lifetime =
        if until.is_some() { configuration.cap() } else { configuration.lifetime().min(configuration.cap()) };
    let counted = after(now, Duration::from_secs(lifetime));
    let ends = until.into_iter().chain(limits.document_expiry).chain(limits.hints.until);
    let fixed = ends.fold(limits.not_after, Timestamp::min);
    let unit = rounding(counted.min(fixed).as_second() - now.as_second());
    let signed = floor(now, unit).max(limits.not_before);
    let hinted = limits.hints.from.map(|from| floor(from, 1));
    let valid_from = from.into_iter().chain(hinted).fold(signed, Timestamp::max);
    let valid_until = floor(counted, unit).min(floor(fixed, 1));
    if valid_until <= valid_from || valid_until <= now {
        return Err(ValidityError::Empty);
    }
    Ok(Validity { signed, valid_from, valid_until })
}

/// Whether a claim that sets the validity is there and no time.
pub fn check_times(configuration: &Configuration, document: &Value) -> Result<(), ValidityError> {
    mapped(configuration.valid_from.as_ref(), document, "validFrom")?;
    mapped(configuration.valid_until.as_ref(), document, "validUntil").map(drop)
}

/// The longest of a day, an hour, a minute and a second that is at most a tenth of `life`, all in seconds.
fn rounding(life: i64) -> i64 {
    [86_400, 3_600, 60].into_iter().find(|unit| unit * 10 <= life).unwrap_or(1)
}

fn floor(at: Timestamp, unit: i64) -> Timestamp {
    let second = at.as_second();
    Timestamp::from_second(second - second.rem_euclid(unit)).unwrap_or(at)
}

fn mapped(map: Option<&MapFrom>, document: &Value, what: &'static str) -> Result<Option<Timestamp>, ValidityError> {
    let Some(map) = map else { return Ok(None) };
    match resolve(document, &map.map_from) {
        None => Ok(None),
        Some(Value::String(text)) => time(text).map(|at| Some(floor(at, 1))).ok_or(ValidityError::NotATime(what)),
        Some(_) => Err(ValidityError::NotATime(what)),
    }
}

/// An RFC 3339 date-time, or a full-date as the start of its day in UTC.
fn time(text: &str) -> Option<Timestamp> {
    if text.len() == "2030-01-31".len() { format!("{text}T00:00:00Z").parse().ok() } else { text.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::configuration::{Body, MdocBody};
    use serde_json::json;
    use uuid::Uuid;

    const MDL: &str = "org.iso.18013.5.1.mDL";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn configuration(doc_type: &str, expires_in: (&str, u64)) -> Configuration {
        Configuration {
            id: Uuid::nil(),
            body: Body::Mdoc(MdocBody { doc_type: doc_type.into(), claim_mappings: [].into() }),
            expires_in: [(expires_in.0.to_owned(), expires_in.1)].into(),
            valid_from: Some(MapFrom { map_from: "claims.from".into() }),
            valid_until: Some(MapFrom { map_from: "claims.licence.until".into() }),
            branding: None,
            display: Vec::new(),
            include_status: false,
            approval_required: false,
            claim_source_id: None,
            authentication_provider_id: None,
            key_attestation: None,
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn limits() -> Limits {
        Limits {
            not_before: at("2026-01-01T00:00:00Z"),
            not_after: at("2040-01-01T00:00:00Z"),
            document_expiry: None,
            hints: Hints::default(),
        }
    }

    fn find(expires_in: (&str, u64), claims: &Value, now: &str, limits: &Limits) -> Result<[String; 3], ValidityError> {
        let document = json!({"claims": claims, "authenticationProvider": {}});
        let found = validity(&configuration(MDL, expires_in), &document, at(now), limits)?;
        Ok([found.signed, found.valid_from, found.valid_until].map(|time| time.to_string()))
    }

    // VCI-15.4.1-01, MDC-MSO-16, SEC-LINK-01
    #[test]
    fn times_are_rounded_by_the_length_of_life() {
        let now = "2026-03-10T12:34:56.789Z";
        for (expires_in, signed, until) in [
            (("months", 1), "2026-03-10T00:00:00Z", "2026-04-09T00:00:00Z"),
            (("days", 10), "2026-03-10T00:00:00Z", "2026-03-20T00:00:00Z"),
            (("days", 9), "2026-03-10T12:00:00Z", "2026-03-19T12:00:00Z"),
            (("hours", 24), "2026-03-10T12:00:00Z", "2026-03-11T12:00:00Z"),
            (("hours", 1), "2026-03-10T12:34:00Z", "2026-03-10T13:34:00Z"),
            (("seconds", 30), "2026-03-10T12:34:56Z", "2026-03-10T12:35:26Z"),
        ] {
            let found = find(expires_in, &json!({}), now, &limits()).unwrap();
            assert_eq!(found, [signed, signed, until], "{expires_in:?}");
        }
        let early = find(("months", 1), &json!({}), "2026-03-10T00:00:00Z", &limits());
        let late = find(("months", 1), &json!({}), "2026-03-10T23:59:59.999Z", &limits());
        assert_eq!(early, late);
    }

    // MDC-MSO-12, MDC-MSO-16
    #[test]
    fn nothing_is_signed_before_its_signer() {
        let limits = Limits { not_before: at("2026-03-10T09:00:00Z"), ..limits() };
        let found = find(("months", 1), &json!({}), "2026-03-10T12:00:00Z", &limits).unwrap();
        assert_eq!(found[..2], ["2026-03-10T09:00:00Z", "2026-03-10T09:00:00Z"]);
    }

    // MDC-MSO-13, MDC-MSO-14
    #[test]
    fn the_end_is_never_after_signer_document_or_cap() {
        let now = "2026-03-10T12:00:00Z";
        let until =
            |expires_in, claims: Value, limits| find(expires_in, &claims, now, &limits).map(|[_, _, until]| until);
        let signer = Limits { not_after: at("2026-03-20T08:30:00Z"), ..limits() };
        assert_eq!(until(("years", 1), json!({}), signer), Ok("2026-03-20T08:30:00Z".into()));
        let tomorrow = Limits { document_expiry: Some(at("2026-03-11T00:00:00Z")), ..limits() };
        assert_eq!(until(("years", 1), json!({}), tomorrow), Ok("2026-03-11T00:00:00Z".into()));
        let today = Limits { document_expiry: Some(at("2026-03-10T00:00:00Z")), ..limits() };
        assert_eq!(until(("years", 1), json!({}), today), Err(ValidityError::Empty));
        assert_eq!(until(("days", 427), json!({}), limits()), Ok("2027-05-11T00:00:00Z".into()));
        let far = json!({"licence": {"until": "2039-01-01"}});
        assert_eq!(until(("days", 1), far, limits()), Ok("2027-05-11T00:00:00Z".into()));
        let document = json!({"claims": {}});
        let other =
            validity(&configuration("org.example.pass", ("days", 3_620)), &document, at(now), &limits()).unwrap();
        assert_eq!(other.valid_until, at("2036-02-06T00:00:00Z"));
    }

    #[test]
    fn claims_may_set_both_ends() {
        let now = "2026-03-10T12:34:56Z";
        let find = |claims: Value| find(("days", 30), &claims, now, &limits());
        let both = find(json!({"from": "2026-04-01", "licence": {"until": "2026-06-01T10:00:00.5+02:00"}})).unwrap();
        assert_eq!(both, ["2026-03-10T00:00:00Z", "2026-04-01T00:00:00Z", "2026-06-01T08:00:00Z"]);
        let nulls = find(json!({"from": null, "licence": {"until": null}})).unwrap();
        assert_eq!(nulls, ["2026-03-10T00:00:00Z", "2026-03-10T00:00:00Z", "2026-04-09T00:00:00Z"]);
        // MDC-MSO-11: validFrom is not before signed, validUntil after validFrom.
        let past = find(json!({"from": "2020-01-01"})).unwrap();
        assert_eq!(past[1], "2026-03-10T00:00:00Z");
        for claims in [
            json!({"from": "2026-05-01"}),
            json!({"licence": {"until": "2026-03-10T12:34:56Z"}}),
            json!({"licence": {"until": "2020-01-01"}}),
            json!({"from": "2026-05-01", "licence": {"until": "2026-05-01"}}),
        ] {
            assert_eq!(find(claims.clone()), Err(ValidityError::Empty), "{claims}");
        }
    }

    #[test]
    fn a_claim_that_is_no_time_refuses_the_credential() {
        for value in [
            json!("tomorrow"),
            json!(""),
            json!("2026-02-30"),
            json!("2026-13-01"),
            json!(1),
            json!({}),
            json!([]),
            json!("01.02.2027"),
        ] {
            let find = |claims: Value| find(("days", 30), &claims, "2026-03-10T12:00:00Z", &limits());
            assert_eq!(find(json!({"from": value})), Err(ValidityError::NotATime("validFrom")), "{value}");
            assert_eq!(
                find(json!({"licence": {"until": value}})),
                Err(ValidityError::NotATime("validUntil")),
                "{value}"
            );
        }
        let scalar = find(("days", 30), &json!({"licence": "B"}), "2026-03-10T12:00:00Z", &limits());
        assert!(scalar.is_ok());
    }

    #[test]
    fn hints_narrow_and_never_widen() {
        let now = "2026-03-10T12:00:00Z";
        let millis = |text: &str| u64::try_from(at(text).as_millisecond()).unwrap();
        let hinted = |from: Option<&str>, until: Option<&str>, claims: Value| {
            let hints = Hints::new(from.map(millis), until.map(millis));
            find(("days", 30), &claims, now, &Limits { hints, ..limits() })
        };
        let plain = ["2026-03-10T00:00:00Z", "2026-03-10T00:00:00Z", "2026-04-09T00:00:00Z"].map(str::to_owned);
        for (from, until) in [(Some("1980-01-01T00:00:00Z"), Some("2035-01-01T00:00:00Z")), (None, None)] {
            assert_eq!(hinted(from, until, json!({})).unwrap(), plain);
        }
        let narrow = hinted(Some("2026-03-20T08:00:00.9Z"), Some("2026-03-30T10:00:00Z"), json!({})).unwrap();
        assert_eq!(narrow[1..], ["2026-03-20T08:00:00Z", "2026-03-30T10:00:00Z"]);
        let claims = json!({"from": "2026-03-25", "licence": {"until": "2026-03-28"}});
        let nearer = hinted(Some("2026-03-20T00:00:00Z"), Some("2026-03-30T00:00:00Z"), claims).unwrap();
        assert_eq!(nearer[1..], ["2026-03-25T00:00:00Z", "2026-03-28T00:00:00Z"]);
        let (day, year) = ("2026-03-10T00:00:00Z", "2027-01-01T00:00:00Z");
        for (from, until) in [(None, Some(day)), (Some(year), None), (Some(year), Some(year))] {
            assert_eq!(hinted(from, until, json!({})), Err(ValidityError::Empty), "{from:?} {until:?}");
        }
        let endless = Limits { hints: Hints::new(Some(0), Some(u64::MAX)), ..limits() };
        assert_eq!(find(("days", 30), &json!({}), now, &endless).unwrap(), plain);
        let never = Limits { hints: Hints::new(Some(u64::MAX), None), ..limits() };
        assert_eq!(find(("days", 30), &json!({}), now, &never), Err(ValidityError::Empty));
    }

    // SEC-CLOCK-01
    #[test]
    fn no_time_overflows() {
        let end = Timestamp::MAX.to_string();
        let limits = Limits { not_before: Timestamp::MIN, not_after: Timestamp::MAX, ..limits() };
        assert_eq!(find(("years", 1_000_000_000), &json!({}), &end, &limits), Err(ValidityError::Empty));
    }
}
