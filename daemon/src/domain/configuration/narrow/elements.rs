//! Of an mdoc: paths of a namespace, a data element and what is in it (`OpenID4VCI` C.2).

use serde_json::Value;

use super::EXPIRIES;
use crate::domain::configuration::MdocBody;
use crate::format::claim::{resolve, selects};
use crate::format::mdoc::elements::known;
use crate::format::mdoc::mapping::Mappings;
use crate::store::authorization::asked::AskedClaim;

/// Namespace and data element of a path.
fn named(path: &[Value]) -> Option<(&str, &str)> {
    match path {
        [Value::String(namespace), Value::String(element), ..] => Some((namespace, element)),
        _ => None,
    }
}

pub(super) fn has(mappings: &Mappings, path: &[Value]) -> Option<bool> {
    let (namespace, element) = named(path)?;
    Some(mappings.get(namespace).is_some_and(|elements| elements.contains_key(element)))
}

pub(super) fn narrow(body: &mut MdocBody, asked: &[AskedClaim]) {
    let known = known(&body.doc_type);
    for (namespace, elements) in &mut body.claim_mappings {
        elements.retain(|element, mapping| {
            let names = |claim: &&AskedClaim| named(&claim.path) == Some((namespace.as_str(), element.as_str()));
            let mut by_wallet = asked.iter().filter(names).peekable();
            let wanted = by_wallet.peek().is_some();
            let needed = mapping.required || EXPIRIES.contains(&element.as_str());
            mapping.required |= by_wallet.any(|claim| claim.mandatory);
            wanted || needed || known.is_some_and(|known| known.is_mandatory(namespace, element))
        });
    }
    body.claim_mappings.retain(|_, elements| !elements.is_empty());
}

/// Where a claim stands that is not in the claims.
pub(super) fn lacking(mappings: &Mappings, claim: &AskedClaim, document: &Value) -> Option<String> {
    let (namespace, element) = named(&claim.path)?;
    let mapping = mappings.get(namespace)?.get(element)?;
    let found = mapping.map_from.as_deref().and_then(|path| resolve(document, path));
    let value = found.or(mapping.default_value.as_ref())?;
    let missing = !selects(value, claim.path.get(2..).unwrap_or_default());
    missing.then(|| format!("{namespace}/{element}"))
}
