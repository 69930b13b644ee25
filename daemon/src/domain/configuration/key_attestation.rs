//! What a configuration asks of the keys it binds credentials to (`OpenID4VCI` 12.2.4, `key_attestations_required`).

use serde::{Deserialize, Serialize};

use crate::wire::fields::Fields;

/// Most levels in a list, and most bytes of one.
const MOST: (usize, usize) = (20, 255);

/// Keys must be attested: at each of the levels named, by one of its values. Without any, every trusted attestation will do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KeyAttestation {
    /// How the key is stored, such as `iso_18045_high`; empty for any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub key_storage: Vec<String>,
    /// How its user is authenticated; empty for any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub user_authentication: Vec<String>,
}

/// Reads the `keyAttestation` of a configuration.
pub(super) fn read(fields: &mut Fields<'_>) -> KeyAttestation {
    KeyAttestation {
        key_storage: levels(fields, "keyStorage"),
        user_authentication: levels(fields, "userAuthentication"),
    }
}

fn levels(fields: &mut Fields<'_>, member: &'static str) -> Vec<String> {
    let Some(levels) = fields.strings(member) else { return Vec::new() };
    let fits = |level: &&str| (1..=MOST.1).contains(&level.len()) && level.bytes().all(|byte| byte.is_ascii_graphic());
    if levels.is_empty() || levels.len() > MOST.0 || !levels.iter().all(fits) {
        fields.mistake(member, format!("must have 1 to {} values of 1 to {} visible ASCII characters", MOST.0, MOST.1));
    }
    levels.into_iter().map(str::to_owned).collect()
}
