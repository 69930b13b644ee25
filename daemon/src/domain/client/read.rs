//! Reads the body that describes a client and names every mistake. `issuer.toml` is read with it, too.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::Method;
use super::assertion::LONGEST_ID;
use super::redirect;
use super::registered::{Registered, Source, read_keys};
use crate::wire::fields::{Detail, Fields, read_body};

/// Most redirect URIs and certificates of a client.
const MOST: usize = 50;

/// The client that `body` describes.
pub(super) fn read(
    body: &Map<String, Value>,
    source: Source,
    created_at: Option<Timestamp>,
) -> Result<Registered, Vec<Detail>> {
    read_body(body, |fields| {
        // A client that was read and is sent back carries them; they say nothing new.
        for told in ["id", "createdAt", "source"] {
            fields.value(told);
        }
        let client_id = client_id(fields);
        let authentication = authentication(fields);
        let mut client = Registered {
            id: Registered::id_of(&client_id),
            client_id,
            name: fields.text("name", 1, 255).map(str::to_owned),
            redirect_uris: redirect_uris(fields),
            authentication: authentication?,
            jwks: fields.object("jwks").cloned(),
            certificate_sha256: fingerprints(fields),
            certificate_subject: subject(fields),
            certificate_dns: fields.text("certificateDns", 1, 253).map(str::to_owned),
            require_dpop: fields.boolean("requireDpop").unwrap_or(false),
            source,
            created_at,
            keys: Vec::new(),
        };
        match client.jwks.as_ref().map(read_keys) {
            Some(Err(wrong)) => fields.mistake("jwks", wrong),
            Some(Ok(keys)) => client.keys = keys,
            None => {}
        }
        check_method(&client, fields);
        Some(client)
    })
}

fn client_id(fields: &mut Fields<'_>) -> String {
    let id = fields.text("clientId", 1, LONGEST_ID);
    let id = fields.required("clientId", id).unwrap_or_default();
    // RFC 6749 appendix A.1
    if !id.bytes().all(|byte| (0x20..0x7f).contains(&byte)) || id.len() > LONGEST_ID {
        fields.mistake("clientId", "must have printable ASCII characters only");
    }
    id.to_owned()
}

fn authentication(fields: &mut Fields<'_>) -> Option<Method> {
    let name = fields.text("authentication", 1, 64);
    let name = fields.required("authentication", name)?;
    let method = Method::named(name);
    if method.is_none() {
        fields.mistake("authentication", "must be none, private_key_jwt, attestation or mtls");
    }
    method
}

fn redirect_uris(fields: &mut Fields<'_>) -> Option<Vec<String>> {
    let uris = fields.strings("redirectUris")?;
    if uris.is_empty() || uris.len() > MOST {
        fields.mistake("redirectUris", format!("must have 1 to {MOST} URIs; leave it out to allow any"));
    }
    for (place, uri) in uris.iter().enumerate() {
        if let Some(wrong) = redirect::mistake(uri) {
            fields.mistake("redirectUris", format!("item {place} {wrong}"));
        }
    }
    Some(uris.into_iter().map(str::to_owned).collect())
}

fn fingerprints(fields: &mut Fields<'_>) -> Vec<String> {
    let prints = fields.strings("certificateSha256").unwrap_or_default();
    let prints: Vec<_> = prints.into_iter().map(|print| print.replace(':', "").to_ascii_lowercase()).collect();
    let good = |print: &String| print.len() == 64 && print.bytes().all(|byte| byte.is_ascii_hexdigit());
    if prints.len() > MOST || !prints.iter().all(good) {
        fields.mistake("certificateSha256", format!("must have at most {MOST} SHA-256 digests of 64 hex digits"));
    }
    prints
}

fn subject(fields: &mut Fields<'_>) -> Option<String> {
    let subject = fields.text("certificateSubject", 1, 1_024)?;
    if subject.contains(['\\', '"', '+', ';', '#']) || subject.split(',').any(|part| !part.contains('=')) {
        let wrong = "must be a distinguished name like CN=wallet,O=Example, with no escapes or multi-valued parts";
        fields.mistake("certificateSubject", wrong);
    }
    Some(subject.to_owned())
}

/// What a method needs must be there, and what it has no use for must not: it would look like protection.
fn check_method(client: &Registered, fields: &mut Fields<'_>) {
    match (client.authentication, client.jwks.is_some()) {
        (Method::PrivateKeyJwt, false) => fields.mistake("jwks", "is required for private_key_jwt"),
        (Method::Public | Method::Attestation, true) => {
            fields.mistake("jwks", "is for private_key_jwt, and for signed requests with mtls");
        }
        // With a certificate they are for signed requests.
        (Method::PrivateKeyJwt | Method::Mtls, true) | (Method::Public | Method::Attestation | Method::Mtls, false) => {
        }
    }
    let given =
        [!client.certificate_sha256.is_empty(), client.certificate_subject.is_some(), client.certificate_dns.is_some()];
    let given = given.into_iter().filter(|given| *given).count();
    match (client.authentication == Method::Mtls, given) {
        (true, 1) | (false, 0) => {}
        (true, _) => {
            let one = "needs exactly one of certificateSha256, certificateSubject and certificateDns";
            fields.mistake("authentication", one);
        }
        (false, _) => fields.mistake("authentication", "must be mtls where a certificate is named"),
    }
}
