//! PEM (RFC 7468): one block in, one block out.

use pem::{EncodeConfig, LineEnding, Pem};

use crate::base::secret::Secret;

/// Longest PEM text that is read; a certificate of the profiles has under 2 kB.
pub const MAX_PEM: usize = 16_384;

const PRIVATE_KEY: &str = "PRIVATE KEY";

/// The PEM block of a certificate.
#[must_use]
pub fn certificate(der: &[u8]) -> String {
    encode("CERTIFICATE", der)
}

/// The PEM block of a certificate request.
#[must_use]
pub fn request(der: &[u8]) -> String {
    encode("CERTIFICATE REQUEST", der)
}

/// The PEM block of a private key in PKCS#8.
#[must_use]
pub fn private_key(pkcs8: &Secret) -> Secret {
    Secret::new(encode(PRIVATE_KEY, pkcs8.expose()).into_bytes())
}

/// PKCS#8 out of the one PEM block in `text`.
#[must_use]
pub fn read_private_key(text: &Secret) -> Option<Secret> {
    let block = pem::parse(text.expose()).ok().filter(|block| block.tag() == PRIVATE_KEY)?;
    Some(Secret::new(block.into_contents()))
}

fn encode(tag: &str, der: &[u8]) -> String {
    pem::encode_config(&Pem::new(tag, der), EncodeConfig::new().set_line_ending(LineEnding::LF))
}

/// The DER bytes of the certificates in `text`, in their order; anything else is named.
pub fn read_chain(text: &str) -> Result<Vec<Vec<u8>>, &'static str> {
    if text.len() > MAX_PEM {
        return Err("is too long for a chain of certificates");
    }
    let blocks = pem::parse_many(text).map_err(|_| "must be PEM")?;
    if blocks.is_empty() || blocks.iter().any(|block| block.tag() != "CERTIFICATE") {
        return Err("must hold CERTIFICATE blocks only");
    }
    Ok(blocks.into_iter().map(Pem::into_contents).collect())
}

/// The DER bytes of the one certificate in `text`; anything else is named.
pub fn read_certificate(text: &str) -> Result<Vec<u8>, &'static str> {
    if text.len() > MAX_PEM {
        return Err("is too long for one certificate");
    }
    let blocks = pem::parse_many(text).map_err(|_| "must be PEM")?;
    match <[Pem; 1]>::try_from(blocks) {
        Ok([block]) if block.tag() == "CERTIFICATE" => Ok(block.into_contents()),
        Ok(_) => Err("must be a CERTIFICATE block"),
        Err(blocks) if blocks.is_empty() => Err("must be PEM"),
        Err(_) => Err("must hold one certificate only"),
    }
}
