//! `secrets`

use crate::base::secret::hmac;
use crate::plugin::contract::claim_source::issuer::plugin::secrets::{Host, SecretError};
use crate::plugin::room::Room;

/// How often a call may ask for a secret.
const MOST: u32 = 32;

impl Host for Room {
    async fn reveal(&mut self, name: String) -> wasmtime::Result<Result<String, SecretError>> {
        Ok(self.reveal_secret(&name))
    }

    async fn hmac_sha256(&mut self, name: String, data: Vec<u8>) -> wasmtime::Result<Result<Vec<u8>, SecretError>> {
        Ok(self.hmac_with_secret(&name, &data))
    }
}

impl Room {
    fn reveal_secret(&mut self, name: &str) -> Result<String, SecretError> {
        self.ask_secret(name)?;
        let secret = self.granted.may_reveal(name)?;
        // Checked when it was granted.
        String::from_utf8(secret.expose().to_vec()).map_err(|_| SecretError::Unavailable)
    }

    fn hmac_with_secret(&mut self, name: &str, data: &[u8]) -> Result<Vec<u8>, SecretError> {
        self.ask_secret(name)?;
        let secret = self.granted.may_hmac(name)?;
        Ok(hmac(secret.expose(), &[data]).to_vec())
    }

    /// Counts that a secret is asked for; the answer is the same for those that exist and those that do not.
    pub(super) fn ask_secret(&mut self, name: &str) -> Result<(), SecretError> {
        if !self.is_call() {
            return Err(SecretError::NotGranted);
        }
        if self.used.secrets >= MOST {
            return Err(SecretError::Unavailable);
        }
        self.used.secrets += 1;
        if let Some(transcript) = &mut self.transcript {
            transcript.secrets.push(name.to_owned());
        }
        Ok(())
    }
}
