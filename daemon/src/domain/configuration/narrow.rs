//! A configuration with the claims that a wallet asked for, and nothing that it did not ask for and the credential can do without.

use serde_json::Value;

use super::Configuration;
use crate::format::mdoc::elements::known;
use crate::format::mdoc::mapping::{ClaimMapping, MappingProblem, Problem, resolve};
use crate::store::authorization::asked::AskedClaim;

/// The end of a document ends its credential, so it stays where there is one.
const EXPIRY: &str = "expiry_date";

/// Why claims cannot be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NarrowError {
    /// A path is no namespace and element (appendix C.2).
    #[error("authorization_details has a claims path without a namespace and a data element")]
    NotAnElement,
    /// What the wallet must have does not exist (B.1).
    #[error("authorization_details has a mandatory claim that the credential does not have")]
    Unknown,
    /// Nothing is left.
    #[error("authorization_details has no claim that the credential has")]
    Nothing,
}

impl Configuration {
    /// What of `claims` this configuration has. Of those that it does not have, the mandatory ones are refused and the others are left
    /// out, as B.1 permits.
    pub fn askable(&self, claims: Vec<AskedClaim>) -> Result<Vec<AskedClaim>, NarrowError> {
        let mut kept = Vec::with_capacity(claims.len());
        for claim in claims {
            let (namespace, element) = named(&claim).ok_or(NarrowError::NotAnElement)?;
            match self.mapping(namespace, element) {
                Some(_) => kept.push(claim),
                None if claim.mandatory => return Err(NarrowError::Unknown),
                None => {}
            }
        }
        if self.narrowed(&kept).claim_mappings.is_empty() { Err(NarrowError::Nothing) } else { Ok(kept) }
    }

    /// The same with what was asked for, and with what must be there. What is mandatory to the wallet is so here.
    #[must_use]
    pub fn narrowed(&self, asked: &[AskedClaim]) -> Self {
        let mut narrowed = self.clone();
        let known = known(&self.doc_type);
        for (namespace, elements) in &mut narrowed.claim_mappings {
            elements.retain(|element, mapping| {
                let names = |claim: &&AskedClaim| named(claim) == Some((namespace.as_str(), element.as_str()));
                let mut by_wallet = asked.iter().filter(names).peekable();
                let wanted = by_wallet.peek().is_some();
                let needed = mapping.required || element == EXPIRY;
                mapping.required |= by_wallet.any(|claim| claim.mandatory);
                wanted || needed || known.is_some_and(|known| known.is_mandatory(namespace, element))
            });
        }
        narrowed.claim_mappings.retain(|_, elements| !elements.is_empty());
        narrowed
    }

    /// The first part of an element that is mandatory to the wallet and not in the claims: a path may lead into an element.
    #[must_use]
    pub fn lacking(&self, asked: &[AskedClaim], document: &Value) -> Option<MappingProblem> {
        asked.iter().filter(|claim| claim.mandatory).find_map(|claim| {
            let (namespace, element) = named(claim)?;
            let mapping = self.mapping(namespace, element)?;
            let found = mapping.map_from.as_deref().and_then(|path| resolve(document, path));
            let value = found.or(mapping.default_value.as_ref())?;
            let missing = !selects(value, claim.path.get(2..).unwrap_or_default());
            let problem = || MappingProblem {
                namespace: namespace.to_owned(),
                element: element.to_owned(),
                problem: Problem::Missing,
            };
            missing.then(problem)
        })
    }

    fn mapping(&self, namespace: &str, element: &str) -> Option<&ClaimMapping> {
        self.claim_mappings.get(namespace)?.get(element)
    }
}

/// Namespace and data element of a path.
fn named(claim: &AskedClaim) -> Option<(&str, &str)> {
    match claim.path.as_slice() {
        [Value::String(namespace), Value::String(element), ..] => Some((namespace, element)),
        _ => None,
    }
}

/// Whether a path leads to something (appendix C.1).
fn selects(value: &Value, steps: &[Value]) -> bool {
    let Some((step, rest)) = steps.split_first() else { return !value.is_null() };
    match (step, value) {
        (Value::String(name), Value::Object(members)) => members.get(name).is_some_and(|found| selects(found, rest)),
        (Value::Null, Value::Array(items)) => items.iter().any(|item| selects(item, rest)),
        (Value::Number(place), Value::Array(items)) => {
            let place = place.as_u64().and_then(|place| usize::try_from(place).ok());
            place.and_then(|place| items.get(place)).is_some_and(|item| selects(item, rest))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn configuration(doc_type: &str, mappings: &Value) -> Configuration {
        serde_json::from_value(json!({
            "id": uuid::Uuid::from_u128(1), "type": doc_type, "claimMappings": mappings, "expiresIn": { "days": 1 },
            "includeStatus": false, "createdAt": "2026-03-01T12:00:00Z",
        }))
        .unwrap()
    }

    fn club() -> Configuration {
        configuration(
            "org.example.club",
            &json!({ "club": {
                "name": { "mapFrom": "claims.name", "type": "string", "required": true },
                "level": { "mapFrom": "claims.level", "type": "string" },
                "teams": { "mapFrom": "claims.teams", "type": "array" },
                "expiry_date": { "mapFrom": "claims.expiry_date", "type": "date" },
            }, "more": { "color": { "defaultValue": "blue" } } }),
        )
    }

    fn asked(path: Value, mandatory: bool) -> AskedClaim {
        AskedClaim { path: path.as_array().unwrap().clone(), mandatory }
    }

    fn elements(configuration: &Configuration) -> Vec<String> {
        let all = configuration.claim_mappings.iter();
        all.flat_map(|(namespace, elements)| elements.keys().map(move |one| format!("{namespace}/{one}"))).collect()
    }

    // VCI-5.1.2-04, VCI-B.1-02
    #[test]
    fn what_was_asked_for_and_what_must_be_there_stays() {
        let all = club();
        let narrow = |claims: &[AskedClaim]| elements(&all.narrowed(claims));
        assert_eq!(narrow(&[asked(json!(["club", "level"]), false)]), ["club/expiry_date", "club/level", "club/name"]);
        assert_eq!(narrow(&[asked(json!(["more", "color"]), false)]), ["club/expiry_date", "club/name", "more/color"]);
        assert_eq!(narrow(&[asked(json!(["club", "teams", null, "name"]), false)])[2], "club/teams");
        assert_eq!(narrow(&[]), ["club/expiry_date", "club/name"]);
        let marked = all.narrowed(&[asked(json!(["club", "level"]), true)]);
        assert!(marked.claim_mappings["club"]["level"].required && !all.claim_mappings["club"]["level"].required);
        let text = json!({ "mapFrom": "claims.x", "type": "string" });
        let mdl = configuration(
            "org.iso.18013.5.1.mDL",
            &json!({ "org.iso.18013.5.1": { "family_name": text, "given_name": text, "resident_city": text } }),
        );
        assert_eq!(elements(&mdl.narrowed(&[])), ["org.iso.18013.5.1/family_name", "org.iso.18013.5.1/given_name"]);
    }

    // VCI-B.1-01, VCI-C.2-01
    #[test]
    fn what_the_credential_does_not_have_is_left_out_or_refused() {
        let all = club();
        let (level, unknown) = (asked(json!(["club", "level"]), true), asked(json!(["club", "rank"]), false));
        assert_eq!(all.askable(vec![level.clone(), unknown.clone()]), Ok(vec![level]));
        assert_eq!(all.askable(vec![unknown.clone()]), Ok(Vec::new()));
        let mandatory = AskedClaim { mandatory: true, ..unknown.clone() };
        assert_eq!(all.askable(vec![mandatory]), Err(NarrowError::Unknown));
        for path in [json!(["club"]), json!([null, "level"]), json!(["club", 0]), json!(["club", null])] {
            assert_eq!(all.askable(vec![asked(path, false)]), Err(NarrowError::NotAnElement));
        }
        let free = configuration("org.example.x", &json!({ "club": { "level": { "defaultValue": "x" } } }));
        assert_eq!(free.askable(vec![unknown]), Err(NarrowError::Nothing));
    }

    // VCI-B.1-01, VCI-C.1-01
    #[test]
    fn a_mandatory_part_of_an_element_must_be_in_the_claims() {
        let all = club();
        let document = json!({ "claims": { "teams": [{ "name": "A" }, { "name": "B", "since": 2020 }] } });
        for (rest, there) in [
            (json!([]), true),
            (json!([null, "name"]), true),
            (json!([1, "since"]), true),
            (json!([0, "since"]), false),
            (json!([null, "since"]), true),
            (json!([2]), false),
            (json!(["name"]), false),
        ] {
            let path: Vec<_> =
                [json!("club"), json!("teams")].into_iter().chain(rest.as_array().unwrap().clone()).collect();
            let claims = [AskedClaim { path: path.clone(), mandatory: true }];
            assert_eq!(all.lacking(&claims, &document).is_none(), there, "{rest}");
            assert_eq!(all.lacking(&[AskedClaim { path, mandatory: false }], &document), None);
        }
    }
}
