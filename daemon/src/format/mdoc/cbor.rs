//! Canonical CBOR (RFC 8949 4.2.1), appended to a buffer of the caller: shortest integers, lengths and floats, definite lengths.
//!
//! The order of map keys is the caller's: the structures of ISO/IEC 18013-5 keep the order the standard lists, free objects are
//! sorted with [`key_order`].

use std::cmp::Ordering;

/// Standard date/time string (RFC 8949 3.4.1), ISO's `tdate`.
pub const TDATE: u64 = 0;
/// Encoded CBOR data item (RFC 8949 3.4.5.1).
pub const EMBEDDED: u64 = 24;
/// RFC 8943 `full-date`.
pub const FULL_DATE: u64 = 1004;

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;
const SIMPLE: u8 = 7;

/// Additional information of a head (RFC 8949 3): smaller values are the argument itself.
const IN_1_BYTE: u8 = 24;
const IN_2_BYTES: u8 = 25;
const IN_4_BYTES: u8 = 26;
const IN_8_BYTES: u8 = 27;

/// Bytes that the head of an item with argument `argument` takes.
#[must_use]
pub fn head_length(argument: usize) -> usize {
    match argument {
        0..=23 => 1,
        24..=0xff => 2,
        0x100..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    }
}

fn head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let major = major << 5;
    if let Ok(argument) = u8::try_from(argument) {
        if argument < IN_1_BYTE {
            out.push(major | argument);
        } else {
            out.extend_from_slice(&[major | IN_1_BYTE, argument]);
        }
    } else if let Ok(argument) = u16::try_from(argument) {
        out.push(major | IN_2_BYTES);
        out.extend_from_slice(&argument.to_be_bytes());
    } else if let Ok(argument) = u32::try_from(argument) {
        out.push(major | IN_4_BYTES);
        out.extend_from_slice(&argument.to_be_bytes());
    } else {
        out.push(major | IN_8_BYTES);
        out.extend_from_slice(&argument.to_be_bytes());
    }
}

fn length_head(out: &mut Vec<u8>, major: u8, length: usize) {
    head(out, major, length as u64);
}

/// An unsigned integer.
pub fn unsigned(out: &mut Vec<u8>, value: u64) {
    head(out, UNSIGNED, value);
}

/// A signed integer.
pub fn integer(out: &mut Vec<u8>, value: i64) {
    match u64::try_from(value) {
        Ok(value) => head(out, UNSIGNED, value),
        // -1 - value, which is the complement (RFC 8949 3.1).
        Err(_) => head(out, NEGATIVE, (!value).cast_unsigned()),
    }
}

/// A text string.
pub fn text(out: &mut Vec<u8>, value: &str) {
    length_head(out, TEXT, value.len());
    out.extend_from_slice(value.as_bytes());
}

/// A byte string.
pub fn bytes(out: &mut Vec<u8>, value: &[u8]) {
    bytes_head(out, value.len());
    out.extend_from_slice(value);
}

/// The head of a byte string of `length` bytes; the caller appends them.
pub fn bytes_head(out: &mut Vec<u8>, length: usize) {
    length_head(out, BYTES, length);
}

/// The head of an array; the caller appends `length` items.
pub fn array(out: &mut Vec<u8>, length: usize) {
    length_head(out, ARRAY, length);
}

/// The head of a map; the caller appends `length` keys with their values.
pub fn map(out: &mut Vec<u8>, length: usize) {
    length_head(out, MAP, length);
}

/// A tag; the caller appends the tagged item.
pub fn tag(out: &mut Vec<u8>, number: u64) {
    head(out, TAG, number);
}

/// `true` or `false`.
pub fn boolean(out: &mut Vec<u8>, value: bool) {
    head(out, SIMPLE, if value { 21 } else { 20 });
}

/// `null`.
pub fn null(out: &mut Vec<u8>) {
    head(out, SIMPLE, 22);
}

/// A floating-point number in the shortest of the three widths that keeps its value.
pub fn float(out: &mut Vec<u8>, value: f64) {
    #[expect(clippy::cast_possible_truncation, reason = "the narrow value is used only when it widens to the same one")]
    let single = value as f32;
    if f64::from(single).to_bits() != value.to_bits() {
        out.push((SIMPLE << 5) | IN_8_BYTES);
        out.extend_from_slice(&value.to_be_bytes());
    } else if let Some(half) = half_precision(single) {
        out.push((SIMPLE << 5) | IN_2_BYTES);
        out.extend_from_slice(&half.to_be_bytes());
    } else {
        out.push((SIMPLE << 5) | IN_4_BYTES);
        out.extend_from_slice(&single.to_be_bytes());
    }
}

/// The binary16 bits of a finite number, when it has an exact one.
fn half_precision(value: f32) -> Option<u16> {
    let bits = value.to_bits();
    let exponent = i32::try_from(bits >> 23 & 0xff).ok()? - 127;
    let fraction = bits & 0x7f_ffff;
    let magnitude = match exponent {
        -127 if fraction == 0 => 0,
        -14..=15 if fraction.trailing_zeros() >= 13 => u32::try_from(exponent + 15).ok()? << 10 | fraction >> 13,
        // Subnormal in binary16: the fraction with its leading one, shifted right.
        -24..=-15 => {
            let shift = u32::try_from(-1 - exponent).ok()?;
            let whole = fraction | 0x80_0000;
            if whole.trailing_zeros() < shift {
                return None;
            }
            whole >> shift
        }
        _ => return None,
    };
    u16::try_from(bits >> 16 & 0x8000 | magnitude).ok()
}

/// The order of text keys in a deterministic map: bytewise by encoded key (RFC 8949 4.2.1), which for text is by length first.
#[must_use]
pub fn key_order(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use ciborium::Value;

    use super::*;
    use crate::format::mdoc::tests::support::hex;

    fn one(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out);
        out
    }

    fn foreign(value: impl Into<Value>) -> Vec<u8> {
        let mut out = Vec::new();
        ciborium::into_writer(&value.into(), &mut out).unwrap();
        out
    }

    // CBR-8949-01
    #[test]
    fn integers_have_the_shortest_form() {
        let edges = [0, 1, 23, 24, 255, 256, 65_535, 65_536, 0xffff_ffff, 0x1_0000_0000, u64::MAX];
        for value in edges {
            assert_eq!(one(|out| unsigned(out, value)), foreign(value), "{value}");
        }
        for value in edges.into_iter().filter_map(|value| i64::try_from(value).ok()).flat_map(|v| [v, -v, -1 - v]) {
            assert_eq!(one(|out| integer(out, value)), foreign(value), "{value}");
        }
        assert_eq!(one(|out| integer(out, i64::MIN)), foreign(i64::MIN));
    }

    // CBR-8949-01
    #[test]
    fn strings_and_containers_have_the_shortest_head() {
        for length in [0, 1, 23, 24, 255, 256, 65_535, 65_536] {
            let content = "x".repeat(length);
            assert_eq!(one(|out| text(out, &content)), foreign(content.clone()));
            assert_eq!(one(|out| bytes(out, content.as_bytes())), foreign(content.into_bytes()));
            let items = vec![Value::Null; length];
            let ours = one(|out| {
                array(out, length);
                (0..length).for_each(|_| null(out));
            });
            assert_eq!(ours, foreign(Value::Array(items)));
            let ours = one(|out| {
                map(out, length);
                (0..length).for_each(|key| {
                    unsigned(out, key as u64);
                    boolean(out, key % 2 == 0);
                });
            });
            let entries = (0..length).map(|key| (Value::from(key as u64), Value::Bool(key % 2 == 0))).collect();
            assert_eq!(ours, foreign(Value::Map(entries)));
        }
    }

    #[test]
    fn head_lengths_are_those_written() {
        for length in [0, 23, 24, 255, 256, 65_535, 65_536, 0xffff_ffff, 0x1_0000_0000] {
            assert_eq!(one(|out| array(out, length)).len(), head_length(length), "{length}");
        }
    }

    // CBR-8949-03, CBR-8949-04, MDL-04
    #[test]
    fn dates_carry_their_tag() {
        let full_date = one(|out| {
            tag(out, FULL_DATE);
            text(out, "1984-02-29");
        });
        assert_eq!(full_date, hex("d903ec6a313938342d30322d3239"));
        let tdate = one(|out| {
            tag(out, TDATE);
            text(out, "2026-01-05T00:00:00Z");
        });
        assert_eq!(tdate, hex("c074323032362d30312d30355430303a30303a30305a"));
        assert_eq!(one(|out| tag(out, EMBEDDED)), [0xd8, 0x18]);
    }

    // CBR-8949-02: RFC 8949 appendix A.
    #[test]
    fn floats_have_the_shortest_width() {
        for (value, encoded) in [
            (0.0, "f90000"),
            (-0.0, "f98000"),
            (1.0, "f93c00"),
            (1.5, "f93e00"),
            (65_504.0, "f97bff"),
            (5.960_464_477_539_063e-8, "f90001"),
            (0.000_061_035_156_25, "f90400"),
            (-4.0, "f9c400"),
            (100_000.0, "fa47c35000"),
            (3.402_823_466_385_288_6e38, "fa7f7fffff"),
            (1.1, "fb3ff199999999999a"),
            (1.0e300, "fb7e37e43c8800759c"),
            (-4.1, "fbc010666666666666"),
        ] {
            assert_eq!(one(|out| float(out, value)), hex(encoded), "{value}");
        }
    }

    // CBR-8949-02
    #[test]
    fn every_half_precision_number_is_found_and_no_other() {
        for bits in (0..=u16::MAX).filter(|bits| bits >> 10 & 0x1f != 0x1f) {
            let fraction = f64::from(bits & 0x3ff);
            let exponent = i32::from(bits >> 10 & 0x1f);
            let magnitude = match exponent {
                0 => fraction * 2f64.powi(-24),
                _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
            };
            let value = if bits >> 15 == 1 { -magnitude } else { magnitude };
            assert_eq!(one(|out| float(out, value)), [&[0xf9], &bits.to_be_bytes()[..]].concat());
            let near = if value == 0.0 { 1e-9 } else { value * (1.0 + 2f64.powi(-20)) };
            assert_eq!(one(|out| float(out, near)), foreign(near), "{near}");
        }
    }

    #[test]
    fn keys_are_ordered_by_their_encoding() {
        let mut keys = ["b", "aa", "", "a", "ä", "ab", &"z".repeat(24), &"a".repeat(300)].map(str::to_owned);
        keys.sort_by(|a, b| key_order(a, b));
        let mut encoded = keys.clone();
        encoded.sort_by_key(|key| one(|out| text(out, key)));
        assert_eq!(keys, encoded);
    }
}
