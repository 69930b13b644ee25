//! Type metadata (SD-JWT VC 4): what verifiers and wallets may know of a type, at the URL that is its `vct`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::claims::{Claims, Found, Step, walk};
use crate::base::secret::sha256;

/// `claims` (4.6): the way to each, whether its holder may keep it back, whether every credential has it, and its names.
#[must_use]
pub fn claims(claims: &Claims) -> Vec<Value> {
    walk(claims).iter().map(described).collect()
}

fn described(found: &Found<'_>) -> Value {
    let Found { path, claim, mandatory } = found;
    let mut members =
        Map::from_iter([("path".to_owned(), pointer(path).into()), ("sd".to_owned(), claim.sd.name().into())]);
    if *mandatory {
        members.insert("mandatory".to_owned(), true.into());
    }
    let names = claim.mapping.display.iter().filter_map(|name| {
        // A name for all languages has no place here: `locale` is required (4.6.1).
        Some(json!({ "locale": name.locale.as_ref()?, "label": name.name }))
    });
    let names: Vec<_> = names.collect();
    if !names.is_empty() {
        members.insert("display".to_owned(), names.into());
    }
    members.into()
}

/// The claims path pointer (4.6.1): `null` for all items of an array.
#[must_use]
pub fn pointer(path: &[Step<'_>]) -> Vec<Value> {
    let step = |step: &Step<'_>| match step {
        Step::Name(name) => Value::from(*name),
        Step::Items => Value::Null,
    };
    path.iter().map(step).collect()
}

/// The integrity of a document (W3C Subresource Integrity 3.5), as `vct#integrity` has it.
#[must_use]
pub fn integrity(document: &[u8]) -> String {
    format!("sha256-{}", STANDARD.encode(sha256(document)))
}
