//! Dates and instants: `YYYY-MM-DD` or RFC 3339 in, `full-date` or `tdate` out.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use serde_json::Value;

use super::{Refusal, Written, string};
use crate::format::mdoc::cbor;

const NO_DATE: Refusal = "must be a date of the calendar, YYYY-MM-DD";
const NO_INSTANT: Refusal = "must be a date and time, YYYY-MM-DDThh:mm:ssZ";
const NEITHER: Refusal = "must be a date YYYY-MM-DD or a date and time YYYY-MM-DDThh:mm:ssZ";

/// Appends a `full-date`; of a date and time, the date as it is written there.
pub(super) fn write_date(out: &mut Vec<u8>, value: &Value) -> Written {
    let text = string(value)?;
    let date = match parse_instant(text) {
        Some(_) => text.get(..10).and_then(parse_date),
        None => parse_date(text),
    };
    full_date(out, date.ok_or(NO_DATE)?);
    Ok(())
}

/// Appends a `tdate`.
pub(super) fn write_instant(out: &mut Vec<u8>, value: &Value) -> Written {
    tdate(out, parse_instant(string(value)?).ok_or(NO_INSTANT)?);
    Ok(())
}

/// Appends a `full-date` for a date and a `tdate` for a date and time.
pub(super) fn write_either(out: &mut Vec<u8>, value: &Value) -> Written {
    let text = string(value)?;
    if let Some(date) = parse_date(text) {
        full_date(out, date);
    } else {
        tdate(out, parse_instant(text).ok_or(NEITHER)?);
    }
    Ok(())
}

/// `YYYY-MM-DD` of the calendar, nothing else.
pub(in crate::format) fn parse_date(text: &str) -> Option<Date> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(at, b)| match at {
            4 | 7 => b == b'-',
            _ => b.is_ascii_digit(),
        });
    let mut parts = text.split('-').filter(|_| shape);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// RFC 3339, nothing else.
pub(in crate::format) fn parse_instant(text: &str) -> Option<Timestamp> {
    let (date, rest) = text.split_at_checked(10)?;
    parse_date(date)?;
    let (time, rest) = rest.strip_prefix(['T', 't'])?.split_at_checked(8)?;
    let shape = time.bytes().enumerate().all(|(at, b)| if at % 3 == 2 { b == b':' } else { b.is_ascii_digit() });
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    (shape && is_zone(zone)).then(|| text.parse().ok())?
}

fn is_zone(zone: &str) -> bool {
    if zone.eq_ignore_ascii_case("z") {
        return true;
    }
    let Some(offset) = zone.strip_prefix(['+', '-']) else { return false };
    offset.len() == 5 && offset.bytes().enumerate().all(|(at, b)| if at == 2 { b == b':' } else { b.is_ascii_digit() })
}

/// Appends a `full-date` (RFC 8943).
pub(super) fn full_date(out: &mut Vec<u8>, date: Date) {
    cbor::tag(out, cbor::FULL_DATE);
    let mut text = Vec::with_capacity(10);
    push_date(&mut text, date);
    push_text(out, &text);
}

/// Appends a `tdate`: UTC, without a fraction of a second (ISO/IEC 18013-5 7.2.1).
pub(in crate::format::mdoc) fn tdate(out: &mut Vec<u8>, instant: Timestamp) {
    cbor::tag(out, cbor::TDATE);
    let moment = Offset::UTC.to_datetime(instant);
    let mut text = Vec::with_capacity(20);
    push_date(&mut text, moment.date());
    text.push(b'T');
    push_digits(&mut text, moment.hour().unsigned_abs().into(), 2);
    text.push(b':');
    push_digits(&mut text, moment.minute().unsigned_abs().into(), 2);
    text.push(b':');
    push_digits(&mut text, moment.second().unsigned_abs().into(), 2);
    text.push(b'Z');
    push_text(out, &text);
}

fn push_text(out: &mut Vec<u8>, digits: &[u8]) {
    // Only ASCII was pushed, so nothing is lost.
    cbor::text(out, std::str::from_utf8(digits).unwrap_or_default());
}

fn push_date(text: &mut Vec<u8>, date: Date) {
    push_digits(text, date.year().unsigned_abs(), 4);
    text.push(b'-');
    push_digits(text, date.month().unsigned_abs().into(), 2);
    text.push(b'-');
    push_digits(text, date.day().unsigned_abs().into(), 2);
}

fn push_digits(text: &mut Vec<u8>, value: u16, width: u32) {
    for place in (0..width).rev() {
        let digit = value / 10u16.pow(place) % 10;
        text.push(b'0' + u8::try_from(digit).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use ciborium::Value as Cbor;

    use super::*;

    fn written(write: impl Fn(&mut Vec<u8>, &Value) -> Written, text: &str) -> Result<Cbor, Refusal> {
        let mut out = Vec::new();
        write(&mut out, &text.into())?;
        Ok(ciborium::from_reader(out.as_slice()).unwrap())
    }

    fn tagged(tag: u64, text: &str) -> Cbor {
        Cbor::Tag(tag, Box::new(text.into()))
    }

    // CBR-8949-03, CBR-8949-04, MDL-04, PID-04
    #[test]
    fn a_date_becomes_a_full_date() {
        for (text, date) in [
            ("1984-02-29", "1984-02-29"),
            ("0801-01-02", "0801-01-02"),
            ("1990-05-01T23:30:00-05:00", "1990-05-01"),
            ("1990-05-01t00:00:00.123z", "1990-05-01"),
        ] {
            assert_eq!(written(write_date, text), Ok(tagged(1004, date)), "{text}");
        }
    }

    // MDL-21
    #[test]
    fn what_is_not_in_the_calendar_is_refused() {
        for text in [
            "2023-02-30",
            "2023-02-29",
            "1900-02-29",
            "2023-13-01",
            "2023-00-10",
            "2023-04-31",
            "23-04-01",
            "2023-4-1",
            "2023/04/01",
            "20230401",
            "+2023-04-01",
            "2023-04-01 ",
            " 2023-04-01",
            "2023-04-01T",
            "",
            "２０２３-04-01",
            "2023-02-30T00:00:00Z",
            "2023-04-01T25:00:00Z",
        ] {
            assert_eq!(written(write_date, text), Err(NO_DATE), "{text}");
            assert!(written(write_either, text).is_err(), "{text}");
        }
        assert_eq!(write_date(&mut Vec::new(), &20_230_401.into()), Err("must be a string"));
    }

    // CBR-8949-03, MDL-05, MDL-14, PID-06
    #[test]
    fn an_instant_becomes_a_tdate_in_utc_without_fractions() {
        for (text, instant) in [
            ("2026-01-05T00:00:00Z", "2026-01-05T00:00:00Z"),
            ("2026-01-05T01:30:00.999999999+02:00", "2026-01-04T23:30:00Z"),
            ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ] {
            assert_eq!(written(write_instant, text), Ok(tagged(0, instant)), "{text}");
            assert_eq!(written(write_either, text), Ok(tagged(0, instant)), "{text}");
        }
        assert_eq!(written(write_either, "2026-01-05"), Ok(tagged(1004, "2026-01-05")));
    }

    // CBR-8949-03
    #[test]
    fn an_instant_that_is_not_rfc_3339_is_refused() {
        for text in [
            "2026-01-05",
            "2026-01-05T00:00:00",
            "2026-01-05T00:00Z",
            "2026-01-05 00:00:00Z",
            "2026-01-05T00:00:00+0200",
            "2026-01-05T00:00:00Z[UTC]",
            "2026-01-05T00:00:00.Z5",
            "2026-01-05T0:00:000Z",
            "2026-01-05T00:00:00,5Z",
            "2026-02-30T00:00:00Z",
            "é026-01-05T00:00:00Z",
            "2026-01-05Té0:00:0Z",
        ] {
            assert_eq!(written(write_instant, text), Err(NO_INSTANT), "{text}");
        }
    }
}
