//! Elements that are arrays and maps by a standard.

use serde_json::{Map, Value};

use super::text::{is_alpha2, write_member};
use super::{Refusal, Written, time};
use crate::format::mdoc::cbor;

const PRIVILEGE: &[&str] = &["vehicle_category_code", "issue_date", "expiry_date", "codes"];
const CODE: &[&str] = &["code", "sign", "value"];
const PLACE: &[&str] = &["country", "region", "locality"];

/// ISO/IEC 18013-5 7.2.4; the array may be empty.
pub(super) fn write_driving_privileges(out: &mut Vec<u8>, value: &Value) -> Written {
    let privileges = value.as_array().ok_or("must be an array of driving privileges")?;
    cbor::array(out, privileges.len());
    privileges.iter().try_for_each(|privilege| write_privilege(out, privilege))
}

fn write_privilege(out: &mut Vec<u8>, value: &Value) -> Written {
    let members = members(value, PRIVILEGE, "must have vehicle_category_code, issue_date, expiry_date and codes only")?;
    let [category, issued, expires, codes] = [0, 1, 2, 3].map(|at| member(members, PRIVILEGE, at));
    let category = category.and_then(Value::as_str).ok_or("must have a vehicle_category_code in each entry")?;
    let codes = match codes {
        Some(codes) => codes.as_array().ok_or("must have an array of codes")?.as_slice(),
        None => &[],
    };
    let count = 1 + usize::from(issued.is_some()) + usize::from(expires.is_some()) + usize::from(!codes.is_empty());
    cbor::map(out, count);
    cbor::text(out, "vehicle_category_code");
    write_member(out, category)?;
    for (name, date) in [("issue_date", issued), ("expiry_date", expires)] {
        if let Some(date) = date {
            cbor::text(out, name);
            time::write_date(out, date).map_err(|_| "must have dates YYYY-MM-DD in each entry")?;
        }
    }
    if !codes.is_empty() {
        cbor::text(out, "codes");
        cbor::array(out, codes.len());
        codes.iter().try_for_each(|code| write_texts(out, code, CODE, 1, "must have codes of code, sign and value"))?;
    }
    Ok(())
}

/// PID rulebook 3.1, `place_of_birth`.
pub(super) fn write_place(out: &mut Vec<u8>, value: &Value) -> Written {
    let country = value.get("country").filter(|country| !country.is_null());
    if country.is_some_and(|country| !country.as_str().is_some_and(is_alpha2)) {
        return Err("must have an ISO 3166-1 alpha-2 code in upper case as country");
    }
    write_texts(out, value, PLACE, 0, "must have one or more of country, region and locality, as text")
}

/// PID rulebook 3.1, `nationality`.
pub(super) fn write_countries(out: &mut Vec<u8>, value: &Value) -> Written {
    const REFUSAL: Refusal = "must be an array of ISO 3166-1 alpha-2 codes in upper case, at least one";
    let countries = value.as_array().filter(|countries| !countries.is_empty()).ok_or(REFUSAL)?;
    cbor::array(out, countries.len());
    for country in countries {
        cbor::text(out, country.as_str().filter(|code| is_alpha2(code)).ok_or(REFUSAL)?);
    }
    Ok(())
}

/// ISO/IEC TS 23220-2 6.3.1.1.3: a date, or a date with a mask of its unknown digits.
pub(super) fn write_approximate_date(out: &mut Vec<u8>, value: &Value) -> Written {
    if !value.is_object() {
        return time::write_date(out, value);
    }
    let names = &["birth_date", "approximate_mask"];
    let members = members(value, names, "must have birth_date and approximate_mask only")?;
    let [date, mask] = [0, 1].map(|at| member(members, names, at));
    cbor::map(out, 1 + usize::from(mask.is_some()));
    cbor::text(out, "birth_date");
    time::write_date(out, date.ok_or("must have a birth_date")?)?;
    if let Some(mask) = mask {
        let digits = |mask: &&str| mask.len() == 8 && mask.bytes().all(|b| matches!(b, b'0' | b'1'));
        cbor::text(out, "approximate_mask");
        cbor::text(out, mask.as_str().filter(digits).ok_or("must have an approximate_mask of eight digits 0 or 1")?);
    }
    Ok(())
}

/// A map of text members in the standard's order: the first `required` of `names` must be there, and at least one in all.
fn write_texts(out: &mut Vec<u8>, value: &Value, names: &[&str], required: usize, refusal: Refusal) -> Written {
    let members = members(value, names, refusal)?;
    let present = |at: &usize| member(members, names, *at).is_some();
    let count = (0..names.len()).filter(present).count();
    if count == 0 || !(0..required).all(|at| present(&at)) {
        return Err(refusal);
    }
    cbor::map(out, count);
    for (at, name) in names.iter().enumerate() {
        if let Some(value) = member(members, names, at) {
            cbor::text(out, name);
            write_member(out, value.as_str().ok_or(refusal)?)?;
        }
    }
    Ok(())
}

/// The members of an object that has none but these.
fn members<'a>(value: &'a Value, names: &[&str], refusal: Refusal) -> Result<&'a Map<String, Value>, Refusal> {
    let members = value.as_object().ok_or(refusal)?;
    if members.keys().all(|name| names.contains(&name.as_str())) { Ok(members) } else { Err(refusal) }
}

fn member<'a>(members: &'a Map<String, Value>, names: &[&str], at: usize) -> Option<&'a Value> {
    members.get(*names.get(at)?).filter(|value| !value.is_null())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    type Cbor = ciborium::Value;

    fn written(write: impl Fn(&mut Vec<u8>, &Value) -> Written, value: &Value) -> Result<Cbor, Refusal> {
        let mut out = Vec::new();
        write(&mut out, value)?;
        Ok(ciborium::from_reader(out.as_slice()).unwrap())
    }

    fn plain(value: &Value) -> Cbor {
        Cbor::serialized(value).unwrap()
    }

    fn date(text: &str) -> Cbor {
        Cbor::Tag(1004, Box::new(text.into()))
    }

    // MDL-09
    #[test]
    fn driving_privileges_have_the_standards_shape() {
        let value = json!([
            { "codes": [{ "value": "01", "code": "B96", "sign": "=" }, { "code": "95" }], "vehicle_category_code": "B",
              "issue_date": "2004-05-01", "expiry_date": "2034-05-01T00:00:00Z" },
            { "vehicle_category_code": "AM", "codes": [], "issue_date": null },
        ]);
        let expected = Cbor::Array(vec![
            Cbor::Map(vec![
                ("vehicle_category_code".into(), "B".into()),
                ("issue_date".into(), date("2004-05-01")),
                ("expiry_date".into(), date("2034-05-01")),
                ("codes".into(), plain(&json!([{ "code": "B96", "sign": "=", "value": "01" }, { "code": "95" }]))),
            ]),
            plain(&json!({ "vehicle_category_code": "AM" })),
        ]);
        assert_eq!(written(write_driving_privileges, &value), Ok(expected));
        assert_eq!(written(write_driving_privileges, &json!([])), Ok(Cbor::Array(vec![])));
    }

    // MDL-09
    #[test]
    fn driving_privileges_of_another_shape_are_refused() {
        for value in [
            json!({}),
            json!("B"),
            json!(["B"]),
            json!([{}]),
            json!([{ "vehicle_category_code": "" }]),
            json!([{ "vehicle_category_code": 1 }]),
            json!([{ "vehicle_category_code": "B", "issue_date": "2004-02-30" }]),
            json!([{ "vehicle_category_code": "B", "codes": "95" }]),
            json!([{ "vehicle_category_code": "B", "codes": [{ "sign": "=" }] }]),
            json!([{ "vehicle_category_code": "B", "codes": [{ "code": "95", "x": "y" }] }]),
            json!([{ "vehicle_category_code": "B", "category": "B" }]),
        ] {
            assert!(written(write_driving_privileges, &value).is_err(), "{value}");
        }
    }

    // PID-04
    #[test]
    fn a_place_has_one_to_three_members() {
        let place = json!({ "locality": "Łódź", "country": "PL" });
        assert_eq!(written(write_place, &place), Ok(plain(&json!({ "country": "PL", "locality": "Łódź" }))));
        for value in [
            json!({}),
            json!("Łódź"),
            json!({ "country": null }),
            json!({ "country": "Poland" }),
            json!({ "region": 1 }),
            json!({ "region": "" }),
            json!({ "city": "Łódź" }),
        ] {
            assert!(written(write_place, &value).is_err(), "{value}");
        }
    }

    // PID-04, PID-14
    #[test]
    fn nationality_is_a_non_empty_array_of_codes() {
        assert_eq!(written(write_countries, &json!(["DE", "QS"])), Ok(plain(&json!(["DE", "QS"]))));
        for value in [json!([]), json!("DE"), json!(["de"]), json!(["DEU"]), json!([1]), json!([null])] {
            assert!(written(write_countries, &value).is_err(), "{value}");
        }
    }

    #[test]
    fn a_birth_date_may_be_approximate_in_a_photo_id() {
        assert_eq!(written(write_approximate_date, &json!("1984-02-29")), Ok(date("1984-02-29")));
        let value = json!({ "birth_date": "1984-01-01", "approximate_mask": "00001111" });
        let expected =
            Cbor::Map(vec![("birth_date".into(), date("1984-01-01")), ("approximate_mask".into(), "00001111".into())]);
        assert_eq!(written(write_approximate_date, &value), Ok(expected));
        for value in [
            json!({ "approximate_mask": "00001111" }),
            json!({ "birth_date": "1984-01-01", "approximate_mask": "0000111" }),
            json!({ "birth_date": "1984-01-01", "approximate_mask": "00002222" }),
            json!({ "birth_date": "1984-01-01", "mask": "00001111" }),
            json!(1984),
        ] {
            assert!(written(write_approximate_date, &value).is_err(), "{value}");
        }
    }
}
