//! `clock`

use crate::plugin::contract::claim_source::issuer::plugin::clock::Host;
use crate::plugin::room::Room;

impl Host for Room {
    async fn now(&mut self) -> wasmtime::Result<u64> {
        let now = self.outside.now();
        if let Some(transcript) = &mut self.transcript {
            transcript.now.push(now);
        }
        Ok(now)
    }
}
