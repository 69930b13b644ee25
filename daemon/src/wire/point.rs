//! Points of the curves whose keys are accepted: the only way from bytes that were sent to a [`PublicKey`].

use curve25519_dalek::edwards::CompressedEdwardsY;
use p256::elliptic_curve::sec1::{Sec1Point, ToSec1Point};

use crate::base::key::PublicKey;

/// A P-256 key from its coordinates; `None` when they name no point of the curve.
#[must_use]
pub fn p256(x: [u8; 32], y: [u8; 32]) -> Option<PublicKey> {
    let mut point = [4; 65];
    point.iter_mut().skip(1).zip(x.iter().chain(&y)).for_each(|(to, from)| *to = *from);
    p256::PublicKey::from_sec1_bytes(&point).ok().map(|_| PublicKey::P256 { x, y })
}

/// A P-384 key from its coordinates; `None` when they name no point of the curve.
#[must_use]
pub fn p384(x: [u8; 48], y: [u8; 48]) -> Option<PublicKey> {
    let mut point = [4; 97];
    point.iter_mut().skip(1).zip(x.iter().chain(&y)).for_each(|(to, from)| *to = *from);
    p384::PublicKey::from_sec1_bytes(&point).ok().map(|_| PublicKey::P384 { x, y })
}

/// An Ed25519 key; `None` when the bytes name no point, are not the canonical ones for it, or the point has small order and would
/// accept one signature for many messages.
#[must_use]
pub fn ed25519(x: [u8; 32]) -> Option<PublicKey> {
    let point = CompressedEdwardsY(x).decompress()?;
    (!point.is_small_order() && point.compress().to_bytes() == x).then_some(PublicKey::Ed25519 { x })
}

/// A P-256 key as SEC 1 2.3.3 writes it, compressed or not.
#[must_use]
pub fn p256_sec1(bytes: &[u8]) -> Option<PublicKey> {
    plain(bytes)?;
    let point: Sec1Point<p256::NistP256> = p256::PublicKey::from_sec1_bytes(bytes).ok()?.to_sec1_point(false);
    Some(PublicKey::P256 { x: (*point.x()?).into(), y: (*point.y()?).into() })
}

/// A P-384 key as SEC 1 2.3.3 writes it, compressed or not.
#[must_use]
pub fn p384_sec1(bytes: &[u8]) -> Option<PublicKey> {
    plain(bytes)?;
    let point = p384::PublicKey::from_sec1_bytes(bytes).ok()?.to_sec1_point(false);
    Some(PublicKey::P384 { x: (*point.x()?).into(), y: (*point.y()?).into() })
}

/// Only the compressed and uncompressed forms; the hybrid and compact ones are of no use here.
fn plain(bytes: &[u8]) -> Option<()> {
    matches!(bytes.first(), Some(2..=4)).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex<const N: usize>(text: &str) -> [u8; N] {
        std::array::from_fn(|place| u8::from_str_radix(&text[2 * place..2 * place + 2], 16).unwrap())
    }

    const P256_X: &str = "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296";
    const P256_Y: &str = "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
    const P256_P: &str = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";

    // VCI-F.1-18, SEC-KEY-03
    #[test]
    fn only_points_of_the_curve_are_keys() {
        let (x, y) = (hex(P256_X), hex(P256_Y));
        assert_eq!(p256(x, y), Some(PublicKey::P256 { x, y }));
        for place in [0, 15, 31] {
            let mut off = y;
            off[place] ^= 1;
            assert_eq!(p256(x, off), None);
            assert_eq!(p256(off, x), None);
        }
        assert_eq!(p256([0; 32], [0; 32]), None);
        assert_eq!(p256([0xff; 32], [0xff; 32]), None);
        // x + p names the same point for a reader that reduces it; here x = 0 has a y on the curve, and p must not stand for it.
        let y0 = hex("66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4");
        assert!(p256([0; 32], y0).is_some());
        assert_eq!(p256(hex(P256_P), y0), None);
        assert_eq!(p384([0; 48], [0; 48]), None);
        assert_eq!(p384([1; 48], [1; 48]), None);
    }

    #[test]
    fn compressed_points_are_the_same_keys() {
        let (x, y): ([u8; 32], [u8; 32]) = (hex(P256_X), hex(P256_Y));
        let compressed = [&[2 + (y[31] & 1)], x.as_slice()].concat();
        assert_eq!(p256_sec1(&compressed), Some(PublicKey::P256 { x, y }));
        assert_eq!(p256_sec1(&PublicKey::P256 { x, y }.bytes()), Some(PublicKey::P256 { x, y }));
        for bad in [vec![], vec![0], vec![2], compressed[..32].to_vec(), [compressed.as_slice(), &[0]].concat()] {
            assert_eq!(p256_sec1(&bad), None, "{bad:?}");
            assert_eq!(p384_sec1(&bad), None, "{bad:?}");
        }
        let compact = [&[5], x.as_slice()].concat();
        assert_eq!(p256_sec1(&compact), None);
        let hybrid = [&[6], x.as_slice(), &y].concat();
        assert_eq!(p256_sec1(&hybrid), None);
    }

    // SEC-KEY-03: the eight points of small order, canonical encodings and two that are not.
    #[test]
    fn weak_ed25519_keys_are_refused() {
        let base = hex("5866666666666666666666666666666666666666666666666666666666666666");
        assert_eq!(ed25519(base), Some(PublicKey::Ed25519 { x: base }));
        for weak in [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "0000000000000000000000000000000000000000000000000000000000000080",
            "0100000000000000000000000000000000000000000000000000000000000080",
            "0200000000000000000000000000000000000000000000000000000000000000",
        ] {
            assert_eq!(ed25519(hex(weak)), None, "{weak}");
        }
    }
}
