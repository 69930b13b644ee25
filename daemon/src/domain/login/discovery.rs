//! What a provider says of itself (OIDC Discovery 1.0).

use serde_json::{Map, Value};

use crate::domain::outbound::Reach;
use crate::wire::json::parse_object;
use crate::wire::url::WebUrl;

/// Where a provider is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Discovery {
    /// Its issuer identifier, as its ID tokens name it.
    pub(super) issuer: String,
    /// Where browsers go.
    pub(super) authorization_endpoint: String,
    /// Where codes are exchanged.
    pub(super) token_endpoint: String,
    /// Where its keys are.
    pub(super) jwks_uri: String,
    /// Where more claims are.
    pub(super) userinfo_endpoint: Option<String>,
    /// Whether its answers name it (RFC 9207 3).
    pub(super) names_itself: bool,
}

/// Where the document is: a slash at the end of the issuer is taken off first (4.1).
pub(super) fn location(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
}

impl Discovery {
    /// Reads the document of the provider at `url`; the error names the member.
    pub(super) fn read(body: &[u8], url: &str, reach: &Reach) -> Result<Self, String> {
        let document = parse_object(body).map_err(|error| format!("its discovery document {error}"))?;
        let issuer = text(&document, "issuer")?;
        // 4.3: they are the same, but that a slash at the end is easily forgotten when a URL is copied.
        if issuer.trim_end_matches('/') != url.trim_end_matches('/') {
            return Err("the issuer in its discovery document is another than its url".into());
        }
        let names_itself = document.get("authorization_response_iss_parameter_supported") == Some(&Value::Bool(true));
        Ok(Self {
            issuer: issuer.to_owned(),
            authorization_endpoint: endpoint(&document, "authorization_endpoint", reach)?,
            token_endpoint: endpoint(&document, "token_endpoint", reach)?,
            jwks_uri: endpoint(&document, "jwks_uri", reach)?,
            userinfo_endpoint: match document.get("userinfo_endpoint") {
                None | Some(Value::Null) => None,
                Some(_) => Some(endpoint(&document, "userinfo_endpoint", reach)?),
            },
            names_itself,
        })
    }
}

fn text<'a>(document: &'a Map<String, Value>, member: &str) -> Result<&'a str, String> {
    let text = document.get(member).and_then(Value::as_str);
    text.ok_or_else(|| format!("its discovery document has no {member}"))
}

fn endpoint(document: &Map<String, Value>, member: &str, reach: &Reach) -> Result<String, String> {
    let url = WebUrl::parse(text(document, member)?).map_err(|error| format!("its {member} {error}"))?;
    reach.check(&url).map_err(|problem| format!("its {member} {problem}"))?;
    Ok(url.text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document() -> Value {
        json!({
            "issuer": "https://login.example/realm",
            "authorization_endpoint": "https://login.example/realm/authorize?tenant=a",
            "token_endpoint": "https://login.example/realm/token",
            "jwks_uri": "https://keys.example/realm",
        })
    }

    fn read(document: &Value, url: &str) -> Result<Discovery, String> {
        Discovery::read(document.to_string().as_bytes(), url, &Reach::default())
    }

    #[test]
    fn a_document_is_read_and_found() {
        let read = read(&document(), "https://login.example/realm/").unwrap();
        assert_eq!((read.userinfo_endpoint, read.names_itself), (None, false));
        let found = "https://login.example/realm/.well-known/openid-configuration";
        assert_eq!([location("https://login.example/realm"), location("https://login.example/realm/")], [found; 2]);
    }

    // UPS-05
    #[test]
    fn documents_of_others_and_without_tls_are_refused() {
        for url in ["https://login.example", "https://login.example/Realm", "https://evil.example/realm"] {
            assert!(read(&document(), url).is_err(), "{url}");
        }
        for (member, value) in [
            ("issuer", json!("https://evil.example")),
            ("issuer", json!(null)),
            ("authorization_endpoint", json!("http://login.example/authorize")),
            ("authorization_endpoint", json!("javascript:alert(1)")),
            ("token_endpoint", json!("http://login.example/token")),
            ("token_endpoint", json!("https://169.254.169.254/token")),
            ("token_endpoint", json!("https://user@login.example/token")),
            ("jwks_uri", json!("http://127.0.0.1/keys")),
            ("jwks_uri", json!(1)),
            ("userinfo_endpoint", json!("ftp://login.example")),
        ] {
            let mut wrong = document();
            wrong[member] = value;
            let error = read(&wrong, "https://login.example/realm").unwrap_err();
            assert!(error.contains(member), "{error}");
        }
        assert!(Discovery::read(b"<html>", "https://login.example", &Reach::default()).is_err());
    }
}
