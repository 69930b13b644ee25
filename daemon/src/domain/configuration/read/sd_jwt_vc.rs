//! Reads what is an SD-JWT VC's own.

use serde_json::{Map, Value};

use super::{MOST_CLAIMS, credential_type};
use crate::domain::configuration::SdJwtVcBody;
use crate::format::sd_jwt_vc::claims::walk;
use crate::format::sd_jwt_vc::{Claim, Claims, Disclosability, check_claims};
use crate::wire::fields::{Detail, Fields};

/// Most decoys of an object; each costs 43 bytes in every presentation.
const MOST_DECOYS: u64 = 50;

pub(super) fn read(fields: &mut Fields<'_>) -> SdJwtVcBody {
    let vct = credential_type(fields, "vct");
    // A collision-resistant name (SD-JWT VC 2.2.2.1, RFC 7515 section 2): a URI, or a name below a domain.
    if !vct.is_empty() && !vct.contains([':', '.']) {
        fields.mistake("vct", "must be a collision-resistant name, such as a URL, a URN or a name below a domain");
    }
    let claim_mappings = mappings(fields);
    let decoys = fields.integer("decoys", 0, MOST_DECOYS).unwrap_or(0);
    let key_binding = fields.boolean("keyBinding").unwrap_or(true);
    let vct_integrity = fields.boolean("vctIntegrity").unwrap_or(false);
    // A configuration that was read and is sent back carries it; it follows from the rest.
    fields.value("vct#integrity");
    let decoys = u16::try_from(decoys).unwrap_or(0);
    SdJwtVcBody { vct, claim_mappings, decoys, key_binding, vct_integrity, integrity: None }
}

fn mappings(fields: &mut Fields<'_>) -> Claims {
    let present = fields.object("claimMappings");
    let Some(present) = fields.required("claimMappings", present) else { return Claims::new() };
    let mut mistakes = Vec::new();
    let read = claims(present, "claimMappings", &mut mistakes);
    if !(1..=MOST_CLAIMS).contains(&walk(&read).len()) && mistakes.is_empty() {
        fields.mistake("claimMappings", format!("must have 1 to {MOST_CLAIMS} claims"));
    } else if mistakes.is_empty() {
        for found in check_claims(&read) {
            mistakes.push(Detail::body(format!("claimMappings.{}", found.path), found.problem.to_string()));
        }
    }
    for mistake in mistakes {
        fields.detail(mistake);
    }
    read
}

fn claims(object: &Map<String, Value>, path: &str, mistakes: &mut Vec<Detail>) -> Claims {
    let read = object.iter().filter_map(|(name, value)| {
        let claim = claim(value, &format!("{path}.{name}"), mistakes)?;
        Some((name.clone(), claim))
    });
    read.collect()
}

fn claim(value: &Value, path: &str, mistakes: &mut Vec<Detail>) -> Option<Claim> {
    let Some(object) = value.as_object() else {
        mistakes.push(Detail::body(path, "must be an object"));
        return None;
    };
    let mut fields = Fields::new(object, path, mistakes);
    let mapping = super::mapping(&mut fields);
    let sd = disclosability(&mut fields);
    let (is_object, is_array) = (fields.object("claims").is_some(), fields.value("items").is_some());
    fields.finish();
    let within = object.get("claims").and_then(Value::as_object).filter(|_| is_object);
    let within = within.map(|within| claims(within, &format!("{path}.claims"), mistakes));
    let items = match object.get("items").filter(|_| is_array) {
        Some(items) => Some(Box::new(claim(items, &format!("{path}.items"), mistakes)?)),
        None => None,
    };
    Some(Claim { mapping, sd, claims: within, items })
}

fn disclosability(fields: &mut Fields<'_>) -> Disclosability {
    match fields.text("sd", 1, 16) {
        None => Disclosability::default(),
        Some("always") => Disclosability::Always,
        Some("allowed") => Disclosability::Allowed,
        Some("never") => Disclosability::Never,
        Some(_) => {
            fields.mistake("sd", "must be always, allowed or never");
            Disclosability::default()
        }
    }
}
