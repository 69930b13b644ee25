//! Of an SD-JWT VC: paths of names, items and places (`OpenID4VCI` C.1).

use serde_json::Value;

use super::EXPIRIES;
use crate::format::claim::ClaimType;
use crate::format::sd_jwt_vc::claims::{Claim, Claims};
use crate::format::sd_jwt_vc::mapping::map_claims;
use crate::store::authorization::asked::AskedClaim;

/// What is asked for from some place in the tree on.
#[derive(Clone, Copy)]
struct Asked<'a> {
    rest: &'a [Value],
    mandatory: bool,
}

impl<'a> Asked<'a> {
    /// The rest behind a step, when the next step is such a one.
    fn behind(self, is_step: impl Fn(&Value) -> bool) -> Option<Self> {
        let (step, rest): (&'a Value, &'a [Value]) = self.rest.split_first()?;
        is_step(step).then_some(Self { rest, ..self })
    }
}

pub(super) fn has(claims: &Claims, path: &[Value]) -> bool {
    let Some((Value::String(name), rest)) = path.split_first() else { return false };
    claims.get(name).is_some_and(|claim| leads(claim, rest))
}

/// Whether a claim may have what is at the end of `rest`: what is in a value is known only when there is one.
fn leads(claim: &Claim, rest: &[Value]) -> bool {
    let Some((step, behind)) = rest.split_first() else { return true };
    match (&claim.claims, &claim.items) {
        (Some(claims), _) => has(claims, rest),
        (None, Some(items)) => !step.is_string() && leads(items, behind),
        (None, None) => match claim.mapping.kind {
            Some(ClaimType::Array) => !step.is_string(),
            Some(ClaimType::Object) => step.is_string(),
            kind => kind.is_none(),
        },
    }
}

pub(super) fn narrow(claims: &Claims, asked: &[AskedClaim]) -> Claims {
    let asked: Vec<_> = asked.iter().map(|one| Asked { rest: &one.path, mandatory: one.mandatory }).collect();
    let mut kept = narrow_object(claims, &asked);
    for expiry in EXPIRIES {
        kept.extend(claims.get_key_value(expiry).map(|(name, claim)| (name.clone(), claim.clone())));
    }
    kept
}

fn narrow_object(claims: &Claims, asked: &[Asked<'_>]) -> Claims {
    let kept = claims.iter().filter_map(|(name, claim)| {
        let here: Vec<_> = asked.iter().filter_map(|one| one.behind(|step| step.as_str() == Some(name))).collect();
        Some((name.clone(), if here.is_empty() { needed(claim)? } else { narrow_one(claim, &here) }))
    });
    kept.collect()
}

fn narrow_one(claim: &Claim, here: &[Asked<'_>]) -> Claim {
    let mut kept = claim.clone();
    if here.iter().all(|asked| !asked.rest.is_empty()) {
        kept.claims = claim.claims.as_ref().map(|claims| narrow_object(claims, here));
        // Whether one of the items has it is seen when there are items; not each of them must.
        let optional = |asked| Asked { mandatory: false, ..asked };
        let within = here.iter().filter_map(|asked| asked.behind(|step| !step.is_string()).map(optional));
        let within: Vec<_> = within.collect();
        kept.items = claim.items.as_ref().map(|items| Box::new(narrow_one(items, &within)));
    }
    kept.mapping.required |= here.iter().any(|asked| asked.mandatory);
    kept
}

/// What of a claim nobody asked for and must be there.
fn needed(claim: &Claim) -> Option<Claim> {
    if claim.mapping.required {
        return Some(claim.clone());
    }
    let claims = narrow_object(claim.claims.as_ref()?, &[]);
    (!claims.is_empty()).then(|| Claim { claims: Some(claims), ..claim.clone() })
}

/// The name at the top of the first claim that is not in the claims. What cannot be mapped is refused as such, later.
pub(super) fn lacking<'a>(
    claims: &Claims,
    mut mandatory: impl Iterator<Item = &'a AskedClaim>,
    document: &Value,
) -> Option<String> {
    let mapped = map_claims(claims, document).ok()?;
    let missing = mandatory.find(|claim| !mapped.selects(&claim.path))?;
    missing.path.first()?.as_str().map(str::to_owned)
}
