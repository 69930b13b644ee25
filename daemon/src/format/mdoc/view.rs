//! Reads back the few element values that rules compare with each other. The bytes are our own canonical encoding.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

use super::value::{parse_date, parse_instant};

/// The content of a text string.
pub(super) fn text(value: &[u8]) -> Option<&str> {
    let (length, content) = match value {
        [head @ 0x60..=0x77, rest @ ..] => (usize::from(head & 0x1f), rest),
        [0x78, length, rest @ ..] => (usize::from(*length), rest),
        [0x79, high, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
        _ => return None,
    };
    std::str::from_utf8(content).ok().filter(|text| text.len() == length)
}

/// A `full-date`, or the UTC date of a `tdate`.
pub(super) fn date(value: &[u8]) -> Option<Date> {
    match value {
        [0xd9, 0x03, 0xec, rest @ ..] => parse_date(text(rest)?),
        _ => instant(value).map(|instant| Offset::UTC.to_datetime(instant).date()),
    }
}

/// A `tdate`.
pub(super) fn instant(value: &[u8]) -> Option<Timestamp> {
    match value {
        [0xc0, rest @ ..] => parse_instant(text(rest)?),
        _ => None,
    }
}

/// A boolean.
pub(super) fn boolean(value: &[u8]) -> Option<bool> {
    match value {
        [0xf4] => Some(false),
        [0xf5] => Some(true),
        _ => None,
    }
}

/// An unsigned integer below 65,536: an age or a year.
pub(super) fn small(value: &[u8]) -> Option<u16> {
    match value {
        [small @ 0..=0x17] | [0x18, small] => Some(u16::from(*small)),
        [0x19, high, low] => Some(u16::from_be_bytes([*high, *low])),
        _ => None,
    }
}
