//! Registers that answer over HTTP, as MATTR VII's claim sources do: parameters in, one JSON object of claims out, within three seconds.

mod errand;
mod gates;
mod parameters;
mod token;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::outbound::Bounds;

pub(super) use errand::{Errand, Trouble};
pub(super) use gates::Gates;
pub(super) use parameters::{SOURCES, is_source};
pub(super) use token::Tokens;

/// Time for all that one question takes: the access token, redirects, and the answer.
pub(super) const BUDGET: Duration = Duration::from_secs(3);
/// Longest answer, in bytes.
pub(super) const MOST_BYTES: usize = 64 * 1024;
/// Of one request of the several that a question may take.
const BOUNDS: Bounds = Bounds { time: BUDGET, bytes: MOST_BYTES };

/// How a register is asked.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpSource {
    /// Where it is; without a query.
    pub url: String,
    /// How the parameters are sent.
    pub request_method: RequestMethod,
    /// What it is told, by the name of the parameter.
    pub request_parameters: BTreeMap<String, Parameter>,
    /// How this issuer says who it is.
    pub authorization: Authorization,
    /// What becomes of a request when the register does not answer as it should.
    pub on_failure: OnFailure,
}

/// How parameters are sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RequestMethod {
    /// In the query.
    #[default]
    Get,
    /// As a JSON object.
    Post,
}

/// Where the value of a parameter comes from. At least one of the two is there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameter {
    /// Dotted path: below `claims`, or one of a few others.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub map_from: Option<String>,
    /// The value when the path has none; without a path, the value.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub default_value: Option<Value>,
}

/// How this issuer says who it is.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Authorization {
    /// The header `x-api-key`.
    ApiKey {
        /// The key.
        value: String,
    },
    /// An access token of the client credentials grant (RFC 6749 4.4).
    OauthClientCredentials {
        /// Where tokens are given out.
        token_endpoint: String,
        /// This issuer's name there.
        client_id: String,
        /// Its secret.
        client_secret: String,
        /// How it is sent.
        token_endpoint_auth_method: SecretMethod,
        /// `audience` of the request, where the server asks for one.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        audience: Option<String>,
        /// `scope` of the request.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        scope: Option<String>,
    },
}

impl Authorization {
    /// What nobody is shown.
    pub(super) fn secret(&mut self) -> &mut String {
        match self {
            Self::ApiKey { value } => value,
            Self::OauthClientCredentials { client_secret, .. } => client_secret,
        }
    }
}

/// How a client's secret is sent (RFC 6749 2.3.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretMethod {
    /// In the `Authorization` header.
    #[default]
    ClientSecretBasic,
    /// In the form.
    ClientSecretPost,
}

/// What becomes of a credential request when a register does not answer as it should.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// It is refused, and may be sent again: nothing is used up.
    #[default]
    Refuse,
    /// It goes on without the register's claims; one that is required and missing refuses it then.
    Empty,
    /// It is deferred (`OpenID4VCI` section 9), and the register is asked again when the wallet comes back.
    Defer,
}
