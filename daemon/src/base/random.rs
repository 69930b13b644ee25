//! Randomness, as an argument.

use ring::rand::SecureRandom;

/// The operating system gave no random bytes; nothing that needs secrecy can go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system's random number generator failed")]
pub struct NoEntropy;

/// Fills buffers with unpredictable bytes.
pub trait Random: Send + Sync + 'static {
    /// Overwrites `dest` with random bytes.
    fn fill(&self, dest: &mut [u8]) -> Result<(), NoEntropy>;
}

/// The CSPRNG of the operating system.
#[derive(Debug, Clone)]
pub struct SystemRandom(ring::rand::SystemRandom);

impl Default for SystemRandom {
    #[expect(clippy::disallowed_methods, reason = "the one place that reaches ambient randomness")]
    fn default() -> Self {
        Self(ring::rand::SystemRandom::new())
    }
}

impl Random for SystemRandom {
    fn fill(&self, dest: &mut [u8]) -> Result<(), NoEntropy> {
        self.0.fill(dest).map_err(|_| NoEntropy)
    }
}

/// `N` random bytes.
pub fn bytes<const N: usize>(random: &dyn Random) -> Result<[u8; N], NoEntropy> {
    let mut out = [0; N];
    random.fill(&mut out)?;
    Ok(out)
}

/// `length` characters drawn without bias from `alphabet` (2 to 256 ASCII characters).
pub fn text(random: &dyn Random, alphabet: &[u8], length: usize) -> Result<String, NoEntropy> {
    let size = alphabet.len().clamp(1, 256);
    let bound = 256 - 256 % size;
    let mut out = String::with_capacity(length);
    while out.len() < length {
        for byte in bytes::<32>(random)? {
            let drawn = usize::from(byte);
            if drawn < bound
                && out.len() < length
                && let Some(character) = alphabet.get(drawn % size)
            {
                out.push(char::from(*character));
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_the_asked_length_and_alphabet() {
        let random = SystemRandom::default();
        for length in 0..50 {
            let drawn = text(&random, b"0123456789", length).unwrap();
            assert_eq!(drawn.len(), length);
            assert!(drawn.bytes().all(|b| b.is_ascii_digit()));
        }
    }
}
