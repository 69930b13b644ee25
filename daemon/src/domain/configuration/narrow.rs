//! A configuration with the claims that a wallet asked for, and nothing that it did not ask for and the credential can do without.

use serde_json::Value;

use super::{Body, Configuration};
use crate::format::claim::{ClaimMapping, resolve};
use crate::format::mdoc::elements::known;
use crate::format::mdoc::mapping::Mappings;
use crate::format::sd_jwt_vc::claims::{Claim, Claims};
use crate::store::authorization::asked::AskedClaim;

/// The end of a document ends its credential, so it stays where there is one.
const EXPIRY: [&str; 2] = ["expiry_date", "date_of_expiry"];

/// Why claims cannot be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NarrowError {
    /// A path begins with no namespace and data element (appendix C.2), or with no name of a claim (C.1).
    #[error("authorization_details has a claims path that leads to no claim of this format")]
    NoClaim,
    /// What the wallet must have does not exist (B.1).
    #[error("authorization_details has a mandatory claim that the credential does not have")]
    Unknown,
    /// Nothing is left.
    #[error("authorization_details has no claim that the credential has")]
    Nothing,
}

/// The rest of a path below some claim, and whether it is mandatory to the wallet.
type Rest<'a> = (&'a [Value], bool);

impl Configuration {
    /// What of `claims` this configuration has. Of those that it does not have, the mandatory ones are refused and the others are left
    /// out, as B.1 permits.
    pub fn askable(&self, claims: Vec<AskedClaim>) -> Result<Vec<AskedClaim>, NarrowError> {
        let mut kept = Vec::with_capacity(claims.len());
        for claim in claims {
            if !self.can_have(&claim.path) {
                return Err(NarrowError::NoClaim);
            }
            match self.source(&claim.path) {
                Some(_) => kept.push(claim),
                None if claim.mandatory => return Err(NarrowError::Unknown),
                None => {}
            }
        }
        let empty = match self.narrowed(&kept).body {
            Body::Mdoc(body) => body.claim_mappings.is_empty(),
            Body::SdJwtVc(body) => body.claim_mappings.is_empty(),
        };
        if empty { Err(NarrowError::Nothing) } else { Ok(kept) }
    }

    /// The same with what was asked for, and with what must be there. What is mandatory to the wallet is so here.
    #[must_use]
    pub fn narrowed(&self, asked: &[AskedClaim]) -> Self {
        let mut narrowed = self.clone();
        let asked: Vec<Rest<'_>> = asked.iter().map(|claim| (claim.path.as_slice(), claim.mandatory)).collect();
        match &mut narrowed.body {
            Body::Mdoc(body) => narrow_elements(&body.doc_type, &mut body.claim_mappings, &asked),
            Body::SdJwtVc(body) => {
                let ends = |name: &str| EXPIRY.contains(&name);
                narrow_claims(&mut body.claim_mappings, &asked, ends);
            }
        }
        narrowed
    }

    /// The first claim that is mandatory to the wallet and has a part which is not in `document`: a path may lead into a value.
    #[must_use]
    pub fn lacking<'a>(&self, asked: &'a [AskedClaim], document: &Value) -> Option<&'a AskedClaim> {
        asked.iter().filter(|claim| claim.mandatory).find(|claim| {
            let Some((mapping, rest)) = self.source(&claim.path) else { return false };
            let found = mapping.map_from.as_deref().and_then(|path| resolve(document, path));
            found.or(mapping.default_value.as_ref()).is_some_and(|value| !selects(value, rest))
        })
    }

    /// Whether credentials of this format have claims where the path begins.
    fn can_have(&self, path: &[Value]) -> bool {
        match (&self.body, path) {
            (Body::Mdoc(_), [Value::String(_), Value::String(_), ..]) | (Body::SdJwtVc(_), [Value::String(_), ..]) => {
                true
            }
            (Body::Mdoc(_) | Body::SdJwtVc(_), _) => false,
        }
    }

    /// Where the claim of a path gets its value, and the way that is left within that; `None` for a claim that does not exist.
    fn source<'p>(&self, path: &'p [Value]) -> Option<(&ClaimMapping, &'p [Value])> {
        match (&self.body, path) {
            (Body::Mdoc(body), [Value::String(namespace), Value::String(element), rest @ ..]) => {
                Some((body.claim_mappings.get(namespace)?.get(element)?, rest))
            }
            (Body::SdJwtVc(body), [Value::String(name), rest @ ..]) => source(body.claim_mappings.get(name)?, rest),
            (Body::Mdoc(_) | Body::SdJwtVc(_), _) => None,
        }
    }
}

fn source<'c, 'p>(claim: &'c Claim, path: &'p [Value]) -> Option<(&'c ClaimMapping, &'p [Value])> {
    match (path, &claim.claims, &claim.items) {
        ([Value::String(name), rest @ ..], Some(claims), _) => source(claims.get(name)?, rest),
        ([Value::Null | Value::Number(_), rest @ ..], None, Some(items)) => {
            // What is in an item is found when there is one.
            source(items, rest).map(|_| (&claim.mapping, path.get(..0).unwrap_or_default()))
        }
        ([], ..) => Some((&claim.mapping, path)),
        (_, None, None) => Some((&claim.mapping, path)),
        (_, Some(_), _) | (_, None, Some(_)) => None,
    }
}

fn narrow_elements(doc_type: &str, mappings: &mut Mappings, asked: &[Rest<'_>]) {
    let known = known(doc_type);
    for (namespace, elements) in &mut *mappings {
        elements.retain(|element, mapping| {
            let named = |(path, _): &&Rest<'_>| {
                matches!(path, [Value::String(first), Value::String(second), ..] if first == namespace && second == element)
            };
            let needed = mapping.required
                || EXPIRY.contains(&element.as_str())
                || known.is_some_and(|known| known.is_mandatory(namespace, element));
            mapping.required |= asked.iter().filter(named).any(|(_, mandatory)| *mandatory);
            needed || asked.iter().any(|one| named(&one))
        });
    }
    mappings.retain(|_, elements| !elements.is_empty());
}

/// Keeps what was asked for, what is needed, and what `stays`.
fn narrow_claims(claims: &mut Claims, asked: &[Rest<'_>], stays: impl Fn(&str) -> bool) {
    claims.retain(|name, claim| {
        let below: Vec<_> = asked.iter().filter_map(|(path, mandatory)| tail(path, *mandatory, name)).collect();
        let kept = stays(name) || is_needed(claim) || !below.is_empty();
        if kept && !stays(name) {
            narrow_claim(claim, &below);
        }
        kept
    });
}

/// The rest of a path that begins with this name.
fn tail<'a>(path: &'a [Value], mandatory: bool, name: &str) -> Option<Rest<'a>> {
    match path.split_first() {
        Some((Value::String(first), rest)) if first == name => Some((rest, mandatory)),
        _ => None,
    }
}

fn narrow_claim(claim: &mut Claim, asked: &[Rest<'_>]) {
    claim.mapping.required |= asked.iter().any(|(_, mandatory)| *mandatory);
    let whole = asked.iter().any(|(rest, _)| rest.is_empty());
    if let (Some(claims), false) = (&mut claim.claims, whole) {
        narrow_claims(claims, asked, |_| false);
    }
    if let (Some(items), false, false) = (&mut claim.items, whole, asked.is_empty()) {
        // How many items there are and what each has is the person's affair, so nothing in them becomes mandatory.
        let below: Vec<_> = asked.iter().filter_map(|(path, _)| Some((path.split_first()?.1, false))).collect();
        narrow_claim(items, &below);
    }
}

/// Whether no credential is without it.
fn is_needed(claim: &Claim) -> bool {
    claim.mapping.required || claim.claims.as_ref().is_some_and(|claims| claims.values().any(is_needed))
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

    fn mappings(configuration: &Configuration) -> &Mappings {
        let Body::Mdoc(body) = &configuration.body else { panic!() };
        &body.claim_mappings
    }

    fn elements(configuration: &Configuration) -> Vec<String> {
        let all = mappings(configuration).iter();
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
        assert!(mappings(&marked)["club"]["level"].required && !mappings(&all)["club"]["level"].required);
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
            assert_eq!(all.askable(vec![asked(path, false)]), Err(NarrowError::NoClaim));
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
            assert_eq!(all.lacking(&claims, &document), (!there).then(|| &claims[0]), "{rest}");
            assert_eq!(all.lacking(&[AskedClaim { path, mandatory: false }], &document), None);
        }
    }

    fn diploma() -> Configuration {
        serde_json::from_value(json!({
            "id": uuid::Uuid::from_u128(2), "vct": "https://example.org/diploma", "expiresIn": { "days": 1 },
            "includeStatus": false, "createdAt": "2026-03-01T12:00:00Z", "decoys": 0, "keyBinding": true,
            "claimMappings": {
                "title": { "mapFrom": "claims.title", "type": "string", "required": true },
                "name": { "mapFrom": "claims.name", "type": "string" },
                "expiry_date": { "mapFrom": "claims.expiry_date", "type": "date" },
                "address": { "claims": {
                    "city": { "mapFrom": "claims.city", "type": "string" },
                    "street": { "mapFrom": "claims.street", "type": "string" },
                } },
                "grades": { "mapFrom": "claims.grades", "type": "array", "items": { "claims": {
                    "course": { "mapFrom": "item.course", "type": "string" },
                    "grade": { "mapFrom": "item.grade", "type": "string" },
                } } },
            },
        }))
        .unwrap()
    }

    fn tree(configuration: &Configuration) -> Value {
        let described = configuration.body.descriptions();
        let path = |one: &crate::domain::configuration::ClaimDescription<'_>| {
            let steps: Vec<_> = one.path.iter().map(|step| step.as_str().unwrap_or("*").to_owned()).collect();
            steps.join(".") + if one.mandatory { "!" } else { "" }
        };
        described.iter().map(path).collect()
    }

    // VCI-5.1.2-04, VCI-B.1-01, VCI-C.1-01
    #[test]
    fn of_a_tree_the_branches_that_were_asked_for_stay() {
        let all = diploma();
        let narrow = |path: Value, mandatory| tree(&all.narrowed(&[asked(path, mandatory)]));
        assert_eq!(narrow(json!(["name"]), true), json!(["expiry_date", "name!", "title!"]));
        let address = json!(["address", "address.city", "address.street", "expiry_date", "title!"]);
        assert_eq!(narrow(json!(["address"]), false), address);
        let street = json!(["address!", "address.street!", "expiry_date", "title!"]);
        assert_eq!(narrow(json!(["address", "street"]), true), street);
        let grades = json!(["expiry_date", "grades!", "grades.*", "grades.*.grade", "title!"]);
        assert_eq!(narrow(json!(["grades", null, "grade"]), true), grades);
        assert_eq!(narrow(json!(["grades", 0, "grade"]), true), grades);
        for (path, outcome) in [
            (json!(["title", "x"]), Ok(1)),
            (json!(["address", "country"]), Ok(0)),
            (json!(["address", null]), Ok(0)),
            (json!(["grades", "x"]), Ok(0)),
            (json!(["grades", null, "x"]), Ok(0)),
            (json!(["grades", 3]), Ok(1)),
            (json!(["unknown"]), Ok(0)),
            (json!([null]), Err(NarrowError::NoClaim)),
        ] {
            assert_eq!(all.askable(vec![asked(path.clone(), false)]).map(|kept| kept.len()), outcome, "{path}");
        }
        assert_eq!(all.askable(vec![asked(json!(["address", "x"]), true)]), Err(NarrowError::Unknown));
    }
}
