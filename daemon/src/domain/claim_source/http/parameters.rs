//! What a register is told.

use serde_json::{Map, Value, json};

use super::{HttpSource, RequestMethod};
use crate::domain::configuration::Configuration;
use crate::domain::context::Known;
use crate::domain::outbound::{Ask, Body, Bounds, printed};
use crate::format::claim::resolve;

/// Paths that a parameter may be read from, besides those below `claims`.
pub(in crate::domain::claim_source) const SOURCES: [&str; 5] = [
    "credentialConfiguration.id",
    "credentialConfiguration.type",
    "credentialConfiguration.format",
    "authenticationProvider.subjectId",
    "authenticationProvider.url",
];

/// Whether a parameter may be read from `path`.
pub(in crate::domain::claim_source) fn is_source(path: &str) -> bool {
    let below_claims = || path.strip_prefix("claims.").is_some_and(|rest| rest.split('.').all(|name| !name.is_empty()));
    SOURCES.contains(&path) || below_claims()
}

/// The parameters of one request. One whose path has no value, and that has no default, is left out.
pub(super) fn parameters(source: &HttpSource, known: &Known, configuration: &Configuration) -> Map<String, Value> {
    let document = document(known, configuration);
    let filled = source.request_parameters.iter().filter_map(|(name, parameter)| {
        let found = parameter.map_from.as_deref().and_then(|path| resolve(&document, path));
        Some((name.clone(), found.or(parameter.default_value.as_ref())?.clone()))
    });
    filled.collect()
}

fn document(known: &Known, configuration: &Configuration) -> Value {
    json!({
        "claims": known.claims,
        "credentialConfiguration": {
            "id": configuration.id,
            "type": configuration.credential_type(),
            "format": configuration.format().identifier(),
        },
        "authenticationProvider": known.authentication_provider,
    })
}

/// The request that asks a register, but for the authorization. `url` holds its URL.
pub(super) fn question<'a>(
    source: &HttpSource,
    parameters: &Map<String, Value>,
    url: &'a mut String,
    bounds: Bounds,
) -> Ask<'a> {
    url.clone_from(&source.url);
    match source.request_method {
        RequestMethod::Post => {
            let body = Body::Json(Value::Object(parameters.clone()).to_string());
            Ask::post(url, body, bounds)
        }
        RequestMethod::Get => {
            if !parameters.is_empty() {
                url.push('?');
                let mut query = form_urlencoded::Serializer::for_suffix(std::mem::take(url), source.url.len() + 1);
                query.extend_pairs(parameters.iter().map(|(name, value)| (name, printed(value))));
                *url = query.finish();
            }
            Ask::get(url, bounds)
        }
    }
}
