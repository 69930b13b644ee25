//! The address of a holder's record.

use issuerd_plugin::{ClaimContext, Error, http};
use serde_json::{Map, Value};

use crate::mapping::text;

/// The template with its values, each percent-encoded so that it cannot leave its place.
pub(crate) fn filled(template: &str, ctx: &ClaimContext) -> Result<String, Error> {
    let mut url = String::with_capacity(template.len());
    for part in parts(template).map_err(Error::Misconfigured)? {
        match part {
            Part::Text(text) => url.push_str(text),
            Part::Name(name) => url.push_str(&segment(&value(name, ctx)?)?),
        }
    }
    Ok(url)
}

/// Problems of the template.
pub(crate) fn check(template: &str) -> Vec<String> {
    let mut problems = Vec::new();
    match parts(template) {
        Err(problem) => problems.push(problem),
        Ok(parts) => {
            let names = parts.iter().filter_map(|part| if let Part::Name(name) = part { Some(*name) } else { None });
            problems.extend(names.filter(|name| !known(name)).map(unknown));
        }
    }
    let origin = template.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or_default());
    if origin.is_none_or(|origin| origin.is_empty() || origin.contains('{')) {
        problems.push("`url` has to start with a fixed origin, such as https://crm.example.org".to_owned());
    }
    problems
}

enum Part<'a> {
    Text(&'a str),
    Name(&'a str),
}

fn parts(template: &str) -> Result<Vec<Part<'_>>, String> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}').ok_or("`url` has a { without }")?;
        parts.extend([Part::Text(before), Part::Name(name)]);
        rest = behind;
    }
    parts.push(Part::Text(rest));
    Ok(parts)
}

fn known(name: &str) -> bool {
    name == "subject"
        || name.strip_prefix("offer.").or(name.strip_prefix("claim.")).is_some_and(|name| !name.is_empty())
}

fn unknown(name: &str) -> String {
    format!("`url` has {{{name}}}, which is none of {{offer.NAME}}, {{claim.NAME}} and {{subject}}")
}

fn value(name: &str, ctx: &ClaimContext) -> Result<String, Error> {
    let missing = || Error::NotFound(format!("{{{name}}} of the address is not known"));
    if name == "subject" {
        return ctx.subject().map(str::to_owned).ok_or_else(missing);
    }
    let claims: (Map<String, Value>, &str) = match (name.strip_prefix("offer."), name.strip_prefix("claim.")) {
        (Some(claim), _) => (ctx.offer_claims()?, claim),
        (None, Some(claim)) => (ctx.claims()?, claim),
        (None, None) => return Err(Error::Misconfigured(unknown(name))),
    };
    claims.0.get(claims.1).and_then(text).filter(|text| !text.is_empty()).ok_or_else(missing)
}

/// `.` and `..` would be taken as steps of the path, however they are encoded.
fn segment(value: &str) -> Result<String, Error> {
    if matches!(value, "." | "..") {
        return Err(Error::NotFound("a value of the address is no key".to_owned()));
    }
    Ok(http::encode(value))
}
