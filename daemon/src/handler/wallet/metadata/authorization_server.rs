//! Authorization server metadata (RFC 8414).

use serde_json::{Value, json};

use crate::domain::offer::PRE_AUTHORIZED_GRANT;
use crate::domain::site::Site;

/// RFC 8414 section 2, `OpenID4VCI` 12.3: only what works. With the pre-authorized code as the sole grant there is neither an
/// authorization endpoint nor a response type.
pub(super) fn server_metadata(site: &Site) -> Value {
    json!({
        "issuer": site.issuer,
        "token_endpoint": site.url("/v1/oauth/token"),
        "grant_types_supported": [PRE_AUTHORIZED_GRANT],
        "pre-authorized_grant_anonymous_access_supported": true,
        "token_endpoint_auth_methods_supported": ["none"],
        "authorization_details_types_supported": ["openid_credential"],
    })
}
