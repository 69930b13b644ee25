use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::certificate::Certificate;
use crate::{Answer, Offer, Request};

/// Path of mDocs configurations.
pub const CONFIGURATIONS: &str = "/v2/credentials/mobile/configurations";
/// Path of SD-JWT VC configurations.
pub const SD_JWT_CONFIGURATIONS: &str = "/v2/credentials/sd-jwt/configurations";
/// Path of IACAs.
pub const IACAS: &str = "/v2/credentials/mobile/iacas";
/// Path of document signers.
pub const SIGNERS: &str = "/v2/credentials/mobile/document-signers";
/// Path of clients of the management API.
pub const CLIENTS: &str = "/v1/clients";
/// Path of offers.
pub const OFFERS: &str = "/v1/openid/offers";
/// Path of pre-authorized offers.
pub const PRE_AUTHORIZED_OFFERS: &str = "/v1/openid/offers/pre-authorized";

/// The operator's client.
#[derive(Debug, Clone)]
pub struct Management {
    /// Address of the management listener.
    pub address: SocketAddr,
    /// Access token.
    pub token: String,
}

impl Management {
    /// A client that shows `token`.
    pub fn new(address: SocketAddr, token: &str) -> Self {
        Self { address, token: token.into() }
    }

    /// Sends a request with the token.
    #[track_caller]
    pub fn send(&self, request: Request) -> Answer {
        request.bearer(&self.token).send(self.address)
    }

    /// `GET`
    #[track_caller]
    pub fn get(&self, target: &str) -> Answer {
        self.send(Request::get(target))
    }

    /// `POST` of JSON.
    #[track_caller]
    pub fn post(&self, target: &str, body: &Value) -> Answer {
        self.send(Request::new("POST", target).json(body))
    }

    /// `PUT` of JSON.
    #[track_caller]
    pub fn put(&self, target: &str, body: &Value) -> Answer {
        self.send(Request::new("PUT", target).json(body))
    }

    /// `DELETE`
    #[track_caller]
    pub fn delete(&self, target: &str) -> Answer {
        self.send(Request::new("DELETE", target))
    }

    /// The members of a list, all pages.
    #[track_caller]
    pub fn list(&self, target: &str) -> Vec<Value> {
        let mut all = Vec::new();
        let mut next = target.to_owned();
        loop {
            let page = self.get(&next).expect(200).json();
            all.extend(page["data"].as_array().unwrap().iter().cloned());
            let Some(cursor) = page["nextCursor"].as_str() else { return all };
            next = format!("{target}{}cursor={cursor}", if target.contains('?') { '&' } else { '?' });
        }
    }

    /// Makes a pre-authorized offer.
    #[track_caller]
    pub fn offer(&self, body: &Value) -> Offer {
        Offer::read(self.post(PRE_AUTHORIZED_OFFERS, body))
    }

    /// Makes a pre-authorized offer of one configuration without a transaction code.
    #[track_caller]
    pub fn offer_of(&self, configuration: &str, claims: &Value) -> Offer {
        self.offer(&json!({ "credentials": [configuration], "claims": claims }))
    }

    /// One offer as the management API shows it.
    #[track_caller]
    pub fn offer_view(&self, id: &str) -> Value {
        self.get(&format!("{OFFERS}/{id}")).expect(200).json()
    }

    /// The state of an offer.
    #[track_caller]
    pub fn offer_state(&self, id: &str) -> String {
        self.offer_view(id)["state"].as_str().unwrap().to_owned()
    }

    /// Deletes an offer.
    #[track_caller]
    pub fn delete_offer(&self, id: &str) -> Answer {
        self.delete(&format!("{PRE_AUTHORIZED_OFFERS}/{id}"))
    }

    /// Creates a configuration and returns its id.
    #[track_caller]
    pub fn create_configuration(&self, body: &Value) -> String {
        self.post(CONFIGURATIONS, body).expect(201).json()["id"].as_str().unwrap().to_owned()
    }

    /// Creates an SD-JWT VC configuration and returns its id.
    #[track_caller]
    pub fn create_sd_jwt(&self, body: &Value) -> String {
        self.post(SD_JWT_CONFIGURATIONS, body).expect(201).json()["id"].as_str().unwrap().to_owned()
    }

    /// The details of a refused creation of a configuration: `param` and `msg` of each.
    #[track_caller]
    pub fn refused_configuration(&self, body: &Value) -> Vec<(String, String)> {
        details(&self.post(CONFIGURATIONS, body))
    }

    /// The IACA that signs now.
    #[track_caller]
    pub fn iaca(&self) -> Certificate {
        let active = self.list(IACAS).into_iter().find(|iaca| iaca["active"] == true).expect("an active IACA");
        Certificate::from_pem(active["certificatePem"].as_str().unwrap())
    }

    /// Country of the IACA that signs now; mDLs must name the same.
    #[track_caller]
    pub fn country(&self) -> String {
        self.iaca().attribute("C").expect("an IACA names its country")
    }

    /// The metrics.
    #[track_caller]
    pub fn metrics(&self) -> String {
        Request::get("/metrics").send(self.address).expect(200).text()
    }
}

/// `param` and `msg` of each mistake in a 400 of the management API.
#[track_caller]
pub fn details(answer: &Answer) -> Vec<(String, String)> {
    let body = answer.clone().expect(400).json();
    assert_eq!(body["code"], "BadRequest", "{body}");
    assert_eq!(body["message"], "Validation Error", "{body}");
    let details = body["details"].as_array().unwrap_or_else(|| panic!("no details: {body}"));
    let text = |detail: &Value, name: &str| detail[name].as_str().unwrap_or_else(|| panic!("{detail}")).to_owned();
    details.iter().map(|detail| (text(detail, "param"), text(detail, "msg"))).collect()
}
