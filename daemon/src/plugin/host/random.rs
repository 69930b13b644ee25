//! `random`

use wasmtime::bail;

use crate::plugin::contract::claim_source::issuer::plugin::random::Host;
use crate::plugin::room::Room;

/// Most bytes at a time, as the contract says.
const MOST: usize = 4096;

impl Host for Room {
    async fn bytes(&mut self, len: u32) -> wasmtime::Result<Vec<u8>> {
        let length = usize::try_from(len).unwrap_or(usize::MAX);
        if length > MOST {
            bail!("asked for more than {MOST} random bytes at once");
        }
        let Ok(bytes) = self.outside.random(length) else { bail!("there is no randomness") };
        if let Some(transcript) = &mut self.transcript {
            transcript.random.push(bytes.clone());
        }
        Ok(bytes)
    }
}
