//! Reads the bodies of the management API's requests on IACAs and document signers.

use http::Uri;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::domain::site::Site;
use crate::pki::certificate::Facts;
use crate::pki::issue::{Subject, is_printable};
use crate::pki::{IACA_YEARS, Validity, check, pem};
use crate::wire::fields::{Detail, Fields, read_body};

/// Life of an IACA whose request names no end, calendar years.
const DEFAULT_YEARS: i64 = 10;
/// How far a `notBefore` may lie in the past: clocks differ.
const SKEW: SignedDuration = SignedDuration::from_secs(60);
/// Longest `commonName` (RFC 5280 appendix A, `ub-common-name`).
const COMMON_NAME: usize = 64;

/// An IACA to be made or registered.
pub(super) enum NewIaca {
    /// Its key is made here.
    Managed { subject: Subject, validity: Validity },
    /// The root certificate of a key held elsewhere, DER.
    Unmanaged(Vec<u8>),
}

/// A change of a document signer.
pub(super) struct SignerUpdate {
    pub(super) active: Option<bool>,
    /// DER; compared with the profile once the signer is known.
    pub(super) certificate: Option<Vec<u8>>,
}

/// The body of an IACA's creation.
pub(super) fn new_iaca(body: &Map<String, Value>, site: &Site, now: Timestamp) -> Result<NewIaca, Vec<Detail>> {
    read_body(body, |fields| {
        if fields.boolean("active") == Some(true) {
            fields.mistake("active", "an IACA is created inactive; activate it with PUT");
        }
        if body.contains_key("certificatePem") { unmanaged(fields, now) } else { managed(fields, body, site, now) }
    })
}

/// The body of an IACA's update.
pub(super) fn iaca_update(body: &Map<String, Value>) -> Result<bool, Vec<Detail>> {
    read_body(body, |fields| {
        let active = fields.boolean("active");
        fields.required("active", active)
    })
}

/// The body of a document signer's creation: the IACA.
pub(super) fn new_signer(body: &Map<String, Value>) -> Result<Uuid, Vec<Detail>> {
    read_body(body, |fields| {
        let iaca = fields.uuid("iacaId");
        fields.required("iacaId", iaca)
    })
}

/// The body of a document signer's update.
pub(super) fn signer_update(body: &Map<String, Value>) -> Result<SignerUpdate, Vec<Detail>> {
    read_body(body, |fields| {
        let (active, certificate) = (fields.boolean("active"), certificate(fields));
        Some(SignerUpdate { active, certificate })
    })
}

/// The body of a revocation: an object without members.
pub(super) fn nothing(body: &Map<String, Value>) -> Result<(), Vec<Detail>> {
    read_body(body, |_| Some(()))
}

fn unmanaged(fields: &mut Fields<'_>, now: Timestamp) -> Option<NewIaca> {
    for member in ["commonName", "country", "stateOrProvinceName", "notBefore", "notAfter"] {
        if fields.value(member).is_some() {
            fields.mistake(member, "does not apply together with certificatePem");
        }
    }
    let der = certificate(fields)?;
    let mistakes = check::iaca(&der);
    let expired = Facts::read(&der).is_ok_and(|facts| facts.validity.not_after <= now);
    for mistake in mistakes.into_iter().chain(expired.then_some("has expired")) {
        fields.mistake("certificatePem", mistake);
    }
    Some(NewIaca::Unmanaged(der))
}

/// A PEM text, which has line ends and therefore is no [`Fields::text`].
fn certificate(fields: &mut Fields<'_>) -> Option<Vec<u8>> {
    let text = fields.value("certificatePem")?;
    let read = text.as_str().ok_or("must be a string").and_then(pem::read_certificate);
    read.map_err(|mistake| fields.mistake("certificatePem", mistake)).ok()
}

fn managed(fields: &mut Fields<'_>, body: &Map<String, Value>, site: &Site, now: Timestamp) -> Option<NewIaca> {
    let common_name = common_name(fields, body, site);
    let country = country(fields, body, site);
    let state_or_province = state_or_province(fields, country.as_deref());
    let validity = validity(fields, body, now);
    let subject = Subject { country: country?, state_or_province, common_name: common_name? };
    Some(NewIaca::Managed { subject, validity })
}

fn common_name(fields: &mut Fields<'_>, body: &Map<String, Value>, site: &Site) -> Option<String> {
    if !body.contains_key("commonName") {
        return Some(named_after(site, "IACA"));
    }
    let name = fields.text("commonName", 1, COMMON_NAME)?;
    if !is_printable(name) {
        fields.mistake(
            "commonName",
            "must have the characters of a PrintableString: letters, digits, space and '()+,-./:=?",
        );
    }
    Some(name.to_owned())
}

/// `{issuer host} {role}`, with as much of the host as fits.
pub(super) fn named_after(site: &Site, role: &str) -> String {
    let issuer = site.issuer.parse::<Uri>().ok();
    let host = issuer.as_ref().and_then(Uri::host).unwrap_or("issuerd");
    let host = host.chars().filter(|character| is_printable(character.encode_utf8(&mut [0; 4])));
    let host: String = host.take(COMMON_NAME - 1 - role.len()).collect();
    format!("{host} {role}")
}

fn country(fields: &mut Fields<'_>, body: &Map<String, Value>, site: &Site) -> Option<String> {
    let given = fields.text("country", 1, 64).map(str::to_owned);
    let country = given.or_else(|| site.country.clone().filter(|_| !body.contains_key("country")));
    let country = fields.required("country", country)?;
    if country.len() != 2 || !country.bytes().all(|letter| letter.is_ascii_uppercase()) {
        fields.mistake("country", "must be two upper-case letters (ISO 3166-1 alpha-2)");
    }
    Some(country)
}

fn state_or_province(fields: &mut Fields<'_>, country: Option<&str>) -> Option<String> {
    let state = fields.text("stateOrProvinceName", 1, 64)?;
    let fits = state.split_once('-').is_some_and(|(of, part)| {
        let well_formed = part.bytes().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit());
        country.is_none_or(|country| country == of) && matches!(part.len(), 1..=3) && well_formed
    });
    if !fits {
        fields.mistake("stateOrProvinceName", "must be an upper-case ISO 3166-2 code of the country, such as US-AL");
    }
    Some(state.to_owned())
}

fn validity(fields: &mut Fields<'_>, body: &Map<String, Value>, now: Timestamp) -> Validity {
    let now = whole_seconds(now);
    let latest = years_after(now, IACA_YEARS);
    let not_before = date(fields, "notBefore", now).unwrap_or(now);
    if not_before < now.saturating_sub(SKEW).unwrap_or(now) {
        fields.mistake("notBefore", "must not be in the past");
    }
    let not_after = date(fields, "notAfter", now).unwrap_or_else(|| years_after(not_before, DEFAULT_YEARS).min(latest));
    if not_after > latest {
        fields.mistake("notAfter", "must be at most 20 years from now");
    }
    if not_before >= not_after {
        let member = if body.contains_key("notAfter") { "notAfter" } else { "notBefore" };
        fields.mistake(member, "notBefore must be before notAfter");
    }
    Validity { not_before, not_after }
}

/// An RFC 3339 date-time, or a date, which means its first second in UTC; today means now.
fn date(fields: &mut Fields<'_>, member: &'static str, now: Timestamp) -> Option<Timestamp> {
    let text = fields.text(member, 1, 64)?;
    let instant = text.parse::<Timestamp>().ok().or_else(|| {
        let date = text.parse::<Date>().ok().filter(|_| text.len() == "2026-01-01".len())?;
        let today = now.to_zoned_datetime(TimeZone::UTC).date();
        if date == today {
            Some(now)
        } else {
            date.to_zoned_datetime(TimeZone::UTC).ok().map(|start| start.timestamp())
        }
    });
    if instant.is_none() {
        fields.mistake(member, "must be a date or an RFC 3339 date-time");
    }
    instant.map(whole_seconds)
}

/// Certificates count whole seconds.
pub(super) fn whole_seconds(instant: Timestamp) -> Timestamp {
    Timestamp::from_second(instant.as_second()).unwrap_or(instant)
}

fn years_after(instant: Timestamp, years: i64) -> Timestamp {
    instant.to_zoned_datetime(TimeZone::UTC).saturating_add(years.years()).timestamp()
}
