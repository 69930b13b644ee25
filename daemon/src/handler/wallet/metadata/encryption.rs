//! What the Credential Issuer metadata says of encryption (`OpenID4VCI` 12.2.4).

use serde_json::{Map, Value, json};

use crate::domain::encryption::{EncryptionKey, EncryptionKeys, EncryptionPolicy};
use crate::wire::jwe::{ContentEncryption, DEFLATE, ECDH_ES};
use crate::wire::jwk;

/// Adds both members, or none where nothing is encrypted: who asks for an encrypted response must encrypt the request, so one is not
/// offered without the other.
pub(super) fn add(metadata: &mut Map<String, Value>, policy: &EncryptionPolicy, keys: &EncryptionKeys) {
    let Some(key) = keys.current().filter(|_| policy.offered) else { return };
    let common = |required: bool| {
        let mut members = Map::from_iter([
            ("enc_values_supported".into(), json!(ContentEncryption::ALL.map(ContentEncryption::name))),
            ("encryption_required".into(), required.into()),
        ]);
        if policy.compression {
            members.insert("zip_values_supported".into(), json!([DEFLATE]));
        }
        members
    };
    let mut request = common(policy.request_required);
    request.insert("jwks".into(), json!({ "keys": [public(key)] }));
    let mut response = common(policy.response_required);
    response.insert("alg_values_supported".into(), json!([ECDH_ES]));
    metadata.insert("credential_request_encryption".into(), request.into());
    metadata.insert("credential_response_encryption".into(), response.into());
}

/// The key as a JWK with all that a wallet needs to choose it.
fn public(key: &EncryptionKey) -> Value {
    let mut members: Map<String, Value> = serde_json::from_str(&jwk::print(&key.public)).unwrap_or_default();
    members
        .extend([("use", "enc"), ("alg", ECDH_ES), ("kid", &key.kid)].map(|(name, value)| (name.into(), value.into())));
    members.into()
}
