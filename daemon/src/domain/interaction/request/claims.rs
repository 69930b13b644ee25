//! Claims descriptions in `authorization_details` (`OpenID4VCI` appendices B.1, B.3 and C).

use serde_json::Value;

use crate::domain::authorization::AskedClaim;

/// Most steps of a claims path pointer.
const MOST_STEPS: usize = 32;
/// Most claims descriptions of one credential: no known credential has half as many claims.
const MOST_CLAIMS: usize = 200;

/// Reads `claims`.
pub(super) fn read(claims: &Value) -> Result<Vec<AskedClaim>, &'static str> {
    let described = claims.as_array().filter(|claims| (1..=MOST_CLAIMS).contains(&claims.len()));
    let described = described.and_then(|claims| claims.iter().map(description).collect::<Option<Vec<_>>>());
    let claims = described.ok_or("authorization_details has claims that are no claims descriptions")?;
    for (place, claim) in claims.iter().enumerate() {
        if claims.iter().skip(place + 1).any(|other| contradict(&claim.path, &other.path)) {
            return Err("authorization_details has claims descriptions that repeat or contradict each other");
        }
    }
    Ok(claims)
}

/// Members that are not known are left out (B.1).
fn description(claim: &Value) -> Option<AskedClaim> {
    let step = |step: &Value| step.is_string() || step.is_null() || step.as_u64().is_some();
    let path = claim.get("path").and_then(Value::as_array);
    let path = path.filter(|steps| (1..=MOST_STEPS).contains(&steps.len()) && steps.iter().all(step))?;
    let mandatory = match claim.get("mandatory") {
        None => false,
        Some(mandatory) => mandatory.as_bool()?,
    };
    Some(AskedClaim { path: path.clone(), mandatory })
}

/// Whether two paths are the same, or take one value for two different things: an object and an array, or an array as a whole and
/// item by item (B.3).
fn contradict(one: &[Value], other: &[Value]) -> bool {
    let mut steps = one.iter().zip(other);
    match steps.find(|(one, other)| one != other) {
        None => one.len() == other.len(),
        // Two members of one object, or two items of one array.
        Some((Value::String(_), Value::String(_)) | (Value::Number(_), Value::Number(_))) => false,
        Some(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    // VCI-B.3-02, VCI-C-01, VCI-C.1-01, VCI-5.1.1-04
    #[test]
    fn descriptions_that_repeat_or_contradict_each_other_are_refused() {
        let good = |paths: &[Value]| read(&paths.iter().map(|path| json!({ "path": path })).collect()).is_ok();
        assert!(good(&[json!(["a", "b"]), json!(["a", "c"]), json!(["a"]), json!(["d", null, "x"])]));
        assert!(good(&[json!(["a", 0]), json!(["a", 1])]));
        for pair in [
            [json!(["a", "b"]), json!(["a", "b"])],
            [json!(["a", null]), json!(["a", 0])],
            [json!(["a", null, "x"]), json!(["a", 1, "x"])],
            [json!(["a", "b"]), json!(["a", 0])],
            [json!(["a", "b"]), json!(["a", null])],
        ] {
            assert!(!good(&pair), "{pair:?}");
        }
        for wrong in [
            json!([]),
            json!({}),
            json!(["a"]),
            json!([{}]),
            json!([{ "path": [] }]),
            json!([{ "path": ["a", -1] }]),
            json!([{ "path": ["a", 1.5] }]),
            json!([{ "path": ["a"], "mandatory": "yes" }]),
            json!([{ "path": vec!["a"; 33] }]),
            (0..201).map(|number| json!({ "path": [number.to_string()] })).collect(),
        ] {
            assert!(read(&wrong).is_err(), "{wrong}");
        }
        let read = read(&json!([{ "path": ["a"], "mandatory": true, "display": [] }])).unwrap();
        assert_eq!(read, [AskedClaim { path: vec!["a".into()], mandatory: true }]);
    }
}
