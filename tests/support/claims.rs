use serde_json::{Value, json};

/// A JPEG of 8 by 8 grey pixels, base64.
pub const PORTRAIT: &str = concat!(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACgcHiMeGSgjISMtKygwPGRBPDc3PHtYXUlkkYCZlo+AjIqgtObDoKrarYqMyP/L2u71",
    "////m8H////6/+b9//j/wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAI",
    "AQEAAD8AP//Z",
);

/// A driver's data, all mandatory elements of an mDL and many optional ones.
pub fn mdl(country: &str) -> Value {
    json!({
        "family_name": "Sommer",
        "given_name": "Mika",
        "birth_date": "1984-02-29",
        "issue_date": "2026-01-05",
        "expiry_date": "2041-01-04",
        "issuing_country": country,
        "issuing_authority": "Licensing Office",
        "document_number": "DL-0042-8817",
        "portrait": PORTRAIT,
        "driving_privileges": [
            { "vehicle_category_code": "B", "issue_date": "2004-05-01", "expiry_date": "2041-01-04" },
            { "vehicle_category_code": "A2", "codes": [{ "code": "01" }] },
        ],
        "un_distinguishing_sign": "UTO",
        "sex": 2,
        "height": 171,
        "nationality": country,
        "resident_city": "Lindenau",
        "resident_country": country,
        "age_over_18": true,
        "age_over_21": true,
        "age_over_65": false,
    })
}

/// A person's data, all mandatory attributes of a PID and some optional ones.
pub fn pid(country: &str) -> Value {
    json!({
        "family_name": "Sommer",
        "given_name": "Mika",
        "birth_date": "1984-02-29",
        "place_of_birth": { "country": country, "locality": "Lindenau" },
        "nationality": [country],
        "portrait": PORTRAIT,
        "issuing_authority": "Population Register",
        "issuing_country": country,
        "expiry_date": "2036-01-04",
        "sex": 2,
        "resident_city": "Lindenau",
    })
}

/// `claims` without one member.
pub fn without(mut claims: Value, name: &str) -> Value {
    claims.as_object_mut().unwrap().remove(name);
    claims
}

/// `claims` with one member changed.
pub fn with(mut claims: Value, name: &str, value: impl Into<Value>) -> Value {
    claims[name] = value.into();
    claims
}
