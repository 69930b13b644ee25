//! Values whose CBOR type is the mapping's choice: domestic elements and unknown docTypes.

use serde_json::{Number, Value};

use super::{Refusal, Written, binary, boolean, string, text, time};
use crate::format::mdoc::cbor;
use crate::format::mdoc::mapping::ClaimType;

/// Levels of arrays and objects; JSON of requests is read to the same depth.
const MOST_LEVELS: usize = 32;
/// 2^53: up to here a JSON number written as a float is exact.
const MOST_EXACT: f64 = 9_007_199_254_740_992.0;

/// Appends the value as the type says; without a type, as JSON has it.
pub(super) fn write(out: &mut Vec<u8>, claim_type: Option<ClaimType>, value: &Value) -> Written {
    match claim_type {
        None => json(out, value, MOST_LEVELS),
        Some(ClaimType::String) => text::write_free(out, string(value)?),
        Some(ClaimType::Number) => number(out, value.as_number().ok_or("must be a number")?),
        Some(ClaimType::Boolean) => boolean(out, value),
        Some(ClaimType::DateTime) => time::write_instant(out, value),
        Some(ClaimType::Date) => time::write_date(out, value),
        Some(ClaimType::Binary) => {
            cbor::bytes(out, &binary::decode(string(value)?)?);
            Ok(())
        }
        Some(ClaimType::Array) if value.is_array() => json(out, value, MOST_LEVELS),
        Some(ClaimType::Array) => Err("must be an array"),
        Some(ClaimType::Object) if value.is_object() => json(out, value, MOST_LEVELS),
        Some(ClaimType::Object) => Err("must be an object"),
    }
}

fn json(out: &mut Vec<u8>, value: &Value, levels: usize) -> Written {
    let deeper = || levels.checked_sub(1).ok_or::<Refusal>("must not be nested deeper than 32 levels");
    match value {
        Value::Null => cbor::null(out),
        Value::Bool(value) => cbor::boolean(out, *value),
        Value::Number(value) => number(out, value)?,
        Value::String(value) => text::write_free(out, value)?,
        Value::Array(items) => {
            let levels = deeper()?;
            cbor::array(out, items.len());
            for item in items {
                json(out, item, levels)?;
            }
        }
        Value::Object(members) => {
            let levels = deeper()?;
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by(|(a, _), (b, _)| cbor::key_order(a, b));
            cbor::map(out, members.len());
            for (name, value) in members {
                cbor::text(out, name);
                json(out, value, levels)?;
            }
        }
    }
    Ok(())
}

fn number(out: &mut Vec<u8>, number: &Number) -> Written {
    if let Some(unsigned) = number.as_u64() {
        cbor::unsigned(out, unsigned);
    } else if let Some(integer) = whole(number) {
        cbor::integer(out, integer);
    } else {
        let float = number.as_f64().filter(|float| float.is_finite());
        cbor::float(out, float.ok_or("must be a number that fits in 64 bits")?);
    }
    Ok(())
}

/// The integer that a JSON number stands for, also when it is written like `180.0`.
pub(super) fn whole(number: &Number) -> Option<i64> {
    number.as_i64().or_else(|| {
        let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() <= MOST_EXACT)?;
        #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
        Some(float as i64)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::format::mdoc::tests::support::hex;

    fn written(claim_type: Option<ClaimType>, value: &Value) -> Result<Vec<u8>, Refusal> {
        let mut out = Vec::new();
        write(&mut out, claim_type, value)?;
        Ok(out)
    }

    // CBR-8949-01, CBR-8949-02
    #[test]
    fn numbers_are_integers_unless_they_have_a_fraction() {
        for (value, encoded) in [
            (json!(0), "00"),
            (json!(-1), "20"),
            (json!(180.0), "18b4"),
            (json!(-0.0), "00"),
            (json!(18_446_744_073_709_551_615_u64), "1bffffffffffffffff"),
            (json!(1.5), "f93e00"),
            (json!(1.1), "fb3ff199999999999a"),
            (json!(1e300), "fb7e37e43c8800759c"),
        ] {
            assert_eq!(written(Some(ClaimType::Number), &value), Ok(hex(encoded)), "{value}");
        }
        assert_eq!(written(Some(ClaimType::Number), &json!("1")), Err("must be a number"));
    }

    // CBR-8949-01
    #[test]
    fn objects_are_sorted_maps() {
        let value = json!({ "bb": [null, true], "a": { "z": "x", "": 1 }, "c": false });
        let encoded = "a36161a2600161 7a6178 6163f4 626262 82f6f5".replace(' ', "");
        assert_eq!(written(Some(ClaimType::Object), &value), Ok(hex(&encoded)));
        assert_eq!(written(None, &value), Ok(hex(&encoded)));
    }

    #[test]
    fn a_value_of_another_type_is_refused() {
        let values = [json!("text"), json!(1), json!(true), json!([]), json!({}), json!(null)];
        for (claim_type, fits) in [
            (ClaimType::String, 0),
            (ClaimType::Number, 1),
            (ClaimType::Boolean, 2),
            (ClaimType::Array, 3),
            (ClaimType::Object, 4),
        ] {
            for (at, value) in values.iter().enumerate() {
                assert_eq!(written(Some(claim_type), value).is_ok(), at == fits, "{claim_type:?} {value}");
            }
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |levels| (0..levels).fold(json!(1), |inner, _| json!([inner]));
        assert!(written(None, &nested(32)).is_ok());
        assert_eq!(written(None, &nested(33)), Err("must not be nested deeper than 32 levels"));
    }
}
