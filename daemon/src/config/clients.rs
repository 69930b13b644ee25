//! `[clients]` and `[[client]]`: which wallets may come.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use toml::{Table, Value};

use super::table::Reader;

/// `[clients]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Clients {
    /// Wallets that are neither declared, registered nor attested may come, too; for a pre-authorized code even without a name.
    pub allow_unregistered: bool,
}

impl Default for Clients {
    fn default() -> Self {
        Self { allow_unregistered: true }
    }
}

/// `[[client]]`: one wallet.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientEntry {
    /// In the members of the management API, whose reader checks them.
    pub members: Map<String, Json>,
    /// A file with its JWK set.
    pub jwks_file: Option<String>,
}

/// Takes the clients out of `given`.
pub(super) fn take(given: &mut Table, mistakes: &mut Vec<String>) -> Vec<ClientEntry> {
    let items = match given.remove("client") {
        None => return Vec::new(),
        Some(Value::Array(items)) => items,
        Some(_) => {
            mistakes.push("`client` must be a list of tables: write `[[client]]`".into());
            return Vec::new();
        }
    };
    let read = |(place, item)| read(Reader::new(format!("client[{place}]"), item, mistakes));
    items.into_iter().enumerate().map(read).collect()
}

fn read(mut reader: Reader<'_>) -> ClientEntry {
    let mut members = Map::new();
    members.insert("clientId".into(), reader.required("id", "the client_id of the wallet").into());
    let how = "`none`, `private_key_jwt`, `attestation` or `mtls`";
    members.insert("authentication".into(), reader.required("authentication", how).into());
    for (key, member) in
        [("name", "name"), ("certificate_subject", "certificateSubject"), ("certificate_dns", "certificateDns")]
    {
        members.extend(reader.text(key).map(|text| (member.into(), text.into())));
    }
    for (key, member) in [("redirect_uris", "redirectUris"), ("certificate_sha256", "certificateSha256")] {
        members.extend(reader.texts(key).map(|texts| (member.into(), texts.into())));
    }
    members.insert("requireDpop".into(), reader.flag("require_dpop").into());
    let jwks = reader.free("jwks");
    let jwks_file = reader.text("jwks_file");
    if !jwks.is_empty() && jwks_file.is_some() {
        reader.mistake("jwks_file", "and `jwks` cannot both be there");
    }
    if !jwks.is_empty() {
        members.insert("jwks".into(), super::plugin::json(jwks, &mut reader).into());
    }
    reader.finish();
    ClientEntry { members, jwks_file }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::config::load::parse;

    #[test]
    fn a_client_is_read_into_the_members_of_the_management_api() {
        let text = "[[client]]\nid = 'w'\nauthentication = 'private_key_jwt'\nredirect_uris = ['https://w.example/cb']\n\
            jwks = { keys = [{ kty = 'EC', crv = 'P-256', x = 'a', y = 'b' }] }\n\
            [[client]]\nid = 'm'\nauthentication = 'mtls'\ncertificate_dns = 'm.example'\nrequire_dpop = true\n";
        let config = parse(text, &[], |_| ()).unwrap();
        let shown: Vec<_> = config.named.clients.iter().map(|one| json!(one.members)).collect();
        let first = json!({
            "clientId": "w", "authentication": "private_key_jwt", "redirectUris": ["https://w.example/cb"],
            "requireDpop": false, "jwks": {"keys": [{"kty": "EC", "crv": "P-256", "x": "a", "y": "b"}]},
        });
        let second =
            json!({ "clientId": "m", "authentication": "mtls", "certificateDns": "m.example", "requireDpop": true });
        assert_eq!(shown, [first, second]);
    }

    #[test]
    fn each_mistake_is_named() {
        let text = "[[client]]\nid = 1\nauthenticatoin = 'none'\njwks = { keys = [] }\njwks_file = 'x'\n";
        let error = parse(text, &[], |_| ()).unwrap_err();
        for (key, problem) in [
            ("client[0].id", "must be a string"),
            ("client[0].authentication", "is missing"),
            ("client[0].authenticatoin", "did you mean `authentication`?"),
            ("client[0].jwks_file", "cannot both be there"),
        ] {
            assert!(error.0.iter().any(|line| line.contains(key) && line.contains(problem)), "{key}: {error}");
        }
        assert!(parse("[client]\nid = 'x'\n", &[], |_| ()).unwrap_err().to_string().contains("[[client]]"));
    }
}
