//! The array of statuses (Token Status List 4.1): entries packed into bytes, the least significant bits first, in a zlib container.

use std::io::{self, Write as _};

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::Status;

/// Bits of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bits {
    /// Valid or invalid; the only size that ISO/IEC 18013-5 allows.
    One,
    /// Valid, invalid or suspended.
    Two,
}

impl Bits {
    /// How many.
    #[must_use]
    pub fn count(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }

    /// So many bits; `None` for a number that is not used here.
    #[must_use]
    pub fn of(count: u64) -> Option<Self> {
        [Self::One, Self::Two].into_iter().find(|bits| u64::from(bits.count()) == count)
    }

    /// Whether an entry can say it.
    #[must_use]
    pub fn can_say(self, status: Status) -> bool {
        status.number() >> self.count() == 0
    }
}

/// The statuses of a list; all valid at first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusArray {
    bits: Bits,
    bytes: Vec<u8>,
}

impl StatusArray {
    /// An array of at least `size` entries: the last byte is filled up.
    #[must_use]
    pub fn new(bits: Bits, size: u32) -> Self {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        Self { bits, bytes: vec![0; (size * usize::from(bits.count())).div_ceil(8)] }
    }

    /// Bits of an entry.
    #[must_use]
    pub fn bits(&self) -> Bits {
        self.bits
    }

    /// The packed bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Sets an entry; `false` when there is no such entry, or it has too few bits for the status.
    pub fn set(&mut self, index: u32, status: Status) -> bool {
        let (count, at) = (self.bits.count(), u64::from(index) * u64::from(self.bits.count()));
        let byte = usize::try_from(at / 8).ok().and_then(|byte| self.bytes.get_mut(byte));
        let (Some(byte), true) = (byte, self.bits.can_say(status)) else { return false };
        let shift = at % 8;
        let mask = ((1_u8 << count) - 1) << shift;
        *byte = (*byte & !mask) | (status.number() << shift);
        true
    }

    /// The array in a zlib container (RFC 1950) at the highest level.
    pub fn compress(&self) -> io::Result<Vec<u8>> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&self.bytes)?;
        encoder.finish()
    }
}
