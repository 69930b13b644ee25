//! The claims that a wallet asked for when it was authorized (`OpenID4VCI` 5.1.1): the credential has no others, but those that it
//! cannot do without.

use std::sync::Arc;

use serde_json::Value;

use super::content::UnfitClaim;
use super::outcome::Refusal;
use crate::domain::claims::Steps;
use crate::domain::configuration::Configuration;
use crate::store::authorization::asked::AskedClaim;

/// The configuration with what was asked for; as it is when nothing was.
pub(super) fn narrowed(configuration: Arc<Configuration>, wanted: Option<&[AskedClaim]>) -> Arc<Configuration> {
    match wanted {
        Some(wanted) => Arc::new(configuration.narrowed(wanted)),
        None => configuration,
    }
}

/// The claims document, with all that is mandatory to the wallet.
pub(super) fn complete(
    steps: Steps,
    configuration: &Configuration,
    wanted: Option<&[AskedClaim]>,
) -> Result<Value, Refusal> {
    let document = steps.document();
    match wanted.and_then(|wanted| configuration.lacking(wanted, &document)) {
        Some(place) => Err(Refusal::Claim(UnfitClaim::missing(place))),
        None => Ok(document),
    }
}
