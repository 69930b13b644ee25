use serde_json::Value;

use crate::Answer;

/// The grant type of pre-authorized codes.
pub const PRE_AUTHORIZED: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";

/// A pre-authorized offer as the management API returned it, with its link read as a wallet reads it.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The response.
    pub response: Value,
    /// Id, for the management API.
    pub id: String,
    /// Link with the offer by value.
    pub uri: String,
    /// Link with the offer by reference.
    pub reference_uri: String,
    /// URL behind the reference.
    pub reference: String,
    /// The Credential Offer object.
    pub object: Value,
    /// The pre-authorized code.
    pub code: String,
    /// The transaction code, when one was asked for.
    pub tx_code: Option<String>,
}

impl Offer {
    /// Reads the response of the creation.
    #[track_caller]
    pub fn read(answer: Answer) -> Self {
        let response = answer.expect(200).json();
        let text = |name: &str| response[name].as_str().unwrap_or_else(|| panic!("no {name} in {response}")).to_owned();
        let uri = text("uri");
        let object: Value = serde_json::from_str(&parameter(&uri, "credential_offer")).unwrap();
        let reference_uri = text("credentialOfferUri");
        Self {
            id: text("id"),
            code: object["grants"][PRE_AUTHORIZED]["pre-authorized_code"].as_str().unwrap().to_owned(),
            reference: parameter(&reference_uri, "credential_offer_uri"),
            tx_code: response.get("transactionCode").map(|code| code.as_str().expect("a string").to_owned()),
            object,
            uri,
            reference_uri,
            response,
        }
    }

    /// The configurations it offers.
    pub fn configurations(&self) -> Vec<String> {
        let ids = self.object["credential_configuration_ids"].as_array().unwrap();
        ids.iter().map(|id| id.as_str().unwrap().to_owned()).collect()
    }

    /// The path of the reference.
    pub fn reference_path(&self) -> String {
        path(&self.reference)
    }
}

/// The one query parameter of an offer link.
#[track_caller]
pub fn parameter(link: &str, name: &str) -> String {
    // VCI-4.1-02
    let query = link.strip_prefix("openid-credential-offer://?").unwrap_or_else(|| panic!("{link}"));
    let mut found = form_urlencoded::parse(query.as_bytes()).collect::<Vec<_>>();
    // VCI-4.1-01: one and only one of credential_offer and credential_offer_uri.
    assert_eq!(found.len(), 1, "{link}");
    let (given, value) = found.remove(0);
    assert_eq!(given, name);
    value.into_owned()
}

/// Path (and query) of a URL.
#[track_caller]
pub fn path(url: &str) -> String {
    let (_, rest) = url.split_once("://").unwrap_or_else(|| panic!("{url}"));
    rest.find('/').map_or(String::new(), |start| rest[start..].to_owned())
}
